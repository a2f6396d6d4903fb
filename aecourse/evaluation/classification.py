"""How well codes know the class: nearest neighbours, a linear probe, a draw of few labels."""

import torch
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ..data import Samples
from ..validation import require_codes, require_count, require_labels, require_samples, require_seed


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

    Examples
    --------
    >>> codes, labels = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> knn_accuracy(codes, labels, torch.tensor([[0.2], [4.0]]), torch.tensor([0, 0]), \
n_neighbors=1)
    0.5
    """
    n_codes = len(require_samples("train_codes", train_codes))
    require_count("n_neighbors", n_neighbors, at_most=n_codes)
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


def _accuracy(
    classifier: ClassifierMixin,
    train_codes: Tensor,
    train_labels: Tensor,
    test_codes: Tensor,
    test_labels: Tensor,
) -> float:
    """Fit one of scikit-learn's classifiers, and score it on the test codes."""
    train_codes = require_codes("train_codes", train_codes).cpu()
    test_codes = require_codes("test_codes", test_codes, train_codes.shape[1]).cpu()
    train_labels = require_labels("train_labels", train_labels, len(train_codes)).cpu()
    test_labels = require_labels("test_labels", test_labels, len(test_codes)).cpu()
    classifier.fit(train_codes.numpy(), train_labels.numpy())
    return float(classifier.score(test_codes.numpy(), test_labels.numpy()))
