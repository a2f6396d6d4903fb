"""Nothing public is undocumented, and what a docstring says of parameters is complete."""

import importlib
import inspect
import pkgutil
import re
import sys

import pytest
from numpydoc.validate import validate

import aecourse

ROOMS = [f"aecourse.{module.name}" for module in pkgutil.iter_modules(aecourse.__path__)]


def is_function(thing):
    named = getattr(thing, "__name__", "") != "<lambda>"  # a default is described with its field
    return isinstance(thing, property) or (inspect.isroutine(thing) and named)


def public_names(room):
    """Return what a room offers: what it lists, or else defines; and the methods of its classes."""
    module = importlib.import_module(room)
    here = [
        name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == room
    ]
    names = [n for n in getattr(module, "__all__", here) if n[0] != "_"]
    for name in names:
        yield f"{room}.{name}"
        if inspect.isclass(thing := getattr(module, name)):
            own = [n for n, method in vars(thing).items() if n[0] != "_" and is_function(method)]
            yield from (f"{room}.{name}.{method}" for method in own)


PUBLIC = sorted({name for room in ROOMS for name in public_names(room)})
DATA = {"aecourse.shapes.EXTENT", "aecourse.shapes.FAMILIES", "aecourse.design.METHODS"}
DATA |= {"aecourse.checks.EXERCISES"}  # what their pages say


def test_there_is_something_public():
    assert len(PUBLIC) > 200
    assert {"aecourse.training.fit", "aecourse.models.VAE.encode"} < set(PUBLIC)


def wrong(thing):
    """Return what is wrong with the docstring of something, or of what has this name."""
    found = validate(thing)
    codes = {"GL08", "SS03", "PR02"}  # none; a summary that is no sentence; no such parameter
    if re.search(r"^ *Parameters\n *-", found["docstring"], re.M):
        codes.add("PR01")  # one left out
    return [text for code, text in found["errors"] if code in codes]


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in DATA])
def test_a_docstring_says_what_it_is_and_all_parameters_or_none(name):
    assert wrong(name) == []


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "Sum\n\n    Parameters\n    ----------\n    a, b : float\n    ",
        "Sum.\n\n    Parameters\n    ----------\n    a : float\n    ",
        "Sum.\n\n    Parameters\n    ----------\n    a, b, c : float\n    ",
    ],
)
def test_a_planted_fault_is_found(bad, tmp_path, monkeypatch):
    source = f'def add(a, b):\n    """{bad}"""\n    return a + b\n'
    (tmp_path / "planted.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "planted", raising=False)
    assert wrong("planted.add") != []
