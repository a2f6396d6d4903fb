"""The ways to show what is decoded: what a page is told of each, and a still picture of each."""

import base64
import io
from collections.abc import Callable

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.image import imsave

from ..plotting.arrays import as_images
from ..shapes import EXTENT, pixels
from ..validation import as_tensor, require_positive

GREYS = 15  # steps from white to black of a still picture: enough for a look, and half the bytes


def describe(
    kind: str, decoded: np.ndarray, *, value_range=None, logarithms=False, x=None, axes=("", "")
) -> dict:
    """Say of decoded values what a view needs to draw them; settings as of `latent_explorer`.

    Parameters
    ----------
    kind : {"image", "curve", "outline"}
    decoded : array of shape (n, ...)
        As the model decodes them.

    Raises
    ------
    ValueError
        If the view is unknown, or the values have another shape than it draws, or logarithms are
        not those of a curve, or a range is none.
    """
    if kind not in STILLS:
        raise ValueError(f"expected a view among {list(STILLS)}, got {kind!r}")
    if logarithms and kind != "curve":
        raise ValueError(f"expected logarithms for a curve only, got the view {kind!r}")
    view = {"kind": kind}
    if kind == "image":
        _, height, width = as_images(decoded[:1]).shape
        ends = _range((0, 1) if value_range is None else value_range)
        return view | {"height": height, "width": width, "range": ends}
    if kind == "outline":
        if decoded.ndim != 3 or decoded.shape[1] != decoded.shape[2]:
            raise ValueError(f"expected fields of shape (n, side, side), got {decoded.shape}")
        return view | {"side": decoded.shape[1], "extent": EXTENT}
    if decoded.ndim != 2:
        raise ValueError(f"expected curves of shape (n, n_values), got {decoded.shape}")
    x = torch.arange(decoded.shape[1]) if x is None else as_tensor("x", x)
    if x.shape != decoded.shape[1:]:
        raise ValueError(f"expected an x for each of {decoded.shape[1]} values, got {(*x.shape,)}")
    if not x.isfinite().all():
        raise ValueError("expected finite numbers in x, got NaN or infinity")
    decoded = np.exp(decoded) if logarithms else decoded
    ends = _range((decoded.min(), decoded.max()) if value_range is None else value_range)
    view |= {"x": x.tolist(), "range": ends, "axes": list(axes)}
    return view | {"logarithms": logarithms}


def outline_settings(kind: str, *, buildable=None, housing=None, polygons=None) -> dict:
    """Return what only an outline is told more; settings as of `latent_explorer`.

    Raises
    ------
    ValueError
        If the view is another one, a setting is out of range, or there are both a housing, which
        enlarges what is drawn, and polygons.
    """
    given = [setting for setting in (buildable, housing, polygons) if setting is not None]
    if given and kind != "outline":
        raise ValueError(f"expected buildable, housing and polygons with outlines, got {kind!r}")
    if housing is not None and polygons is not None:
        raise ValueError("expected a housing or polygons, got both: one is drawn at another size")
    told = {}
    if buildable is not None:
        told["buildable"] = {"minimum_width": 0.0} | dict(buildable)
        if set(told["buildable"]) != {"minimum_area", "minimum_width"}:
            raise ValueError(f"expected minimum_area and minimum_width, got {list(buildable)}")
        for name, value in told["buildable"].items():
            require_positive(name, value, or_zero=True)
    if housing is not None:
        area, radius = housing
        told["housing"] = {
            "area": require_positive("the area in a housing", area),
            "radius": require_positive("the radius of a housing", radius),
        }
    return told


def still(decoded: np.ndarray, view: dict) -> str:
    """Draw a square of decoded values, as the address of a picture that holds the picture itself.

    Parameters
    ----------
    decoded : array of shape (n², ...)
        From the top row down.
    view : dict
        As `describe` returns it.
    """
    return address_of(lambda file: STILLS[view["kind"]](file, decoded, view))


def address_of(write: Callable[[io.BytesIO], object]) -> str:
    """Return an address that holds the PNG which a function writes into a file."""
    file = io.BytesIO()
    write(file)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _range(ends) -> list[float]:
    ends = as_tensor("value_range", ends)
    if ends.shape != (2,) or not ends.isfinite().all() or ends[0] == ends[1]:
        raise ValueError(
            f"expected value_range as two finite numbers that differ, got {ends.tolist()}"
        )
    return ends.double().tolist()


def _images(file, decoded, view):
    images = decoded.reshape(len(decoded), view["height"], view["width"])
    low, high = view["range"]
    _mosaic(file, (images - low) / (high - low))


def _outlines(file, decoded, view):
    step = -(-view["side"] // 48)  # enough for a look
    _mosaic(file, pixels(torch.from_numpy(decoded[:, ::-step, ::step].copy())).numpy())


def _curves(file, decoded, view):
    decoded = np.exp(decoded) if view["logarithms"] else decoded
    low, high = view["range"]
    rows, columns = np.divmod(np.arange(len(decoded)), _side(decoded))
    places = np.linspace(0, 0.9, decoded.shape[1])
    heights = 0.9 * ((decoded - low) / (high - low)).clip(0, 1) - rows[:, None]
    figure = Figure(figsize=(4, 4), dpi=80, facecolor="white", layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.plot((columns[:, None] + places).T, heights.T, linewidth=1, color="#0173b2")
    ax.set_axis_off()
    figure.savefig(file, dpi="figure", pil_kwargs={"optimize": True})


def _mosaic(file, images):
    """Write a square of pictures, white where 0 and black where 1."""
    square = np.vstack([np.hstack(list(row)) for row in np.split(images, _side(images))])
    imsave(file, np.rint(GREYS * square), cmap="gray_r", vmin=0, vmax=GREYS, format="png")


def _side(decoded):
    return round(len(decoded) ** 0.5)


STILLS = {"image": _images, "curve": _curves, "outline": _outlines}
