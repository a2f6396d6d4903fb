"""The cache of executed chapters: an edit runs again what depends on it, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import execution
import numpy as np
import pytest
import torch
from execution import fingerprint

ROOT = Path(__file__).parents[1]

CHAPTER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  name: python3
---

# A chapter

```{{code-cell}} ipython3
import os
from pathlib import Path

assert os.environ["OMP_NUM_THREADS"] == "1"  # or a page's numbers depend on the machine's cores
log = Path("{name}.log")
log.write_text(log.read_text() + "x" if log.exists() else "x");
```
"""


class Book:
    """A book of two small chapters, built as ours is."""

    def __init__(self, root):
        self.root = root
        for folder in ("_ext", "_static", "_templates"):
            shutil.copytree(ROOT / "book" / folder, root / "book" / folder)
        config = (ROOT / "_config.yml").read_text(encoding="utf-8")
        self.write("_config.yml", config.replace("    notebooks: book/_ext\n", ""))
        self.write("_toc.yml", "format: jb-book\nroot: book/one\nchapters:\n  - file: book/two\n")
        self.write("references.bib", "")
        self.write("requirements.txt", "torch==2.13.0\n")
        self.write("pyproject.toml", '[project]\nversion = "3.1"\n')
        self.write("aecourse/losses.py", "WEIGHT = 1\n")
        for name in ("one", "two"):
            self.write(f"book/{name}.md", CHAPTER.format(name=name))

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def build(self):
        run = "from jupyter_book.cli.main import main; main()"
        command = [sys.executable, "-c", run, "build", str(self.root)]
        env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        result = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
        assert result.returncode == 0, result.stdout + result.stderr
        return [len((self.root / f"book/{name}.log").read_text()) for name in ("one", "two")]

    def foot(self, name):
        page = (self.root / f"_build/html/book/{name}.html").read_text(encoding="utf-8")
        return re.search(r'<p class="provenance">(.*)</p>', page)[1]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return Book(tmp_path_factory.mktemp("book"))


def test_edits_execute_what_depends_on_them_and_show_in_the_foot_of_the_page(book):
    assert book.build() == [1, 1]
    one, two = book.foot("one"), book.foot("two")
    assert re.match(r"Made from aecourse 3\.1, sources \w{12} · \w+, 1 thread · ", one)
    assert f" · torch {torch.__version__}, NumPy {np.__version__} · " in one

    book.write("book/one.md", CHAPTER.format(name="one").replace("log =", "log = out ="))
    assert book.build() == [2, 1]
    assert book.foot("one") != one
    assert book.foot("two") == two

    book.write("aecourse/losses.py", "WEIGHT = 2\n")
    assert book.build() == [3, 2]
    after_the_package = book.foot("two")
    assert after_the_package != two

    book.write("book/two.md", CHAPTER.format(name="two") + "\nMore words, no other code.\n")
    assert book.build() == [3, 2]
    assert book.foot("two") not in (two, after_the_package)


@pytest.mark.parametrize(
    "path",
    ["aecourse/losses.py", "aecourse/models/new.py", "requirements.txt", "aecourse/a.mplstyle"],
)
def test_the_fingerprint_sees_what_all_chapters_depend_on(tmp_path, path):
    for name in ("aecourse/losses.py", "requirements.txt", "book/one.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    before = fingerprint(tmp_path)
    (tmp_path / "book/one.md").write_text("after")
    assert fingerprint(tmp_path) == before  # a chapter of its own is myst-nb's business
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("after")
    assert fingerprint(tmp_path) != before


def test_the_fingerprint_does_not_see_the_checks(tmp_path):
    (tmp_path / "aecourse" / "checks").mkdir(parents=True)
    before = fingerprint(tmp_path)
    (tmp_path / "aecourse" / "checks" / "digits.py").write_text("")
    assert fingerprint(tmp_path) == before


@pytest.mark.parametrize("own_cache", ["", "elsewhere"])
def test_mnist_is_fetched_before_the_cache_is_chosen(tmp_path, monkeypatch, own_cache):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("AECOURSE_DATA", raising=False)
    folder = tmp_path / "cache" / "aecourse" / "MNIST" / "raw"
    monkeypatch.setattr(execution, "fetch_mnist", lambda: folder.mkdir(parents=True))
    app = SimpleNamespace(outdir=tmp_path / "_build" / "html", srcdir=tmp_path)
    config = SimpleNamespace(nb_execution_cache_path=own_cache)
    execution.choose_cache(app, config)
    assert folder.exists() != bool(own_cache)  # who brings a cache executes nothing
    if not own_cache:
        assert Path(config.nb_execution_cache_path).name == fingerprint(tmp_path)


def test_the_fingerprint_sees_whether_mnist_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("AECOURSE_DATA", raising=False)
    without = fingerprint(ROOT)
    for name in ("one", "two"):
        (tmp_path / name / "MNIST" / "raw").mkdir(parents=True)
        monkeypatch.setenv("AECOURSE_DATA", str(tmp_path / name))
        assert fingerprint(ROOT) != without
    there = fingerprint(ROOT)
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path / "one"))
    assert fingerprint(ROOT) == there  # wherever it lies, it is the same


def test_a_cell_that_raises_fails_the_build_each_time(book):
    book.write(
        "book/two.md", CHAPTER.format(name="two").replace("from pathlib", "1 / 0\nfrom pathlib")
    )
    for _ in range(2):
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            book.build()
