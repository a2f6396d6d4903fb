"""Models, one concept a file, and how to keep them.

Each of them encodes and decodes, can be called for a reconstruction, and has the ``loss_terms``
that `training.fit` minimises. There are two exceptions: a `Classifier` names classes, and a
`Denoiser` has no code.
"""

from .classifier import Classifier
from .conditional import ConditionalVAE
from .denoising import Denoiser
from .dense import DenseAutoencoder
from .pca import PCABaseline
from .saving import load, save
from .shape import ShapeVAE
from .sparse import SparseAutoencoder
from .variational import VAE, reparameterise

__all__ = [
    "VAE",
    "Classifier",
    "ConditionalVAE",
    "Denoiser",
    "DenseAutoencoder",
    "PCABaseline",
    "ShapeVAE",
    "SparseAutoencoder",
    "load",
    "reparameterise",
    "save",
]
