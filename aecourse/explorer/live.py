"""What a notebook shows: a latent plane under the reader's hand, with all that it needs inside."""

import html
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..runtime import in_batches
from ..validation import require_labels, require_samples
from .compressing import compressed, error
from .drawing import pack_drawing
from .packing import decoder_layers, pack_layers, pack_rows, run, scaled
from .plane import pack_plane, plane_of
from .views import describe, still

SCRIPT = Path(__file__).parents[1] / "static" / "explorer.js"
STILL = "width: 100%; max-width: 25rem; image-rendering: pixelated"
GRID = 16  # codes a side, all over the plane, on which the page's decoder is measured
TOLERANCE = 0.02  # root mean square, as a share of the decoded values' spread


@dataclass(frozen=True, repr=False)
class Explorer:
    """HTML that a notebook shows; it asks no other file and no other host for anything.

    Attributes
    ----------
    html : str
    error : float
        How far that which the page decodes is from what PyTorch does: the root mean square
        difference all over the plane, as a share of the decoded values' spread.
    """

    html: str
    error: float

    def _repr_html_(self) -> str:
        return self.html


def latent_explorer(
    model: nn.Module,
    codes: Tensor,
    labels: Tensor | None = None,
    *,
    alt: str,
    view: str = "image",
    class_names: Sequence[str] | None = None,
    label_name: str = "sample",
    originals: Tensor | None = None,
    known: Mapping[str, Tensor] | None = None,
    reads: Mapping[str, tuple[Tensor, float]] | None = None,
    draw: tuple[str, Tensor] | None = None,
    scale: float = 1.0,
    shift: Tensor | float = 0.0,
    value_range: tuple[float, float] | None = None,
    x: Tensor | None = None,
    axes: tuple[str, str] = ("x", "decoded"),
    n_points: int = 2000,
) -> Explorer:
    """Let the reader drag a point through a latent plane and see at once what it decodes to.

    The decoder runs in the page, with rounded weights. Where no script runs, a grid of decoded
    codes stands in its place.

    Parameters
    ----------
    model : nn.Module
        With a code of two numbers, and a decoder as `packing.decoder_layers` takes it.
    codes : Tensor of shape (n_codes, 2)
        Encoded data, best held out. They are shown, and decide how far the plane reaches: over 98 %
        of their range on each axis, and a margin.
    labels : Tensor of int of shape (n_codes,), optional
        Class of each code, for the colours.
    alt : str
        What is to be seen, for those who cannot see it.
    view : {"image", "curve", "outline"}
        How to draw what is decoded: as a grey image, a curve, or the line where a field is zero,
        with its area, perimeter and isoperimetric quotient.
    class_names : sequence of str, optional
        Of the classes from 0; by default their numbers.
    label_name : str
        What one sample is called in the text.
    originals : Tensor of shape (n_codes, ...), optional
        The samples behind the codes, for an image or a curve: the one nearest to the point is shown
        beside what it decodes to.
    known : mapping of str to Tensor of shape (n_codes,), optional
        Numbers known of each sample: those of the nearest one are shown.
    reads : mapping of str to (Tensor of shape (n_values,), float), optional
        Numbers to read from the decoded values, each by weights for these and a constant.
    draw : pair of {"mnist", "digits"} and Tensor of shape (n_samples, ...), optional
        For images of digits. Lets the reader draw one on a pad: the page centres and scales it as
        the pictures of this data set are (`drawing` says how), encodes it and moves the point
        there. The samples, best held out, show how well it encodes; some can be put onto the pad.
    scale : float
    shift : float or Tensor of shape (n_values,)
        Shown is shift + scale · decoded.
    value_range : pair of float, optional
        For an image the values drawn white and black, by default 0 and 1; for a curve the ends of
        the axis.
    x : Tensor of shape (n_values,), optional
        Where the values of a curve lie.
    axes : pair of str
        Names of a curve's axes.
    n_points : int
        At most so many codes are kept.

    Returns
    -------
    Explorer
        An object that a notebook shows.

    Raises
    ------
    TypeError
        As `packing.decoder_layers` does.
    ValueError
        If the codes are not two numbers each or do not differ, something does not belong to them,
        ``alt`` is empty, or the page would decode something else than the model.

    Examples
    --------
    >>> from aecourse.models import DenseAutoencoder
    >>> model, codes = DenseAutoencoder((64, 16, 2)), torch.randn(50, 2)
    >>> explorer = latent_explorer(model, codes, alt="A latent plane.")
    >>> explorer.error < 0.02
    True
    """
    if not alt.strip():
        raise ValueError("expected a description in alt, got none")
    plane = plane_of(codes, n_points)
    if labels is not None:
        labels = require_labels("labels", labels, len(codes)).cpu()
    layers = decoder_layers(model)
    if scale != 1 or torch.as_tensor(shift).any():
        layers = scaled(layers, scale, shift)

    def decode(z: Tensor) -> Tensor:
        by = model.decode if hasattr(model, "decode") else model.decoder
        return shift + scale * in_batches(by, model, z)

    where = torch.cat([plane.grid(GRID).flatten(0, 1), plane.points[: GRID**2]])
    decoded = decode(where)
    of_data = decoded[GRID**2 :].numpy()  # parts of the grid may be far from any data
    drawn = describe(view, of_data, value_range=value_range, x=x, axes=axes)
    exact = decoded.double().flatten(1)
    if not error(run(layers, where), exact) < 1e-3:
        raise ValueError("expected model.decode to compute what its decoder does, it differs")
    small = compressed(layers, where, tolerance=TOLERANCE, rows=drawn.get("side"))
    off = error(run(small, where), exact)

    contents = {
        "alt": alt,
        "sample": label_name,
        "plane": pack_plane(plane, labels, class_names),
        "decoder": pack_layers(small),
        "proof": pack_rows(run(small, plane.points[:1]), 2),  # what the first point decodes to
        "view": drawn,
        "note": "Decoded in this page, with rounded weights: within "
        f"{_up(off):.1%} of what PyTorch decodes.",
    }
    n_values = exact.shape[1]
    if originals is not None:
        if view == "outline":
            raise ValueError("expected no originals for outlines: a page cannot hold the fields")
        originals = _of_each("originals", originals, len(codes), n_values)
        contents["originals"] = pack_rows(originals[plane.kept])
    if known is not None:
        rows = [_of_each(name, values, len(codes))[plane.kept, 0] for name, values in known.items()]
        contents["known"] = dict(zip(known, map(_short, rows), strict=True))
    if reads is not None:
        rows = [_of_each(name, weights[None], 1, n_values) for name, (weights, _) in reads.items()]
        contents["reads"] = {"names": list(reads), "weights": pack_rows(torch.cat(rows), 2)}
        contents["reads"]["constants"] = [float(constant) for _, constant in reads.values()]
    if draw is not None:
        if view != "image":
            raise ValueError(f"expected to draw with images only, got the view {view!r}")
        contents["drawing"], encoder_off = pack_drawing(model, *draw, tolerance=TOLERANCE)
        if contents["drawing"]["samples"]["columns"] != n_values:
            raise ValueError(f"expected samples to draw of {n_values} pixels, as decoded")
        contents["note"] += f" A drawing is encoded within {_up(encoder_off):.1%}."
    picture = still(decode(plane.grid(10).flatten(0, 1)).numpy(), drawn)
    return Explorer(page(contents, alt, picture), off)


