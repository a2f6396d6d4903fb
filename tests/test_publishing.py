"""A small book, published below an address that its `_config.yml` names."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
BASE = "https://here.example/book/"
SAID = "    # html_baseurl: https://owner.github.io/name/"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    for folder in ("book/_ext", "book/_static", "book/_templates"):
        shutil.copytree(ROOT / folder, root / folder)
    for name in ("references.bib", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    assert SAID in config
    (root / "_config.yml").write_text(config.replace(SAID, f"    html_baseurl: {BASE}"), "utf-8")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n  - file: book/one\n"
    )
    (root / "book/index.md").write_text("# The book\n", encoding="utf-8")
    (root / "book/one.md").write_text("# One\n\n```{bibliography}\n```\n", encoding="utf-8")
    run = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", run, "build", str(root)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return root / "_build" / "html"


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_a_page_names_its_canonical_address(site):
    for page in ("book/index.html", "book/one.html"):
        (link,) = soup(site / page).select("link[rel=canonical]")
        assert link["href"] == f"{BASE}{page}"


def test_the_sitemap_lists_all_pages(site):
    tree = xml.etree.ElementTree.parse(site / "sitemap.xml")
    listed = [element.text for element in tree.iter() if element.tag.endswith("}loc")]
    assert listed == [f"{BASE}book/index.html", f"{BASE}book/one.html"]


def test_the_page_for_what_is_not_there_has_whole_addresses(site):
    links = [link["href"] for link in soup(site / "404.html").select("a")]
    assert links == [f"{BASE}book/index.html", f"{BASE}search.html"]
