"""A denoising model: from a noisy sample and the strength of the noise, the expected clean one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .. import losses
from ..validation import takes
from .dense import mlp


class Denoiser(nn.Module):
    """Estimates the clean sample behind x + σε, for Gaussian noise ε of several known strengths σ.

    The best such estimate is the mean of all clean samples that could have given the noisy one. It
    differs from the noisy one by σ² times the *score*, the gradient of the noisy data's
    log-density. Derived in the chapter "Denoising, the score, and the way to diffusion models",
    equation ``eq-tweedie``.

    The network h of f(x, σ) = x + σ·h(x/√(1 + σ²), ln σ) only has to estimate the noise itself, of
    size 1 at each level. The data should have a mean near 0 and a spread of about 1.

    Parameters
    ----------
    n_features : int
        Values per sample.
    noise_levels : sequence of float
        Strengths of the noise, each a standard deviation above 0. In training each sample draws
        one of them, all with the same probability.
    hidden : sequence of int
        Units of the network's hidden layers.

    Attributes
    ----------
    network : nn.Sequential
    noise_levels : Tensor of shape (n_levels,)
    n_features : int

    Raises
    ------
    ValueError
        If there is no noise level, one is not a finite number above 0, or a size is out of range.

    References
    ----------
    Vincent (2011); Alain & Bengio (2014); Song & Ermon (2019).

    Examples
    --------
    >>> denoiser = Denoiser(2, (1.0, 0.1))
    >>> noisy = torch.randn(5, 2)
    >>> denoiser(noisy, 0.1).shape, denoiser.score(noisy, 0.1).shape
    (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    def __init__(
        self,
        n_features: int,
        noise_levels: Sequence[float],
        *,
        hidden: Sequence[int] = (64, 64, 64),
    ):
        super().__init__()
        self.register_buffer("noise_levels", require_noise_levels(noise_levels))
        self.network = mlp((n_features + 1, *hidden, n_features))
        self.n_features, self.hidden = n_features, tuple(hidden)

    @takes("n_features")
    def forward(self, noisy: Tensor, sigma: float | Tensor) -> Tensor:
        """Estimate the clean samples.

        Parameters
        ----------
        noisy : Tensor of shape (n_samples, n_features)
        sigma : float or Tensor of shape (n_samples,)
            Strength of the noise, one for all or one for each.

        Returns
        -------
        Tensor of shape (n_samples, n_features)
        """
        sigma = self._column(sigma, noisy)
        return noisy + sigma * self._minus_noise(noisy, sigma)

    @takes("n_features")
    def score(self, noisy: Tensor, sigma: float | Tensor) -> Tensor:
        """Estimate the gradient of the log-density of noisy data: (f(x̃, σ) − x̃) / σ².

        Parameters
        ----------
        noisy : Tensor of shape (n_samples, n_features)
            Where.
        sigma : float or Tensor of shape (n_samples,)
            Strength of the noise in the data.

        Returns
        -------
        Tensor of shape (n_samples, n_features)
            In nats per unit of ``noisy``.
        """
        return (self(noisy, sigma) - noisy) / self._column(sigma, noisy).square()

    @takes("n_features")
    def loss_terms(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return ‖f(x + σε, σ) − x‖² / σ² of each sample, of shape (n_samples,).

        Level and noise are drawn anew in each call. The factor 1/σ² makes the levels count alike;
        it moves the best estimate at none of them. ``y`` plays no part.
        """
        # Both are drawn on the CPU, whose stream is the same on every machine.
        chosen = torch.randint(len(self.noise_levels), (len(x),))
        sigma = self.noise_levels[chosen.to(x.device)].to(x.dtype)
        noise = torch.randn(x.shape, dtype=x.dtype).to(x.device)
        estimate = self(x + sigma[:, None] * noise, sigma)
        return {"squared_error": losses.squared_error(estimate, x) / sigma.square()}

    def _minus_noise(self, noisy: Tensor, sigma: Tensor) -> Tensor:
        shrunk = noisy / (1 + sigma.square()).sqrt()  # of about unit size at each level
        return self.network(torch.cat([shrunk, sigma.log()], dim=1))

    @staticmethod
    def _column(sigma: float | Tensor, x: Tensor) -> Tensor:
        """Bring the strengths to the shape (n_samples, 1), or raise."""
        sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
        if sigma.shape not in ((), x.shape[:1]):
            raise ValueError(
                f"expected one sigma, or one for each of {len(x)} samples, got {(*sigma.shape,)}"
            )
        if not (sigma.is_meta or (sigma > 0).all()):  # written so that NaN is refused too
            raise ValueError(f"expected sigma above 0, got {sigma.min():.4g}")
        return sigma.expand(len(x))[:, None]


def require_noise_levels(noise_levels: Sequence[float]) -> Tensor:
    """Return noise levels as a Tensor of shape (n_levels,), all above 0, or raise a ValueError."""
    levels = torch.as_tensor(noise_levels, dtype=torch.get_default_dtype())
    if levels.ndim != 1 or not ((levels > 0) & levels.isfinite()).all() or not len(levels):
        raise ValueError(f"expected noise levels as numbers above 0, got {noise_levels!r}")
    return levels
