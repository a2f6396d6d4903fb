"""Exercises of the chapter "Sparse codes"."""

import torch

from .compare import Exercise


def kept(z, k, *, by=None, dim=1):
    """Keep the k numbers that are largest, by z itself or another order, along an axis."""
    order = z if by is None else by
    chosen = order.topk(min(k, z.shape[dim]), dim=dim).indices
    return torch.zeros_like(z).scatter(dim, chosen, z.gather(dim, chosen))


def _threshold(z, k):
    return torch.where(z >= z.topk(k, dim=1).values[:, -1:], z, 0.0)


def _strictly_above(z, k):
    return torch.where(z > z.topk(k, dim=1).values[:, -1:], z, 0.0)


def _over_the_batch(z, k):
    return kept(z.reshape(1, -1), k * len(z)).reshape(z.shape)


def _k_in_all(z, k):
    return kept(z.reshape(1, -1), k).reshape(z.shape)


def _where_tied(function, z, k):
    """Where numbers are tied, any of them may stay: compare what is kept in order of size."""
    codes = function(z, k)
    tied = any(len(row.unique()) < len(row) for row in z)
    fits = isinstance(codes, torch.Tensor) and codes.shape == z.shape
    if not tied:
        return codes
    return [codes.sort(dim=1).values if fits else codes]  # in a list: not asked for a gradient


TOP_K = Exercise(
    name="top_k",
    reference=kept,
    mistakes={
        "Where numbers are tied with the k-th, more than k stay. Keep the places that topk "
        "returns, not all that reach its last value.": _threshold,
        "The k-th largest is lost: it is not above itself.": _strictly_above,
        "It keeps the k · n largest of the whole batch. Each sample has its own k.": (
            _over_the_batch
        ),
        "It keeps k numbers of the whole batch. Each sample has its own k.": _k_in_all,
        "It keeps k samples for each unit. Keep k units for each sample: axis 1.": (
            lambda z, k: kept(z, k, dim=0)
        ),
        "It keeps the k smallest.": lambda z, k: kept(z, k, by=-z),
        "It goes by size without the sign. A large negative number is small.": (
            lambda z, k: kept(z, k, by=z.abs())
        ),
        "These are the k values alone. Leave them in their places, among zeros.": (
            lambda z, k: z.topk(k, dim=1).values
        ),
        "These are the places. Return the numbers there, among zeros.": (
            lambda z, k: z.topk(k, dim=1).indices
        ),
        "The k values stand at the front, in order. Leave them in their places.": lambda z, k: (
            torch.cat([z.topk(k, dim=1).values, torch.zeros_like(z[:, k:])], dim=1)
        ),
        "The places are marked by 1. Keep the numbers themselves.": lambda z, k: torch.zeros_like(
            z
        ).scatter(1, z.topk(k, dim=1).indices, 1.0),
        "The k largest are set to zero, and the others stay: the other way round.": (
            lambda z, k: z - kept(z, k)
        ),
        "One too few stays.": lambda z, k: kept(z, k - 1),
        "One too many stays.": lambda z, k: kept(z, k + 1),
        "The others are −∞. Set them to zero.": lambda z, k: torch.where(
            torch.zeros_like(z).scatter(1, z.topk(k, dim=1).indices, 1.0) > 0, z, -torch.inf
        ),
        "Nothing is set to zero.": lambda z, k: z.clone(),
        "Negative numbers are cut off. Among the k largest there may be some: keep them.": (
            lambda z, k: kept(z, k).relu()
        ),
        "The numbers are right, but no gradient reaches z. Work on the tensor itself, without "
        ".detach(), .data or .tolist().": lambda z, k: kept(z, k).detach(),
    },
    cases=lambda: {
        "5 samples of 8 units": (torch.randn(5, 8), 3),
        "2 samples of 4 units, one kept": (torch.rand(2, 4), 1),
        "tied numbers": (torch.tensor([[1.0, 2.0, 2.0, 2.0, 0.0], [3.0, 3.0, 3.0, 3.0, 3.0]]), 2),
        "negative numbers only": (-1 - torch.rand(3, 6), 2),
        "all are kept": (torch.randn(2, 3), 3),
    },
    holds=(
        "the k largest numbers of each sample, in their places, and zeros",
        "never more than k where numbers are tied",
        "a gradient for those that are kept",
    ),
    ask=_where_tied,
    rows=(0,),
    gradient=(0,),
)


def check_top_k(function, *, time_limit: float = 10.0) -> None:
    """Check ``top_k(z, k)``: a sparse code.

    Parameters
    ----------
    function : callable
        Takes activations, a tensor of shape (n_samples, n_units), and an int k from 1 to n_units;
        returns a tensor of the same shape with the k largest numbers of each sample (by sign: −1
        is smaller than 0) in their places, and zeros elsewhere. Where numbers are tied, any of
        them, but never more than k. For ``[[1., 3., 2.]]`` and k = 2 it is ``[[0., 3., 2.]]``.
    time_limit : float
        Seconds that a call may take.
    """
    TOP_K.check(function, time_limit)
