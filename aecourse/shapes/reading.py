"""Read an outline from a file: a table, an aerofoil, or a drawing."""

import importlib
import io
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

MILLIMETRES = {"mm": 1, "cm": 10, "Q": 0.25, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6}
CSS_PIXEL = 25.4 / 96  # in mm: what a number without a unit is in an SVG
TOLERANCE = 1e-4  # of a drawing's larger side: how far the chords of a curve may be off


def read_outline(path: str | Path) -> list[np.ndarray]:
    r"""Read the lines of one outline, as `Shape.from_points` takes them.

    Parameters
    ----------
    path : str or Path
        Its ending says what it holds:

        - ``.csv``, ``.tsv``, ``.txt``: two numbers a row, x and y, or the columns that a header
          calls so. Between them stands a comma, a semicolon, a tab or a space; with semicolons and
          tabs the decimal sign may be a comma. An empty row begins another line. What follows a
          ``#`` is a comment.
        - ``.dat``: an aerofoil, in the order of Selig (a title, then from the trailing edge over
          the top to the nose and back) or of Lednicer (a title, two counts, then the upper and the
          lower side, each from the nose). The points come out in Selig's order.
        - ``.svg``: all paths, polygons, circles, … of a drawing, with their transformations; curves
          as chords, at most a ten-thousandth of the drawing off. Needs ``aecourse[shapes]``.

    Returns
    -------
    list of ndarray of shape (n_points, 2)
        In the numbers of the file; y runs upwards, so that of an SVG changes its sign. Where an SVG
        says its size on paper (``width="80mm"``), its numbers become millimetres.

    Raises
    ------
    ImportError
        If the package that reads SVG is not installed.
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it holds something else; the message names the file and the row.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "triangle.csv")
    ...     _ = path.write_text("x;y\n0;0\n1,5;0\n0;2\n")
    ...     read_outline(path)
    [array([[0. , 0. ],
           [1.5, 0. ],
           [0. , 2. ]])]
    """
    path = Path(path)
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise ValueError(f"expected a file that ends in {', '.join(READERS)}, got {path}")
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    lines = [np.array(line) for line in read(text, path) if len(line)]
    if not lines:
        raise ValueError(f"expected an outline in {path}, got no points")
    return lines


def optional(name: str):
    """Import a package that the outlines of files need, or say how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f'{name} is needed here, and not installed: pip install "aecourse[shapes]"'
        raise ImportError(message) from error


def _table(text, path):
    lines, columns = [[]], None
    for number, row in enumerate(text.splitlines(), start=1):
        cells = _cells(row)
        if not any(cells):  # an empty row: a spreadsheet leaves its separators
            lines += [[]] if "#" not in row else []
            continue
        if columns is None:
            names = [re.split("[^a-z]", cell.lower())[0] for cell in cells]
            named = "x" in names and "y" in names
            columns = (names.index("x"), names.index("y"), len(cells)) if named else (0, 1, 2)
            if named or not any(map(_is_number, cells)):
                continue
        x, y, width = columns
        if len(cells) != width:
            wanted = "two numbers" if width == 2 else f"{width} columns"
            raise _refusal(wanted, path, number, row)
        lines[-1].append(_two_numbers([cells[x], cells[y]], path, number, row))
    return lines


def _cells(row):
    row = row.split("#")[0].strip()
    for separator in ";\t":
        if separator in row:
            row = row.replace(",", ".").replace(separator, ",")
    return [cell.strip(" \"'") for cell in (row.split(",") if "," in row else row.split())]


def _aerofoil(text, path):
    numbered = enumerate(text.splitlines(), start=1)
    rows = [(number, row, _cells(row)) for number, row in numbered if row.strip()]
    if rows and not (len(rows[0][2]) == 2 and all(map(_is_number, rows[0][2]))):
        rows = rows[1:]  # the title
    points = [_two_numbers(cells, path, number, row) for number, row, cells in rows]
    if not points or min(points[0]) < 2 or any(value % 1 for value in points[0]):
        return [points]
    upper, lower = map(int, points[0])  # no point of an aerofoil, but two counts
    if upper + lower != len(points) - 1:
        raise ValueError(
            f"expected {upper} and {lower} points in {path}, as its row {rows[0][0]} says, "
            f"got {len(points) - 1}"
        )
    return [points[upper:0:-1] + points[upper + 1 :]]


def _drawing(text, path):
    svgelements = optional("svgelements")
    try:
        root = ElementTree.fromstring(text)
        millimetres = _unit(root)
        for name in ("width", "height", "viewBox"):  # what is left is in the drawing's own numbers
            root.attrib.pop(name, None)
        source = io.StringIO(ElementTree.tostring(root, encoding="unicode"))
        drawing = svgelements.SVG.parse(source, on_error="raise")
        shapes = [piece for piece in drawing.elements() if isinstance(piece, svgelements.Shape)]
        paths = [part for shape in shapes for part in svgelements.Path(shape).as_subpaths()]
    except (ElementTree.ParseError, ValueError, ArithmeticError) as error:
        reason = str(error) or "a path that cannot be read"
        raise ValueError(f"expected an SVG drawing in {path}, got {reason}") from error
    parts = [svgelements.Path(path) for path in paths if len(path) > 1]
    boxes = np.array([part.bbox() for part in parts]).reshape(-1, 2, 2)
    tolerance = TOLERANCE * np.ptp(boxes, axis=(0, 1)).max() if parts else 0
    lines = [np.concatenate([_chords(piece, tolerance) for piece in part]) for part in parts]
    return [line * (millimetres, -millimetres) for line in lines]


def _unit(root):
    """Return the millimetres of one of the drawing's units, or 1 where it has no size on paper."""
    sizes = []
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    for name, place in (("width", 2), ("height", 3)):
        size = re.fullmatch(r"\s*([\d.]+(?:e-?\d+)?)\s*(mm|cm|Q|in|pt|pc)\s*", root.get(name, ""))
        if size:
            length = float(size[1]) * MILLIMETRES[size[2]]
            sizes.append(length / float(box[place]) if len(box) == 4 else CSS_PIXEL)
    return min(sizes, default=1)


def _chords(piece, tolerance):
    """Return points along a piece of a path after its first: of a curve as many as it needs."""
    if type(piece).__name__ in ("Move", "Line", "Close"):
        return np.array([piece.end])
    n = 8
    while True:
        fine = np.array([tuple(piece.point(t)) for t in np.linspace(0, 1, 2 * n + 1)])
        gap = fine[1::2] - (fine[:-1:2] + fine[2::2]) / 2
        if np.linalg.norm(gap, axis=1).max() <= tolerance or n >= 4096:
            return fine[2::2]
        n *= 2


def _two_numbers(cells, path, number, row):
    if len(cells) != 2 or not all(map(_is_number, cells)):
        raise _refusal("two numbers", path, number, row)
    return [float(cell) for cell in cells]


def _is_number(cell):
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _refusal(wanted, path, number, row):
    return ValueError(f"expected {wanted} in row {number} of {path}, got {row.strip()[:60]!r}")


READERS = {".csv": _table, ".tsv": _table, ".txt": _table, ".dat": _aerofoil, ".svg": _drawing}
