"""Logarithms of Beta densities, a data set of functions: a curve for each pair of parameters."""

import torch
from torch import Tensor

from ..validation import require_count, require_seed
from .samples import Samples


def beta_grid(n_points: int = 100) -> Tensor:
    """Return equally spaced points from 0.01 to 0.99, where the densities are evaluated.

    The ends 0 and 1 are left out: a density may be infinite or zero there.

    Parameters
    ----------
    n_points : int
        At least 2.

    Returns
    -------
    Tensor of shape (n_points,)
        In double precision.

    Raises
    ------
    ValueError
        If ``n_points`` is below 2.

    Examples
    --------
    >>> beta_grid(3)
    tensor([0.0100, 0.5000, 0.9900], dtype=torch.float64)
    """
    n_points = require_count("n_points", n_points, at_least=2)
    return torch.linspace(0.01, 0.99, n_points, dtype=torch.double)


def beta_log_densities(
    n_samples: int, *, low: float = 0.0, high: float = 5.0, n_points: int = 100, seed: int = 0
) -> Samples:
    """Evaluate ln p(x | α, β) of Beta densities with random parameters on `beta_grid`.

    Equation ``eq-log-beta`` of the chapter "Functions instead of images".

    Parameters
    ----------
    n_samples : int
        Curves.
    low, high : float
        Both parameters are drawn from the uniform distribution between them. With ``low`` = 0 a
        value of exactly 0, where no density exists, is never drawn.
    n_points : int
        Points per curve, at least 2.
    seed : int
        Fixes the parameters.

    Returns
    -------
    Samples
        ``x``: float32 Tensor of shape (n_samples, n_points), in nats, computed in double precision.
        ``y``: float64 Tensor of shape (n_samples, 2), the parameters α and β.

    Raises
    ------
    ValueError
        If a number is out of range, or ``low`` is negative or not below ``high``.

    Examples
    --------
    >>> beta_log_densities(5)
    Samples(x=(5, 100), y=(5, 2))
    """
    n_samples, grid = require_count("n_samples", n_samples), beta_grid(n_points)
    if not 0 <= low < high < float("inf"):
        raise ValueError(f"expected 0 ≤ low < high, got {low} and {high}")
    generator = torch.Generator().manual_seed(require_seed(seed))
    share = 1 - torch.rand(n_samples, 2, generator=generator, dtype=torch.double)  # in (0, 1]
    parameters = low + (high - low) * share
    a, b = parameters[:, :1], parameters[:, 1:]
    log_normaliser = torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)  # ln B(α, β)
    log_density = (a - 1) * grid.log() + (b - 1) * (-grid).log1p() - log_normaliser
    return Samples(log_density.float(), parameters)
