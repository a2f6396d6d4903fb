"""The built pages on a wide screen and on a phone: what is seen, what scrolls, and who is told."""

import io

import numpy as np
import pytest
from PIL import Image
from test_site import PAGES, PHONE, SEEN, Visit, shown

DESKTOP = {"width": 1400, "height": 900}
SCROLLS = "e => e.scrollWidth > e.clientWidth && e.checkVisibility()"

desktop, phone = shown(SEEN, DESKTOP), shown(PAGES, PHONE)


def test_no_visible_code_scrolls_on_a_desktop(desktop):
    blocks = "[...document.querySelectorAll('.bd-article :is(pre, .formula, table)')]"
    wide = desktop.evaluate(f"() => {blocks}.filter({SCROLLS}).map(e => e.textContent)")
    assert wide == []


def test_nothing_sticks_out_on_a_phone(phone):
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    sticking_out = phone.evaluate(
        """() => [...document.querySelectorAll('article > section *')].filter(element => {
             const box = element.getBoundingClientRect();
             if (!box.width || box.right <= 391) return false;
             for (let p = element; p; p = p.parentElement)
               if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return false;
             return true;
           }).map(element => element.outerHTML.slice(0, 200))"""
    )
    assert sticking_out == []


def test_a_signature_is_read_without_scrolling_on_a_phone(phone):
    wide = phone.locator("dt.sig").evaluate_all(
        "terms => terms.filter(t => t.scrollWidth > t.clientWidth + 1).map(t => t.id)"
    )
    assert wide == []


def test_most_lines_of_code_are_not_broken_on_a_desktop(browser, address):
    with Visit(browser, f"{address}/book/digits.html", DESKTOP) as visit:
        letters = visit.page.locator(".bd-article .cell_input pre").first.evaluate(
            """pre => {
                 const style = getComputedStyle(pre), canvas = document.createElement("canvas");
                 const context = canvas.getContext("2d");
                 context.font = `${style.fontSize} ${style.fontFamily}`;
                 const room = pre.clientWidth - parseFloat(style.paddingLeft) * 2;
                 return room / context.measureText("m").width;
               }"""
        )
        assert letters >= 100  # as long as the lines of the package


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("page", "block"),
    [("digits", ".cell_input pre"), ("mnist-vae", ".formula"), ("mnist-autoencoder", ".formula")],
)
def test_what_scrolls_on_a_phone_shows_that_it_does(browser, address, scheme, page, block):
    with Visit(browser, f"{address}/book/{page}.html", PHONE, scheme) as visit:
        blocks = visit.page.locator(f".bd-article {block}")
        if block == ".formula":  # on a narrower phone it would
            blocks.first.evaluate("e => e.style.maxWidth = '120px'")
        found = next(b for b in blocks.all() if b.evaluate(SCROLLS))
        found.scroll_into_view_if_needed()

        def edges():
            pixels = np.asarray(Image.open(io.BytesIO(found.screenshot())).convert("L")).astype(int)
            left, right = pixels[4:-20, 3], pixels[4:-20, -4]
            return np.median(left), np.median(right)

        start_left, start_right = edges()
        found.evaluate("e => e.scrollLeft = e.scrollWidth")
        visit.page.wait_for_timeout(100)
        end_left, end_right = edges()
        assert abs(start_right - end_right) > 15  # a shade where there is more, none at the end
        assert abs(start_left - end_left) > 15


def test_code_and_equations_are_smaller_on_a_phone(browser, address):
    sizes = {}
    for name, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        with Visit(browser, f"{address}/book/mnist-vae.html", viewport) as visit:
            sizes[name] = [
                visit.page.locator(block).first.evaluate("e => getComputedStyle(e).fontSize")
                for block in (".cell_input pre", ".formula math")
            ]
    for phone, desktop in zip(sizes["phone"], sizes["desktop"], strict=True):
        assert 11 < float(phone[:-2]) < float(desktop[:-2])


def test_captions_are_whole_on_a_phone(phone):
    clipped = phone.evaluate(
        """() => [...document.querySelectorAll("article :is(caption, figcaption)")]
             .filter(caption => caption.checkVisibility())
             .filter(caption => {
               const words = document.createRange();
               words.selectNodeContents(caption);
               const { left, right } = words.getBoundingClientRect();
               return left < 0 || right > innerWidth;
             }).map(caption => caption.textContent)"""
    )
    assert clipped == []


def test_the_chapters_stack_on_a_phone(browser, address):
    columns = {}
    for name, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        with Visit(browser, f"{address}/book/index.html", viewport) as visit:
            cards = visit.page.locator("ul.chapters > li")
            columns[name] = len({round(card.bounding_box()["x"]) for card in cards.all()})
    assert columns["phone"] == 1 < columns["desktop"]
