"""Predict, then look: what is marked when a page is built, and how it is covered in a browser."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

BOOK = Path(__file__).parents[1] / "book"
SETTINGS = f"""
import sys
sys.path.insert(0, {str(BOOK / "_ext")!r})
extensions = ["myst_nb", "predict"]
nb_execution_mode = "off"
numfig = True
myst_enable_extensions = ["dollarmath"]
html_static_path = [{str(BOOK / "_static")!r}]
html_css_files = ["book.css"]
html_theme = "sphinx_book_theme"
"""
TALL = "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='240'></svg>"


def box(text="What?"):
    return new_markdown_cell(f"```{{admonition}} Predict\n:class: note\n{text}\n```")


def prints(text):
    return new_code_cell("run()", outputs=[new_output("stream", text=text)])


def draws(name):
    figure = {"caption": f"The caption of {name}.", "name": name}
    return new_code_cell(
        "draw()",
        metadata={"mystnb": {"figure": figure, "image": {"alt": "A square."}}},
        outputs=[new_output("display_data", {"image/svg+xml": TALL})],
    )


OLDER = "delete HTMLElement.prototype.onbeforematch"  # a browser without hidden="until-found"
LATER = [new_markdown_cell("Words."), prints("later")]
MARKED = {  # below a box: what is marked
    "a figure": ([draws("fig-a"), *LATER], ["The caption of fig-a."]),
    "outputs up to the next words": (
        [prints("one"), new_code_cell("silent()"), prints("two"), *LATER],
        ["one", "two"],
    ),
    "an output behind its introduction": ([new_markdown_cell("So."), prints("one")], ["one"]),
    "words": (
        [new_markdown_cell("It doubles.\n\n$$a = 2$$"), prints("later")],
        ["It doubles."],
    ),
    "nothing": ([new_markdown_cell("## Next"), prints("later")], []),
}


def build(folder, *pages):
    """Build a book of notebooks as they are, and return its pages and what was said."""
    (folder / "conf.py").write_text(SETTINGS, encoding="utf-8")
    for name, cells in pages:
        start = new_markdown_cell(f"# {name}\n\nA link to {{numref}}`fig-shown`.\n\n## Section")
        notebook = new_notebook(cells=[start, *cells])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    run = [sys.executable, "-m", "sphinx", "-q", "-D", f"root_doc={pages[0][0]}", ".", "out"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    return folder / "out", done.stderr


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    pages = [(name.replace(" ", "-"), [box(), *cells]) for name, (cells, _) in MARKED.items()]
    return build(tmp_path_factory.mktemp("marked"), *pages)


@pytest.mark.parametrize("name", MARKED)
def test_what_answers_a_box_is_marked(marked, name):
    site, said = marked
    page = name.replace(" ", "-")
    html = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    found = [block.get_text() for block in html.select(".predicted")]
    expected = MARKED[name][1]
    assert len(html.select(".predict")) == 1
    assert len(found) == len(expected)
    assert all(part in block for part, block in zip(expected, found, strict=True))
    assert "later" not in "".join(found)
    complaints = [line for line in said.splitlines() if f"{page}.ipynb" in line and "box" in line]
    assert len(complaints) == (not expected)


@pytest.fixture(scope="module")
def page_with_boxes(tmp_path_factory):
    """A page with a sketch, and a box of two choices; both are below the window's lower end."""
    cells = [
        new_markdown_cell("\n\n".join(["Words."] * 40)),
        box("Sketch it."),
        draws("fig-shown"),
        new_markdown_cell("(below)=\nWords in between."),
        box("Which?\n\n- one\n- *two* at least"),
        prints("It is two."),
        new_markdown_cell("\n\n".join(["Words."] * 40)),
    ]
    site, _ = build(tmp_path_factory.mktemp("boxes"), ("page", cells))
    return (site / "page.html").as_uri()


@pytest.fixture
def visit(browser, page_with_boxes):
    contexts, errors = [], []

    def open_page(address="", before=None, **settings):
        contexts.append(browser.new_context(**settings))
        if before:
            contexts[-1].add_init_script(before)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(error.stack))
        page.goto(address if ":" in address else page_with_boxes + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for error in errors if "predict.js" in error] == []  # the theme has its own


