"""The ways to search: each proposes codes, and asks for their values.

Each takes ``ask``, which maps codes (n, n_latent) to values (n,), −∞ where there is none, and
raises when the budget is used up; ``draw``, which returns so many random codes; and, of ``bounds``
of shape (n_latent, 2), ``budget``, ``batch``, ``known`` and a NumPy generator, what it needs.
"""

import math
import warnings
from collections.abc import Callable

import numpy as np
from scipy import optimize
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from .result import Search

Ask = Callable[[np.ndarray], np.ndarray]
Draw = Callable[[int], np.ndarray]


def random_search(ask: Ask, draw: Draw, *, batch: int, **_) -> None:
    """Look at random codes: the plain baseline."""
    while True:
        ask(draw(batch))


def grid_search(ask: Ask, draw: Draw, *, bounds: np.ndarray, budget: int, **_) -> None:
    """Look everywhere: at a regular grid of at most ``budget`` codes, bounds included."""
    n_latent = len(bounds)
    steps = int(budget ** (1 / n_latent) + 1e-9)
    axes = [np.linspace(low, high, steps) for low, high in bounds]
    ask(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, n_latent))


def nelder_mead(ask: Ask, draw: Draw, *, bounds: np.ndarray, **_) -> None:
    """Creep uphill with a simplex (Nelder & Mead 1965); once it has converged, begin elsewhere.

    The first simplex has edges of a tenth of the bounds.
    """

    def value(code):
        return ask(code[None])[0]

    edges = 0.1 * np.diag(bounds[:, 1] - bounds[:, 0])
    while True:
        start = draw(1)[0]
        if np.isfinite(value(start)):
            simplex = np.clip(np.vstack([start, start + edges]), *bounds.T)
            options = {"initial_simplex": simplex}
            optimize.minimize(
                lambda code: -value(code), start, method="Nelder-Mead", options=options
            )


def differential_evolution(
    ask: Ask, draw: Draw, *, bounds: np.ndarray, budget: int, batch: int, rng, **_
) -> None:
    """Mix the members of a population (Storn & Price 1997), until they have become alike.

    It has as many members as make five generations or more, from 5 to 20, and whole batches. A new
    member is a parent at once; with a batch from the next generation on, to ask for it as a whole.
    """
    members = min(max(budget // 5, 5), 20)
    first = draw(math.ceil(members / batch) * batch)
    together = {"vectorized": True, "updating": "deferred"} if batch > 1 else {}
    optimize.differential_evolution(
        lambda codes: -ask(codes.T) if batch > 1 else -ask(codes[None])[0],
        bounds,
        init=first,
        maxiter=budget,
        polish=False,
        seed=rng,
        **together,
    )


def bayesian(
    ask: Ask,
    draw: Draw,
    *,
    batch: int,
    known: Search,
    n_start: int = 10,
    n_candidates: int = 2000,
    **_,
) -> None:
    """Look at random codes, then again and again where the expected improvement is largest.

    What is known counts as looked at. Within a batch each code is chosen as if the values of those
    before it were as predicted: the "Kriging believer" of Ginsbourger, Le Riche & Carraro (2010).
    """
    codes, values = known.codes.numpy().astype(float), known.values.numpy()
    while True:
        chosen = draw(batch)
        if len(codes) >= n_start and np.isfinite(values).any():
            at, seen = codes, values.copy()
            seen[np.isinf(seen)] = seen[np.isfinite(seen)].min()  # no value: as bad as the worst
            for k in range(batch):
                candidates = draw(n_candidates)
                mean, deviation = _predict(at, seen, candidates)
                best = expected_improvement(mean, deviation, seen.max()).argmax()
                chosen[k] = candidates[best]
                at, seen = np.vstack([at, chosen[k]]), np.append(seen, mean[best])
        codes, values = np.vstack([codes, chosen]), np.append(values, ask(chosen))


def expected_improvement(mean, deviation, best: float) -> np.ndarray:
    """Return E[max(f − best, 0)] for normally distributed f.

    With u = (mean − best) / deviation it is deviation · (u Φ(u) + φ(u)): equation
    ``eq-improvement`` of the chapter "Designing in a latent space".

    Parameters
    ----------
    mean, deviation : array of shape (n,)
        Of f at each candidate, as a Gaussian process predicts them; deviations above 0.
    best : float
        The largest value seen so far.

    Returns
    -------
    ndarray of shape (n,)

    References
    ----------
    Jones, Schonlau & Welch (1998), equation 15, turned from smallest to largest.

    Examples
    --------
    >>> expected_improvement(np.array([0.0]), np.array([1.0]), 0.0).round(4)  # 1/√(2π)
    array([0.3989])
    """
    u = (mean - best) / deviation
    return deviation * (u * norm.cdf(u) + norm.pdf(u))


def _predict(codes: np.ndarray, values: np.ndarray, candidates: np.ndarray):
    """Fit a Gaussian process to what was seen; return its mean and deviation at candidates."""
    spread = codes.std(axis=0)
    spread = np.where(spread > 0, spread, candidates.std(axis=0))  # known codes may be in a line
    smooth = ConstantKernel() * Matern(spread, (1e-2, 1e2), nu=2.5)
    kernel = smooth + WhiteKernel(1e-4, (1e-8, 1e-1))
    centre, scale = values.mean(), values.std() + 1e-12
    process = GaussianProcessRegressor(kernel)
    with warnings.catch_warnings():  # a length scale at the end of its range is no failure
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(codes, (values - centre) / scale)
    mean, deviation = process.predict(candidates, return_std=True)
    return centre + scale * mean, scale * deviation
