"""Encode a data set, walk between codes, lay out a grid, draw new codes."""

import math

import torch
from torch import Tensor, nn

from ..runtime import in_batches
from ..validation import require_codes, require_count, require_samples, require_share


def encode(model: nn.Module, x: Tensor, *, batch_size: int = 4096) -> Tensor:
    """Encode a data set in batches, in evaluation mode and without gradients.

    Parameters
    ----------
    model : nn.Module
        With a method ``encode``.
    x : Tensor of shape (n_samples, ...)
        Samples as the model takes them.
    batch_size : int
        Samples per pass; it limits the memory, not the result.

    Returns
    -------
    Tensor of shape (n_samples, n_latent)
        On the CPU.
    """
    return in_batches(model.encode, model, require_samples("x", x), batch_size=batch_size)


def interpolate(z_start: Tensor, z_end: Tensor, n_steps: int, *, spherical: bool = False) -> Tensor:
    """Walk from one code to another in equal steps: straight, or round the origin.

    Parameters
    ----------
    z_start, z_end : Tensor of shape (n_latent,)
    n_steps : int
        Number of codes, both ends included; at least 2.
    spherical : bool
        Whether to walk along the arc round the origin (Shoemake 1985). Codes of a standard normal
        in many dimensions lie near a sphere, and the straight line leaves it; between ends of
        equal length the arc does not.

    Returns
    -------
    Tensor of shape (n_steps, n_latent)

    Raises
    ------
    ValueError
        If the codes are no vectors of one length, or ``n_steps`` is below 2; for an arc also if a
        code is zero or the two point in opposite directions, where no arc is the shortest.

    Examples
    --------
    >>> interpolate(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]), 3)
    tensor([[0.0000, 1.0000],
            [0.5000, 1.0000],
            [1.0000, 1.0000]])
    >>> interpolate(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]), 3, spherical=True)[1]
    tensor([0.7071, 0.7071])
    """
    z_start, z_end = require_samples("z_start", z_start), require_samples("z_end", z_end)
    if z_start.ndim != 1 or z_start.shape != z_end.shape:
        raise ValueError(
            "expected two codes of one shape (n_latent,), "
            f"got {tuple(z_start.shape)} and {tuple(z_end.shape)}"
        )
    require_count("n_steps", n_steps, at_least=2)  # the two ends
    weights = torch.linspace(0, 1, n_steps, dtype=z_start.dtype, device=z_start.device)[:, None]
    if not spherical:
        return (1 - weights) * z_start + weights * z_end
    directions = [z / z.norm() for z in (z_start, z_end)]
    # The angle from both half-chords: accurate for small and for large angles alike.
    angle = 2 * torch.atan2(
        (directions[1] - directions[0]).norm(), (directions[1] + directions[0]).norm()
    )
    if not angle < math.pi - 1e-3:  # written so that NaN, from a code that is zero, is refused too
        raise ValueError(
            "expected two codes that are not zero and do not point in opposite directions, "
            f"got lengths {z_start.norm():.3g} and {z_end.norm():.3g}, angle {angle:.3g}"
        )
    if angle < 1e-3:  # the arc is straight, and the formula would divide zero by zero
        return (1 - weights) * z_start + weights * z_end
    return (((1 - weights) * angle).sin() * z_start + (weights * angle).sin() * z_end) / angle.sin()


def grid(codes: Tensor, n_steps: int = 10, *, coverage: float = 0.98) -> Tensor:
    """Lay a grid over the part of a 2-D latent space that encoded data occupies.

    A grid over a range picked by hand shows regions that no data ever visits.

    Parameters
    ----------
    codes : Tensor of shape (n_samples, 2)
        Encoded data; it decides the range of each axis.
    n_steps : int
        Codes along each axis, at least 2.
    coverage : float
        Share of the codes inside the range of each axis; what is beyond counts as stray.

    Returns
    -------
    Tensor of shape (n_steps, n_steps, 2)
        Rows from the top (largest second number) down, columns from left to right: decoded in
        this order, the images lie as on a map.

    Examples
    --------
    >>> grid(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), 2, coverage=1.0)[0]  # the top row
    tensor([[0., 2.],
            [1., 2.]])
    """
    codes = require_codes("codes", codes, 2).cpu()
    require_count("n_steps", n_steps, at_least=2)
    require_share("coverage", coverage)
    tails = torch.tensor([(1 - coverage) / 2, (1 + coverage) / 2], dtype=codes.dtype)
    low, high = codes.quantile(tails, dim=0)
    across = torch.linspace(low[0], high[0], n_steps, dtype=codes.dtype)
    upwards = torch.linspace(low[1], high[1], n_steps, dtype=codes.dtype)
    return _map(across, upwards)


def prior_grid(n_steps: int = 10, *, coverage: float = 0.98) -> Tensor:
    """Lay a grid over a 2-D latent space at quantiles of the standard normal.

    Its steps are equal in probability, so each code stands for as many samples of the prior.

    Parameters
    ----------
    n_steps : int
        Codes along each axis, at least 2.
    coverage : float
        Probability between the first and the last code of each axis; below 1.

    Returns
    -------
    Tensor of shape (n_steps, n_steps, 2)
        Rows from the top down, columns from left to right, as `grid` has them.

    Examples
    --------
    >>> prior_grid(3, coverage=0.5)[0]  # the top row, at the upper quartile
    tensor([[-0.6745,  0.6745],
            [ 0.0000,  0.6745],
            [ 0.6745,  0.6745]])
    """
    require_count("n_steps", n_steps, at_least=2)
    require_share("coverage", coverage, or_one=False)
    probabilities = torch.linspace((1 - coverage) / 2, (1 + coverage) / 2, n_steps)
    return _map(*torch.special.ndtri(probabilities).expand(2, -1))


def sample(codes: Tensor, n_samples: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw new codes from the Gaussian with the mean and the covariance of given codes.

    The plainest guess of where codes lie: for an autoencoder, which has no prior to draw from.

    Parameters
    ----------
    codes : Tensor of shape (n_codes, n_latent)
        Encoded training data, more codes than dimensions.
    n_samples : int
    generator : torch.Generator, optional
        Of the CPU; by default the global stream.

    Returns
    -------
    Tensor of shape (n_samples, n_latent)
        On the CPU.

    Examples
    --------
    >>> codes = torch.randn(1000, 2) * torch.tensor([1.0, 5.0])
    >>> sample(codes, 3).shape
    torch.Size([3, 2])
    """
    codes = require_codes("codes", codes).cpu()
    if len(codes) <= codes.shape[1]:
        raise ValueError(
            "expected codes of shape (n_codes, n_latent) with n_codes > n_latent, "
            f"got {tuple(codes.shape)}"
        )
    size = require_count("n_samples", n_samples), codes.shape[1]
    noise = torch.randn(size, generator=generator, dtype=codes.dtype)
    # The covariance is V diag(s²) Vᵀ / (n − 1), also where a direction has no spread at all.
    centred = codes - codes.mean(dim=0)
    _, spread, directions = torch.linalg.svd(centred, full_matrices=False)
    return codes.mean(dim=0) + (noise * spread / (len(codes) - 1) ** 0.5) @ directions


def _map(across: Tensor, upwards: Tensor) -> Tensor:
    """Cross two axes into a map: the second number grows from the bottom row to the top."""
    return torch.stack(torch.meshgrid(across, upwards.flip(0), indexing="xy"), dim=-1)
