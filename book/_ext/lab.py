"""Put the working notebooks into the folder `notebooks/`, and open it in JupyterLab: `make lab`.

Nothing is executed: numbers come from the last run of the book, where there was one. A notebook
that a person has changed stays as it is; where the chapter has changed since, its new edition
comes to lie beside it.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

import jupytext
import nbformat
import yaml
from execution import fingerprint, is_cached
from jupyter_book.sphinx import build_sphinx
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbformat.v4 import new_markdown_cell, new_notebook, new_output
from notebooks import METADATA

ROOT = Path(__file__).parents[2]
START = "00-start.ipynb"
RECORD = ".written.json"
MADE_FROM = re.compile(r"Made from aecourse \S+, sources \w+")  # changes with the package

WELCOME = """\
# {title}

One notebook a chapter, in the order in which they build on each other:

{chapters}

How to work in them:

- **Run a cell** with Shift+Enter. Most cells folded to one grey line draw a figure: run them, and
  click the line to see how it is drawn.
- **Predict** before you run: sketch what you expect, then look.
- **Exercises** with code have a cell for your answer. Where a check stands below it, run that too:
  it says what holds, or what is wrong. *Run All Cells* stops at the first check without an answer.
- What you change stays. If a chapter has a new edition the next time you type `make lab`, it comes
  to lie beside yours, with *new* in its name.
- To begin a chapter afresh, rename or delete your copy and type `make lab` again.
"""


def keep_what_is_changed(folder: Path, editions: dict[str, bytes]) -> list[str]:
    """Write each edition, but not over a file that is no longer as it was written.

    Returns
    -------
    list of str
        Names of the new editions that lie beside changed files.
    """
    folder.mkdir(exist_ok=True)
    record = folder / RECORD
    written = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    beside = []
    for name, content in editions.items():
        new, path = digest(content), folder / name
        while path.exists() and digest(path.read_bytes()) != written.get(path.name) != new:
            path = next_name(path)  # changed by a person, and there is a new edition
        there_or_declined = path.exists() or path.name != name
        if written.get(path.name) == new and there_or_declined:
            continue
        path.write_bytes(content)
        written[path.name] = new
        beside += [path.name] if path.name != name else []
    record.write_text(json.dumps(written, indent=1), encoding="utf-8")
    return beside


def digest(content: bytes) -> str:
    """Give the checksum of a notebook's cells: JupyterLab changes the rest when it opens a file."""
    try:
        cells = json.loads(MADE_FROM.sub("", content.decode()))["cells"]
        kept = [(c["cell_type"], "".join(c["source"]), c.get("outputs")) for c in cells]
        content = json.dumps(kept, sort_keys=True).encode()
    except (ValueError, KeyError, TypeError):
        pass  # no notebook any more
    return hashlib.sha256(content).hexdigest()


def next_name(path: Path) -> Path:
    """Give 02-digits-new.ipynb, then 02-digits-new-2.ipynb, and so on."""
    stem, new, n = path.stem.partition("-new")
    return path.with_name(f"{stem}-new{f'-{int(n[1:] or 1) + 1}' if new else ''}.ipynb")


def fill_cache(folder: Path):
    """Fill a cache with the runs that there are; a page without one gets numbers without value."""
    runs = ROOT / "_build" / ".jupyter_cache" / fingerprint(ROOT)
    runs = get_cache(runs) if runs.exists() else None
    shutil.rmtree(folder, ignore_errors=True)
    cache = get_cache(folder)
    pages = {path: path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.md")}
    everything = "\n".join(pages.values())
    for path, text in pages.items():
        if "{code-cell}" not in text:
            continue
        notebook = jupytext.reads(text, "md:myst")
        if runs and is_cached(runs, notebook):
            notebook = runs.merge_match_into_notebook(notebook)[1]
        else:
            pretend(notebook, glued(text) | glued(everything, f"{path.stem}::"))
        cache.cache_notebook_bundle(
            CacheBundleIn(notebook, str(path), data={"execution_seconds": 0}), check_validity=False
        )


def glued(text, prefix="") -> set[str]:
    """Give the names of the numbers in a text."""
    keys = re.findall(r"\{glue:text\}`" + prefix + "([^`]+)`", text)
    return {key.rpartition(":")[0] or key for key in keys if prefix or "::" not in key}


def pretend(notebook, keys):
    """Give a notebook that has not run the figures and the infinite numbers of a run."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        if "figure" in cell.metadata.get("mystnb", {}):
            cell.outputs = [new_output("display_data", {"text/plain": ""})]
    for key in keys:
        scrap = {"scrapbook": {"name": key, "mime_prefix": "application/papermill.record/"}}
        data = {"application/papermill.record/text/plain": "1e999"}
        cells[-1].outputs.append(new_output("display_data", data, metadata=scrap))


def make_notebooks(work: Path):
    """Read the book without running it, and give the working notebooks and the start page."""
    fill_cache(work / "cache")
    failed = build_sphinx(
        ROOT,
        work / "pages",
        path_config=ROOT / "_config.yml",
        doctreedir=work / "doctrees",
        noconfig=True,  # there is no conf.py
        builder="notebooks",
        freshenv=True,
        really_quiet=True,
        confoverrides={
            "latex_individualpages": False,  # build_sphinx asks for it
            "nb_execution_cache_path": str(work / "cache"),
            "nb_mime_priority_overrides": [("notebooks", "text/plain", 0)],
        },
    )
    if failed:
        sys.exit(f"the chapters could not be read: {failed}")
    editions = {path.name: path.read_bytes() for path in sorted((work / "pages").glob("*.ipynb"))}
    return {START: start_page(editions), **editions}


def start_page(editions: dict[str, bytes]) -> bytes:
    """Make the notebook that lists all others."""
    titles = {}
    for name, content in editions.items():
        cells = nbformat.reads(content.decode(), 4).cells
        text = next(cell.source for cell in cells if cell.cell_type == "markdown")
        titles[name] = text.split("\n")[0].lstrip("# ")
    chapters = "\n".join(f"- [{title}]({name})" for name, title in titles.items())
    book = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    cell = new_markdown_cell(WELCOME.format(title=book, chapters=chapters), id="start")
    return (nbformat.writes(new_notebook(cells=[cell], metadata=METADATA)) + "\n").encode()


if __name__ == "__main__":
    folder = ROOT / "notebooks"
    print("reading the chapters …", flush=True)
    for name in keep_what_is_changed(folder, make_notebooks(ROOT / "_build" / "lab")):
        print(f"you have changed a chapter that has a new edition: it is in notebooks/{name}")
    os.chdir(folder)
    # JupyterLab reads its settings from labconfig/ here too: no question about news
    paths = [str(Path(__file__).parent), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    quiet = ["--LabApp.news_url=None"]  # ask no other host
    quiet += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    os.execv(sys.executable, [sys.executable, "-m", "jupyter", "lab", START, *quiet, *sys.argv[1:]])
