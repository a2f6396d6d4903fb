"""Denoising, scores and walks along them, held against a mixture of Gaussians known exactly."""

import pytest
import torch
from torch import nn
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from aecourse import latent
from aecourse.models import Denoiser
from aecourse.training import fit

WEIGHTS = torch.tensor([0.6, 0.3, 0.1])
MEANS = torch.tensor([[-2.0, -1.0], [2.0, -1.0], [0.0, 2.0]])
SPREAD = 0.3
LEVELS = (4.0, 2.65, 1.75, 1.15, 0.75, 0.5, 0.33, 0.22, 0.15, 0.1)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def mixture(sigma):
    """The data with noise of strength sigma: each part only becomes wider."""
    parts = Independent(Normal(MEANS, (SPREAD**2 + sigma**2) ** 0.5), 1)
    return MixtureSameFamily(Categorical(WEIGHTS), parts)


def exact_score(x, sigma):
    variance = SPREAD**2 + sigma**2
    apart = MEANS - x[:, None]
    share = (WEIGHTS.log() - apart.square().sum(dim=2) / (2 * variance)).softmax(dim=1)
    return (share[:, :, None] * apart).sum(dim=1) / variance


def draw(sigma, n, seed=0):
    torch.manual_seed(seed)
    return mixture(sigma).sample((n,))


@pytest.fixture(scope="module")
def denoiser():
    x = draw(0.0, 40_000, seed=1)
    torch.manual_seed(0)
    model = Denoiser(2, LEVELS)
    fit(model, x, epochs=40, batch_size=500, learning_rate=5e-3, progress=False)
    return model


def test_the_exact_score_is_the_gradient_of_the_log_density():
    for sigma in (0.1, 1.0, 4.0):
        x = draw(sigma, 100).requires_grad_()
        (gradient,) = torch.autograd.grad(mixture(sigma).log_prob(x).sum(), x)
        torch.testing.assert_close(exact_score(x.detach(), sigma), gradient, rtol=1e-3, atol=1e-3)


# ---- the model ---------------------------------------------------------------------------------


def test_shapes_and_one_level_for_each_sample():
    model, x = Denoiser(3, (1.0, 0.5), hidden=(8,)), torch.randn(4, 3)
    sigma = torch.tensor([0.1, 0.5, 1.0, 2.0])
    for function in (model, model.score):
        assert function(x, 0.5).shape == (4, 3)
        one_by_one = [
            function(row[None], level.item()) for row, level in zip(x, sigma, strict=True)
        ]
        torch.testing.assert_close(function(x, sigma), torch.cat(one_by_one))
    assert not torch.allclose(model(x, 0.5), model(x, 1.0))
    assert {name: term.shape for name, term in model.loss_terms(x).items()} == {
        "squared_error": (4,)
    }


def test_the_score_is_the_residual_over_the_variance_of_the_noise():
    model, x = Denoiser(3, (1.0,), hidden=(8,)), torch.randn(4, 3)
    torch.testing.assert_close(x + 0.3**2 * model.score(x, 0.3), model(x, 0.3))


def test_the_loss_is_that_of_the_clean_sample_divided_by_the_variance():
    model, x = Denoiser(3, (2.0, 0.5), hidden=(8,)), torch.randn(1000, 3)
    torch.manual_seed(7)
    loss = model.loss_terms(x)["squared_error"]
    torch.manual_seed(7)
    sigma = torch.tensor([2.0, 0.5])[torch.randint(2, (1000,))]
    noisy = x + sigma[:, None] * torch.randn(1000, 3)
    expected = (model(noisy, sigma) - x).square().sum(dim=1) / sigma**2
    torch.testing.assert_close(loss, expected)
    assert (sigma == 2.0).float().mean() == pytest.approx(0.5, abs=0.06)


