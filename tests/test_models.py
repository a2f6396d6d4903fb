import pytest
import torch
from torch import nn

from aecourse import losses
from aecourse.models import DenseAutoencoder
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


def test_without_activations_the_model_is_affine():
    model = DenseAutoencoder((6, 5, 4), activation=None).double()
    a, b = torch.rand(2, 3, 6, dtype=torch.double)
    torch.testing.assert_close(model(0.3 * a + 0.7 * b), 0.3 * model(a) + 0.7 * model(b))


def test_with_activations_it_is_not():
    torch.manual_seed(0)
    model = DenseAutoencoder((6, 5, 4), activation=nn.Tanh)
    a, b = torch.rand(2, 3, 6)
    assert (model(0.3 * a + 0.7 * b) - 0.3 * model(a) - 0.7 * model(b)).abs().max() > 1e-4


@pytest.mark.parametrize("sizes", [(64,), (), (64, 0), (64, -1, 2), (64, 2.5)])
def test_layer_sizes_that_make_no_model_are_refused(sizes):
    with pytest.raises(ValueError, match=r"positive layer sizes such as \(64, 128, 2\), got"):
        DenseAutoencoder(sizes)


def test_an_activation_already_built_is_refused():
    with pytest.raises(TypeError, match=r"got the layer ReLU\(\): drop the"):
        DenseAutoencoder((4, 2, 1), nn.ReLU())


def test_input_of_the_wrong_shape_is_refused():
    model = DenseAutoencoder((64, 2))
    with pytest.raises(ValueError, match=r"x of shape \(n_samples, 64\), got \(64,\): add x\[None"):
        model(torch.zeros(64))
    with pytest.raises(ValueError, match=r"z of shape \(n_samples, 2\), got \(4, 3\)"):
        model.decode(torch.zeros(4, 3))
    with pytest.raises(TypeError, match="x as a Tensor, got list"):
        model([[0.0] * 64])
