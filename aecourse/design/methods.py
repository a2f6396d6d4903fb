"""The ways to search: each proposes codes, and asks for the value of one after the other.

Each takes ``value``, which maps a code (n_latent,) to a number, and raises when the budget is used
up; ``draw``, which returns so many random codes; the ``bounds`` of shape (n_latent, 2); the
``budget``; and a NumPy generator.
"""

import warnings
from collections.abc import Callable

import numpy as np
from scipy import optimize
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

Value = Callable[[np.ndarray], float]
Draw = Callable[[int], np.ndarray]


def random_search(value: Value, draw: Draw, bounds: np.ndarray, budget: int, rng) -> None:
    """Look at random codes: the plain baseline."""
    while True:
        value(draw(1)[0])


def grid_search(value: Value, draw: Draw, bounds: np.ndarray, budget: int, rng) -> None:
    """Look everywhere: at a regular grid of at most ``budget`` codes, bounds included."""
    n_latent = len(bounds)
    steps = int(budget ** (1 / n_latent) + 1e-9)
    axes = [np.linspace(low, high, steps) for low, high in bounds]
    for code in np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, n_latent):
        value(code)


def nelder_mead(value: Value, draw: Draw, bounds: np.ndarray, budget: int, rng) -> None:
    """Creep uphill with a simplex (Nelder & Mead 1965); once it has converged, begin elsewhere.

    The first simplex has edges of a tenth of the bounds.
    """
    edges = 0.1 * np.diag(bounds[:, 1] - bounds[:, 0])
    while True:
        start = draw(1)[0]
        if np.isfinite(value(start)):
            simplex = np.clip(np.vstack([start, start + edges]), *bounds.T)
            options = {"initial_simplex": simplex}
            optimize.minimize(
                lambda code: -value(code), start, method="Nelder-Mead", options=options
            )


def differential_evolution(value: Value, draw: Draw, bounds: np.ndarray, budget: int, rng) -> None:
    """Mix the members of a population (Storn & Price 1997), until they have become alike.

    It has as many members as make five generations or more, from 5 to 20.
    """
    first = draw(min(max(budget // 5, 5), 20))
    optimize.differential_evolution(
        lambda code: -value(code), bounds, init=first, maxiter=budget, polish=False, seed=rng
    )


def bayesian(
    value: Value,
    draw: Draw,
    bounds: np.ndarray,
    budget: int,
    rng,
    n_start: int = 10,
    n_candidates: int = 2000,
) -> None:
    """Look at random codes, then again and again where the expected improvement is largest."""
    codes, values = [], []
    while True:
        code = draw(1)[0]
        if len(codes) >= n_start and np.isfinite(values).any():
            seen = np.array(values)
            seen[np.isinf(seen)] = seen[np.isfinite(seen)].min()  # no value: as bad as the worst
            candidates = draw(n_candidates)
            mean, deviation = _predict(np.array(codes), seen, candidates)
            code = candidates[expected_improvement(mean, deviation, seen.max()).argmax()]
        codes.append(code)
        values.append(value(code))


def expected_improvement(mean, deviation, best: float) -> np.ndarray:
    """Return E[max(f − best, 0)] for normally distributed f.

    With u = (mean − best) / deviation it is deviation · (u Φ(u) + φ(u)).

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
    smooth = ConstantKernel() * Matern(codes.std(axis=0), (1e-2, 1e2), nu=2.5)
    kernel = smooth + WhiteKernel(1e-4, (1e-8, 1e-1))
    centre, scale = values.mean(), values.std() + 1e-12
    process = GaussianProcessRegressor(kernel)
    with warnings.catch_warnings():  # a length scale at the end of its range is no failure
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(codes, (values - centre) / scale)
    mean, deviation = process.predict(candidates, return_std=True)
    return centre + scale * mean, scale * deviation
