"""Exercises of the chapter "Designing in a latent space"."""

import math
from contextlib import suppress

import numpy as np
from scipy.spatial import ConvexHull
from scipy.stats import norm

from .. import design, shapes
from .compare import Exercise


def _length(points, closed=True):
    edges = np.diff(points, axis=0, append=points[:1])
    return float(np.linalg.norm(edges if closed else edges[:-1], axis=1).sum())


def _area(points, closed=True):
    (x, y), (x_end, y_end) = points.T, np.roll(points, -1, axis=0).T
    parts = x * y_end - y * x_end
    return 0.5 * float(parts.sum() if closed else parts[:-1].sum())


def _quotient(length, area):
    return length**2 / (4 * math.pi * area) if area else math.nan


def _hull(points):
    hull = ConvexHull(points)
    return _quotient(hull.area, hull.volume)  # in the plane: its length and its area


def _outline(shape, resolution=40):
    return shapes.outlines(shape.field(resolution))[0]


ISOPERIMETRIC_QUOTIENT = Exercise(
    name="isoperimetric_quotient",
    reference=lambda points: _quotient(_length(points), abs(_area(points))),
    mistakes={
        "The area has a sign: negative where the outline runs clockwise. Take its absolute "
        "value.": lambda points: _quotient(_length(points), _area(points)),
        "The area has a sign: negative where the outline runs counter-clockwise. Take its absolute "
        "value.": lambda points: _quotient(_length(points), -_area(points)),
        "The edge from the last point back to the first is missing from the perimeter.": (
            lambda points: _quotient(_length(points, closed=False), abs(_area(points)))
        ),
        "The edge from the last point back to the first is missing, from perimeter and area.": (
            lambda points: _quotient(
                _length(points, closed=False), abs(_area(points, closed=False))
            )
        ),
        "The edge from the last point back to the first is missing from the area.": lambda points: (
            _quotient(_length(points), abs(_area(points, closed=False)))
        ),
        "This is 4πA/P², the inverse: 1 for a disk, and smaller for any other shape.": (
            lambda points: 4 * math.pi * abs(_area(points)) / _length(points) ** 2
        ),
        "The perimeter is not squared.": lambda points: (
            _length(points) / (4 * math.pi * abs(_area(points)))
        ),
        "This is P²/A: divide by 4π, so that a disk has 1.": lambda points: (
            _length(points) ** 2 / abs(_area(points))
        ),
        "It divides by 4 and multiplies by π: P² / (4πA) needs the brackets.": lambda points: (
            _length(points) ** 2 / 4 * math.pi * abs(_area(points))
        ),
        "The factor ½ of the area is missing.": lambda points: _quotient(
            _length(points), 2 * abs(_area(points))
        ),
        "This is the quotient of the convex hull: the notches are filled.": _hull,
        "The area is that of a box round the shape.": lambda points: _quotient(
            _length(points), float(np.prod(np.ptp(points, axis=0)))
        ),
        "The area is that of a disk as wide as the shape.": lambda points: _quotient(
            _length(points),
            math.pi * np.linalg.norm(points - points.mean(axis=0), axis=1).max() ** 2,
        ),
        "This is the perimeter.": lambda points: _length(points),
        "This is the area.": lambda points: abs(_area(points)),
    },
    cases=lambda: {
        "a star": (shapes.star(5, 1.0, depth=0.4).vertices.numpy(),),
        "a square, clockwise": (shapes.polygon(4).vertices.numpy()[::-1].copy(),),
        "an outline from shapes.outlines, which ends where it began": (
            _outline(shapes.star(5, 1.0, depth=0.5, rounding=0.05)),
        ),
        "a triangle far from the origin": (5 + shapes.polygon(3, 0.3).vertices.numpy(),),
    },
    holds=(
        "P² / (4πA) of the closed outline",
        "whichever way it runs, wherever it lies, and whether or not it repeats its first point",
    ),
)


def check_isoperimetric_quotient(function, *, time_limit: float = 10.0) -> None:
    """Check ``isoperimetric_quotient(points)``: P² / (4πA) of an outline.

    Parameters
    ----------
    function : callable
        Takes the points of a closed outline in order, a NumPy array of shape (n_points, 2) as
        `shapes.outlines` returns them, and returns a number. The line may run either way, and the
        last point may or may not repeat the first. For a square it is 4/π, about 1.273.
    time_limit : float
        Seconds that a call may take.
    """
    ISOPERIMETRIC_QUOTIENT.check(function, time_limit)


