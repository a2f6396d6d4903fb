"""The conditional VAE and the classifier: labels matter, shapes fit, the bounds are bounds."""

import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from aecourse import data, evaluation
from aecourse.models import Classifier, ConditionalVAE
from aecourse.models.classifier import conv_encoder
from aecourse.training import average_loss_terms, fit


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def after(w, k, s, p):
    """Return the side after a convolution, as the chapter's table has it."""
    return (w - k + 2 * p) // s + 1


@pytest.mark.parametrize("side", [4, 8, 12, 20, 28, 32, 64])
def test_shapes_for_every_image_size(side):
    cvae = ConditionalVAE(3, side=side, channels=(2, 3, 4), n_hidden=8)
    x, y = torch.rand(5, 1, side, side), torch.arange(5)
    assert [part.shape for part in cvae.encode_distribution(x, y)] == [(5, 3)] * 2
    assert cvae(x, y).shape == cvae.sample(y).shape == x.shape
    assert {name: term.shape for name, term in cvae.loss_terms(x, y).items()} == {
        "reconstruction": (5,),
        "kl": (5,),
    }


@pytest.mark.parametrize("side", [8, 20, 28, 32])
def test_the_layers_follow_the_shape_arithmetic(side):
    cvae = ConditionalVAE(3, side=side)
    sides, x = [], torch.zeros(1, 1, side, side)
    for layer in cvae.convolutions:
        x = layer(x)
        if isinstance(layer, nn.Conv2d):
            sides.append(x.shape[-1])
    half = after(side, 4, 2, 1)
    quarter = after(half, 4, 2, 1)
    assert sides == [half, quarter, after(quarter, 3, 2, 1)]
    back = []
    for layer in cvae.transposed:
        x = layer(x)
        if isinstance(layer, nn.ConvTranspose2d):
            back.append(x.shape[-1])
    assert back == [quarter, half, side]


def test_the_label_changes_the_decoding_while_the_code_stays():
    torch.manual_seed(0)
    cvae = ConditionalVAE(3)
    z = torch.randn(1, 3).expand(10, 3)
    images = cvae.decode(z, torch.arange(10)).flatten(1)
    assert (torch.cdist(images, images).fill_diagonal_(1) > 1e-4).all()
    alike = cvae.decode(z, torch.full((10,), 4))
    torch.testing.assert_close(alike, alike[:1].expand_as(alike))


def test_the_label_reaches_the_encoder_too():
    torch.manual_seed(0)
    cvae, x = ConditionalVAE(3), torch.rand(1, 1, 28, 28)
    codes = cvae.encode(x.expand(10, -1, -1, -1), torch.arange(10))
    assert (torch.cdist(codes, codes).fill_diagonal_(1) > 1e-4).all()


def test_loss_terms_are_those_of_torchs_distributions_and_leave_the_label_out():
    cvae = ConditionalVAE(3).double()
    x, y = torch.randint(2, (4, 1, 28, 28), generator=generator()).double(), torch.arange(4)
    torch.manual_seed(1)
    terms = cvae.loss_terms(x, y)
    mean, log_var = cvae.encode_distribution(x, y)
    z = mean + (0.5 * log_var).exp() * torch.randn(4, 3, generator=generator(1), dtype=torch.double)
    nll = -Bernoulli(cvae.decode(z, y)).log_prob(x).flatten(1).sum(dim=1)
    kl = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(terms["reconstruction"], nll)
    torch.testing.assert_close(terms["kl"], kl)


