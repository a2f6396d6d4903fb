"""How well reconstructions match, and the best that a loss can reach on given data."""

import math

import torch
from torch import Tensor, nn

from .. import losses
from ..runtime import in_batches
from ..validation import require_samples, require_unit_interval


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
    """
    x = require_samples("x", x)
    x_hat = in_batches(model, model, x)
    return losses.squared_error(x_hat, x.to(x_hat)).sum().item() / x.numel()


def psnr(x_hat: Tensor, x: Tensor) -> float:
    """Peak signal-to-noise ratio of images with values in [0, 1]: −10 log₁₀ of their mean error.

    Parameters
    ----------
    x_hat, x : Tensor of shape (n_samples, ...)
        Images, and what they should be.

    Returns
    -------
    float
        In decibels, from the squared error per value, averaged over all images. Ten more mean a
        tenth of the error; infinite for equal images.

    Examples
    --------
    >>> round(psnr(torch.full((1, 4), 0.6), torch.full((1, 4), 0.5)), 3)  # 0.1 off everywhere
    20.0
    """
    x_hat, x = require_samples("x_hat", x_hat).cpu(), require_samples("x", x).cpu()
    error = losses.squared_error(x_hat, x).double().sum().item() / x.numel()
    return -10 * math.log10(error) if error else math.inf


def bernoulli_entropy(x: Tensor) -> Tensor:
    """Return the least that `losses.bernoulli_nll` can be on the given values.

    A grey pixel x costs at least its own entropy −x ln x − (1 − x) ln(1 − x), which any other
    prediction than x itself exceeds. For black and white pixels the floor is zero. Equation
    ``eq-floor`` of the chapter "MNIST: from one layer to a map".

    Parameters
    ----------
    x : Tensor of shape (n_samples, ...)
        Values in [0, 1].

    Returns
    -------
    Tensor of shape (n_samples,)
        In nats.

    Examples
    --------
    >>> bernoulli_entropy(torch.tensor([[0.0, 1.0], [0.5, 0.5]]))  # the second: 2 ln 2
    tensor([0.0000, 1.3863])
    """
    x = require_samples("x", x)
    require_unit_interval(x)
    return (torch.special.entr(x) + torch.special.entr(1 - x)).flatten(1).sum(dim=1)
