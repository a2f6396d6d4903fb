"""An explorer as a page of its own, and the picture that stands there without scripts."""

import warnings

import matplotlib.pyplot as plt
import pytest
import torch
from bs4 import BeautifulSoup

from aecourse.explorer import latent_explorer, views
from aecourse.models import DenseAutoencoder


@pytest.fixture
def explorer():
    torch.manual_seed(0)
    return latent_explorer(DenseAutoencoder((64, 8, 2)), torch.randn(30, 2), alt="A plane.")


def test_a_saved_explorer_is_a_complete_page_that_works(explorer, browser, tmp_path):
    path = tmp_path / "plane.html"
    explorer.save(path, title="Plates & <holes>", lang="de")
    page = browser.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    assert page.title() == page.inner_text("h1") == "Plates & <holes>"
    assert page.get_attribute("html", "lang") == "de"
    assert page.evaluate("document.compatMode") == "CSS1Compat"  # a browser knows it as HTML
    assert page.evaluate("document.characterSet") == "UTF-8"
    before = page.evaluate("[...document.querySelector('ae-explorer').plane.z]")
    page.focus("ae-explorer [tabindex='0']")
    page.keyboard.press("ArrowRight")
    after = page.evaluate("[...document.querySelector('ae-explorer').plane.z]")
    assert after[0] > before[0] and after[1] == before[1]
    assert requests == [path.as_uri()]
    page.close()


def test_a_saved_explorer_holds_what_a_notebook_shows(explorer, tmp_path):
    explorer.save(tmp_path / "plane.html", title="A plane")
    page = BeautifulSoup((tmp_path / "plane.html").read_text("utf-8"), "html.parser")
    shown = BeautifulSoup(explorer.html, "html.parser")
    assert page.find("ae-explorer")["data-contents"] == shown.find("ae-explorer")["data-contents"]
    assert [path.name for path in tmp_path.iterdir()] == ["plane.html"]


def test_an_older_page_stays_where_a_new_one_cannot_be_written(explorer, tmp_path, monkeypatch):
    path = tmp_path / "plane.html"
    path.write_text("older")

    def full(self, text, **settings):
        self.write_bytes(text[:100].encode())
        raise OSError("No space left on device")

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(OSError, match="No space"):
        explorer.save(path, title="A plane")
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("plane.png", {"title": "A plane"}, r"ends in \.html, got .*plane\.png"),
        ("plane.html", {"title": " "}, "expected a title, got none"),
        ("plane.html", {"title": "A plane", "lang": ""}, "expected a lang, got none"),
    ],
)
def test_what_makes_no_page_is_refused(explorer, tmp_path, name, settings, message):
    with pytest.raises(ValueError, match=message):
        explorer.save(tmp_path / name, **settings)
    assert list(tmp_path.iterdir()) == []


def test_the_still_picture_of_curves_does_not_depend_on_the_style_of_the_figures():
    decoded = torch.rand(9, 20).cumsum(dim=1).numpy()
    view = views.describe("curve", decoded)
    plain = views.still(decoded, view)
    with warnings.catch_warnings(), plt.style.context("aecourse.plotting.figures"):
        warnings.simplefilter("error")  # a page shows no warning
        assert views.still(decoded, view) == plain
