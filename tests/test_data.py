import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

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
    assert [y.item() for x, y in samples] == [x.item() for x, y in samples] == list(range(10))


@pytest.mark.parametrize("index", [3, -7, np.int64(3), torch.tensor(3)])
def test_one_index_gives_one_pair_or_what_there_is(index):
    x, y = torch.arange(20.0).reshape(10, 2), torch.arange(10)
    one, label = data.Samples(x, y)[index]
    assert (one.tolist(), label.item()) == ([6, 7], 3)
    assert data.Samples(x)[index].tolist() == [6, 7]


def test_a_data_loader_takes_samples():
    samples = data.Samples(torch.arange(20.0).reshape(10, 2), torch.arange(10))
    for x, y in DataLoader(samples, batch_size=5, shuffle=True):
        assert torch.equal(x[:, 0], 2.0 * y)
    assert [x.shape for x in DataLoader(samples[:4].x, batch_size=4)] == [(4, 2)]
    assert [len(x) for x in DataLoader(data.Samples(samples.x), batch_size=5)] == [5, 5]


def test_arrays_become_tensors_of_their_own():
    x, y = np.zeros((3, 2), dtype=np.float32), [0, 1, 2]
    samples = data.Samples(x, y)
    x[:] = 1
    assert samples.x.sum() == 0
    assert (samples.x.dtype, samples.y.dtype) == (torch.float32, torch.int64)
    for bad in ("abc", None, [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match="expected x as a tensor or an array of numbers, got"):
            data.Samples(bad)
    with pytest.raises(ValueError, match="got one number"):
        data.Samples(torch.tensor(1.0))


@pytest.mark.parametrize("n_y", [2, 4])
def test_samples_of_unequal_length_are_refused(n_y):
    with pytest.raises(ValueError, match=f"got 3 x, {n_y} y"):
        data.Samples(torch.zeros(3, 1), torch.zeros(n_y))


def test_a_stand_in_is_noticed_and_the_real_thing_is_not():
    x = data.Samples(torch.zeros(1, 4))
    assert data.Split(x, x, "MNIST").notice is None
    notice = data.Split(x, x, "stand-in: enlarged digits").notice
    assert "stand-in: enlarged digits" in notice
    assert "admonition" in notice._repr_html_()
    assert str(notice) in notice._repr_html_()
