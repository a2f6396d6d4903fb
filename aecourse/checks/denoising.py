"""Exercises of the chapter "Denoising"."""

import torch

from .compare import Exercise


def _apart(noisy, data):
    return (noisy[:, None] - data).square().sum(dim=2)


def denoised(noisy, data, sigma):
    """Return the mean of the data behind each noisy sample, by Bayes' rule."""
    return (-_apart(noisy, data) / (2 * sigma**2)).softmax(dim=1) @ data


def _weighed(noisy, data, sigma):
    weights = (-_apart(noisy, data) / (2 * sigma**2)).exp()
    return weights @ data / weights.sum(dim=1, keepdim=True)


DENOISE = Exercise(
    name="denoise",
    reference=denoised,
    mistakes={
        "The exponent is divided by σ². A Gaussian has 2σ² there.": lambda noisy, data, sigma: (
            denoised(noisy, data, sigma / 2**0.5)
        ),
        "The exponent is divided by 2σ. A Gaussian has 2σ² there.": lambda noisy, data, sigma: (
            denoised(noisy, data, sigma**0.5)
        ),
        "The distance is not squared.": lambda noisy, data, sigma: (
            (-_apart(noisy, data).sqrt() / (2 * sigma**2)).softmax(dim=1) @ data
        ),
        "The sign is wrong: samples far away weigh most.": lambda noisy, data, sigma: (
            (_apart(noisy, data) / (2 * sigma**2)).softmax(dim=1) @ data
        ),
        "The weights add up to 1 over the noisy samples. They should over the data: axis 1.": (
            lambda noisy, data, sigma: (-_apart(noisy, data) / (2 * sigma**2)).softmax(dim=0) @ data
        ),
        "Far from the data each weight is zero in single precision, and zero is divided by zero. "
        "Use softmax, or subtract the least exponent of each row first.": _weighed,
        "The weights are not divided by their sum.": lambda noisy, data, sigma: (
            (-_apart(noisy, data) / (2 * sigma**2)).exp() @ data
        ),
        "This is the nearest sample. The best answer in the mean is an average over all that may "
        "be behind the noisy one.": lambda noisy, data, sigma: data[
            _apart(noisy, data).argmin(dim=1)
        ],
        "This is the mean of the data, whatever the noisy sample.": lambda noisy, data, sigma: (
            data.mean(dim=0).expand(len(noisy), -1)
        ),
        "This is the score. The clean sample is the noisy one plus σ² times the score.": (
            lambda noisy, data, sigma: (denoised(noisy, data, sigma) - noisy) / sigma**2
        ),
        "This is the step from the noisy sample to the clean one. Add the noisy one.": (
            lambda noisy, data, sigma: denoised(noisy, data, sigma) - noisy
        ),
        "The noisy samples come back as they were.": lambda noisy, data, sigma: noisy.clone(),
        "The distances are averaged over the numbers of a sample. Sum their squares.": (
            lambda noisy, data, sigma: denoised(noisy, data, sigma * noisy.shape[1] ** 0.5)
        ),
    },
    cases=lambda: {
        "5 noisy samples, 8 clean ones": (torch.randn(5, 2), torch.randn(8, 2), 0.7),
        "samples of 4 numbers": (torch.randn(3, 4), torch.randn(6, 4), 1.3),
        "far from the data": (20 + torch.randn(3, 3), torch.randn(5, 3), 0.5),
        "as many noisy samples as clean ones": (torch.randn(3, 1), torch.randn(3, 1), 0.4),
        "a single noisy sample": (torch.randn(1, 2), torch.randn(4, 2), 1.0),
    },
    holds=(
        "the mean of the data, each weighed by how probably it is behind the noisy sample",
        "also far from the data, and with any strength of the noise",
    ),
    rows=(0,),
)


def check_denoise(function, *, time_limit: float = 10.0) -> None:
    """Check ``denoise(noisy, data, sigma)``: the best denoiser of given data.

    Parameters
    ----------
    function : callable
        Takes noisy samples of shape (n_noisy, n_features), clean data of shape (n_data,
        n_features), tensors both, and the standard deviation σ of the noise, a number. Returns a
        tensor of shape (n_noisy, n_features): the mean of the data, each sample x weighed in
        proportion to exp(−‖noisy − x‖² / 2σ²).
    time_limit : float
        Seconds that a call may take.
    """
    DENOISE.check(function, time_limit)
