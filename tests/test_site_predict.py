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


@pytest.fixture
def visit(browser):
    contexts = []

    def open_page(page, **settings):
        contexts.append(browser.new_context(**settings))
        window = contexts[-1].new_page()
        window.goto((SITE / f"{page}.html").as_uri())
        return window

    yield open_page
    for context in contexts:
        context.close()


def hidden(window):
    """Count the answers of which nothing can be seen."""
    see = "es => es.filter(e => !e.checkVisibility({visibilityProperty: true})).length"
    return window.locator(".predicted > *:first-child").evaluate_all(see)


@pytest.mark.parametrize("page", PAGES)
def test_each_box_has_an_answer(page):
    assert len(groups(page)) == BOXES[page]
    for _, answers in groups(page):
        assert answers
        assert all(answer.get_text(strip=True) or answer.img for answer in answers)


@pytest.mark.parametrize("page", PAGES)
def test_boxes_cover_their_answers_and_keys_uncover_all(page, visit):
    window = visit(page)
    n_answers = sum(len(answers) for _, answers in groups(page))
    assert hidden(window) == n_answers
    for number in range(BOXES[page]):
        window.locator(".predict").nth(number).locator("button").first.focus()
        window.keyboard.press("Enter")
        n_answers -= len(groups(page)[number][1])
        assert hidden(window) == n_answers
    assert n_answers == 0


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("way", ["no JavaScript", "print"])
def test_everything_is_there_without_javascript_and_in_print(page, way, visit):
    window = visit(page, java_script_enabled=way == "print")
    if way == "print":
        window.emulate_media(media="print")
    assert hidden(window) == 0


def test_three_boxes_or_more_offer_choices():
    lists = [len(box.select("li")) for page in PAGES for box, _ in groups(page)]
    assert sum(bool(n) for n in lists) >= 3
    assert set(lists) <= {0, 2, 3, 4}
