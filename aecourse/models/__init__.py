"""Models, one concept a file. Each offers ``encode``, ``decode``, a call and ``loss_terms``."""

from .classifier import Classifier
from .conditional import ConditionalVAE
from .denoising import Denoiser
from .dense import DenseAutoencoder
from .shape import ShapeVAE
from .sparse import SparseAutoencoder
from .variational import VAE

__all__ = [
    "VAE",
    "Classifier",
    "ConditionalVAE",
    "Denoiser",
    "DenseAutoencoder",
    "ShapeVAE",
    "SparseAutoencoder",
]
