"""Exercises of the chapter "Your own data"."""

import numpy as np

from .compare import Exercise


def _filled(curves, fill):
    """Return a copy in which each row's gaps have what `fill` says of steps, row and gaps."""
    filled, steps = curves.copy(), np.arange(curves.shape[1])
    for row in filled:
        missing = np.isnan(row)
        row[missing] = fill(steps, row, missing)[missing]
    return filled


def _line(steps, row, missing, **ends):
    return np.interp(steps, steps[~missing], row[~missing], **ends)


def _earlier(steps, row, missing):
    known = steps[~missing]
    return row[known[np.clip(np.searchsorted(known, steps, side="right") - 1, 0, None)]]


def _later(steps, row, missing):
    known = steps[~missing]
    return row[known[np.clip(np.searchsorted(known, steps), None, len(known) - 1)]]


def _closest(steps, row, missing):
    known = steps[~missing]
    return row[known[np.abs(steps[:, None] - known).argmin(axis=1)]]


def _along_all(curves):
    row = curves.ravel()
    return _filled(row[None], _line).reshape(curves.shape)


def _gappy(rng, n_curves, n_points, share=0.2):
    t = np.linspace(0, 1, n_points)
    curves = np.sin(t * rng.uniform(3, 9, (n_curves, 1))) + t * rng.uniform(-1, 1, (n_curves, 1))
    curves[rng.random(curves.shape) < share] = np.nan
    curves[:, 1] = 0.5  # no curve is without a value
    return curves


def _curves():
    rng = np.random.default_rng(0)
    ends = _gappy(rng, 3, 12)
    ends[0, 0], ends[1, -2:] = np.nan, np.nan
    inner = _gappy(rng, 4, 20)
    inner[:, [0, -1]] = 1.0
    wide = _gappy(rng, 2, 15, share=0)
    wide[0, 4:9], wide[1, 6:8] = np.nan, np.nan
    return {
        "gaps inside": (inner,),
        "gaps of several values": (wide,),
        "gaps at both ends": (ends,),
        "no gap": (_gappy(rng, 2, 6, share=0),),
    }


FILL_GAPS = Exercise(
    name="fill_gaps",
    reference=lambda curves: _filled(curves, _line),
    mistakes={
        "Gaps are filled with 0, which is a value like any other. Join the neighbours by a "
        "line.": lambda curves: np.nan_to_num(curves),
        "Gaps are filled with the mean of the curve. Join the neighbours by a line.": (
            lambda curves: _filled(
                curves, lambda steps, row, missing: np.full(len(row), np.nanmean(row))
            )
        ),
        "Gaps are filled with the mean of the other curves at that point. Join the neighbours on "
        "the same curve by a line.": lambda curves: np.where(
            np.isnan(curves), np.nanmean(curves, axis=0), curves
        ),
        "Gaps repeat the value before them. Join it with the value behind by a line.": (
            lambda curves: _filled(curves, _earlier)
        ),
        "Gaps repeat the value behind them. Join it with the value before by a line.": (
            lambda curves: _filled(curves, _later)
        ),
        "Gaps repeat the nearest value. Join the two neighbours by a line.": lambda curves: _filled(
            curves, _closest
        ),
        "All curves are filled as one long curve, so that the end of one is joined with the "
        "beginning of the next. Take them one by one.": _along_all,
        "It interpolates down the columns, between curves that have nothing to do with each other. "
        "Go along the rows.": lambda curves: _filled(curves.T, _line_or_nan).T,
        "A gap before the first value, or behind the last, stays. Repeat the one neighbour "
        "of it.": lambda curves: _filled(
            curves, lambda *given: _line(*given, left=np.nan, right=np.nan)
        ),
        "Gaps at the ends become 0. Repeat the only neighbour that they have.": (
            lambda curves: _filled(curves, lambda *given: _line(*given, left=0.0, right=0.0))
        ),
        "Nothing is filled. np.isnan finds the gaps; a comparison with nan is never true.": (
            lambda curves: curves.copy()
        ),
        "The curves that have a gap are dropped. Fill them: the others may be few.": (
            lambda curves: curves[~np.isnan(curves).any(axis=1)]
        ),
    },
    cases=_curves,
    holds=(
        "a straight line between the neighbours, however wide the gap",
        "the only neighbour, where there is but one",
        "what was measured, as it was",
    ),
)


def _line_or_nan(steps, row, missing):
    return row if missing.all() else _line(steps, row, missing)


