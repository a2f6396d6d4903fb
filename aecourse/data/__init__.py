"""Data sets as tensors, already split into training and test samples."""

from .load_digits import digits
from .load_mnist import mnist
from .samples import Samples, Split, require_rows, require_samples

__all__ = ["Samples", "Split", "digits", "mnist", "require_rows", "require_samples"]
