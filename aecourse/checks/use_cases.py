"""Exercises of the chapter "What autoencoders are used for"."""

import torch

from .. import evaluation
from .compare import Exercise


def _pairs(normal, anomalous, tie):
    above = anomalous[:, None] > normal
    return (above + tie * (anomalous[:, None] == normal)).mean().item()


def _ties(*shape):
    return torch.randint(4, shape).float()


AUROC = Exercise(
    name="auroc",
    reference=evaluation.auroc,
    mistakes={
        "A tie counts as lost. It counts one half.": lambda normal, anomalous: _pairs(
            normal, anomalous, 0.0
        ),
        "A tie counts as won. It counts one half.": lambda normal, anomalous: _pairs(
            normal, anomalous, 1.0
        ),
        "The direction is wrong: a high score should speak for an anomaly.": (
            lambda normal, anomalous: evaluation.auroc(anomalous, normal)
        ),
        "The scores are compared two by two (zip), the first with the first. Compare each normal "
        "one with each anomalous one.": lambda normal, anomalous: (
            sum((b > a) + 0.5 * (b == a) for a, b in zip(normal, anomalous, strict=False)).item()
            / min(len(normal), len(anomalous))
        ),
        "Below one half it is turned round: max(a, 1 − a). A score that points the wrong way must "
        "show.": lambda normal, anomalous: max(
            evaluation.auroc(normal, anomalous), 1 - evaluation.auroc(normal, anomalous)
        ),
        "This is in per cent. Return a number from 0 to 1.": lambda normal, anomalous: (
            100 * evaluation.auroc(normal, anomalous)
        ),
        "This is a number of pairs. Divide by how many there are.": lambda normal, anomalous: (
            evaluation.auroc(normal, anomalous) * len(normal) * len(anomalous)
        ),
        "Divide by the number of pairs, and not by the number of scores.": (
            lambda normal, anomalous: (
                evaluation.auroc(normal, anomalous)
                * len(normal)
                * len(anomalous)
                / (len(normal) + len(anomalous))
            )
        ),
        "This asks whether an anomaly is above the mean of the normal scores. Compare with each of "
        "them.": lambda normal, anomalous: (anomalous > normal.mean()).float().mean().item(),
        "The scores of both sets are compared in their means only.": lambda normal, anomalous: (
            anomalous.mean() - normal.mean()
        ).item(),
    },
    cases=lambda: {
        "20 normal and 15 anomalous scores": (torch.randn(20), torch.randn(15) + 1),
        "scores that point the wrong way": (torch.randn(12) + 1, torch.randn(9)),
        "scores with ties": (_ties(30), _ties(20)),
        "scores that are all the same": (torch.ones(3), torch.ones(5)),
        "one score each": (torch.tensor([0.1]), torch.tensor([0.7])),
    },
    holds=(
        "the share of pairs in which the anomaly has the higher score",
        "a tie counts one half",
        "below one half where the score points the wrong way",
    ),
)


def check_auroc(function, *, time_limit: float = 10.0) -> None:
    """Check ``auroc(normal, anomalous)``: how well a score tells two sets apart.

    Parameters
    ----------
    function : callable
        Takes the scores of normal and of anomalous samples, tensors of shape (n_normal,) and
        (n_anomalous,), and returns a number from 0 to 1: the share of all pairs of a normal and an
        anomalous sample in which the anomalous one has the higher score; a tie counts one half.
        For ``[1., 2.]`` and ``[2., 3.]`` it is 3.5 of 4 pairs: 0.875.
    time_limit : float
        Seconds that a call may take.
    """
    AUROC.check(function, time_limit)


def quantised(
    codes,
    known,
    bits,
    *,
    n_steps=None,
    low=None,
    high=None,
    nearest=torch.round,
    clamp=True,
    back=True,
):
    """Round to equal steps, with each of them open to a mistake."""
    n_steps = 2**bits - 1 if n_steps is None else n_steps
    low = known.min(dim=0).values if low is None else low
    high = known.max(dim=0).values if high is None else high
    width = (high - low) / n_steps
    step = nearest(torch.where(width > 0, (codes - low) / width, 0.0))
    if clamp:
        step = step.clamp(0, n_steps)
    return low + step * width if back else step


def _unguarded(codes, known, bits, n_steps=None):
    n_steps = 2**bits - 1 if n_steps is None else n_steps
    low, high = known.min(dim=0).values, known.max(dim=0).values
    steps = (n_steps * (codes - low) / (high - low)).round().clamp(0, n_steps)
    return low + steps / n_steps * (high - low)


