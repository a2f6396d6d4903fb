"""What stands for a page elsewhere, without the built site: its description and its picture."""

import base64
import io
import re
from pathlib import Path
from types import SimpleNamespace

import descriptions
import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from descriptions import LONGEST, meta_tags, properties_of
from docutils.nodes import title
from pictures import SIZE, figure_cell, fitted, png_of
from PIL import Image
from sphinx.errors import ExtensionError

PAGES = sorted(Path(__file__).parents[1].glob("book/*.md"))


def front_matter(path):
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_in_a_sentence_what_it_is_about(path):
    description = front_matter(path)["description"]
    assert 40 <= len(description) <= LONGEST
    assert description.endswith(".")
    assert not re.search(r"[*`{}<>$\n]", description)  # plain text


def test_no_two_pages_say_the_same():
    said = [front_matter(path)["description"] for path in PAGES]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_picture_of_a_page_is_one_of_its_figures(path):
    text = path.read_text(encoding="utf-8")
    picture = front_matter(path).get("picture")
    assert bool(picture) == ("{code-cell}" in text)
    if picture:
        assert f"    name: {picture}\n" in text


def test_what_a_head_says_is_escaped():
    said = {"description": 'less < more & "so on"', "og:title": "x"}
    head = BeautifulSoup(meta_tags(said), "html.parser")
    assert head.find("meta", attrs={"name": "description"})["content"] == said["description"]
    assert head.find("meta", property="og:title")["content"] == "x"


def book(base="", picture="fig-a", description="About a."):
    """Give what an extension sees of a book with a front page and a page `a`."""
    pages = {"book/index": {"picture": "fig-i"}, "book/a": {"description": description}}
    if picture:
        pages["book/a"]["picture"] = picture
    return SimpleNamespace(
        config=SimpleNamespace(html_baseurl=base, html_title="Book", root_doc="book/index"),
        env=SimpleNamespace(metadata=pages, titles={"book/a": title(text="A")}),
        builder=SimpleNamespace(get_target_uri=lambda docname: f"{docname}.html"),
    )


@pytest.mark.parametrize(
    ("base", "picture", "address"),
    [
        ("", "fig-a", "../pictures/a.png"),
        ("https://here.example/b/", "fig-a", "https://here.example/b/pictures/a.png"),
        ("", None, "../pictures/index.png"),
    ],
)
def test_a_page_shows_its_picture_or_that_of_the_front_page(monkeypatch, base, picture, address):
    monkeypatch.setattr(descriptions, "alt_of", lambda app, docname: f"what {docname} shows")
    said = properties_of(book(base, picture), "book/a")
    assert said["og:image"] == address
    assert said["og:image:alt"] == f"what book/{Path(address).stem} shows"
    assert said.get("og:url") == (f"{base}book/a.html" if base else None)
    assert (said["og:title"], said["description"]) == ("A", "About a.")


def test_a_page_without_a_description_says_nothing():
    assert properties_of(book(description=None), "book/a") == {}


def test_a_description_that_is_too_long_stops_the_build():
    with pytest.raises(ExtensionError, match=r"book/a: .* at most 160 letters, got 161"):
        properties_of(book(description="x" * 161), "book/a")


def png(size, colour):
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "png")
    return data.getvalue()


@pytest.mark.parametrize("size", [(750, 480), (100, 400), (900, 100)])
def test_a_picture_of_any_shape_is_whole_and_in_the_middle(size):
    image = Image.open(io.BytesIO(fitted(png(size, "blue")))).convert("RGB")
    assert image.size == SIZE
    scale = min(SIZE[0] / size[0], SIZE[1] / size[1])
    n_blue = sum(n for n, colour in image.getcolors() if colour == (0, 0, 255))
    assert n_blue == pytest.approx(scale**2 * size[0] * size[1], rel=0.02)
    assert image.getpixel((SIZE[0] // 2, SIZE[1] // 2)) == (0, 0, 255)
    assert {colour for _, colour in image.getcolors()} <= {(0, 0, 255), (255, 255, 255)}


def notebook(data):
    cell = nbformat.v4.new_code_cell("plt.plot([0, 1])")
    cell.metadata["mystnb"] = {"figure": {"name": "fig-a"}}
    cell.outputs = [nbformat.v4.new_output("display_data", data)]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1"), cell])


def test_the_picture_is_the_png_of_the_figure_that_is_named():
    encoded = base64.b64encode(b"the png").decode()
    run = notebook({"image/svg+xml": "<svg/>", "image/png": encoded})
    assert png_of(figure_cell(run, "fig-a")) == b"the png"


def test_a_missing_figure_and_a_missing_png_are_named():
    run = notebook({"image/svg+xml": "<svg/>"})
    with pytest.raises(ExtensionError, match="'fig-b'"):
        figure_cell(run, "fig-b")
    with pytest.raises(ExtensionError, match=r"figure_formats = \[\"svg\", \"png\"\]"):
        png_of(figure_cell(run, "fig-a"))
