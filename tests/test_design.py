"""Searches on objectives whose answers are known, the guard, and the expected improvement."""

import warnings

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from aecourse import design


def bowl(z):
    """Largest, 1, at (0.3, −0.7)."""
    return 1 - (z[0] - 0.3).item() ** 2 - 2 * (z[1] + 0.7).item() ** 2


def same(z):
    return z


BOUNDS = [(-2.0, 2.0), (-2.0, 2.0)]
RING = torch.stack([torch.linspace(0, 6.28, 400).cos(), torch.linspace(0, 6.28, 400).sin()], dim=1)


def search(objective=bowl, decode=same, **settings):
    settings = {"bounds": BOUNDS, "progress": False} | settings
    return design.optimise(objective, decode, **settings)


@pytest.mark.parametrize(
    ("method", "budget", "gap"),
    [
        ("random", 400, 0.1),
        ("grid", 400, 0.05),
        ("nelder-mead", 100, 1e-6),
        ("differential-evolution", 400, 5e-3),
        ("bayesian", 30, 1e-2),
    ],
)
def test_each_method_finds_the_top_of_a_bowl(method, budget, gap):
    found = search(method=method, budget=budget)
    assert 1 - gap <= found.best_value <= 1
    assert bowl(found.best_code) == pytest.approx(found.best_value, abs=1e-6)
    assert found.evaluations <= budget


def test_bayesian_optimisation_needs_fewer_questions_than_chance():
    gaps = {
        method: np.mean([1 - search(method=method, budget=25, seed=s).best_value for s in range(4)])
        for method in ("random", "bayesian")
    }
    assert gaps["bayesian"] < 0.05 * gaps["random"]


@pytest.mark.parametrize("method", design.METHODS)
def test_every_evaluation_is_recorded_and_no_more_than_the_budget(method):
    asked = []

    def objective(z):
        asked.append(z.clone())
        return bowl(z)

    found = search(objective, method=method, budget=30, seed=1)
    assert 0 < len(asked) == found.evaluations <= 30
    assert torch.equal(torch.stack(asked), found.codes)
    assert found.values.tolist() == [bowl(z) for z in found.codes]
    assert found.best_so_far.tolist() == np.maximum.accumulate(found.values.numpy()).tolist()
    assert found.best_value == max(found.values)
    assert len(torch.unique(found.codes, dim=0)) == len(found.codes)  # none twice
    again = search(method=method, budget=30, seed=1)
    assert torch.equal(found.codes, again.codes)


@pytest.mark.parametrize("method", ["random", "nelder-mead", "differential-evolution", "bayesian"])
def test_another_seed_is_another_search(method):
    first, second = (search(method=method, budget=20, seed=s) for s in (0, 1))
    assert not torch.equal(first.codes, second.codes)


@pytest.mark.parametrize("method", design.METHODS)
def test_with_a_guard_no_code_off_the_data_is_evaluated(method):
    width = 1 + 0.2 * (RING * 40).sin()[:, :1]
    guard = design.Guard(RING * width, accepts=lambda z: bool(z[0] < 0.8))

    def objective(z):
        assert 0.7 < z.norm() < 1.3
        assert z[0] < 0.8
        return z.sum()

    found = search(objective, guard=guard, bounds=None, method=method, budget=60)
    assert found.evaluations >= 8
    assert guard.near(found.codes).all()


@pytest.mark.parametrize("method", design.METHODS)
def test_no_code_out_of_bounds_is_evaluated(method):
    found = search(lambda z: z.sum(), method=method, budget=60)  # it would like to go on and on
    assert found.codes.abs().max() <= 2
    assert found.best_value > 2


def test_a_map_is_a_regular_grid_with_both_ends():
    found = search(method="grid", budget=30)  # 5 × 5 fit, 6 × 6 do not
    assert found.evaluations == 25
    for column in found.codes.T:
        torch.testing.assert_close(column.unique(), torch.linspace(-2, 2, 5))


