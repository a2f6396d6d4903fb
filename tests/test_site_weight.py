"""What the explorers of a page weigh: a reader on a phone loads all of it."""

import pytest
from test_site import PAGES, SITE, soup

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
