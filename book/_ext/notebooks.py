"""Make from each chapter, as its page is written, what a person can run.

- `notebooks/<chapter>.ipynb`: the working notebook, without outputs and solutions;
- `notebooks/<chapter>.py`: the code that the page shows, as a script;
- `notebooks/class.zip`: the working notebooks in order, and what they need, for a room of people;
- beside the site, `teacher/<chapter>.ipynb`: the solved notebook, with outputs.

Where an exercise has a solution in code, the working notebook has a stub: the cell before it that
the chapter tags `stub`, or an empty one. A cell of the solution tagged `check` stays, below it.
"""

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import nbformat
from cells import shows, stand_alone
from execution import as_read
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from provenance import made_from
from sphinx.builders.dummy import DummyBuilder
from to_markdown import Cell, Page

KEPT_TAGS = {"stub", "check", "raises-exception", "skip-execution"}
STUB = "# your answer"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

NEEDS = """\
# This notebook needs Python 3.11 or newer and the package `aecourse`, which brings PyTorch,
# matplotlib and scikit-learn. Where it is missing, this cell installs it from the file
# {wheel} beside this notebook. Where it is there, the cell does nothing.
import importlib.util
import subprocess
import sys
from pathlib import Path

if importlib.util.find_spec("aecourse") is None:
    source = "{wheel}"
    if not Path(source).exists():
        {otherwise}
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)
"""
MISSING = 'raise FileNotFoundError(f"put {source} beside this notebook: class.zip holds it")'

SCRIPT = '''\
"""{title}: the code of the chapter. It needs the package `aecourse`."""'''

README = """\
{title}
{line}
One notebook a chapter, in the order of their numbers: text, code, and room for your answers.
Did everything arrive whole?  sha256sum --check SHA256SUMS  (on a Mac: shasum -a 256 --check)

1. Have Python 3.11 or newer. In this folder, make an environment:  python3 -m venv .venv
2. Install what the notebooks need:  .venv/bin/pip install -r requirements.txt
   (on Windows .venv\\Scripts\\pip; a teacher without a network in the room does 1 and 2 before)
3. Start:  .venv/bin/jupyter lab    and open the first notebook.
Chapters about MNIST download it once, or find it in the folder that AECOURSE_DATA names.
"""


# ---- what every edition has in common ----------------------------------------------------------


def chapters(app) -> list[str]:
    """Give the pages that have code, in reading order; the first page of the book is none."""
    pages = app.config.external_site_map
    return [p for p in pages if p != app.config.root_doc and "kernelspec" in app.env.metadata[p]]


def numbered(app) -> dict[str, str]:
    """Give for each chapter the file name that says its place, such as 02-digits.ipynb."""
    pages = enumerate(chapters(app), 1)
    return {page: f"{n:02}-{page.rpartition('/')[2]}.ipynb" for n, page in pages}


@cache  # its editions, its picture and its card are made of it
def executed(app, docname):
    """Give the chapter as a notebook, with the outputs of the last run."""
    notebook = as_read(app, docname)
    return get_cache(app.config.nb_execution_cache_path).merge_match_into_notebook(notebook)[1]


def wheel_name(root) -> str:
    """Give the name of the file that installs the package."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name']}-{project['version']}-py3-none-any.whl"


def in_reading_order(page, notebook):
    """Yield the pieces of a page, each hidden cell where it stands in the notebook."""
    seen = 0
    for piece in page.pieces:
        if isinstance(piece, Cell):
            yield from (Cell(n) for n in range(seen, piece.index))
            seen = piece.index + 1
        yield piece


def compose(app, doctree, docname, *, solved):
    """Give the cells of an edition, each with the notebook's cell that it comes from."""
    notebook, page = executed(app, docname), Page(app, doctree, docname, solved)
    pieces = [
        piece
        for piece in in_reading_order(page, notebook)
        if isinstance(piece, str) or notebook.cells[piece.index].cell_type == "code"
    ]
    cells = {}
    for piece in pieces:
        if isinstance(piece, Cell):
            cell = notebook.cells[piece.index]
            if solved or not piece.solves or has_tag(cell, "check"):
                cells[piece.index] = cell
    shown = [(cell.source, part_shown(cell)) for cell in cells.values()]
    sources = dict(zip(cells, stand_alone(shown), strict=True))
    stubs = set()
    for piece in pieces:
        if isinstance(piece, str):
            yield piece, None
            continue
        asked = piece.solves and part_shown(notebook.cells[piece.index]) != "nothing"
        if asked and not solved and piece.exercise not in stubs:
            stubs.add(piece.exercise)
            yield STUB, new_code_cell(metadata={"tags": ["stub"], "exercise": piece.exercise})
        if source := sources.get(piece.index):
            cell = cells[piece.index]
            if piece.solves or has_tag(cell, "stub", "check"):
                cell.metadata["exercise"] = piece.exercise
                stubs.add(piece.exercise)
            yield source, cell


