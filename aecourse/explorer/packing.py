"""A decoder small enough for a page: rounded weights, and large layers as two thin ones."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..models import PCABaseline, ShapeVAE

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
        return [*decoder_layers(model.vae), scaled([basis], model.limit, 0)[0]]
    if isinstance(model, PCABaseline):
        return [_layer(model.components.T, model.mean)]
    decoder = getattr(model, "decoder", None)
    if not isinstance(decoder, nn.Sequential):
        raise TypeError(
            "expected a model with a decoder, an nn.Sequential of linear layers and activations, "
            f"got {type(model).__name__}"
        )
    layers = []
    for step in decoder:
        if isinstance(step, nn.Linear):
            bias = torch.zeros(step.out_features) if step.bias is None else step.bias
            layers.append(_layer(step.weight, bias))
        elif type(step) in ACTIVATIONS and layers and layers[-1].activation == "none":
            slope = getattr(step, "negative_slope", 0.0)
            layers[-1] = layers[-1]._replace(activation=ACTIVATIONS[type(step)], slope=slope)
        else:
            known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
            raise TypeError(f"expected linear layers, each with one of {known}, got {step}")
    if getattr(model, "likelihood", None) == "bernoulli":  # the decoder computes logits
        layers[-1] = layers[-1]._replace(activation="sigmoid")
    return layers


def scaled(layers: Sequence[Layer], scale: float, shift: Tensor | float) -> list[Layer]:
    """Let the last layer return shift + scale · y, in units of the data instead of the model's."""
    last = layers[-1]
    if last.activation != "none":
        raise ValueError(f"expected no activation behind the last layer, got {last.activation}")
    return [*layers[:-1], _layer(scale * last.weight, scale * last.bias + shift)]


def run(layers: Sequence[Layer], x: Tensor) -> Tensor:
    """Decode codes (n_samples, n_latent), as the script in the page does."""
    for weight, bias, activation, slope in layers:
        x = x @ weight.T + bias
        if activation == "relu":
            x = torch.where(x > 0, x, slope * x)
        elif activation == "silu":
            x = x * x.sigmoid()
        elif activation != "none":
            x = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[activation](x)
    return x


def compressed(layers: Sequence[Layer], codes: Tensor, *, tolerance: float) -> list[Layer]:
    """Make a network small: large layers become thin, then all weights are rounded.

    Parameters
    ----------
    layers : sequence of Layer
    codes : Tensor of shape (n_codes, n_latent)
        Where the network is going to be used.
    tolerance : float
        Largest `error` that this may cause.

    Returns
    -------
    list of Layer
        With weights that `pack_layers` writes exactly.

    Raises
    ------
    ValueError
        If even the smallest change of this kind causes a larger error.
    """
    exact = run(layers, codes)
    for share in (1 / 8, 1 / 16, 1 / 32, 0):
        small = [rounded(layer) for layer in thinned(layers, codes, tolerance=share * tolerance)]
        off = error(run(small, codes), exact)
        if off <= tolerance:
            return small
    raise ValueError(
        f"expected weights that can be rounded, got decoded values that then differ by {off:.1%} "
        f"of their spread, where {tolerance:.0%} is allowed"
    )


def error(values: Tensor, exact: Tensor) -> float:
    """Return the root mean square difference, as a share of the exact values' spread."""
    return ((values - exact).square().mean().sqrt() / exact.std()).item()


def thinned(layers: Sequence[Layer], codes: Tensor, *, tolerance: float) -> list[Layer]:
    """Replace large layers by two thin ones, where these have fewer weights.

    Codes of two numbers lead to few different patterns in a layer of hundreds of units. So what
    the layer computes is projected onto its first principal components, as many as leave no more
    than ``tolerance`` of its spread. One thin layer computes these, the next one expands them.
    """
    thin, x = [], codes
    for layer in layers:
        n_out, n_in = layer.weight.shape
        y = x @ layer.weight.T
        if tolerance and min(n_out, n_in) > 64 and n_out * n_in >= LARGE:
            mean = y.mean(dim=0)
            variances, directions = torch.linalg.eigh((y - mean).T @ (y - mean))  # ascending
            left_out = (variances.clamp(min=0).cumsum(0) / variances.sum()).sqrt()
            q = directions[:, left_out > tolerance]
            if q.shape[1] * (n_out + n_in) < 0.8 * n_out * n_in:
                thin.append(Layer(q.T @ layer.weight, -q.T @ mean))
                thin.append(layer._replace(weight=q, bias=layer.bias + mean))
                x = run(thin[-2:], x)
                continue
        thin.append(layer)
        x = run([layer], x)
    return thin


def rounded(layer: Layer) -> Layer:
    """Round each weight to a multiple of its row's scale."""
    whole, scales = _whole(layer.weight.numpy(), _bytes(layer))
    return layer._replace(weight=torch.from_numpy(whole * scales[:, None].astype(float)))


def pack_layers(layers: Sequence[Layer]) -> list[dict]:
    """Write layers as what JSON can hold."""
    return [
        pack_rows(layer.weight, _bytes(layer))
        | {"bias": encoded(layer.bias, "f4"), "activation": layer.activation, "slope": layer.slope}
        for layer in layers
    ]


def pack_rows(values, n_bytes: int = 1) -> dict:
    """Write a matrix as whole numbers of one or two bytes, and one scale a row.

    A number is off by 0.4 % of the largest of its row at most, with two bytes by 0.002 %.
    """
    whole, scales = _whole(np.asarray(values, dtype=float), n_bytes)
    rows, columns = whole.shape
    texts = {"values": encoded(whole, f"i{n_bytes}"), "scales": encoded(scales, "f4")}
    return {"rows": rows, "columns": columns, "bytes": n_bytes} | texts


def encoded(values, kind: str) -> str:
    """Write the bytes of an array of a NumPy type as text, the lowest byte of a number first."""
    return base64.b64encode(np.asarray(values).astype("<" + kind).tobytes()).decode()


def _bytes(layer: Layer) -> int:
    return 1 if layer.weight.numel() >= LARGE else 2


def _whole(matrix: np.ndarray, n_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide each row by a scale that makes its largest number 127 or 32767, and round."""
    top = 2 ** (8 * n_bytes - 1) - 1
    largest = np.abs(matrix).max(axis=1)
    scales = np.where(largest > 0, largest / top, 1).astype(np.float32)
    return np.rint(matrix / scales[:, None]).clip(-top, top), scales


def _layer(weight: Tensor, bias: Tensor) -> Layer:
    return Layer(weight.detach().cpu().double(), bias.detach().cpu().double())
