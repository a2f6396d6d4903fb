"""Models, one concept a file. Each offers ``encode``, ``decode``, a call and ``loss_terms``."""

from .dense import DenseAutoencoder

__all__ = ["DenseAutoencoder"]
