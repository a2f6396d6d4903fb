"""Inversion finds the codes of decoded targets, with exact gradients and counted evaluations."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime
from torch import nn

from aecourse import latent
from aecourse.latent import inversion
from aecourse.models import VAE, DenseAutoencoder

METHODS = list(inversion.METHODS)


def smooth_decoder():
    torch.manual_seed(0)
    return DenseAutoencoder((30, 16, 2)).double()


@pytest.mark.parametrize("method", METHODS)
def test_the_code_of_a_decoded_curve_is_recovered(method):
    decode = smooth_decoder().decode
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    for code in z:
        target = decode(code[None])[0].detach()
        found = latent.invert(decode, target, start=code + 0.3, method=method)
        torch.testing.assert_close(found.code, code, rtol=0, atol=1e-2)
        assert found.error < 1e-2
        again = (decode(found.code[None])[0] - target).norm().item()
        assert found.error == pytest.approx(again, abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_a_linear_decoder_is_inverted_by_least_squares(method):
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(2, 20, generator=generator, dtype=torch.double)
    target = torch.randn(20, generator=generator, dtype=torch.double)
    exact = torch.linalg.lstsq(matrix.T, target[:, None]).solution[:, 0]
    found = latent.invert(lambda z: z @ matrix, target, method=method)
    torch.testing.assert_close(found.code, exact, rtol=0, atol=1e-3)
    assert found.error == pytest.approx((exact @ matrix - target).norm().item(), rel=1e-5)
    assert found.converged


def test_the_gradient_equals_finite_differences(monkeypatch):
    seen = []

    def spy(function, z, *, jac, **_):
        seen.append(jac)
        gradient = function(z)[1]
        numerical = approx_fprime(z, lambda z: function(z)[0], 1e-7)
        assert gradient == pytest.approx(numerical, rel=1e-4, abs=1e-4)
        raise RuntimeError("seen enough")

    monkeypatch.setattr(inversion, "minimize", spy)
    decode = smooth_decoder().decode
    with pytest.raises(RuntimeError, match="seen enough"):
        latent.invert(decode, torch.ones(30, dtype=torch.double), start=torch.tensor([0.3, -1.0]))
    assert seen == [True]


@pytest.mark.parametrize("method", METHODS)
def test_evaluations_are_those_of_the_decoder(method):
    decode, calls = smooth_decoder().decode, []

    def counting(z):
        calls.append(z)
        return decode(z)

    target = decode(torch.tensor([[1.0, -0.5]], dtype=torch.double))[0].detach()
    found = latent.invert(counting, target, start=torch.zeros(3, 2), method=method)
    assert found.evaluations == len(calls) - 1  # one more looks at the shape
    assert all(len(z) == 1 for z in calls[1:])


def test_the_best_of_several_starts_is_returned():
    def wave(z):  # two minima; only the one near 3 is exact
        return torch.stack([z[:, 0], (z[:, 0] - 3) * (z[:, 0] ** 2 + 0.2)], dim=1)

    target = torch.tensor([3.0, 0.0], dtype=torch.double)
    errors = [latent.invert(wave, target, start=torch.tensor([z])).error for z in (-2.0, 0.0, 3.5)]
    together = latent.invert(wave, target, start=torch.tensor([[-2.0], [0.0], [3.5]]))
    assert together.error == pytest.approx(min(errors), abs=1e-9)
    assert together.error < 1e-4 < max(errors)


def test_the_default_starts_are_the_same_each_time_and_leave_the_streams_alone():
    vae = VAE((20, 8, 3)).double()
    target = vae.decode(torch.tensor([[0.5, -1.0, 0.2]], dtype=torch.double))[0].detach()
    before = torch.get_rng_state()
    first, second = (latent.invert(vae.decode, target, n_latent=3) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.code, second.code)
    assert first.code.shape == (3,)
    assert first.error < 1e-3


def test_the_first_default_start_is_the_origin_and_the_others_differ(monkeypatch):
    starts = []
    original = inversion.minimize

    def watched(function, z, **settings):
        starts.append(z)
        return original(function, z, **settings)

    monkeypatch.setattr(inversion, "minimize", watched)
    latent.invert(smooth_decoder().decode, torch.ones(30, dtype=torch.double))
    assert starts[0].tolist() == [0, 0]
    assert len({tuple(start) for start in starts}) == len(starts) == 9


@pytest.mark.parametrize(
    "decode", [lambda z: torch.ones(len(z), 3), lambda z: torch.tensor(np.exp(z.detach().numpy()))]
)
def test_a_decoder_without_a_gradient_is_refused_where_one_is_needed(decode):
    target, start = torch.ones(decode(torch.zeros(1, 2)).shape[1]), torch.zeros(2)
    for method, needs_gradient in inversion.METHODS.items():
        if needs_gradient:
            with pytest.raises(ValueError, match=f"a decoder with a gradient for {method}"):
                latent.invert(decode, target, start=start, method=method)
        else:
            assert latent.invert(decode, target, start=start, method=method).error < 1e-3


def test_target_and_start_may_come_as_arrays():
    torch.manual_seed(0)
    model = DenseAutoencoder((30, 16, 2))  # in single precision, whatever comes
    z = torch.tensor([0.4, -0.7])
    target = model.decode(z[None])[0].detach().numpy()
    for array in (target, target.astype(np.float64), target.tolist()):
        found = latent.invert(model.decode, array, start=np.zeros(2))
        torch.testing.assert_close(found.code.float(), z, rtol=0, atol=1e-2)


def test_a_search_that_got_stuck_says_so():
    def kink(z):  # its error has an edge at 0, where no gradient vanishes
        return torch.cat([z.abs(), 3 * z.abs() + 1], dim=1)

    target = torch.tensor([-1.0, 0.0], dtype=torch.double)
    assert not latent.invert(kink, target, start=torch.tensor([0.7])).converged


def test_weights_and_gradients_of_the_model_are_left_alone():
    model = smooth_decoder()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.no_grad():  # whether the caller computes gradients does not matter
        latent.invert(model.decode, torch.ones(30, dtype=torch.double), start=torch.zeros(2))
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())


def test_targets_of_any_shape_and_single_precision():
    model = nn.Sequential(nn.Linear(2, 12), nn.Unflatten(1, (3, 4)))
    z = torch.tensor([0.4, -0.7])
    found = latent.invert(model, model(z[None])[0].detach(), start=torch.zeros(2))
    assert found.code.dtype == torch.float32
    torch.testing.assert_close(found.code, z, rtol=0, atol=1e-3)


def test_bad_input_is_refused():
    decode, target = smooth_decoder().decode, torch.zeros(30, dtype=torch.double)
    with pytest.raises(ValueError, match=r"target of shape \(30,\), as the decoder gives it, got"):
        latent.invert(decode, target[:29])
    with pytest.raises(ValueError, match=r"target of shape \(30,\).*got \(1, 30\)"):
        latent.invert(decode, target[None])
    for bad in (math.nan, math.inf):
        spoilt = target.clone()
        spoilt[3] = bad
        with pytest.raises(ValueError, match="finite numbers in target"):
            latent.invert(decode, spoilt)
        with pytest.raises(ValueError, match="finite numbers in start"):
            latent.invert(decode, target, start=torch.tensor([0.0, bad]))
    with pytest.raises(TypeError, match=r"numbers in target, got torch\.int64"):
        latent.invert(decode, target.long())
    with pytest.raises(ValueError, match=r"z of shape \(n_samples, 2\), got \(1, 3\)"):
        latent.invert(decode, target, start=torch.zeros(3))
    with pytest.raises(ValueError, match=r"\(n_starts, n_latent\), got \(1, 1, 2\)"):
        latent.invert(decode, target, start=torch.zeros(1, 1, 2))
    with pytest.raises(ValueError, match=r"n_latent\), got \(1, 1, 2\)"):
        latent.invert(decode, target, start=[[[0.0, 0.0]]])
    with pytest.raises(ValueError, match=r"one of the methods .*'BFGS'.*, got 'Newton'"):
        latent.invert(decode, target, method="Newton")
    with pytest.raises(FloatingPointError, match="no finite error from any start"):
        latent.invert(lambda z: z * math.nan, torch.zeros(2), start=torch.zeros(2))
