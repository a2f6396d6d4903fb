"""Principal component analysis, the plain baseline that a model has to beat; its subspace."""

import numpy as np
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from torch import Tensor, nn

from ..data import require_rows, require_samples
from ..runtime import require_count


class PCABaseline(nn.Module):
    """Principal component analysis with the three methods of a model.

    The components come from scikit-learn; nothing is left to train. Any score of a model can then
    be taken of PCA by the same line of code.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_features)
        Training samples.
    n_components : int
        Length of the code, at most the smaller of ``n_samples`` and ``n_features``.

    Attributes
    ----------
    mean : Tensor of shape (n_features,)
    components : Tensor of shape (n_components, n_features)
        Orthonormal rows, by falling variance.

    Raises
    ------
    TypeError
        If ``x`` is no tensor of floating-point numbers.
    ValueError
        If ``n_components`` is out of range, or the samples are empty or not finite.

    References
    ----------
    Written out in the chapter "A first autoencoder"; the best linear code by Eckart & Young (1936).

    Examples
    --------
    >>> x = torch.rand(20, 3)
    >>> pca = PCABaseline(x, 3)
    >>> bool(torch.allclose(pca(x), x, atol=1e-5))  # as many components as features: exact
    True
    """

    def __init__(self, x: Tensor, n_components: int):
        super().__init__()
        x = require_samples("x", x)
        require_count("n_components", n_components, at_most=min(x.shape))
        # For many samples the covariance matrix takes a tenth of the time, to the same digits.
        solver = "covariance_eigh" if len(x) >= 5 * x.shape[1] else "full"
        pca = PCA(n_components, svd_solver=solver).fit(x.cpu().numpy())
        self.register_buffer("mean", torch.from_numpy(pca.mean_).to(x.dtype))
        self.register_buffer("components", torch.from_numpy(pca.components_).to(x.dtype))

    def encode(self, x: Tensor) -> Tensor:
        """Project samples of shape (n_samples, n_features) onto the components."""
        return (require_rows("x", x, len(self.mean)) - self.mean) @ self.components.T

    def decode(self, z: Tensor) -> Tensor:
        """Map codes of shape (n_samples, n_components) back to samples."""
        return self.mean + require_rows("z", z, len(self.components)) @ self.components

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct samples of shape (n_samples, n_features)."""
        return self.decode(self.encode(x))


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
    Björck & Golub (1973), computed by `scipy.linalg.subspace_angles`.

    Examples
    --------
    >>> plane = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> diagonal = torch.tensor([[1.0, 0.0, 1.0]])
    >>> principal_angles(plane, diagonal).round(3)
    array([45.])
    """
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
