"""A variational autoencoder of signed distance fields, whose last layer is a fixed linear basis."""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor, nn

from .. import losses
from ..data import require_samples
from ..runtime import require_count
from .variational import VAE


class ShapeVAE(nn.Module):
    """A Gaussian VAE of fields that reads and draws them through principal components.

    A small VAE maps between a code and a few coefficients; from these a fixed basis makes the
    field, the one that principal component analysis (PCA) finds in the training fields. Distances
    beyond a limit say nothing about the outline, so they are cut off. Built in the chapter
    "A latent space of shapes".

    The basis is orthonormal. So the squared error of a field is that of its coefficients, plus what
    the basis cannot express: ``fit(model.vae, model.coefficients(fields))`` learns the same as
    ``fit(model, fields)``, many times faster.

    Parameters
    ----------
    fields : Tensor of shape (n_fields, n, n)
        Signed distances of training shapes: they fix the basis.
    n_latent : int
        Numbers per code.
    n_components : int
        Length of the basis, less than ``n_fields`` and n².
    hidden : sequence of int
        Units of the hidden layers from the coefficients to the code; the decoder is the mirror.
    limit : float
        Distances are cut off here, and divided by it for the networks.
    variance : float
        Of the Gaussian likelihood of each divided distance. The smaller it is, the more the
        squared error weighs against the KL divergence.

    Attributes
    ----------
    vae : VAE
        Of the coefficients.
    mean : Tensor of shape (n²,)
    components : Tensor of shape (n_components, n²)
        Orthonormal rows.

    Raises
    ------
    TypeError
        If the fields are no tensor of floating-point numbers.
    ValueError
        If they are no squares of finite numbers, or a setting is out of range.

    Examples
    --------
    >>> fields = torch.randn(40, 16, 16)
    >>> model = ShapeVAE(fields, n_components=8)
    >>> model.encode(fields).shape, model(fields).shape
    (torch.Size([40, 2]), torch.Size([40, 16, 16]))
    """

    def __init__(
        self,
        fields: Tensor,
        n_latent: int = 2,
        *,
        n_components: int = 32,
        hidden: Sequence[int] = (128, 128, 128),
        limit: float = 0.25,
        variance: float = 0.4,
    ):
        super().__init__()
        fields = require_samples("fields", fields)
        if fields.ndim != 3 or fields.shape[1] != fields.shape[2]:
            raise ValueError(f"expected fields of shape (n_fields, n, n), got {(*fields.shape,)}")
        if not 0 < limit < float("inf"):
            raise ValueError(f"expected a limit above 0, got {limit!r}")
        at_most = min(len(fields), fields[0].numel()) - 1
        n_components = require_count("n_components", n_components, at_most=at_most)
        sizes = (n_components, *hidden, n_latent)
        self.vae = VAE(sizes, likelihood="gaussian", variance=variance)
        self.side, self.limit = fields.shape[1], limit
        pca = PCA(n_components, svd_solver="randomized", n_oversamples=n_components, random_state=0)
        pca.fit(self._rows(fields).cpu().numpy())
        for name, values in (("mean", pca.mean_), ("components", pca.components_)):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values, np.float32)))

    def coefficients(self, x: Tensor) -> Tensor:
        """Project fields (n_samples, n, n) onto the basis: (n_samples, n_components)."""
        return (self._rows(x) - self.mean) @ self.components.T

    def encode_distribution(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map fields (n_samples, n, n) to mean and log-variance, each (n_samples, n_latent)."""
        return self.vae.encode_distribution(self.coefficients(x))

    def encode(self, x: Tensor) -> Tensor:
        """Map fields (n_samples, n, n) to the means of their codes (n_samples, n_latent)."""
        return self.encode_distribution(x)[0]

    def decode(self, z: Tensor) -> Tensor:
        """Map codes (n_samples, n_latent) to signed distances (n_samples, n, n)."""
        rows = self.mean + self.vae.decode(z) @ self.components
        return self.limit * rows.unflatten(1, (self.side, self.side))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct fields of shape (n_samples, n, n) from the means of their codes."""
        return self.decode(self.encode(x))

    def reparameterise(
        self, mean: Tensor, log_var: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw codes, as `VAE.reparameterise` does."""
        return self.vae.reparameterise(mean, log_var, generator)

    def reconstruction_nll(self, z: Tensor, x: Tensor) -> Tensor:
        """Return −ln p(x|z) of each field, cut off and divided, of shape (n_samples,), in nats."""
        return losses.gaussian_nll(
            self.decode(z).flatten(1) / self.limit, self._rows(x), self.vae.variance
        )

    def loss_terms(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return reconstruction and KL of each field, of shape (n_samples,), in nats."""
        mean, log_var = self.encode_distribution(x)
        z = self.reparameterise(mean, log_var)
        kl = losses.kl_to_standard_normal(mean, log_var)
        return {"reconstruction": self.reconstruction_nll(z, x), "kl": kl}

    def _rows(self, x: Tensor) -> Tensor:
        """Bring fields to the form that the basis describes: cut off, divided, flat."""
        if x.ndim != 3 or x.shape[1:] != (self.side, self.side):
            raise ValueError(
                f"expected fields of shape (n_samples, {self.side}, {self.side}), got {(*x.shape,)}"
            )
        return (x.clamp(-self.limit, self.limit) / self.limit).flatten(1)
