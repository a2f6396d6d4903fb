"""A variational autoencoder of signed distance fields, whose last layer is a fixed linear basis."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .variational import VAE


class ShapeVAE(VAE):
    """A Gaussian VAE that sees and draws fields through principal components.

    Networks only map between a code and a few coefficients; from these a fixed basis makes the
    field, as principal component analysis (PCA) of the training fields found it. Built in the
    chapter "Shapes".

    Parameters
    ----------
    mean : Tensor of shape (n_features,)
        Of the training fields, flattened.
    components : Tensor of shape (n_components, n_features)
        Orthonormal rows, as `evaluation.PCABaseline` has them.
    n_latent : int
        Numbers per code.
    hidden : sequence of int
        Units of the hidden layers from the coefficients to the code; the decoder is the mirror.
    variance : float
        Of the Gaussian likelihood of each value of a field. The loss weighs the squared error by
        1/(2 variance) against the KL divergence, and is multiplied by the variance as a whole.

    Examples
    --------
    >>> basis = torch.linalg.qr(torch.randn(4096, 32)).Q.T
    >>> vae = ShapeVAE(torch.zeros(4096), basis)
    >>> vae(torch.randn(5, 4096)).shape
    torch.Size([5, 4096])
    """

    def __init__(
        self,
        mean: Tensor,
        components: Tensor,
        n_latent: int = 2,
        *,
        hidden: Sequence[int] = (128, 128),
        variance: float = 0.3,
    ):
        layer_sizes = (len(components), *hidden, n_latent)
        super().__init__(layer_sizes, likelihood="gaussian", beta=variance)
        self.n_features = len(mean)
        into, out = nn.Linear(len(mean), len(components)), nn.Linear(len(components), len(mean))
        with torch.no_grad():
            into.weight.copy_(components)
            into.bias.copy_(-components @ mean)
            out.weight.copy_(components.T)
            out.bias.copy_(mean)
        for layer in (into, out):
            layer.requires_grad_(False)
        self.encoder = nn.Sequential(into, self.encoder)
        self.decoder = nn.Sequential(self.decoder, out)
