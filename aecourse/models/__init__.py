"""Models, one concept a file. Each offers ``encode``, ``decode``, a call and ``loss_terms``."""

from .classifier import Classifier
from .conditional import ConditionalVAE
from .dense import DenseAutoencoder
from .shape import ShapeVAE
from .variational import VAE

__all__ = ["VAE", "Classifier", "ConditionalVAE", "DenseAutoencoder", "ShapeVAE"]