def shown(page):
    """Whether each answer can be seen."""
    contents = page.locator(".predicted > *")
    see = "e => e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})"
    return [contents.nth(k).evaluate(see) for k in range(contents.count())]


def notes(page):
    return page.locator(".predict-note").all_inner_texts()


def test_answers_are_covered_one_by_one(visit):
    page = visit()
    assert shown(page) == [False, False]
    assert all(note.startswith("Covered") for note in notes(page))
    page.get_by_role("button", name="show it").click()
    assert shown(page) == [True, False]
    assert notes(page)[0] == "Is it what you expected?"
    assert page.get_by_role("button", name="Shown below").is_disabled()


def test_keys_do_it_and_the_focus_goes_to_the_answer(visit):
    page = visit()
    page.get_by_role("button", name="show it").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "predict-note"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "one"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page) == [True, True]
    assert notes(page)[1] == "You chose: two at least"


def test_the_chosen_one_stays_visible_and_may_be_changed(visit):
    page = visit()
    pressed = "button => button.getAttribute('aria-pressed')"
    buttons = page.locator(".predict li button")
    for chosen, name in enumerate(["one", "two at least"]):
        buttons.nth(chosen).click()
        assert notes(page)[1] == f"You chose: {name}"
        assert [buttons.nth(k).evaluate(pressed) == "true" for k in (0, 1)] == [
            chosen == k for k in (0, 1)
        ]
    assert shown(page) == [False, True]


@pytest.mark.parametrize(("which", "below"), [("figure", "#below"), ("words", ".math")])
def test_the_page_does_not_jump(visit, marked, which, below):
    page = visit("" if which == "figure" else (marked[0] / "words.html").as_uri())
    where = f"document.querySelector('{below}').getBoundingClientRect().y + scrollY"
    before = page.evaluate(where)
    page.get_by_role("button", name="show it").click()
    assert page.locator(".predicted").first.bounding_box()["height"] > (which == "figure") * 240
    assert abs(page.evaluate(where) - before) < 1


def test_a_visit_is_remembered(visit):
    page = visit()
    page.get_by_role("button", name="one").click()
    page.reload()
    assert shown(page) == [False, True]
    assert notes(page)[1] == "You chose: one"
    assert page.evaluate("document.activeElement === document.body")


def test_where_nothing_can_be_kept_it_works_all_the_same(visit):
    refuse = """Object.defineProperty(window, 'sessionStorage',
        { get() { throw new Error('nothing is kept') } })"""
    page = visit(before=refuse)
    assert shown(page) == [False, False]
    page.get_by_role("button", name="one").click()
    assert shown(page) == [False, True]


@pytest.mark.parametrize("before", [None, OLDER])
@pytest.mark.parametrize("way", ["address", "link"])
def test_a_link_to_a_covered_figure_shows_it(visit, way, before):
    page = visit("#fig-shown" if way == "address" else "", before)
    if way == "link":
        page.locator("a.internal[href='#fig-shown']").first.click()
    page.wait_for_function("() => document.querySelector('#fig-shown').checkVisibility()")
    assert shown(page) == [True, False]
    page.wait_for_timeout(300)
    top = page.locator("#fig-shown").bounding_box()["y"]
    assert -5 <= top < page.viewport_size["height"]


def test_the_search_of_the_browser_shows_what_it_finds(visit):
    page = visit()
    covered = page.locator(".predicted").last
    assert covered.get_attribute("hidden") == "until-found"
    covered.dispatch_event("beforematch")
    assert shown(page) == [False, True]


def test_without_javascript_everything_is_there(visit):
    page = visit(java_script_enabled=False)
    assert page.locator(".predict-note, .predict-button").count() == 0
    assert page.locator("#fig-shown img").is_visible()
    assert page.get_by_text("It is two.").is_visible()


def test_print_shows_everything_and_no_buttons(visit):
    page = visit()
    page.emulate_media(media="print")
    assert shown(page) == [True, True]
    assert not page.locator(".predict-note").first.is_visible()
    assert not page.get_by_role("button", name="show it").is_visible()
    assert page.get_by_text("two at least").is_visible()


def test_a_browser_without_until_found_covers_as_well(visit):
    page = visit(before=OLDER)
    assert page.locator("[hidden=until-found]").count() == 0
    assert shown(page) == [False, False]
    page.get_by_role("button", name="show it").click()
    assert shown(page) == [True, False]
