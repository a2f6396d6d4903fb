"""What the built site needs in public: where its pages come from, how they are found and cited."""

import http.server
import json
import re
import threading
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from conftest import QuietHandler
from execution import fingerprint
from provenance import seeds_in
from test_book import CHAPTERS, NOTEBOOKS, PAGES
from test_site import SITE, anchors
from test_site_front import soup

ROOT = Path(__file__).parents[1]
REFERENCES = re.findall(
    r"^@\w+\{(\w+),\n(.*?)^\}", (ROOT / "references.bib").read_text("utf-8"), re.M | re.S
)


def foot(page):
    (line,) = soup(page).select("footer .provenance")
    return line.get_text()


def hash_of(page):
    """Compute again what a page and its notebook say of their sources."""
    sources = fingerprint(ROOT).encode() + (ROOT / f"{page}.md").read_bytes()
    return sha256(sources).hexdigest()[:12]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_from_which_sources_it_was_made(page):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.M)[1]
    assert foot(page).startswith(f"Made from aecourse {version}, sources {hash_of(page)}")


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_page_with_code_says_how_it_was_run(page):
    _, seeds, machine, versions, seconds, data = foot(page).split(" · ")
    assert re.fullmatch(r"seeds? \d+(, \d+)*", seeds)
    assert re.fullmatch(r"(CPU|CUDA|MPS), \d+ threads?", machine)
    assert re.fullmatch(r"torch \d\S+, NumPy \d\S+", versions)
    assert re.fullmatch(r"\d+ s", seconds)
    assert re.fullmatch(r"data: .+", data)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_notebook_says_from_which_sources_it_was_made(page):
    notebook = nbformat.read(SITE / "notebooks" / f"{Path(page).name}.ipynb", 4)
    assert f"sources {hash_of(page)}." in notebook.cells[1].source


def test_seeds_are_found_in_calls_and_loops():
    assert seeds_in("seed_everything(4)\nfit(seed=0)\nGenerator().manual_seed(7)") == [0, 4, 7]
    assert seeds_in("for seed in range(3):\n    pass") == [0, 1, 2]
    assert seeds_in("[run(seed) for seed in (5, 12)]") == [5, 12]
    assert seeds_in("seed_everything(seed)") == []


# ---- the search --------------------------------------------------------------------------------

SECTION = "#search-results li li"


@pytest.fixture(scope="module")
def index():
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("const PAGES = "))


@pytest.fixture
def search(browser):
    """Search in the site as it lies on disk, without a server."""

    def ask(question):
        page.goto(f"{SITE.as_uri()}/search.html?q={question}")
        page.locator(SECTION).first.wait_for(timeout=10_000)
        pages = page.locator("#search-results > ul > li > a")
        sections = page.locator(f"{SECTION} a")
        return [
            [urlsplit(a).path.rpartition("/html/")[2] for a in pages.evaluate_all(HREFS)],
            [a.rpartition("/html/")[2] for a in sections.evaluate_all(HREFS)],
            page.locator(f"{SECTION} p").all_inner_texts(),
        ]

    page = browser.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    yield ask
    assert [url for url in requests if not url.startswith("file:")] == []
    page.close()


HREFS = "links => links.map(link => link.href)"


def test_a_search_finds_first_the_chapters_that_are_about_it(search):
    assert sorted(search("star")[0][:2]) == ["book/latent-design.html", "book/shapes.html"]


def test_a_search_leads_to_sections_that_exist(search):
    _, sections, excerpts = search("star")
    assert any(re.fullmatch(r"book/latent-design\.html#.+", address) for address in sections)
    for address in sections:
        path, _, anchor = address.partition("#")
        assert not anchor or anchor in anchors(SITE / path)
    assert all(re.search("star", excerpt, re.I) for excerpt in excerpts)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("Nelder-Mead", "Nelder–Mead"),
        ("optimizer", "optimiser"),
        ("stars", "star"),
        ("Bjorck", "Björck"),
        ("bottlen", "bottleneck"),
    ],
)
def test_a_search_finds_what_is_spelt_otherwise(search, asked, written):
    pages, sections, excerpts = search(asked)
    assert (pages, sections) == tuple(search(written)[:2])
    assert any(written.lower() in excerpt.lower() for excerpt in excerpts)


