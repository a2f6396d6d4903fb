"""How likely held-out data is under a variational autoencoder: bounds, and what the code uses.

A model is asked for ``encode_distribution``, ``reparameterise`` and ``reconstruction_nll``, as
`models.VAE` has them. β plays no part: a bound is a bound, however the model was trained.
"""

import math

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .. import losses
from ..runtime import in_batches
from ..validation import (
    require_codes,
    require_count,
    require_labels,
    require_samples,
    require_seed,
)


def elbo_terms(
    model: nn.Module,
    x: Tensor,
    y: Tensor | None = None,
    *,
    n_draws: int = 1,
    seed: int = 0,
    batch_size: int = 1000,
) -> tuple[Tensor, Tensor]:
    """Estimate the two parts of the negative ELBO of each sample, with codes drawn at random.

    Their sum is −ELBO ≥ −ln p(x), equation ``eq-elbo`` of the chapter "Codes as distributions".
    With the mean of the code in place of a draw it would be no bound.

    Parameters
    ----------
    model : nn.Module
        A `models.VAE`, or another model with its methods.
    x : Tensor of shape (n_samples, ...)
        Held-out samples.
    y : Tensor of shape (n_samples,), optional
        Their labels, for a model that is told them; the bound is then one of ln p(x|y).
    n_draws : int
        Codes per sample to average over. The average over many samples needs no more than one.
    seed : int
        Fixes the draws.
    batch_size : int
        Samples per pass; it limits the memory.

    Returns
    -------
    reconstruction, kl : Tensor of shape (n_samples,)
        In nats, on the CPU. The reconstruction is estimated, the KL divergence is exact.

    Examples
    --------
    >>> from aecourse.models import VAE
    >>> reconstruction, kl = elbo_terms(VAE((784, 2)), torch.rand(5, 784))
    >>> (reconstruction + kl).shape
    torch.Size([5])
    """
    given = _given(x, y)
    n_draws, generator = require_count("n_draws", n_draws), _generator(seed)
    mean, log_var = in_batches(model.encode_distribution, model, *given, batch_size=batch_size)
    reconstruction = 0
    for _ in range(n_draws):
        z = model.reparameterise(mean, log_var, generator)
        nll = in_batches(model.reconstruction_nll, model, z, *given, batch_size=batch_size)
        reconstruction = reconstruction + nll / n_draws
    return reconstruction, losses.kl_to_standard_normal(mean, log_var)


def log_likelihood(
    model: nn.Module,
    x: Tensor,
    y: Tensor | None = None,
    *,
    n_draws: int = 100,
    seed: int = 0,
    batch_size: int = 1000,
    progress: bool = True,
) -> Tensor:
    """Estimate ln p(x) of each sample by importance weights (Burda et al. 2016).

    Codes z are drawn from the encoder's q(z|x) and weighted by p(x, z) / q(z|x). The logarithm of
    the average weight is, in expectation, a lower bound of ln p(x): the ELBO for one draw, and
    closer with each further one. The chapter "Codes as distributions" uses it.

    Parameters
    ----------
    model : nn.Module
        A `models.VAE`, or another model with its methods.
    x : Tensor of shape (n_samples, ...)
        Held-out samples.
    y : Tensor of shape (n_samples,), optional
        As for `elbo_terms`.
    n_draws : int
        Codes per sample.
    seed, batch_size
        As for `elbo_terms`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Tensor of shape (n_samples,)
        In nats, on the CPU.
    """
    given = _given(x, y)
    n_draws, generator = require_count("n_draws", n_draws), _generator(seed)
    mean, log_var = in_batches(model.encode_distribution, model, *given, batch_size=batch_size)
    log_sum = torch.tensor(-math.inf)
    for _ in tqdm(range(n_draws), desc="estimating", unit="draw", disable=not progress):
        z = model.reparameterise(mean, log_var, generator)
        nll = in_batches(model.reconstruction_nll, model, z, *given, batch_size=batch_size)
        # Both densities lack the same factor (2π)^(-d/2).
        log_prior = -0.5 * z.square().sum(dim=1)
        log_q = -0.5 * ((z - mean).square() / log_var.exp() + log_var).sum(dim=1)
        log_sum = torch.logaddexp(log_sum.to(nll), -nll + log_prior - log_q)
    return log_sum - math.log(n_draws)


def active_units(codes: Tensor, *, threshold: float = 0.01) -> Tensor:
    """Tell which numbers of the code depend on the sample at all.

    A number is active if its mean varies over the data by more than a threshold (Burda et al.
    2016). One that is not stays at the prior whatever the sample, and the decoder ignores it.

    Parameters
    ----------
    codes : Tensor of shape (n_samples, n_latent)
        The means of the codes of held-out samples, as ``encode`` gives them; two at least.
    threshold : float
        Variance over the samples, in squared units of the code.

    Returns
    -------
    Tensor of bool of shape (n_latent,)

    Examples
    --------
    >>> active_units(torch.tensor([[-1.0, 0.01], [1.0, 0.02], [0.5, 0.0]]))
    tensor([ True, False])
    """
    codes = require_codes("codes", codes)
    if len(codes) < 2:
        raise ValueError(f"expected at least two codes to vary, got {len(codes)}")
    return codes.var(dim=0) > threshold


def _given(x: Tensor, y: Tensor | None) -> tuple[Tensor, ...]:
    """Return the samples, with their labels where there are any."""
    x = require_samples("x", x)
    if y is None:
        return (x,)
    return (x, require_labels("y", y, len(x)))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(require_seed(seed))
