"""What an explorer puts into a page, against torch; what a browser makes of it is tested apart."""

import base64
import html
import json
import re
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from aecourse import design
from aecourse.explorer import compressing, latent_explorer, packing
from aecourse.explorer.plane import pack_plane, plane_of
from aecourse.models import VAE, DenseAutoencoder, PCABaseline, ShapeVAE

BUDGET = 500_000  # bytes of a page for an explorer that decodes
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.SiLU, nn.Tanh, nn.Sigmoid, None)


def random_codes(n=300, spread=2.0, seed=0):
    return spread * torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def contents(explorer):
    return json.loads(html.unescape(re.search('contents="([^"]*)"', explorer.html)[1]))


def unpacked(rows):
    """Read rows back as the script does."""
    kind = {1: np.int8, 2: np.int16}[rows["bytes"]]
    whole = np.frombuffer(base64.b64decode(rows["values"]), kind)
    scales = np.frombuffer(base64.b64decode(rows["scales"]), np.float32)
    return whole.reshape(rows["rows"], rows["columns"]) * scales[:, None].astype(float)


MODELS = {
    **{str(kind): partial(DenseAutoencoder, (36, 20, 2), kind) for kind in ACTIVATIONS},
    "Bernoulli": lambda: VAE((36, 20, 20, 2)),
    "Gaussian": lambda: VAE((36, 20, 2), likelihood="gaussian"),
    "PCA": lambda: PCABaseline.from_samples(torch.rand(50, 36), 2),
    "shapes": lambda: ShapeVAE.from_fields(torch.randn(40, 16, 16), n_components=8),
}


@pytest.fixture(params=MODELS)
def model(request):
    torch.manual_seed(0)
    return MODELS[request.param]()


def test_the_layers_compute_what_the_model_decodes(model):
    codes = random_codes().double()
    decoded = model.double().decode(codes).flatten(1)
    assert torch.allclose(packing.run(packing.decoder_layers(model), codes), decoded, atol=1e-12)


def test_rounded_weights_decode_within_two_per_cent(model):
    layers = packing.decoder_layers(model)
    small = compressing.compressed(layers, random_codes().double(), tolerance=0.02)
    others = random_codes(seed=1).double()
    exact = model.double().decode(others).flatten(1)
    assert compressing.error(packing.run(small, others), exact) < 0.02


def test_what_is_written_is_what_was_measured(model):
    layers = packing.decoder_layers(model)
    small = compressing.compressed(layers, random_codes().double(), tolerance=0.02)
    for layer, packed in zip(small, packing.pack_layers(small), strict=True):
        assert np.allclose(unpacked(packed["weights"]), layer.weight, rtol=1e-12, atol=0)


@pytest.mark.parametrize("n_bytes", [1, 2])
def test_a_number_is_off_by_half_a_step_of_its_row_at_most(n_bytes):
    matrix = np.random.default_rng(0).normal(size=(20, 50)) * np.logspace(-6, 6, 20)[:, None]
    matrix[3] = 0
    step = np.abs(matrix).max(axis=1, keepdims=True) / (2 ** (8 * n_bytes - 1) - 1)
    assert (np.abs(unpacked(packing.pack_rows(matrix, n_bytes)) - matrix) <= 0.5001 * step).all()


@pytest.mark.parametrize("build", [DenseAutoencoder, VAE])
def test_the_decoder_of_the_chapters_on_mnist_keeps_the_budget(build):
    torch.manual_seed(0)
    model = build((784, 512, 128, 2))
    explorer = latent_explorer(model, random_codes(), alt="A plane.")
    assert len(explorer.html) < BUDGET
    assert explorer.error < 0.02


def test_a_layer_of_low_rank_becomes_two_thin_ones_that_compute_the_same():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.double)

    x = draw(400, 300)
    layer = packing.Layer(draw(250, 7) @ draw(7, 300), draw(250), "silu")
    thin = compressing.thinned([layer], x, tolerance=1e-6)
    assert [tuple(part.weight.shape) for part in thin] == [(7, 300), (250, 7)]
    assert torch.allclose(packing.run(thin, x), packing.run([layer], x), atol=1e-6)
    full = packing.Layer(draw(250, 300), draw(250))
    assert compressing.thinned([full], x, tolerance=1e-6) == [full]