QUANTISE = Exercise(
    name="quantise",
    reference=quantised,
    mistakes={
        "With b bits there are 2^b values, and so 2^b − 1 steps between the least and the "
        "largest: here is one value too many.": lambda codes, known, bits: quantised(
            codes, known, bits, n_steps=2**bits
        ),
        "With b bits there are 2^b values, and so 2^b − 1 steps, not 2^b. And where all known "
        "numbers are the same, zero is divided by zero.": lambda codes, known, bits: _unguarded(
            codes, known, bits, n_steps=2**bits
        ),
        "There are always 255 steps, those of 8 bits. With b bits there are 2^b − 1.": (
            lambda codes, known, bits: quantised(codes, known, bits, n_steps=255)
        ),
        "There are always 255 steps, those of 8 bits, and zero is divided by zero where all known "
        "numbers are the same.": lambda codes, known, bits: _unguarded(
            codes, known, bits, n_steps=255
        ),
        "There are b values or steps. With b bits there are 2^b values.": (
            lambda codes, known, bits: quantised(codes, known, bits, n_steps=bits)
        ),
        "With b bits there are 2^b values. Here are 2·b.": lambda codes, known, bits: quantised(
            codes, known, bits, n_steps=2 * bits - 1
        ),
        "The range is that of the codes. Whoever reads the file knows the known codes only.": (
            lambda codes, known, bits: quantised(codes, codes, bits)
        ),
        "All numbers of a code share one range. Give each column its own.": (
            lambda codes, known, bits: quantised(
                codes, known, bits, low=known.min(), high=known.max()
            )
        ),
        "Each code (row) has its own range. Take the range of each column.": (
            lambda codes, known, bits: (
                quantised(codes.T, known.T[:, : len(codes)], bits).T
                if len(known) >= len(codes)
                else codes
            )
        ),
        "A code beyond the range of the known ones gets a value that has no place in b bits: clamp "
        "it.": lambda codes, known, bits: quantised(codes, known, bits, clamp=False),
        "It rounds down. Take the nearest value.": lambda codes, known, bits: quantised(
            codes, known, bits, nearest=torch.floor
        ),
        "It rounds up. Take the nearest value.": lambda codes, known, bits: quantised(
            codes, known, bits, nearest=torch.ceil
        ),
        "These are the numbers of the steps, as they would be stored. Return the values that they "
        "stand for.": lambda codes, known, bits: quantised(codes, known, bits, back=False),
        "The values start at 0: add the least known value again.": lambda codes, known, bits: (
            quantised(codes, known, bits) - known.min(dim=0).values
        ),
        "A number that is the same in all known codes has a range of zero, and zero is divided by "
        "it.": _unguarded,
        "The range is the mean and deviation of the known codes, not their least and largest "
        "value.": lambda codes, known, bits: quantised(
            codes,
            known,
            bits,
            low=known.mean(dim=0) - known.std(dim=0),
            high=known.mean(dim=0) + known.std(dim=0),
        ),
    },
    cases=lambda: {
        "3 bits": (torch.randn(6, 3), torch.randn(50, 3) * torch.tensor([1.0, 2.0, 0.5]) + 1, 3),
        "1 bit": (torch.randn(8, 2), torch.randn(20, 2), 1),
        "codes beyond the known ones": (5 * torch.randn(5, 2), torch.randn(9, 2), 4),
        "a number that never varies": (
            torch.tensor([[1.0, 0.1], [2.0, 0.4]]),
            torch.tensor([[1.0, 0.0], [1.0, 1.0]]),
            2,
        ),
        "a single code": (torch.randn(1, 4), torch.randn(30, 4), 5),
    },
    holds=(
        "2^bits values in each column, from the least known one to the largest",
        "the nearest of them, also for codes beyond",
        "a number that never varies does no harm",
    ),
    rows=(0,),
)


def check_quantise(function, *, time_limit: float = 10.0) -> None:
    """Check ``quantise(codes, known, bits)``: codes in a few bits.

    Parameters
    ----------
    function : callable
        Takes codes of shape (n_codes, n_latent), known codes of shape (n_known, n_latent) and an
        int, the bits for each number. Returns a tensor of shape (n_codes, n_latent): each number
        replaced by the nearest of 2^bits values, equally spaced from the least to the largest of
        the known numbers in its column, both included. Where these are all the same, there is
        that value only. For known ``[[0.], [3.]]`` and 2 bits the values are 0, 1, 2 and 3.
    time_limit : float
        Seconds that a call may take.
    """
    QUANTISE.check(function, time_limit)
