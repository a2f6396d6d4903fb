"""What a person runs: working notebooks, solved notebooks, scripts and the zip for a class."""

import ast
import builtins
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import nbformat
import pytest
from cells import names, stand_alone
from jupyter_server.services.config import ConfigManager
from lab import START, keep_what_is_changed
from nbclient import NotebookClient
from nbformat.v4 import new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[1]
LEFT_OVER = re.compile(
    r"\{[a-z]+(?::[a-z]+)?\}`|^:[a-z]+: |^(?:```|~~~|:::)\{|</?script"
    r"|\bglue\b|\bclaim\(|\bput\(|%config",
    re.M,
)
PATH = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users)/|\b[A-Z]:\\\w")

CHAPTER = r"""---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# First steps

A {term}`code` of {glue:text}`one-n:.1f` numbers {cite:p}`gower1975`.
See {numref}`fig-line`, {numref}`tab-one`, {eq}`eq-one` and {ref}`ex-double`.

```{code-cell} ipython3
:tags: [remove-cell]

from myst_nb import glue

from aecourse.claims import claim

%config InlineBackend.figure_formats = ["svg"]
HIDDEN, unused = 3, 4
```

## A line

```{code-cell} ipython3
import matplotlib.pyplot as plt

plt.style.use("aecourse.plotting.figures")
n = HIDDEN + 1
```

```{code-cell} ipython3
:tags: [remove-input]

glue("one-n", n, display=False)
claim(n == 4)
```

```{admonition} Predict
:class: note
Does it *rise*?
```

````{admonition} Why
:class: dropdown
```{math}
:label: eq-one
a &= b \\
c &= d
```
````

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: |
      A line of {glue:text}`one-n:.0f`
      points.
    name: fig-line
  image:
    alt: A line that rises.
tags: [hide-input]
---
plt.plot(range(n));
```

```{list-table} Two numbers.
:header-rows: 1
:name: tab-one

* - Name
  - Value
* - $p(x | z)$
  - {glue:text}`one-n:.2f`
```

## Exercises

```{exercise-start} Double
:label: ex-double
```
Write `double`.
```{exercise-end}
```

```{solution-start} ex-double
:class: dropdown
```
The secret is two.

```{code-cell} ipython3
def double(x):
    return 2 * x
```

```{code-cell} ipython3
:tags: [check]

assert double(n) == 8
```
```{solution-end}
```

```{exercise-start} Halve
:label: ex-halve
```
Write `halve`.
```{exercise-end}
```

```{code-cell} ipython3
:tags: [stub]

def halve(x):
    ...
```

```{solution-start} ex-halve
:class: dropdown
```
```{code-cell} ipython3
def halve(x):
    return x / 2  # secret
```
```{solution-end}
```

```{exercise-start} Think
:label: ex-think
```
Why?
```{exercise-end}
```

```{solution-start} ex-think
:class: dropdown
```
A secret.
```{solution-end}
```
"""

GLOSSARY = "# Glossary\n\n```{glossary}\ncode\n  A few numbers.\n```\n\n```{bibliography}\n```\n"


class Book:
    """A book of one chapter, built as ours is."""

    def __init__(self, root):
        self.root = root
        for folder in ("book/_ext", "book/_static", "book/_templates", "aecourse"):
            shutil.copytree(ROOT / folder, root / folder, ignore=lambda *_: ["__pycache__"])
        for name in ("_config.yml", "references.bib", "requirements.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, root)
        shutil.copy(ROOT / "README.md", root)
        shutil.copy(ROOT / "LICENSE", root)
        toc = "format: jb-book\nroot: book/index\nparts:\n  - caption: One\n    numbered: true\n"
        toc += "    chapters:\n      - file: book/one\n  - caption: Two\n    chapters:\n"
        (root / "_toc.yml").write_text(toc + "      - file: book/glossary\n", encoding="utf-8")
        (root / "book/index.md").write_text("# The book\n", encoding="utf-8")
        (root / "book/glossary.md").write_text(GLOSSARY, encoding="utf-8")
        (root / "book/one.md").write_text(CHAPTER, encoding="utf-8")

    def python(self, *arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=self.root)

    def build(self):
        result = self.python("-c", "from jupyter_book.cli.main import main; main()", "build", ".")
        assert result.returncode == 0, result.stdout + result.stderr

    def make_lab(self):
        code = """import sys; sys.path.insert(0, "book/_ext"); import lab; from pathlib import Path
notebooks = lab.make_notebooks(Path("_build/lab"))
print(lab.keep_what_is_changed(Path("notebooks"), notebooks))"""
        result = self.python("-c", code)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.strip().split("\n")[-1]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("book"))
    book.unbuilt = book.make_lab(), text(book.root / "notebooks" / "01-one.ipynb")
    book.build()
    book.site, book.teacher = book.root / "_build/html/notebooks", book.root / "_build/teacher"
    return book


