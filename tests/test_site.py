"""The built pages, as a file tree and in a headless Chromium."""

import copy
import functools
import http.server
import json
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from conftest import QuietHandler

SITE = Path(__file__).parents[1] / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.glob("book/**/*.html"))
# To look at a page in a browser takes seconds. All rooms of the reference are made by one template.
SEEN = [p for p in PAGES if "reference" not in p or Path(p).stem in ("index", "models", "tools")]
RAW = re.compile(r"```|:::|\{[a-z]+(:[a-z]+)?\}`|\$\$|\\(begin|frac|hat|label)|:label:")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@functools.cache
def soup(page):
    """Read a page; many tests look at the same one, and none changes it."""
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


# ---- checks of one page's HTML: each returns what is wrong with it -----------------------------


def errors_shown(html):
    for example in html.select("dl.py div.doctest"):  # where an error is what is shown
        example.decompose()
    found = [str(tag) for tag in html.select(".output.traceback, .output.error")]
    return found + re.findall(r"Traceback \(most recent call last\).*", html.get_text())


def raw_markup(html):
    html = copy.copy(html)
    for tag in html.select("pre, code, script, style, .math"):
        tag.decompose()
    return [match.group() for match in RAW.finditer(html.get_text())]


def images_without_alt(html):
    def is_text(alt):
        return bool(alt.strip()) and not re.search(r"\.(svg|png|jpe?g|gif)$|/", alt.strip())

    return [str(img) for img in html.find_all("img") if not is_text(img.get("alt") or "")]


def requests_elsewhere(html):
    tags = html.find_all(["img", "script", "iframe", "source", "video"], src=True)
    links = html.find_all("link", href=True, rel=lambda rel: rel not in ("canonical", "author"))
    addresses = [tag["src"] for tag in tags] + [link["href"] for link in links]
    return [address for address in addresses if urlsplit(address).netloc]


@functools.cache
def anchors(path):
    html = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return {tag["id"] for tag in html.find_all(id=True)}


@functools.cache
def settings(path):
    """Return what an address may set in the first playground of a page: "seed=1" and so on."""
    html = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    playground = html.find("ae-playground", attrs={"data-address": True})
    contents = json.loads(playground["data-contents"]) if playground else {"knobs": {}}
    known = {f"preset={name}" for name in contents.get("presets", ())}
    for name, knob in contents["knobs"].items():
        known |= {f"{name}={value}" for value, _ in knob["choices"]}
    return known


def is_there(path, anchor):
    if "=" in anchor:
        return set(anchor.split("&")) <= settings(path)
    return anchor in anchors(path)


def broken_links(html, page, site=SITE):
    missing = []
    for tag, attribute in (("a", "href"), ("img", "src"), ("script", "src"), ("link", "href")):
        for element in html.find_all(tag, **{attribute: True}):
            address, anchor = urldefrag(element[attribute])
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = site / unquote(urljoin(page, parts.path)) if parts.path else site / page
            if not target.is_file():
                missing.append(element[attribute])
                continue
            to_anchor = anchor and tag == "a" and target.suffix == ".html"
            if to_anchor and not is_there(target, unquote(anchor)):
                missing.append(element[attribute])
    return missing


CHECKS = {
    check.__name__: check
    for check in (errors_shown, raw_markup, images_without_alt, requests_elsewhere)
}


def test_there_is_a_site():
    assert {"book/index.html", "book/introduction.html", "book/digits.html"} <= set(PAGES), (
        "no built book found: run `make test`, which builds it first"
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("check", CHECKS)
def test_html(page, check):
    assert CHECKS[check](soup(page)) == []


@pytest.mark.parametrize("page", [*PAGES, "index.html", "search.html", "genindex.html"])
def test_no_link_is_broken(page):
    html = soup(page)
    for refresh in html.find_all("meta", attrs={"http-equiv": "Refresh"}):
        assert (SITE / refresh["content"].split("url=")[1]).is_file()
    assert broken_links(html, page) == []


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        ("errors_shown", "<pre>Traceback (most recent call last)\n1/0</pre>"),
        ("errors_shown", "<div class='output traceback'>ZeroDivisionError</div>"),
        ("raw_markup", "<p>see {numref}`fig-one`</p>"),
        ("raw_markup", "<p>{cite:t}`baldi1989`</p>"),
        ("raw_markup", "<p>$$ x^2 $$</p>"),
        ("raw_markup", r"<p>the loss \frac12 x</p>"),
        ("raw_markup", "<p>```{admonition} Predict</p>"),
        ("images_without_alt", "<img src='a.svg'>"),
        ("images_without_alt", "<img src='a.svg' alt=' '>"),
        ("images_without_alt", "<img src='a.svg' alt='../_images/a.svg'>"),
        ("requests_elsewhere", "<script src='https://cdn.example/x.js'></script>"),
        ("requests_elsewhere", "<link rel='stylesheet' href='//fonts.example/x.css'>"),
    ],
)
def test_a_planted_fault_is_found(check, bad):
    assert CHECKS[check](BeautifulSoup(bad, "html.parser")) != []


@pytest.mark.parametrize(
    "bad",
    ["no.html", "page.html#nowhere", "#nowhere", "../outside.html", "#seed=2", "#seed=1&rate=1"],
)
def test_a_planted_broken_link_is_found(tmp_path, bad):
    contents = {"presets": {}, "knobs": {"seed": {"choices": [["1", "one"]]}}}
    (tmp_path / "page.html").write_text(
        f"<p id='here'></p><ae-playground data-address data-contents='{json.dumps(contents)}'>"
    )
    good = (
        "<a href='page.html#here'></a><a href='#here'></a><a href='https://elsewhere.example'></a>"
        "<a href='#seed=1'></a>"
    )
    html = BeautifulSoup(f"{good}<a href='{bad}'></a>", "html.parser")
    assert broken_links(html, "page.html", tmp_path) == [bad]


