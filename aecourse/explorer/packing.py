"""A decoder or encoder as a list of layers, and these as text that a page can hold."""

import base64
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models import VAE, ConditionalVAE, PCABaseline, ShapeVAE

ACTIVATIONS = {
    nn.ReLU: "relu",  # a leaky one of slope 0
    nn.LeakyReLU: "relu",
    nn.SiLU: "silu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
}
LARGE = 2**16  # weights, from which on a layer keeps one byte of each; a smaller one keeps two


class Layer(NamedTuple):
    """One step of a dense network: y = activation(W x + b)."""

    weight: Tensor  # (n_out, n_in)
    bias: Tensor  # (n_out,)
    activation: str = "none"
    slope: float = 0.0  # of "relu", below zero


class Sides(NamedTuple):
    """A step between a small field and a large one: y = A x Bᵀ, with x as a matrix."""

    left: Tensor  # (n_rows of y, n_rows of x)
    right: Tensor  # (n_columns of y, n_columns of x)


class Transposed(NamedTuple):
    """A transposed convolution of square pictures, which come and go as rows of numbers."""

    weight: Tensor  # (n_channels_in, n_channels_out, kernel, kernel)
    bias: Tensor  # (n_channels_out,)
    side: int  # of a picture that comes in
    stride: int
    padding: int
    extra: int  # rows and columns more at the end, torch's output_padding
    activation: str = "none"
    slope: float = 0.0

    @property
    def side_out(self) -> int:
        """Side of a picture that goes out."""
        kernel = self.weight.shape[-1]
        return (self.side - 1) * self.stride + kernel - 2 * self.padding + self.extra


def decoder_layers(model: nn.Module) -> list[Layer | Transposed]:
    """List the layers that a model decodes a code with, as `model.decode` does.

    Parameters
    ----------
    model : nn.Module
        With ``decoder``, an `nn.Sequential` of linear layers and activations, as `VAE` and
        `DenseAutoencoder` have it; or a `ShapeVAE`, a `PCABaseline` or a `ConditionalVAE`, whose
        layers take a code followed by its label as a one-hot vector.

    Returns
    -------
    list of Layer or Transposed
        In double precision, on the CPU.

    Raises
    ------
    TypeError
        If the model has no such decoder, or a layer of it is of another kind.

    Examples
    --------
    >>> from aecourse.models import DenseAutoencoder
    >>> layers = decoder_layers(DenseAutoencoder((64, 16, 2)))
    >>> [(tuple(layer.weight.shape), layer.activation) for layer in layers]
    [((16, 2), 'silu'), ((64, 16), 'none')]
    """
    if isinstance(model, ShapeVAE):
        basis = _layer(model.components.T, model.mean)
        return [*decoder_layers(model.vae), *scaled([basis], model.limit, 0)]
    if isinstance(model, PCABaseline):
        return [_layer(model.components.T, model.mean)]
    if isinstance(model, ConditionalVAE):
        return _steps([*model.decoder, *model.transposed, nn.Sigmoid()])
    layers = _listed(model, "decoder")
    if getattr(model, "likelihood", None) == "bernoulli":  # the decoder computes logits
        layers[-1] = layers[-1]._replace(activation="sigmoid")
    return layers


def encoder_layers(model: nn.Module) -> list[Layer]:
    """List the layers that a model encodes a sample with, as `model.encode` does.

    Parameters
    ----------
    model : nn.Module
        With ``encoder``, an `nn.Sequential` of linear layers and activations; or a `ShapeVAE`,
        whose layers take fields cut off at its limit. Of the last layer of a `VAE` the rows that
        compute the mean are listed, not those of the log-variance.

    Returns
    -------
    list of Layer
        In double precision, on the CPU.

    Raises
    ------
    TypeError
        If the model has no such encoder, or a layer of it is of another kind.

    Examples
    --------
    >>> from aecourse.models import VAE
    >>> [tuple(layer.weight.shape) for layer in encoder_layers(VAE((64, 16, 2)))]
    [(16, 64), (2, 16)]
    """
    if isinstance(model, ShapeVAE):
        project = _layer(model.components / model.limit, -model.components @ model.mean)
        return [project, *encoder_layers(model.vae)]
    *before, last = _listed(model, "encoder")
    if isinstance(model, VAE):
        mean = slice(model.n_latent)
        last = last._replace(weight=last.weight[mean], bias=last.bias[mean])
    return [*before, last]


