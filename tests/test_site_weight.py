"""What the site weighs: a reader on a phone loads all of a page, and somebody carries all pages."""

import copy
import functools
import gzip
from urllib.parse import unquote, urlsplit

import pytest
from test_site import PAGES, SEEN, SITE, soup

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


@functools.cache
def asked_for(browser, url) -> list[str]:
    """Open a page and return the addresses of the files that the browser asks for at once."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    addresses = set()
    page.on("request", lambda request: addresses.add(request.url))
    page.goto(url, wait_until="networkidle")
    page.close()
    paths = (urlsplit(address) for address in addresses)
    return sorted(unquote(path.path).lstrip("/") for path in paths if path.scheme == "http")


@pytest.mark.parametrize("page", SEEN)
def test_a_first_visit_is_light(browser, address, page):
    weights = {
        path: packed((SITE / path).read_bytes()) for path in asked_for(browser, f"{address}/{page}")
    }
    html = copy.copy(soup(page))
    for explorer in html.find_all(
        ["ae-explorer", "ae-playground"]
    ):  # which have a budget of their own, above
        explorer.decompose()
    weights[page] = packed(str(html).encode())
    assert sum(weights.values()) <= FIRST_VISIT, weights


def test_the_whole_site_is_light():
    weights = {path: path.stat().st_size for path in SITE.rglob("*") if path.is_file()}
    heaviest = sorted(weights, key=weights.get)[-20:]
    assert sum(weights.values()) <= WHOLE_SITE, [(weights[path], path) for path in heaviest]


@pytest.mark.parametrize("page", [*SEEN, "search.html"])
def test_nothing_is_loaded_that_no_page_needs(browser, address, page):
    assert "thebe" not in (SITE / page).read_text(encoding="utf-8").lower()
    unused = [path for path in asked_for(browser, f"{address}/{page}") if "fontawesome" in path]
    assert unused == []  # its script; and its whole font, where icons.woff2 lacks a sign


def test_a_drawing_says_its_size_and_waits_for_the_reader():
    drawings = [img for page in PAGES for img in soup(page).select("img[src*='_images/']")]
    assert len(drawings) > 50
    assert all(img.get("loading") == "lazy" and img.get("width") for img in drawings)
