import pytest
import torch
from torch import nn

from aecourse import losses
from aecourse.models import VAE, DenseAutoencoder
from aecourse.models.dense import mlp


@pytest.mark.parametrize("layer_sizes", [(64, 2), (64, 128, 128, 2), (5, 7)])
@pytest.mark.parametrize("activation", [None, nn.ReLU, nn.SiLU])
def test_shapes_for_any_layers(layer_sizes, activation):
    model, x = DenseAutoencoder(layer_sizes, activation), torch.rand(3, layer_sizes[0])
    assert model.encode(x).shape == (3, layer_sizes[-1])
    assert model(x).shape == x.shape
    terms = model.loss_terms(x)
    assert {name: term.shape for name, term in terms.items()} == {"squared_error": (3,)}
    torch.testing.assert_close(terms["squared_error"], losses.squared_error(model(x), x))


def test_the_decoder_mirrors_the_encoder():
    model = DenseAutoencoder((64, 32, 16, 2))
    sizes = [(m.in_features, m.out_features) for m in model.modules() if isinstance(m, nn.Linear)]
    assert sizes == [(64, 32), (32, 16), (16, 2), (2, 16), (16, 32), (32, 64)]


def test_an_activation_stands_between_layers_and_never_last():
    kinds = [type(layer) for layer in mlp((4, 3, 2, 1), nn.Tanh)]
    assert kinds == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]


@pytest.mark.parametrize("kind", [DenseAutoencoder, VAE])
@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
def test_both_parts_have_the_activation_asked_for(kind, activation):
    model = kind((5, 4, 3, 2), activation)
    for part in (model.encoder, model.decoder):
        assert [type(layer) for layer in part][1::2] == [activation] * 2


def test_without_activations_the_model_is_affine():
    model = DenseAutoencoder((6, 5, 4), activation=None).double()
    a, b = torch.rand(2, 3, 6, dtype=torch.double)
    torch.testing.assert_close(model(0.3 * a + 0.7 * b), 0.3 * model(a) + 0.7 * model(b))


def test_with_activations_it_is_not():
    torch.manual_seed(0)
    model = DenseAutoencoder((6, 5, 4), activation=nn.Tanh)
    a, b = torch.rand(2, 3, 6)
    assert (model(0.3 * a + 0.7 * b) - 0.3 * model(a) - 0.7 * model(b)).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((64,), r"at least two layer sizes, as in \(64, 2\), got \(64,\)"),
        ((), "at least two layer sizes"),
        ((64, 0), "each layer size to be a whole number from 1, got 0"),
        ((64, -1, 2), "got -1"),
        ((64, 2.5), "got 2.5"),
        ((64.0, 2), "got 64.0"),
    ],
)
def test_layer_sizes_that_make_no_model_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        DenseAutoencoder(sizes)


@pytest.mark.parametrize("activation", [nn.ReLU(), "relu"])
def test_an_activation_that_cannot_be_built_is_refused(activation):
    with pytest.raises(TypeError, match="without brackets"):
        DenseAutoencoder((4, 2), activation)


def test_labels_play_no_part_in_the_loss():
    model, x = DenseAutoencoder((4, 2)), torch.rand(6, 4)
    with_labels, without = model.loss_terms(x, torch.arange(6) % 2), model.loss_terms(x)
    assert torch.equal(with_labels["squared_error"], without["squared_error"])


def test_input_of_the_wrong_shape_is_refused():
    model = DenseAutoencoder((64, 2))
    with pytest.raises(ValueError, match=r"x of shape \(n_samples, 64\), got \(64,\): add x\[None"):
        model(torch.zeros(64))
    with pytest.raises(ValueError, match=r"z of shape \(n_samples, 2\), got \(4, 3\)"):
        model.decode(torch.zeros(4, 3))