# ---- in the browser ----------------------------------------------------------------------------


class Visit:
    """A page opened in the browser, and what it did meanwhile."""

    def __init__(self, browser, url, viewport=WIDE, scheme="light", until="load"):
        self.page = browser.new_page(viewport=viewport, color_scheme=scheme)
        self.host = urlsplit(url).netloc
        self.asked, self.elsewhere, self.errors = [], [], []
        self.page.on("request", self._see_request)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(url, wait_until=until)
        self.asked_at_once = set(self.asked)

    def _see_request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            if parts.netloc == self.host:
                self.asked.append(unquote(parts.path).lstrip("/"))
            else:
                self.elsewhere.append(request.url)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.page.close()


def shown(pages, viewport=WIDE):
    """Make a fixture that opens each page once, in one tab, for all tests of a file."""

    @pytest.fixture(scope="module", params=pages)
    def show(request, tab, address):
        tab.set_viewport_size(viewport)
        tab.goto(f"{address}/{request.param}")
        return tab

    return show


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(browser, address, scheme):
    with Visit(browser, f"{address}/book/digits.html", scheme=scheme) as visit:
        contrast = visit.page.evaluate(
            """() => {
                 const light = colour => {
                   const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
                     .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                   return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
                 };
                 const page = light(getComputedStyle(document.body).backgroundColor);
                 const texts = 'article p, article h2, figcaption .caption-text';
                 return [...document.querySelectorAll(texts)]
                   .filter(e => !e.closest('.admonition'))
                   .map(e => light(getComputedStyle(e).color))
                   .map(ink => Math.max(ink, page) / Math.min(ink, page));
               }"""
        )
    assert len(contrast) > 20
    assert min(contrast) >= 7


def test_what_a_cell_shows_has_no_slab_behind_it_in_the_dark(browser, address):
    with Visit(browser, f"{address}/book/mnist-vae.html", scheme="dark") as visit:
        slab = visit.page.locator(".text_html", has=visit.page.locator(".ae-animation")).first
        assert slab.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"
        words = visit.page.locator("article p:not(.work-in-it)").first
        colours = [place.evaluate("e => getComputedStyle(e).color") for place in (slab, words)]
        assert colours[0] == colours[1]


def test_solutions_are_closed_and_open_by_keyboard(browser, address):
    with Visit(browser, f"{address}/book/digits.html") as visit:
        with_a_picture = visit.page.locator("img")
        solution = visit.page.locator(".solution.admonition", has=with_a_picture).first
        inside = solution.locator("img").first
        assert not inside.is_visible()
        solution.locator("summary").first.focus()
        visit.page.keyboard.press("Enter")
        inside.wait_for(state="visible", timeout=3000)


def test_an_animation_stands_still_until_played_and_pauses(browser, address):
    with Visit(browser, f"{address}/book/mnist-vae.html") as visit:
        group = visit.page.locator(".ae-animation").first
        button, slider = group.get_by_role("button"), group.get_by_role("slider")
        frame = group.locator("img")
        box = group.locator(".ae-view").bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1)  # one square picture of 28×28
        still = frame.evaluate("image => image.style.transform")
        visit.page.wait_for_timeout(500)
        assert frame.evaluate("image => image.style.transform") == still
        button.focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_timeout(600)
        visit.page.keyboard.press("Enter")
        paused = frame.evaluate("image => image.style.transform")
        assert paused != still
        assert button.inner_text() == "Play"
        visit.page.wait_for_timeout(500)
        assert frame.evaluate("image => image.style.transform") == paused
        slider.focus()
        visit.page.keyboard.press("End")
        last = int(slider.get_attribute("max"))
        percent = frame.evaluate("image => parseFloat(image.style.transform.match(/-[0-9.]+/))")
        assert percent == pytest.approx(-100 * last / (last + 1), abs=0.01)


def test_an_animation_plays_to_and_fro(browser, address):
    with Visit(browser, f"{address}/book/mnist-vae.html") as visit:
        animation = visit.page.locator(".ae-animation").first
        slider = animation.get_by_role("slider")
        slider.focus()
        visit.page.keyboard.press("End")
        last = slider.input_value()
        animation.get_by_role("button").click()
        visit.page.wait_for_timeout(600)
        assert 0 < int(slider.input_value()) < int(last)


def test_without_scripts_an_animation_is_a_strip_of_all_its_frames(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport=WIDE)
    page = context.new_page()
    page.goto(f"{address}/book/mnist-vae.html")
    strip, controls = (
        page.locator(".ae-animation img").first,
        page.locator(".ae-animation .ae-controls").first,
    )
    box = strip.bounding_box()
    assert box["width"] == pytest.approx(25 * box["height"], rel=0.05)
    assert not controls.is_visible()
    context.close()


def test_search_finds_a_term(browser, address):
    with Visit(browser, f"{address}/search.html?q=bottleneck") as visit:
        visit.page.locator("#search-results li a").first.wait_for(timeout=10000)
        links = visit.page.locator("#search-results li a").evaluate_all("l => l.map(a => a.href)")
        assert any("introduction.html" in link for link in links)
        assert visit.elsewhere == []


def test_a_request_to_another_host_would_be_seen(browser, address, tmp_path):
    class Planted(QuietHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<img src='http://127.0.0.1:9/x.png'><script>undefined.x</script>")

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Planted) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Visit(browser, f"http://127.0.0.1:{server.server_port}/") as visit:
            assert visit.elsewhere == ["http://127.0.0.1:9/x.png"]
            assert len(visit.errors) >= 1
        server.shutdown()
