"""Models, one concept a file. Each offers ``encode``, ``decode``, a call and ``loss_terms``."""

from .dense import DenseAutoencoder
from .variational import VAE

__all__ = ["VAE", "DenseAutoencoder"]