def cells(path):
    return cells_of(path.read_bytes())


@functools.cache
def cells_of(content):
    notebook = nbformat.reads(content.decode(), 4)
    nbformat.validate(notebook)
    return notebook.cells


def text(path):
    return "\n\n".join(cell.source for cell in cells(path))


def run(path, folder):
    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


# ---- what each notebook must be ----------------------------------------------------------------


def problems(path, *, solved):
    """List what a notebook has that it should not have."""
    found, first = [], cells(path)[0]
    if first.cell_type != "code" or 'find_spec("aecourse")' not in first.source:
        found.append("the first cell does not say what the notebook needs")
    for cell in cells(path):
        found += LEFT_OVER.findall(cell.source) + PATH.findall(str(cell))
        if cell.cell_type == "code":
            ast.parse(cell.source)
            if cell.outputs and not solved:
                found.append("an output")
        elif cell.source.count("$$") % 2 or ("**Solution**" in cell.source and not solved):
            found.append(cell.source)
    return found


def names_without_origin(path):
    """List what the code of a notebook reads and nothing sets: hidden code that is missing."""
    code = [c for c in cells(path) if c.cell_type == "code"]
    code = [c.source for c in code if not {"stub", "check"} & set(c.metadata.get("tags", ()))]
    statements = [node for source in code for node in ast.parse(source).body]
    everywhere = set().union(*(names(node)[1] for node in statements))
    known, missing = set(dir(builtins)), []
    for node in statements:
        reads, sets = names(node)
        lasting = isinstance(node, ast.FunctionDef | ast.ClassDef)  # read when it is called
        missing += reads - known - (everywhere if lasting else set())
        known |= sets
    return missing


def test_a_small_chapter_becomes_plain_markdown(book):
    working = text(book.site / "one.ipynb")
    for line in (
        "# 1. First steps",
        "A [code](../book/glossary.html#term-code) of ‹4.0› numbers [Gower, 1975].",
        "> *code:* A few numbers.",
        "[Figure 1.1](../book/one.html#fig-line), [Table 1.1](../book/one.html#tab-one)",
        "[(1.1)](../book/one.html#equation-eq-one) and [Exercise 1.1](../book/one.html#ex-double)",
        "> **Predict**\n> \n> Does it *rise*?",
        r"$$ \begin{aligned}a &= b \\ c &= d\end{aligned} \tag{1.1} $$",
        "**Figure 1.1.** A line of ‹4› points.",
        "**Table 1.1.** Two numbers.\n\n| Name | Value |\n| --- | --- |\n",
        r"| $p(x \vert z)$ | ‹4.00› |",
        "### Exercise 1.1 (Double)\n\nWrite `double`.",
        "## References\n\n- John C. Gower.",
    ):
        assert line in working
    assert problems(book.site / "one.ipynb", solved=False) == []
    assert "secret" not in working


def test_a_working_notebook_keeps_only_the_code_that_is_needed(book):
    code = [cell.source for cell in cells(book.site / "one.ipynb") if cell.cell_type == "code"][1:]
    assert code == [
        "HIDDEN, unused = 3, 4",
        "import matplotlib.pyplot as plt\n\n"
        'plt.style.use("aecourse.plotting.figures")\nn = HIDDEN + 1',
        "plt.plot(range(n));",
        "# your answer",
        "assert double(n) == 8",
        "def halve(x):\n    ...",
    ]


def test_stubs_say_which_exercise_they_answer_and_drawing_is_collapsed(book):
    metadata = [cell.metadata for cell in cells(book.site / "one.ipynb")]
    assert {"tags": ["stub"], "exercise": "ex-double"} in metadata
    assert {"tags": ["stub"], "exercise": "ex-halve"} in metadata
    assert not any(cell.get("exercise") == "ex-think" for cell in metadata)
    drawing = [c for c in cells(book.site / "one.ipynb") if c.source.startswith("plt.plot")]
    assert drawing[0].metadata == {"jupyter": {"source_hidden": True}}


