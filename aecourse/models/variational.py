"""The variational autoencoder: a code is a distribution, kept close to a standard normal."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .. import losses
from ..validation import require_count, require_layer_sizes, require_positive, takes
from .dense import Activation, mlp

LIKELIHOODS = ("bernoulli", "gaussian")


def reparameterise(
    mean: Tensor, log_var: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Draw a code from N(mean, exp(log_var)) as mean + σ·noise, so that gradients pass.

    Equation ``eq-reparameterise`` of the chapter "Codes as distributions".

    Parameters
    ----------
    mean, log_var : Tensor of shape (n_samples, n_latent)
    generator : torch.Generator, optional
        Of the CPU, whatever the device: its stream is the same everywhere. By default the global
        stream, which `fit` seeds.

    Returns
    -------
    Tensor of shape (n_samples, n_latent)
    """
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype).to(mean.device)
    return mean + (0.5 * log_var).exp() * noise  # log_var is ln σ², so half of it is ln σ


class VAE(nn.Module):
    """A variational autoencoder of fully connected layers (Kingma & Welling 2014).

    Built by hand in the chapter "Codes as distributions".

    Parameters
    ----------
    layer_sizes : sequence of int
        From the data to the code, for instance ``(784, 512, 20)``. The decoder is the mirror; the
        encoder ends in twice as many numbers as the code has, a mean and a log-variance for each.
    activation : class of nn.Module, optional
        Stands between the layers, never behind the last one of either part.
    likelihood : {"bernoulli", "gaussian"}
        Of the data, given a code: Bernoulli pixels in [0, 1], of which the decoder computes the
        logits; or a Gaussian, of which it computes the mean.
    variance : float
        Of the Gaussian, above 0, in squared units of the data. The smaller, the more a squared
        error costs.
    beta : float
        Weight of the KL divergence in the loss (Higgins et al. 2017). With 1, the loss is the
        negative evidence lower bound (ELBO).

    Attributes
    ----------
    encoder, decoder : nn.Sequential
    n_features, n_latent : int
        Values per sample, and numbers per code.

    Raises
    ------
    ValueError
        If the likelihood is unknown, ``variance`` is not above 0, ``beta`` is negative, or as `mlp`
        does.
    TypeError
        As `mlp` does.

    Examples
    --------
    >>> vae = VAE((784, 32, 2))
    >>> x = torch.rand(5, 784)
    >>> vae.encode(x).shape, vae(x).shape
    (torch.Size([5, 2]), torch.Size([5, 784]))
    >>> {name: term.shape for name, term in vae.loss_terms(x).items()}
    {'reconstruction': torch.Size([5]), 'kl': torch.Size([5])}
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Activation = nn.SiLU,
        *,
        likelihood: str = "bernoulli",
        variance: float = 1.0,
        beta: float = 1.0,
    ):
        super().__init__()
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"expected one of {list(LIKELIHOODS)}, got {likelihood!r}")
        self.layer_sizes, self.activation = require_layer_sizes(layer_sizes), activation
        self.n_features, *hidden, self.n_latent = self.layer_sizes
        self.encoder = mlp((self.n_features, *hidden, 2 * self.n_latent), activation)
        self.decoder = mlp(layer_sizes[::-1], activation)
        self.likelihood, self.variance = likelihood, require_positive("variance", variance)
        self.beta = require_positive("beta", beta, or_zero=True)

    @takes("n_features")
    def encode_distribution(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map samples (n_samples, n_features) to mean and log-variance, each (n_samples, n_latent).

        They describe the Gaussian q(z|x), the encoder's belief about the code of each sample.
        """
        mean, log_var = self.encoder(x).chunk(2, dim=1)
        return mean, log_var

    reparameterise = staticmethod(reparameterise)

    def encode(self, x: Tensor) -> Tensor:
        """Map samples (n_samples, n_features) to the means of their codes (n_samples, n_latent)."""
        return self.encode_distribution(x)[0]

    @takes("n_latent")
    def decode(self, z: Tensor) -> Tensor:
        """Map codes (n_samples, n_latent) to data space (n_samples, n_features).

        For Bernoulli pixels these are probabilities, for Gaussian values their means.
        """
        out = self.decoder(z)
        return out.sigmoid() if self.likelihood == "bernoulli" else out

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct samples of shape (n_samples, n_features) from the means of their codes."""
        return self.decode(self.encode(x))

    @takes("n_latent")
    def reconstruction_nll(self, z: Tensor, x: Tensor) -> Tensor:
        """Return −ln p(x|z) of each sample given its code, of shape (n_samples,), in nats."""
        out = self.decoder(z)
        if self.likelihood == "bernoulli":
            return losses.bernoulli_nll(out, x)
        return losses.gaussian_nll(out, x, self.variance)

    @takes("n_features")
    def loss_terms(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return reconstruction and KL of each sample, of shape (n_samples,), in nats.

        The code is drawn anew in each call. The term "kl" holds β·KL, as it enters the loss; ``y``
        plays no part.
        """
        mean, log_var = self.encode_distribution(x)
        z = self.reparameterise(mean, log_var)
        kl = losses.kl_to_standard_normal(mean, log_var)
        return {"reconstruction": self.reconstruction_nll(z, x), "kl": self.beta * kl}

    def sample(self, n_samples: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw codes from the standard normal and decode them.

        Parameters
        ----------
        n_samples : int
        generator : torch.Generator, optional
            Of the CPU; the result depends on it and on the weights only.

        Returns
        -------
        Tensor of shape (n_samples, n_features)
            As `decode` returns it.
        """
        n_samples = require_count("n_samples", n_samples)
        return self.decode(torch.randn(n_samples, self.n_latent, generator=generator))
