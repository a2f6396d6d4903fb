"""A network made small enough for a page, as long as what it decodes stays the same."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .packing import LARGE, Layer, Sides, Transposed, rounded, run


def compressed(
    layers: Sequence[Layer | Transposed],
    codes: Tensor,
    *,
    tolerance: float,
    rows: int | None = None,
) -> list[Layer | Sides | Transposed]:
    """Make large layers thin, a large field a small one, and round all weights.

    Parameters
    ----------
    layers : sequence of Layer or Transposed
    codes : Tensor of shape (n_codes, n_latent)
        Where the network is going to be used.
    tolerance : float
        Largest `error` that this may cause.
    rows : int, optional
        If what is decoded is a field, a smooth one, its number of rows.

    Returns
    -------
    list of Layer, Sides or Transposed
        With weights that `pack_layers` writes exactly.

    Raises
    ------
    ValueError
        If even the smallest change of this kind causes a larger error.
    """
    exact = run(layers, codes)
    for share in (1 / 8, 1 / 16, 1 / 32, 0):
        small = thinned(layers, codes, tolerance=share * tolerance)
        if rows and share:
            small = with_sides(small, codes, rows, tolerance=share * tolerance)
        small = [rounded(layer) for layer in small]
        off = error(run(small, codes), exact)
        if off <= tolerance:
            return small
    raise ValueError(
        f"expected weights that can be rounded, got decoded values that then differ by {off:.1%} "
        f"of their spread, where {tolerance:.0%} is allowed"
    )


def error(values: Tensor, exact: Tensor) -> float:
    """Return the root mean square difference, as a share of the exact values' spread."""
    return ((values - exact).square().mean().sqrt() / exact.std()).item()


def thinned(layers: Sequence[Layer], codes: Tensor, *, tolerance: float) -> list[Layer]:
    """Replace large layers by two thin ones, where these have fewer weights.

    Codes of two numbers lead to few different patterns in a layer of hundreds of units. So what
    the layer computes is projected onto its first principal components, as many as leave no more
    than ``tolerance`` of its spread. One thin layer computes these, the next one expands them.
    """
    thin, x = [], codes
    for layer in layers:
        n_out, n_in = layer.weight.shape[:2]
        if tolerance and min(n_out, n_in) > 64 and n_out * n_in >= LARGE:
            y = x @ layer.weight.T
            mean = y.mean(dim=0)
            q = leading((y - mean).T @ (y - mean), tolerance)
            if q.shape[1] * (n_out + n_in) < 0.8 * n_out * n_in:
                thin.append(Layer(q.T @ layer.weight, -q.T @ mean))
                thin.append(layer._replace(weight=q, bias=layer.bias + mean))
                x = run(thin[-2:], x)
                continue
        thin.append(layer)
        x = run([layer], x)
    return thin


def with_sides(
    layers: Sequence[Layer], codes: Tensor, rows: int, *, tolerance: float
) -> list[Layer | Sides]:
    """Let the last layer compute a small field, of which two fixed matrices make the large one.

    The rows of smooth fields are alike, and so are their columns. So each is projected onto the
    first principal directions of all rows, or of all columns.
    """
    *before, last = layers
    fields = run(layers, codes).unflatten(1, (rows, -1))
    left = leading(torch.einsum("nij,nkj->ik", fields, fields), tolerance)
    right = leading(torch.einsum("nij,nik->jk", fields, fields), tolerance)
    weight, bias = (
        (left.T @ fields.unflatten(0, (rows, -1)).movedim(-1, 0) @ right).flatten(1)
        for fields in (last.weight, last.bias[:, None])
    )
    return [*before, last._replace(weight=weight.T, bias=bias[0]), Sides(left, right)]


def leading(products: Tensor, tolerance: float) -> Tensor:
    """Return the principal directions, as columns, that leave no more than a share of the spread.

    Parameters
    ----------
    products : Tensor of shape (n, n)
        XᵀX of the samples X.
    tolerance : float
    """
    variances, directions = torch.linalg.eigh(products)  # from the smallest
    left_out = (variances.clamp(min=0).cumsum(0) / variances.sum()).sqrt()
    return directions[:, left_out > tolerance]
