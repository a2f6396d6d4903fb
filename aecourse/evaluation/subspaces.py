"""How far apart two linear subspaces lie: that of a linear model, and that of PCA."""

import numpy as np
from scipy.linalg import subspace_angles
from torch import Tensor

from ..validation import as_floats


def principal_angles(basis_a: Tensor, basis_b: Tensor) -> np.ndarray:
    """Angles between two linear subspaces; all zero when one lies in the other.

    Parameters
    ----------
    basis_a : Tensor of shape (n_a, n_features)
        Independent rows that span the first subspace; they need not be orthonormal.
    basis_b : Tensor of shape (n_b, n_features)
        Independent rows that span the second.

    Returns
    -------
    ndarray of shape (min(n_a, n_b),)
        In degrees, the largest first.

    Raises
    ------
    ValueError
        If the rows differ in length, or those of one basis are not independent.

    References
    ----------
    Björck & Golub (1973), computed by ``scipy.linalg.subspace_angles``.

    Examples
    --------
    >>> import torch
    >>> plane = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> diagonal = torch.tensor([[1.0, 0.0, 1.0]])
    >>> principal_angles(plane, diagonal).round(3)
    array([45.])
    """
    basis_a, basis_b = as_floats("basis_a", basis_a), as_floats("basis_b", basis_b)
    if basis_a.ndim != 2 or basis_b.ndim != 2 or basis_a.shape[1] != basis_b.shape[1]:
        raise ValueError(
            "expected two bases of shape (n, n_features) with the same n_features, "
            f"got {tuple(basis_a.shape)} and {tuple(basis_b.shape)}"
        )
    a, b = (basis.detach().double().cpu().numpy() for basis in (basis_a, basis_b))
    for basis in (a, b):
        if not len(basis) or np.linalg.matrix_rank(basis) < len(basis):
            raise ValueError(
                f"expected independent rows, got {len(basis)} rows of length {basis.shape[1]} that "
                "are not: transpose a basis that stands in columns"
            )
    return np.degrees(subspace_angles(a.T, b.T))
