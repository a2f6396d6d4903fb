"""MNIST from disk or from the network; where there is neither, its stand-in."""

import math
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from ..mnist_folders import find_mnist, mnist_folders
from .samples import Samples, Split
from .stand_in import enlarged_digits
from .torchvision_datasets import torchvision_datasets

PARTS = {"train": "train", "test": "t10k"}  # our names, and the files'


def mnist(root: str | Path | None = None, *, stand_in: bool = True) -> Split:
    """Load MNIST: 70,000 handwritten digits of 28×28 pixels (LeCun et al. 1998).

    It is looked for in ``root``, then in the folder that the environment variable ``AECOURSE_DATA``
    names, then in the user's cache folder. Where it is in none of them, torchvision downloads it
    into the first of these that is given, and checks it. Where that fails, scikit-learn's digits,
    enlarged to 28×28 pixels and slightly varied, stand in, so that a chapter still runs.

    Parameters
    ----------
    root : str or Path, optional
        A folder that holds ``MNIST/raw``, or where it shall be put.
    stand_in : bool
        Whether to return the stand-in, with a warning, where MNIST cannot be had.

    Returns
    -------
    Split
        ``x``: float32 Tensor of shape (n_samples, 1, 28, 28), grey values scaled to [0, 1].
        ``y``: int64 Tensor of shape (n_samples,), the digit.
        ``source``: ``"MNIST"``, or a sentence that begins with ``"stand-in"``.

    Raises
    ------
    FileNotFoundError
        If some of the four files are there and others are not.
    ValueError
        If a file is truncated or is no MNIST file, or the labels do not match the images.
    OSError
        If a folder that was named cannot be written.
    ConnectionError
        If the download fails and ``stand_in`` is False.
    """
    folder = find_mnist(root)
    if folder is not None:
        return _read(folder)
    *named, cache = mnist_folders(root)
    try:
        return _download([*named, cache][0])
    except OSError as error:
        no_network = isinstance(error, ConnectionError)
        if not stand_in or (named and not no_network):
            raise
        warnings.warn(f"{error} Enlarged scikit-learn digits stand in for it.", stacklevel=2)
        return enlarged_digits()


def _read(folder: Path) -> Split:
    """Read the four files, each checked by its own header."""
    raw = folder / "MNIST" / "raw"
    cure = f"Delete {folder / 'MNIST'} to download it again."
    files = {
        part: (raw / f"{name}-images-idx3-ubyte", raw / f"{name}-labels-idx1-ubyte")
        for part, name in PARTS.items()
    }
    missing = [path.name for pair in files.values() for path in pair if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"expected all of MNIST in {raw}, missing: {missing}. {cure}")
    parts = {}
    for part, (images, labels) in files.items():
        x, y = _idx(images, n_dimensions=3, cure=cure), _idx(labels, n_dimensions=1, cure=cure)
        if x.shape[1:] != (28, 28) or len(x) != len(y):
            raise ValueError(
                f"expected a label for each image of 28×28 pixels in {raw}, "
                f"got {len(x)} images of {list(x.shape[1:])} and {len(y)} labels. {cure}"
            )
        parts[part] = Samples(
            torch.from_numpy(x)[:, None].float().div_(255), torch.from_numpy(y).long()
        )
    return Split(**parts, source="MNIST")


def _idx(path: Path, *, n_dimensions: int, cure: str) -> np.ndarray:
    """Read an IDX file of bytes, if it keeps to what its header announces."""
    content = np.fromfile(path, dtype=np.uint8)
    header = content[: min(4 * (1 + n_dimensions), len(content) // 4 * 4)].view(">u4")
    magic, *shape = header.tolist() or [None]
    expected_magic = 0x0800 + n_dimensions  # bytes, in so many dimensions
    if magic != expected_magic:
        raise ValueError(
            f"expected {path} to begin with the number {expected_magic}, got {magic}: "
            f"it is no such MNIST file. {cure}"
        )
    expected = 4 * (1 + n_dimensions) + math.prod(shape)
    if len(content) != expected:
        raise ValueError(f"expected {path} to have {expected} bytes, got {len(content)}. {cure}")
    return content[4 * (1 + n_dimensions) :].reshape(shape)


def _download(folder: Path) -> Split:
    """Download into a temporary folder beside the place, and move it there when it is whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(prefix=".mnist-", dir=folder)
    except OSError as error:
        raise type(error)(
            f"the data folder {folder} cannot be written ({error}). "
            "Pass another folder as root, or name one in AECOURSE_DATA."
        ) from error
    with temporary:
        try:
            torchvision_datasets().MNIST(temporary.name, download=True)
        except (RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())[-80:]
            raise ConnectionError(
                f"MNIST could not be downloaded to {folder} ({reason}). Is there "
                f"a network? Its four files may also be copied to {folder / 'MNIST' / 'raw'}."
            ) from error
        (Path(temporary.name) / "MNIST").replace(folder / "MNIST")
    return _read(folder)