def has_tag(cell, *tags) -> bool:
    """Say whether a cell has one of the tags."""
    return not set(tags).isdisjoint(cell.metadata.get("tags", ()))


def part_shown(cell) -> str:
    """Say what of a cell is the reader's."""
    if has_tag(cell, "remove-cell"):
        return "nothing"
    if not has_tag(cell, "remove-input") or "figure" in cell.metadata.get("mystnb", {}):
        return "all"
    return "last" if shows(cell.source) else "nothing"


# ---- the editions ------------------------------------------------------------------------------


def as_notebook(app, doctree, docname, *, solved):
    """Make the working or the solved notebook."""
    repository = app.config.notebooks_repository
    otherwise = f'source = "git+https://github.com/{repository}"' if repository else MISSING
    needs = NEEDS.format(wheel=wheel_name(Path(app.srcdir)), otherwise=otherwise)
    folded = {"jupyter": {"source_hidden": True}}
    cells = [new_code_cell(needs.strip(), metadata=folded)]
    for source, cell in compose(app, doctree, docname, solved=solved):
        if cell is not None:
            cells.append(new_code_cell(source, metadata=metadata(cell)))
            if solved and part_shown(cell) == "all":
                outputs = cell.get("outputs", ())
                cells[-1].outputs = [o for o in outputs if o.get("name") != "stderr"]
                cells[-1].execution_count = cell.get("execution_count")
        elif cells[-1].cell_type == "code" or source.startswith("#"):
            cells.append(new_markdown_cell(source))
        else:
            cells[-1].source += f"\n\n{source}"
    title, _, text = cells[1].source.partition("\n")
    cells[1].source = f"{title}\n\n*{about(app, docname, solved)}*\n{text}"
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"  # the same text gives the same file
    return new_notebook(cells=cells, metadata=METADATA)


def about(app, docname, solved):
    """Say what a notebook is, and what its marks mean."""
    kind = "Solved notebook, for the teacher" if solved else "Working notebook"
    link = f"{app.config.html_baseurl or '../'}{docname}.html"
    return (
        f"{kind}: the text and code of [this chapter]({link}). Numbers in ‹ › come from the book's "
        "run; in yours the last digits may differ. "
        f"Made from {made_from(Path(app.srcdir), docname)}."
    )


def metadata(cell) -> dict:
    """Keep of a cell's metadata what a notebook understands: drawing is collapsed."""
    kept = {"tags": [tag for tag in cell.metadata.get("tags", ()) if tag in KEPT_TAGS]}
    if has_tag(cell, "hide-input", "remove-input", "remove-cell"):
        kept["jupyter"] = {"source_hidden": True}
    if "exercise" in cell.metadata:
        kept["exercise"] = cell.metadata["exercise"]
    return {key: value for key, value in kept.items() if value}


def as_script(app, doctree, docname) -> str:
    """Make the script of the visible code; headings become comments."""
    parts = []
    for source, cell in compose(app, doctree, docname, solved=False):
        if cell is not None and not has_tag(cell, "stub", "check"):
            parts.append(source.rstrip(";"))
        elif cell is None and source.startswith("#"):
            title = source.split("\n")[0].strip("# ")
            if parts and parts[-1].startswith("# ----"):
                parts.pop()  # a section without code
            parts.append(f"# ---- {title} ".ljust(80, "-") if parts else SCRIPT.format(title=title))
    if parts[-1].startswith("# ----"):
        parts.pop()
    if any("plt." in part for part in parts):
        parts.append("plt.show()  # all figures, each in its window")
    return "\n\n".join(parts) + "\n"


def write_editions(app, doctree, docname):
    """Write what is made from one page."""
    if app.builder.name not in ("html", "notebooks") or docname not in chapters(app):
        return
    name, site = docname.rpartition("/")[2], Path(app.outdir) / "notebooks"
    site.mkdir(parents=True, exist_ok=True)
    nbformat.write(as_notebook(app, doctree, docname, solved=False), site / f"{name}.ipynb")
    if app.builder.name == "html":
        script = as_script(app, doctree, docname)
        (site / f"{name}.py").write_text(script, encoding="utf-8")
        teacher = Path(app.outdir).parent / "teacher"
        teacher.mkdir(exist_ok=True)
        solved = as_notebook(app, doctree, docname, solved=True)
        nbformat.write(solved, teacher / f"{name}.ipynb")


# ---- all of them together ----------------------------------------------------------------------


