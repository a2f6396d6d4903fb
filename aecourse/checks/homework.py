"""Run a notebook's answers in a process of their own, and say what the checks said."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .compare import RECORD, STUB

PASSED, NOT_TRIED = "passed", "not tried"


def report(path: Path, *, limit: int = 60) -> dict[str, str]:
    """Execute a notebook, and return what its checks said last.

    The notebook's file stays as it is. An exception in one cell does not stop the others.

    Parameters
    ----------
    path : Path
        Of the notebook; its code runs in the folder where it lies.
    limit : int
        Seconds that a cell may take.

    Returns
    -------
    dict of str to str
        For each exercise that the notebook names in a call of ``check_…``, in this order:
        ``"passed"``, the hint, or ``"not tried"``.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    ValueError
        If the file is none.
    ModuleNotFoundError
        If nbclient or nbformat is missing: the extra ``teach`` of the package brings them.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    path = Path(path).resolve()
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ValueError(f"expected a notebook, got {path.name}: {error}") from error
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    found = dict.fromkeys(re.findall(r"\bcheck_(\w+)\s*\(", "\n".join(code)), NOT_TRIED)
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record"
        client = NotebookClient(
            notebook,
            timeout=limit,
            interrupt_on_timeout=True,
            allow_errors=True,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
        )
        with suppress(CellTimeoutError, DeadKernelError):  # what was said until then counts
            client.execute(env=os.environ | {RECORD: str(record)}, stderr=subprocess.DEVNULL)
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    for name, hint in map(json.loads, lines):
        found[name] = NOT_TRIED if hint == STUB else hint or PASSED
    return found | {name: why for name, why in broken(notebook) if found.get(name) == NOT_TRIED}


def broken(notebook) -> Iterator[tuple[str, str]]:
    """Yield the functions whose cell ended in an error, each with this error."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename != "CheckFailed":
                for name in re.findall(r"^def (\w+)", cell.source, re.MULTILINE):
                    # Python 3.13 has a name of its own for a cell that breaks off.
                    error = output.ename.replace("_IncompleteInputError", "SyntaxError")
                    yield name, f"The cell that defines it raised {error}: {output.evalue}"


def table(found: dict[str, str]) -> str:
    """Lay out a report as lines of text.

    Examples
    --------
    >>> print(table({"kl": "passed", "sides": "not tried"}))
    kl     passed
    sides  not tried
    """
    width = max(map(len, found), default=0)
    return "\n".join(f"{name:{width}}  {said}" for name, said in found.items())
