"""A polygon under the reader's hand: where it starts, and an encoder of fields in the page."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..models import ShapeVAE
from ..shapes import EXTENT, Shape
from ..validation import require_samples
from .compressing import error, leading
from .packing import Layer, Sides, encoder_layers, pack_layers, rounded, run


def pack_polygons(
    model: ShapeVAE, polygons: Mapping[str, Tensor], fields: Tensor, *, tolerance: float
) -> tuple[dict, float]:
    """Write an encoder of fields, and the polygons to start from, as what JSON can hold.

    Parameters
    ----------
    model : ShapeVAE
    polygons : mapping of str to Tensor of shape (n_corners, 2)
        Corners in order, at least three, inside of the fields.
    fields : Tensor of shape (n_fields, n, n)
        On which the encoder is measured, with the polygons.
    tolerance : float
        Largest `error` of its codes.

    Returns
    -------
    dict
    float
        The error.

    Raises
    ------
    TypeError
        If the model is no ShapeVAE.
    ValueError
        If corners are no polygon, or the codes would be off by more.
    """
    if not isinstance(model, ShapeVAE):
        raise TypeError(
            f"expected a ShapeVAE, which encodes what polygons draw, got {type(model).__name__}"
        )
    if not polygons:
        raise ValueError("expected at least one polygon, got none")
    corners = [_corners(name, points) for name, points in polygons.items()]
    drawn = torch.stack([Shape(points).field(model.side) for points in corners])
    cut = torch.cat([drawn, fields]).clamp(-model.limit, model.limit).flatten(1).double()
    small, off = _small(encoder_layers(model), cut, model.side, tolerance)
    packed = {
        "starts": dict(zip(polygons, [points.tolist() for points in corners], strict=True)),
        "limit": model.limit,
        "encoder": pack_layers(small),
        "proof": run(small, cut[:1])[0].tolist(),  # the code of the first one
    }
    return packed, off


def _small(
    layers: Sequence[Layer], fields: Tensor, side: int, tolerance: float
) -> tuple[list[Layer | Sides], float]:
    """Let two fixed matrices make a small field of a large one before the first layer.

    Components of smooth fields have rows that are alike, and columns: each are projected onto their
    first principal directions, as in `compressing.with_sides`.
    """
    exact = run(layers, fields)
    first, *rest = layers
    components = first.weight.unflatten(1, (side, side))
    for share in (4, 2, 1, 1 / 2, 0):
        left = leading(torch.einsum("nij,nkj->ik", components, components), share * tolerance)
        right = leading(torch.einsum("nij,nik->jk", components, components), share * tolerance)
        weight = (left.T @ components @ right).flatten(1)
        small = [Sides(left.T, right.T), first._replace(weight=weight), *rest]
        small = [rounded(layer) for layer in small]
        off = error(run(small, fields), exact)
        if off <= tolerance:
            return small, off
    raise ValueError(
        f"expected weights that can be rounded, got codes that then differ by {off:.1%} of their "
        f"spread, where {tolerance:.0%} is allowed"
    )


def _corners(name: str, points: Tensor) -> Tensor:
    """Return the corners of a polygon, or raise a ValueError that names it."""
    points = require_samples(f"the polygon {name!r}", points).double().cpu()
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(
            f"expected three corners or more in the polygon {name!r}, of shape (n_corners, 2), "
            f"got {tuple(points.shape)}"
        )
    if points.abs().max() >= EXTENT:
        raise ValueError(
            f"expected the corners of {name!r} within ±{EXTENT}, got {points.abs().max():.3g}"
        )
    return points
