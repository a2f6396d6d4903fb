"""What a page asks for and what the site weighs: readers load pages, and somebody carries all."""

import copy
import gzip

import pytest
from test_site import PAGES, SEEN, SITE, Visit, soup

FIRST_VISIT, WHOLE_SITE = 700_000, 15_000_000  # bytes, the first packed as servers do it

DECODES, ENCODES_TOO = 500_000, 900_000  # bytes
PLAYGROUND = 400_000  # with all scripts
HEAVIER = {"book/digits.html", "book/mnist-vae.html", "book/shapes.html"}  # or with two models


def weight(html) -> int:
    """Bytes of all explorers of a page, with the pictures that stand there without scripts."""
    return sum(len(str(explorer).encode()) for explorer in html.find_all("ae-explorer"))


def table() -> str:
    weights = {page: weight(soup(page)) / 1000 for page in PAGES}
    return "\n".join(f"{page:32} {kilo:7.0f} kB" for page, kilo in weights.items() if kilo)


@pytest.mark.parametrize("page", PAGES)
def test_the_explorers_of_a_page_keep_their_budget(page):
    budget = ENCODES_TOO if page in HEAVIER else DECODES
    assert weight(soup(page)) <= budget, f"at most {budget / 1000:.0f} kB, but\n{table()}"


def test_there_is_an_explorer_to_weigh():
    assert table() != ""


def test_a_playground_keeps_its_budget():
    tags = {page: soup(page).find_all("ae-playground") for page in PAGES}
    weights = {
        page: len("".join(map(str, found)).encode()) for page, found in tags.items() if found
    }
    scripts = ["explorer", "trainer", "playground"]
    of_scripts = sum((SITE / f"_static/{name}.js").stat().st_size for name in scripts)
    assert "book/playground.html" in weights
    assert max(weights.values()) + of_scripts <= PLAYGROUND, weights


# ---- pages, and the site as a whole ------------------------------------------------------------


def packed(content: bytes) -> int:
    """Bytes of a file on its way; pictures and fonts are packed already."""
    return min(len(content), len(gzip.compress(content)))


@pytest.fixture(scope="module", params=[*SEEN, "search.html"])
def first_visit(request, browser, address):
    """Open a page with an empty cache, once for all tests."""
    with Visit(browser, f"{address}/{request.param}", until="networkidle") as visit:
        visit.name = request.param
        yield visit


def test_a_page_opens_cleanly_and_asks_no_other_host(first_visit):
    assert first_visit.elsewhere == []
    assert first_visit.errors == []


def test_a_first_visit_is_light(first_visit):
    weights = {path: packed((SITE / path).read_bytes()) for path in first_visit.asked_at_once}
    html = copy.copy(soup(first_visit.name))
    for explorer in html.find_all(["ae-explorer", "ae-playground"]):
        explorer.decompose()  # they have a budget of their own, above
    weights[first_visit.name] = packed(str(html).encode())
    assert sum(weights.values()) <= FIRST_VISIT, weights


def test_nothing_is_loaded_that_no_page_needs(first_visit):
    assert "thebe" not in (SITE / first_visit.name).read_text(encoding="utf-8").lower()
    unused = [path for path in first_visit.asked_at_once if "fontawesome" in path]
    assert unused == []  # its script; and its whole font, where icons.woff2 lacks a sign


def test_all_pictures_are_there(first_visit):
    missing = first_visit.page.evaluate(
        """async () => {
             const images = [...document.images];
             for (const image of images) image.loading = "eager"; // also those far below
             await Promise.all(images.map(image => image.decode().catch(() => {})));
             return images.filter(image => !image.naturalWidth).map(image => image.src);
           }"""
    )
    assert missing == []


def test_the_whole_site_is_light():
    weights = {path: path.stat().st_size for path in SITE.rglob("*") if path.is_file()}
    heaviest = sorted(weights, key=weights.get)[-20:]
    assert sum(weights.values()) <= WHOLE_SITE, [(weights[path], path) for path in heaviest]


def test_a_drawing_says_its_size_and_waits_for_the_reader():
    drawings = [img for page in PAGES for img in soup(page).select("img[src*='_images/']")]
    assert len(drawings) > 50
    assert all(img.get("loading") == "lazy" and img.get("width") for img in drawings)
