"""Checks of exercises: each says what holds of a learner's function, or which mistake it makes.

A check is a reference and a catalogue of known mistakes. `EXERCISES` has them by name: a hint and a
function for each mistake.
"""

from .compare import CheckFailed, Exercise
from .denoising import DENOISE, check_denoise
from .digits import PCA_RECONSTRUCT, TRAIN_STEP, check_pca_reconstruct, check_train_step
from .failures import DIAGNOSE, check_diagnose
from .functions import GAUSS_NEWTON, READ_BETA, check_gauss_newton, check_read_beta
from .introduction import (
    N_WEIGHTS,
    RECONSTRUCTION_LOSS,
    check_n_weights,
    check_reconstruction_loss,
)
from .latent_design import (
    EXPECTED_IMPROVEMENT,
    ISOPERIMETRIC_QUOTIENT,
    SAFE,
    check_expected_improvement,
    check_isoperimetric_quotient,
    check_safe,
)
from .mnist_autoencoder import BERNOULLI_NLL, EMPTY_CELLS, check_bernoulli_nll, check_empty_cells
from .mnist_cvae import POSTERIOR, SIDES, check_posterior, check_sides
from .mnist_vae import (
    INTERPOLATE,
    KL,
    NEGATIVE_ELBO,
    REPARAMETERISE,
    check_interpolate,
    check_kl,
    check_negative_elbo,
    check_reparameterise,
)
from .shapes import FIELD_OF, RING, check_field_of, check_ring
from .sparse import TOP_K, check_top_k
from .use_cases import AUROC, QUANTISE, check_auroc, check_quantise
from .your_data import AREA_AND_CENTROID, FILL_GAPS, check_area_and_centroid, check_fill_gaps

EXERCISES = {
    exercise.name: exercise
    for exercise in (
        N_WEIGHTS,
        RECONSTRUCTION_LOSS,
        PCA_RECONSTRUCT,
        TRAIN_STEP,
        BERNOULLI_NLL,
        EMPTY_CELLS,
        KL,
        REPARAMETERISE,
        NEGATIVE_ELBO,
        INTERPOLATE,
        SIDES,
        POSTERIOR,
        AUROC,
        QUANTISE,
        READ_BETA,
        GAUSS_NEWTON,
        RING,
        FIELD_OF,
        ISOPERIMETRIC_QUOTIENT,
        EXPECTED_IMPROVEMENT,
        SAFE,
        FILL_GAPS,
        AREA_AND_CENTROID,
        DIAGNOSE,
        TOP_K,
        DENOISE,
    )
}

__all__ = [
    "EXERCISES",
    "CheckFailed",
    "Exercise",
    "check_area_and_centroid",
    "check_auroc",
    "check_bernoulli_nll",
    "check_denoise",
    "check_diagnose",
    "check_empty_cells",
    "check_expected_improvement",
    "check_field_of",
    "check_fill_gaps",
    "check_gauss_newton",
    "check_interpolate",
    "check_isoperimetric_quotient",
    "check_kl",
    "check_n_weights",
    "check_negative_elbo",
    "check_pca_reconstruct",
    "check_posterior",
    "check_quantise",
    "check_read_beta",
    "check_reconstruction_loss",
    "check_reparameterise",
    "check_ring",
    "check_safe",
    "check_sides",
    "check_top_k",
    "check_train_step",
]
