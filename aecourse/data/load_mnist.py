"""MNIST from disk or from the network, and a stand-in where there is neither."""

import math
import os
import tempfile
import warnings
from pathlib import Path

import torch
from torch.nn import functional

from .load_digits import digits
from .samples import Samples, Split

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
    *named, cache = _folders(root)
    try:
        return _download([*named, cache][0])
    except OSError as error:
        no_network = isinstance(error, ConnectionError)
        if not stand_in or (named and not no_network):
            raise
        warnings.warn(f"{error} Enlarged scikit-learn digits stand in for it.", stacklevel=2)
        return _stand_in()


def find_mnist(root: str | Path | None = None) -> Path | None:
    """Return the first of the folders of `mnist` that holds ``MNIST/raw``, or None."""
    return next((f for f in _folders(root) if (f / "MNIST" / "raw").is_dir()), None)


def _folders(root: str | Path | None) -> list[Path]:
    """List where to look for MNIST: the folders that were named, then the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aecourse"
    return [*(Path(f) for f in (root, os.environ.get("AECOURSE_DATA")) if f), cache]


def _read(folder: Path) -> Split:
    """Check the four files by their own headers, and read them with torchvision."""
    raw = folder / "MNIST" / "raw"
    cure = f"Delete {folder / 'MNIST'} to download it again."
    files = {
        part: (raw / f"{name}-images-idx3-ubyte", raw / f"{name}-labels-idx1-ubyte")
        for part, name in PARTS.items()
    }
    missing = [path.name for pair in files.values() for path in pair if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"expected all of MNIST in {raw}, missing: {missing}. {cure}")
    for images, labels in files.values():
        n_images, *size = _idx_shape(images, n_dimensions=3, cure=cure)
        (n_labels,) = _idx_shape(labels, n_dimensions=1, cure=cure)
        if size != [28, 28] or n_images != n_labels:
            raise ValueError(
                f"expected a label for each image of 28×28 pixels in {raw}, "
                f"got {n_images} images of {size} and {n_labels} labels. {cure}"
            )
    parts = {}
    for part in PARTS:
        dataset = _torchvision_datasets().MNIST(folder, train=part == "train")
        parts[part] = Samples(dataset.data[:, None] / 255, dataset.targets)
    return Split(**parts, source="MNIST")


def _idx_shape(path: Path, *, n_dimensions: int, cure: str) -> list[int]:
    """Return the shape that an IDX file of bytes announces, if the file keeps to it."""
    with path.open("rb") as file:
        header = file.read(4 * (1 + n_dimensions))
    numbers = [int.from_bytes(header[i : i + 4]) for i in range(0, len(header), 4)]
    magic, shape = (numbers or [None])[0], numbers[1:]
    expected_magic = 0x0800 + n_dimensions  # bytes, in so many dimensions
    if magic != expected_magic:
        raise ValueError(
            f"expected {path} to begin with the number {expected_magic}, got {magic}: "
            f"it is no such MNIST file. {cure}"
        )
    n_bytes, expected = path.stat().st_size, len(header) + math.prod(shape)
    if n_bytes != expected:
        raise ValueError(f"expected {path} to have {expected} bytes, got {n_bytes}. {cure}")
    return shape


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
            _torchvision_datasets().MNIST(temporary.name, download=True)
        except (RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())[-80:]
            raise ConnectionError(
                f"MNIST could not be downloaded to {folder} ({reason}). Is there "
                f"a network? Its four files may also be copied to {folder / 'MNIST' / 'raw'}."
            ) from error
        os.replace(Path(temporary.name) / "MNIST", folder / "MNIST")
    return _read(folder)


def _torchvision_datasets():
    """Import `torchvision.datasets`, also beside a PyTorch without torchvision's operators.

    A torchvision built for CUDA does not load its compiled operators beside a CPU build of PyTorch,
    and then stumbles over the first that it wants to describe (pytorch/vision issue 9077). The data
    sets need none of them, so the names are declared for as long as the import takes.
    """
    try:
        from torchvision import datasets
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        with torch.library._scoped_library("torchvision", "DEF") as library:
            for name in ("nms", "qnms"):
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            from torchvision import datasets
    return datasets


def _stand_in() -> Split:
    """Enlarge scikit-learn's digits; each variation stays on its original's side of the split."""
    small = digits()
    generator = torch.Generator().manual_seed(0)
    return Split(
        train=_enlarge(small.train, 10, generator),
        test=_enlarge(small.test, 10, generator),
        source="stand-in: scikit-learn digits enlarged to 28×28 pixels",
    )


def _enlarge(samples: Samples, n_copies: int, generator: torch.Generator) -> Samples:
    """Draw 8×8 digits at about 20×20 pixels in a frame of 28×28, turned and shifted a little."""
    x = samples.x.reshape(-1, 1, 8, 8).repeat_interleave(n_copies, dim=0)
    angle, size, right, down = 2 * torch.rand(4, len(x), generator=generator) - 1
    angle, size = math.radians(10) * angle, 28 / 20 * (1 + 0.1 * size)
    shift = 2 / 14 * torch.stack([right, down], dim=1)  # up to two pixels
    rows = [[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]]
    turn = size[:, None, None] * torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    places = functional.affine_grid(
        torch.cat([turn, shift[:, :, None]], dim=2), [len(x), 1, 28, 28], align_corners=False
    )
    pictures = functional.grid_sample(x, places, align_corners=False)
    return Samples(pictures, samples.y.repeat_interleave(n_copies))
