"""What codes tell: the class of a sample, an anomaly, another distribution, a subspace."""

import numpy as np
import torch
from scipy.linalg import subspace_angles
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ..data import Samples, require_samples
from ..runtime import require_count, require_seed


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
    require_samples("train_codes", train_codes)
    require_count("n_neighbors", n_neighbors, at_most=len(train_codes))
    judge = KNeighborsClassifier(n_neighbors)
    return _accuracy(judge, train_codes, train_labels, test_codes, test_labels)


def linear_probe(
    train_codes: Tensor, train_labels: Tensor, test_codes: Tensor, test_labels: Tensor
) -> float:
    """Accuracy of a logistic regression on codes: how much of the class a linear map can read.

    Each number of the code is scaled to unit variance first, by the training codes.

    Parameters
    ----------
    train_codes, test_codes : Tensor of shape (n_samples, n_latent)
    train_labels, test_labels : Tensor of shape (n_samples,)

    Returns
    -------
    float
        From 0 to 1, on the test codes.

    Raises
    ------
    TypeError, ValueError
        As `knn_accuracy` does.

    Examples
    --------
    >>> codes, labels = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> linear_probe(codes, labels, torch.tensor([[0.2], [4.0]]), torch.tensor([0, 0]))
    0.5
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return _accuracy(probe, train_codes, train_labels, test_codes, test_labels)


def few_labels(samples: Samples, n_labels: int, *, seed: int = 0) -> Samples:
    """Draw a small labelled set with equally many samples of each class.

    Parameters
    ----------
    samples : Samples
        With a label each.
    n_labels : int
        How many to keep; a multiple of the number of classes.
    seed : int
        Decides which.

    Returns
    -------
    Samples

    Raises
    ------
    ValueError
        If there are no labels, ``n_labels`` is no such multiple, a class has too few samples, or
        the seed is negative.

    Examples
    --------
    >>> ten = Samples(torch.rand(10, 3), torch.arange(10) % 2)
    >>> few_labels(ten, 4).y.bincount()
    tensor([2, 2])
    """
    if samples.y is None:
        raise ValueError("expected samples with labels, got none")
    classes, counts = samples.y.unique(return_counts=True)
    each, rest = divmod(require_count("n_labels", n_labels), len(classes))
    if rest or not each or each > counts.min():
        raise ValueError(
            f"expected n_labels as a multiple of {len(classes)} classes, up to "
            f"{len(classes) * counts.min()}, got {n_labels}"
        )
    order = torch.randperm(
        len(samples), generator=torch.Generator().manual_seed(require_seed(seed))
    )
    chosen = [order[samples.y[order] == label][:each] for label in classes]
    return samples[torch.cat(chosen)]


def auroc(normal: Tensor, anomalous: Tensor) -> float:
    """Area under the receiver operating characteristic of an anomaly score.

    The probability that a random anomaly scores higher than a random normal sample, a tie counting
    one half: 0.5 is guessing, 1 is perfect, and below 0.5 the score points the wrong way.

    Parameters
    ----------
    normal, anomalous : Tensor of shape (n_samples,)
        Scores, large for what looks anomalous.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TypeError
        If the scores are no tensors of floating-point numbers.
    ValueError
        If one of them is empty, not finite, or not one number per sample.

    Examples
    --------
    >>> auroc(torch.tensor([0.1, 0.2]), torch.tensor([0.15, 0.3]))
    0.75
    """
    for name, scores in {"normal": normal, "anomalous": anomalous}.items():
        if require_samples(name, scores).ndim != 1:
            raise ValueError(f"expected one score a sample in {name}, got {tuple(scores.shape)}")
    labels = torch.cat([torch.zeros(len(normal)), torch.ones(len(anomalous))])
    return float(roc_auc_score(labels, torch.cat([normal, anomalous]).detach().cpu()))


def told_apart(a: Tensor, b: Tensor, *, n_neighbors: int = 15) -> float:
    """Share of codes that a judge assigns to the right one of two sets: a two-sample test.

    The judge is a nearest-neighbour classifier. It learns from the first half of both sets and is
    asked about the second half. About one half means that the sets look alike, 1 that they do not
    overlap. Written out in the chapter "MNIST: from one layer to a map".

    Parameters
    ----------
    a, b : Tensor of shape (n_samples, n_latent)
        Codes in random order. Of the longer set, only as many as the shorter has are used.
    n_neighbors : int
        How many codes vote.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        As `knn_accuracy` does.

    References
    ----------
    Lopez-Paz & Oquab (2017), with their nearest-neighbour classifier.

    Examples
    --------
    >>> told_apart(torch.rand(100, 2), torch.rand(100, 2) + 5)
    1.0
    """
    a, b = require_samples("a", a), require_samples("b", b)
    half = min(len(a), len(b)) // 2
    labels = torch.arange(2).repeat_interleave(half)
    learn, ask = (
        torch.cat([z[part] for z in (a.cpu(), b.cpu())])
        for part in (slice(half), slice(half, 2 * half))
    )
    return knn_accuracy(learn, labels, ask, labels, n_neighbors=n_neighbors)


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


def _accuracy(
    classifier: ClassifierMixin,
    train_codes: Tensor,
    train_labels: Tensor,
    test_codes: Tensor,
    test_labels: Tensor,
) -> float:
    """Fit one of scikit-learn's classifiers, and score it on the test codes."""
    train_codes, test_codes = (
        require_samples(name, codes).cpu().numpy()
        for name, codes in {"train_codes": train_codes, "test_codes": test_codes}.items()
    )
    for labels, codes in ((train_labels, train_codes), (test_labels, test_codes)):
        if labels.shape != (len(codes),):
            raise ValueError(
                f"expected one label for each of {len(codes)} codes, got {tuple(labels.shape)}"
            )
    classifier.fit(train_codes, train_labels.cpu().numpy())
    return float(classifier.score(test_codes, test_labels.cpu().numpy()))
