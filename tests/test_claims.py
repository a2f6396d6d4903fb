import math

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from myst_nb import glue as mystnb_glue

from aecourse.claims import claim, glue, glue_all


@pytest.mark.parametrize("true", [True, np.float64(1) < 2, torch.tensor(1.0) < 2])
def test_a_sentence_that_holds_is_silent(true):
    assert claim(true) is None
    assert claim(true, True, true) is None


@pytest.mark.parametrize("false", [False, math.nan > 0, np.float64(2) < 1, torch.tensor(2.0) < 1])
def test_a_sentence_that_does_not_hold_says_so(false):
    for conditions in ([false], [True, false], [false, True]):
        note = claim(*conditions)
        assert "does not hold in this run" in note
        assert "does not hold in this run" in note._repr_html_()
        assert 'class="claim"' in note._repr_html_()  # tests/test_book.py looks for it


@pytest.mark.parametrize("value", [0.5, 1, math.nan, None, "a < b", (), torch.tensor(1.0)])
def test_what_is_no_comparison_is_refused(value):
    for conditions in ([value], [True, value]):
        with pytest.raises(TypeError, match="expected comparisons"):
            claim(*conditions)


def test_several_answers_at_once_are_refused():
    for values in (np.array([True, False]), torch.tensor([True, True])):
        with pytest.raises((ValueError, RuntimeError)):
            claim(values)
    with pytest.raises(TypeError):
        claim()


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (0.1, 0.1),
        (3, 3),
        ("a word", "a word"),
        (np.float64(0.25), 0.25),
        (np.int64(3), 3.0),
        (torch.tensor(0.25), 0.25),
    ],
)
def test_a_number_is_kept_for_the_page_as_mystnb_keeps_it(value, plain):
    InteractiveShell.instance()  # as in a notebook
    with capture_output() as ours:
        glue("a-key", value)
    with capture_output() as theirs:
        mystnb_glue("a-key", plain, display=False)
    assert ours.outputs[0].data == theirs.outputs[0].data
    assert ours.outputs[0].metadata == theirs.outputs[0].metadata


def test_several_numbers_are_kept_under_a_prefix_and_their_names():
    InteractiveShell.instance()
    with capture_output() as one_by_one:
        glue("page-a-b", 0.5)
        glue("page-c", 2)
    with capture_output() as together:
        glue_all("page-", a_b=0.5, c=2)
    for ours, theirs in zip(together.outputs, one_by_one.outputs, strict=True):
        assert (ours.data, ours.metadata) == (theirs.data, theirs.metadata)