def side_by_side(app, docname) -> str:
    """Give a chapter's working notebook as text, with links to its neighbours in one folder.

    Where the address of the site is unknown, other links to its pages would lead nowhere.
    """
    name = docname.rpartition("/")[2]
    path = Path(app.outdir) / "notebooks" / f"{name}.ipynb"
    notebook, names = nbformat.read(path, 4), numbered(app)

    def link(match):
        words, page = match.groups()
        other = names.get(page) if page != docname else None
        return f"[{words}]({other})" if other else words

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\[([^\]]*)\]\(\.\./([^)#]*)\.html[^)]*\)", link, cell.source)
    return nbformat.writes(notebook) + "\n"


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the package's wheel in a copy of its sources, unless it is there and newer."""
    wheel = folder / wheel_name(root)
    parts = [root / name for name in ("pyproject.toml", "README.md", "LICENSE", "aecourse")]
    newest = max(p.stat().st_mtime for part in parts for p in (part, *part.rglob("*.[pm]*")))
    if not wheel.exists() or wheel.stat().st_mtime < newest:
        with tempfile.TemporaryDirectory() as copy:
            for part in parts:
                kind = shutil.copytree if part.is_dir() else shutil.copy
                kind(part, Path(copy) / part.name)
            pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
            subprocess.run([*pip, "--quiet", "--wheel-dir", folder, copy], check=True)
    return wheel


def needed_to_run(root: Path, wheel: str) -> str:
    """Give the pinned requirements of the chapters and of JupyterLab, and the package."""
    blocks = (root / "requirements.txt").read_text(encoding="utf-8").strip().split("\n\n")
    kept = [b for b in blocks if b.startswith(("# what the chapters compute with", "# make lab"))]
    return "\n\n".join([*kept, f"# the package of the course\n./{wheel}"]) + "\n"


def pack(app, exception):
    """Write the wheel and `class.zip` beside the notebooks; for `lab.py` the numbered notebooks."""
    if exception or app.builder.name not in ("html", "notebooks") or not chapters(app):
        return
    files = {name: side_by_side(app, page).encode() for page, name in numbered(app).items()}
    if app.builder.name == "notebooks":
        for name, data in files.items():
            (Path(app.outdir) / name).write_bytes(data)
        return
    root, site = Path(app.srcdir), Path(app.outdir) / "notebooks"
    wheel = build_wheel(root, site)
    shutil.copy(wheel, Path(app.outdir).parent / "teacher")
    title = app.config.html_title
    requirements = needed_to_run(root, wheel.name)
    files[wheel.name] = wheel.read_bytes()
    files["requirements.txt"] = requirements.encode()
    files["README.txt"] = README.format(title=title, line="=" * len(title)).encode()
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    files["SHA256SUMS"] = "".join(sums).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(
                name, date_time=(2026, 1, 1, 0, 0, 0)
            )  # equal files, equal zips
            member.external_attr = 0o644 << 16  # all may read it
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    (site / "class.zip").write_bytes(packed.getvalue())
    if app.config.notebooks_repository:  # Binder looks here, in the branch that holds the site
        folder = Path(app.outdir) / "binder"
        folder.mkdir(exist_ok=True)
        (folder / "requirements.txt").write_text(requirements.replace("./", "./notebooks/"))
        (folder / "runtime.txt").write_text("python-3.12\n")  # its own default may be older


def add_buttons(app, docname, templatename, context, doctree):
    """Put links to a chapter's notebook and script below its title."""
    if doctree is None or docname not in chapters(app):
        return
    name, up = docname.rpartition("/")[2], "../" * docname.count("/")
    links = [
        f'<a href="{up}notebooks/{name}.ipynb" download>Notebook</a>',
        f'<a href="{up}notebooks/{name}.py" download>Script</a>',
        f'<a href="{up}notebooks/class.zip" download>All notebooks</a>',
    ]
    if repository := app.config.notebooks_repository:
        colab, binder = "https://colab.research.google.com/github", "https://mybinder.org/v2/gh"
        at = f"notebooks/{name}.ipynb"
        links += [
            f'<a href="{colab}/{repository}/blob/gh-pages/{at}">Colab</a>',
            f'<a href="{binder}/{repository}/gh-pages?labpath={at}">Binder</a>',
        ]
    line = f'<p class="work-in-it">Work in it: {" · ".join(links)}</p>'
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


class NotebookBuilder(DummyBuilder):
    """Make the working notebooks and no site; `lab.py` uses it."""

    name = "notebooks"

    def get_target_uri(self, docname, typ=None):
        """Say where the page would be."""
        return f"{docname}.html"


def setup(app):
    """Connect to Sphinx."""
    app.add_config_value("notebooks_repository", "", "html", str)
    app.add_builder(NotebookBuilder)
    app.connect("doctree-resolved", write_editions, priority=100)
    app.connect("html-page-context", add_buttons)
    app.connect("build-finished", pack)
    return {"parallel_read_safe": True}
