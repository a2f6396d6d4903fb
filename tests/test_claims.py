import math

import numpy as np
import pytest
import torch

from aecourse.claims import claim


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
