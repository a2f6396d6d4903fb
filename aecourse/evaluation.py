"""Scores and the plain baselines that a model has to beat."""

import numpy as np
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn

from . import losses
from .data import require_rows, require_samples
from .runtime import device_of, evaluating, require_count


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
        pca = PCA(n_components, svd_solver="full").fit(x.cpu().numpy())
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


def mean_squared_error(model: nn.Module, x: Tensor) -> float:
    """Mean squared error of a model's reconstructions, per value (for images: per pixel).

    Parameters
    ----------
    model : nn.Module
        A model, or a `PCABaseline`.
    x : Tensor of shape (n_samples, ...)
        Held-out samples.

    Returns
    -------
    float
        In squared units of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is no tensor of floating-point numbers.
    ValueError
        If there is no sample, one is not finite, or a reconstruction has another shape.
    """
    x = require_samples("x", x).to(device_of(model))
    with evaluating(model):
        return losses.squared_error(model(x), x).sum().item() / x.numel()


def knn_accuracy(
    train_codes: Tensor,
    train_labels: Tensor,
    test_codes: Tensor,
    test_labels: Tensor,
    *,
    n_neighbors: int = 5,
) -> float:
    """Share of test samples whose label the majority of the nearest training codes predicts.

    Near is meant by Euclidean distance. The score says how well codes keep classes apart that
    nobody told the model about.

    Parameters
    ----------
    train_codes, test_codes : Tensor of shape (n_samples, n_latent)
    train_labels, test_labels : Tensor of shape (n_samples,)
    n_neighbors : int
        How many training codes vote.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If codes and labels differ in length, labels are not one number each, or there are fewer
        codes than neighbours.

    Examples
    --------
    >>> codes, labels = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> knn_accuracy(codes, labels, torch.tensor([[0.2], [4.0]]), torch.tensor([0, 0]), \
n_neighbors=1)
    0.5
    """
    train_codes, test_codes = (
        require_samples(name, codes).cpu().numpy()
        for name, codes in {"train_codes": train_codes, "test_codes": test_codes}.items()
    )
    require_count("n_neighbors", n_neighbors, at_most=len(train_codes))
    for labels, codes in ((train_labels, train_codes), (test_labels, test_codes)):
        if labels.shape != (len(codes),):
            raise ValueError(
                f"expected one label for each of {len(codes)} codes, got {tuple(labels.shape)}"
            )
    classifier = KNeighborsClassifier(n_neighbors).fit(train_codes, train_labels.cpu().numpy())
    return float(classifier.score(test_codes, test_labels.cpu().numpy()))


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
