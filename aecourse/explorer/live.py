"""What a notebook shows: a latent plane under the reader's hand, with all that it needs inside."""

import html
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..design import Guard
from ..files import written_whole
from ..models import ConditionalVAE
from ..runtime import in_batches
from ..validation import as_tensor, require_alt, require_codes, require_labels, require_samples
from .compressing import compressed, error
from .drawing import pack_drawing
from .packing import (
    decoder_layers,
    four_digits,
    pack_greys,
    pack_layers,
    pack_rows,
    run,
    scaled,
)
from .plane import pack_plane, plane_of
from .polygons import pack_polygons
from .searching import map_ends, pack_guard, pack_objective, pack_paths, path_codes
from .views import describe, outline_settings, still

SCRIPT = Path(__file__).parents[1] / "static" / "explorer.js"
STILL = "width: 100%; max-width: 25rem; image-rendering: pixelated"
GRID = 16  # codes a side, all over the plane, on which the page's decoder is measured
PAGE_STYLE = (
    ":root { color-scheme: light dark } "
    "body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; font-family: sans-serif }"
)
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

    def save(self, path: str | Path, *, title: str, lang: str = "en") -> None:
        """Write a page that holds the explorer and nothing else, for a browser or an ``<iframe>``.

        The file is written under another name first, and takes its own when it is whole.

        Parameters
        ----------
        path : str or Path
            Ends in ``.html``.
        title : str
            Stands in the tab of the browser and above the explorer.
        lang : str
            The language of the title and of what the explorer describes, as HTML names it.

        Raises
        ------
        OSError
            If the file cannot be written.
        ValueError
            If the name has another ending, or the title or the language is empty.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"expected a file that ends in .html, got {path}")
        for name, text in {"title": title, "lang": lang}.items():
            if not text.strip():
                raise ValueError(f"expected a {name}, got none")
        title, lang = html.escape(title), html.escape(lang)
        with written_whole(path) as temporary:
            temporary.write_text(
                f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
                '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f"<title>{title}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n"
                f"<body>\n<h1>{title}</h1>\n{self.html}\n</body>\n</html>\n",
                encoding="utf-8",
            )


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
    logarithms: bool = False,
    x: Tensor | None = None,
    axes: tuple[str, str] = ("x", "decoded"),
    n_points: int = 2000,
    buildable: Mapping[str, float] | None = None,
    housing: tuple[float, float] | None = None,
    guard: Guard | None = None,
    objective: tuple[Tensor, Tensor] | None = None,
    paths: Mapping[str, tuple[Tensor, Tensor]] | None = None,
    polygons: Mapping[str, Tensor] | None = None,
) -> Explorer:
    """Let the reader drag a point through a latent plane and see at once what it decodes to.

    The decoder runs in the page, with rounded weights. Where no script runs, a grid of decoded
    codes stands in its place. The first two numbers of a code span the plane, each other one has a
    slider. With a `ConditionalVAE` the reader also chooses the class, among pictures of the same
    code decoded as each of them; what is said of the nearest code is then said of that class.

    Parameters
    ----------
    model : nn.Module
        With a code of two to eight numbers, and a decoder of linear layers and activations, as
        most of `aecourse.models` have it, or that of a `ConditionalVAE`.
    codes : Tensor of shape (n_codes, n_latent)
        Encoded data, best held out. They are shown, and decide how far the plane reaches: over 98 %
        of their range on each axis, and a margin.
    labels : Tensor of int of shape (n_codes,), optional
        Class of each code, for the colours. A `ConditionalVAE` needs it.
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
        beside what it decodes to; an image in 16 greys.
    known : mapping of str to Tensor of shape (n_codes,), optional
        Numbers known of each sample: those of the nearest one are shown.
    reads : mapping of str to (Tensor of shape (n_values,), float), optional
        Numbers to read from the decoded values, each by weights for these and a constant.
    draw : pair of {"mnist", "digits"} and Tensor of shape (n_samples, ...), optional
        For images of digits. Lets the reader draw one on a pad: the page centres and scales it as
        the pictures of this data set are, encodes it and moves the point
        there. The samples, best held out, show how well it encodes; some can be put onto the pad.
    scale : float
    shift : float or Tensor of shape (n_values,)
        Shown is shift + scale · decoded.
    value_range : pair of float, optional
        For an image the values drawn white and black, by default 0 and 1; for a curve the ends of
        the axis.
    logarithms : bool
        For a curve: the values are natural logarithms, and their exponentials are drawn.
    x : Tensor of shape (n_values,), optional
        Where the values of a curve lie.
    axes : pair of str
        Names of a curve's axes.
    n_points : int
        At most so many codes are kept.
    buildable : mapping of str to float, optional
        Settings of `shapes.buildable`: an outline is said to pass it or not.
    housing : pair of float, optional
        An area and a radius: outlines are drawn and measured at this area, in a circle of this
        radius about the origin, and it is said whether they fit.
    guard : Guard, optional
        It is said whether the point is near the data, and passes the guard.
    objective : (Tensor of shape (n_rows, n_columns), array of shape (2, 2)), optional
        A map that lies beneath the points: values at the nodes of a raster, NaN where there is
        none, and the ends of each number of the code. The first row has the lowest second number.
    paths : mapping of str to (Tensor of shape (n, 2), Tensor of shape (n,)), optional
        Searches to step through: the codes that each asked for, in order, and their values.
    polygons : mapping of str to Tensor of shape (n_corners, 2), optional
        Polygons whose corners the reader drags, beside what a `ShapeVAE` makes of them. It encodes
        them in the page.

    Returns
    -------
    Explorer
        An object that a notebook shows.

    Raises
    ------
    TypeError
        If the decoder has a layer of another kind, another model than a ShapeVAE has polygons, the
        guard is none, or a path is no pair.
    ValueError
        If the codes are not the model's or do not differ, something does not belong to them, a
        class to choose has none, ``alt`` is empty, the model decodes NaN, or the page would compute
        something else than the model.

    Examples
    --------
    >>> from aecourse.models import DenseAutoencoder
    >>> model, codes = DenseAutoencoder((64, 16, 2)), torch.randn(50, 2)
    >>> explorer = latent_explorer(model, codes, alt="A latent plane.")
    >>> explorer.error < 0.02
    True
    """
    require_alt(alt)
    layers = decoder_layers(model)
    n_classes = model.n_classes if isinstance(model, ConditionalVAE) else 0
    codes = require_codes("codes", codes, layers[0].weight.shape[1] - n_classes)
    reach = [] if objective is None else [map_ends(objective)]
    plane = plane_of(codes, n_points, reach if paths is None else [*reach, *path_codes(paths)])
    if labels is not None:
        labels = require_labels("labels", labels, len(codes), n_classes or None).cpu()
    elif n_classes:
        raise ValueError(f"expected labels: a {type(model).__name__} decodes a code with its label")
    shift = as_tensor("shift", shift).detach().cpu()
    if scale != 1 or shift.any():
        layers = scaled(layers, scale, shift)

    def decode(z: Tensor) -> Tensor:
        by = model.decode if hasattr(model, "decode") else model.decoder
        given = [z[:, -n_classes:].argmax(dim=1)] if n_classes else []
        return shift + scale * in_batches(by, model, z[:, : codes.shape[1]], *given)

    all_over, shown = plane.all_over(GRID**2), plane.points
    examples = plane.grid(10).flatten(0, 1)
    if n_classes:
        own = labels[plane.kept]
        if (counts := own.bincount(minlength=n_classes)).min() < 2:
            raise ValueError(f"expected two codes or more of each class, got {counts.tolist()}")
        examples = _with_each_label(plane.points[:n_classes], n_classes)
        all_over = _with_each_label(all_over, n_classes)
        shown = _with_labels(shown, own, n_classes)
    where = torch.cat([all_over, shown[: GRID**2]])
    decoded = require_samples("what the model decodes", decode(where))
    of_data = decoded[len(all_over) :].numpy()  # parts of the grid may be far from any data
    settings = {"value_range": value_range, "logarithms": logarithms, "x": x, "axes": axes}
    drawn = describe(view, of_data, **settings)
    drawn |= outline_settings(view, buildable=buildable, housing=housing, polygons=polygons)
    exact = decoded.double().flatten(1)
    if not error(run(layers, where), exact) < 1e-3:
        raise ValueError("expected model.decode to compute what its decoder does, it differs")
    small = compressed(layers, where, tolerance=TOLERANCE, rows=drawn.get("side"))
    off = error(run(small, where), exact)

    contents = {
        "sample": label_name,
        "plane": pack_plane(plane, labels, class_names, choose=n_classes > 0),
        "decoder": pack_layers(small),
        "proof": pack_rows(run(small, shown[:1]), 2),  # what the first point decodes to
        "view": drawn,
        "note": "Decoded in this page, with rounded weights: within "
        f"{_above(off)} of what PyTorch decodes.",
    }
    n_values = exact.shape[1]
    if originals is not None:
        if view == "outline":
            raise ValueError("expected no originals for outlines: a page cannot hold the fields")
        originals = _of_each("originals", originals, len(codes), n_values)[plane.kept]
        greys = view == "image"
        contents["originals"] = (
            pack_greys(originals, *drawn["range"]) if greys else pack_rows(originals, 2)
        )
    if known is not None:
        known = {name: as_tensor(name, values).cpu().double() for name, values in known.items()}
        rows = [_of_each(name, values, len(codes))[plane.kept, 0] for name, values in known.items()]
        contents["known"] = {
            name: four_digits(row.tolist()) for name, row in zip(known, rows, strict=True)
        }
    if reads is not None:
        rows = [_of_each(name, weights[None], 1, n_values) for name, (weights, _) in reads.items()]
        contents["reads"] = {"names": list(reads), "weights": pack_rows(torch.cat(rows), 2)}
        contents["reads"]["constants"] = [float(constant) for _, constant in reads.values()]
    if guard is not None:
        contents["guard"] = pack_guard(guard, codes.shape[1])
    if objective is not None:
        contents["objective"] = pack_objective(objective)
    if paths is not None:
        contents["paths"] = pack_paths(paths)
    if polygons is not None:
        contents["polygons"], of_codes = pack_polygons(
            model, polygons, decoded, tolerance=TOLERANCE
        )
        contents["note"] += f" Encoded here, too: codes within {_above(of_codes)} of PyTorch's."
    if draw is not None:
        if view != "image":
            raise ValueError(f"expected to draw with images only, got the view {view!r}")
        contents["drawing"], encoder_off = pack_drawing(model, *draw, tolerance=TOLERANCE)
        if contents["drawing"]["samples"]["columns"] != n_values:
            raise ValueError(f"expected samples to draw of {n_values} pixels, as decoded")
        contents["note"] += f" A drawing is encoded within {_above(encoder_off)}."
    picture = still(decode(examples).numpy(), drawn)
    return Explorer(page(contents, alt, picture), off)


def _with_labels(codes: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """Put the one-hot vector of its label behind each code."""
    return torch.cat([codes, functional.one_hot(labels, n_classes)], dim=1)


def _with_each_label(codes: Tensor, n_classes: int) -> Tensor:
    """Put each label behind all codes, one label after the other."""
    labels = torch.arange(n_classes).repeat_interleave(len(codes))
    return _with_labels(codes.repeat(n_classes, 1), labels, n_classes)


def _of_each(name: str, values: Tensor, n: int, n_values: int = 1) -> Tensor:
    """Return something known of each sample as rows, or raise a ValueError that names it."""
    rows = require_samples(name, values).cpu().reshape(len(values), -1)
    if rows.shape != (n, n_values):
        wanted = f"({n}, {n_values})" if n_values > 1 else f"({n},)"
        raise ValueError(f"expected {name} of shape {wanted}, got {tuple(values.shape)}")
    return rows


def _above(share: float) -> str:
    """Write a share in per cent, rounded up."""
    return f"{math.ceil(1000 * share) / 1000:.1%}"


def page(
    contents: dict,
    alt: str,
    still: str,
    element: str = "ae-explorer",
    scripts: Sequence[str] = ("explorer",),
) -> str:
    """Write an element with its contents, the still picture inside, and the scripts once more.

    A script defines its elements unless they are known already: a page may hold it many times.
    """
    data = html.escape(json.dumps({"alt": alt} | contents, allow_nan=False))
    alt = html.escape(alt)
    texts = {name: SCRIPT.with_stem(name).read_text(encoding="utf-8") for name in scripts}
    return "\n".join([
        f'<{element} data-contents="{data}">'
        f'<img src="{still}" alt="{alt}" style="{STILL}"></{element}>',
        *(f'<script data-script="{name}">\n{text}</script>' for name, text in texts.items()),
    ])  # fmt: skip
