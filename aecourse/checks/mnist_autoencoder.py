"""Exercises of the chapter "MNIST: from one layer to a map"."""

import torch
from torch.nn import functional

from .. import losses
from .compare import Exercise


def from_probability(p, x, eps=0.0):
    """Compute the cross-entropy from probabilities, as one should not."""
    p = p.clamp(eps, 1 - eps)
    return -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)


BERNOULLI_NLL = Exercise(
    name="bernoulli_nll",
    reference=losses.bernoulli_nll,
    mistakes={
        "The sigmoid of ±100 is 1 or 0 in single precision, and then its logarithm is infinite. "
        "Compute from the logits: functional.binary_cross_entropy_with_logits, or softplus.": (
            lambda logits, x: from_probability(logits.sigmoid(), x)
        ),
        **{
            f"The probabilities are kept away from 0 and 1 by {eps:g}, which caps the price of a "
            "confident mistake. Compute from the logits instead.": (
                lambda logits, x, eps=eps: from_probability(logits.sigmoid(), x, eps)
            )
            for eps in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
        },
        **{
            f"The logarithms are of p + {eps:g}, which caps the price of a confident mistake. "
            "Compute from the logits instead.": lambda logits, x, eps=eps: (
                -(
                    x * (logits.sigmoid() + eps).log()
                    + (1 - x) * (1 - logits.sigmoid() + eps).log()
                ).sum(dim=1)
            )
            for eps in (1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
        },
        "functional.binary_cross_entropy caps each logarithm at −100. Give the logits to "
        "binary_cross_entropy_with_logits.": lambda logits, x: functional.binary_cross_entropy(
            logits.sigmoid(), x, reduction="none"
        ).sum(dim=1),
        "The sigmoid is applied twice: binary_cross_entropy_with_logits has its own.": (
            lambda logits, x: losses.bernoulli_nll(logits.sigmoid(), x)
        ),
        "It averages over the pixels. Sum over them: a nat of the code must weigh as much as a nat "
        "of the picture.": lambda logits, x: losses.bernoulli_nll(logits, x) / x[0].numel(),
        "This is one number for the whole batch, averaged over everything. Return one for each "
        "sample.": functional.binary_cross_entropy_with_logits,
        "This is one number for the whole batch. Return one for each sample.": (
            lambda logits, x: losses.bernoulli_nll(logits, x).sum()
        ),
        "This is the average over the batch. Return one number for each sample.": (
            lambda logits, x: losses.bernoulli_nll(logits, x).mean()
        ),
        "The part of the white pixels is missing: (1 − x) ln(1 − p).": (
            lambda logits, x: -(x * functional.logsigmoid(logits)).sum(dim=1)
        ),
        "The part of the black pixels is missing: x ln p.": (
            lambda logits, x: -((1 - x) * functional.logsigmoid(-logits)).sum(dim=1)
        ),
        "The product of pixel and logit has the wrong sign: −x ln σ(a) is x softplus(a) − x a.": (
            lambda logits, x: (functional.softplus(logits) + x * logits).sum(dim=1)
        ),
        "This is what white pixels cost, softplus(a), whatever the pixel: −x a is missing.": (
            lambda logits, x: functional.softplus(logits).sum(dim=1)
        ),
        "This is the log-likelihood: the minus sign is missing.": (
            lambda logits, x: -losses.bernoulli_nll(logits, x)
        ),
        "The logits were taken for those of a white pixel: x and 1 − x are exchanged.": (
            lambda logits, x: losses.bernoulli_nll(-logits, x)
        ),
        "This is a squared error, not a likelihood of black and white pixels.": (
            lambda logits, x: losses.squared_error(logits.sigmoid(), x)
        ),
        "This is in bits. Use the natural logarithm.": (
            lambda logits, x: losses.bernoulli_nll(logits, x) / torch.tensor(2.0).log()
        ),
    },
    cases=lambda: {
        "5 samples of 6 grey pixels": (torch.randn(5, 6), torch.rand(5, 6)),
        "black and white pixels": (3 * torch.randn(4, 3), torch.rand(4, 3).round()),
        "logits of ±100 and ±200": (
            torch.tensor([[100.0, -100.0, 200.0], [-200.0, 100.0, -100.0]]),
            torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]),
        ),
        "a single sample": (torch.randn(1, 2), torch.rand(1, 2)),
    },
    holds=(
        "the sum over the pixels, one number for each sample, in nats",
        "exact for grey pixels, for black and white ones, and for logits of ±200",
        "its gradient reaches the logits",
    ),
    rows=(0, 1),
    gradient=(0,),
)


