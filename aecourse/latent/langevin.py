"""Draw from a distribution of which only the score is known, by a noisy walk uphill."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ..validation import require_count, require_samples


@torch.no_grad()
def annealed_langevin(
    score: Callable[[Tensor, float], Tensor],
    start: Tensor,
    noise_levels: Sequence[float],
    *,
    n_steps: int = 50,
    step: float = 0.5,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Walk along the score plus noise, at one noise level after the other, from large to small.

    Each step is x ← x + ½η·score(x, σ) + √η·ε with η = step·σ² and standard normal ε. At a single
    level and for small η the walk ends up drawing from the density that belongs to the score, but
    it crosses the gaps between separate parts of it only at a level as large as the gaps. Written
    out in the chapter "Denoising, the score, and the way to diffusion models".

    Parameters
    ----------
    score : callable
        Takes points (n_samples, ...) and a noise level, and gives the gradient of the log-density
        at each, of the same shape: ``denoiser.score``.
    start : Tensor of shape (n_samples, ...)
        Where the walks begin; best draws from a normal distribution as wide as the first level.
        Samples or codes, on the device and in the precision of the score.
    noise_levels : sequence of float
        Falling, the last one above 0. One level is plain Langevin dynamics.
    n_steps : int
        At each level.
    step : float
        η/σ², above 0 and below 4. Data without a spread of its own is drawn with the variance
        σ²/(1 − step/4) instead of σ²; wider data comes out more exact.
    generator : torch.Generator, optional
        Of the CPU; by default the global stream.

    Returns
    -------
    Tensor of shape (n_samples, ...)
        Draws from the data with noise of the last level.

    Raises
    ------
    ValueError
        If the start is empty or not finite, the levels do not fall, a setting is out of range, or
        the score has another shape.
    FloatingPointError
        If the walk leaves the finite numbers; the message names the level.

    References
    ----------
    Song & Ermon (2019), algorithm 1.

    Examples
    --------
    >>> def score(x, sigma):  # of data that is always 3, with noise
    ...     return (3 - x) / sigma**2
    >>> start, generator = torch.zeros(1000, 1), torch.Generator().manual_seed(0)
    >>> x = annealed_langevin(score, start, (1.0, 0.1), step=0.1, generator=generator)
    >>> print(f"{x.mean():.1f} ± {x.std():.1f}")
    3.0 ± 0.1
    """
    x = require_samples("start", start)
    levels = [float(level) for level in noise_levels]
    falling = all(a > b for a, b in pairwise(levels))
    if not (levels and falling and levels[-1] > 0 and levels[0] < float("inf")):
        raise ValueError(f"expected noise levels that fall and stay above 0, got {levels}")
    n_steps = require_count("n_steps", n_steps)
    if not 0 < step < 4:
        raise ValueError(f"expected a step above 0 and below 4, got {step!r}")
    for sigma in levels:
        eta = step * sigma**2
        for _ in range(n_steps):
            uphill = score(x, sigma)
            if uphill.shape != x.shape:
                raise ValueError(
                    f"expected a score of shape {tuple(x.shape)}, got {tuple(uphill.shape)}"
                )
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
            x = x + 0.5 * eta * uphill + eta**0.5 * noise
        if not x.isfinite().all():
            raise FloatingPointError(f"the walk left the finite numbers at noise level {sigma}")
    return x
