import math

import numpy as np
import pytest
import torch
from torch import nn

from aecourse import design, evaluation, heat, latent, shapes, validation
from aecourse.models import VAE, Denoiser, DenseAutoencoder, ShapeVAE
from aecourse.training import fit


@pytest.mark.parametrize("value", [np.int64(3), 3])
def test_whole_numbers_of_any_library_are_counts(value):
    assert validation.require_count("n", value) == 3


@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None, math.nan])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match=f"expected n to be a whole number from 1, got {value!r}"):
        validation.require_count("n", value)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6.0).reshape(3, 2),
        np.arange(6, dtype=np.float16).reshape(3, 2),
        np.arange(6, dtype=">f4").reshape(3, 2),
        np.arange(6, dtype=np.longdouble).reshape(3, 2),
        np.arange(12.0).reshape(3, 4)[:, ::2] / 2 + np.array([0, 0]),
        np.asfortranarray(np.arange(6.0).reshape(3, 2))[::-1][::-1],
        [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]],
        torch.arange(6.0).reshape(3, 2).half(),
        torch.arange(6.0).reshape(3, 2).bfloat16().requires_grad_(),
    ],
)
def test_any_array_of_floats_becomes_samples(values):
    x = validation.require_samples("x", values)
    assert x.dtype in (torch.float32, torch.float64)
    assert not x.requires_grad
    if isinstance(values, np.ndarray) and values.strides == (32, 16):
        assert x.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (
        x.sum()
        == np.asarray(values.detach().float() if hasattr(values, "detach") else values).sum()
    )


def test_a_read_only_array_is_copied():
    values = np.ones((2, 2))
    values.flags.writeable = False
    x = validation.require_samples("x", values)
    x += 1
    assert values.sum() == 4


@pytest.mark.parametrize(
    ("bad", "cure"),
    [
        (np.full((2, 3), 200, dtype=np.uint8), "x / 200"),
        (torch.full((2, 3), 7, dtype=torch.uint8), "x / 255"),
        (torch.tensor([[0, -16]]), "x / 16"),
        (torch.zeros(1, 2, dtype=torch.int32), "x / 1"),
        (torch.tensor([[True]]), r"use x\.float\(\)"),
    ],
)
def test_whole_numbers_are_told_how_to_be_scaled(bad, cure):
    with pytest.raises(TypeError, match=f"floating-point numbers in x, got torch.*{cure}$"):
        validation.require_samples("x", bad)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ([["a"]], TypeError, "codes as a tensor or an array of numbers, got list of <U1"),
        (None, TypeError, "got NoneType of object"),
        (torch.tensor(1.0), ValueError, "at least one sample in codes, got one number"),
        (torch.zeros(0, 2), ValueError, "at least one sample in codes, got none"),
        (np.array([[math.nan]]), ValueError, "finite numbers in codes, got NaN or infinity"),
        (torch.tensor([[-math.inf]]), ValueError, "finite numbers in codes, got NaN or infinity"),
        (torch.tensor([[math.inf, -math.inf]]), ValueError, "finite numbers in codes"),
    ],
)
def test_samples_that_cannot_be_computed_with_are_refused(bad, error, message):
    with pytest.raises(error, match=message):
        validation.require_samples("codes", bad)


def test_finite_values_whose_sum_overflows_are_data():
    large = torch.full((4, 2), 3e38)
    assert torch.equal(validation.require_samples("x", large), large)


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))
        self.n_features = 4

    @validation.takes("n_features")
    def encode(self, x, y=None):
        """Add."""
        return (x * self.weight).sum(dim=1)

    @validation.takes(1, 2, "n_features")
    def pictures(self, x):
        return x


def test_a_method_takes_arrays_in_the_models_precision():
    rows = Rows()
    for x in (np.ones((3, 4)), torch.ones(3, 4).double(), torch.ones(3, 4).half()):
        assert rows.encode(x).dtype == torch.float32
        assert rows.encode(x=x, y=1).tolist() == [4, 4, 4]
        assert rows.double().encode(x).dtype == torch.double
        rows.float()
    assert rows.encode.__doc__ == "Add."


def test_gradients_pass_through_to_what_was_given():
    x = torch.ones(1, 4, dtype=torch.double, requires_grad=True)
    Rows().encode(x).sum().backward()
    assert x.grad.tolist() == [[1] * 4]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 5), r"x of shape \(n_samples, 4\), got \(3, 5\)$"),
        ((4,), r"got \(4,\): add x\[None\] for a single sample"),
        ((3, 2, 2), r"got \(3, 2, 2\): use x\.reshape\(-1, 4\)"),
        ((), r"got \(\)$"),
    ],
)
def test_a_wrong_shape_is_told_its_cure(shape, message):
    with pytest.raises(ValueError, match=message):
        Rows().encode(torch.zeros(shape))


