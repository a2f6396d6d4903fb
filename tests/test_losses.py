import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from aecourse import losses

SHAPE = (7, 3, 5)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_squared_error_is_the_squared_euclidean_distance(generator):
    a, b = torch.randn(2, *SHAPE, generator=generator)
    distance = torch.linalg.vector_norm((a - b).flatten(1), dim=1)
    torch.testing.assert_close(losses.squared_error(a, b), distance**2)


def test_squared_error_is_a_gaussian_likelihood_of_variance_one_half(generator):
    x_hat, x = torch.randn(2, *SHAPE, generator=generator, dtype=torch.double)
    nll = -Normal(x_hat, math.sqrt(0.5)).log_prob(x).flatten(1).sum(1)
    constant = 0.5 * math.log(math.pi) * 3 * 5
    torch.testing.assert_close(losses.squared_error(x_hat, x), nll - constant)


def test_gaussian_nll_is_torchs(generator):
    mean, x = torch.randn(2, *SHAPE, generator=generator, dtype=torch.double)
    for variance in (0.1, 1.0, 4.0):
        nll = -Normal(mean, variance**0.5).log_prob(x).flatten(1).sum(1)
        torch.testing.assert_close(losses.gaussian_nll(mean, x, variance), nll)
    torch.testing.assert_close(losses.gaussian_nll(mean, x), losses.gaussian_nll(mean, x, 1.0))
    assert losses.gaussian_nll(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)


def test_bernoulli_nll_is_torchs_on_black_and_white_pixels(generator):
    logits = 5 * torch.randn(SHAPE, generator=generator, dtype=torch.double)
    x = torch.randint(2, SHAPE, generator=generator).double()
    nll = -Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(losses.bernoulli_nll(logits, x), nll)


def test_bernoulli_nll_of_grey_pixels_is_least_at_the_pixel_itself(generator):
    x = torch.rand(SHAPE, generator=generator, dtype=torch.double).clamp(0.01, 0.99)
    entropy = -(x * x.log() + (1 - x) * (1 - x).log()).flatten(1).sum(1)
    torch.testing.assert_close(losses.bernoulli_nll(x.logit(), x), entropy)
    assert (losses.bernoulli_nll(x.logit() + 0.3, x) > entropy).all()


def test_bernoulli_nll_of_grey_pixels_is_the_mean_over_tossed_ones(generator):
    grey = torch.rand(1, 4, generator=generator, dtype=torch.double)
    logits = 3 * torch.randn(1, 4, generator=generator, dtype=torch.double)
    pictures = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4).double()  # all sixteen
    probability = (pictures * grey + (1 - pictures) * (1 - grey)).prod(dim=1)
    tossed = losses.bernoulli_nll(logits.expand(16, -1), pictures)
    mean = (probability * tossed).sum(dim=0, keepdim=True)
    torch.testing.assert_close(losses.bernoulli_nll(logits, grey), mean)


def test_bernoulli_nll_survives_extreme_logits():
    nll = losses.bernoulli_nll(torch.tensor([[1000.0, -1000.0]]), torch.tensor([[0.0, 1.0]]))
    assert nll.item() == 2000


def test_kl_is_torchs(generator):
    mean, log_var = 3 * torch.randn(2, 7, 4, generator=generator, dtype=torch.double)
    encoder = Normal(mean, (0.5 * log_var).exp())
    expected = kl_divergence(encoder, Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(losses.kl_to_standard_normal(mean, log_var), expected)


@pytest.mark.parametrize("loss", [losses.squared_error, losses.gaussian_nll, losses.bernoulli_nll])
def test_a_sample_of_twice_as_many_values_counts_twice(loss, generator):
    a, b = torch.rand(2, *SHAPE, generator=generator)
    doubled = loss(torch.cat([a, a], dim=1), torch.cat([b, b], dim=1))
    torch.testing.assert_close(doubled, 2 * loss(a, b))


@pytest.mark.parametrize(
    "loss", [losses.squared_error, losses.bernoulli_nll, losses.kl_to_standard_normal]
)
def test_shapes_that_would_broadcast_are_refused(loss):
    with pytest.raises(ValueError, match=r"one shape .* got \(5, 1\) and \(5, 4\)"):
        loss(torch.zeros(5, 1), torch.zeros(5, 4))
    with pytest.raises(ValueError, match=r"\(n_samples, \.\.\.\), got \(5,\)"):
        loss(torch.zeros(5), torch.zeros(5))


@pytest.mark.parametrize(
    "loss", [losses.squared_error, losses.bernoulli_nll, losses.kl_to_standard_normal]
)
def test_no_sample_gives_no_value(loss):
    assert loss(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)


@pytest.mark.parametrize(
    "loss", [losses.squared_error, losses.bernoulli_nll, losses.kl_to_standard_normal]
)
def test_whole_numbers_are_refused(loss):  # 0 − 16 in eight bits is 240
    with pytest.raises(TypeError, match=r"floating-point numbers in .* got torch\.uint8"):
        loss(torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.uint8))
    with pytest.raises(TypeError, match="got list"):
        loss([[0.0]], torch.zeros(1, 1))


@pytest.mark.parametrize(
    "loss", [losses.squared_error, losses.bernoulli_nll, losses.kl_to_standard_normal]
)
def test_gradients_are_those_of_finite_differences(loss, generator):
    a, b = torch.rand(2, 3, 4, generator=generator, dtype=torch.double).unbind()
    wanted = (a,) if loss is losses.bernoulli_nll else (a, b)  # x there is data
    for tensor in wanted:
        tensor.requires_grad_()
    assert torch.autograd.gradcheck(loss, (a, b))


@pytest.mark.parametrize("value", [-0.1, -1e-4, 1 + 1e-4, 1.1, 16.0, math.nan])
def test_bernoulli_nll_refuses_what_is_no_probability(value):
    with pytest.raises(ValueError, match=r"expected values in \[0, 1\], got .*scale the data"):
        losses.bernoulli_nll(torch.zeros(1, 2), torch.tensor([[0.5, value]]))
