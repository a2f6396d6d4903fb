"""The table that a benchmark keeps: what is written, and that the page of run times shows it."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from last_benchmark import MISSING

ROOT = Path(__file__).parents[1]
SETTINGS = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_nb", "last_benchmark"]
nb_execution_mode = "off"
exclude_patterns = ["last.md"]  # no page of its own, as in the book
"""
BENCHMARK = runpy.run_path(str(ROOT / "benchmarks" / "training_speed.py"))
SECONDS, LOSSES = {"tutorial": 6.0, "fit": 2.0, "floor": 0.5}, {"fit": 150.84, "tutorial": 151.0}


def built(folder):
    """Build a page that shows the file, strictly, and return what stands on it."""
    (folder / "conf.py").write_text(SETTINGS, encoding="utf-8")
    page = "# Page\n\n```{last-benchmark} last.md\n```\n"
    if not (folder / "index.md").exists():
        (folder / "index.md").write_text(page, encoding="utf-8")
    run = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", ".", "out"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    html = (folder / "out" / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser").select_one("[role=main], .body")


def cells(html):
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in html.select("tr")]


def test_the_page_shows_what_the_file_says_and_follows_it(tmp_path):
    for seconds in (SECONDS, SECONDS | {"tutorial": 8.0}):
        rows = BENCHMARK["table"](seconds, LOSSES)
        text = f"Measured on a day: some machine.\n\n{rows}\n"
        (tmp_path / "last.md").write_text(text, encoding="utf-8")
        page = built(tmp_path)
        assert "Measured on a day: some machine." in page.get_text()
        written = [re.split(r" ?\| ?", row)[1:-1] for row in rows.splitlines()]
        assert cells(page) == [written[0], *written[2:]]
        assert MISSING not in page.get_text()


def test_without_a_file_the_page_says_so(tmp_path):
    page = built(tmp_path)
    assert MISSING in page.get_text()
    assert cells(page) == []


def test_the_page_of_run_times_shows_the_file_that_is_kept():
    page = (ROOT / "book" / "run-times.md").read_text(encoding="utf-8")
    shown = re.search(r"^```\{last-benchmark\} (\S+)\n```$", page, re.M)[1]
    assert ROOT / shown == BENCHMARK["LAST"]
    for way in ("tutorial", "fit", "pythae", "floor"):
        assert f"- *{way}*: " in page
        assert way in BENCHMARK


def test_ratios_are_those_of_the_seconds():
    _, _, *rows = BENCHMARK["table"](SECONDS, LOSSES).splitlines()
    assert rows == [
        "| tutorial | 6.00 | 3.00 | 12.00 | 151.0 |",
        "| fit | 2.00 | 1.00 | 4.00 | 150.8 |",
        "| floor | 0.50 | 0.25 | 1.00 | – |",
    ]


def test_the_processor_is_named_in_a_line():
    assert re.fullmatch(r"[^/|\n]+", BENCHMARK["processor"]())


@pytest.mark.skipif(not BENCHMARK["LAST"].is_file(), reason="no table has been kept")
def test_what_was_kept_names_no_place_and_is_of_the_whole_comparison():
    text = BENCHMARK["LAST"].read_text(encoding="utf-8")
    assert "/" not in text
    assert "epochs of 60,000 pictures" in text
    assert {"tutorial", "fit", "floor"} <= set(re.findall(r"^\| (\w+) \|", text, re.M))