def test_a_field_of_few_different_rows_and_columns_is_made_of_a_small_one():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.double)

    codes, a, b = draw(100, 2), draw(40, 3), draw(50, 4)
    weight, bias = ((a @ draw(n, 3, 4) @ b.T).flatten(1) for n in (2, 1))
    layer = packing.Layer(weight.T, bias[0])
    small, sides = compressing.with_sides([layer], codes, 40, tolerance=1e-6)
    assert [tuple(part.shape) for part in (small.weight, *sides)] == [(12, 2), (40, 3), (50, 4)]
    assert torch.allclose(packing.run([small, sides], codes), packing.run([layer], codes))


def test_units_of_the_data_are_those_of_the_last_layer():
    layers = packing.decoder_layers(DenseAutoencoder((5, 4, 2)))
    codes, shift = random_codes().double(), torch.arange(5.0)
    found = packing.run(packing.scaled(layers, 3.0, shift), codes)
    assert torch.allclose(found, shift + 3 * packing.run(layers, codes))
    with pytest.raises(ValueError, match="no activation behind the last layer, got sigmoid"):
        packing.scaled(packing.decoder_layers(VAE((5, 2))), 3.0, 0.0)


def test_weights_that_cannot_be_rounded_so_much_are_refused():
    layers = packing.decoder_layers(DenseAutoencoder((36, 20, 2)))
    with pytest.raises(ValueError, match=r"differ by 0.0% of their spread, where 0% is allowed"):
        compressing.compressed(layers, random_codes().double(), tolerance=1e-9)


class Odd(nn.Module):
    decoder = nn.Sequential(nn.Linear(2, 4), nn.GELU(), nn.Linear(4, 9))


class Lying(DenseAutoencoder):
    def decode(self, z):
        return super().decode(z) ** 2


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Linear(2, 9), "expected a model whose decoder is an nn.Sequential.*got Linear"),
        (Odd(), "expected linear layers, each with one of ReLU.*got GELU"),
    ],
)
def test_a_model_that_cannot_be_packed_says_why(model, message):
    with pytest.raises(TypeError, match=message):
        latent_explorer(model, random_codes(), alt="A plane.")


CODES, LABELS = random_codes(50), torch.arange(50) % 3
MODEL = DenseAutoencoder((64, 8, 2))
FOUND = design.Search(CODES[:2], torch.ones(2).double(), ("", ""))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codes": CODES[:, :1]}, r"expected codes of shape \(n_samples, 2\), got \(50, 1\)"),
        ({"codes": CODES[:0]}, "expected at least one sample in codes"),
        ({"codes": CODES * torch.nan}, "expected finite numbers in codes"),
        ({"codes": torch.zeros(50, 2)}, "expected codes that differ in each number"),
        ({"codes": CODES[:9].repeat(2, 1)}, "expected codes that differ, got each of them twice"),
        ({"labels": LABELS[:9]}, "expected 50 labels"),
        ({"labels": LABELS, "class_names": ["a", "b"]}, "expected 3 class names, got 2"),
        ({"alt": " "}, "expected a description in alt, got none"),
        ({"originals": torch.zeros(9, 64)}, r"expected originals of shape \(50, 64\).*\(9, 64\)"),
        ({"n_points": 1}, "expected n_points to be a whole number from 2"),
        ({"model": Lying((64, 8, 2))}, "expected model.decode to compute what its decoder does"),
        ({"view": "sound"}, r"expected a view among \['image', 'curve', 'outline'\], got 'sound'"),
        ({"view": "outline"}, r"expected fields of shape \(n, side, side\)"),
        ({"view": "curve", "x": torch.arange(9)}, "expected an x for each of 64 values, got"),
        ({"known": {"α": torch.zeros(9)}}, r"expected α of shape \(50,\), got \(9,\)"),
        ({"reads": {"α": (torch.zeros(9), 0)}}, r"expected α of shape \(1, 64\)"),
        ({"view": "curve", "x": torch.full((64,), torch.nan)}, "expected finite numbers in x"),
        ({"value_range": (1, 1)}, r"two finite numbers that differ, got \[1, 1\]"),
        ({"value_range": (0, torch.nan)}, r"two finite numbers that differ, got \[0.0, nan\]"),
        ({"value_range": 1}, "two finite numbers that differ, got 1"),
        ({"shift": torch.ones(9)}, r"expected shift of shape \(64,\), got \(9,\)"),
        ({"shift": torch.nan}, "finite numbers in what the model decodes"),
        ({"guard": design.Guard(torch.randn(50, 3))}, "a guard of codes of 2 numbers, got 3"),
        ({"reads": {"α": (torch.zeros(64), torch.nan)}}, "not JSON compliant"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"model": DenseAutoencoder((64, 8, 2)), "codes": CODES, "alt": "A plane."}
    with pytest.raises(ValueError, match=message):
        latent_explorer(**good | arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"guard": CODES}, r"expected a guard, got Tensor: make one of codes by design\.Guard"),
        ({"paths": {"α": FOUND}}, r"pair \(codes, values\), got Search: .*take \(found\.codes, "),
    ],
)
def test_another_kind_is_named_with_the_way_to_the_right_one(arguments, message):
    with pytest.raises(TypeError, match=message):
        latent_explorer(DenseAutoencoder((64, 8, 2)), CODES, alt="A plane.", **arguments)