def test_a_search_for_a_term_or_an_author_leads_to_its_entry(search):
    assert "book/glossary.html#term-bottleneck" in search("bottleneck")[1]
    assert any(re.match(r"book/bibliography\.html#.", a) for a in search("Nelder simplex")[1])


@pytest.mark.parametrize("page", PAGES)
def test_only_the_search_page_loads_the_index(page):
    scripts = [script["src"] for script in soup(page).select("script[src]")]
    assert [src for src in scripts if re.search("search|language_data", src)] == []


def test_what_is_searched_is_prose(index):
    assert sorted(index) == sorted(PAGES)
    texts = [text for entries in index.values() for _, _, text in entries]
    assert [t for t in texts if re.search(r"\bimport \w+ as\b|plt\.|\\[a-z]+", t)] == []
    for page in CHAPTERS:
        solution = soup(page).select(".solution p:not(.admonition-title)")[0].get_text()
        assert len(solution.split()) < 4 or not any(solution[:40] in text for text in texts)


def test_every_section_is_in_the_index(index):
    for page in CHAPTERS:
        sections = soup(page).select("article section section:has(> h2, > h3)")
        listed = {anchor for _, anchor, _ in index[page]}
        assert {f"#{section['id']}" for section in sections} <= listed


# ---- what is cited -----------------------------------------------------------------------------


def test_a_reference_stands_under_the_words_that_cite_it():
    entries = soup("book/bibliography").select("div.citation")
    labels = {entry["id"]: entry.select_one(".label").get_text() for entry in entries}
    assert len(set(labels.values())) == len(labels)
    cited = set()
    for page in PAGES:
        for link in soup(page).select("article a[href*='bibliography.html#']"):
            name = link["href"].partition("#")[2]
            cited.add(name)
            assert link.get_text().strip("[]") in labels[name]  # in running text: the year alone
    assert cited == set(labels)


@pytest.mark.parametrize(("key", "entry"), REFERENCES)
def test_a_reference_can_be_followed(key, entry):
    fields = dict(re.findall(r"^  (\w+) *= \{(.*)\},$", entry, re.M))
    assert {"doi", "eprint", "url"} & set(fields)
    assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.1000/0"))
    assert re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "2000.0000"))
    assert not re.search("arxiv|doi.org", fields.get("url", ""))  # which have fields of their own


def test_every_reference_has_its_link():
    for entry in soup("book/bibliography").select("div.citation"):
        assert entry.select("a[href^='https://']")


# ---- around the pages --------------------------------------------------------------------------


def test_the_root_of_the_site_says_what_it_is():
    html = soup("index")
    assert html.html["lang"] == "en-GB"
    assert html.title.get_text() == "Autoencoders, from digits to designs"
    assert html.a["href"] == "book/index.html"  # where a browser does not refresh


def test_the_site_is_served_as_it_is():
    assert (SITE / ".nojekyll").is_file()  # or GitHub leaves out _static


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_the_holder_of_its_copyright_once(page):
    (footer,) = soup(page).select("footer.bd-footer-content")
    assert footer.get_text().lower().count("authors") == 1


def test_a_missing_page_leads_back_from_any_path(browser):
    class Host(QuietHandler):
        """The site in a folder of a host that shows 404.html for what is not there."""

        def translate_path(self, path):
            return str(SITE) + unquote(urlsplit(path).path).removeprefix("/some/course")

        def send_error(self, code, message=None, explain=None):
            self.send_response(code)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write((SITE / "404.html").read_bytes())

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}/some/course/"
        for missing in ("typo.html", "book/typo.html", "a/b/c/"):
            page = browser.new_page()
            assert page.goto(home + missing, wait_until="networkidle").status == 404
            links = page.locator("a").evaluate_all(HREFS)
            assert links == [f"{home}book/index.html", f"{home}search.html"]
            page.close()
        server.shutdown()
