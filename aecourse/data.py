"""Data sets as tensors, already split into training and test samples."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
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


def digits(*, test_fraction: float = 0.2, seed: int = 0) -> Split:
    """Load scikit-learn's 1,797 handwritten digits of 8×8 pixels, split by class.

    The images are part of scikit-learn: nothing is downloaded. They come from Alpaydin and
    Kaynak's "Optical recognition of handwritten digits" (UCI, 1998).

    Parameters
    ----------
    test_fraction : float
        Share of the images held out, from 0.01 to 0.99; each digit is split in this proportion.
    seed : int
        Decides which images are held out.

    Returns
    -------
    Split
        ``x``: float32 Tensor of shape (n_samples, 64), grey values scaled from 0…16 to [0, 1].
        ``y``: int64 Tensor of shape (n_samples,), the digit.

    Raises
    ------
    ValueError
        If ``test_fraction`` is outside its range: a part would lack some digit.

    Examples
    --------
    >>> digits()
    Split(train=Samples(x=(1437, 64), y=(1437,)), test=Samples(x=(360, 64), y=(360,)), \
source='scikit-learn digits')
    """
    if not 0.01 <= test_fraction <= 0.99:
        raise ValueError(f"expected a test_fraction from 0.01 to 0.99, got {test_fraction}")
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        (x / 16).astype("float32"), y, test_size=test_fraction, stratify=y, random_state=seed
    )
    return Split(
        train=Samples(torch.from_numpy(x_train), torch.from_numpy(y_train)),
        test=Samples(torch.from_numpy(x_test), torch.from_numpy(y_test)),
        source="scikit-learn digits",
    )


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
        raise TypeError(f"expected floating-point numbers in {name}, got {x.dtype}: use x.float()")
    if len(x) == 0:
        raise ValueError(f"expected at least one sample in {name}, got none")
    if not x.isfinite().all():
        raise ValueError(f"expected finite numbers in {name}, got NaN or infinity")
    return x.detach()


def require_rows(name: str, rows: Tensor, n_columns: int) -> Tensor:
    """Return a Tensor of shape (n, n_columns), or raise with what came and what was expected."""
    if not isinstance(rows, Tensor):
        raise TypeError(_not_a_tensor(name, rows))
    if rows.ndim != 2 or rows.shape[1] != n_columns:
        hint = f": add {name}[None] for a single sample" if rows.ndim == 1 else ""
        raise ValueError(
            f"expected {name} of shape (n_samples, {n_columns}), got {tuple(rows.shape)}{hint}"
        )
    return rows


def _not_a_tensor(name: str, value) -> str:
    return f"expected {name} as a Tensor, got {type(value).__name__}: use torch.as_tensor"
