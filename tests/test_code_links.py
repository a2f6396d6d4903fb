"""How the names in a chapter's code are found and linked: book/_ext/code_links.py."""

import re
from html import escape, unescape

import pytest
from code_links import linked, name_of, uses
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


def found(*cells):
    """Return what the last of some cells uses: what it is, and the words that name it."""
    return [(name_of(thing), cells[-1][start:end]) for thing, start, end in uses(cells)[-1]]


FIT = ("aecourse.training.fit", "fit")


def test_an_imported_name_is_found_where_it_is_used_and_not_where_it_is_imported():
    assert found("from aecourse.training import fit") == []
    assert found("from aecourse.training import fit\nfit(1)") == [FIT]
    assert found("from aecourse.training import fit as train", "train()") == [(FIT[0], "train")]
    assert found("%config a\nfrom aecourse.training import fit\nfit(1)") == [FIT]


@pytest.mark.parametrize(
    "imports", ["from aecourse import latent", "import aecourse.latent as latent"]
)
def test_a_name_with_dots_is_found_as_a_whole(imports):
    expected = [("aecourse.latent.codes.encode", "latent.encode")]
    assert found(imports, "z = latent.encode(model, x)  # σ") == expected
    assert found(imports, 'print("μ", latent.encode(model, x))') == expected


def test_what_a_call_gives_has_the_methods_of_its_class():
    imports = "from aecourse.models import VAE, PCABaseline\nfrom aecourse.training import fit"
    encode = "aecourse.models.variational.VAE.encode"
    assert found(imports, "vae = VAE(2)", "vae.encode(x)") == [(encode, "vae.encode")]
    assert found(imports, "VAE(2).encode(x)") == [(encode, "encode"), (encode[:-7], "VAE")]
    assert found(imports, "pca = PCABaseline.from_samples(x, 2)", "pca.decode(z)") == [
        ("aecourse.models.pca.PCABaseline.decode", "pca.decode")
    ]
    assert found(imports, "history = fit(model, x)", "history.plot(ax)") == [
        ("aecourse.history.History.plot", "history.plot")
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "fit = 3\nfit",
        "for fit in fits:\n    fit(1)",
        "def train(fit):\n    return fit(1)",
        "list(map(lambda fit: fit(1), fits))",
        "[fit(1) for fit in fits]",
        "model.fit(1)",
        "from sklearn import fit\nfit(1)",
        "unheard_of(1)",
    ],
)
def test_another_thing_of_the_same_name_is_not_taken_for_it(cell):
    assert found("from aecourse.training import fit", cell) == []


def test_what_a_function_sets_stays_inside():
    cell = "def train(fit):\n    return fit(1)\nfit(2)"
    assert found("from aecourse.training import fit", cell) == [FIT]


@pytest.mark.parametrize(
    "code", ["a = fit(x < 1, 'σ & μ')", "fit", "fit(x.fit)", "x.fit(fit)", "print(f'{fit(1)}')"]
)
def test_links_stand_around_the_names_and_change_nothing_else(code):
    places = [match.span() for match in re.finditer(r"\bfit\b", code)]
    html = highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    result = linked(html, [(*place, f'<a href="{n}">') for n, place in enumerate(places)])
    inside = re.findall(r'<a href="\d">(.*?)</a>', result)
    assert [unescape(re.sub("<[^>]+>", "", link)) for link in inside] == ["fit"] * len(places)
    assert re.sub(r"</?a\b[^>]*>", "", result) == html
    assert escape("σ & μ") in result or "&" not in code
    for link in inside:  # no span begins inside a link and ends outside
        assert link.count("<span") == link.count("</span>")
