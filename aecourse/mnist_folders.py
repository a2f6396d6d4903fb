"""Where MNIST lies on this machine, found without an import that takes seconds."""

import os
from pathlib import Path


def find_mnist(root: str | Path | None = None) -> Path | None:
    """Return the first of the `mnist_folders` that holds ``MNIST/raw``, or None."""
    return next((f for f in mnist_folders(root) if (f / "MNIST" / "raw").is_dir()), None)


def mnist_folders(root: str | Path | None = None) -> list[Path]:
    """List where to look for MNIST: the folders that were named, then the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aecourse"
    named = [Path(folder) for folder in (root, os.environ.get("AECOURSE_DATA")) if folder]
    return [folder.expanduser() for folder in (*named, cache)]
