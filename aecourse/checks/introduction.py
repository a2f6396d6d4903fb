"""Exercises of the chapter "What an autoencoder is"."""

from itertools import pairwise

import torch

from .. import losses
from .compare import Exercise


def dense(sizes, bias=1):
    """Count the weights of a stack of dense layers."""
    return sum(m * n + bias * n for m, n in pairwise(sizes))


N_WEIGHTS = Exercise(
    name="n_weights",
    reference=lambda sizes: dense(sizes) + dense(sizes[::-1]),
    mistakes={
        "The offsets (biases) are missing: a layer from m to n values has m·n weights and n "
        "offsets.": lambda sizes: dense(sizes, 0) + dense(sizes[::-1], 0),
        "This is the encoder alone. The decoder, its mirror image, learns too.": dense,
        "This is twice the encoder. The mirrored layers have as many weights, but other offsets: "
        "one for each value that comes out.": lambda sizes: 2 * dense(sizes),
        "The weights are counted once, as if the decoder used the encoder's (tied weights). Here "
        "it has its own.": lambda sizes: dense(sizes) + sum(sizes[:-1]),
        "A layer has one offset for each value that comes out, not for each that goes in.": (
            lambda sizes: 2 * dense(sizes, 0) + 2 * sum(sizes[:-1])
        ),
        "A layer has as many offsets as values that come out, not a single one.": (
            lambda sizes: 2 * (dense(sizes, 0) + len(sizes) - 1)
        ),
        "The code's layer is there twice, with a layer from the code to the code. Mirror the sizes "
        "without repeating the last one.": lambda sizes: (
            dense(sizes) + dense(sizes[::-1]) + sizes[-1] * (sizes[-1] + 1)
        ),
        "These are the values that the layers pass on. Count what is learned: the weights and "
        "offsets between them.": lambda sizes: sum(sizes) + sum(sizes[-2::-1]),
    },
    cases=lambda: {
        "sizes (5, 9, 3, 4)": ((5, 9, 3, 4),),
        "sizes (64, 128, 128, 2)": ((64, 128, 128, 2),),
        "sizes (784, 32)": ((784, 32),),
        "sizes (1, 1)": ((1, 1),),
    },
    holds=("offsets counted, in both halves", "for any number of layers"),
)


def check_n_weights(function, *, time_limit: float = 10.0) -> None:
    """Check ``n_weights(sizes)``: how many numbers a dense autoencoder learns.

    Parameters
    ----------
    function : callable
        Takes the sizes of the encoder's layers, a tuple of int such as ``(64, 128, 128, 2)``, and
        returns an int: the weights and offsets (biases) of the encoder and of the decoder, which
        is its mirror image. For ``(3, 2)`` it is 3·2 + 2 and 2·3 + 3: 17.
    time_limit : float
        Seconds that a call may take.

    Raises
    ------
    CheckFailed
        With a hint. So does every check.
    """
    N_WEIGHTS.check(function, time_limit)


RECONSTRUCTION_LOSS = Exercise(
    name="reconstruction_loss",
    reference=lambda x_hat, x: losses.squared_error(x_hat, x).mean(),
    mistakes={
        "This is the mean over all values. Sum over the values of a sample, and average over the "
        "samples only.": lambda x_hat, x: (x_hat - x).square().mean(),
        "This is the sum over everything: it grows with the number of samples. Average over "
        "these.": lambda x_hat, x: (x_hat - x).square().sum(),
        "It sums over the samples, and averages over the values: the other way round. Axis 0 "
        "counts the samples.": lambda x_hat, x: (x_hat - x).square().sum(dim=0).mean(),
        "The errors are summed before they are squared, so that errors of opposite sign cancel.": (
            lambda x_hat, x: (x_hat - x).sum(dim=1).square().mean()
        ),
        "The errors are averaged over the samples before they are squared.": (
            lambda x_hat, x: (x_hat - x).mean(dim=0).square().sum()
        ),
        "This is the distance: the square root was not asked for.": (
            lambda x_hat, x: (x_hat - x).norm(dim=1).mean()
        ),
        "This is the sum of absolute errors. Square them.": (
            lambda x_hat, x: (x_hat - x).abs().sum(dim=1).mean()
        ),
        "The errors are summed, but not squared.": lambda x_hat, x: (x_hat - x).sum(dim=1).mean(),
        "There is a factor ½ that the loss of this chapter does not have.": (
            lambda x_hat, x: 0.5 * (x_hat - x).square().sum(dim=1).mean()
        ),
        "The number is right, but .item(), float() or .detach() cuts it off from its gradient, "
        "which training needs. Return the tensor.": (
            lambda x_hat, x: (x_hat - x).square().sum(dim=1).mean().item()
        ),
    },
    cases=lambda: {
        "5 samples of 3 values": tuple(torch.randn(2, 5, 3)),
        "2 samples of 7 values": tuple(torch.randn(2, 2, 7)),
        "a single sample": tuple(torch.randn(2, 1, 4)),
        "a perfect reconstruction": (torch.ones(3, 2), torch.ones(3, 2)),
    },
    holds=(
        "summed over the values of a sample, averaged over the samples",
        "zero for a perfect reconstruction",
        "its gradient reaches the reconstruction",
    ),
    gradient=(0,),
)


def check_reconstruction_loss(function, *, time_limit: float = 10.0) -> None:
    """Check ``reconstruction_loss(x_hat, x)``, equation ``eq-reconstruction-loss``.

    Parameters
    ----------
    function : callable
        Takes two tensors of shape (n_samples, n_values), and returns a tensor with one number, of
        shape (): the squared error, summed over the values of each sample, averaged over the
        samples. For ``[[1., 2.], [0., 0.]]`` and zeros it is 2.5.
    time_limit : float
        Seconds that a call may take.
    """
    RECONSTRUCTION_LOSS.check(function, time_limit)
