"""Outlines of shapes, drawn into the Axes that the caller gives."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from .images import name_rows


def outline(
    ax: Axes,
    lines: Sequence[np.ndarray],
    *,
    centre: tuple[float, float] = (0, 0),
    scale: float = 1.0,
    **style,
) -> Axes:
    """Draw one shape, from the closed lines around it and around its holes.

    Parameters
    ----------
    ax : Axes
    lines : sequence of array of shape (n_points, 2)
        As `shapes.outlines` gives them.
    centre : pair of float
        Where the shape's origin goes.
    scale : float
        By which the shape is enlarged.
    **style
        Of a Matplotlib patch; by default filled lightly.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no line, or one is no list of points.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> triangle = np.array([[0, 0], [1, 0], [0, 1], [0, 0]])
    >>> ax = outline(plt.figure().add_subplot(), [triangle], centre=(5, 5))
    >>> len(ax.patches)
    1
    """
    found = [np.shape(line) for line in lines]
    if not found or any(len(shape) != 2 or shape[1] != 2 for shape in found):
        raise ValueError(f"expected lines of shape (n_points, 2), got {found}")
    paths = [Path(np.asarray(line) * scale + centre, closed=True) for line in lines]
    style = {"facecolor": "#0173b244", "edgecolor": "#0173b2", "linewidth": 0.8} | style
    ax.add_patch(PathPatch(Path.make_compound_path(*paths), **style))
    ax.autoscale_view()
    return ax


def outline_rows(
    ax: Axes, rows: Mapping[str, Sequence[Sequence[np.ndarray]]], *, size: float = 2.4, **style
) -> Axes:
    """Draw rows of shapes below each other, each with its name.

    Parameters
    ----------
    ax : Axes
    rows : mapping of str to sequence of shapes
        A name and the shapes of that row, each a list of lines as for `outline`.
    size : float
        Width of the place for one shape, in the shapes' own units.
    **style
        As for `outline`.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no row, or as `outline` does.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> square = [np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])]
    >>> ax = outline_rows(plt.figure().add_subplot(), {"a": [square] * 3, "b": [square] * 3})
    >>> len(ax.patches), [label.get_text() for label in ax.get_yticklabels()]
    (6, ['a', 'b'])
    """
    if not rows:
        raise ValueError("expected at least one row of shapes, got none")
    for row, shapes in enumerate(rows.values()):
        for column, lines in enumerate(shapes):
            outline(ax, lines, centre=(size * column, -size * row), **style)
    n_columns = max(len(shapes) for shapes in rows.values())
    ax.set(xlim=(-size / 2, size * (n_columns - 0.5)), ylim=(-size * (len(rows) - 0.5), size / 2))
    name_rows(ax, -size * np.arange(len(rows)), list(rows))
    ax.set_aspect("equal")
    return ax
