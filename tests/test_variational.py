"""The VAE and its bounds, held against a linear-Gaussian model that is solved on paper."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from aecourse import data, evaluation
from aecourse.models import VAE
from aecourse.training import average_loss_terms, fit


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ---- the model ---------------------------------------------------------------------------------


@pytest.mark.parametrize("layer_sizes", [(784, 512, 128, 2), (64, 20), (5, 7)])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_shapes_for_any_layers(layer_sizes, likelihood):
    vae, x = VAE(layer_sizes, likelihood=likelihood), torch.rand(3, layer_sizes[0])
    n_latent = layer_sizes[-1]
    assert [part.shape for part in vae.encode_distribution(x)] == [(3, n_latent)] * 2
    assert vae.encode(x).shape == (3, n_latent)
    assert vae(x).shape == vae.sample(3).shape == x.shape
    assert {name: term.shape for name, term in vae.loss_terms(x).items()} == {
        "reconstruction": (3,),
        "kl": (3,),
    }


def test_embedding_and_reconstruction_use_the_mean():
    vae, x = VAE((6, 4, 2)), torch.rand(5, 6)
    mean, _ = vae.encode_distribution(x)
    assert torch.equal(vae.encode(x), mean)
    assert torch.equal(vae(x), vae.decode(mean))


def test_bernoulli_pixels_decode_to_probabilities():
    vae, z = VAE((6, 4, 2)), 100 * torch.randn(50, 2, generator=generator())
    assert ((vae.decode(z) >= 0) & (vae.decode(z) <= 1)).all()
    torch.testing.assert_close(vae.decode(z), vae.decoder(z).sigmoid())


def test_gaussian_values_decode_to_any_number():
    vae, z = VAE((6, 4, 2), likelihood="gaussian"), torch.randn(50, 2, generator=generator())
    assert torch.equal(vae.decode(z), vae.decoder(z))


def test_a_drawn_code_has_the_mean_and_the_variance_asked_for():
    mean, log_var = torch.tensor([[3.0, -1.0]]), torch.tensor([[0.25, 9.0]]).log()
    n = 100_000
    z = VAE((6, 2)).reparameterise(mean.expand(n, 2), log_var.expand(n, 2), generator())
    torch.testing.assert_close(z.mean(dim=0), mean[0], atol=5 * 3 / n**0.5, rtol=0)
    torch.testing.assert_close(z.var(dim=0), log_var[0].exp(), atol=0, rtol=5 * (2 / n) ** 0.5)


def test_the_gradient_of_a_drawn_code_is_that_of_finite_differences():
    mean, log_var = torch.randn(2, 4, 3, generator=generator(), dtype=torch.double)
    draw = VAE((6, 3)).reparameterise
    inputs = (mean.requires_grad_(), log_var.requires_grad_())
    assert torch.autograd.gradcheck(lambda m, v: draw(m, v, generator(1)).sin(), inputs)


def test_loss_terms_are_those_of_torchs_distributions():
    x = torch.randint(2, (7, 6), generator=generator()).double()
    vae = VAE((6, 5, 2), beta=0.3).double()
    torch.manual_seed(4)
    terms = vae.loss_terms(x)
    mean, log_var = vae.encode_distribution(x)
    z = mean + log_var.exp().sqrt() * torch.randn(7, 2, generator=generator(4), dtype=torch.double)
    nll = -Bernoulli(logits=vae.decoder(z)).log_prob(x).sum(dim=1)
    kl = kl_divergence(Normal(mean, log_var.exp().sqrt()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(terms["reconstruction"], nll)
    torch.testing.assert_close(terms["kl"], 0.3 * kl)


def test_the_gaussian_likelihood_is_torchs():
    x, z = torch.randn(7, 6, dtype=torch.double), torch.randn(7, 2, dtype=torch.double)
    vae = VAE((6, 5, 2), likelihood="gaussian").double()
    expected = -Normal(vae.decode(z), 1.0).log_prob(x).sum(dim=1)
    torch.testing.assert_close(vae.reconstruction_nll(z, x), expected)


def test_samples_depend_on_their_generator_only():
    vae = VAE((6, 4, 2))
    torch.manual_seed(1)
    first = vae.sample(5, generator())
    torch.manual_seed(2)
    before = torch.get_rng_state()
    vae.eval()
    assert torch.equal(vae.sample(5, generator()), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(vae.sample(5, generator(1)), first)


def test_samples_are_decoded_draws_from_the_prior():
    vae = VAE((2, 2), likelihood="gaussian")
    vae.decoder = nn.Identity()
    z, n = vae.sample(100_000, generator()), 100_000
    torch.testing.assert_close(z.mean(dim=0), torch.zeros(2), atol=5 / n**0.5, rtol=0)
    torch.testing.assert_close(z.T.cov(), torch.eye(2), atol=5 * (2 / n) ** 0.5, rtol=0)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"one of \['bernoulli', 'gaussian'\], got 'poisson'"):
        VAE((6, 2), likelihood="poisson")
    for beta in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="expected beta from 0, got"):
            VAE((6, 2), beta=beta)
    for sizes in ((6,), ()):
        with pytest.raises(ValueError, match="at least two layer sizes"):
            VAE(sizes)
    with pytest.raises(ValueError, match=r"each layer size.* from 1, got 2\.5"):
        VAE((6, 2.5))
    vae = VAE((784, 2))
    with pytest.raises(ValueError, match=r"\(3, 1, 28, 28\): use x\.reshape\(-1, 784\)"):
        vae.loss_terms(torch.rand(3, 1, 28, 28))
    with pytest.raises(ValueError, match=r"z of shape \(n_samples, 2\), got \(3, 4\)"):
        vae.decode(torch.rand(3, 4))
    with pytest.raises(ValueError, match=r"values in \[0, 1\], got -1 to 16"):
        vae.loss_terms(torch.linspace(-1, 16, 784)[None])
    with pytest.raises(ValueError, match=r"n_samples.* from 1, got 0"):
        vae.sample(0)


# ---- the bounds --------------------------------------------------------------------------------

D, N_LATENT = 6, 2


class LinearGaussian:
    """x = W z + b + noise of variance 1: its likelihood and its posterior are known.

    The columns of W stand at right angles, so that the posterior has no correlations and the
    encoder of a VAE can be exactly it.
    """

    def __init__(self, *, mean_error=0.0, log_var_error=0.0):
        directions = torch.linalg.qr(torch.randn(D, N_LATENT, generator=generator())).Q.double()
        self.W = directions * torch.tensor([2.0, 0.7], dtype=torch.double)
        self.b = torch.linspace(-1, 1, D, dtype=torch.double)
        precision = 1 + self.W.square().sum(dim=0)
        self.vae = VAE((D, N_LATENT), likelihood="gaussian").double()
        with torch.no_grad():
            decoder, encoder = self.vae.decoder[0], self.vae.encoder[0]
            decoder.weight.copy_(self.W)
            decoder.bias.copy_(self.b)
            to_mean = (self.W / precision).T
            encoder.weight.copy_(torch.cat([to_mean, torch.zeros_like(to_mean)]))
            encoder.bias.copy_(
                torch.cat([-to_mean @ self.b + mean_error, -precision.log() + log_var_error])
            )
        covariance = self.W @ self.W.T + torch.eye(D, dtype=torch.double)
        self.data = MultivariateNormal(self.b, covariance)

    def samples(self, n):
        z = torch.randn(n, N_LATENT, generator=generator(1), dtype=torch.double)
        return z @ self.W.T + self.b + torch.randn(n, D, generator=generator(2), dtype=torch.double)

    def exact_elbo(self, x):
        """E_q[ln p(x|z)] − KL(q | p) from the first two moments of q, without any draw."""
        mean, log_var = self.vae.encode_distribution(x)
        error = (x - mean @ self.W.T - self.b).square().sum(dim=1)
        spread = (log_var.exp() * self.W.square().sum(dim=0)).sum(dim=1)
        kl = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(dim=1)
        return (-0.5 * (error + spread + D * math.log(2 * math.pi)) - kl).detach()


def test_with_the_exact_posterior_one_draw_gives_the_exact_likelihood():
    exact = LinearGaussian()
    x = exact.samples(20)
    estimate = evaluation.log_likelihood(exact.vae, x, n_draws=1, progress=False)
    torch.testing.assert_close(estimate, exact.data.log_prob(x))


def test_with_the_exact_posterior_the_bound_is_tight():
    exact = LinearGaussian()
    x = exact.samples(20)
    torch.testing.assert_close(exact.exact_elbo(x), exact.data.log_prob(x))


@pytest.mark.parametrize("n_draws", [1, 4])
def test_the_elbo_is_unbiased(n_draws):
    off = LinearGaussian(mean_error=0.4, log_var_error=0.8)
    x, exact = off.samples(3), off.exact_elbo(off.samples(3))
    estimates = -torch.stack(
        [sum(evaluation.elbo_terms(off.vae, x, n_draws=n_draws, seed=seed)) for seed in range(2000)]
    )
    error = (estimates.mean(dim=0) - exact).abs()
    uncertainty = estimates.std(dim=0) / len(estimates) ** 0.5
    assert (error < 4 * uncertainty).all()
    assert (uncertainty < 0.1).all()  # the mean instead of a draw would be 1.7 nats off


def test_averaged_loss_terms_are_the_same_bound():
    off = LinearGaussian(mean_error=0.4, log_var_error=0.8)
    x = off.samples(50_000)
    terms = average_loss_terms(off.vae, x)
    exact = -off.exact_elbo(x).mean().item()
    assert sum(terms.values()) == pytest.approx(exact, abs=0.05)
    reconstruction, kl = evaluation.elbo_terms(off.vae, x)
    assert terms["kl"] == pytest.approx(kl.mean().item(), rel=1e-9)
    assert terms["reconstruction"] == pytest.approx(reconstruction.mean().item(), abs=0.05)


def test_the_importance_weighted_bound_rises_from_the_elbo_to_the_likelihood():
    off = LinearGaussian(mean_error=0.4, log_var_error=0.8)
    x = off.samples(1000)
    exact, elbo = off.data.log_prob(x).mean(), off.exact_elbo(x).mean()
    bounds = [
        evaluation.log_likelihood(off.vae, x, n_draws=n, progress=False).mean()
        for n in (1, 5, 50, 2000)
    ]
    assert bounds[0] == pytest.approx(elbo.item(), abs=0.15)
    assert bounds[0] < bounds[1] < bounds[2] < bounds[3]
    assert bounds[3] == pytest.approx(exact.item(), abs=0.005)
    assert exact - elbo > 0.5


def test_batches_and_seeds_of_the_bounds():
    off = LinearGaussian(mean_error=0.4)
    x = off.samples(10)
    off.vae.train()
    before = torch.get_rng_state()
    for bound in (
        lambda **options: sum(evaluation.elbo_terms(off.vae, x, **options)),
        lambda **options: evaluation.log_likelihood(off.vae, x, progress=False, **options),
    ):
        assert torch.equal(bound(seed=3), bound(seed=3))
        assert not torch.equal(bound(seed=3), bound(seed=4))
        assert bound(batch_size=3).shape == (10,)
        assert not bound().requires_grad
        with pytest.raises(ValueError, match=r"n_draws.* from 1, got 0"):
            bound(n_draws=0)
    assert off.vae.training
    assert torch.equal(torch.get_rng_state(), before)


def test_beta_changes_the_loss_and_not_the_bound():
    vae, x = VAE((6, 2)), torch.rand(20, 6)
    bound = sum(evaluation.elbo_terms(vae, x))
    _, kl = evaluation.elbo_terms(vae, x)
    vae.beta = 7.0
    assert torch.equal(sum(evaluation.elbo_terms(vae, x)), bound)
    assert average_loss_terms(vae, x)["kl"] == pytest.approx(7 * kl.mean().item(), rel=1e-5)


def test_training_finds_the_maximum_likelihood_of_probabilistic_pca():
    # Tipping & Bishop 1999, with the noise variance fixed to 1: the best likelihood has the
    # covariance with the two largest eigenvalues kept and all others 1.
    variances = torch.tensor([9.0, 4.0, 1.0, 0.8, 0.5])
    x = torch.randn(4000, 5, generator=generator()) * variances.sqrt()
    x = x @ torch.linalg.qr(torch.randn(5, 5, generator=generator(1))).Q
    eigenvalues, directions = torch.linalg.eigh(x.T.cov(correction=0))
    kept = torch.cat([torch.ones(3), eigenvalues[3:]])
    best = MultivariateNormal(x.mean(dim=0), directions @ kept.diag() @ directions.T)
    torch.manual_seed(0)
    vae = VAE((5, 2), likelihood="gaussian")
    fit(vae, x, epochs=100, batch_size=100, learning_rate=3e-2, progress=False, device="cpu")
    reconstruction, kl = evaluation.elbo_terms(vae, x, n_draws=50)
    loss, least = (reconstruction + kl).mean().item(), -best.log_prob(x).mean().item()
    assert loss == pytest.approx(least, abs=0.01)


def test_a_vae_learns_digits_and_its_bound_holds_out():
    split = data.digits()
    torch.manual_seed(0)
    vae = VAE((64, 64, 4))
    fit(vae, split.train, epochs=60, batch_size=128, learning_rate=1e-2, progress=False)
    elbo = -sum(evaluation.elbo_terms(vae, split.test.x)).mean()
    bound = evaluation.log_likelihood(vae, split.test.x, n_draws=20, progress=False).mean()
    average = split.train.x.mean(dim=0).clamp(1e-3, 1 - 1e-3)
    plain = Bernoulli(average, validate_args=False).log_prob(split.test.x).sum(dim=1).mean()
    assert plain + 2 < elbo < bound


def test_active_units_vary_with_the_sample():
    codes = torch.randn(500, 4, generator=generator()) * torch.tensor([1.0, 0.5, 0.05, 0.0])
    assert evaluation.active_units(codes).tolist() == [True, True, False, False]
    assert evaluation.active_units(codes, threshold=1e-3).tolist() == [True, True, True, False]
    assert evaluation.active_units(codes + 100).sum() == 2
    with pytest.raises(ValueError, match="at least two codes to vary, got 1"):
        evaluation.active_units(torch.zeros(1, 2))
