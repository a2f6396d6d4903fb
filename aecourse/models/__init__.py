"""Models, one concept a file, and how to keep them.

Each of them encodes and decodes, can be called for a reconstruction, and has the ``loss_terms``
that `training.fit` minimises. There are two exceptions: a `Classifier` names classes, and a
`Denoiser` has no code.

A model of your own can be any ``nn.Module`` with these methods; with a ``decoder`` of linear layers
it can be explored in a page, too. A new model of this package gets a file here and a name below.
It keeps its settings under the names of its parameters, so that `save` finds them, and
`validation.takes` opens its methods to arrays. Then the tests ask for two more lines: settings in
``tests/test_saving.py``, and a case in ``tests/test_devices.py``.
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
