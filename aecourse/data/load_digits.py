"""scikit-learn's handwritten digits: small, and there without a download."""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from .samples import Samples, Split


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
