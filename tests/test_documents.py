"""What people read before they have installed anything: README, how to contribute, how to cite."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


VERSION = tomllib.loads(text("pyproject.toml"))["project"]["version"]
TITLE = yaml.safe_load(text("_config.yml"))["title"]


def test_the_readme_is_short_and_opens_with_a_small_picture():
    lines = text("README.md").split("\n")
    assert len(lines) <= 100
    picture, alternative = re.search(r'src="(.+?)".* alt="(.+?)"', "\n".join(lines[:5])).groups()
    assert (ROOT / picture).stat().st_size <= 30_000
    assert len(alternative) > 40


def test_how_to_cite_the_course_is_up_to_date():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == VERSION
    assert citation["title"] == TITLE
    assert citation["authors"][0]["name"] in text("LICENSE")
    assert {"message", "type", "date-released"} <= set(citation)


def test_the_newest_change_is_that_of_this_version():
    released = yaml.safe_load(text("CITATION.cff"))["date-released"]
    newest = re.search(r"^## (\S+) \((\S+)\)$", text("CHANGELOG.md"), re.M)
    assert newest.groups() == (VERSION, str(released))


@pytest.mark.parametrize("what", ["chapter", "exercise", "known mistake"])
def test_adding_something_takes_five_steps(what):
    section = re.search(rf"## Add an? {what}\n(.*?)\n## ", text("CONTRIBUTING.md"), re.S)[1]
    assert re.findall(r"^(\d)\. ", section, re.M) == list("12345")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(name):
    named = re.findall(r"\b(?:book|aecourse|tests|benchmarks)/[\w./-]*\w", text(name))
    assert len(named) > 3
    assert [path for path in named if not list(ROOT.glob(f"{path}*"))] == []


def test_the_first_page_says_what_to_type_without_make():
    page = text("book/index.md")
    for command in re.findall(r"^\.venv/bin/.*", page, re.M):
        assert command in text("README.md")
    assert {"jupyter-book build", "pip install", "lab.py"} <= set(
        re.findall(r"jupyter-book build|pip install|lab\.py", page)
    )
    assert "Windows" in page
