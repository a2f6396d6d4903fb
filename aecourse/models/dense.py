"""The dense autoencoder: fully connected layers down to the code, and the mirror image back."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from .. import losses
from ..validation import require_layer_sizes, takes

Activation = Callable[[], nn.Module] | None


def mlp(layer_sizes: Sequence[int], activation: Activation = nn.SiLU) -> nn.Sequential:
    """Build a stack of linear layers with an activation between each two.

    Parameters
    ----------
    layer_sizes : sequence of int
        Input size, hidden sizes, output size; for instance ``(64, 128, 2)``.
    activation : class of nn.Module, optional
        For instance ``nn.ReLU``. None leaves the whole stack linear.

    Returns
    -------
    nn.Sequential
        It ends in a linear layer: no activation limits the output.

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is not a positive whole number.
    TypeError
        If the activation is a layer already built (``nn.ReLU()``) and not its class.

    Examples
    --------
    >>> mlp((64, 128, 2), nn.ReLU)
    Sequential(
      (0): Linear(in_features=64, out_features=128, bias=True)
      (1): ReLU()
      (2): Linear(in_features=128, out_features=2, bias=True)
    )
    """
    layer_sizes = require_layer_sizes(layer_sizes)
    if isinstance(activation, nn.Module) or not (activation is None or callable(activation)):
        raise TypeError(f"expected a class such as nn.ReLU, without brackets, got {activation!r}")
    layers = []
    for n_in, n_out in pairwise(layer_sizes):
        if layers and activation is not None:
            layers.append(activation())
        layers.append(nn.Linear(n_in, n_out))
    return nn.Sequential(*layers)


class DenseAutoencoder(nn.Module):
    """An autoencoder of fully connected layers, trained on the squared error.

    Built by hand in the chapter "A first autoencoder".

    Parameters
    ----------
    layer_sizes : sequence of int
        From the data to the code, for instance ``(64, 128, 128, 2)``. The decoder is the mirror.
    activation : class of nn.Module, optional
        Stands between the layers, never behind the last one of either part. With None the model
        is linear; at its best it then spans the PCA subspace (Baldi & Hornik 1989).

    Attributes
    ----------
    encoder, decoder : nn.Sequential
    n_features, n_latent : int
        Values per sample, and numbers per code.

    Raises
    ------
    ValueError, TypeError
        As `mlp` does.

    Examples
    --------
    >>> import torch
    >>> model = DenseAutoencoder((64, 16, 2))
    >>> x = torch.rand(5, 64)
    >>> model.encode(x).shape, model(x).shape
    (torch.Size([5, 2]), torch.Size([5, 64]))
    """

    def __init__(self, layer_sizes: Sequence[int], activation: Activation = nn.SiLU):
        super().__init__()
        self.layer_sizes, self.activation = tuple(layer_sizes), activation
        self.encoder = mlp(layer_sizes, activation)
        self.decoder = mlp(layer_sizes[::-1], activation)
        self.n_features, self.n_latent = layer_sizes[0], layer_sizes[-1]

    @takes("n_features")
    def encode(self, x: Tensor) -> Tensor:
        """Map samples of shape (n_samples, n_features) to codes of shape (n_samples, n_latent)."""
        return self.encoder(x)

    @takes("n_latent")
    def decode(self, z: Tensor) -> Tensor:
        """Map codes of shape (n_samples, n_latent) to samples of shape (n_samples, n_features)."""
        return self.decoder(z)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct samples of shape (n_samples, n_features)."""
        return self.decode(self.encode(x))

    @takes("n_features")
    def loss_terms(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return the squared error of each sample, of shape (n_samples,); ``y`` plays no part."""
        return {"squared_error": losses.squared_error(self(x), x)}
