"""How well two sets of samples can be told apart: by an anomaly score, or by a judge."""

import math

import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from ..validation import require_codes, require_count, require_samples, require_seed


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

    Examples
    --------
    >>> auroc(torch.tensor([0.1, 0.2]), torch.tensor([0.15, 0.3]))
    0.75
    """
    normal = require_samples("normal", normal).cpu()
    anomalous = require_samples("anomalous", anomalous).cpu()
    for scores in (normal, anomalous):
        if scores.ndim != 1:
            raise ValueError(f"expected one score for each sample, got {tuple(scores.shape)}")
    labels = torch.cat([torch.zeros(len(normal)), torch.ones(len(anomalous))])
    return float(roc_auc_score(labels, torch.cat([normal, anomalous])))


def told_apart(a: Tensor, b: Tensor, *, n_neighbors: int = 15, seed: int = 0) -> float:
    """Share of codes that a judge assigns to the right one of two sets: a two-sample test.

    The judge is a nearest-neighbour classifier. It learns from four fifths of both sets and is
    asked about the last fifth, for each fifth in turn. About one half means that the sets look
    alike, 1 that they do not overlap. Written out in the chapter "MNIST: from one layer to a map".

    Parameters
    ----------
    a, b : Tensor of shape (n_samples, n_latent)
        Codes in any order, five of each at least. Of the longer set, only as many as the shorter
        has are used.
    n_neighbors : int
        How many codes vote.
    seed : int
        Decides which codes form the fifths, and which of the longer set are used.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    Lopez-Paz & Oquab (2017), with their nearest-neighbour classifier.

    Examples
    --------
    >>> told_apart(torch.rand(100, 2), torch.rand(100, 2) + 5)
    1.0
    """
    a = require_codes("a", a).cpu()
    b = require_codes("b", b, a.shape[1]).cpu()
    n = require_count("the number of codes in each set", min(len(a), len(b)), at_least=5)
    learns_from = 2 * (n - math.ceil(n / 5))
    require_count("n_neighbors", n_neighbors, at_most=learns_from)
    generator = torch.Generator().manual_seed(require_seed(seed))
    codes = torch.cat([z[torch.randperm(len(z), generator=generator)[:n]] for z in (a, b)])
    labels = torch.arange(2).repeat_interleave(n)
    fifths = StratifiedKFold(5, shuffle=True, random_state=seed)
    judge = KNeighborsClassifier(n_neighbors)
    return float(cross_val_score(judge, codes.numpy(), labels.numpy(), cv=fifths).mean())