def _improvement(mean, deviation, best, *, cdf=norm.cdf, pdf=norm.pdf, scale=True):
    u = (mean - best) / deviation if scale else mean - best
    return deviation * (u * cdf(u) + pdf(u))


EXPECTED_IMPROVEMENT = Exercise(
    name="expected_improvement",
    reference=design.expected_improvement,
    mistakes={
        "This is the probability of an improvement. The expected one also counts how large it "
        "is.": lambda mean, deviation, best: norm.cdf((mean - best) / deviation),
        "Φ and Φ′ are exchanged: u belongs to the distribution function (norm.cdf).": (
            lambda mean, deviation, best: _improvement(
                mean, deviation, best, cdf=norm.pdf, pdf=norm.cdf
            )
        ),
        "This is the improvement on a smallest value. Here larger is better.": (
            lambda mean, deviation, best: design.expected_improvement(-mean, deviation, -best)
        ),
        "The factor s in front is missing.": lambda mean, deviation, best: (
            design.expected_improvement(mean, deviation, best) / deviation
        ),
        "The difference is not divided by the deviation: u = (mean − best) / deviation.": (
            lambda mean, deviation, best: _improvement(mean, deviation, best, scale=False)
        ),
        "The part with Φ′ is missing: it is what makes an uncertain candidate worth a look.": (
            lambda mean, deviation, best: _improvement(mean, deviation, best, pdf=np.zeros_like)
        ),
        "The part with Φ is missing.": lambda mean, deviation, best: _improvement(
            mean, deviation, best, cdf=np.zeros_like
        ),
        "Φ′ is subtracted. Add it.": lambda mean, deviation, best: _improvement(
            mean, deviation, best, pdf=lambda u: -norm.pdf(u)
        ),
        "This is the improvement of the mean, max(mean − best, 0): it ignores how uncertain the "
        "candidate is.": lambda mean, deviation, best: np.maximum(mean - best, 0),
        "This is an upper confidence bound, mean plus deviation.": lambda mean, deviation, best: (
            mean + deviation
        ),
        "The variance is used for the deviation.": lambda mean, deviation, best: (
            design.expected_improvement(mean, deviation**2, best)
        ),
        "The deviation is taken for a variance.": lambda mean, deviation, best: (
            design.expected_improvement(mean, deviation**0.5, best)
        ),
        "This is one candidate, the best. Return a value for each.": (
            lambda mean, deviation, best: int(
                design.expected_improvement(mean, deviation, best).argmax()
            )
        ),
    },
    cases=lambda: {
        "6 candidates": (
            np.array([0.1, 0.5, 1.2, -0.4, 2.0, 0.9]),
            np.array([0.3, 1.5, 0.2, 2.0, 0.7, 0.05]),
            0.8,
        ),
        "a best value below zero": (
            np.array([-3.0, -1.5, -2.2]),
            np.array([1.0, 0.4, 3.0]),
            -2.0,
        ),
        "candidates without hope": (np.array([-50.0, -9.0]), np.array([1.0, 2.0]), 0.0),
        "a candidate as good as certain": (np.array([1.0, 3.0]), np.array([1e-9, 1e-9]), 2.0),
    },
    holds=(
        "E[max(f − best, 0)] of each candidate, never negative",
        "for a candidate as good as certain, its gain or nothing",
    ),
    rows=(0, 1),
)


def check_expected_improvement(function, *, time_limit: float = 10.0) -> None:
    """Check ``expected_improvement(mean, deviation, best)``, equation ``eq-improvement``.

    Parameters
    ----------
    function : callable
        Takes mean and standard deviation of f at each candidate, NumPy arrays of shape (n,) with
        deviations above 0, and the largest value so far, a number. Returns a NumPy array of shape
        (n,): s (u Φ(u) + Φ′(u)) with u = (mean − best) / s; ``scipy.stats.norm`` has Φ as ``cdf``
        and Φ′ as ``pdf``. For mean 0, deviation 1 and best 0 it is 0.3989.
    time_limit : float
        Seconds that a call may take.
    """
    EXPECTED_IMPROVEMENT.check(function, time_limit)


def safe(solver, log, *, instead=math.nan, kinds=Exception, log_failures=True, twice=False):
    """Wrap a solver, with each step open to a mistake."""

    def wrapped(x):
        try:
            answer = solver(x)
        except kinds:
            answer = instead
            if not log_failures:
                return answer
        log.append(answer)
        if twice:
            log.append(answer)
        return answer

    return wrapped


