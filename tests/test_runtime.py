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


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=f"expected a seed.*got {seed}"):
        runtime.seed_everything(seed)


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


def test_device_of():
    assert runtime.device_of(nn.Linear(1, 1, device="meta")).type == "meta"
    assert runtime.device_of(nn.BatchNorm1d(2, affine=False, device="meta")).type == "meta"
    assert runtime.device_of(nn.ReLU()).type == "cpu"
