"""The exercise of the chapter "When training goes wrong"."""

from functools import partial

import torch

from .. import data, losses
from ..models import VAE
from .compare import Exercise


class Patient(VAE):
    """A VAE with one of the faults of the chapter, or none."""

    fault = "healthy"

    def reparameterise(self, mean, log_var, generator=None):
        """Draw a code; if noise is the fault, with the variance for the deviation."""
        noise = torch.randn(mean.shape, generator=generator)
        return mean + (log_var if self.fault == "noise" else 0.5 * log_var).exp() * noise

    def logits(self, z):
        """Return the logits of the pixels; if grey is the fault, none is negative."""
        return self.decoder(z).relu() if self.fault == "grey" else self.decoder(z)

    def decode(self, z):
        """Map codes to probabilities."""
        return self.logits(z).sigmoid()

    def reconstruction_nll(self, z, x):
        """Return −ln p(x|z); averaged over the pixels, if that is the fault."""
        nll = losses.bernoulli_nll(self.logits(z), x)
        return nll / x.shape[1] if self.fault == "collapsed" else nll

    def loss(self, x):
        """Return what was trained; if narrow is the fault, with ½ at two of three places."""
        mean, log_var = self.encode_distribution(x)
        kl = losses.kl_to_standard_normal(mean, log_var)
        if self.fault == "narrow":
            kl = (log_var.exp() + mean.square() - 0.5 * log_var - 0.5).sum(dim=1)
        nll = self.reconstruction_nll(self.reparameterise(mean, log_var), x)
        return (nll + kl).mean()


def trained(fault, x):
    """Train a small model with a fault; one that is grey has been so only since."""
    torch.manual_seed(0)
    model = Patient((64, 32, 3))
    model.fault = "healthy" if fault == "grey" else fault
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(200):
        optimiser.zero_grad()
        model.loss(x).backward()
        optimiser.step()
    optimiser.zero_grad()
    model.fault = fault
    return model.eval()


def diagnose(vae, x, *, skip="", of_means=False):
    """Name the fault by what the chapter measures; one of the tests may be left out."""
    with torch.no_grad():
        mean, log_var = vae.encode_distribution(x)
        copies = [part.expand(200, -1, -1) for part in (mean, log_var)]
        draws = vae.reparameterise(*copies, torch.Generator().manual_seed(0))
        excess = (draws.var(dim=0).log() - log_var).mean().abs()
        spread = (mean if of_means else draws[0]).var(dim=0).mean()
        found = {
            "collapsed": losses.kl_to_standard_normal(mean, log_var).mean() < 0.1,
            "noise": excess > 0.2,
            "grey": vae.decode(draws[0]).min() >= 0.5,
            "narrow": spread < (0.95 if of_means else 0.75),
        }
    return next((fault for fault in found if found[fault] and fault != skip), "healthy")


def _patients():
    x = data.digits().train.x[:300]
    names = {
        "healthy": "the healthy one",
        "collapsed": "the one whose drawings are all the same",
        "narrow": "the one with a wrong KL divergence",
        "noise": "the one whose noise nobody has paid for",
        "grey": "the one that draws on grey paper",
    }
    return {name: (trained(fault, x), x) for fault, name in names.items()}


DIAGNOSE = Exercise(
    name="diagnose",
    reference=lambda vae, x: diagnose(vae, x),
    mistakes={
        "Every model is called healthy.": lambda vae, x: "healthy",
        "The collapsed model is not found. Its codes say nothing of the sample: compute the KL "
        "divergence of each.": partial(diagnose, skip="collapsed"),
        "The model with too little noise is not found. Draw many codes for one sample, and compare "
        "their variance with exp(log_var), which the KL divergence was told.": (
            partial(diagnose, skip="noise")
        ),
        "The model with grey paper is not found. Look at the smallest value that it decodes.": (
            partial(diagnose, skip="grey")
        ),
        "The model with narrow codes is not found. Draw a code for each sample: together they "
        "should have the variance of the prior, 1.": partial(diagnose, skip="narrow"),
        "The spread of the means is compared with the prior's. A healthy model's means are "
        "narrower: the clouds round them belong to it, so draw the codes.": (
            partial(diagnose, of_means=True)
        ),
    },
    cases=_patients,
    holds=("the healthy model and four patients, each by its own measurement",),
)


def check_diagnose(function, *, time_limit: float = 10.0) -> None:
    """Check ``diagnose(vae, x)``: which fault a trained model has.

    Parameters
    ----------
    function : callable
        Takes a trained `models.VAE` of Bernoulli pixels and held-out samples of shape (n_samples,
        n_features), and returns one of five words: ``"collapsed"`` (the codes say nothing of the
        sample), ``"noise"`` (codes are drawn with less noise than the KL divergence was told),
        ``"grey"`` (no pixel is ever below ½), ``"narrow"`` (all codes together are narrower than
        the prior, a variance of about ½ and not 1) or ``"healthy"``. A model has one fault at
        most; ask in this order. It may use ``encode_distribution``, ``reparameterise`` and
        ``decode``.
    time_limit : float
        Seconds that a call may take.
    """
    DIAGNOSE.check(function, time_limit)
