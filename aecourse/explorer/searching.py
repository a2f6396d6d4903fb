"""What a search adds to a plane: the guard, the objective as a map, and the questions asked."""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import to_hex
from torch import Tensor

from ..design import Guard
from ..validation import as_tensor, require_codes
from .packing import four_digits, pack_rows

COLOURS = [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 1, 24))]
NAMES = ("the objective", "the map's ends")
LOWEST = 0.05  # share of a map's values that have one colour, as the least may be far below


def map_ends(objective: tuple[Tensor, Tensor]) -> Tensor:
    """Return the corners of a map, its lowest and its highest code, as rows: (2, 2).

    Parameters
    ----------
    objective : (Tensor of shape (n_rows, n_columns), array of shape (2, 2))
        Values at the nodes of a raster, and the ends of each number of the code.

    Raises
    ------
    ValueError
        If they have other shapes, or the ends are no finite numbers in order.
    """
    values, bounds = (as_tensor(*part).double() for part in zip(NAMES, objective, strict=True))
    if values.ndim != 2 or min(values.shape) < 2 or not values.isfinite().any():
        raise ValueError(
            "expected the objective at 2 × 2 codes or more, NaN where it has none, "
            f"got {tuple(values.shape)} with {int(values.isfinite().sum())} finite numbers"
        )
    ordered = bounds.shape == (2, 2) and bounds.isfinite().all() and (bounds.diff() > 0).all()
    if not ordered:
        raise ValueError(
            f"expected the map's ends as [[low, high], [low, high]], got {bounds.tolist()}"
        )
    return bounds.T


def pack_objective(objective: tuple[Tensor, Tensor]) -> dict:
    """Write a map as what JSON can hold; its first row has the lowest second number."""
    low, high = map_ends(objective).tolist()
    values = as_tensor(NAMES[0], objective[0]).double().cpu()
    found = values[values.isfinite()]
    return {
        "low": low,
        "high": high,
        "values": [four_digits(row) for row in values.tolist()],
        "range": four_digits([found.quantile(LOWEST).item(), found.max().item()]),
        "colours": COLOURS,
    }


def path_codes(paths: Mapping[str, tuple[Tensor, Tensor]]) -> list[Tensor]:
    """Return the codes of each path, or raise an error that names what does not belong.

    Parameters
    ----------
    paths : mapping of str to (Tensor of shape (n, 2), Tensor of shape (n,))
        The codes that a search asked for, in order, and the value of each.
    """
    if not paths:
        raise ValueError("expected at least one search in paths, got none")
    for name, path in paths.items():
        if not isinstance(path, tuple | list) or len(path) != 2:
            raise TypeError(
                f"expected the path {name!r} as a pair (codes, values), got "
                f"{type(path).__name__}: of a search take (found.codes, found.values)"
            )
        codes, values = path
        require_codes(f"the path {name!r}", codes, 2)
        if len(values) != len(codes):
            raise ValueError(
                f"expected a value for each of {len(codes)} codes of the path {name!r}, "
                f"got {len(values)}"
            )
    return [torch.as_tensor(codes).cpu().double() for codes, _ in paths.values()]


def pack_paths(paths: Mapping[str, tuple[Tensor, Tensor]]) -> list[dict]:
    """Write paths as what JSON can hold."""
    return [
        {
            "name": name,
            "codes": pack_rows(codes.T, 2),
            "values": four_digits(list(map(float, values))),
        }
        for codes, (name, (_, values)) in zip(path_codes(paths), paths.items(), strict=True)
    ]


def pack_guard(guard: Guard, n_latent: int) -> dict:
    """Write of a guard what it takes to say whether a code is near the data.

    Raises a TypeError if it is no guard, and a ValueError if its codes have another length.
    """
    if not isinstance(guard, Guard):
        raise TypeError(
            f"expected a guard, got {type(guard).__name__}: make one of codes by design.Guard"
        )
    if guard.codes.shape[1] != n_latent:
        raise ValueError(
            f"expected a guard of codes of {n_latent} numbers, got {guard.codes.shape[1]}"
        )
    return {
        "codes": pack_rows(guard.codes.T, 2),
        "neighbours": guard.n_neighbors,
        "limit": guard.limit,
    }
