"""Scores on held-out data, and the plain baselines that a model has to beat."""

from .classification import few_labels, knn_accuracy, linear_probe
from .likelihood import active_units, elbo_terms, log_likelihood
from .pca import PCABaseline, principal_angles
from .reconstruction import bernoulli_floor, mean_squared_error, psnr
from .two_samples import auroc, told_apart
from .units import dead_units, purity

__all__ = [
    "PCABaseline",
    "active_units",
    "auroc",
    "bernoulli_floor",
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
