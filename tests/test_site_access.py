"""The built pages for readers with a keyboard, a screen reader or weak eyes: axe-core and folds."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from test_site import PAGES, SEEN, Visit, soup

KINDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]
COLOURS = ["color-contrast", "link-in-text-block"]
NARROW = ["target-size", "scrollable-region-focusable"]


def all_but(*rules):
    off = {rule: {"enabled": False} for rule in rules}
    return {"runOnly": {"type": "tag", "values": KINDS}, "rules": off}


def only(rules):
    return {"runOnly": {"type": "rule", "values": rules}}


REVIEW = "hidden-content"  # says what it did not look at, and never that something is wrong
LOOKS = {  # what is dear is not asked twice: names and landmarks do not depend on the width
    "390 px": ("light", 390, only(NARROW)),
    "1400 px": ("light", 1400, all_but(REVIEW, *COLOURS)),
    "light": ("light", 1400, only(COLOURS)),
    "dark": ("dark", 1400, only(COLOURS)),
}
PREPARE = """() => {
  // What is folded is looked at, too, and at once; the shade of what scrolls would hide its ground.
  document.head.insertAdjacentHTML("beforeend", `<style>* { animation: none !important;
    transition: none !important; background-image: none !important }</style>`);
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  // All words of a kind have one colour in code: one of each kind stays, the others become text.
  const seen = new Set();
  for (const word of document.querySelectorAll("pre span")) {
    if (seen.has(word.className)) word.replaceWith(...word.childNodes);
    seen.add(word.className);
  }
}"""

# Tags, classes and rows give a word its colour: each kind of word stays once, a link among others.
THIN = """() => {
  const kind = e => e ? kind(e.parentElement) + e.tagName + e.getAttribute("class")
    + e.getAttribute("style") + e.matches("tr:nth-child(even)") : "";
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const kinds = new Set(), staying = new Set(), all = [];
  while (words.nextNode()) {
    const word = words.currentNode, parent = word.parentElement;
    if (!word.data.trim() || !parent.checkVisibility()) continue;
    all.push(word);
    if (kinds.has(kind(parent))) continue;
    kinds.add(kind(parent));
    for (const near of [word, ...(parent.closest("a")?.parentElement.childNodes ?? [])])
      staying.add(near);
  }
  for (const word of all) if (!staying.has(word)) word.remove();
}"""

# The theme finds out what scrolls 300 ms after a resize has been told, by a timer of the page:
# one of the page's own that starts later and lasts longer ends after it, however slow the machine.
SETTLED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 400)))"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def look(tab, scheme, width, rules):
    """Return what axe-core finds: rule, how bad it is, why, and the element."""
    tab.emulate_media(color_scheme=scheme)
    if tab.viewport_size["width"] != width:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.wait_for_function("width => innerWidth === width", arg=width)
        tab.evaluate(SETTLED)
    tab.evaluate(PAINTED)
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(AXE_SCRIPT)
    results = tab.evaluate("rules => axe.run(rules)", rules | {"resultTypes": ["violations"]})
    return [
        f"{rule['id']} ({rule['impact']}): {node['failureSummary']}\n  {node['html'][:300]}"
        for rule in results["violations"]
        for node in rule["nodes"]
    ]


def barriers(tab):
    """Prepare a page and look at it in each way."""
    tab.evaluate(PREPARE)
    for name, how in LOOKS.items():
        if name == "light":  # from here on only at colours
            tab.evaluate(THIN)
        yield from (f"{name}: {line}" for line in look(tab, *how))


@pytest.mark.parametrize("page", [*SEEN, "search.html", "genindex.html"])
def test_axe_finds_no_barrier(tab, address, page):
    tab.goto(f"{address}/{page}")
    found = list(barriers(tab))
    assert not found, f"{page}:\n" + "\n".join(found)


def test_axe_finds_no_barrier_around_a_page_on_a_phone(tab, address):  # all pages have that frame
    tab.goto(f"{address}/book/digits.html")
    tab.evaluate(PREPARE)
    found = look(tab, "light", 390, all_but(REVIEW))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("where", "rule", "bad"),
    [
        ("light", "color-contrast", "<p style='color: #999'>Pale words.</p>"),
        ("light", "color-contrast", "<pre><span class=k style='color: #999'>if</pre>"),
        (
            "dark",
            "color-contrast",
            "<style>@media (prefers-color-scheme: dark) {p {color: #555; background: black}}"
            "</style><p>Dark words.</p>",
        ),
        (
            "light",
            "color-contrast",
            "<details><summary>More</summary><p style='color: #999'>Pale words.</p></details>",
        ),
        (
            "390 px",
            "scrollable-region-focusable",
            f"<pre tabindex=-1 style='overflow: auto'>{60 * 'words '}</pre>",
        ),
        (
            "light",
            "color-contrast",
            "<p>Dark words.<p>Dark ones. <p style='color: #999'>Pale ones.",
        ),
        (
            "light",
            "link-in-text-block",
            "<p>Words.<p>Words and <a href=# style='text-decoration: none'>a link</a> in a line.",
        ),
        ("1400 px", "button-name", "<button></button>"),
        ("1400 px", "label-content-name-mismatch", "<button aria-label=Go>Open</button>"),
        ("1400 px", "region", "</main><p>Outside.</p>"),
    ],
)
def test_a_planted_barrier_is_found(tab, where, rule, bad):
    tab.set_content(f"<html lang=en><title>Page</title><main><h1>Page</h1>{bad}</main>")
    assert any(found.startswith(f"{where}: {rule} ") for found in barriers(tab))


# ---- what folds --------------------------------------------------------------------------------


def names(page):
    """Return what a screen reader says of the closed folds of a page."""
    for summary in soup(page).select("details > summary"):
        shown = (summary.select_one(".collapsed") or summary).get_text().split()
        label = summary.get("aria-label", "").split() or shown
        assert label[: len(shown)] == shown  # who says what stands there is understood
        yield " ".join(label)


@pytest.mark.parametrize("page", PAGES)
def test_folds_have_names_of_their_own(page):
    named = list(names(page))
    assert len(set(named)) == len(named)
    assert not {"Show code cell source", "Toggle hidden content", ""}.intersection(named)


@pytest.mark.parametrize("page", PAGES)
def test_a_fold_of_code_is_named_by_its_figure(page):
    for fold in soup(page).select("details.hide"):
        number = fold.parent.select_one("figcaption .caption-number")
        text = f"Show code of {number.get_text().strip() if number else '“'}"
        assert fold.select_one(".collapsed").get_text().startswith(text)


@pytest.mark.parametrize("page", PAGES)
def test_the_title_of_a_fold_leads_nowhere_else(page):
    assert soup(page).select("summary a, summary button") == []


def test_a_click_on_the_title_of_a_solution_unfolds_it(browser, address):
    with Visit(browser, f"{address}/book/digits.html") as visit:
        solution = visit.page.locator("details.solution").first
        title = solution.locator("summary")
        assert re.match(r"Solution to Exercise 2\.\d", title.inner_text())
        title.click()
        assert solution.evaluate("fold => fold.open")
        assert "#" not in visit.page.url


def test_a_solution_unfolds_without_scripts_and_is_open_on_paper(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/digits.html")
    first, second = (page.locator("details.solution").nth(k) for k in (0, 1))
    first.locator("summary").click()
    assert first.locator("pre").first.is_visible()
    assert not second.locator("pre").first.is_visible()
    page.emulate_media(media="print")
    assert second.locator("pre").first.bounding_box()["height"] > 10
    context.close()


def test_the_keyboard_shows_where_it_is(browser, address):
    with Visit(browser, f"{address}/book/digits.html") as visit:
        for place in (".primary-toggle", ".theme-switch-button", "article details > summary"):
            element = visit.page.locator(place).first
            element.evaluate("e => e.focus({ focusVisible: true })")
            ring = element.evaluate("e => getComputedStyle(e).outline")
            assert "solid" in ring or "auto" in ring, f"{place}: {ring}"


def test_what_scrolls_inside_a_fold_can_be_reached_by_key(tab, address):
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.goto(f"{address}/book/digits.html")
    code = tab.locator("details.solution pre").first
    tab.locator("details.solution > summary").first.click()
    assert code.evaluate("pre => pre.scrollWidth > pre.clientWidth")
    tab.wait_for_function("pre => pre.tabIndex === 0", arg=code.element_handle(), timeout=3000)