@pytest.mark.parametrize(("budget", "n_latent", "steps"), [(8, 2, 2), (64, 3, 4), (3, 2, 1)])
def test_a_map_has_as_many_steps_as_fit_into_the_budget(budget, n_latent, steps):
    bounds = [(-1, 1)] * n_latent
    found = search(lambda z: z.sum(), bounds=bounds, method="grid", budget=budget)
    assert found.evaluations == steps**n_latent
    assert all(len(column.unique()) == steps for column in found.codes.T)


def test_random_codes_lie_around_the_data_and_near_it():
    half = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    guard = design.Guard(torch.cat([half, -half]))  # its mean is 0
    found = search(lambda z: z.sum(), guard=guard, bounds=None, method="random", budget=50)
    assert (found.evaluations, found.rejected) == (50, 0)
    codes = torch.tensor(
        design.search._draw(np.random.default_rng(0), guard, guard.bounds, 20_000)
    ).float()
    assert guard.near(codes).all()
    assert codes.mean(dim=0).tolist() == pytest.approx([0, 0], abs=0.05)
    assert guard.distance(codes).max() > 0.9 * guard.limit  # between the data, not on it


def test_a_gaussian_process_is_at_home_in_any_units():
    rng = np.random.default_rng(0)
    codes, asked = rng.normal(size=(12, 2)), rng.normal(size=(30, 2))
    values = np.sin(codes[:, 0]) + codes[:, 1] ** 2
    usual = design.methods._predict(codes, values, asked)
    mean, deviation = design.methods._predict(codes, 1024 * values - 300, asked)
    np.testing.assert_allclose(mean, 1024 * usual[0] - 300, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(deviation, 1024 * usual[1], rtol=1e-3)


@pytest.mark.parametrize("method", design.METHODS)
def test_the_units_of_the_objective_do_not_change_the_search(method):
    usual, other = (
        search(lambda z, a=a, b=b: a * bowl(z) + b, method=method, budget=25)
        for a, b in ((1, 0), (1024, -512))
    )
    torch.testing.assert_close(other.codes, usual.codes)


@pytest.mark.parametrize("method", design.METHODS)
def test_an_objective_that_is_never_a_number_has_no_best_code(method):
    with pytest.raises(ValueError, match="finite value"):
        search(lambda z: float("nan"), method=method, budget=15)


def test_the_first_simplex_is_a_tenth_of_the_bounds():
    found = search(method="nelder-mead", bounds=[(-2, 2), (0, 40)], budget=3)
    start, *others = found.codes
    steps = torch.stack(others) - start
    torch.testing.assert_close(steps, torch.diag(torch.tensor([0.4, 4.0])), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("budget", "members"), [(12, 5), (40, 8), (200, 20)])
def test_a_population_leaves_its_budget_for_generations(budget, members, monkeypatch):
    sizes = []
    original = design.methods.optimize.differential_evolution

    def watched(*args, init, **settings):
        sizes.append(len(init))
        return original(*args, init=init, **settings)

    monkeypatch.setattr(design.methods.optimize, "differential_evolution", watched)
    search(method="differential-evolution", budget=budget)
    assert sizes == [members]


def test_repeated_codes_are_answered_from_memory():
    guard = design.Guard(torch.zeros(10, 1) + torch.linspace(0, 1e-3, 10)[:, None])
    found = design.optimise(
        lambda z: z[0], same, guard=guard, method="nelder-mead", budget=50, progress=False
    )
    assert found.repeated > 0
    assert len(torch.unique(found.codes)) == found.evaluations


def test_values_that_are_none_count_and_do_not_win():
    def objective(z):
        return float("nan") if z[0] > 0 else (float("inf") if z[1] > 0 else bowl(z))

    for method in design.METHODS:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = search(objective, method=method, budget=40)
        assert torch.isinf(found.values).any()
        assert (found.best_code <= 0).all()
        assert np.isfinite(found.best_value)


def test_an_exception_of_the_decoder_ends_the_search_and_names_the_code():
    def broken(z):
        raise RuntimeError("no weights")

    with pytest.raises(RuntimeError, match="no weights") as caught:
        search(decode=broken)
    assert [note[:13] for note in caught.value.__notes__] == ["at the code ["]


def test_ctrl_c_keeps_what_was_evaluated(capsys):
    def impatient(z):
        if len(values) == 7:
            raise KeyboardInterrupt
        values.append(bowl(z))
        return values[-1]

    values = []
    found = search(impatient, method="random")
    assert found.values.tolist() == values
    assert "stopped after 7 evaluations" in capsys.readouterr().err


def test_a_search_asks_for_no_gradient():
    weight = torch.ones(1, requires_grad=True)
    found = search(lambda z: z.sum(), lambda z: weight * z, method="random", budget=3)
    assert not found.codes.requires_grad
    assert weight.grad is None


def test_the_guard_measures_five_nearest_neighbours():
    generator = torch.Generator().manual_seed(0)
    codes, asked = torch.randn(300, 3, generator=generator), torch.randn(50, 3, generator=generator)
    guard = design.Guard(codes, quantile=0.9)
    brute = torch.cdist(asked, codes).sort(dim=1).values[:, :5].mean(dim=1)
    torch.testing.assert_close(guard.distance(asked).float(), brute, rtol=1e-4, atol=1e-5)
    own = torch.cdist(codes, codes).sort(dim=1).values[:, 1:6].mean(dim=1)  # each without itself
    assert guard.limit == pytest.approx(own.quantile(0.9).item(), rel=1e-4)
    assert torch.equal(guard.near(asked), brute <= guard.limit)
    assert (guard.bounds[:, 0] < codes.amin(dim=0).numpy()).all()


def test_what_a_guard_accepts_is_asked_near_the_data_only():
    seen = []
    guard = design.Guard(RING, accepts=lambda x: seen.append(x) or bool(x[0] > 100))
    assert guard.allows(RING[0], lambda z: z + 200)
    assert not guard.allows(RING[0], lambda z: z)
    assert not guard.allows(5 * RING[0], lambda z: z + 200)
    assert len(seen) == 2


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0, 1, 0), (-1, 0.5, 0.2), (2, 0.1, 1)])
def test_the_expected_improvement_is_an_integral(mean, deviation, best):
    def weighted(f):
        return (f - best) * norm.pdf(f, mean, deviation)

    exact = quad(weighted, best, max(best, mean) + 10 * deviation)[0]
    found = design.expected_improvement(np.array([mean]), np.array([deviation]), best)
    assert found[0] == pytest.approx(exact, rel=1e-6)


