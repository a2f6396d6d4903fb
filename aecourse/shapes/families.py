"""Random shapes of four families."""

import numpy as np
import torch
from torch import Tensor

from ..validation import require_count, require_seed
from .shape import Shape, circle, polygon, star

FAMILIES = ("circle", "triangle", "square", "star")


def random_shapes(n_shapes: int, *, seed: int = 0) -> tuple[list[Shape], Tensor]:
    """Draw shapes of four families: circles, triangles, squares and five-pointed stars.

    Each is turned by up to 10 degrees. Its corners lie at a radius of 0.92 to 1.0, and it is then
    grown by 0.03 to 0.06, which rounds them; the notches of stars lie at 0.35 to 0.7 of that
    radius, before it is grown.

    Parameters
    ----------
    n_shapes : int
    seed : int
        Fixes the draws.

    Returns
    -------
    shapes : list of Shape
    families : Tensor of int of shape (n_shapes,)
        Index of each in `FAMILIES`.

    Raises
    ------
    ValueError
        If ``n_shapes`` is below 1, or the seed is none.
    """
    rng = np.random.default_rng(require_seed(seed))
    families = torch.from_numpy(
        rng.integers(len(FAMILIES), size=require_count("n_shapes", n_shapes))
    )
    shapes = []
    for family in families.tolist():
        radius, rounding = rng.uniform(0.92, 1.0), rng.uniform(0.03, 0.06)
        depth, degrees = rng.uniform(0.35, 0.7), rng.uniform(-10, 10)
        shape = (
            circle(radius),
            polygon(3, radius, rounding=rounding),
            polygon(4, radius, rounding=rounding).rotated(45),
            star(5, radius, depth=depth, rounding=rounding),
        )[family]
        shapes.append(shape.rotated(degrees))
    return shapes, families