def test_a_solved_notebook_has_solutions_and_outputs_and_runs(book, tmp_path):
    solved = book.teacher / "one.ipynb"
    assert text(solved).count("secret") == 3
    assert problems(solved, solved=True) == []
    assert any("image/svg+xml" in o.data for c in cells(solved) for o in c.get("outputs", ()))
    assert not list(book.root.glob("_build/html/**/teacher"))
    run(solved, tmp_path)


def test_with_the_answers_a_working_notebook_runs_to_its_end(book, tmp_path):
    notebook = nbformat.read(book.site / "one.ipynb", 4)
    answers = {"ex-double": "def double(x):\n    return 2 * x", "ex-halve": "halve = None"}
    for cell in notebook.cells:
        if "stub" in cell.metadata.get("tags", ()):
            cell.source = answers[cell.metadata["exercise"]]
    nbformat.write(notebook, tmp_path / "one.ipynb")
    run(tmp_path / "one.ipynb", tmp_path)


def test_a_script_runs(book, tmp_path):
    script = (book.site / "one.py").read_text(encoding="utf-8")
    assert "secret" not in script
    assert "double" not in script
    assert not LEFT_OVER.search(script)
    environment = os.environ | {"MPLBACKEND": "agg"}
    command = [sys.executable, str(book.site / "one.py")]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path, timeout=120)


def test_the_zip_holds_a_class(book, tmp_path):
    with zipfile.ZipFile(book.site / "class.zip") as archive:
        assert {member.external_attr >> 16 for member in archive.infolist()} == {0o644}
        archive.extractall(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    wheel = next(name for name in names if name.endswith(".whl"))
    assert names == ["01-one.ipynb", "README.txt", "SHA256SUMS", wheel, "requirements.txt"]
    assert wheel in cells(tmp_path / "01-one.ipynb")[0].source
    assert f"./{wheel}" in (tmp_path / "requirements.txt").read_text()
    assert "../" not in text(tmp_path / "01-one.ipynb")  # nothing lies there
    assert len((tmp_path / "README.txt").read_text().splitlines()) <= 10
    for line in (tmp_path / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    with zipfile.ZipFile(tmp_path / wheel) as archive:
        assert "aecourse/plotting/figures.mplstyle" in archive.namelist()


def test_a_notebook_says_what_it_was_made_from_as_its_page_does(book):
    page = (book.root / "_build/html/book/one.html").read_text(encoding="utf-8")
    made = re.search(r"Made from aecourse \S+, sources \w{12}", page)[0]
    assert made in text(book.site / "one.ipynb")


def test_a_new_version_of_the_package_alone_makes_no_new_edition(tmp_path):
    def notebook(version, words):
        cell = f"{words} Made from aecourse {version}, sources {version}abc."
        return nbformat.writes(new_notebook(cells=[new_markdown_cell(cell)])).encode()

    keep_what_is_changed(tmp_path, {"a.ipynb": notebook(1, "Words.")})
    (tmp_path / "a.ipynb").write_bytes(notebook(1, "My words."))
    assert keep_what_is_changed(tmp_path, {"a.ipynb": notebook(2, "Words.")}) == []
    assert keep_what_is_changed(tmp_path, {"a.ipynb": notebook(2, "More.")}) == ["a-new.ipynb"]


def test_a_page_has_its_buttons(book):
    page = (book.root / "_build/html/book/one.html").read_text(encoding="utf-8")
    for name in ("one.ipynb", "one.py", "class.zip"):
        assert f'href="../notebooks/{name}"' in page
    assert "colab" not in page
    assert "work-in-it" not in (book.root / "_build/html/book/glossary.html").read_text("utf-8")


# ---- make lab ----------------------------------------------------------------------------------


def test_the_lab_needs_no_built_book(book):
    beside, working = book.unbuilt
    assert beside == "[]"
    assert "‹number of your run› numbers" in working
    assert "**Figure 1.1.** A line of ‹number of your run› points." in working


def test_the_lab_fills_in_the_numbers_of_the_last_run_and_keeps_what_was_changed(book):
    folder = book.root / "notebooks"
    mine = folder / "01-one.ipynb"
    mine.write_text(mine.read_text("utf-8").replace("# your answer", "my answer"), encoding="utf-8")
    assert book.make_lab() == "['01-one-new.ipynb']"
    assert "my answer" in text(mine)
    assert "‹4.0› numbers" in text(folder / "01-one-new.ipynb")
    assert "[1. First steps](01-one.ipynb)" in text(folder / START)


def test_the_lab_asks_nobody_about_news():
    path = [str(ROOT / "book" / "_ext" / "labconfig")]
    settings = ConfigManager(read_config_path=path).get("default_setting_overrides")
    ((plugin, chosen),) = settings.items()
    schema = Path(sys.prefix, "share/jupyter/lab/schemas", f"{plugin.replace(':', '/')}.json")
    jsonschema.validate(chosen, json.loads(schema.read_text(encoding="utf-8")))  # JupyterLab's own
    assert chosen["fetchNews"] == "false"


def test_no_edition_is_written_over_a_changed_file(tmp_path):
    def names():
        return {p.name: p.read_bytes() for p in tmp_path.glob("*.ipynb")}

    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"1"}) == []
    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"2"}) == []  # untouched: replaced
    assert names() == {"a.ipynb": b"2"}
    (tmp_path / "a.ipynb").write_bytes(b"mine")
    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"2"}) == []  # no new edition
    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"3"}) == ["a-new.ipynb"]
    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"3"}) == []
    (tmp_path / "a-new.ipynb").write_bytes(b"mine too")
    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"4"}) == ["a-new-2.ipynb"]
    (tmp_path / "a-new-2.ipynb").unlink()
    assert keep_what_is_changed(tmp_path, {"a.ipynb": b"4"}) == []  # offered, and declined
    expected = {"a.ipynb": b"mine", "a-new.ipynb": b"mine too"}
    assert names() == expected
    (tmp_path / "b.ipynb").write_bytes(b"by hand")  # never written by us
    keep_what_is_changed(tmp_path, {"b.ipynb": b"1"})
    assert names() == expected | {"b.ipynb": b"by hand", "b-new.ipynb": b"1"}


