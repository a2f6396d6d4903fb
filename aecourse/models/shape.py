"""A variational autoencoder of signed distance fields, whose last layer is a fixed linear basis."""

from collections.abc import Sequence

from torch import Tensor, nn

from .. import losses
from ..validation import require_count, require_positive, require_samples, takes
from .pca import PCABaseline
from .variational import VAE, reparameterise

LIMIT = 0.25
KEPT_VARIANCE, MOST_COMPONENTS = 0.9999, 32  # by default


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
    mean : Tensor of shape (n²,)
    components : Tensor of shape (n_components, n²)
        The basis: orthonormal rows. `from_fields` computes both.
    n_latent : int
        Numbers per code.
    hidden : sequence of int
        Units of the hidden layers from the coefficients to the code; the decoder is the mirror.
    limit : float
        Distances are cut off here, and divided by it for the networks.
    variance : float
        Of the Gaussian likelihood of each divided distance. The smaller it is, the more the
        squared error weighs against the KL divergence.

    Attributes
    ----------
    basis : PCABaseline
        Between fields, cut off, divided and flat, and coefficients.
    vae : VAE
        Of the coefficients.
    side : int
        n, the nodes along each side of a field.

    Raises
    ------
    ValueError
        If a setting is out of range, or the mean is of no square field.

    Examples
    --------
    >>> import torch
    >>> fields = torch.randn(40, 16, 16)  # noise, in the place of shapes
    >>> model = ShapeVAE.from_fields(fields, n_components=8)
    >>> model.encode(fields).shape, model(fields).shape
    (torch.Size([40, 2]), torch.Size([40, 16, 16]))
    """

    def __init__(
        self,
        mean: Tensor,
        components: Tensor,
        n_latent: int = 2,
        *,
        hidden: Sequence[int] = (128, 128, 128),
        limit: float = LIMIT,
        variance: float = 0.4,
    ):
        super().__init__()
        self.basis = PCABaseline(mean, components)
        self.side = round(len(mean) ** 0.5)
        if self.side**2 != len(mean):
            raise ValueError(f"expected the mean of square fields, got {len(mean)} values")
        self.n_latent, self.hidden, self.variance = n_latent, tuple(hidden), variance
        self.limit = require_positive("limit", limit)
        sizes = (len(components), *hidden, n_latent)
        self.vae = VAE(sizes, likelihood="gaussian", variance=variance)

    @classmethod
    def from_fields(
        cls,
        fields: Tensor,
        n_latent: int = 2,
        *,
        n_components: int | None = None,
        limit: float = LIMIT,
        **settings,
    ) -> "ShapeVAE":
        """Find the basis of training shapes, and build an untrained model on it.

        Parameters
        ----------
        fields : Tensor of shape (n_fields, n, n)
            Signed distances of training shapes.
        n_latent : int
            Numbers per code.
        n_components : int, optional
            Length of the basis, less than ``n_fields``. By default as many components as keep
            99.99% of the variance of the fields, and at most 32.
        limit : float
            Distances are cut off here, for the basis as for the model.
        **settings
            As of `ShapeVAE`: ``hidden``, ``variance``.

        Raises
        ------
        ValueError
            If the fields are no squares of finite numbers, all alike, or too few: there must be
            more of them than components, and than numbers per code.
        """
        fields = require_samples("fields", fields)
        if fields.ndim != 3 or fields.shape[1] != fields.shape[2]:
            raise ValueError(f"expected fields of shape (n_fields, n, n), got {(*fields.shape,)}")
        rows = _rows(fields, require_positive("limit", limit)).float()
        variance = rows.var(dim=0, correction=0).sum()
        if not variance:
            raise ValueError(f"expected fields that differ, got {len(fields)} equal ones")
        most = min(rows.shape) - 1  # n fields span n − 1 directions about their mean
        least = {"n_latent": n_latent, "n_components": 1 if n_components is None else n_components}
        for name, number in least.items():
            if require_count(name, number) > most:
                raise ValueError(
                    f"expected {name} from 1 to {most}, as {len(fields)} fields span no more, "
                    f"got {number}: take more shapes, or a smaller number"
                )
        n_basis = min(most, MOST_COMPONENTS) if n_components is None else n_components
        basis = PCABaseline.from_samples(rows, n_basis)
        if n_components is None:
            kept = basis.encode(rows).var(dim=0, correction=0).cumsum(dim=0) / variance
            needed = (kept < KEPT_VARIANCE).sum() + 1
            basis = PCABaseline(basis.mean, basis.components[:needed])
        return cls(basis.mean, basis.components, n_latent, limit=limit, **settings)

    @property
    def mean(self) -> Tensor:
        """Mean of the training fields, cut off, divided and flat, of shape (n²,)."""
        return self.basis.mean

    @property
    def components(self) -> Tensor:
        """The basis, of shape (n_components, n²)."""
        return self.basis.components

    @takes("side", "side")
    def coefficients(self, x: Tensor) -> Tensor:
        """Project fields (n_samples, n, n) onto the basis: (n_samples, n_components)."""
        return self.basis.encode(_rows(x, self.limit))

    def encode_distribution(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map fields (n_samples, n, n) to mean and log-variance, each (n_samples, n_latent)."""
        return self.vae.encode_distribution(self.coefficients(x))

    def encode(self, x: Tensor) -> Tensor:
        """Map fields (n_samples, n, n) to the means of their codes (n_samples, n_latent)."""
        return self.encode_distribution(x)[0]

    def decode(self, z: Tensor) -> Tensor:
        """Map codes (n_samples, n_latent) to signed distances (n_samples, n, n)."""
        rows = self.basis.decode(self.vae.decode(z))
        return self.limit * rows.unflatten(1, (self.side, self.side))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct fields of shape (n_samples, n, n) from the means of their codes."""
        return self.decode(self.encode(x))

    reparameterise = staticmethod(reparameterise)

    def reconstruction_nll(self, z: Tensor, x: Tensor) -> Tensor:
        """Return −ln p(x|z) of each field, cut off and divided, of shape (n_samples,), in nats."""
        rows = self.decode(z).flatten(1) / self.limit
        return losses.gaussian_nll(rows, _rows(x, self.limit), self.variance)

    @takes("side", "side")
    def loss_terms(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return reconstruction and KL of each field, of shape (n_samples,), in nats."""
        mean, log_var = self.encode_distribution(x)
        z = self.reparameterise(mean, log_var)
        kl = losses.kl_to_standard_normal(mean, log_var)
        return {"reconstruction": self.reconstruction_nll(z, x), "kl": kl}


def _rows(x: Tensor, limit: float) -> Tensor:
    """Bring fields to the form that the basis describes: cut off, divided, flat."""
    return (x.clamp(-limit, limit) / limit).flatten(1)
