"""Design in a latent space: search for the code of a good sample, without leaving the data."""

from .guard import Guard
from .log import read_log
from .methods import expected_improvement
from .result import Search
from .search import METHODS, optimise

__all__ = ["METHODS", "Guard", "Search", "expected_improvement", "optimise", "read_log"]