def test_a_model_that_returns_its_input_loses_the_noise_at_each_level():
    for level in (0.01, 1.0, 50.0):
        model = Denoiser(2, (level,))
        model.network = nn.Sequential(nn.Linear(3, 2))
        nn.init.zeros_(model.network[0].weight)
        nn.init.zeros_(model.network[0].bias)
        x = torch.randn(20_000, 2)
        assert model.loss_terms(x)["squared_error"].mean().item() == pytest.approx(2, rel=0.03)
        assert not model.score(x, level).any()
        nn.init.ones_(model.network[0].bias)  # the network counts in units of the noise
        torch.testing.assert_close(model(x, level), x + level)


@pytest.mark.parametrize("level", [0.01, 1.0, 50.0])
def test_the_network_sees_samples_of_unit_size_and_the_logarithm_of_the_level(level):
    model, seen = Denoiser(2, (level,)), []
    model.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    clean, noise = torch.randn(2, 5000, 2, generator=generator())
    model(clean + level * noise, level)
    assert seen[0][:, :2].std().item() == pytest.approx(1, rel=0.03)
    torch.testing.assert_close(seen[0][:, 2], torch.full((5000,), level).log())


def test_of_one_gaussian_it_learns_the_posterior_mean():
    # Clean N(m, s²) with noise σ: the expected clean sample is (s² y + σ² m) / (s² + σ²).
    mean, spread, sigma = 0.5, 0.7, 0.6
    x = mean + spread * torch.randn(20_000, 1, generator=generator())
    torch.manual_seed(0)
    model = Denoiser(1, (sigma,), hidden=(16,))
    fit(model, x, epochs=20, batch_size=200, learning_rate=1e-2, progress=False)
    y = torch.linspace(-1, 2, 31)[:, None]  # within 1.6 deviations
    expected = (spread**2 * y + sigma**2 * mean) / (spread**2 + sigma**2)
    assert (model(y, sigma) - expected).abs().max() < 0.04


@pytest.mark.parametrize("sigma", LEVELS)
def test_its_residual_is_the_variance_times_the_score(denoiser, sigma):
    x = draw(sigma, 5000, seed=2)  # where the noisy data lies
    exact = exact_score(x, sigma)
    with torch.no_grad():
        residual = denoiser(x, sigma) - x
    error = (residual - sigma**2 * exact).square().sum() / (sigma**2 * exact).square().sum()
    assert error.sqrt() < 0.12
    torch.testing.assert_close(denoiser.score(x, sigma) * sigma**2, residual, rtol=1e-3, atol=1e-4)


def test_bad_input_is_refused():
    for levels in ((), (1.0, 0.0), (-1.0,), (float("nan"),), (float("inf"),), 0.5):
        with pytest.raises(ValueError, match="expected noise levels as numbers above 0, got"):
            Denoiser(2, levels)
    with pytest.raises(ValueError, match="each layer size to be a whole number from 1, got 0"):
        Denoiser(2, (1.0,), hidden=(0,))
    model = Denoiser(2, (1.0,))
    with pytest.raises(ValueError, match=r"noisy of shape \(n_samples, 2\), got \(5, 3\)"):
        model(torch.zeros(5, 3), 1.0)
    for function in (model, model.score):
        for sigma in (0.0, -1.0, float("nan"), torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0])):
            with pytest.raises(ValueError, match="expected sigma above 0, got"):
                function(torch.zeros(5, 2), sigma)
        for sigma in (torch.ones(4), torch.ones(5, 1)):
            with pytest.raises(ValueError, match="one sigma, or one for each of 5 samples, got"):
                function(torch.zeros(5, 2), sigma)


# ---- the walk ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0.1, 1.0])
@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_of_one_gaussian_it_draws_with_the_variance_of_the_discretised_walk(sigma, step):
    # x ← (1 − η/2v) x + √η ε has the stationary variance v / (1 − η/4v), with η = step·σ².
    spread, n = 0.5, 40_000
    v = spread**2 + sigma**2
    x = latent.annealed_langevin(
        lambda x, level: (3 - x) / (spread**2 + level**2),
        torch.zeros(n, 1),
        (sigma,),
        n_steps=600,
        step=step,
        generator=generator(),
    )
    expected = v / (1 - step * sigma**2 / (4 * v))
    assert x.mean() == pytest.approx(3, abs=5 * (v / n) ** 0.5)
    assert x.var() == pytest.approx(expected, rel=5 * (2 / n) ** 0.5)


