"""Write a file whole, or not at all."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield the name to write under; the file takes its own when the block ends without an error.

    An older file of that name is replaced then, and stays as it was after an error.

    Parameters
    ----------
    path : str or Path
        In a folder that exists.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder, "a.txt")) as temporary:
    ...         _ = temporary.write_text("all of it")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    path = Path(path)
    if not path.parent.is_dir():  # an error of the temporary file would name a hidden one
        raise FileNotFoundError(errno.ENOENT, "expected a folder that exists, for", str(path))
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
