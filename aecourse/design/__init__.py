"""Design in a latent space: search for the code of a good sample, without leaving the data."""

from .guard import Guard
from .methods import expected_improvement
from .search import METHODS, Search, optimise

__all__ = ["METHODS", "Guard", "Search", "expected_improvement", "optimise"]
