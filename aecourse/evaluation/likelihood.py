"""How likely held-out data is under a variational autoencoder: bounds, and what the code uses.

A model is asked for ``encode_distribution``, ``reparameterise`` and ``reconstruction_nll``, as
`models.VAE` has them. β plays no part: a bound is a bound, however the model was trained.
"""

import math

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .. import losses
from ..data import require_samples
from ..runtime import device_of, evaluating, require_count, require_seed


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

    Raises
    ------
    TypeError
        If ``x`` is no tensor of floating-point numbers.
    ValueError
        If there is no sample, one is not finite, there is not one label for each, or a setting is
        out of range.

    Examples
    --------
    >>> from aecourse.models import VAE
    >>> reconstruction, kl = elbo_terms(VAE((784, 2)), torch.rand(5, 784))
    >>> (reconstruction + kl).shape
    torch.Size([5])
    """
    n_draws, batches = require_count("n_draws", n_draws), _batches(x, y, batch_size)
    generator, device = torch.Generator().manual_seed(require_seed(seed)), device_of(model)
    parts = []
    with evaluating(model):
        for batch, *labels in batches:
            batch = batch.to(device)
            mean, log_var = model.encode_distribution(batch, *labels)
            reconstruction = torch.zeros(len(batch), dtype=mean.dtype, device=device)
            for _ in range(n_draws):
                z = model.reparameterise(mean, log_var, generator)
                reconstruction += model.reconstruction_nll(z, batch, *labels) / n_draws
            kl = losses.kl_to_standard_normal(mean, log_var)
            parts.append((reconstruction.cpu(), kl.cpu()))
    reconstructions, kls = zip(*parts, strict=True)
    return torch.cat(reconstructions), torch.cat(kls)


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
    closer with each further one. Equation ``eq-importance`` of "Codes as distributions".

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

    Raises
    ------
    TypeError, ValueError
        As `elbo_terms` does.
    """
    n_draws, batches = require_count("n_draws", n_draws), _batches(x, y, batch_size)
    generator, device = torch.Generator().manual_seed(require_seed(seed)), device_of(model)
    estimates = []
    bar = tqdm(total=len(x), desc="estimating", unit="sample", disable=not progress)
    with evaluating(model), bar:
        for batch, *labels in batches:
            batch = batch.to(device)
            mean, log_var = model.encode_distribution(batch, *labels)
            log_weights = []
            for _ in range(n_draws):
                z = model.reparameterise(mean, log_var, generator)
                # Both densities lack the same factor (2π)^(-d/2).
                log_prior = -0.5 * z.square().sum(dim=1)
                log_q = -0.5 * ((z - mean).square() / log_var.exp() + log_var).sum(dim=1)
                nll = model.reconstruction_nll(z, batch, *labels)
                log_weights.append(-nll + log_prior - log_q)
            log_average = torch.stack(log_weights).logsumexp(dim=0) - math.log(n_draws)
            estimates.append(log_average.cpu())
            bar.update(len(batch))
    return torch.cat(estimates)


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

    Raises
    ------
    TypeError
        If the codes are no tensor of floating-point numbers.
    ValueError
        If there are fewer than two codes, or one is not finite.

    Examples
    --------
    >>> active_units(torch.tensor([[-1.0, 0.01], [1.0, 0.02], [0.5, 0.0]]))
    tensor([ True, False])
    """
    codes = require_samples("codes", codes)
    if len(codes) < 2:
        raise ValueError(f"expected at least two codes to vary, got {len(codes)}")
    return codes.var(dim=0) > threshold


def _batches(x: Tensor, y: Tensor | None, batch_size: int) -> list[tuple[Tensor, ...]]:
    """Cut samples, and labels where there are any, into batches."""
    x, batch_size = require_samples("x", x), require_count("batch_size", batch_size)
    if y is None:
        return [(batch,) for batch in x.split(batch_size)]
    if len(y) != len(x):
        raise ValueError(f"expected one label for each of {len(x)} samples, got {len(y)}")
    return list(zip(x.split(batch_size), y.split(batch_size), strict=True))
