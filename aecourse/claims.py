"""What the sentences of a page stand on: their conditions, and the numbers pasted into them."""

import numpy as np
import torch


class Doubt(str):
    """A text that a notebook shows as a short note."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        style = "border-left: 0.25em solid #d55e00; padding-left: 0.6em; font-style: italic"
        return f'<p class="claim" role="note" style="{style}">{self}</p>'


def claim(condition: bool, *others: bool) -> Doubt | None:
    """Stand under a sentence: silent where it is true, a visible note where it is not.

    Another machine, other data or a changed number can make a sentence false. The run goes on.

    Parameters
    ----------
    condition, *others : bool
        What must hold for the sentence. A comparison with NaN does not.

    Returns
    -------
    Doubt or None
        As the last line of a cell, a notebook shows the first and nothing for the second.

    Raises
    ------
    TypeError
        If a condition is no truth value: a number would pass for true.

    Examples
    --------
    >>> claim(1 < 2)
    >>> claim(1 < 2, 0.1 + 0.2 == 0.3)
    This sentence does not hold in this run.
    """
    for value in (condition, *others):
        if not (isinstance(value, bool) or getattr(value, "dtype", None) in (np.bool_, torch.bool)):
            raise TypeError(f"expected comparisons, each True or False, got {value!r}")
    if all(bool(value) for value in (condition, *others)):
        return None
    return Doubt("This sentence does not hold in this run.")


def glue(name: str, value: float | str) -> None:
    """Keep a number or a word of the run under a name, for ``{glue:text}`` in the page.

    The same as ``myst_nb.glue(name, value, display=False)``, for plain values: without what that
    one imports, which takes two seconds a page.

    Parameters
    ----------
    name : str
        Unique in the book.
    value : float or str
        A number of any library becomes a plain one, so that a page can round it.
    """
    from IPython.display import display

    prefix = "application/papermill.record/"
    text = repr(value if isinstance(value, int | str) else float(value))
    metadata = {"scrapbook": {"name": name, "mime_prefix": prefix}}
    display({prefix + "text/plain": text}, raw=True, metadata=metadata)


def glue_all(prefix: str, /, **values: float | str) -> None:
    """Keep several values, each under the prefix and its own name with hyphens for underscores."""
    for name, value in values.items():
        glue(prefix + name.replace("_", "-"), value)