def test_samples_depend_on_generator_and_labels_only():
    cvae, y = ConditionalVAE(3), torch.tensor([1, 1, 2])
    first = cvae.sample(y, generator())
    cvae.eval()
    before = torch.get_rng_state()
    assert torch.equal(cvae.sample(y, generator()), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(cvae.sample(y, generator(1)), first)
    assert not torch.equal(cvae.sample(y + 1, generator()), first)


def test_one_digit_is_drawn_three_times_in_three_ways():
    cvae = ConditionalVAE(3)
    images = cvae.sample([7, 7, 7], generator())
    assert images.shape == (3, 1, 28, 28)
    assert (torch.pdist(images.flatten(1)) > 1e-4).all()
    assert torch.equal(images, cvae.sample(torch.tensor([7, 7, 7]), generator()))


@pytest.fixture(scope="module")
def trained():
    """A model of small digits, enlarged to 12×12 pixels."""
    split = data.digits()
    parts = []
    for part in (split.train, split.test):
        x = nn.functional.pad(part.x.reshape(-1, 1, 8, 8), (2, 2, 2, 2))
        parts.append(data.Samples(x, part.y))
    torch.manual_seed(0)
    cvae = ConditionalVAE(2, side=12, channels=(8, 16, 16), n_hidden=64)
    fit(cvae, parts[0], epochs=30, batch_size=64, learning_rate=1e-2, progress=False)
    return cvae, parts[1]


def test_the_bounds_behave_as_without_labels(trained):
    cvae, test = trained
    elbo = -sum(evaluation.elbo_terms(cvae, test.x, test.y, n_draws=20))
    bounds = [
        evaluation.log_likelihood(cvae, test.x, test.y, n_draws=n, progress=False).mean()
        for n in (1, 10, 200)
    ]
    assert elbo.mean() == pytest.approx(bounds[0].item(), abs=0.1)
    assert bounds[0] < bounds[1] < bounds[2]
    terms = average_loss_terms(cvae, test)
    assert sum(terms.values()) == pytest.approx(-elbo.mean().item(), abs=0.15)


def test_a_lie_about_the_label_costs_nats(trained):
    cvae, test = trained
    honest = sum(evaluation.elbo_terms(cvae, test.x, test.y)).mean()
    lie = sum(evaluation.elbo_terms(cvae, test.x, (test.y + 1) % 10)).mean()
    assert lie > honest + 1


def test_bad_input_is_refused():
    cvae, x, z = ConditionalVAE(3), torch.rand(2, 1, 28, 28), torch.zeros(2, 3)
    for labels in (torch.tensor([0, 10]), torch.tensor([-1, 0])):
        for use in (lambda y: cvae.encode(x, y), lambda y: cvae.decode(z, y), cvae.sample):
            with pytest.raises(ValueError, match="labels from 0 to 9 in y, got"):
                use(labels)
    with pytest.raises(ValueError, match=r"2 labels in y, one each, got \(3,\)"):
        cvae.decode(z, torch.arange(3))
    for labels in (torch.zeros(2), [0.5, 1], torch.tensor([True, False])):
        with pytest.raises(TypeError, match="y as whole numbers"):
            cvae.decode(z, labels)
    with pytest.raises(TypeError, match="expected y as a tensor or an array of numbers, got None"):
        cvae.loss_terms(x, None)
    with pytest.raises(ValueError, match=r"got \(2, 784\): use x\.reshape\(-1, 1, 28, 28\)"):
        cvae.encode(x.flatten(1), torch.arange(2))
    with pytest.raises(ValueError, match=r"got \(2, 28, 28\): use x\.reshape\(-1, 1"):
        cvae.encode(x[:, 0], torch.arange(2))
    with pytest.raises(ValueError, match=r"\(n_samples, 1, 28, 28\), got \(2, 1, 32, 32\)"):
        cvae.encode(torch.zeros(2, 1, 32, 32), torch.arange(2))
    with pytest.raises(ValueError, match="a side that is a multiple of 4, got 30"):
        ConditionalVAE(3, side=30)
    with pytest.raises(ValueError, match=r"n_latent.* from 1, got 0"):
        ConditionalVAE(0)
    with pytest.raises(ValueError, match=r"each number of channels.* from 1"):
        conv_encoder((16, 0, 64))
    with pytest.raises(ValueError, match=r"2 labels in y, one each, got \(3,\)"):
        evaluation.elbo_terms(cvae, x, torch.arange(3))


# ---- the classifier ----------------------------------------------------------------------------


def test_the_classifier_learns_what_it_is_shown():
    torch.manual_seed(0)
    x = torch.zeros(400, 1, 28, 28)
    y = torch.arange(400) % 4
    for index, label in enumerate(y.tolist()):  # a bright quarter names the class
        x[index, 0, 14 * (label // 2) :, 14 * (label % 2) :][:14, :14] = 1
    x = (x + 0.3 * torch.rand(x.shape)).clamp(0, 1)
    judge = Classifier(4)
    samples = data.Samples(x, y)
    fit(judge, samples[:300], epochs=5, batch_size=30, progress=False)
    assert judge.accuracy(samples[300:]) == 1
    assert judge.accuracy(data.Samples(x[300:], (y[300:] + 1) % 4)) == 0
    assert judge.training


def test_the_classifiers_probabilities_and_loss():
    judge, x, y = Classifier(), torch.rand(6, 1, 28, 28), torch.arange(6)
    p = judge.probabilities(x)
    torch.testing.assert_close(p.sum(dim=1), torch.ones(6))
    assert torch.equal(p, judge.probabilities(x))  # no dropout
    judge.eval()
    expected = -p[torch.arange(6), y].log()
    torch.testing.assert_close(judge.loss_terms(x, y)["cross_entropy"].detach(), expected)
    with pytest.raises(ValueError, match="labels from 0 to 9 in y, got 1 to 10"):
        judge.loss_terms(x, torch.tensor([1, 2, 3, 4, 5, 10]))
    with pytest.raises(ValueError, match=r"\(n_samples, 1, 28, 28\), got \(6, 1, 8, 8\)"):
        judge(torch.rand(6, 1, 8, 8))


def test_the_classifier_drops_units_in_training_only():
    judge, x = Classifier(), torch.rand(6, 1, 28, 28)
    assert not torch.equal(judge(x), judge(x))
    judge.eval()
    assert torch.equal(judge(x), judge(x))


def test_the_classifiers_probabilities_do_not_depend_on_batches():
    judge, x = Classifier(3), torch.rand(7, 1, 28, 28)
    among_many = torch.cat([torch.zeros(4093, 1, 28, 28), x])  # a batch ends after three of them
    found = judge.probabilities(among_many)[-7:]
    torch.testing.assert_close(found, judge.probabilities(x), rtol=1e-4, atol=1e-6)
