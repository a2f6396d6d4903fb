"""Samples as tensors, split into those to train on and those held out; and what they must be."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """Samples and, where there are any, what is known about each.

    Parameters
    ----------
    x : Tensor of shape (n_samples, ...)
        The samples themselves.
    y : Tensor of shape (n_samples, ...), optional
        Labels or parameters, one row a sample. An autoencoder never trains on them.

    Raises
    ------
    TypeError
        If ``x`` or ``y`` is no tensor.
    ValueError
        If ``x`` and ``y`` differ in length.

    Examples
    --------
    >>> import torch
    >>> samples = Samples(torch.zeros(5, 64), torch.arange(5))
    >>> samples[:2], samples[3]
    (Samples(x=(2, 64), y=(2,)), Samples(x=(1, 64), y=(1,)))
    """

    x: Tensor
    y: Tensor | None = None

    def __post_init__(self):
        for name, values in {"x": self.x, "y": self.y}.items():
            if not (isinstance(values, Tensor) or (name == "y" and values is None)):
                raise TypeError(_not_a_tensor(name, values))
        if self.y is not None and len(self.x) != len(self.y):
            raise ValueError(f"expected one y for each x, got {len(self.x)} x, {len(self.y)} y")

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index) -> "Samples":
        index = [index] if isinstance(index, int) else index  # one sample is still a set of samples
        return Samples(self.x[index], None if self.y is None else self.y[index])

    def __repr__(self) -> str:
        y = "" if self.y is None else f", y={tuple(self.y.shape)}"
        return f"Samples(x={tuple(self.x.shape)}{y})"


@dataclass(frozen=True, eq=False)
class Split:
    """Samples to train on, samples held out, and where they come from."""

    train: Samples
    test: Samples
    source: str

    @property
    def notice(self) -> "Notice | None":
        """What a page says at its top when it runs on a stand-in; None on the data itself."""
        if not self.source.startswith("stand-in"):
            return None
        return Notice(
            f"This page was built without its data, on a {self.source}. Every number and figure "
            "comes from the stand-in; what the text says about them may not hold."
        )


class Notice(str):
    """A text that a notebook shows as an admonition."""

    def _repr_html_(self) -> str:
        title = '<p class="admonition-title">Not the real data</p>'
        return f'<div class="admonition warning">{title}<p>{self}</p></div>'


def require_samples(name: str, x: Tensor) -> Tensor:
    """Return samples that can be computed with, or raise with what came and what was expected.

    Parameters
    ----------
    name : str
        What to call them in the message.
    x : Tensor of shape (n_samples, ...)

    Returns
    -------
    Tensor
        The same values, without the gradients of whatever computed them.

    Raises
    ------
    TypeError
        If ``x`` is no tensor of floating-point numbers.
    ValueError
        If there is no sample, or one holds NaN or infinity.
    """
    if not isinstance(x, Tensor):
        raise TypeError(_not_a_tensor(name, x))
    if not x.is_floating_point():
        raise TypeError(
            f"expected floating-point numbers in {name}, got {x.dtype}: use {name}.float()"
        )
    if len(x) == 0:
        raise ValueError(f"expected at least one sample in {name}, got none")
    # One sum sees NaN and infinity too, and is twenty times faster than a look at each number.
    if not (x.sum().isfinite() or x.isfinite().all()):
        raise ValueError(f"expected finite numbers in {name}, got NaN or infinity")
    return x.detach()


def require_rows(name: str, rows: Tensor, n_columns: int) -> Tensor:
    """Return a Tensor of shape (n, n_columns), or raise with what came and what was expected."""
    if not isinstance(rows, Tensor):
        raise TypeError(_not_a_tensor(name, rows))
    if rows.ndim != 2 or rows.shape[1] != n_columns:
        hint = ""
        if rows.ndim == 1:
            hint = f": add {name}[None] for a single sample"
        elif rows.ndim > 2 and rows[0].numel() == n_columns:
            hint = f": use {name}.flatten(1)"
        raise ValueError(
            f"expected {name} of shape (n_samples, {n_columns}), got {tuple(rows.shape)}{hint}"
        )
    return rows


def _not_a_tensor(name: str, value) -> str:
    return f"expected {name} as a Tensor, got {type(value).__name__}: use torch.as_tensor"
