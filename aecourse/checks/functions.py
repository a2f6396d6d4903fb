"""Exercises of the chapter "Functions instead of images"."""

import torch

from .. import data
from .compare import Exercise


def _fit(curve, *columns):
    columns = torch.stack(columns, dim=1)
    return torch.linalg.lstsq(columns, curve[:, None]).solution[:, 0].tolist()


def read_beta(curve, grid):
    """Read α and β off a log-density, by least squares with three functions."""
    slopes = _fit(curve, grid.log(), (-grid).log1p(), torch.ones_like(grid))
    return slopes[0] + 1, slopes[1] + 1


def _log_density(a, b, grid):
    a, b = torch.tensor(a, dtype=torch.double), torch.tensor(b, dtype=torch.double)
    log_normaliser = torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)
    return (a - 1) * grid.log() + (b - 1) * (-grid).log1p() - log_normaliser, grid


def _from_moments(curve, grid):
    weights = curve.exp() / curve.exp().sum()
    mean = (weights * grid).sum()
    size = mean * (1 - mean) / (weights * (grid - mean).square()).sum() - 1
    return (mean * size).item(), ((1 - mean) * size).item()


READ_BETA = Exercise(
    name="read_beta",
    reference=read_beta,
    mistakes={
        "These are α − 1 and β − 1: the factors of ln x and ln(1 − x). Add 1.": (
            lambda curve, grid: tuple(value - 1 for value in read_beta(curve, grid))
        ),
        "The 1 is subtracted. The factor of ln x is α − 1, so α is the factor plus 1.": (
            lambda curve, grid: tuple(value - 2 for value in read_beta(curve, grid))
        ),
        "α and β are exchanged: α belongs to ln x.": (
            lambda curve, grid: read_beta(curve, grid)[::-1]
        ),
        "The constant −ln B(α, β) is missing from the fit. Give it a column of ones.": (
            lambda curve, grid: tuple(
                value + 1 for value in _fit(curve, grid.log(), (-grid).log1p())
            )
        ),
        "The curve is fitted by x and 1 − x. Its functions are ln x and ln(1 − x).": (
            lambda curve, grid: tuple(
                value + 1 for value in _fit(curve, grid, torch.ones_like(grid))
            )
        ),
        "The curve is a log-density already. Do not take its exponential for the fit.": (
            lambda curve, grid: read_beta(curve.exp(), grid)
        ),
        "This is read from mean and variance on the grid, which is coarse and may be a part of the "
        "interval only. Fit the curve itself.": _from_moments,
        "The grid is taken for 100 points from 0.01 to 0.99. Use the one that is given.": (
            lambda curve, grid: read_beta(curve, data.beta_grid(len(grid)))
        ),
    },
    cases=lambda: {
        "α = 2, β = 4": _log_density(2.0, 4.0, data.beta_grid()),
        "α = 0.3, β = 4.5": _log_density(0.3, 4.5, data.beta_grid()),
        "α = β = 1, a flat curve": _log_density(1.0, 1.0, data.beta_grid(30)),
        "7 points from 0.2 to 0.6": _log_density(
            3.3, 1.7, torch.linspace(0.2, 0.6, 7, dtype=torch.double)
        ),
        "3 points": _log_density(1.5, 0.6, torch.tensor([0.1, 0.5, 0.8], dtype=torch.double)),
    },
    holds=("α and β, exact to four digits", "from any three points or more, wherever they lie"),
    tolerance=1e-4,
)


def check_read_beta(function, *, time_limit: float = 10.0) -> None:
    """Check ``read_beta(curve, grid)``: the parameters of a curve.

    Parameters
    ----------
    function : callable
        Takes a log-density (in nats) and the points x where it is given, tensors of float64 of
        shape (n_points,) with n_points from 3; returns two numbers, α and β, as a tuple. The curve
        is (α − 1) ln x + (β − 1) ln(1 − x) and a constant, without noise.
    time_limit : float
        Seconds that a call may take.
    """
    READ_BETA.check(function, time_limit)


def gauss_newton(decode, target, start, known, *, n_steps=20, sign=1.0):
    """Fit a code to known points, by linear least squares again and again."""

    def at(z):
        return decode(z[None])[0]

    z = start.clone()
    for _ in range(n_steps):
        error = (target - at(z))[known]
        jacobian = torch.autograd.functional.jacobian(at, z)[known]
        if not (jacobian.isfinite().all() and error.isfinite().all()):
            break
        z = z + sign * torch.linalg.lstsq(jacobian, error[:, None]).solution[:, 0]
    return z


def _descent(decode, target, start, known, rate=1e-2, n_steps=30):
    z = start.clone()
    for _ in range(n_steps):
        jacobian = torch.autograd.functional.jacobian(lambda z: decode(z[None])[0], z)
        z = z + rate * 2 * jacobian[known].T @ (target - decode(z[None])[0])[known]
    return z


