"""Tables of numbers that a page, a notebook and a terminal show alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd


@dataclass(frozen=True, repr=False)
class Table:
    """Words in rows and columns, below a caption. A notebook shows HTML, a terminal prints text."""

    cells: pd.DataFrame
    caption: str

    def _repr_html_(self) -> str:
        # The class `dataframe` is the one that themes and notebooks know.
        right = 'style="text-align: right"'
        heads = "".join(f'<th scope="col" {right}>{escape(str(name))}</th>' for name in self.cells)
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left">{escape(str(name))}</th>'
            + "".join(f"<td {right}>{cell}</td>" for cell in row)
            + "</tr>\n"
            for name, *row in self.cells.itertuples()
        )
        return (
            f'<table class="dataframe table">\n<caption>{escape(self.caption)}</caption>\n'
            f"<thead><tr><td></td>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
        )

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.cells}"


def as_table(frame: pd.DataFrame, caption: str, *, digits: int | Mapping[str, int] = 2) -> Table:
    """Write numbers as a table that can be read: rounded, right-aligned, with a caption.

    A number that is missing (NaN) becomes a dash; one that rounds to zero has no sign.

    Parameters
    ----------
    frame : DataFrame of numbers
        Its columns and its index become the headings: words, not names of variables.
    caption : str
        What the numbers are, and in which unit.
    digits : int or mapping of str to int
        Digits after the point; a mapping names each column.

    Returns
    -------
    Table
        An object that a notebook shows.

    Raises
    ------
    ValueError
        If there is no caption, or ``digits`` names other columns than the frame has.

    Examples
    --------
    >>> found = pd.DataFrame({"value": [3.24, -0.004], "pieces": [1, None]}, ["star", "disk"])
    >>> as_table(found, "Two shapes.", digits={"value": 2, "pieces": 0})
    Two shapes.
         value pieces
    star  3.24      1
    disk  0.00      –
    """
    if not caption.strip():
        raise ValueError("expected a caption, got none")
    places = digits if isinstance(digits, Mapping) else dict.fromkeys(frame, digits)
    if set(places) != set(frame):
        raise ValueError(f"expected digits for the columns {list(frame)}, got {list(places)}")

    def word(value, n):  # the z takes the sign from a zero
        return "–" if pd.isna(value) else f"{value:z,.{n}f}".replace("-", "−")

    words = {name: [word(value, places[name]) for value in frame[name]] for name in frame}
    return Table(pd.DataFrame(words, frame.index), caption)
