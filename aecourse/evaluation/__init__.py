"""Scores on held-out data, and the plain baselines that a model has to beat."""

from .codes import knn_accuracy, principal_angles, told_apart
from .likelihood import active_units, elbo_terms, log_likelihood
from .pca import PCABaseline
from .reconstruction import bernoulli_floor, mean_squared_error

__all__ = [
    "PCABaseline",
    "active_units",
    "bernoulli_floor",
    "elbo_terms",
    "knn_accuracy",
    "log_likelihood",
    "mean_squared_error",
    "principal_angles",
    "told_apart",
]
