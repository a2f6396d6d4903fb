import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from aecourse import data


def test_digits_are_scikit_learns_each_exactly_once():
    split = data.digits()
    x = torch.cat([split.train.x, split.test.x]).double().numpy() * 16
    y = torch.cat([split.train.y, split.test.y]).numpy()
    ours = sorted(map(tuple, np.column_stack([y, x])))
    pixels, labels = load_digits(return_X_y=True)
    assert ours == sorted(map(tuple, np.column_stack([labels, pixels])))


def test_digits_types_and_range():
    for samples in (data.digits().train, data.digits().test):
        assert (samples.x.dtype, samples.y.dtype) == (torch.float32, torch.int64)
        assert (samples.x.min(), samples.x.max()) == (0, 1)


@pytest.mark.parametrize("test_fraction", [0.1, 0.2, 0.5])
def test_each_digit_is_split_in_the_same_proportion(test_fraction):
    split = data.digits(test_fraction=test_fraction)
    held_out = torch.bincount(split.test.y)
    total = held_out + torch.bincount(split.train.y)
    assert (held_out - test_fraction * total).abs().max() <= 1


def test_the_seed_decides_the_split():
    first, again, other = data.digits(seed=3), data.digits(seed=3), data.digits(seed=4)
    assert torch.equal(first.test.x, again.test.x)
    assert not torch.equal(first.test.x, other.test.x)


@pytest.mark.parametrize("fraction", [0, 1, 0.005, 0.995, -0.2, 1.5, float("nan")])
def test_a_fraction_that_leaves_nothing_is_refused(fraction):
    with pytest.raises(ValueError, match="expected a test_fraction"):
        data.digits(test_fraction=fraction)


def test_samples_are_selected_together():
    samples = data.Samples(torch.arange(10.0)[:, None], torch.arange(10))
    chosen = samples[torch.tensor([7, 2])]
    assert chosen.x[:, 0].tolist() == chosen.y.tolist() == [7, 2]
    assert data.Samples(torch.zeros(4, 1))[:3].y is None
    assert samples[-1].x.shape == (1, 1)
    assert [one.y.item() for one in samples] == list(range(10))


@pytest.mark.parametrize("n_y", [2, 4])
def test_samples_of_unequal_length_are_refused(n_y):
    with pytest.raises(ValueError, match=f"got 3 x, {n_y} y"):
        data.Samples(torch.zeros(3, 1), torch.zeros(n_y))


def test_samples_are_tensors():
    with pytest.raises(TypeError, match="expected x as a Tensor, got ndarray"):
        data.Samples(np.zeros((3, 1)))
    with pytest.raises(TypeError, match="expected y as a Tensor, got list"):
        data.Samples(torch.zeros(3, 1), [0, 1, 2])


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ([[1.0]], TypeError, "codes as a Tensor, got list"),
        (torch.tensor([[1]]), TypeError, r"numbers in codes, got torch.int64: use codes.float\(\)"),
        (torch.zeros(0, 2), ValueError, "at least one sample in codes, got none"),
        (torch.tensor([[math.nan]]), ValueError, "finite numbers in codes, got NaN or infinity"),
        (torch.tensor([[-math.inf]]), ValueError, "finite numbers in codes, got NaN or infinity"),
    ],
)
def test_samples_that_cannot_be_computed_with_are_refused(bad, error, message):
    with pytest.raises(error, match=message):
        data.require_samples("codes", bad)


def test_samples_carry_no_gradient_into_what_comes_next():
    x = torch.rand(3, 2, requires_grad=True)
    assert not data.require_samples("x", 2 * x).requires_grad


def test_a_stand_in_is_noticed_and_the_real_thing_is_not():
    x = data.Samples(torch.zeros(1, 4))
    assert data.Split(x, x, "MNIST").notice is None
    notice = data.Split(x, x, "stand-in: enlarged digits").notice
    assert "stand-in: enlarged digits" in notice
    assert "admonition" in notice._repr_html_()
    assert str(notice) in notice._repr_html_()


def test_rows_of_images_are_told_how_to_become_rows():
    with pytest.raises(ValueError, match=r"got \(5, 1, 2, 2\): use x\.flatten\(1\)"):
        data.require_rows("x", torch.zeros(5, 1, 2, 2), 4)
    with pytest.raises(ValueError, match=r"got \(5, 1, 2, 2\)$"):
        data.require_rows("x", torch.zeros(5, 1, 2, 2), 5)
