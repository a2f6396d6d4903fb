"""The chapters as written, and as executed by the build that `make test` runs before this file."""

import ast
import re
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from execution import fingerprint
from jupyter_cache import get_cache
from nbclient import NotebookClient

from aecourse.mnist_folders import find_mnist

ROOT = Path(__file__).parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(page["file"] for part in TOC["parts"] for page in part["chapters"])]
TEXT = {page: (ROOT / f"{page}.md").read_text(encoding="utf-8") for page in PAGES}
CHAPTERS = [page for page in PAGES if "{code-cell}" in TEXT[page] and page != TOC["root"]]
EXPECTED = (
    r"(training|estimating|searching): |.*MNIST could not be downloaded|warnings\.warn|split = data"
    r"|no value at |stopped after \d+ evaluations: they are kept|.*: goes on after \d+ answers"
)
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in TEXT[page]]
MNIST_PAGES = [page for page in CHAPTERS if "data.mnist(" in TEXT[page]]


def executed(page):
    """Return the page with the outputs that its last build took from the cache, or put there."""
    cache = get_cache(ROOT / "_build" / ".jupyter_cache" / fingerprint(ROOT))
    try:
        return cache.merge_match_into_notebook(jupytext.read(ROOT / f"{page}.md"))[1]
    except KeyError:
        pytest.fail(f"{page} has not been executed as it stands: run `make test`")


def calls_of_claim(statement):
    return [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim"
    ]


def claim_cells(notebook):
    """Return the cells that state a claim."""
    cells = [
        cell for cell in notebook.cells if cell.cell_type == "code" and "claim(" in cell.source
    ]
    return [cell for cell in cells if calls_of_claim(ast.parse(cell.source))]


def doubts(notebook):
    """Return the source of each claim that did not hold when the notebook was executed."""
    return [
        cell.source
        for cell in claim_cells(notebook)
        for output in cell.get("outputs", [])
        if 'class="claim"' in output.get("data", {}).get("text/html", "")
    ]