def _asked_twice(solver, log):
    inner = safe(solver, log)

    def wrapped(x):
        with suppress(Exception):
            solver(x)
        return inner(x)

    return wrapped


def _silent(solver, log):
    inner = safe(solver, log)

    def wrapped(x):
        inner(x)

    return wrapped


def _forgetful(solver, log):
    inner = safe(solver, [])

    def wrapped(x):
        log[:] = [inner(x)]
        return log[-1]

    return wrapped


def _answers(function, errors, questions):
    """Ask a wrapped solver some questions; return its answers, the log, and what came through.

    The solver fails with one of the errors for negative numbers, and with Ctrl-C for zero.
    """
    asked, log, answers = [], [], []
    kinds = iter(errors)

    def solver(x):
        asked.append(x)
        if x < 0:
            raise next(kinds, ValueError)("no solution")
        if x == 0:
            raise KeyboardInterrupt
        return x**2

    wrapped = function(solver, log)
    if not callable(wrapped):
        return [None if wrapped is None else "no function"]
    for x in questions:
        try:
            answers.append(wrapped(x))
        except KeyboardInterrupt:
            answers.append(1e6)
    return ["a function", *answers, *log, len(log), len(asked)]


SAFE = Exercise(
    name="safe",
    reference=lambda solver, log: safe(solver, log),
    mistakes={
        "The exception goes through. Catch it: try, except.": lambda solver, log: safe(
            solver, log, kinds=()
        ),
        "Only a ValueError is caught. A solver may raise anything: except Exception.": (
            lambda solver, log: safe(solver, log, kinds=ValueError)
        ),
        "Ctrl-C is caught as well, so that nobody can stop the search. Write except Exception, "
        "not a bare except.": lambda solver, log: safe(solver, log, kinds=BaseException),
        "Where the solver fails, the answer is None. An optimiser compares numbers: return NaN.": (
            lambda solver, log: safe(solver, log, instead=None)
        ),
        "Where the solver fails, the answer is 0, which may be better than an honest one. Return "
        "NaN.": lambda solver, log: safe(solver, log, instead=0.0),
        "Where the solver fails, the answer is −∞. Return NaN: there is none.": (
            lambda solver, log: safe(solver, log, instead=-math.inf)
        ),
        "Where the solver fails, the answer is ∞. Return NaN: there is none.": (
            lambda solver, log: safe(solver, log, instead=math.inf)
        ),
        "Failures are missing from the log. It keeps every answer, NaN too.": (
            lambda solver, log: safe(solver, log, log_failures=False)
        ),
        "The log gets each answer twice.": lambda solver, log: safe(solver, log, twice=True),
        "The log is empty: append each answer to the list that was given.": lambda solver, log: (
            safe(solver, [])
        ),
        "The log keeps the last answer only: append to it.": _forgetful,
        "The solver is asked twice for each answer. It may be expensive.": _asked_twice,
        "The wrapper returns nothing.": _silent,
        "What comes back is no function. Write one inside of safe, which asks the solver when it "
        "is called itself, and return it without brackets.": lambda solver, log: math.nan,
        "The solver comes back as it was: return a new function that calls it.": (
            lambda solver, log: solver
        ),
    },
    cases=lambda: {
        "a solver that fails now and then": ((ValueError,), [1.0, -1.0, 3.0]),
        "a solver that never fails": ((), [2.0, 2.0]),
        "other exceptions": (
            (RuntimeError, ZeroDivisionError, FloatingPointError),
            [-1.0, 2.0, -2.0, -3.0],
        ),
        "Ctrl-C during a solution": ((), [2.0, 0.0, 3.0]),
    },
    holds=(
        "the solver's answer, or NaN where it raises anything",
        "each answer once in the log, failures too, and one call of the solver for each",
        "Ctrl-C still stops it",
    ),
    ask=_answers,
)


def check_safe(function, *, time_limit: float = 10.0) -> None:
    """Check ``safe(solver, log)``: a solver that may fail, made fit for a search.

    Parameters
    ----------
    function : callable
        Takes a solver, a function of one argument that returns a number or raises an exception,
        and a list; returns a new function of one argument. That one returns the solver's answer,
        or ``math.nan`` where the solver raises, and appends each answer to the list, NaN too.
    time_limit : float
        Seconds that a call may take.
    """
    SAFE.check(function, time_limit)
