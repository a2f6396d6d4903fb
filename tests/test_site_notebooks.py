"""The notebooks and scripts of the built site, chapter by chapter."""

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from test_notebooks import LEFT_OVER, cells, names_without_origin, problems, run

BUILD = Path(__file__).parents[1] / "_build"
SITE, TEACHER = BUILD / "html" / "notebooks", BUILD / "teacher"
BUILT = sorted(path.stem for path in SITE.glob("*.ipynb"))


def test_there_are_notebooks():
    assert {"introduction", "digits"} <= set(BUILT), "run `make test`, which builds the book first"


@pytest.mark.parametrize("chapter", BUILT)
def test_every_notebook_of_the_site(chapter):
    for folder in (SITE, TEACHER):
        assert problems(folder / f"{chapter}.ipynb", solved=folder == TEACHER) == []
        assert names_without_origin(folder / f"{chapter}.ipynb") == []
    script = (SITE / f"{chapter}.py").read_text(encoding="utf-8")
    ast.parse(script)
    assert not LEFT_OVER.search(script)
    stubs = [c for c in cells(SITE / f"{chapter}.ipynb") if "stub" in c.metadata.get("tags", ())]
    assert len(stubs) >= 2
    solutions = {c.source for c in cells(TEACHER / f"{chapter}.ipynb")} - {
        c.source for c in cells(SITE / f"{chapter}.ipynb")
    }
    assert len(solutions) >= len(stubs)


@pytest.mark.parametrize("chapter", [c for c in BUILT if c in ("introduction", "digits")])
def test_a_solved_notebook_and_a_script_run(chapter, tmp_path):
    run(TEACHER / f"{chapter}.ipynb", tmp_path)
    command = [sys.executable, str(SITE / f"{chapter}.py")]
    environment = os.environ | {"MPLBACKEND": "agg"}
    subprocess.run(command, check=True, env=environment, cwd=tmp_path, timeout=600)


def test_the_zip_has_every_chapter_in_order():
    with zipfile.ZipFile(SITE / "class.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".ipynb")]
        for name in names:
            nbformat.validate(json.loads(archive.read(name)))
    assert [name[:2] for name in names] == [f"{n:02}" for n in range(1, len(BUILT) + 1)]
    assert {name[3:-6] for name in names} == set(BUILT)