def shares_and_means(x):
    nearest = torch.cdist(x, MEANS).argmin(dim=1)
    shares = nearest.bincount(minlength=3) / len(x)
    return shares, torch.stack([x[nearest == k].mean(dim=0) for k in range(3)])


def start(n=4000):
    return LEVELS[0] * torch.randn(n, 2, generator=generator(5))


def test_with_the_exact_score_it_reproduces_the_mixture():
    x = latent.annealed_langevin(exact_score, start(), LEVELS, n_steps=200, generator=generator())
    shares, means = shares_and_means(x)
    assert (shares - WEIGHTS).abs().max() < 0.03
    assert (means - MEANS).abs().max() < 0.06
    within = x - means[torch.cdist(x, MEANS).argmin(dim=1)]
    v = SPREAD**2 + LEVELS[-1] ** 2
    assert within.var() == pytest.approx(v, rel=0.05)


def test_with_the_learned_score_too(denoiser):
    x = latent.annealed_langevin(denoiser.score, start(), LEVELS, generator=generator())
    shares, means = shares_and_means(x)
    assert (shares - WEIGHTS).abs().max() < 0.05
    assert (means - MEANS).abs().max() < 0.10


def test_at_one_small_level_the_weights_come_out_wrong():
    x = latent.annealed_langevin(
        exact_score, start(), LEVELS[-1:], n_steps=1000, generator=generator()
    )
    shares, means = shares_and_means(x)
    assert (shares - WEIGHTS).abs().max() > 0.15
    assert (means - MEANS).abs().max() < 0.06  # the parts themselves are right


def test_the_walk_depends_on_its_generator_only_and_changes_nothing_else(denoiser):
    points = start(50)
    copy = points.clone()
    torch.manual_seed(1)
    first = latent.annealed_langevin(denoiser.score, points, (1.0, 0.1), generator=generator())
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again = latent.annealed_langevin(denoiser.score, points, (1.0, 0.1), generator=generator())
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(points, copy)
    assert not first.requires_grad
    other = latent.annealed_langevin(denoiser.score, points, (1.0, 0.1), generator=generator(1))
    assert not torch.equal(first, other)


def test_a_walk_takes_so_many_steps_at_each_level():
    seen = []

    def score(x, sigma):
        seen.append(sigma)
        return -x

    latent.annealed_langevin(score, torch.zeros(2, 3, 4), (2.0, 1.0, 0.5), n_steps=2)
    assert seen == [2.0, 2.0, 1.0, 1.0, 0.5, 0.5]


def test_a_bad_walk_is_refused():
    walk, x = latent.annealed_langevin, torch.zeros(5, 2)
    for levels in ((), (0.1, 1.0), (1.0, 1.0), (1.0, 0.0), (float("inf"), 1.0), (float("nan"),)):
        with pytest.raises(ValueError, match="noise levels that fall and stay above 0, got"):
            walk(exact_score, x, levels)
    for step in (0.0, 4.0, float("nan")):
        with pytest.raises(ValueError, match="a step above 0 and below 4, got"):
            walk(exact_score, x, (1.0,), step=step)
    with pytest.raises(ValueError, match="n_steps to be a whole number from 1, got 0"):
        walk(exact_score, x, (1.0,), n_steps=0)
    with pytest.raises(ValueError, match="at least one sample in start, got none"):
        walk(exact_score, x[:0], (1.0,))
    with pytest.raises(TypeError, match="floating-point numbers in start"):
        walk(exact_score, x.long(), (1.0,))
    with pytest.raises(ValueError, match=r"a score of shape \(5, 2\), got \(5,\)"):
        walk(lambda x, sigma: x[:, 0], x, (1.0,))
    with pytest.raises(FloatingPointError, match=r"left the finite numbers at noise level 0\.5"):
        walk(lambda x, sigma: x / 0 if sigma < 1 else -x, x + 1, (1.0, 0.5))
