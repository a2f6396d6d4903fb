"""Charts, drawn into the Axes that the caller gives: losses, codes, rate and distortion."""

from collections.abc import Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogFormatter

from .arrays import as_array


class PlainLog(LogFormatter):
    """Write 0.02 and 20 beside a logarithmic axis: neither 2e−02 nor 2 × 10¹."""

    def __call__(self, value, position=None) -> str:  # noqa: D102 - as in every formatter
        return super().__call__(value, position) and f"{value:g}".replace("-", "−")


def curves(
    ax: Axes,
    train: Mapping[str, Sequence[float]],
    held_out: Mapping[str, Sequence[float]] | None = None,
    *,
    term: str = "loss",
    log: bool = True,
) -> Axes:
    """Draw one term of the loss against the epoch, in training and on held-out samples.

    Parameters
    ----------
    ax : Axes
    train, held_out : mapping of str to sequence of float
        As a `History` holds them; an empty ``held_out`` draws no second line.
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
    for label, history, style in (("training", train, "--"), ("held-out", held_out or {}, "-")):
        if term in history:
            values = as_array(history[term])
            ax.plot(np.arange(1, len(values) + 1), values, style, label=label)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(PlainLog())
        ax.yaxis.set_minor_formatter(PlainLog(minor_thresholds=(2, 0.5)))
    ax.set(xlabel="epoch", ylabel=f"{term.replace('_', ' ')} per sample")
    ax.legend()
    return ax


def scatter_codes(
    ax: Axes,
    codes,
    labels,
    *,
    label_name: str = "digit",
    colour_bar: bool = True,
    class_names: bool = True,
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
    class_names : bool
        Whether to write each class at the median of its codes.

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
    codes, labels = as_array(codes), as_array(labels)
    if codes.ndim != 2 or codes.shape[1] != 2 or len(codes) == 0 or labels.shape != codes.shape[:1]:
        raise ValueError(
            "expected codes of shape (n_samples, 2) and one label for each, "
            f"got {codes.shape} and {labels.shape}"
        )
    classes, index = np.unique(labels, return_inverse=True)
    colours = ListedColormap(class_colours(len(classes)))
    norm = BoundaryNorm(np.arange(len(classes) + 1) - 0.5, len(classes))
    points = ax.scatter(*codes.T, c=index, cmap=colours, norm=norm, s=10, rasterized=True)
    if colour_bar:
        bar = ax.figure.colorbar(points, ax=ax, label=label_name)
        bar.set_ticks(np.arange(len(classes)), labels=classes)
        bar.ax.tick_params(length=0, which="both")
    for position, name in enumerate(classes if class_names else ()):
        middle = np.median(codes[index == position], axis=0)
        outline = [withStroke(linewidth=3, foreground="white")]
        style = {"ha": "center", "va": "center", "weight": "bold", "clip_on": True}
        ax.text(*middle, name, path_effects=outline, **style)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return ax


def class_colours(n_classes: int) -> list[str]:
    """Return a colour for each class, as "#rrggbb": safe for the colour-blind, up to ten of them.

    Examples
    --------
    >>> class_colours(2)
    ['#0173b2', '#de8f05']
    """
    palette = "colorblind" if n_classes <= 10 else "husl"  # the first has ten colours
    return sns.color_palette(palette, n_classes).as_hex()


def rate_distortion(
    ax: Axes, rates: Sequence[float], distortions: Sequence[float], labels: Sequence[str]
) -> Axes:
    """Draw models by what their codes carry (rate) and what is lost (distortion).

    Along a thin dashed line the sum of both, the negative ELBO, stays the same.

    Parameters
    ----------
    ax : Axes
    rates, distortions : sequence of float
        KL divergence and reconstruction term of each model, in nats per sample.
    labels : sequence of str
        Written beside each point.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the three differ in length, or are empty.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = rate_distortion(plt.figure().add_subplot(), [9, 25], [95, 78], ["β = 4", "β = 1"])
    >>> ax.get_xlabel()
    'rate: KL divergence (nats)'
    """
    rates, distortions = as_array(rates), as_array(distortions)
    if rates.ndim != 1 or rates.shape != distortions.shape or not 0 < len(rates) == len(labels):
        raise ValueError(
            "expected one rate, one distortion and one label for each model, "
            f"got shapes {rates.shape}, {distortions.shape} and {len(labels)} labels"
        )
    for rate, distortion, label in zip(rates, distortions, labels, strict=True):
        ax.axline((rate, distortion), slope=-1, color="0.8", linestyle="--", linewidth=0.8)
        ax.annotate(label, (rate, distortion), (7, 5), textcoords="offset points")
    order = np.argsort(rates)
    ax.plot(rates[order], distortions[order], "o-")
    ax.margins(0.2)
    ax.set(xlabel="rate: KL divergence (nats)", ylabel="distortion: reconstruction (nats)")
    return ax