def section(text, title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, f"expected a section '## {title}'"
    return found[1]


def test_every_page_is_in_the_contents():
    written = {f"book/{path.stem}" for path in (ROOT / "book").glob("*.md")}
    assert written == set(PAGES)


@pytest.mark.parametrize("page", CHAPTERS)
class TestChapter:
    def test_opens_with_what_the_reader_needs_to_know(self, page):
        opening = TEXT[page].split("\n## ")[0]
        for part in ("Before you start", "**You will be able to**", "**You need**", "**It takes**"):
            assert part in opening
        assert re.search(r"minutes to read,\s+and \{glue:text\}`\S+-seconds:.0f` seconds", opening)

    def test_ends_with_what_to_remember_exercises_and_reading(self, page):
        assert 3 <= len(re.findall(r"^- ", section(TEXT[page], "Remember"), re.M)) <= 5
        assert "{exercise-start}" in section(TEXT[page], "Exercises")
        assert "{cite:t}" in section(TEXT[page], "Further reading")
        assert re.findall(r"^## (.+)", TEXT[page], re.M)[-3:] == [
            "Remember",
            "Exercises",
            "Further reading",
        ]

    def test_is_read_in_one_go_and_in_the_time_it_promises(self, page):
        assert TEXT[page].count("\n") <= 900
        prose = re.sub(r"^(`{3,})\{(code-cell|math)\}.*?^\1$", "", TEXT[page], flags=re.M | re.S)
        words = len(prose.split("\n---\n", 1)[1].split())
        promised = int(re.search(r"\*\*It takes\*\* (\d+) minutes", prose)[1])
        assert promised == 5 * round(words / 95 / 5)

    def test_every_exercise_has_a_hidden_solution(self, page):
        exercises = re.findall(r"\{exercise-start\} .+\n:label: (\S+)", TEXT[page])
        solutions = re.findall(r"\{solution-start\} (\S+)\n:class: dropdown", TEXT[page])
        assert exercises == solutions

    def test_every_picture_has_a_caption_a_name_and_an_alternative_text(self, page):
        pictures = 0
        for cell in executed(page).cells:
            if any("image/svg+xml" in output.get("data", {}) for output in cell.get("outputs", [])):
                pictures += 1
                shown = cell.metadata["mystnb"]
                assert shown["figure"]["caption"]
                assert shown["figure"]["name"].startswith("fig-")
                assert len(shown["image"]["alt"]) > 40
        assert pictures >= 3


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_every_sentence_holds(page):
    if page in MNIST_PAGES and find_mnist() is None:
        pytest.skip("the book was built on the stand-in: set AECOURSE_DATA to have MNIST")
    assert doubts(executed(page)) == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_claims_show_nothing_but_their_note(page):
    n_conditions = 0
    for cell in claim_cells(jupytext.read(ROOT / f"{page}.md")):
        assert cell.metadata["tags"] == ["remove-input"]
        *before, last = ast.parse(cell.source).body
        assert isinstance(last, ast.Expr)  # a notebook shows the value of the last line
        assert calls_of_claim(last) == [last.value]
        n_conditions += len(last.value.args)
        assert not any(calls_of_claim(statement) for statement in before)
        assert not cell.source.rstrip().endswith(";")
    assert n_conditions >= 20, "a sentence that depends on numbers has a claim beneath it"


def test_every_case_of_the_clinic_folds_its_diagnosis():
    cases = re.split(r"^## Case ", TEXT["book/failures"], flags=re.M)[1:]
    assert len(cases) == 7
    for case in cases:
        asked = case.index("{admonition} Diagnose\n")
        assert case.index("{admonition} Diagnosis\n:class: note dropdown\n") > asked


def test_a_claim_that_does_not_hold_is_found():
    source = "from aecourse.claims import claim\n\nclaim({} < 2)"
    cells = [nbformat.v4.new_code_cell(source.format(number)) for number in (1, 3)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3").execute()
    assert doubts(notebook) == [source.format(3)]


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_what_a_page_builds_by_hand_agrees_with_the_package(page):
    printed = [
        output.text
        for cell in executed(page).cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stdout"
    ]
    assert re.findall(r".*: False\b|.*\bFalse$", "\n".join(printed), re.M) == []


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_execution_left_no_error_and_no_warning(page):
    for cell in executed(page).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            if output.get("name") == "stderr":  # pages leave it out: it holds progress bars only
                lines = [line.strip() for line in re.split(r"[\r\n]+", output.text)]
                assert [line for line in lines if line and not re.match(EXPECTED, line)] == []


def test_every_reference_is_cited_and_every_citation_is_known():
    known = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text("utf-8"), re.M))
    cited = set()
    for text in TEXT.values():
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text):
            cited |= {key.strip() for key in keys.split(",")}
    assert cited == known


def test_every_term_of_the_glossary_is_linked_and_stands_in_order():
    terms = re.findall(r"^(\S.*)\n  \S", TEXT["book/glossary"].split("```{glossary}\n")[1], re.M)
    linked = set()
    for text in TEXT.values():
        for link in re.findall(r"\{term\}`([^`]+)`", text):
            linked.add(re.sub(r".*<(.+)>", r"\1", link))
    assert linked == set(terms)
    assert terms == sorted(terms, key=str.lower)


@pytest.mark.parametrize("page", MNIST_PAGES)
def test_a_page_on_the_stand_in_says_so_at_its_top_and_another_does_not(page):
    first = next(cell for cell in executed(page).cells if cell.cell_type == "code")
    shown = [output.data["text/html"] for output in first.outputs if "data" in output]
    if find_mnist() is None:
        assert len(shown) == 1
        assert "stand-in" in shown[0]
    else:
        assert shown == []
    top = TEXT[page].split("Before you start")[0]
    assert "split.notice" in top
    assert ":tags: [remove-input]" in top
