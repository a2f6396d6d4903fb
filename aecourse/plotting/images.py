"""Grey images, drawn into the Axes that the caller gives: a grid, named rows, a walk, a plane."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .arrays import as_array, as_images


def image_grid(
    ax: Axes,
    images,
    *,
    n_columns: int | None = None,
    value_range: tuple[float, float] = (0, 1),
    extent: tuple[float, float, float, float] | None = None,
) -> Axes:
    """Draw grey images side by side: a mosaic of them in one Axes.

    Parameters
    ----------
    ax : Axes
    images : array of shape (n, height, width), (n, 1, height, width) or (n, side²)
        From left to right, then from top to bottom.
    n_columns : int, optional
        Images in a row; by default all of them.
    value_range : pair of float
        The values drawn white and black.
    extent : four floats, optional
        Left, right, bottom and top edge of the mosaic in the units of the axes. Without it the
        axes carry no ticks.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the array is none of these shapes, holds no image, or ``n_columns`` is below 1.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = image_grid(plt.figure().add_subplot(), np.zeros((6, 64)), n_columns=3)
    >>> ax.images[0].get_array().shape  # 2 rows of 3 images, 8×8 pixels, a margin of 1 between
    (17, 26)
    """
    images = as_images(images)
    n, height, width = images.shape
    if n_columns is not None and n_columns < 1:
        raise ValueError(f"expected n_columns from 1, got {n_columns}")
    n_columns = n if n_columns is None else min(n_columns, n)
    n_rows = -(-n // n_columns)
    gap = max(1, height // 16)
    canvas = np.full((n_rows, height + gap, n_columns, width + gap), np.nan)
    for index, image in enumerate(images):
        row, column = divmod(index, n_columns)
        canvas[row, :height, column, :width] = image
    canvas = canvas.reshape(n_rows * (height + gap), n_columns * (width + gap))[:-gap, :-gap]
    low, high = value_range
    ax.imshow(canvas, cmap="gray_r", vmin=low, vmax=high, extent=extent, interpolation="nearest")
    if extent is None:
        ax.set_axis_off()
    return ax


def image_rows(
    ax: Axes, rows: Mapping[str, Sequence], *, value_range: tuple[float, float] = (0, 1)
) -> Axes:
    """Draw rows of images below each other, each with its name: originals and reconstructions.

    Parameters
    ----------
    ax : Axes
    rows : mapping of str to array of shape (n, height, width) or (n, side²)
        A name and the images of that row; all rows hold equally many.
    value_range : pair of float
        The values drawn white and black.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a row holds more or fewer images than the first, or images of another size.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> rows = {"original": np.zeros((5, 64)), "decoded": np.ones((5, 64))}
    >>> ax = image_rows(plt.figure().add_subplot(), rows)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['original', 'decoded']
    """
    blocks = [as_images(images) for images in rows.values()]
    shapes = dict(zip(rows, (block.shape for block in blocks), strict=True))
    if len(set(shapes.values())) != 1:
        raise ValueError(f"expected equally many images of one size in each row, got {shapes}")
    n_columns, height, width = blocks[0].shape
    image_grid(
        ax,
        np.concatenate(blocks),
        n_columns=n_columns,
        value_range=value_range,
        extent=(0, n_columns, len(rows), 0),
    )
    ax.set_aspect(height / width)
    name_rows(ax, np.arange(len(rows)) + 0.5, list(rows))
    return ax


def name_rows(ax: Axes, heights: Sequence[float], names: Sequence[str]) -> None:
    """Write names beside rows that have neither ticks nor a frame."""
    ax.set_yticks(heights, labels=names)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def interpolation_strip(
    ax: Axes, rows: Mapping[str, Sequence], *, value_range: tuple[float, float] = (0, 1)
) -> Axes:
    """Draw walks from one image to another, one a row, above a scale from 0 to 1.

    Parameters
    ----------
    ax : Axes
    rows : mapping of str to array of shape (n_steps, height, width) or (n_steps, side²)
        As for `image_rows`; at least two steps.
    value_range : pair of float
        The values drawn white and black.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        As `image_rows` does.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = interpolation_strip(plt.figure().add_subplot(), {"linear": np.zeros((5, 64))})
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['0', '¼', '½', '¾', '1']
    """
    image_rows(ax, rows, value_range=value_range)
    n_steps = len(next(iter(rows.values())))
    quarters = np.linspace(0.5, n_steps - 0.5, 5)  # the middles of the first and the last image
    ax.set_xticks(quarters, labels=["0", "¼", "½", "¾", "1"])
    ax.set_xlabel("share of the way")
    return ax


def decoded_plane(
    ax: Axes, points, images, *, value_range: tuple[float, float] = (0, 1), n_ticks: int = 8
) -> Axes:
    """Draw what a grid of 2-D codes decodes to, as a map whose ticks name the codes.

    Each image is as large as the others, also where the steps of the grid are not equal.

    Parameters
    ----------
    ax : Axes
    points : array of shape (n_rows, n_columns, 2)
        Codes from the top row down, as `latent.grid` and `latent.prior_grid` give them.
    images : array of shape (n_rows · n_columns, height, width) or (n_rows · n_columns, side²)
        What they decode to, in the same order.
    value_range : pair of float
        The values drawn white and black.
    n_ticks : int
        At most so many codes are named along each axis, in equal steps from the first to the last.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the codes are no such grid, or there is not one image for each.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> points = np.stack(np.meshgrid([-1, 0, 1], [2, -2]), axis=-1)
    >>> ax = decoded_plane(plt.figure().add_subplot(), points, np.zeros((6, 64)))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['−1.0', '0.0', '1.0']
    """
    points, images = as_array(points), as_images(images)
    if points.ndim != 3 or points.shape[2] != 2 or len(images) != points.shape[0] * points.shape[1]:
        raise ValueError(
            "expected points of shape (n_rows, n_columns, 2) and an image for each, "
            f"got {points.shape} and {len(images)} images"
        )
    n_rows, n_columns, _ = points.shape
    extent = (-0.5, n_columns - 0.5, n_rows - 0.5, -0.5)
    image_grid(ax, images, n_columns=n_columns, value_range=value_range, extent=extent)
    ax.set_aspect(images.shape[1] / images.shape[2])
    for axis, values in ((ax.xaxis, points[0, :, 0]), (ax.yaxis, points[:, 0, 1])):
        last = len(values) - 1
        steps = (k for k in range(1, last + 1) if last % k == 0 and last // k < n_ticks)
        named = range(0, last + 1, next(steps, last + 1))
        labels = [f"{value:.1f}".replace("-", "−") for value in values[named]]
        axis.set_ticks(named, labels=labels)
    ax.tick_params(length=2)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return ax
