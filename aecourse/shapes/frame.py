"""The way from the coordinates of an outline to those of a field, and back."""

from dataclasses import dataclass

import numpy as np

from ..validation import require_positive
from .loops import as_array, as_loops, dimensions


@dataclass(frozen=True)
class Frame:
    """Where the grid of a field lies in the user's coordinates, and how large it is there.

    Lengths on the grid times ``scale``, and areas times its square, are in the user's units.

    Parameters
    ----------
    centre : pair of float
        The point, in the user's units, that lies at the origin of the grid.
    scale : float
        The length, in the user's units, that is 1 on the grid.

    Raises
    ------
    ValueError
        If the centre is no finite point, or the scale not above 0.

    Examples
    --------
    A plate of 200 mm by 100 mm, and one half as large:

    >>> large = [[0, 0], [200, 0], [200, 100], [0, 100]]
    >>> small = [[50, 25], [150, 25], [150, 75], [50, 75]]
    >>> frame = Frame.around([large, small])
    >>> frame.centre, round(frame.scale, 2)
    ((100.0, 50.0), 111.8)
    >>> frame.to_user(frame.to_grid(small)).tolist() == small
    True
    """

    centre: tuple[float, float]
    scale: float

    def __post_init__(self):
        centre = np.asarray(self.centre, dtype=float)
        if centre.shape != (2,) or not np.isfinite(centre).all():
            raise ValueError(f"expected the centre as a pair of finite numbers, got {self.centre}")
        object.__setattr__(self, "centre", tuple(centre.tolist()))
        object.__setattr__(self, "scale", float(require_positive("scale", self.scale)))

    @classmethod
    def around(cls, outlines, *, scale: float | None = None) -> "Frame":
        """Return one frame for one outline or many.

        The middle of the rectangle round all points becomes the origin. The point farthest from it
        comes to a distance of 1: the grid reaches 1.3 to each side, so no field is cut.

        Parameters
        ----------
        outlines : an outline, or a list of outlines
            Each as `Shape.from_points` takes it.
        scale : float, optional
            The length in the user's units that becomes 1, instead of that distance: outlines that
            lie anywhere in their files can have a frame each and one scale.
        """
        points = np.concatenate(list(_lines(outlines, "outlines")))
        centre = (points.min(axis=0) + points.max(axis=0)) / 2
        farthest = np.linalg.norm(points - centre, axis=1).max()
        return cls(tuple(centre), farthest if scale is None else scale)

    def to_grid(self, points):
        """Bring points (..., 2), or a list of lines, from the user's units to the grid's."""
        return _each(lambda line: (line - self.centre) / self.scale, points)

    def to_user(self, points):
        """Bring points (..., 2), or a list of lines, from the grid's units to the user's."""
        return _each(lambda line: line * self.scale + self.centre, points)


def require_frame(frame: Frame | None) -> Frame | None:
    """Return a frame, or none, or raise a TypeError that says where to get one."""
    if not isinstance(frame, Frame | None):
        raise TypeError(
            f"expected a Frame, got {type(frame).__name__}: take Frame.around(outlines), or the "
            "second of what Shape.from_points returns"
        )
    return frame


def _lines(outlines, name):
    """Yield the lines of an outline, or of a list of outlines."""
    if dimensions(outlines) > 2:
        for n, outline in enumerate(outlines):
            yield from _lines(outline, f"{name}[{n}]")
        return
    try:
        yield from as_loops(outlines)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None


def _each(change, points):
    if dimensions(points) == 3:
        return [_each(change, line) for line in points]
    array = as_array(points)
    if array.shape[-1:] != (2,):  # a number would become a point
        raise ValueError(
            f"expected points of shape (..., 2), got {array.shape}: to bring a length to the "
            "user's units, multiply it by the scale"
        )
    return change(array)
