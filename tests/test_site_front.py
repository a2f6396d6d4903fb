"""The front page and the heads of all pages, as built."""

import functools
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup
from descriptions import LONGEST
from pictures import SIZE, figure_cell, fitted, png_of
from test_book import CHAPTERS, PAGES, TEXT, executed

SITE = Path(__file__).parents[1] / "_build" / "html"
FRONT = "book/index"


@functools.cache
def soup(page):
    return BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def said(page, name):
    """Return what a page says of itself under a name; it must say so once."""
    key = "property" if name.startswith("og:") else "name"
    (tag,) = soup(page).head.find_all("meta", attrs={key: name})
    return tag["content"]


def cards():
    return soup(FRONT).select("ul.chapters > li")


def chosen(page):
    """Return the cell that draws the picture of a page."""
    name = re.search(r"^picture: (\S+)$", TEXT[page], re.M)[1]
    return figure_cell(executed(page), name)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_describes_itself(page):
    assert said(page, "og:description") == said(page, "description")
    assert len(said(page, "description")) <= LONGEST
    assert soup(page).h1.get_text().strip("#\n ").endswith(said(page, "og:title"))
    address = said(page, "og:image")
    picture = address.rpartition("/pictures/")[2]
    assert (SITE / "pictures" / picture).is_file()
    assert picture == (f"{Path(page).stem}.png" if page in (*CHAPTERS, FRONT) else "index.png")


def test_no_two_pages_describe_themselves_alike():
    assert len({said(page, "description") for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("page", [FRONT, *CHAPTERS])
def test_a_picture_is_from_the_page_s_own_run(page):
    picture = (SITE / "pictures" / f"{Path(page).stem}.png").read_bytes()
    assert picture == fitted(png_of(chosen(page)))
    assert said(page, "og:image:alt") == " ".join(
        chosen(page).metadata["mystnb"]["image"]["alt"].split()
    )


def test_the_front_page_has_a_card_for_each_chapter_in_reading_order():
    assert [urljoin(FRONT, card.a["href"]) for card in cards()] == [f"{p}.html" for p in CHAPTERS]


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_card_shows_its_chapter(page):
    card = cards()[CHAPTERS.index(page)]
    title = re.search(r"^# (.+)", TEXT[page], re.M)[1]
    assert card.h3.get_text() == f"{CHAPTERS.index(page) + 1}. {title}"
    assert card.find_all("p")[-1].get_text() == said(page, "description")
    assert urljoin(FRONT, card.img["src"]) == f"pictures/{Path(page).stem}.png"
    assert card.img["alt"] == said(page, "og:image:alt")
    assert (card.img["width"], card.img["height"]) == tuple(map(str, SIZE))
    assert card.img["loading"] == "lazy"


def test_the_front_page_is_light():
    pictures = sum((SITE / urljoin(FRONT, card.img["src"])).stat().st_size for card in cards())
    figures = soup(FRONT).select("figure img")
    drawn = sum((SITE / urljoin(FRONT, figure["src"])).stat().st_size for figure in figures)
    assert pictures < 600_000  # bytes, and only those in view are asked for
    assert drawn < 300_000
