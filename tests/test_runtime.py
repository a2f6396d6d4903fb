import random

import numpy as np
import pytest
import torch
from torch import nn

from aecourse import runtime


def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


def test_same_seed_same_draws_in_all_three_libraries():
    runtime.seed_everything(7)
    first = draw()
    runtime.seed_everything(7)
    assert draw() == first
    runtime.seed_everything(8)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", None])
def test_a_seed_out_of_range_is_refused_and_changes_nothing(seed):
    runtime.seed_everything(0)
    expected = draw()
    runtime.seed_everything(0)
    for refuse in (runtime.seed_everything, lambda seed: runtime.seeded(seed).__enter__()):
        with pytest.raises(ValueError, match=rf"seed.* from 0 .* got {seed!r}"):
            refuse(seed)
    assert draw() == expected


def test_seeded_draws_are_repeatable_and_leave_the_stream_alone_even_after_an_error():
    torch.manual_seed(5)
    expected = torch.rand(2)
    draws = []
    torch.manual_seed(5)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="planned"), runtime.seeded(1):
            draws.append(torch.rand(()).item())
            raise RuntimeError("planned")
    assert torch.equal(torch.rand(2), expected)
    assert draws[0] == draws[1]


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert runtime.choose_device().type == "cpu"
    for name in ("cuda", "mps", "gpu", "meta"):
        with pytest.raises(ValueError, match=rf"devices \['cpu'\], got '{name}'"):
            runtime.choose_device(name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert runtime.choose_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="got 'cuda:2'"):
        runtime.choose_device("cuda:2")
    assert runtime.choose_device().type == "cuda"
    assert runtime.choose_device("cuda:1") == torch.device("cuda", 1)


def test_evaluating_restores_each_layer_even_after_an_error():
    model = nn.Sequential(nn.Dropout(), nn.Dropout())
    model[1].eval()
    with pytest.raises(RuntimeError, match="planned"), runtime.evaluating(model):
        assert not model[0].training
        assert not torch.is_grad_enabled()
        raise RuntimeError("planned")
    assert (model[0].training, model[1].training) == (True, False)
    assert torch.is_grad_enabled()


def test_a_layer_is_given_back_its_own_mode_not_its_parents():
    model = nn.Sequential(nn.Sequential(nn.Dropout()))
    model[0].training = False  # its child still trains
    with runtime.evaluating(model):
        pass
    assert [module.training for module in model.modules()] == [True, False, True]


def test_device_of():
    assert runtime.device_of(nn.Linear(1, 1, device="meta")).type == "meta"
    assert runtime.device_of(nn.BatchNorm1d(2, affine=False, device="meta")).type == "meta"
    assert runtime.device_of(nn.ReLU()).type == "cpu"
