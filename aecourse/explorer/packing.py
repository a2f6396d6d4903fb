"""A decoder or encoder as a list of layers, and these as text that a page can hold."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..models import VAE, PCABaseline, ShapeVAE

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
    """A last step that makes a large field of a small one: y = A x Bᵀ, with x as a matrix."""

    left: Tensor  # (n_rows, n_small_rows)
    right: Tensor  # (n_columns, n_small_columns)


def decoder_layers(model: nn.Module) -> list[Layer]:
    """List the layers that a model decodes a code with, as `model.decode` does.

    Parameters
    ----------
    model : nn.Module
        With ``decoder``, an `nn.Sequential` of linear layers and activations, as `VAE` and
        `DenseAutoencoder` have it; or a `ShapeVAE`, or a `PCABaseline`.

    Returns
    -------
    list of Layer
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
    layers = _listed(model, "decoder")
    if getattr(model, "likelihood", None) == "bernoulli":  # the decoder computes logits
        layers[-1] = layers[-1]._replace(activation="sigmoid")
    return layers


def encoder_layers(model: nn.Module) -> list[Layer]:
    """List the layers that a model encodes a sample with, as `model.encode` does.

    Parameters
    ----------
    model : nn.Module
        With ``encoder``, an `nn.Sequential` of linear layers and activations. Of the last layer of
        a `VAE` the rows that compute the mean are listed, not those of the log-variance.

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
    *before, last = _listed(model, "encoder")
    if isinstance(model, VAE):
        mean = slice(model.n_latent)
        last = last._replace(weight=last.weight[mean], bias=last.bias[mean])
    return [*before, last]


def _listed(model: nn.Module, part: str) -> list[Layer]:
    """List the steps of a model's decoder or encoder."""
    steps = getattr(model, part, None)
    if not isinstance(steps, nn.Sequential):
        raise TypeError(
            f"expected a model with {part} as an nn.Sequential of linear layers and activations, "
            f"got {type(model).__name__}"
        )
    layers = []
    for step in steps:
        if isinstance(step, nn.Linear):
            bias = torch.zeros(step.out_features) if step.bias is None else step.bias
            layers.append(_layer(step.weight, bias))
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
    return [*layers[:-1], _layer(scale * last.weight, scale * last.bias + shift)]


def run(layers: Sequence[Layer | Sides], x: Tensor) -> Tensor:
    """Decode codes (n_samples, n_latent), or encode samples, as the script in the page does."""
    for layer in layers:
        if isinstance(layer, Sides):
            small = x.unflatten(1, (layer.left.shape[1], layer.right.shape[1]))
            x = (layer.left @ small @ layer.right.T).flatten(1)
            continue
        x = x @ layer.weight.T + layer.bias
        if layer.activation == "relu":
            x = torch.where(x > 0, x, layer.slope * x)
        elif layer.activation == "silu":
            x = x * x.sigmoid()
        elif layer.activation != "none":
            x = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[layer.activation](x)
    return x


def pack_layers(layers: Sequence[Layer | Sides]) -> list[dict]:
    """Write layers as what JSON can hold."""
    return [
        {"left": pack_rows(layer.left, 2), "right": pack_rows(layer.right, 2)}
        if isinstance(layer, Sides)
        else {
            "weights": pack_rows(layer.weight, bytes_each(layer.weight)),
            "bias": encoded(layer.bias, "f4"),
            "activation": layer.activation,
            "slope": layer.slope,
        }
        for layer in layers
    ]


def rounded(layer: Layer | Sides) -> Layer | Sides:
    """Round weights to what `pack_layers` writes of them."""
    if isinstance(layer, Sides):
        return Sides(*(round_rows(side, 2) for side in layer))
    return layer._replace(weight=round_rows(layer.weight, bytes_each(layer.weight)))


def pack_rows(values, n_bytes: int = 1) -> dict:
    """Write a matrix as whole numbers of one or two bytes, and one scale a row.

    A number is off by 0.4 % of the largest of its row at most, with two bytes by 0.002 %.
    """
    whole, scales = _whole(np.asarray(values, dtype=float), n_bytes)
    rows, columns = whole.shape
    texts = {"values": encoded(whole, f"i{n_bytes}"), "scales": encoded(scales, "f4")}
    return {"rows": rows, "columns": columns, "bytes": n_bytes} | texts


def round_rows(values: Tensor, n_bytes: int) -> Tensor:
    """Round a matrix to what `pack_rows` writes of it."""
    whole, scales = _whole(values.numpy(), n_bytes)
    return torch.from_numpy(whole * scales[:, None].astype(float))


def bytes_each(weight: Tensor) -> int:
    """Return how many bytes of a weight are kept: one in large layers, and two in small ones."""
    return 1 if weight.numel() >= LARGE else 2


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