def check_bernoulli_nll(function, *, time_limit: float = 10.0) -> None:
    """Check ``bernoulli_nll(logits, x)``: the negative log-likelihood of Bernoulli pixels.

    Parameters
    ----------
    function : callable
        Takes the logits and the pixels in [0, 1], tensors of shape (n_samples, n_pixels), and
        returns a tensor of shape (n_samples,): −x ln p − (1 − x) ln(1 − p) with p the sigmoid of
        the logit, summed over the pixels of each sample, in nats. For logits 0 it is ln 2 for
        each pixel; a logit of 100 where the pixel is 0 costs 100.
    time_limit : float
        Seconds that a call may take.
    """
    BERNOULLI_NLL.check(function, time_limit)


def counted(codes, points, *, shift=0.0, swap=False, turn=False, clip=False):
    """Count the codes in each cell of a map, with each step open to a mistake."""
    step = (points[1, 1] - points[0, 0]).abs()
    across, down = codes[:, 0] - points[0, 0, 0], points[0, 0, 1] - codes[:, 1]
    column, row = (across / step[0] + shift).round(), (down / step[1] + shift).round()
    n_rows, n_columns = points.shape[:2]
    if turn:
        row = n_rows - 1 - row
    if swap:
        row, column = column, row
    if clip:
        row, column = row.clamp(0, n_rows - 1), column.clamp(0, n_columns - 1)
    inside = (row >= 0) & (row < n_rows) & (column >= 0) & (column < n_columns)
    cell = (n_columns * row + column)[inside].long()
    return torch.bincount(cell, minlength=n_rows * n_columns).reshape(n_rows, n_columns)


def _map(n_rows, n_columns, step, corner):
    """Lay out centres of cells as `latent.grid` does: rows from the top down."""
    x = corner[0] + step[0] * torch.arange(n_columns)
    y = corner[1] - step[1] * torch.arange(n_rows)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


EMPTY_CELLS = Exercise(
    name="empty_cells",
    reference=lambda codes, points, k: counted(codes, points) < k,
    mistakes={
        "A cell with exactly k codes does not have fewer than k: < and not <=.": (
            lambda codes, points, k: counted(codes, points) <= k
        ),
        "These are the cells that are not empty: turn it round.": (
            lambda codes, points, k: counted(codes, points) >= k
        ),
        "These are the numbers of codes. Compare them with k.": (
            lambda codes, points, k: counted(codes, points)
        ),
        "This is how many cells there are. Return for each cell whether it is one.": (
            lambda codes, points, k: (counted(codes, points) < k).sum()
        ),
        "k plays no part: only cells without any code are found.": (
            lambda codes, points, k: counted(codes, points) < 1
        ),
        "Codes beyond the map are counted for the nearest cell at its edge. They belong to no "
        "cell.": lambda codes, points, k: counted(codes, points, clip=True) < k,
        "Rows and columns are exchanged: the first number of a code runs along the columns.": (
            lambda codes, points, k: counted(codes, points, swap=True) < k
        ),
        "The map is upside down: the first row has the largest second number.": (
            lambda codes, points, k: counted(codes, points, turn=True) < k
        ),
        "All cells are empty. The second number falls from row to row, so half a step is negative "
        "there: take its size.": lambda codes, points, k: torch.ones(
            points.shape[:2], dtype=torch.bool
        ),
        "A point is the middle of its cell, not a corner: round to the nearest one.": (
            lambda codes, points, k: counted(codes, points, shift=-0.5) < k
        ),
        "A point is the middle of its cell: it reaches half a step to either side, not a whole "
        "one.": lambda codes, points, k: (
            ((codes[:, None, None] - points).abs() < (points[1, 1] - points[0, 0]).abs())
            .all(dim=-1)
            .sum(dim=0)
            < k
        ),
    },
    cases=lambda: {
        "300 codes on 6 × 6 cells": (
            1.5 * torch.randn(300, 2),
            _map(6, 6, (0.8, 0.5), (-2.0, 1.4)),
            5,
        ),
        "a map that is not square": (
            torch.randn(100, 2),
            _map(4, 7, (0.5, 0.9), (-1.0, 2.0)),
            2,
        ),
        "codes in one place": (torch.full((4, 2), 0.1), _map(3, 3, (1.0, 1.0), (-1.0, 1.0)), 4),
        "codes beyond the map": (10 + torch.rand(9, 2), _map(3, 3, (1.0, 1.0), (-1.0, 1.0)), 1),
    },
    holds=(
        "a code belongs to the cell round its nearest point, and beyond the map to none",
        "a cell with exactly k codes does not count as empty",
    ),
)


def check_empty_cells(function, *, time_limit: float = 10.0) -> None:
    """Check ``empty_cells(codes, points, k)``: where on a map hardly any code lies.

    Parameters
    ----------
    function : callable
        Takes codes of shape (n_codes, 2); points of shape (n_rows, n_columns, 2), the middles of
        the map's cells as `latent.grid` returns them: the first number grows along a row, the
        second falls from row to row, each in equal steps; and an int k. Returns a tensor of bool
        of shape (n_rows, n_columns): whether fewer than k codes lie in the cell, which reaches
        half a step to each side of its point.
    time_limit : float
        Seconds that a call may take.
    """
    EMPTY_CELLS.check(function, time_limit)
