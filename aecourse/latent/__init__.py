"""Tools for the latent space: encode, walk, lay out a grid, draw, and find the code of a target.

All take tensors or NumPy arrays, and check them.
"""

from .codes import encode, grid, interpolate, prior_grid, sample
from .inversion import Inversion, invert
from .langevin import annealed_langevin

__all__ = [
    "Inversion",
    "annealed_langevin",
    "encode",
    "grid",
    "interpolate",
    "invert",
    "prior_grid",
    "sample",
]
