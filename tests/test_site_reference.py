"""The reference as built: everything public stands in it, linked with the chapters both ways."""

import functools
import inspect
import re
from pydoc import locate
from urllib.parse import urldefrag, urljoin

import jupytext
import pytest
from code_links import name_of, uses
from test_book import CHAPTERS, ROOMS, ROOT, TEXT
from test_docstrings import PUBLIC
from test_site import Visit
from test_site import soup as parsed

soup = functools.cache(lambda page: parsed(f"{page}.html"))


@functools.cache
def entries():
    """Return the entries of the reference: the page of each, and what stands there."""
    return {
        term["id"]: (page, term.parent)
        for page in ROOMS
        for term in soup(page).select("dl.py > dt[id]")
    }


def same_thing():
    """Return the entry of each thing: some are listed in two rooms and stand in one of them."""
    return {name_of(locate(name)): name for name in entries()}


def links_in_code(page):
    """Return the links from a page's code: the words, the entry, and the section around."""
    for link in soup(page).select("pre a.reference-of"):
        target, anchor = urldefrag(urljoin(f"{page}.html", link["href"]))
        assert entries()[anchor][0] == target.removesuffix(".html")
        yield link, anchor, link.find_parent("section")["id"]


def links_back(anchor):
    """Return the places that an entry says it is used in: chapter and section."""
    page, entry = entries()[anchor]
    for line in entry.find("dd").find_all("p", class_="used-in", recursive=False):
        for link in line.find_all("a"):
            chapter, section = urldefrag(urljoin(f"{page}.html", link["href"]))
            yield chapter.removesuffix(".html"), section


def test_everything_public_has_an_entry_with_text():
    shown = same_thing()
    for name in PUBLIC:
        anchor = name if name in entries() else shown.get(name_of(locate(name)))
        assert anchor, f"{name} is on no page of book/reference"
        assert entries()[anchor][1].dd.p.get_text().strip()


def test_what_is_private_has_no_entry():
    assert [name for name in entries() if re.search(r"\._", name)] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_everything_that_a_chapter_uses_has_an_entry(chapter):
    cells = jupytext.read(ROOT / f"{chapter}.md").cells
    used = uses([cell.source for cell in cells if cell.cell_type == "code"])
    names = {name_of(thing) for cell in used for thing, *_ in cell}
    assert len(names) >= 10
    assert names - set(same_thing()) == set()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_names_in_a_chapter_s_code_lead_to_their_entries_once(chapter):
    found = list(links_in_code(chapter))
    assert len(found) >= 5
    assert len({anchor for _, anchor, _ in found}) == len(found)
    for link, anchor, section in found:
        assert link.get_text().split(".")[-1] == anchor.split(".")[-1]
        summary = inspect.getdoc(locate(anchor)).split("\n")[0]
        assert link["title"] == summary.replace("`", "")
        assert (chapter, section) in links_back(anchor)


def test_an_entry_leads_to_the_places_where_chapters_link_to_it():
    names = {anchor: name_of(locate(anchor)) for anchor in entries()}
    there = {(names[a], c, section) for c in CHAPTERS for _, a, section in links_in_code(c)}
    back = {(names[anchor], *place) for anchor in entries() for place in links_back(anchor)}
    assert len(back) > 200
    assert back == there


def test_a_chapter_named_in_a_docstring_is_a_link_to_it():
    titles = {re.search("^# (.+)", TEXT[page], re.M)[1]: page for page in CHAPTERS}
    n_links = 0
    for anchor, (page, entry) in entries().items():
        own = inspect.getdoc(locate(anchor)) or ""
        for name in re.findall(r'chapter\s+"([^"]+)"', own):
            title = " ".join(name.split())
            (chapter,) = {p for full, p in titles.items() if title in (full, full.split(":")[0])}
            link = entry.dd.find("a", string=title)
            assert urljoin(page, link["href"]).split("#")[0] == f"{chapter}.html"
            n_links += 1
    assert n_links >= 20


@pytest.mark.parametrize("page", ROOMS)
def test_every_name_in_backticks_is_a_link(page):
    text = soup(page).select("article cite, article .title-reference")
    assert [tag.get_text() for tag in text] == []
    assert [str(a) for a in soup(page).select("code.xref") if not a.find_parent("a")] == []


def test_the_keyboard_and_the_mouse_lead_from_code_to_the_reference(browser, address):
    with Visit(browser, f"{address}/book/digits.html") as visit:
        link = visit.page.locator("pre a.reference-of", has_text=re.compile("^fit$"))
        assert (
            link.get_attribute("title") == "Train a model with Adam and a one-cycle learning rate."
        )
        link.focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/reference/training.html#aecourse.training.fit")
        assert visit.page.locator("[id='aecourse.training.fit']").is_visible()
