import math

import numpy as np
import pytest
import torch
from torch import nn

from aecourse import evaluation, losses
from aecourse.data import Samples
from aecourse.models import DenseAutoencoder
from aecourse.runtime import choose_device, seed_everything
from aecourse.training import History, average_loss_terms, fit

QUIET = {"progress": False, "device": "cpu"}


class Constant(nn.Module):
    """The simplest convex model: one learned vector for all samples. Its optimum is the mean."""

    def __init__(self, n_features=3):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(n_features))

    def loss_terms(self, x, y=None):
        return {"squared_error": (x - self.value).square().sum(dim=1)}


class Recorder(Constant):
    """Notes the batches it is asked about, and with which labels."""

    def __init__(self):
        super().__init__(1)
        self.batches = []

    def loss_terms(self, x, y=None):
        self.batches.append((self.training, x[:, 0].tolist(), None if y is None else y.tolist()))
        return super().loss_terms(x)


@pytest.fixture
def x():
    return torch.rand(103, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("device", {"cpu", choose_device().type})  # and the GPU where there is one
@pytest.mark.parametrize(("batch_size", "tolerance"), [(103, 1e-4), (16, 5e-3)])
def test_the_optimum_of_a_convex_case_whatever_the_order_of_the_data(
    x, device, batch_size, tolerance
):
    settings = {"epochs": 400, "learning_rate": 0.02, "progress": False}
    for samples in (x, x[torch.randperm(len(x), generator=torch.Generator().manual_seed(1))]):
        model = Constant()
        fit(model, samples, batch_size=batch_size, device=device, **settings)
        assert model.value.device.type == "cpu"  # back where it came from
        assert model.value.grad is None
        torch.testing.assert_close(model.value.detach(), x.mean(dim=0), atol=tolerance, rtol=0)


def test_a_linear_autoencoder_spans_the_pca_subspace():
    # Variances 4, 2.25, 1, … leave a clear gap below the second component.
    generator = torch.Generator().manual_seed(0)
    rotation, _ = torch.linalg.qr(torch.randn(6, 6, generator=generator))
    scales = torch.tensor([2.0, 1.5, 1.0, 0.5, 0.3, 0.1])
    x = torch.randn(500, 6, generator=generator) * scales @ rotation + 0.5
    seed_everything(0)
    model = DenseAutoencoder((6, 2), activation=None)
    fit(model, x, epochs=200, batch_size=100, learning_rate=3e-2, **QUIET)
    pca = evaluation.PCABaseline.from_samples(x, 2)
    assert evaluation.principal_angles(model.decoder[0].weight.T, pca.components)[0] < 1
    assert evaluation.mean_squared_error(model, x) == pytest.approx(
        evaluation.mean_squared_error(pca, x), rel=1e-3
    )


class Noisy(DenseAutoencoder):
    """Two terms, and noise from the global stream, in training and in scoring."""

    def loss_terms(self, x, y=None):
        noisy = x + (0.1 if self.training else 0.3) * torch.randn_like(x)
        return {
            "error": losses.squared_error(self(noisy), x),
            "size": 0.3 * self.encode(x).square().sum(dim=1),
        }


@pytest.mark.parametrize(("batch_size", "n_batches"), [(16, 4), (25, 2)])
def test_fit_is_the_loop_of_the_chapter(batch_size, n_batches):
    x, held_out = torch.rand(2, 50, 4, generator=torch.Generator().manual_seed(1))
    seed_everything(0)
    model = Noisy((4, 8, 2)).eval()
    settings = {"epochs": 7, "batch_size": batch_size, "learning_rate": 1e-2, "seed": 3}
    history = fit(model, x, held_out=held_out, **settings, **QUIET)

    seed_everything(0)
    by_hand = Noisy((4, 8, 2))
    optimiser = torch.optim.Adam(by_hand.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=7 * n_batches)
    order = torch.Generator().manual_seed(3)
    torch.manual_seed(3)
    for epoch in range(7):
        total = 0.0
        for batch in torch.randperm(50, generator=order).split(batch_size):
            terms = by_hand.loss_terms(x[batch])
            loss = (terms["error"] + terms["size"]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        assert history.train["loss"][epoch] == pytest.approx(total / 50, rel=1e-5)
        scored = average_loss_terms(by_hand, held_out, seed=3)  # draws nothing from our stream
        assert history.held_out["loss"][epoch] == pytest.approx(sum(scored.values()), rel=1e-5)
        assert history.held_out["size"][epoch] == pytest.approx(scored["size"], rel=1e-5)
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("n_held_out", [49, 50])
def test_watching_held_out_data_does_not_change_what_is_learned(n_held_out):
    x = torch.rand(50, 4, generator=torch.Generator().manual_seed(1))
    weights = []
    for held_out in (None, x[:n_held_out]):
        seed_everything(0)
        model = Noisy((4, 8, 2))
        fit(model, x, held_out=held_out, epochs=3, **QUIET)
        weights.append(torch.cat([weight.detach().flatten() for weight in model.parameters()]))
    assert torch.equal(*weights)


def test_scoring_repeats_itself_and_leaves_the_random_stream_alone():
    model, x = Noisy((4, 8, 2)), torch.rand(50, 4)
    before = torch.get_rng_state()
    first = average_loss_terms(model, x)
    assert average_loss_terms(model, x) == first
    assert average_loss_terms(model, x, seed=1)["error"] != first["error"]
    assert torch.equal(torch.get_rng_state(), before)


def test_held_out_data_sees_its_labels():
    class Labelled(Constant):
        def loss_terms(self, x, y):
            return {"error": (y - self.value[0]).square()}

    samples = Samples(torch.zeros(5, 3), torch.full((5,), 2.0))
    history = fit(Labelled(), samples, held_out=samples, epochs=1, **QUIET)
    assert history.held_out["loss"] == pytest.approx([4.0], rel=1e-4)


def test_half_precision_does_not_spoil_the_average():
    model = Constant()
    model.loss_terms = lambda x, y=None: {"error": torch.full((len(x),), 64, dtype=torch.bfloat16)}
    assert average_loss_terms(model, torch.zeros(20000, 1), batch_size=16) == {"error": 64.0}


def train_small(x, *, seed=0, model_seed=0):
    seed_everything(model_seed)
    model = nn.Sequential(nn.Dropout(0.5), DenseAutoencoder((3, 4, 2)))
    model.loss_terms = lambda x, y=None: {"e": (model(x) - x).square().sum(1)}
    history = fit(model, x, epochs=3, batch_size=20, seed=seed, **QUIET)
    return history, torch.cat([weight.detach().flatten() for weight in model.parameters()])


def test_identical_seeds_give_identical_weights_and_other_seeds_do_not(x):
    history, weights = train_small(x)
    torch.rand(17)
    again, same = train_small(x)
    assert torch.equal(weights, same)
    assert history.train == again.train
    assert not torch.equal(weights, train_small(x, seed=1)[1])
    assert not torch.equal(weights, train_small(x, model_seed=1)[1])


def test_whole_numbers_of_numpy_are_settings_like_any_other(x):
    ours, numpys = Constant(), Constant()
    fit(ours, x, epochs=2, batch_size=20, seed=3, learning_rate=0.1, **QUIET)
    settings = {"epochs": np.int64(2), "batch_size": np.int64(20), "seed": np.int64(3)}
    fit(numpys, x, learning_rate=0.1, **settings, **QUIET)
    assert torch.equal(ours.value, numpys.value)


def test_the_global_random_stream_is_left_alone(x):
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    fit(Constant(), x, epochs=2, **QUIET)
    assert torch.equal(torch.rand(4), expected)


def test_each_epoch_visits_every_sample_once_with_its_label_in_a_new_order():
    model, samples = Recorder(), Samples(torch.arange(10.0)[:, None], torch.arange(10))
    fit(model, samples, epochs=2, batch_size=4, **QUIET)
    assert [len(values) for _, values, _ in model.batches] == [4, 4, 2, 4, 4, 2]
    assert all(values == labels for _, values, labels in model.batches)
    seen = [value for _, values, _ in model.batches for value in values]
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


def test_held_out_data_is_scored_in_evaluation_mode_and_never_trained_on():
    alone, watched = Recorder(), Recorder()
    train, held_out = torch.rand(8, 1), torch.full((5, 1), 9.0)
    fit(alone, train, epochs=2, **QUIET)
    history = fit(watched, train, held_out=held_out, epochs=2, **QUIET)
    assert torch.equal(alone.value, watched.value)
    assert [training for training, *_ in watched.batches] == [True, False, True, False]
    expected = (9 - watched.value.item()) ** 2
    assert history.held_out["loss"][-1] == pytest.approx(expected, rel=1e-5)


def test_an_uneven_last_batch_does_not_weigh_more():
    model = Constant(1)
    x = torch.tensor([[1.0], [1.0], [4.0]])  # squared errors 1, 1 and 16: mean 6, not 8.5
    assert average_loss_terms(model, x, batch_size=2) == {"squared_error": 6.0}
    history = fit(model, x, epochs=1, batch_size=2, learning_rate=1e-12, **QUIET)
    assert history.train["loss"] == [6.0]


def test_several_terms_are_summed_and_recorded_apart(x):
    model = Constant()
    model.loss_terms = lambda x, y=None: {
        "near": (x - model.value).square().sum(1),
        "far": 3 * (x - model.value).abs().sum(1),
    }
    history = fit(model, x, held_out=x, epochs=2, **QUIET)
    for record in (history.train, history.held_out):
        assert list(record) == ["loss", "near", "far"]
        for epoch in range(2):
            total = record["near"][epoch] + record["far"][epoch]
            assert record["loss"][epoch] == pytest.approx(total)


def test_a_single_term_is_the_loss_and_not_recorded_twice(x):
    history = fit(Constant(), x, held_out=x, epochs=1, **QUIET)
    assert list(history.train) == list(history.held_out) == ["loss"]


def test_modes_and_frozen_weights_stay_as_they_were(x):
    model = DenseAutoencoder((3, 4, 2))
    model.decoder.requires_grad_(False)
    model.encoder.eval()
    before = [weight.clone() for weight in model.parameters()]
    fit(model, x, epochs=20, learning_rate=0.1, **QUIET)
    changed = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert changed == [True] * 4 + [False] * 4
    assert (model.training, model.encoder.training, model.decoder.training) == (True, False, True)


def test_an_error_of_the_model_comes_out_and_the_model_goes_home(x, monkeypatch):
    class Broken(Constant):
        def loss_terms(self, x, y=None):
            raise RuntimeError("planned")

    model, moves = Broken().eval(), []
    monkeypatch.setattr(model, "to", moves.append)
    with pytest.raises(RuntimeError, match="planned"):
        fit(model, x, epochs=1, **QUIET)
    assert moves == [torch.device("cpu")] * 2  # there and back
    assert not model.training


def test_training_works_where_gradients_are_off_or_the_data_has_some(x):
    model = Constant()
    with torch.no_grad():
        fit(model, (2 * x).requires_grad_(), epochs=20, learning_rate=0.1, **QUIET)
    assert model.value.abs().min() > 0


def test_ctrl_c_keeps_the_model_and_the_finished_epochs(x, capsys):
    class Impatient(Constant):
        calls = 0

        def loss_terms(self, x, y=None):
            self.calls += 1
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().loss_terms(x)

    model = Impatient()
    model.eval()
    history = fit(model, x, epochs=50, learning_rate=0.1, batch_size=len(x), **QUIET)
    assert history.interrupted
    assert len(history) == 2
    assert model.value.abs().min() > 0
    assert not model.training
    assert "stopped in epoch 3: the model keeps its weights" in capsys.readouterr().err


def test_ctrl_c_while_scoring_leaves_whole_epochs(x):
    class Impatient(Constant):
        def loss_terms(self, x, y=None):
            if not self.training:
                raise KeyboardInterrupt
            return super().loss_terms(x)

    history = fit(Impatient(), x, held_out=x, epochs=5, **QUIET)
    assert (history.train, history.held_out, len(history)) == ({}, {}, 0)
    assert str(history) == "epoch"


def test_a_nan_loss_raises_and_names_the_epoch(x):
    class Diverging(Constant):
        calls = 0

        def loss_terms(self, x, y=None):
            self.calls += 1
            error = super().loss_terms(x)["squared_error"]
            return {"e": error * (math.nan if self.calls == 4 else 1)}

    model = Diverging()
    model.eval()
    with pytest.raises(FloatingPointError, match=r"loss in epoch 4 \(.*nan.*learning_rate"):
        fit(model, x, epochs=9, **QUIET)
    assert not model.training


def test_a_held_out_loss_that_is_not_finite_raises_and_names_the_epoch(x):
    class Fragile(Constant):
        def loss_terms(self, x, y=None):
            error = super().loss_terms(x)["squared_error"]
            return {"fine": error, "broken": error * (1 if self.training else -math.inf)}

    with pytest.raises(FloatingPointError, match="held-out loss in epoch 1"):
        fit(Fragile(), x, held_out=x, epochs=2, **QUIET)
    with pytest.raises(FloatingPointError, match="the loss"):
        average_loss_terms(Fragile().eval(), x)


def test_a_weight_that_is_not_finite_raises_although_the_loss_is(x):
    model = Constant()  # the square root of 0 has no gradient
    model.loss_terms = lambda x, y=None: {"e": (0 * x - model.value).square().sum(1).sqrt()}
    with pytest.raises(FloatingPointError, match="a weight after epoch 1 is not finite"):
        fit(model, x, epochs=1, batch_size=103, **QUIET)


@pytest.mark.parametrize("spoilt", [0, 1, 2])
def test_one_spoilt_weight_among_several_is_enough(x, spoilt):
    class Several(nn.Module):
        def __init__(self):
            super().__init__()
            self.values = nn.ParameterList(torch.zeros(3) for _ in range(3))

        def loss_terms(self, x, y=None):
            errors = [(x - value).square().sum(1) for value in self.values]
            errors[spoilt] = (0 * errors[spoilt]).sqrt()  # without a gradient at 0
            return {"e": sum(errors)}

    with pytest.raises(FloatingPointError, match="a weight after epoch 1"):
        fit(Several(), x, epochs=1, batch_size=103, **QUIET)


def test_a_term_may_not_have_the_name_of_their_sum(x):
    model = Constant()
    model.loss_terms = lambda x, y=None: {"loss": (x - model.value).square().sum(1)}
    with pytest.raises(ValueError, match="another name"):
        fit(model, x, epochs=1, **QUIET)


class Regression(Constant):
    """Of y on x, which have to come in the precision of its weights."""

    def loss_terms(self, x, y=None):
        y = x[:, 0] if y is None else y
        assert x.dtype == y.dtype == self.value.dtype
        return {"error": (torch.mv(x, self.value) - y).square()}


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x.numpy().astype(np.float16),
        lambda x: x.numpy(),
        lambda x: x.numpy().astype(np.float64),
        lambda x: x.half(),
        lambda x: x.double(),
        lambda x: (x, x[:, 0].double()),
        lambda x: (x.numpy().astype(np.float64), x[:, 0].numpy().astype(np.float64)),
        lambda x: Samples(x.double(), x[:, 0].half()),
    ],
)
def test_data_of_any_precision_trains_the_model_in_its_own(convert):
    x = torch.randint(9, (50, 3), generator=torch.Generator().manual_seed(0)) / 8  # exact in all
    weights = []
    for samples in (x, convert(x)):
        model = Regression()
        fit(model, samples, held_out=samples, epochs=3, batch_size=20, **QUIET)
        weights.append(model.value.detach())
    assert torch.equal(*weights)


