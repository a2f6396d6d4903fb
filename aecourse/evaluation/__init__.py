"""Scores on held-out data, and the plain baselines that a model has to beat.

All take tensors or NumPy arrays; what cannot be scored (no sample, NaN, labels of another number)
is a ValueError or a TypeError that says what was expected.
"""

from ..models import PCABaseline
from .classification import few_labels, knn_accuracy, linear_probe
from .likelihood import active_units, elbo_terms, log_likelihood
from .reconstruction import bernoulli_entropy, mean_squared_error, psnr
from .subspaces import principal_angles
from .two_samples import auroc, told_apart
from .units import dead_units, purity

__all__ = [
    "PCABaseline",
    "active_units",
    "auroc",
    "bernoulli_entropy",
    "dead_units",
    "elbo_terms",
    "few_labels",
    "knn_accuracy",
    "linear_probe",
    "log_likelihood",
    "mean_squared_error",
    "principal_angles",
    "psnr",
    "purity",
    "told_apart",
]
