"""The chapters as written, and as executed by the build that `make test` runs before this file."""

import json
import re
from pathlib import Path

import jupytext
import pytest
import yaml
from execution_cache import fingerprint
from jupyter_cache import get_cache

ROOT = Path(__file__).parents[1]
GLUED = ROOT / "_build" / "jupyter_execute"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(page["file"] for part in TOC["parts"] for page in part["chapters"])]
TEXT = {page: (ROOT / f"{page}.md").read_text(encoding="utf-8") for page in PAGES}
CHAPTERS = [page for page in PAGES if "{code-cell}" in TEXT[page] and page != TOC["root"]]
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in TEXT[page]]


def executed(page):
    """Return the page with the outputs that its last build took from the cache, or put there."""
    cache = get_cache(ROOT / "_build" / ".jupyter_cache" / fingerprint(ROOT))
    try:
        return cache.merge_match_into_notebook(jupytext.read(ROOT / f"{page}.md"))[1]
    except KeyError:
        pytest.fail(f"{page} has not been executed as it stands: run `make test`")


def glued(page):
    records = json.loads((GLUED / f"{page}.glue.json").read_text(encoding="utf-8"))
    return {key: float(record["data"]["text/plain"]) for key, record in records.items()}


def section(text, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)


def test_every_page_is_in_the_contents():
    written = {f"book/{path.stem}" for path in (ROOT / "book").glob("*.md")}
    assert written == set(PAGES)


@pytest.mark.parametrize("page", CHAPTERS)
class TestChapter:
    def test_opens_with_what_the_reader_needs_to_know(self, page):
        opening = TEXT[page].split("\n## ")[0]
        for part in ("Before you start", "**You will be able to**", "**You need**", "**It takes**"):
            assert part in opening
        assert re.search(r"minutes to read,\nand \{glue:text\}`\S+-seconds:.0f` seconds", opening)

    def test_ends_with_what_to_remember_exercises_and_reading(self, page):
        assert 3 <= len(re.findall(r"^- ", section(TEXT[page], "Remember"), re.M)) <= 5
        assert "{exercise-start}" in section(TEXT[page], "Exercises")
        assert "{cite:t}" in section(TEXT[page], "Further reading")
        assert re.findall(r"^## (.+)", TEXT[page], re.M)[-3:] == [
            "Remember",
            "Exercises",
            "Further reading",
        ]

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
            if (
                output.get("name") == "stderr"
            ):  # the pages leave it out: it may hold progress bars only
                rest = [
                    s for s in re.split(r"[\r\n]+", output.text) if not s.startswith("training:")
                ]
                assert "".join(rest).strip() == ""


def test_every_reference_is_cited_and_every_citation_is_known():
    known = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text("utf-8"), re.M))
    cited = set()
    for text in TEXT.values():
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text):
            cited |= {key.strip() for key in keys.split(",")}
    assert cited == known


def test_introduction_measures_what_it_claims():
    value = glued("book/introduction")
    assert value["introduction-ae-mse"] < 0.5 * value["introduction-mean-mse"]
    assert value["introduction-halfway-codes"] < 1.1 * value["introduction-real"]
    for other in ("pixels", "pca"):  # "almost as far out as the average digit"
        distance = value[f"introduction-halfway-{other}"]
        assert 1.25 * value["introduction-real"] < distance < value["introduction-average"]


def test_digits_reaches_its_figures_on_held_out_data():
    value = glued("book/digits")
    assert value["digits-pca2-test-mse"] == pytest.approx(0.0532, abs=5e-5)
    assert value["digits-pca2-knn"] == pytest.approx(0.617, abs=5e-4)
    assert value["digits-ae-test-mse"] <= 0.033
    assert value["digits-ae-knn"] >= 0.82
    assert value["digits-linear-angle"] <= 2
    assert value["digits-linear-test-mse"] == pytest.approx(value["digits-pca2-test-mse"], rel=2e-3)


def test_digits_says_what_the_numbers_say():
    value = glued("book/digits")
    # "the error is only … above the best possible, but the plane is still turned"
    assert value["digits-early-excess"] < 0.05
    assert value["digits-early-angle"] > 30
    # "with eight numbers plain PCA has a smaller error than the autoencoder with two, and keeps …"
    assert value["digits-pca8-test-mse"] < value["digits-ae-test-mse"]
    assert value["digits-pca8-knn"] > value["digits-ae-knn"]
    # "nothing in the table beats the raw pixels"
    assert value["digits-pixel-knn"] >= max(value["digits-pca8-knn"], value["digits-ae-knn"])
    # "the errors agree … the maps do not"
    assert value["digits-seed-mse-max"] < 1.1 * value["digits-seed-mse-min"]
    assert value["digits-seed-disparity-min"] > 0.1
    # "by the error the autoencoder wins clearly"
    assert value["digits-ae8-test-mse"] < 0.7 * value["digits-pca8-test-mse"]
    # "by the accuracy it gains little … a few pictures at most"
    assert 0 <= value["digits-ae8-knn"] - value["digits-pca8-knn"] < 0.03
    # "a part of what the model learned holds for them only"
    assert value["digits-ae-train-mse"] < 0.95 * value["digits-ae-test-mse"]
    # "even larger than the … of always drawing the average digit"
    assert value["digits-unseen-mse"] > value["digits-unseen-average"]
    assert value["digits-unseen-alarm"] > 0.5
    # "two maps share … of the ten nearest neighbours, where chance gives …"
    assert value["digits-seed-shared"] > 3 * value["digits-seed-shuffled"]