@pytest.mark.parametrize("shape", [(), (103, 1), (103, 3), (102,)])
def test_terms_that_are_not_one_value_per_sample_are_refused(x, shape):
    model = Constant()
    model.loss_terms = lambda x, y=None: {"e": model.value.sum().expand(shape)}
    with pytest.raises(ValueError, match=r"'e' of shape \(103,\), one value per sample, got"):
        fit(model, x, epochs=1, **QUIET)


def test_a_term_of_the_whole_batch_is_told_its_cure(x):
    model = Constant()
    model.loss_terms = lambda x, y=None: {"spread": (x.mean(dim=0) - model.value).square().sum()}
    with pytest.raises(ValueError, match=r"the whole batch is spread\.expand\(len\(x\)\)$"):
        fit(model, x, epochs=1, **QUIET)
    distance = model.loss_terms(x)["spread"].item()
    model.loss_terms = lambda x, y=None: {
        "spread": (x.mean(dim=0) - model.value).square().sum().expand(len(x))
    }
    assert average_loss_terms(model, x)["spread"] == pytest.approx(distance)


def test_a_term_made_of_a_gradient_can_be_scored(x):
    model = nn.Linear(3, 2)
    model.loss_terms = lambda x, y=None: {
        "slope": torch.func.vmap(torch.func.jacrev(model))(x).square().sum(dim=(1, 2))
    }
    assert average_loss_terms(model, x)["slope"] == pytest.approx(
        model.weight.square().sum().item(), rel=1e-5
    )