def test_a_training_that_diverged_is_no_lie_of_the_decoder():
    model = DenseAutoencoder((64, 8, 2))
    nn.init.constant_(model.decoder[-1].bias, torch.nan)
    with pytest.raises(ValueError, match="finite numbers in what the model decodes, got NaN"):
        latent_explorer(model, CODES, alt="A plane.")


@pytest.mark.parametrize("kind", [np.array, torch.tensor, list])
def test_numbers_may_come_as_any_array(kind):
    """The same page, whether a list, an array or a tensor says it."""

    def explorer(kind, low, high):
        return latent_explorer(
            MODEL,
            CODES,
            alt="Curves.",
            view="curve",
            value_range=(low, high),
            shift=kind([0.5] * 64),
            x=kind(range(64)),
            known={"number": kind(range(50))},
            paths={"α": (CODES[:2], kind([1.0, 2.0]))},
        )

    low, high = kind([-2.0, 2.0])
    assert contents(explorer(kind, low, high)) == contents(explorer(torch.tensor, -2, 2))


def test_a_plane_shows_most_codes_and_keeps_as_many_as_asked_for():
    codes = random_codes(5000)
    plane = plane_of(codes, 1000)
    inside = ((codes >= plane.low) & (codes <= plane.high)).all(dim=1).float().mean()
    assert inside > 0.98
    assert 500 <= len(plane.points) <= 1000
    assert torch.equal(plane.points, codes[plane.kept].double())
    grid = plane.grid(5)
    assert torch.allclose(grid[-1, 0], plane.low, atol=1e-6)
    assert torch.allclose(grid[0, -1], plane.high, atol=1e-6)


def test_the_limit_is_the_distance_that_99_per_cent_keep():
    line = torch.stack([torch.arange(101.0), torch.arange(101.0)], dim=1)
    plane = plane_of(line, 1000)
    assert pack_plane(plane, None, None)["limit"] == pytest.approx(2**0.5)


def test_classes_are_named_in_their_order_and_only_those_that_occur():
    labels = torch.tensor([4, 0, 4, 2] * 10)
    packed = pack_plane(plane_of(random_codes(40), 100), labels, list("abcde"))
    assert packed["classes"] == ["a", "c", "e"]
    assert len(packed["colours"]) == 3


def test_the_still_picture_has_the_description_and_the_html_holds_all():
    alt = 'A "plane" of <digits> & more'
    model = DenseAutoencoder((64, 8, 2))
    page = latent_explorer(model, CODES, LABELS, alt=alt)._repr_html_()
    assert f'alt="{html.escape(alt)}"' in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("</script>") == 1


def test_the_same_weights_make_the_same_page():
    model = DenseAutoencoder((64, 8, 2))
    pages = {latent_explorer(model, CODES, LABELS, alt="A plane.").html for _ in range(2)}
    assert len(pages) == 1
