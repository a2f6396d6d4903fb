"""The built pages on paper, and in a browser without scripts."""

import re
from urllib.parse import urlsplit

import pytest
from test_site import PAGES, SEEN, Visit, shown, soup

PAPER = {"width": 680, "height": 960}  # A4 without its margins, in pixels
CHAPTERS = [page for page in PAGES if soup(page).select_one("h1 > .section-number")]

CUT_OFF = """() => [...document.querySelectorAll(".bd-article :is(pre, .formula, table, figure)")]
  .filter(element => element.checkVisibility())
  .filter(element => element.scrollWidth > element.clientWidth + 1
    || element.getBoundingClientRect().right > innerWidth)
  .map(element => element.textContent.slice(0, 200))"""

# The contrast of each kind of word in code with the nearest ground behind it.
CONTRASTS = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour.startsWith("rgb(")) return colour; // no film upon another
    }
    return "rgb(255, 255, 255)";
  };
  const words = [...document.querySelectorAll(".highlight pre span, article p, article h2")];
  return words.map(word => [light(getComputedStyle(word).color), light(ground(word))])
    .map(([ink, paper]) => Math.max(ink, paper) / Math.min(ink, paper));
}"""


PAINTED = """() => [...document.querySelectorAll("body, article *")].map(element => {
  if (element.closest("button")) return "";  // which are not printed, and fade
  const { color, backgroundColor, borderColor } = getComputedStyle(element);
  return [color, backgroundColor, borderColor].join(" ");
})"""


@pytest.fixture(params=["light", "dark"])
def scriptless(browser, request):
    context = browser.new_context(java_script_enabled=False, color_scheme=request.param)
    yield context.new_page()
    context.close()


# ---- on paper ----------------------------------------------------------------------------------


paper = shown(SEEN, PAPER)


@pytest.fixture
def printed(paper):
    paper.emulate_media(media="print")
    return paper


def test_nothing_is_cut_off_on_paper(printed):
    assert printed.evaluate(CUT_OFF) == []


def test_what_is_cut_off_would_be_found(browser, address):
    with Visit(browser, f"{address}/book/digits.html", PAPER) as visit:
        visit.page.emulate_media(media="print")
        visit.page.add_style_tag(content="pre { white-space: pre !important; overflow: auto }")
        assert len(visit.page.evaluate(CUT_OFF)) > 3


def test_a_page_has_its_title_on_paper_and_a_chapter_its_number(printed):
    (title,) = printed.locator("h1:visible").all_inner_texts()
    is_chapter = urlsplit(printed.url).path.lstrip("/") in CHAPTERS
    assert bool(re.match(r"\d+\. \w", title)) == is_chapter


def test_all_chapters_have_numbers():
    assert len(CHAPTERS) >= 13


@pytest.mark.parametrize("page", ["book/introduction.html", "book/sparse.html"])
def test_a_dark_system_prints_what_a_light_one_prints(browser, address, page):
    printed = {}
    for scheme in ("light", "dark"):
        with Visit(browser, f"{address}/{page}", PAPER, scheme) as visit:
            visit.page.emulate_media(media="print", color_scheme=scheme)
            visit.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
            printed[scheme] = visit.page.evaluate(PAINTED)
            visit.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
            theme = visit.page.evaluate("() => document.documentElement.dataset.theme")
            assert theme == scheme  # as it was before
    assert printed["dark"] == printed["light"]


def test_printing_tells_the_page_before_and_after(browser, address):
    with Visit(browser, f"{address}/book/introduction.html", scheme="dark") as visit:
        visit.page.evaluate(
            """() => {
                 window.themes = [];
                 const note = () => themes.push(document.documentElement.dataset.theme);
                 addEventListener("beforeprint", note);
                 addEventListener("afterprint", note);
               }"""
        )
        visit.page.pdf()
        assert visit.page.evaluate("() => themes") == ["light", "dark"]


def test_a_box_and_what_is_in_it_stay_on_one_sheet(printed):
    parted = printed.evaluate(
        """() => [...document.querySelectorAll(
             ".cell_input, .admonition:not(details), figure, ae-explorer")]
           .filter(box => getComputedStyle(box).breakInside !== "avoid").length"""
    )
    assert parted == 0


# ---- without scripts ---------------------------------------------------------------------------


def test_without_scripts_the_page_has_its_colours(scriptless, address):
    scriptless.goto(f"{address}/book/digits.html")
    contrasts = scriptless.evaluate(CONTRASTS)
    assert len(contrasts) > 500
    assert min(contrasts) >= 4.5
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--pst-color-primary')"
    assert scriptless.evaluate(colour)


def test_without_scripts_formulas_are_set(scriptless, address):
    scriptless.goto(f"{address}/book/mnist-vae.html")
    text = scriptless.locator("article").inner_text()
    assert not re.search(r"\\[a-z(\[]", text)
    assert scriptless.locator("math mfrac").first.bounding_box()["height"] > 20