@pytest.mark.parametrize("terms", [{}, None, torch.zeros(103), {"e": 1.0}])
def test_terms_that_are_no_dict_of_tensors_are_refused(x, terms):
    model = Constant()
    model.loss_terms = lambda x, y=None: terms
    with pytest.raises(TypeError, match="loss_terms to return a dict of tensors, got"):
        fit(model, x, epochs=1, **QUIET)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, r"epochs.* from 1, got 0"),
        ({"epochs": 1.5}, r"epochs.* from 1, got 1.5"),
        ({"batch_size": 0}, r"batch_size.* from 1, got 0"),
        ({"learning_rate": 0}, "learning_rate above 0, got 0"),
        ({"epochs": 2.0}, r"epochs.* from 1, got 2.0"),
        ({"learning_rate": -1e-3}, "learning_rate above 0, got -0.001"),
        ({"learning_rate": math.nan}, "learning_rate above 0, got nan"),
        ({"learning_rate": math.inf}, "learning_rate above 0, got inf"),
        ({"learning_rate": "fast"}, "learning_rate above 0, got 'fast'"),
        ({"seed": -1}, r"seed.* from 0"),
        ({"device": "abacus"}, "expected one of the devices .* got 'abacus'"),
    ],
)
def test_settings_out_of_range_are_refused(x, settings, message):
    with pytest.raises(ValueError, match=message):
        fit(Constant(), x, **(QUIET | {"epochs": 1} | settings))