def check_fill_gaps(function, *, time_limit: float = 10.0) -> None:
    """Check ``fill_gaps(curves)``: straight lines where values are missing.

    Parameters
    ----------
    function : callable
        Takes an array of float of shape (n_curves, n_points), NaN where a value is missing, at
        least one value in each row; returns a copy with a straight line between the neighbours of
        each gap, and with the only neighbour repeated where a gap is at an end.
    time_limit : float
        Seconds that a call may take.
    """
    FILL_GAPS.check(function, time_limit)


def _moments(points, closed=True):
    """Return half the sum of c, and the sum of c (p + p') over six, for the edges of an outline."""
    ends = np.roll(points, -1, axis=0)
    c = points[:, 0] * ends[:, 1] - ends[:, 0] * points[:, 1]
    middles = points + ends
    if not closed:
        c, middles = c[:-1], middles[:-1]
    return c.sum() / 2, c @ middles / 6


def _both(points, closed=True, factor=1.0):
    area, moment = _moments(points, closed)
    return factor * abs(area), moment / area


def _signed(points):
    area, moment = _moments(points)
    return area, moment / area


def _half_signed(points):
    area, moment = _moments(points)
    return abs(area), moment / abs(area)


def _other_sign(points):
    area, moment = _moments(points)
    return -area, moment / area


def _with_centroid(centroid):
    return lambda points: (_both(points)[0], centroid(points))


def _along_the_line(points):
    ends = np.roll(points, -1, axis=0)
    length = np.linalg.norm(ends - points, axis=1)
    return length @ (points + ends) / (2 * length.sum())


def _moved(points):
    """Take the sum about the first point, and forget to move back."""
    return _both(points - points[0])


def _pair(function, points):
    area, centroid = function(points)
    return [area, centroid]


def _outlines():
    star = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 1.0], [1.0, 3.0], [0.0, 3.0]])
    drop = np.array([[1.0, 0.0], [0.6, 0.1], [0.2, 0.13], [0.0, 0.0], [0.3, -0.09]])
    return {
        "an L": (star + np.array([2.0, 1.0]),),
        "an L, clockwise": (star[::-1] - np.array([3.0, 5.0]),),
        "an outline that ends where it began": (np.concatenate([drop, drop[:1]]),),
        "a small triangle far from the origin": (
            np.array([50.0, -20.0]) + 0.5 * np.array([[0.0, 0.0], [1.0, 0.2], [0.3, 1.0]]),
        ),
    }


AREA_AND_CENTROID = Exercise(
    name="area_and_centroid",
    reference=lambda points: _both(points),
    ask=_pair,
    parts=("the area", "the centroid"),
    mistakes={
        "The area has a sign: negative where the outline runs clockwise. Take its absolute value, "
        "after the centroid.": _signed,
        "The area has a sign: negative where the outline runs counter-clockwise. Exchange the two "
        "products.": _other_sign,
        "The centroid is divided by the absolute value of the area. Above the line the sign is "
        "still there: a clockwise outline comes out on the other side of the origin.": _half_signed,
        "The factor ½ of the area is missing.": lambda points: _both(points, factor=2.0),
        "The edge from the last point back to the first is missing.": lambda points: _both(
            points, closed=False
        ),
        "The centroid is the mean of the points. Where points lie close together, or one is "
        "doubled, it is drawn there.": _with_centroid(lambda points: points.mean(axis=0)),
        "The centroid is that of the line, not of what it encloses.": _with_centroid(
            _along_the_line
        ),
        "The centroid is the middle of the box round the outline.": _with_centroid(
            lambda points: (points.min(axis=0) + points.max(axis=0)) / 2
        ),
        "The centroid is divided by 3 A, not by 6 A.": _with_centroid(
            lambda points: 2 * _both(points)[1]
        ),
        "The centroid is not divided by the area.": _with_centroid(
            lambda points: _moments(points)[1]
        ),
        "The centroid has y before x.": _with_centroid(lambda points: _both(points)[1][[1, 0]]),
        "The centroid is counted from the first point: add that point again.": _moved,
        "The area is that of the box round the outline.": lambda points: (
            float(np.prod(np.ptp(points, axis=0))),
            _both(points)[1],
        ),
    },
    cases=_outlines,
    holds=(
        "a positive area, whichever way the outline runs",
        "the centroid of what is enclosed, wherever it lies",
        "whether or not the last point repeats the first",
    ),
)


def check_area_and_centroid(function, *, time_limit: float = 10.0) -> None:
    """Check ``area_and_centroid(points)``: two numbers to know of every outline.

    Parameters
    ----------
    function : callable
        Takes the points of a closed outline in order, an array of shape (n_points, 2) that runs
        either way, and whose last point may repeat the first; returns its area, a positive number,
        and the centroid of what it encloses, an array of shape (2,).
    time_limit : float
        Seconds that a call may take.
    """
    AREA_AND_CENTROID.check(function, time_limit)
