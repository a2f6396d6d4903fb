"""Samples as tensors, split into those to train on and those held out."""

from dataclasses import dataclass
from numbers import Integral

from torch import Tensor

from ..validation import as_tensor


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """Samples and, where there are any, what is known about each.

    A slice, a mask or a list of indices selects samples. A single index gives the pair (x, y) of
    one, or x alone where there is no y, so that PyTorch's ``DataLoader`` takes samples as they are.

    Parameters
    ----------
    x : Tensor of shape (n_samples, ...)
        The samples themselves. Arrays become tensors.
    y : Tensor of shape (n_samples, ...), optional
        Labels or parameters, one row a sample. An autoencoder never trains on them.

    Raises
    ------
    TypeError
        If ``x`` or ``y`` does not hold numbers.
    ValueError
        If ``x`` and ``y`` differ in length.

    Examples
    --------
    >>> import torch
    >>> samples = Samples(torch.zeros(5, 64), torch.arange(5))
    >>> samples[:2]
    Samples(x=(2, 64), y=(2,))
    >>> x, y = samples[3]
    >>> x.shape, y
    (torch.Size([64]), tensor(3))
    """

    x: Tensor
    y: Tensor | None = None

    def __post_init__(self):
        for name in ("x", "y"):
            if getattr(self, name) is not None or name == "x":
                object.__setattr__(self, name, as_tensor(name, getattr(self, name)))
        if self.x.ndim == 0:
            raise ValueError("expected x of shape (n_samples, ...), got one number")
        if self.y is not None and (self.y.ndim == 0 or len(self.x) != len(self.y)):
            n_y = len(self.y) if self.y.ndim else "one number as"
            raise ValueError(f"expected one y for each x, got {len(self.x)} x, {n_y} y")

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index) -> "Samples | tuple[Tensor, Tensor] | Tensor":
        one = isinstance(index, Integral) or (isinstance(index, Tensor) and index.ndim == 0)
        if one:
            return self.x[index] if self.y is None else (self.x[index], self.y[index])
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