@pytest.mark.parametrize("role", ["samples", "held_out"])
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (torch.zeros(0, 3), ValueError, "at least one sample in {}, got none"),
        (torch.tensor([[1.0, math.nan, 0.0]]), ValueError, "finite numbers in {}, got NaN"),
        (torch.tensor([[1, 2, 3]]), TypeError, "numbers in {}, .* scale them .* {} / 3"),
        (np.array([[0, 16]], dtype=np.uint8), TypeError, "numbers in {}, .* scale them .* {} / 16"),
        (torch.tensor(1.0), ValueError, "{}, got one number"),
    ],
)
def test_data_that_cannot_be_used_is_refused(x, role, bad, error, message):
    data = {"samples": x, "held_out": x} | {role: bad}
    with pytest.raises(error, match=message.format(role, role)):
        fit(Constant(), data["samples"], held_out=data["held_out"], epochs=1, **QUIET)


def test_models_that_cannot_be_trained_are_refused(x):
    with pytest.raises(TypeError, match=r"loss_terms\(x, y\), got Linear"):
        fit(nn.Linear(3, 3), x, epochs=1, **QUIET)
    with pytest.raises(TypeError, match=r"a model \(an object\) .* got Constant"):
        fit(Constant, x, epochs=1, **QUIET)
    with pytest.raises(ValueError, match="weights to train: all are frozen"):
        fit(Constant().requires_grad_(False), x, epochs=1, **QUIET)
    with pytest.raises(TypeError, match=r"loss_terms\(x, y\), got Linear"):
        average_loss_terms(nn.Linear(3, 3), x)
    model = Constant()
    model.loss_terms = lambda x: {"e": x.sum(dim=1)}
    with pytest.raises(TypeError, match=r"expected loss_terms\(x, y\), got loss_terms\(x\): add y"):
        fit(model, x, epochs=1, **QUIET)


def test_progress_is_shown_when_asked_for(x, capsys):
    fit(Constant(), x, epochs=2, device="cpu")
    assert "2/2" in capsys.readouterr().err
    fit(Constant(), x, epochs=2, **QUIET)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("n_epochs", [1, 5, 10, 11, 60, 99, 237])
def test_the_table_is_short_and_ends_with_the_last_epoch(n_epochs):
    history = History(train={"loss": [1 / (i + 1) for i in range(n_epochs)]})
    lines = str(history).splitlines()[1:]
    assert min(n_epochs, 5) <= len(lines) <= 10
    assert lines[-1].split() == [str(n_epochs), f"{1 / n_epochs:.4g}"]
    assert repr(history) == str(history)  # what a notebook shows
