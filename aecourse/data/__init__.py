"""Data sets as tensors, already split into training and test samples."""

from .beta import beta_grid, beta_log_densities
from .load_digits import digits
from .load_mnist import mnist
from .samples import Samples, Split

__all__ = [
    "Samples",
    "Split",
    "beta_grid",
    "beta_log_densities",
    "digits",
    "mnist",
]