def test_bad_input_is_refused():
    for settings, message in (
        ({"method": "magic"}, "expected one of the methods"),
        ({"bounds": None}, "expected a guard, or bounds"),
        ({"bounds": [(1, -1)]}, "lower bound first"),
        ({"bounds": [(0, float("inf"))]}, "pairs of finite numbers"),
        ({"bounds": [1, 2]}, "pairs of finite numbers"),
        ({"bounds": "all"}, "bounds as pairs of finite numbers, got 'all'"),
        ({"bounds": [(0, 1), (0,)]}, "pairs of finite numbers"),
        ({"bounds": [(0, None)]}, "pairs of finite numbers"),
        ({"budget": 0}, "budget"),
        ({"seed": -1}, "seed"),
        ({"guard": design.Guard(RING), "bounds": [(5, 6), (5, 6)]}, "no codes near the data"),
        ({"guard": design.Guard(RING), "bounds": [(-1, 1)]}, "2 pairs of bounds"),
    ):
        with pytest.raises(ValueError, match=message):
            search(**settings)
    with pytest.raises(TypeError, match="expected a guard, got Tensor: make one of codes"):
        search(guard=RING)
    for method in design.METHODS:
        with pytest.raises(ValueError, match="guard refused all"):
            search(guard=design.Guard(RING, lambda x: False), method=method, budget=2)
    for codes, settings, message in (
        (torch.zeros(3), {}, r"codes of shape .* got \(3,\)"),
        (torch.zeros(5, 2), {}, "n_neighbors"),
        (RING, {"quantile": 0}, "quantile"),
        (RING * float("nan"), {}, "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            design.Guard(codes, **settings)
    with pytest.raises(ValueError, match="3"):
        design.Guard(RING).near(torch.zeros(1, 3))
