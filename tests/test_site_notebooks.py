"""The notebooks and scripts of the built site, chapter by chapter.

To the end runs the shortest chapter, or, with EVERY_CHAPTER=1, all of them, which takes longer than
the book. Of the others only what their checks need is run.
"""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from cells import stand_alone
from test_notebooks import LEFT_OVER, cells, names_without_origin, problems, run

from aecourse.checks.compare import STUB, CheckFailed

BUILD = Path(__file__).parents[1] / "_build"
SITE, TEACHER = BUILD / "html" / "notebooks", BUILD / "teacher"
BUILT = sorted(path.stem for path in SITE.glob("*.ipynb"))
RUN = [name for name in BUILT if name == "introduction" or os.environ.get("EVERY_CHAPTER")]


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
    stubs = [c for c in cells(SITE / f"{chapter}.ipynb") if has_tag(c, "stub")]
    assert len(stubs) >= 2
    assert {c.metadata["exercise"] for c in stubs} == set(answers(chapter))


def has_tag(cell, *tags):
    return not set(tags).isdisjoint(cell.metadata.get("tags", ()))


def answers(chapter):
    """Return the code of the solutions by exercise."""
    found = {}
    for cell in cells(TEACHER / f"{chapter}.ipynb"):
        if "exercise" in cell.metadata and not has_tag(cell, "stub", "check"):
            found.setdefault(cell.metadata["exercise"], []).append(cell.source)
    return {exercise: "\n\n".join(sources) for exercise, sources in found.items()}


def with_answers(chapter):
    """Return the working notebook with the solutions in place of the stubs."""
    notebook, missing = nbformat.read(SITE / f"{chapter}.ipynb", 4), answers(chapter)
    for cell in notebook.cells:
        if has_tag(cell, "stub"):
            cell.source = missing.pop(cell.metadata["exercise"])
    assert not missing
    return notebook


@pytest.mark.parametrize("chapter", [name for name in BUILT if name != "playground"])
def test_a_check_passes_the_solution_and_says_of_a_stub_that_it_is_one(chapter, capsys):
    solved, untouched = with_answers(chapter).cells, cells(SITE / f"{chapter}.ipynb")
    exercises = [cell.metadata["exercise"] for cell in solved if has_tag(cell, "check")]
    assert exercises
    for exercise in exercises:
        exec(needed_to_check(exercise, solved), {})
        assert capsys.readouterr().out.startswith("✓ ")
        with pytest.raises(CheckFailed) as failed:
            exec(needed_to_check(exercise, untouched), {})
        assert failed.value.hint == STUB


def test_the_playground_has_nothing_to_build():
    assert not any(has_tag(cell, "check") for cell in with_answers("playground").cells)


def needed_to_check(exercise, notebook):
    """Return what a notebook's check of an exercise stands on, and the check."""

    def wanted(cell):
        return has_tag(cell, "check") and cell.metadata["exercise"] == exercise

    code = [cell for cell in notebook if cell.cell_type == "code"]
    sources = [(cell.source, "all" if wanted(cell) else "nothing") for cell in code]
    return "\n\n".join(stand_alone(sources))


@pytest.mark.parametrize("chapter", RUN)
def test_with_the_solutions_a_working_notebook_runs_to_its_end(chapter, tmp_path):
    nbformat.write(with_answers(chapter), tmp_path / "answered.ipynb")
    notebook = run(tmp_path / "answered.ipynb", tmp_path)
    for cell in notebook.cells:
        if has_tag(cell, "check"):
            assert cell.outputs[0].text.startswith("✓ ")


@pytest.mark.parametrize("chapter", RUN)
def test_a_solved_notebook_and_a_script_run(chapter, tmp_path):
    if os.environ.get("EVERY_CHAPTER"):  # its cells are those of the working notebook
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


# ---- in JupyterLab -----------------------------------------------------------------------------

ALL_AT_ONCE = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"  # not while scrolling
SHOWN = """() => [...document.querySelectorAll('.jp-RenderedMarkdown')].map(cell => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll('mjx-container, code').forEach(element => element.remove());
    return copy.textContent;
}).join('\\n')"""


@pytest.fixture
def lab(tmp_path):
    """Serve a folder with a notebook in JupyterLab."""
    shutil.copy(SITE / "digits.ipynb", tmp_path)
    settings = tmp_path / "config" / "lab" / "user-settings" / ALL_AT_ONCE
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    environment |= {"JUPYTER_DATA_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", "--LabApp.news_url=None"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True, stderr=subprocess.PIPE
    )
    for line in process.stderr:
        if f"127.0.0.1:{port}/lab" in line:
            break
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.communicate()


def test_jupyterlab_shows_text_and_formulas_and_no_markup(lab, browser):
    page = browser.new_page()
    page.goto(f"{lab}/doc/tree/digits.ipynb", timeout=120_000)
    page.get_by_role("heading", name="References").wait_for(timeout=120_000)
    page.locator("mjx-container").first.wait_for(timeout=120_000)
    assert page.locator("mjx-merror").count() == 0
    assert page.locator(".jp-RenderedMarkdown table").count() == 1
    text = page.evaluate(SHOWN)
    assert "Before you start" in text
    assert re.findall(r"\$|\\[a-z]+|\*\*|\]\(|\| ---|```", text) == []
    page.close()
