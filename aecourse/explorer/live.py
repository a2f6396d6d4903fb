"""What a notebook shows: a latent plane under the reader's hand, with all that it needs inside."""

import html
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..plotting.arrays import as_images
from ..runtime import in_batches
from ..validation import require_labels, require_samples
from .packing import compressed, decoder_layers, error, pack_layers, pack_rows, run
from .plane import pack_plane, plane_of
from .still import still_images

SCRIPT = Path(__file__).parents[1] / "static" / "explorer.js"
STILL = "width: 100%; max-width: 25rem; image-rendering: pixelated"
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
    class_names: Sequence[str] | None = None,
    label_name: str = "digit",
    originals: Tensor | None = None,
    value_range: tuple[float, float] = (0, 1),
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
    class_names : sequence of str, optional
        Of the classes from 0; by default their numbers.
    label_name : str
        What one sample is called in the text below the plane.
    originals : Tensor of shape (n_codes, ...), optional
        The samples behind the codes: the one nearest to the point is shown beside what it decodes
        to.
    value_range : pair of float
        The values drawn white and black.
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
        If the codes are not two numbers each or do not differ, labels or originals do not belong
        to them, ``alt`` is empty, or the page would decode something else than the model.

    Examples
    --------
    >>> from aecourse.models import DenseAutoencoder
    >>> model, codes = DenseAutoencoder((64, 16, 2)), torch.randn(50, 2)
    >>> explorer = latent_explorer(model, codes, alt="A latent plane.")
    >>> explorer.error < 0.02
    True
    """
    plane = plane_of(codes, n_points)
    if labels is not None:
        labels = require_labels("labels", labels, len(codes)).cpu()
    if not alt.strip():
        raise ValueError("expected a description in alt, got none")

    layers = decoder_layers(model)
    decode = getattr(model, "decode", model.decoder)
    where = torch.cat([plane.grid(32).flatten(0, 1), plane.points])
    images = as_images(in_batches(decode, model, where))
    exact = torch.from_numpy(images).double().flatten(1)
    if not error(run(layers, where), exact) < 1e-3:
        raise ValueError("expected model.decode to compute what its decoder does, it differs")
    small = compressed(layers, where, tolerance=TOLERANCE)
    off = error(run(small, where), exact)

    view = {"kind": "image", "height": images.shape[1], "width": images.shape[2]}
    view["range"] = list(value_range)
    if originals is not None:
        originals = require_samples("originals", originals).cpu().flatten(1)
        if originals.shape != (len(codes), exact.shape[1]):
            raise ValueError(
                f"expected originals of shape ({len(codes)}, {exact.shape[1]}), one for each code, "
                f"got {(*originals.shape,)}"
            )
        view["originals"] = pack_rows(originals[plane.kept])
    contents = {
        "alt": alt,
        "sample": label_name,
        "plane": pack_plane(plane, labels, class_names),
        "decoder": pack_layers(small),
        "proof": {"values": pack_rows(run(small, plane.points[:1]), 2)},  # at the first point
        "view": view,
        "note": "Decoded in this page, with rounded weights: within "
        f"{math.ceil(1000 * off) / 1000:.1%} of what PyTorch decodes.",
    }
    grid = in_batches(decode, model, plane.grid(10).flatten(0, 1))
    still = still_images(grid, value_range=value_range)
    return Explorer(_page(contents, alt, still), off)


def _page(contents: dict, alt: str, still: str) -> str:
    """Write the element with its contents, the still picture inside, and the script once more.

    The script defines the element unless it is known already, so a page may hold it many times.
    """
    data, alt = html.escape(json.dumps(contents)), html.escape(alt)
    script = SCRIPT.read_text(encoding="utf-8")
    return (
        f'<ae-explorer data-contents="{data}">'
        f'<img src="{still}" alt="{alt}" style="{STILL}"></ae-explorer>\n'
        f'<script data-script="explorer">\n{script}</script>'
    )