def _bent(z):
    """Decode two numbers to a curve over 12 points."""
    x = torch.linspace(0, 2, 12, dtype=z.dtype)
    return z[:, :1] * (-z[:, 1:] * x).exp() + 0.2 * x


def _linear(z):
    x = torch.linspace(-1, 1, 9, dtype=z.dtype)
    return torch.stack([torch.ones_like(x), x, x * x], dim=0).T.matmul(z.T).T


def _waves(z):
    x = torch.linspace(0, 3, 15, dtype=z.dtype)
    return (z * x).sin()


def _case(decode, code, start, known, noise=0.0):
    """Wrong values at all points that are not known, and some noise at those."""
    code, start = (torch.tensor(part, dtype=torch.double) for part in (code, start))
    target = decode(code[None])[0]
    known = torch.tensor(known)
    wrong = 5 * torch.randn(len(target), dtype=torch.double)
    wrong[known] = (target + noise * torch.randn(len(target), dtype=torch.double))[known]
    return decode, wrong, start, known


def _if_nearer(function, decode, target, start, known):
    """Return the code that was found, or nothing but a zero if it is worse than the start."""
    try:
        code = function(decode, target, start, known)
    except RuntimeError as error:
        if "illegal value" not in str(error):
            raise
        code = start * torch.nan  # the code ran away, and lstsq got numbers that are not finite
    if not isinstance(code, torch.Tensor) or code.shape != start.shape:
        return [code]

    def error(z):
        return (decode(z[None])[0] - target)[known].norm()

    nearer = bool(error(code) <= error(start))  # not so for NaN
    return [code if nearer else torch.zeros_like(start), float(nearer)]


GAUSS_NEWTON = Exercise(
    name="gauss_newton",
    reference=gauss_newton,
    mistakes={
        "All points of the target are used. Only the known ones count, in the error and in the "
        "Jacobian.": lambda decode, target, start, known: gauss_newton(
            decode, target, start, torch.arange(len(target))
        ),
        "This is a single step. The decoder is not linear: repeat until the code stays.": (
            lambda decode, target, start, known: gauss_newton(
                decode, target, start, known, n_steps=1
            )
        ),
        "The code ends further from the known points than it began. Does the step go the wrong "
        "way? Add the solution for target − decoded.": lambda decode, target, start, known: (
            gauss_newton(decode, target, start, known, n_steps=3, sign=-1.0)
        ),
        "The start is never left.": lambda decode, target, start, known: start,
        "It starts elsewhere than at start, and ends in another minimum.": (
            lambda decode, target, start, known: gauss_newton(
                decode, target, torch.full_like(start, 0.1), known
            )
        ),
        "These are steps along the gradient, Jᵀ error: they are slow. Solve the least-squares "
        "problem J step = error instead.": _descent,
        "This is the decoded curve. Return the code.": lambda decode, target, start, known: decode(
            gauss_newton(decode, target, start, known)[None]
        )[0],
    },
    cases=lambda: {
        "five points of a bent curve": _case(_bent, (2.0, 0.8), (1.5, 0.5), [1, 3, 5, 7, 9]),
        "a linear decoder": _case(_linear, (1.0, -2.0, 0.5), (0.0, 0.0, 0.0), [0, 2, 4, 8]),
        "points with noise": _case(_bent, (1.0, -0.4), (1.0, 0.0), [0, 2, 6, 8, 11], 0.05),
        "a wave, of which others fit less well": _case(
            _waves, (3.0,), (2.6,), [2, 4, 6, 8, 10, 14]
        ),
    },
    holds=(
        "the code of least squared error at the known points, near the start",
        "points that are not known play no part",
    ),
    ask=_if_nearer,
    parts=("the code", "1 if it is nearer than the start"),
    tolerance=1e-3,
)


def check_gauss_newton(function, *, time_limit: float = 10.0) -> None:
    """Check ``gauss_newton(decode, target, start, known)``: an inverse problem.

    Parameters
    ----------
    function : callable
        Takes a decoder, which maps codes of shape (n, n_latent) to curves of shape (n, n_points),
        differentiably; a target of shape (n_points,); a start of shape (n_latent,); and the
        indices of the known points, a tensor of int of shape (n_known,). All numbers are float64.
        Returns a tensor of shape (n_latent,): the code, near the start, whose curve has the least
        squared error at the known points; the target is wrong at the others. Each step solves
        J · step = target − decoded by least squares, at the known points, with the Jacobian J of
        the decoder; twenty steps from the start are plenty.
    time_limit : float
        Seconds that a call may take.
    """
    GAUSS_NEWTON.check(function, time_limit)
