"""Outlines as people have them: one line or several, cleaned, and checked to be one shape."""

import re

import numpy as np
import shapely

from ..validation import as_tensor


def as_loops(points) -> list[np.ndarray]:
    """Bring an outline to a list of lines, open and without doubled points.

    Parameters
    ----------
    points : array of shape (n_points, 2), or a list of such
        Arrays, tensors or lists of numbers; open, or with the first point again at the end.

    Returns
    -------
    list of ndarray of shape (n_points, 2)

    Raises
    ------
    TypeError
        If these are no numbers.
    ValueError
        If the shape is another, a point is not finite, or a line has fewer than three places.

    Examples
    --------
    >>> as_loops([[0, 0], [1, 0], [1, 0], [1, 1], [0, 0]])
    [array([[0., 0.],
           [1., 0.],
           [1., 1.]])]
    """
    return [array[kept] for array, kept in _cleaned(points)]


def one_shape(points) -> tuple[np.ndarray, list[np.ndarray]]:
    """Give an outline and its holes: of all lines, the outline is the one round the largest area.

    Raises
    ------
    TypeError, ValueError
        As `as_loops` does; and if all points lie on one line, or lines touch or cross themselves
        or each other, or one is no hole of the outline. The message names the place and the points.

    Examples
    --------
    >>> one_shape([[0, 0], [1, 1], [1, 0], [0, 1]])
    Traceback (most recent call last):
    ValueError: expected lines that do not meet, but at (0.5, 0.5) the edge from point 0 (0, 0) \
to point 1 (1, 1) meets the edge from point 2 (1, 0) to point 3 (0, 1)
    """
    cleaned = _cleaned(points)
    loops = [array[kept] for array, kept in cleaned]
    for line, loop in enumerate(loops):
        if np.linalg.matrix_rank(loop - loop[0], tol=1e-9 * np.ptp(loop, axis=0).max()) < 2:
            ends = _at(loop.min(axis=0)), _at(loop.max(axis=0))
            raise ValueError(
                f"expected an outline with an area, got {len(loop)} points on one straight line"
                f"{_of(line, loops)} between {ends[0]} and {ends[1]}"
            )
    polygons = [shapely.Polygon(loop) for loop in loops]
    outer = int(np.argmax([polygon.area for polygon in polygons]))
    holes = loops[:outer] + loops[outer + 1 :]
    for polygon in (*polygons, shapely.Polygon(loops[outer], holes)):
        if not polygon.is_valid:
            raise ValueError(_reason(cleaned, polygon, outer))
    return loops[outer], holes


def dimensions(points) -> int:
    """Count the dimensions of lists and arrays in each other: 2 are one line, 3 several."""
    nested = 0
    while isinstance(points, (list, tuple)) and points:
        points, nested = points[0], nested + 1
    return nested + np.ndim(points)


def as_array(points) -> np.ndarray:
    """Return points as an array of doubles, whatever holds them."""
    return as_tensor("points", points).detach().cpu().numpy().astype(float)


def _cleaned(points):
    """Return each line with the numbers of the points that are kept of it."""
    arrays = [as_array(line) for line in (points if dimensions(points) == 3 else [points])]
    return [(array, _kept(array, _of(line, arrays))) for line, array in enumerate(arrays)]


def _kept(array, of):
    if array.ndim != 2 or array.shape[1] != 2:
        cure = ": transpose it" if array.ndim == 2 and len(array) == 2 else ""
        raise ValueError(f"expected points of shape (n_points, 2){of}, got {array.shape}{cure}")
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        n = int(np.argmin(finite))
        raise ValueError(
            f"expected finite numbers, got {_at(array[n])} as point {n}{of} (counted from 0)"
        )
    near = 1e-9 * np.ptp(array, axis=0).max() if len(array) else 0
    apart = np.abs(array - np.roll(array, 1, axis=0)).max(axis=1) > near  # each from the one before
    closed = not apart[:1].all()
    apart[:1] = True
    kept = np.flatnonzero(apart)
    if closed:  # the last place is the first again
        kept = kept[: max(1, len(kept) - 1)]
    if len(kept) < 3:
        raise ValueError(
            f"expected at least three points apart{of}, got {len(kept)} among {len(array)}"
        )
    return kept


def _reason(cleaned, polygon, outer):
    """Say where a polygon is none, and between which points."""
    reason = shapely.is_valid_reason(polygon)
    what, x, y = re.fullmatch(r"(.*)\[(\S+) (\S+)\]", reason).groups()
    place, edges = shapely.Point(float(x), float(y)), []
    for line, (array, kept) in enumerate(cleaned):
        for n, m in zip(kept, np.roll(kept, -1), strict=True):
            distance = shapely.LineString(array[[n, m]]).distance(place)
            words = f"the edge from point {n} {_at(array[n])} to point {m} {_at(array[m])}"
            edges.append((distance, line, n, words + _of(line, cleaned)))
    edges.sort()
    where = f"at {_at((place.x, place.y))}"
    if "Self-intersection" not in what:
        return (
            f"expected one outline and holes inside it, apart from each other, got line {outer} as "
            f"the outline, and {what.lower()} {where}: {edges[0][3]}"
        )
    return f"expected lines that do not meet, but {where} {edges[0][3]} meets {edges[1][3]}"


def _of(line, lines):
    return f" of line {line}" if len(lines) > 1 else ""


def _at(point):
    return "({:.6g}, {:.6g})".format(*point)