def _of_each(name: str, values: Tensor, n: int, n_values: int = 1) -> Tensor:
    """Return something known of each sample as rows, or raise a ValueError that names it."""
    rows = require_samples(name, values).cpu().reshape(len(values), -1)
    if rows.shape != (n, n_values):
        wanted = f"({n}, {n_values})" if n_values > 1 else f"({n},)"
        raise ValueError(f"expected {name} of shape {wanted}, got {tuple(values.shape)}")
    return rows


def _short(values: Tensor) -> list[float]:
    """Write numbers with four digits, for a table."""
    return [float(f"{value:.4g}") for value in values.tolist()]


def _up(share: float) -> float:
    """Round up to a tenth of a per cent."""
    return math.ceil(1000 * share) / 1000


def page(contents: dict, alt: str, still: str, element: str = "ae-explorer") -> str:
    """Write an element with its contents, the still picture inside, and the script once more.

    The script defines the elements unless they are known already, so a page may hold it many times.
    """
    data, alt = html.escape(json.dumps(contents)), html.escape(alt)
    script = SCRIPT.read_text(encoding="utf-8")
    return (
        f'<{element} data-contents="{data}">'
        f'<img src="{still}" alt="{alt}" style="{STILL}"></{element}>\n'
        f'<script data-script="explorer">\n{script}</script>'
    )
