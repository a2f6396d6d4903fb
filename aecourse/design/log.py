"""The log of a search: a line for each answer as it comes, so that nothing is lost with a run.

A CSV file: the numbers of the code, the value, and the reason where there is none::

    z1,z2,value,reason
    0.53125,-1.25,2.718281828459045,
    0.75,0.5,,RuntimeError: did not converge
"""

import csv
import io
import math
import sys
from pathlib import Path

import torch
from torch import Tensor

from .result import Search


def read_log(path: str | Path) -> Search:
    r"""Return the answers in a log: for a look at a search that is under way, or as ``known=``.

    A last line without an end, half-written or being written, is left out.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Search
        The answers in the order in which they came.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is no log of a search, or a line is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "answers.csv")
    ...     _ = path.write_text("z1,value,reason\n0.5,2.25,\n1.5,,RuntimeError: too hot\n3.5,1")
    ...     found = read_log(path)
    >>> found.values.tolist(), found.reasons
    ([2.25, -inf], ('', 'RuntimeError: too hot'))
    """
    text = _whole_lines(Path(path).read_bytes()).decode("utf-8-sig", errors="replace")
    rows = csv.reader(io.StringIO(text))
    header = next(rows, [])
    if len(header) < 3 or header != _header(len(header) - 2):
        raise ValueError(
            f"expected a log of a search, with the header {','.join(_header(2))} or the like, "
            f"got {','.join(header)[:80]!r} in {path}"
        )
    codes, values, reasons = [], [], []
    for row in rows:
        try:
            *numbers, value, reason = row
            code = [float(number) for number in numbers]
            values.append(-math.inf if reason else float(value))
            if len(row) != len(header) or not all(map(math.isfinite, [*code, float(value or 0)])):
                raise ValueError
        except ValueError:
            raise ValueError(
                f"expected {','.join(header)} in line {rows.line_num} of {path}, "
                f"got {','.join(row)[:80]!r}: mend the line, or name another file"
            ) from None
        codes.append(code)
        reasons.append(reason)
    codes = torch.tensor(codes, dtype=torch.float32).reshape(-1, len(header) - 2)
    return Search(codes, torch.tensor(values, dtype=torch.double), tuple(reasons))


class Log:
    """A log to go on with: what an earlier run has left, and each new answer as it comes.

    Parameters
    ----------
    path : str or Path
        It is made where there is none. A torn last line is dropped.
    n_latent : int
        How many numbers a code has.

    Attributes
    ----------
    earlier : Search
        The answers of an earlier run, if any.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If there is such a file, and it is no log of codes of so many numbers.
    """

    def __init__(self, path: str | Path, n_latent: int):
        self.path = Path(path)
        self.header = (",".join(_header(n_latent)) + "\n").encode()
        try:
            with self.path.open("ab"):  # an error is better now than after the first evaluation
                data = self.path.read_bytes()
        except OSError as error:
            hint = f"expected a log that can be written, in a folder that exists: {error.strerror}"
            raise OSError(error.errno, hint, str(path)) from None
        if self.header.startswith(data):  # nothing, or the header half-written
            self.clear()
            data = self.header
        self.earlier = read_log(self.path)
        if self.earlier.codes.shape[1] != n_latent:
            raise ValueError(
                f"expected a log of codes of {n_latent} numbers, got {self.earlier.codes.shape[1]} "
                f"in {path}: it is of another search, name another file"
            )
        if torn := data[len(_whole_lines(data)) :]:
            print(f"{path}: dropped the torn last line {torn[:80]!r}", file=sys.stderr)
            with self.path.open("ab") as file:
                file.truncate(len(data) - len(torn))
        if n := len(self.earlier.values):  # told, as a log knows nothing of a changed objective
            print(f"{path}: goes on after {n} answers", file=sys.stderr)

    def write(self, code: Tensor, value: float, reason: str) -> None:
        """Append an answer; opened and closed each time, so that it is in the file at once."""
        numbers = [f"{number:.9g}" for number in code.tolist()]  # 9 digits tell all floats apart
        with self.path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
            row = [*numbers, "" if reason else repr(value), reason]
            csv.writer(file, lineterminator="\n").writerow(row)

    def clear(self) -> None:
        """Begin anew, with the header only."""
        self.path.write_bytes(self.header)


def _header(n_latent: int) -> list[str]:
    return [*(f"z{k}" for k in range(1, n_latent + 1)), "value", "reason"]


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]
