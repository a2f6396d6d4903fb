"""Predict, then look, on the built site: each box covers what answers it."""

import functools
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from test_book import CHAPTERS, TEXT

SITE = Path(__file__).parents[1] / "_build" / "html"
BOXES = {
    page: len(re.findall(r"^```\{admonition\} Predict$", TEXT[page], re.M)) for page in CHAPTERS
}
PAGES = [page for page in CHAPTERS if BOXES[page]]


@functools.cache
def groups(page):
    """Return each box of a page with the blocks that answer it, in reading order."""
    soup = BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    found = []
    for element in soup.select(".predict, .predicted"):
        if "predict" in element["class"]:
            found.append((element, []))
        else:
            found[-1][1].append(element)
    return found


@pytest.fixture(scope="module", params=PAGES)
def page(request):
    return request.param


@pytest.fixture(scope="module")
def window(tab, page):
    """Open a page of the site as it lies on disk."""
    tab.goto((SITE / f"{page}.html").as_uri())
    return tab


@pytest.fixture(scope="module")
def scriptless(browser):
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def hidden(window):
    """Count the answers of which nothing can be seen."""
    see = "es => es.filter(e => !e.checkVisibility({visibilityProperty: true})).length"
    return window.locator(".predicted > *:first-child").evaluate_all(see)


def test_each_box_has_an_answer(page):
    assert len(groups(page)) == BOXES[page]
    for _, answers in groups(page):
        assert answers
        assert all(answer.get_text(strip=True) or answer.img for answer in answers)


def test_everything_is_there_without_scripts(scriptless, page):
    scriptless.goto((SITE / f"{page}.html").as_uri())
    assert hidden(scriptless) == 0


def test_everything_is_there_on_paper(window):
    window.emulate_media(media="print")
    assert hidden(window) == 0
    window.emulate_media(media="screen")


def test_boxes_cover_their_answers_and_keys_uncover_all(page, window):
    n_answers = sum(len(answers) for _, answers in groups(page))
    assert hidden(window) == n_answers
    for number in range(BOXES[page]):
        window.locator(".predict").nth(number).locator("button").first.focus()
        window.keyboard.press("Enter")
        n_answers -= len(groups(page)[number][1])
        assert hidden(window) == n_answers
    assert n_answers == 0


def test_three_boxes_or_more_offer_choices():
    lists = [len(box.select("li")) for page in PAGES for box, _ in groups(page)]
    assert sum(bool(n) for n in lists) >= 3
    assert set(lists) <= {0, 2, 3, 4}
