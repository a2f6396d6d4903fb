"""Pictures: arrays in, drawn into the Axes that the caller gives."""

from collections.abc import Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogFormatter


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
    images = _as_images(images)
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
    blocks = [_as_images(images) for images in rows.values()]
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
    ax.set_yticks(np.arange(len(rows)) + 0.5, labels=list(rows))
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def curves(
    ax: Axes,
    train: Mapping[str, Sequence[float]],
    validation: Mapping[str, Sequence[float]] | None = None,
    *,
    term: str = "loss",
    log: bool = True,
) -> Axes:
    """Draw one term of the loss against the epoch, in training and on held-out samples.

    Parameters
    ----------
    ax : Axes
    train, validation : mapping of str to sequence of float
        As a `History` holds them; an empty ``validation`` draws no second line.
    term : str
        Which of them to draw.
    log : bool
        Whether the vertical axis is logarithmic.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such term.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = curves(plt.figure().add_subplot(), {"loss": [4, 2]}, {"loss": [5, 3]})
    >>> [line.get_label() for line in ax.lines]
    ['training', 'held-out']
    """
    if term not in train:
        raise ValueError(f"expected one of the terms {list(train)}, got {term!r}")
    for label, history, style in (("training", train, "--"), ("held-out", validation or {}, "-")):
        if term in history:
            values = _as_array(history[term])
            ax.plot(np.arange(1, len(values) + 1), values, style, label=label)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(LogFormatter())  # 20, not 2 × 10¹
        ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))
    ax.set(xlabel="epoch", ylabel=f"{term.replace('_', ' ')} per sample")
    ax.legend()
    return ax


def scatter_codes(
    ax: Axes, codes, labels, *, label_name: str = "digit", colour_bar: bool = True
) -> Axes:
    """Draw 2-D codes as points coloured by class, with a colour bar.

    Ten colours are more than an eye keeps apart, so each class is also written at its median.

    Parameters
    ----------
    ax : Axes
    codes : array of shape (n_samples, 2)
    labels : array of int of shape (n_samples,)
        Class of each code.
    label_name : str
        Written along the colour bar.
    colour_bar : bool
        Whether to draw one; small plots side by side do without.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the codes are not two numbers each, there are none, or labels differ in number.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = scatter_codes(plt.figure().add_subplot(), np.random.rand(6, 2), [3, 3, 5, 5, 8, 8])
    >>> [text.get_text() for text in ax.texts]
    ['3', '5', '8']
    """
    codes, labels = _as_array(codes), _as_array(labels)
    if codes.ndim != 2 or codes.shape[1] != 2 or len(codes) == 0 or labels.shape != codes.shape[:1]:
        raise ValueError(
            "expected codes of shape (n_samples, 2) and one label for each, "
            f"got {codes.shape} and {labels.shape}"
        )
    classes, index = np.unique(labels, return_inverse=True)
    palette = "colorblind" if len(classes) <= 10 else "husl"  # the first has ten colours
    colours = ListedColormap(sns.color_palette(palette, len(classes)))
    norm = BoundaryNorm(np.arange(len(classes) + 1) - 0.5, len(classes))
    points = ax.scatter(*codes.T, c=index, cmap=colours, norm=norm, s=10, rasterized=True)
    if colour_bar:
        bar = ax.figure.colorbar(points, ax=ax, label=label_name)
        bar.set_ticks(np.arange(len(classes)), labels=classes)
        bar.ax.tick_params(length=0, which="both")
    for position, name in enumerate(classes):
        middle = np.median(codes[index == position], axis=0)
        outline = [withStroke(linewidth=3, foreground="white")]
        ax.text(*middle, name, ha="center", va="center", weight="bold", path_effects=outline)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return ax


def _as_array(values) -> np.ndarray:
    """Turn a tensor, on any device and with or without a gradient, or a sequence into an array."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def _as_images(images) -> np.ndarray:
    """Bring images to the shape (n, height, width)."""
    images = _as_array(images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    side = round(images.shape[-1] ** 0.5) if images.ndim == 2 else 0
    if images.ndim == 2 and side**2 == images.shape[1]:
        images = images.reshape(-1, side, side)
    if images.ndim != 3 or 0 in images.shape:
        raise ValueError(
            "expected images of shape (n, height, width), (n, 1, height, width) or (n, side²), "
            f"got {images.shape}"
        )
    return images
