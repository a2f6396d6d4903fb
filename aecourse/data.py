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
    ValueError
        If ``x`` and ``y`` differ in length.

    Examples
    --------
    >>> Samples(torch.zeros(5, 64), torch.arange(5))[:2]
    Samples(x=(2, 64), y=(2,))
    """

    x: Tensor
    y: Tensor | None = None

    def __post_init__(self):
        if self.y is not None and len(self.x) != len(self.y):
            raise ValueError(f"expected one y for each x, got {len(self.x)} x, {len(self.y)} y")

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index) -> "Samples":
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
        Share of the images held out, between 0 and 1; each digit is split in this proportion.
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
        If ``test_fraction`` leaves a part without one image of each digit.

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