def _listed(model: nn.Module, part: str) -> list[Layer | Transposed]:
    """List the steps of a model's decoder or encoder."""
    steps = getattr(model, part, None)
    if not isinstance(steps, nn.Sequential):
        raise TypeError(
            f"expected a model whose {part} is an nn.Sequential of linear layers and activations, "
            f"got {type(model).__name__}"
        )
    return _steps(steps)


def _steps(modules: Sequence[nn.Module]) -> list[Layer | Transposed]:
    """Join each linear layer or transposed convolution with the activation behind it."""
    layers, side = [], None
    for step in modules:
        if isinstance(step, nn.Linear):
            layers.append(_layer(step.weight, _bias(step, step.out_features)))
        elif isinstance(step, nn.Unflatten) and len({*step.unflattened_size[1:]}) == 1:
            side = step.unflattened_size[-1]  # the numbers stay as they are
        elif isinstance(step, nn.ConvTranspose2d) and side:
            layers.append(_transposed(step, side))
            side = layers[-1].side_out
        elif type(step) in ACTIVATIONS and layers and layers[-1].activation == "none":
            slope = getattr(step, "negative_slope", 0.0)
            layers[-1] = layers[-1]._replace(activation=ACTIVATIONS[type(step)], slope=slope)
        else:
            known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
            raise TypeError(f"expected linear layers, each with one of {known}, got {step}")
    return layers


def scaled(layers: Sequence[Layer], scale: float, shift: Tensor | float) -> list[Layer]:
    """Let the last layer return shift + scale · y: in units of the data, not of the model."""
    last = layers[-1]
    if last.activation != "none":
        raise ValueError(f"expected no activation behind the last layer, got {last.activation}")
    if (came := tuple(torch.as_tensor(shift).shape)) not in ((), last.bias.shape):
        raise ValueError(f"expected shift of shape {tuple(last.bias.shape)}, got {came}")
    return [*layers[:-1], _layer(scale * last.weight, scale * last.bias + shift)]


def run(layers: Sequence[Layer | Sides | Transposed], x: Tensor) -> Tensor:
    """Decode codes (n_samples, n_latent), or encode samples, as the script in the page does."""
    for layer in layers:
        if isinstance(layer, Sides):
            small = x.unflatten(1, (layer.left.shape[1], layer.right.shape[1]))
            x = (layer.left @ small @ layer.right.T).flatten(1)
            continue
        if isinstance(layer, Transposed):
            pictures = x.unflatten(1, (-1, layer.side, layer.side))
            weight, bias, _, *steps = layer[:6]
            x = functional.conv_transpose2d(pictures, weight, bias, *steps).flatten(1)
        else:
            x = x @ layer.weight.T + layer.bias
        if layer.activation == "relu":
            x = torch.where(x > 0, x, layer.slope * x)
        elif layer.activation == "silu":
            x = x * x.sigmoid()
        elif layer.activation != "none":
            x = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[layer.activation](x)
    return x


def pack_layers(layers: Sequence[Layer | Sides | Transposed]) -> list[dict]:
    """Write layers as what JSON can hold."""
    return [_packed(layer) for layer in layers]


def _packed(layer: Layer | Sides | Transposed) -> dict:
    if isinstance(layer, Sides):
        return {"left": pack_rows(layer.left, 2), "right": pack_rows(layer.right, 2)}
    packed = {
        "weights": pack_rows(layer.weight.flatten(1), bytes_each(layer.weight)),
        "bias": encoded(layer.bias, "f4"),
        "activation": layer.activation,
        "slope": layer.slope,
    }
    if isinstance(layer, Transposed):
        sizes = {"kernel": layer.weight.shape[-1], "side": layer.side, "sideOut": layer.side_out}
        packed |= sizes | {"stride": layer.stride, "padding": layer.padding}
    return packed


