"""Loss terms, one value per sample; the training loop decides how to average.

Each term *sums* over the values of a sample. A mean here and a sum there would weigh the terms of
a model against each other by accident.
"""

import math

from torch import Tensor
from torch.nn import functional

from .validation import of_one_shape, require_positive, require_unit_interval


@of_one_shape
def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Squared error of a reconstruction, summed over the values of each sample.

    Equation ``eq-reconstruction-loss`` of the chapter "What an autoencoder is". Up to a constant it
    is the negative log-likelihood, in nats, of a Gaussian with mean ``x_hat`` and variance ½.

    Parameters
    ----------
    x_hat, x : Tensor of shape (n_samples, ...)
        Reconstructions and what they should have been.

    Returns
    -------
    Tensor of shape (n_samples,)
        In squared units of ``x``.

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting would return a wrong number quietly.

    Examples
    --------
    >>> import torch
    >>> squared_error(torch.zeros(2, 3), torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 1.0]]))
    tensor([9., 1.])
    """
    return (x_hat - x).square().flatten(1).sum(dim=1)


@of_one_shape
def gaussian_nll(mean: Tensor, x: Tensor, variance: float = 1.0) -> Tensor:
    """Negative log-likelihood of values with Gaussian noise, summed over the values of each sample.

    For D values and noise of variance v it is ‖x − mean‖² / (2v) + ½ D ln 2πv. (The squared error
    without a half is, up to a constant, that of the variance ½.)

    Parameters
    ----------
    mean, x : Tensor of shape (n_samples, ...)
        What the model expects, and the values that came.
    variance : float
        v, above 0, in squared units of ``x``.

    Returns
    -------
    Tensor of shape (n_samples,)
        In nats.

    Raises
    ------
    ValueError
        If the shapes differ, or the variance is not above 0.

    Examples
    --------
    >>> import torch
    >>> gaussian_nll(torch.zeros(1, 1), torch.zeros(1, 1))  # ½ ln 2π
    tensor([0.9189])
    """
    require_positive("variance", variance)
    constant = math.prod(x.shape[1:]) * math.log(2 * math.pi * variance)
    return 0.5 * (squared_error(mean, x) / variance + constant)


@of_one_shape
def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """Negative log-likelihood of Bernoulli pixels, summed over each sample.

    Also called binary cross-entropy, equation ``eq-cross-entropy`` of the chapter
    "MNIST: from one layer to a map". For grey values between 0 and 1 it is not the likelihood of
    any distribution over them (Loaiza-Ganem & Cunningham 2019), but the average of those of pixels
    tossed black or white with these values as probabilities.

    Parameters
    ----------
    logits : Tensor of shape (n_samples, ...)
        ln(p / (1 − p)) of each pixel's probability p; no sigmoid has been applied.
    x : Tensor of shape (n_samples, ...)
        Values in [0, 1].

    Returns
    -------
    Tensor of shape (n_samples,)
        In nats.

    Raises
    ------
    ValueError
        If the shapes differ, or a value of ``x`` lies outside [0, 1].

    Examples
    --------
    >>> import torch
    >>> bernoulli_nll(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))  # two fair coins: 2 ln 2
    tensor([1.3863])
    """
    require_unit_interval(x)
    nll = functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return nll.flatten(1).sum(dim=1)


@of_one_shape
def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL divergence from N(mean, exp(log_var)) to N(0, I), summed over each code.

    For one dimension it is ½(μ² + σ² − ln σ² − 1) (Kingma & Welling 2014, appendix B), equation
    ``eq-kl`` of the chapter "Codes as distributions".

    Parameters
    ----------
    mean, log_var : Tensor of shape (n_samples, n_latent)
        Mean, and natural logarithm of the variance, of the encoder's Gaussian.

    Returns
    -------
    Tensor of shape (n_samples,)
        In nats; zero when the Gaussian is the prior.

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting would return a wrong number quietly.

    Examples
    --------
    >>> import torch
    >>> kl_to_standard_normal(torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1))
    tensor([0., 2.])
    """
    return 0.5 * (mean.square() + log_var.exp() - log_var - 1).flatten(1).sum(dim=1)
