"""What the built site needs in public: where its pages come from, how they are found and cited."""

import re
from hashlib import sha256
from pathlib import Path

import nbformat
import pytest
from execution import fingerprint
from provenance import seeds_in
from test_book import CHAPTERS, NOTEBOOKS, PAGES
from test_site import SITE, soup

ROOT = Path(__file__).parents[1]


def foot(page):
    (line,) = soup(f"{page}.html").select("footer .provenance")
    return line.get_text()


def hash_of(page):
    """Compute again what a page and its notebook say of their sources."""
    sources = fingerprint(ROOT).encode() + (ROOT / f"{page}.md").read_bytes()
    return sha256(sources).hexdigest()[:12]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_from_which_sources_it_was_made(page):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.M)[1]
    assert foot(page).startswith(f"Made from aecourse {version}, sources {hash_of(page)}")


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_page_with_code_says_how_it_was_run(page):
    _, seeds, machine, versions, seconds, data = foot(page).split(" · ")
    assert re.fullmatch(r"seeds? \d+(, \d+)*", seeds)
    assert re.fullmatch(r"(CPU|CUDA|MPS), \d+ threads?", machine)
    assert re.fullmatch(r"torch \d\S+, NumPy \d\S+", versions)
    assert re.fullmatch(r"\d+ s", seconds)
    assert re.fullmatch(r"data: .+", data)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_notebook_says_from_which_sources_it_was_made(page):
    notebook = nbformat.read(SITE / "notebooks" / f"{Path(page).name}.ipynb", 4)
    assert f"sources {hash_of(page)}." in notebook.cells[1].source


def test_seeds_are_found_in_calls_and_loops():
    assert seeds_in("seed_everything(4)\nfit(seed=0)\nGenerator().manual_seed(7)") == [0, 4, 7]
    assert seeds_in("for seed in range(3):\n    pass") == [0, 1, 2]
    assert seeds_in("[run(seed) for seed in (5, 12)]") == [5, 12]
    assert seeds_in("seed_everything(seed)") == []
