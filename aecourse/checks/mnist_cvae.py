"""Exercises of the chapter "Choosing the digit"."""

import math

import torch

from .compare import Exercise


def sides(width, layers, *, step=lambda w, k, s, p: (w + 2 * p - k) // s + 1):
    """Return the width after each layer, with the formula open to a mistake."""
    found = []
    for kernel, stride, padding in layers:
        width = step(width, kernel, stride, padding)
        found.append(width)
    return found


def _with(step):
    return lambda width, layers: sides(width, layers, step=step)


SIDES = Exercise(
    name="sides",
    reference=sides,
    mistakes={
        "The kernel stops at whole pixels: round the division down (//).": _with(
            lambda w, k, s, p: (w + 2 * p - k) / s + 1
        ),
        "The division is rounded up. A stop that does not fit is left out: round down (//).": _with(
            lambda w, k, s, p: math.ceil((w + 2 * p - k) / s) + 1
        ),
        "It rounds to the nearest whole number. Round down (//).": _with(
            lambda w, k, s, p: round((w + 2 * p - k) / s) + 1
        ),
        "The padding is added at one side only. It is added at both: 2 · padding.": _with(
            lambda w, k, s, p: (w + p - k) // s + 1
        ),
        "The padding is missing.": _with(lambda w, k, s, p: (w - k) // s + 1),
        "One stop is missing: the kernel's first place counts too (+ 1).": _with(
            lambda w, k, s, p: (w + 2 * p - k) // s
        ),
        "The stride is missing.": _with(lambda w, k, s, p: w + 2 * p - k + 1),
        "The 1 is added before the division by the stride. Add it after.": _with(
            lambda w, k, s, p: (w + 2 * p - k + 1) // s
        ),
        "It adds the kernel: a wide kernel has fewer stops, not more.": _with(
            lambda w, k, s, p: (w + 2 * p + k) // s + 1
        ),
        "This is the way back, that of a transposed convolution.": _with(
            lambda w, k, s, p: (w - 1) * s + k - 2 * p
        ),
        "Stride and padding are exchanged: a layer is (kernel, stride, padding).": _with(
            lambda w, k, s, p: (w + 2 * s - k) // p + 1
        ),
        "Each layer starts from the first width. It gets what the layer before it gives.": (
            lambda width, layers: [sides(width, [layer])[0] for layer in layers]
        ),
        "The list begins with the width of the picture. Return those after each layer only.": (
            lambda width, layers: [width, *sides(width, layers)]
        ),
        "This is the last side only. Return a list with that after each layer.": (
            lambda width, layers: sides(width, layers)[-1]
        ),
    },
    cases=lambda: {
        "the encoder of the chapter": (28, [(4, 2, 1), (4, 2, 1), (3, 2, 1)]),
        "width 32, kernel 5, stride 2, padding 2": (32, [(5, 2, 2)]),
        "strides of 3": (50, [(4, 3, 0), (3, 3, 2), (2, 1, 0)]),
        "a kernel that looks at single pixels": (9, [(1, 1, 0), (3, 1, 1)]),
        "a stride of 4": (30, [(3, 4, 0), (3, 4, 1)]),
    },
    holds=("⌊(width + 2 · padding − kernel) / stride⌋ + 1, layer after layer",),
)


def check_sides(function, *, time_limit: float = 10.0) -> None:
    """Check ``sides(width, layers)``: what convolutions make of the side of a picture.

    Parameters
    ----------
    function : callable
        Takes an int, the side of a square picture in pixels, and a list of layers, each a tuple of
        int (kernel, stride, padding). Returns a list of int: the side after each layer. For 28 and
        ``[(4, 2, 1), (4, 2, 1)]`` it is ``[14, 7]``.
    time_limit : float
        Seconds that a call may take.
    """
    SIDES.check(function, time_limit)


def _weighed(cost, prior, largest=0.0):
    joint = (largest - cost).exp() * prior
    return joint / joint.sum(dim=1, keepdim=True)


POSTERIOR = Exercise(
    name="posterior",
    reference=lambda cost, prior: (prior.log() - cost).softmax(dim=1),
    mistakes={
        "The sign is wrong: a class that costs more nats is less probable.": (
            lambda cost, prior: (prior.log() + cost).softmax(dim=1)
        ),
        "exp(−cost) is zero in single precision for hundreds of nats, and zero is divided by zero. "
        "Use softmax, or subtract the least cost of each row first.": _weighed,
        "Each sample has its own least cost: subtract that of its row, not of the whole table.": (
            lambda cost, prior: _weighed(cost, prior, cost.min())
        ),
        "It compares samples, not classes: the classes lie along axis 1.": (
            lambda cost, prior: (prior.log() - cost).softmax(dim=0)
        ),
        "The prior is added to nats as it is. Add its logarithm.": (
            lambda cost, prior: (prior - cost).softmax(dim=1)
        ),
        "The prior is ignored.": lambda cost, prior: (-cost).softmax(dim=1),
        "The logarithm of the prior is subtracted: a frequent class gets less, not more.": (
            lambda cost, prior: (-prior.log() - cost).softmax(dim=1)
        ),
        "The prior is multiplied in after the division, and the sum over the classes is no longer "
        "1.": lambda cost, prior: (-cost).softmax(dim=1) * prior,
        "These are logarithms of probabilities.": (
            lambda cost, prior: (prior.log() - cost).log_softmax(dim=1)
        ),
        "These are the most probable classes. Return the probability of each class.": (
            lambda cost, prior: (prior.log() - cost).argmax(dim=1)
        ),
        "The costs themselves are divided by their sum. They are logarithms: exp(−cost) is the "
        "probability.": lambda cost, prior: cost * prior / (cost * prior).sum(dim=1, keepdim=True),
        "The probabilities do not add up to 1 over the classes: divide by their sum.": (
            lambda cost, prior: (-cost).exp() * prior
        ),
    },
    cases=lambda: {
        "5 samples, 3 classes": (3 * torch.rand(5, 3), torch.tensor([0.2, 0.5, 0.3])),
        "2 samples, 4 classes": (2 * torch.rand(2, 4), torch.tensor([0.1, 0.2, 0.3, 0.4])),
        "costs of hundreds of nats": (
            torch.tensor([[700.0, 702.0, 699.0], [100.0, 101.0, 400.0]]),
            torch.tensor([0.25, 0.25, 0.5]),
        ),
        "as many samples as classes": (torch.rand(3, 3), torch.tensor([0.6, 0.3, 0.1])),
        "a single sample": (torch.rand(1, 2), torch.tensor([0.9, 0.1])),
    },
    holds=(
        "the probabilities of each sample add up to 1",
        "a frequent class gains, an expensive one loses",
        "hundreds of nats do no harm",
    ),
    rows=(0,),
)


def check_posterior(function, *, time_limit: float = 10.0) -> None:
    """Check ``posterior(cost, prior)``: Bayes' rule from nats.

    Parameters
    ----------
    function : callable
        Takes the cost −ln p(x|class) of each sample with each class, in nats, a tensor of shape
        (n_samples, n_classes); and the probabilities of the classes before anything is seen, of
        shape (n_classes,). Returns p(class|x), of shape (n_samples, n_classes). For costs
        ``[[1., 1.]]`` it is the prior.
    time_limit : float
        Seconds that a call may take.
    """
    POSTERIOR.check(function, time_limit)