def test_a_notebook_that_was_only_opened_is_not_changed(tmp_path):
    def edition(source):
        cells = [nbformat.v4.new_code_cell(source, id="cell-0")]
        return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()

    path = tmp_path / "a.ipynb"
    keep_what_is_changed(tmp_path, {"a.ipynb": edition("1")})
    opened = nbformat.read(path, 4)
    opened.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(opened, path)  # as JupyterLab does
    assert keep_what_is_changed(tmp_path, {"a.ipynb": edition("2")}) == []
    run = nbformat.read(path, 4)
    assert run.cells[0].source == "2"
    run.cells[0].outputs = [nbformat.v4.new_output("stream", text="2")]
    nbformat.write(run, path)  # a result is worth keeping
    assert keep_what_is_changed(tmp_path, {"a.ipynb": edition("3")}) == ["a-new.ipynb"]
    assert nbformat.read(path, 4).cells[0].outputs[0].text == "2"


# ---- the choice of code ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "shown", "left"),
    [
        ("import time\na = 1", "print(a)", "a = 1"),
        ("import time\nstart = time.time()", "print(time)", "import time"),
        ("a = 1", "a = 2\nprint(a)", ""),
        ("for a in (1, 2):\n    glue(a)", "for a in 'xy':\n    print(a)", ""),
        ("a = 1", "print([a for a in 'xy'])", ""),
        ("a = 1", "def f(a):\n    return a", ""),
        ("a = 1", "def f():\n    return a", "a = 1"),
        ("a = 1", "def f():\n    return a\n\nf()", "a = 1"),
        ("a = {}\na['b'] = 1", "print(a)", "a = {}\na['b'] = 1"),
        ("a = 1\na += 1", "print(a)", "a = 1\na += 1"),
        ("a = 1  # one\nclaim(a == 1)", "a + 1", "a = 1  # one"),
        ("a = 1", "a = a + 1", "a = 1"),
    ],
)
def test_of_hidden_code_only_what_is_needed_stays(hidden, shown, left):
    assert stand_alone([(hidden, "nothing"), (shown, "all")]) == [left, shown]