def rounded(layer: Layer | Sides | Transposed) -> Layer | Sides | Transposed:
    """Round weights to what `pack_layers` writes of them."""
    if isinstance(layer, Sides):
        return Sides(*(round_rows(side, 2) for side in layer))
    weight = round_rows(layer.weight.flatten(1), bytes_each(layer.weight))
    return layer._replace(weight=weight.view_as(layer.weight))


def pack_rows(values, n_bytes: int = 1) -> dict:
    """Write a matrix as whole numbers of one or two bytes, and one scale a row.

    A number is off by 0.4 % of the largest of its row at most, with two bytes by 0.002 %.
    """
    whole, scales = _whole(np.asarray(values, dtype=float), n_bytes)
    rows, columns = whole.shape
    texts = {"values": encoded(whole, f"i{n_bytes}"), "scales": encoded(scales, "f4")}
    return {"rows": rows, "columns": columns, "bytes": n_bytes} | texts


def pack_greys(values: Tensor, low: float, high: float) -> dict:
    """Write pictures (n, n_values) in 16 greys, two to a byte: enough for a look."""
    greys = np.rint(15 * ((values.numpy() - low) / (high - low)).clip(0, 1)).astype(np.uint8)
    pairs = np.append(greys, np.zeros(greys.size % 2, np.uint8)).reshape(-1, 2)
    rows, columns = greys.shape
    return {"rows": rows, "columns": columns, "greys": encoded(pairs @ [1, 16], "u1")}


def round_rows(values: Tensor, n_bytes: int) -> Tensor:
    """Round a matrix to what `pack_rows` writes of it."""
    whole, scales = _whole(values.numpy(), n_bytes)
    return torch.from_numpy(whole * scales[:, None].astype(float))


def bytes_each(weight: Tensor) -> int:
    """Return how many bytes of a weight are kept: one in large layers, and two in small ones."""
    return 1 if weight.numel() >= LARGE else 2


def four_digits(values: Sequence[float]) -> list[float | None]:
    """Write numbers with four digits, for a table; JSON has no infinity, and no NaN."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values]


def encoded(values, kind: str) -> str:
    """Write the bytes of an array of a NumPy type as text, the lowest byte of a number first."""
    return base64.b64encode(np.asarray(values).astype("<" + kind).tobytes()).decode()


def _whole(matrix: np.ndarray, n_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide each row by a scale that makes its largest number 127 or 32767, and round."""
    top = 2 ** (8 * n_bytes - 1) - 1
    largest = np.abs(matrix).max(axis=1)
    scales = np.where(largest > 0, largest / top, 1).astype(np.float32)
    return np.rint(matrix / scales[:, None]).clip(-top, top), scales


def _layer(weight: Tensor, bias: Tensor) -> Layer:
    return Layer(weight.detach().cpu().double(), bias.detach().cpu().double())


def _transposed(step: nn.ConvTranspose2d, side: int) -> Transposed:
    weight, bias, *_ = _layer(step.weight, _bias(step, step.out_channels))
    sizes = (step.kernel_size, step.stride, step.padding, step.output_padding, step.dilation)
    if any(len(set(pair)) > 1 for pair in sizes) or step.dilation != (1, 1) or step.groups > 1:
        raise TypeError(
            "expected transposed convolutions alike in both directions, without dilation or "
            f"groups, got {step}"
        )
    _, stride, padding, extra, _ = (pair[0] for pair in sizes)
    return Transposed(weight, bias, side, stride, padding, extra)


def _bias(step: nn.Module, n_out: int) -> Tensor:
    return torch.zeros(n_out) if step.bias is None else step.bias
