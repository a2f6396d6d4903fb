"""The formulas of the built pages: set while the book is built, as MathML."""

import pytest
from test_site import PAGES, PHONE, Visit, shown, soup

FORMULAS = [page for page in PAGES if soup(page).find("math")]

opened = shown(FORMULAS)

# A formula and the letter at it, before or after, where no space is between, must share a line.
PARTED = """() => {
  const parted = [];
  for (const formula of document.querySelectorAll("article math:not([display=block])")) {
    const box = formula.getBoundingClientRect();
    if (!box.width) continue;
    for (const side of ["previousSibling", "nextSibling"]) {
      const text = formula[side], after = side === "nextSibling";
      if (text?.nodeType !== Node.TEXT_NODE || !text.length) continue;
      const range = document.createRange(), at = after ? 0 : text.length - 1;
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const letter = range.getBoundingClientRect();
      const apart = letter.top > box.bottom || letter.bottom < box.top;
      if (range.toString().trim() && apart) parted.push(formula.parentElement.textContent);
    }
  }
  return parted;
}"""


def test_many_pages_have_formulas():
    assert len(FORMULAS) >= 13


@pytest.mark.parametrize("page", PAGES)
def test_no_formula_waits_for_a_script(page):
    html = soup(page)
    assert not html.select("script[src*=mathjax], .math:not(:has(math))")


@pytest.mark.parametrize("page", FORMULAS)
def test_a_power_belongs_to_the_whole_bracket(page):
    # Browsers put a large bracket with a power of its own out of line: write {\bigl( … \bigr)}^2.
    assert soup(page).select("msup > mo[minsize]:first-child, msub > mo[minsize]:first-child") == []


@pytest.mark.parametrize("page", FORMULAS)
def test_equations_are_numbered_in_order_and_links_name_them(page):
    html = soup(page)
    numbers = [tag.get_text().rstrip("#") for tag in html.select("div.math .eqno")]
    chapter = numbers[0].strip("(").split(".")[0] if numbers else ""
    assert numbers == [f"({chapter}.{k})" for k in range(1, len(numbers) + 1)]
    for link in html.select("article a[href*='#equation-']:not(.headerlink)"):
        file, anchor = link["href"].split("#")
        target = soup(f"book/{file}" if file else page).find(id=anchor)
        assert link.get_text() == target.select_one(".eqno").get_text().rstrip("#")


def test_no_formula_is_a_tab_stop_unless_it_scrolls(opened):
    stops = "math[tabindex], math [tabindex], .formula[tabindex='0'], mjx-container[tabindex]"
    opened.wait_for_timeout(400)  # the theme looks what scrolls
    assert opened.locator(stops).count() == 0


def test_a_full_stop_stays_with_its_formula(opened):
    for width in (320, 390, 480, 600, 768, 1000, 1400):
        opened.set_viewport_size({"width": width, "height": 900})
        assert opened.evaluate(PARTED) == []


def test_all_signs_are_in_the_font_of_the_site(opened):
    opened.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    opened.evaluate("() => document.fonts.ready")
    session = opened.context.new_cdp_session(opened)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    found = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "math"})
    others = {}
    for node in found["nodeIds"]:
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            if not font["isCustomFont"]:
                others[font["familyName"]] = session.send("DOM.getOuterHTML", {"nodeId": node})
    assert found["nodeIds"]
    assert others == {}


def test_a_full_stop_that_parts_would_be_found(browser, address):
    with Visit(browser, f"{address}/book/functions.html") as visit:
        visit.page.add_style_tag(content=".together { white-space: normal !important }")
        found = []
        for width in range(320, 800, 20):
            visit.page.set_viewport_size({"width": width, "height": 900})
            found += visit.page.evaluate(PARTED)
        assert found


def test_a_formula_that_scrolls_on_a_phone_is_a_tab_stop(browser, address):
    with Visit(browser, f"{address}/book/mnist-vae.html", PHONE) as visit:
        formula = visit.page.locator(".formula").first
        formula.evaluate("e => e.style.maxWidth = '50px'")
        visit.page.set_viewport_size({"width": 389, "height": 844})  # the theme looks again
        visit.page.wait_for_function(
            "e => e.tabIndex === 0", arg=formula.element_handle(), timeout=3000
        )
