"""Write an outline to a file at true scale: a table, or a drawing for a workshop."""

from pathlib import Path

import numpy as np

from ..files import written_whole
from ..validation import require_positive
from .frame import Frame, require_frame
from .loops import as_loops
from .reading import optional
from .shape import Shape


def write_outline(
    path: str | Path, outline, *, frame: Frame | None = None, mm_per_unit: float = 1.0
) -> None:
    """Write the closed lines of a shape to a file, in millimetres.

    The file is written under another name first, and takes its own when it is whole.

    Parameters
    ----------
    path : str or Path
        Its ending says how: ``.csv`` (a header, then x and y; an empty row before each further
        line), ``.svg`` (one path; its y runs downwards, as in all of them) or ``.dxf`` (closed
        polylines; needs ``aecourse[shapes]``).
    outline : Shape, or lines
        Lines as `outlines` gives them of a field, or any that `Shape.from_points` takes.
    frame : Frame, optional
        Brings the lines from the grid to the user's units, as `Shape.from_points` returned it.
        Without one, they are in the user's units already.
    mm_per_unit : float
        Millimetres in one of the user's units: 1000 for metres; for an aerofoil of chord 1 the
        length of the chord.

    Raises
    ------
    ImportError
        If the package that writes DXF is not installed.
    OSError
        If the file cannot be written.
    TypeError
        If the frame is none.
    ValueError
        If the ending is another, or a line has fewer than three points, or one not finite.

    Examples
    --------
    >>> import tempfile
    >>> from aecourse.shapes import polygon, read_outline
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "square.csv")
    ...     write_outline(path, [[0, 0], [1, 0], [1, 1], [0, 1]], mm_per_unit=25.4)
    ...     read_outline(path)[0].max().item()
    25.4
    """
    path = Path(path)
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise ValueError(f"expected a file that ends in {', '.join(WRITERS)}, got {path}")
    require_positive("mm_per_unit", mm_per_unit)
    lines = as_loops(outline.outlines() if isinstance(outline, Shape) else outline)
    lines = frame.to_user(lines) if require_frame(frame) else lines
    with written_whole(path) as temporary:
        write(temporary, [mm_per_unit * line for line in lines])


def _csv(path, lines):
    closed = [np.vstack([line, line[:1]]).tolist() for line in lines]
    blocks = ["\n".join(f"{x!r},{y!r}" for x, y in line) for line in closed]
    path.write_text("x_mm,y_mm\n" + "\n\n".join(blocks) + "\n", encoding="utf-8")


def _svg(path, lines):
    lines = [line * (1, -1) for line in lines]
    low, high = (edge(np.concatenate(lines), axis=0) for edge in (np.min, np.max))
    margin = 0.05 * (high - low).max()
    x, y, width, height = (*(low - margin).tolist(), *(high - low + 2 * margin).tolist())
    pieces = ["M" + " L".join(f"{x!r},{y!r}" for x, y in line.tolist()) + " Z" for line in lines]
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width!r}mm" height="{height!r}mm" '
        f'viewBox="{x!r} {y!r} {width!r} {height!r}">\n'
        f'<path fill="none" stroke="#0173b2" stroke-width="1" vector-effect="non-scaling-stroke" '
        f'd="{" ".join(pieces)}"/>\n</svg>\n',
        encoding="utf-8",
    )


def _dxf(path, lines):
    ezdxf = optional("ezdxf")
    drawing = ezdxf.new("R2010", units=ezdxf.units.MM)
    for line in lines:
        drawing.modelspace().add_lwpolyline(line.tolist(), close=True)
    drawing.saveas(path)


WRITERS = {".csv": _csv, ".svg": _svg, ".dxf": _dxf}
