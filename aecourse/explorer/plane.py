"""The part of a latent plane that a page shows: how far it reaches, and which codes lie in it.

The first two numbers of a code span the plane. Each other one has a slider, and reaches as far.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..plotting import class_colours
from ..validation import require_codes, require_count
from .packing import pack_rows

TAIL, MARGIN = 0.01, 0.15  # left out at each end of an axis; then added, as a share of the rest
MOST = 8  # numbers of a code, with a slider each


class Plane(NamedTuple):
    """A rectangle of the plane, and the codes that are shown in it."""

    low: Tensor  # (n_latent,)
    high: Tensor  # (n_latent,)
    kept: Tensor  # (n_points,), which of the codes
    points: Tensor  # (n_points, n_latent), their places

    def grid(self, n_steps: int) -> Tensor:
        """Return codes all over the rectangle, from its top row down: (n_steps, n_steps, n_latent).

        Where a code has more numbers, the others have their medians.
        """
        ends = list(zip(self.low, self.high, strict=True))[:2]
        x, y = (torch.linspace(*pair, n_steps) for pair in ends)
        first = torch.stack(torch.meshgrid(x, y.flip(0), indexing="xy"), dim=-1).double()
        others = self.points[:, 2:].median(dim=0).values
        return torch.cat([first, others.expand(n_steps, n_steps, -1)], dim=-1)

    def all_over(self, n_codes: int) -> Tensor:
        """Return about so many codes in equal steps along each number, also those with a slider."""
        n_steps = round(n_codes ** (1 / len(self.low)))
        steps = [torch.linspace(*ends, n_steps) for ends in zip(self.low, self.high, strict=True)]
        return torch.cartesian_prod(*steps).double()


def plane_of(codes: Tensor, n_points: int, shown: Sequence[Tensor] = ()) -> Plane:
    """Let codes decide what is shown: 98 % of their range on each axis, and a margin.

    Whatever else is to be shown, codes of shape (n, 2), widens it. Of the codes in there at most
    ``n_points`` are kept, evenly spread over the order they came in.
    """
    codes = require_codes("codes", codes).cpu().double()
    if not 2 <= codes.shape[1] <= MOST:
        raise ValueError(f"expected codes of 2 to {MOST} numbers, got {codes.shape[1]}")
    low, high = reach([codes])
    margin = MARGIN * (high - low)
    low, high = low - margin, high + margin
    for others in shown:
        low, high = low.minimum(others.amin(dim=0)), high.maximum(others.amax(dim=0))
    inside = ((codes >= low) & (codes <= high)).all(dim=1).nonzero().flatten()
    step = -(-len(inside) // require_count("n_points", n_points, at_least=2))
    return Plane(low, high, inside[::step], codes[inside[::step]])


def reach(planes: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the lowest and the highest of each number, with the tails of each plane left out."""
    tails = torch.tensor([TAIL, 1 - TAIL], dtype=torch.double)
    ends = torch.stack([codes.quantile(tails, dim=0) for codes in planes])
    low, high = ends[:, 0].amin(dim=0), ends[:, 1].amax(dim=0)
    if not (low < high).all():
        raise ValueError("expected codes that differ in each number, got one value for most")
    return low, high


def pack_plane(plane: Plane, labels: Tensor | None, class_names, *, choose: bool = False) -> dict:
    """Write the plane as what JSON can hold: its edges, its points, their classes and colours.

    Where a class is to be chosen, it is the first point's at first, and its points alone count.
    """
    apart = torch.cdist(plane.points, plane.points).fill_diagonal_(torch.inf)
    if choose:
        own = labels[plane.kept]
        apart[own[:, None] != own] = torch.inf
    apart = apart.min(dim=1).values
    if not (limit := apart.quantile(0.99).item()) > 0:
        raise ValueError("expected codes that differ, got each of them twice or more often")
    packed = {
        "low": plane.low.tolist(),
        "high": plane.high.tolist(),
        "points": pack_rows(plane.points.T, 2),
        "limit": limit,
        "colours": class_colours(1),
    }
    if labels is not None:
        packed |= pack_classes(labels[plane.kept], class_names)
    if choose:
        one_colour = class_colours(1) * len(packed["classes"])
        packed |= {"chosen": packed["labels"][0], "colours": one_colour}
    return packed


def pack_classes(labels: Tensor, class_names: Sequence[str] | None) -> dict:
    """Write the class of each point, with the names and colours of those that are there."""
    classes, index = labels.unique(return_inverse=True)
    if class_names is not None and len(class_names) <= classes.max():
        raise ValueError(f"expected {classes.max() + 1} class names, got {len(class_names)}")
    names = [str(k if class_names is None else class_names[k]) for k in classes.tolist()]
    return {"labels": index.tolist(), "classes": names, "colours": class_colours(len(names))}
