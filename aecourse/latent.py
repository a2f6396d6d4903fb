"""Tools for the latent space: encode a data set, walk between two codes, lay out a grid."""

import torch
from torch import Tensor, nn

from .data import require_rows, require_samples
from .runtime import device_of, evaluating, require_count


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

    Raises
    ------
    TypeError
        If ``x`` is no tensor of floating-point numbers.
    ValueError
        If there is no sample, one is not finite, or ``batch_size`` is below 1.
    """
    x, batch_size = require_samples("x", x), require_count("batch_size", batch_size)
    with evaluating(model):
        device = device_of(model)
        return torch.cat([model.encode(batch.to(device)).cpu() for batch in x.split(batch_size)])


def interpolate(z_start: Tensor, z_end: Tensor, n_steps: int) -> Tensor:
    """Walk from one code to another in a straight line, in equal steps.

    Parameters
    ----------
    z_start, z_end : Tensor of shape (n_latent,)
    n_steps : int
        Number of codes, both ends included; at least 2.

    Returns
    -------
    Tensor of shape (n_steps, n_latent)

    Raises
    ------
    ValueError
        If the codes are no vectors of one length, or ``n_steps`` is below 2.

    Examples
    --------
    >>> interpolate(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]), 3)
    tensor([[0.0000, 1.0000],
            [0.5000, 1.0000],
            [1.0000, 1.0000]])
    """
    if z_start.ndim != 1 or z_start.shape != z_end.shape:
        raise ValueError(
            "expected two codes of one shape (n_latent,), "
            f"got {tuple(z_start.shape)} and {tuple(z_end.shape)}"
        )
    require_count("n_steps", n_steps, at_least=2)  # the two ends
    weights = torch.linspace(0, 1, n_steps, dtype=z_start.dtype, device=z_start.device)[:, None]
    return (1 - weights) * z_start + weights * z_end


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

    Raises
    ------
    TypeError
        If the codes are no tensor of floating-point numbers.
    ValueError
        If the codes are not two finite numbers each, or a setting is out of range.

    Examples
    --------
    >>> grid(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), 2, coverage=1.0)[0]  # the top row
    tensor([[0., 2.],
            [1., 2.]])
    """
    codes = require_rows("codes", require_samples("codes", codes), 2).cpu()
    require_count("n_steps", n_steps, at_least=2)
    if not 0 < coverage <= 1:
        raise ValueError(f"expected a coverage above 0, up to 1, got {coverage}")
    tails = torch.tensor([(1 - coverage) / 2, (1 + coverage) / 2], dtype=codes.dtype)
    low, high = codes.quantile(tails, dim=0)
    across = torch.linspace(low[0], high[0], n_steps, dtype=codes.dtype)
    upwards = torch.linspace(low[1], high[1], n_steps, dtype=codes.dtype)
    z1, z2 = torch.meshgrid(across, upwards.flip(0), indexing="xy")
    return torch.stack([z1, z2], dim=-1)
