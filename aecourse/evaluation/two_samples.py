"""How well two sets of samples can be told apart: by an anomaly score, or by a judge."""

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ..data import require_samples
from .classification import knn_accuracy


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