def test_pictures_are_told_their_shape():
    with pytest.raises(
        ValueError, match=r"\(n_samples, 1, 2, 4\), .*: use x\.reshape\(-1, 1, 2, 4\)"
    ):
        Rows().pictures(torch.zeros(3, 8))
    with pytest.raises(TypeError, match=r"scale them first, for instance x / 255"):
        Rows().encode(torch.zeros(3, 4, dtype=torch.uint8))
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        Rows().encode()


def test_labels_of_any_kind_are_whole_numbers_in_range():
    for y in ([1, 0, 2], np.array([1, 0, 2], dtype=np.uint8), torch.tensor([1, 0, 2]).short()):
        assert validation.require_labels("y", y, 3, 3).tolist() == [1, 0, 2]
        assert validation.require_labels("y", y, 3).dtype == torch.int64
    with pytest.raises(ValueError, match="labels from 0 to 9 in y, got 0 to 200"):
        validation.require_labels("y", np.array([0, 200], dtype=np.uint8), 2, 10)
    with pytest.raises(ValueError, match="labels from 0 in y, got -1 to 1"):
        validation.require_labels("y", [1, -1], 2)
    with pytest.raises(ValueError, match=r"3 labels in y, one each, got \(2,\)"):
        validation.require_labels("y", [1, 1], 3)
    for bad in ([0.5, 1.0], [True, False]):
        with pytest.raises(TypeError, match="y as whole numbers"):
            validation.require_labels("y", bad, 2)


@pytest.mark.parametrize("value", ["0.1", None, -1, math.nan, math.inf, 1j, 0])
def test_what_is_no_positive_number_is_refused(value):
    with pytest.raises(ValueError, match="expected rate above 0, got"):
        validation.require_positive("rate", value)
    if value != 0:
        with pytest.raises(ValueError, match="expected rate from 0, got"):
            validation.require_positive("rate", value, or_zero=True)
    with pytest.raises(ValueError, match="expected share above 0 and up to 1, got"):
        validation.require_share("share", value)


def test_shares():
    assert validation.require_share("q", 1) == 1
    assert validation.require_share("q", 0.5, or_one=False) == 0.5
    for value in (1, 1.5):
        with pytest.raises(ValueError, match="expected q above 0 and below 1, got"):
            validation.require_share("q", value, or_one=False)


# ---- at the doors of the package ---------------------------------------------------------------

CODES = torch.randn(60, 2, generator=torch.Generator().manual_seed(0)).half()
LABELS = torch.arange(60) % 3


@pytest.mark.parametrize(
    "score",
    [
        lambda z: latent.grid(z, 3),
        lambda z: latent.sample(z, 4, torch.Generator().manual_seed(0)),
        lambda z: evaluation.knn_accuracy(z, LABELS, z, LABELS),
        evaluation.active_units,
        lambda z: evaluation.told_apart(z[:30], z[30:]),
        lambda z: design.Guard(z).near(z),
    ],
)
def test_codes_in_half_precision_are_codes_like_any_other(score):
    assert np.array_equal(score(CODES), score(CODES.float()))


@pytest.mark.parametrize(
    ("name", "use"),
    [
        (
            "learning_rate",
            lambda x: fit(DenseAutoencoder((2, 1)), CODES, epochs=1, learning_rate=x),
        ),
        ("beta", lambda x: VAE((4, 2), beta=x)),
        ("variance", lambda x: VAE((4, 2), variance=x)),
        ("radius", shapes.circle),
        ("depth", lambda x: shapes.star(5, depth=x)),
        ("spacing", lambda x: heat.cool(shapes.circle().field(16), spacing=x)),
        ("quantile", lambda x: design.Guard(CODES, quantile=x)),
        ("coverage", lambda x: latent.grid(CODES, coverage=x)),
    ],
)
def test_a_string_is_no_number(name, use):
    with pytest.raises(ValueError, match=f"{name}.*, got '0.5'"):
        use("0.5")


@pytest.mark.parametrize(
    "use",
    [
        lambda x: fit(DenseAutoencoder((2, 1)), x, epochs=1),
        lambda x: latent.encode(DenseAutoencoder((2, 1)), x),
        lambda x: evaluation.auroc(x, torch.ones(3)),
        lambda x: evaluation.auroc(torch.ones(3), x),
    ],
)
def test_one_number_is_no_sample(use):
    with pytest.raises(ValueError, match="got one number"):
        use(torch.tensor(1.0))


def test_what_is_all_alike_is_refused_where_differences_matter():
    with pytest.raises(ValueError, match="codes that differ"):
        design.Guard(torch.ones(20, 2))
    with pytest.raises(ValueError, match="fields that differ, got 20 equal ones"):
        ShapeVAE.from_fields(shapes.circle(0.8).field(16).expand(20, -1, -1), n_components=2)


def test_a_denoiser_says_how_to_scale_whole_numbers():
    denoiser, x = Denoiser(2, (1.0,)), torch.tensor([[0, 16]])
    for use in (lambda: denoiser(x, 1.0), lambda: denoiser.score(x, 1.0)):
        with pytest.raises(TypeError, match="noisy / 16"):
            use()
    with pytest.raises(TypeError, match="x / 16"):
        denoiser.loss_terms(x)
