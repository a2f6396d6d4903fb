"""Log-densities of the Beta distribution: SciPy's values, and the linear algebra behind them."""

import pytest
import torch
from scipy import stats

from aecourse import data, evaluation


def in_doubles(parameters, grid):
    """Return the same curves as SciPy computes them."""
    return torch.from_numpy(stats.beta.logpdf(grid, *parameters.T[:, :, None].numpy()))


def test_the_grid_is_equally_spaced_and_leaves_out_the_ends():
    grid = data.beta_grid()
    assert grid.dtype == torch.double
    torch.testing.assert_close(grid, torch.linspace(0.01, 0.99, 100, dtype=torch.double))
    assert len(data.beta_grid(7)) == 7
    for n_points in (1, 0, 2.5):
        with pytest.raises(ValueError, match=r"n_points.* from 2"):
            data.beta_grid(n_points)


@pytest.mark.parametrize(("low", "high", "n_points"), [(0, 5, 100), (0.5, 5, 40), (5, 80, 3)])
def test_the_curves_are_scipys(low, high, n_points):
    samples = data.beta_log_densities(500, low=low, high=high, n_points=n_points, seed=3)
    assert samples.x.shape == (500, n_points)
    assert samples.x.dtype == torch.float32
    expected = in_doubles(samples.y, data.beta_grid(n_points))
    torch.testing.assert_close(samples.x.double(), expected, rtol=1e-6, atol=1e-5)


def test_the_parameters_are_uniform_on_the_range_and_seeded():
    samples = data.beta_log_densities(20_000, low=1.0, high=3.0)
    assert samples.y.min() > 1
    assert samples.y.max() <= 3
    for column in samples.y.T:
        assert stats.kstest((column - 1) / 2, "uniform").pvalue > 1e-3
    assert abs(torch.corrcoef(samples.y.T)[0, 1]) < 0.03
    again = data.beta_log_densities(20_000, low=1.0, high=3.0)
    assert torch.equal(samples.y, again.y)
    assert not torch.equal(samples.y, data.beta_log_densities(20_000, low=1.0, high=3.0, seed=1).y)
    before = torch.get_rng_state()
    data.beta_log_densities(5)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_smallest_parameters_give_finite_curves(monkeypatch):
    """Zero is the one value without a density: the uniform draw may give it, the sample may not."""
    monkeypatch.setattr(torch, "rand", lambda *size, **_: torch.ones(*size).double() - 2**-53)
    samples = data.beta_log_densities(3)
    assert (samples.y > 0).all()
    assert samples.x.isfinite().all()
    monkeypatch.setattr(torch, "rand", lambda *size, **_: torch.zeros(*size).double())
    assert (data.beta_log_densities(3).y == 5).all()


def test_three_components_are_exact_and_two_are_not():
    grid = data.beta_grid()
    train, test = (
        in_doubles(data.beta_log_densities(n, seed=seed).y, grid)
        for n, seed in ((4000, 0), (1000, 1))
    )
    rms = {
        k: (evaluation.PCABaseline.from_samples(train, k)(test) - test)
        .square()
        .mean()
        .sqrt()
        .item()
        for k in (1, 2, 3)
    }
    assert rms[1] == pytest.approx(1.24, rel=0.05)
    assert rms[2] == pytest.approx(0.73, rel=0.05)
    assert rms[3] < 1e-10


def test_bad_input_is_refused():
    for low, high in ((-1, 5), (5, 5), (3, 2), (0, float("inf")), (float("nan"), 5)):
        with pytest.raises(ValueError, match="expected 0 ≤ low < high, got"):
            data.beta_log_densities(5, low=low, high=high)
    with pytest.raises(ValueError, match=r"n_samples.* from 1, got 0"):
        data.beta_log_densities(0)
    with pytest.raises(ValueError, match="seed to be a whole number"):
        data.beta_log_densities(5, seed=-1)
