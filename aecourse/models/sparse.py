"""The sparse autoencoder: many units, few of them active for any sample."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import losses
from ..validation import require_count, require_positive, require_samples, takes


class SparseAutoencoder(nn.Module):
    """Describes a sample as an offset and a sum of few atoms out of a learned dictionary.

    The code is z = ReLU(W (x − b) + c), the reconstruction b + Σⱼ zⱼ dⱼ with atoms dⱼ of length 1.
    (Long atoms would allow small activations, and so evade a price on these.) Built by hand in the
    chapter "Few active units: sparse autoencoders".

    Two ways keep the code sparse, of which a model has exactly one. The penalty ``l1`` adds
    λ Σⱼ zⱼ to the squared error ‖x̂ − x‖², both summed over a sample and neither halved: for
    orthonormal atoms the best activations are max(⟨dⱼ, x − b⟩ − λ/2, 0). And ``top_k`` keeps the
    k largest activations of each sample and sets the others to zero.

    Parameters
    ----------
    n_features : int
        Values per sample.
    n_units : int
        Size of the dictionary and length of the code, often more than ``n_features``.
    l1 : float, optional
        λ, from 0, in units of ``x``.
    top_k : int, optional
        k, up to ``n_units``. Never more units are active, whatever is tied; fewer where fewer than
        k are positive.
    centre : Tensor of shape (n_features,), optional
        Where training starts with the offset b: best the mean of the training samples. By default
        zero.

    Attributes
    ----------
    encoder : nn.Linear
        Starts as the transpose of the dictionary.
    directions : Parameter of shape (n_units, n_features)
        Of the atoms, of any length.
    offset : Parameter of shape (n_features,)
    n_features, n_latent : int
        Values per sample, and numbers per code.

    Raises
    ------
    ValueError
        If not exactly one of ``l1`` and ``top_k`` is given, or a setting is out of range.

    References
    ----------
    Olshausen & Field (1996); Makhzani & Frey (2013); Gao et al. (2025).

    Examples
    --------
    >>> model = SparseAutoencoder(64, 256, top_k=5)
    >>> x = torch.rand(3, 64)
    >>> model.encode(x).shape, model(x).shape
    (torch.Size([3, 256]), torch.Size([3, 64]))
    >>> (model.encode(x) > 0).sum(dim=1)
    tensor([5, 5, 5])
    """

    def __init__(
        self,
        n_features: int,
        n_units: int,
        *,
        l1: float | None = None,
        top_k: int | None = None,
        centre: Tensor | None = None,
    ):
        super().__init__()
        self.n_features = require_count("n_features", n_features)
        self.n_latent = self.n_units = require_count("n_units", n_units)
        if (l1 is None) == (top_k is None):
            raise ValueError(f"expected exactly one of l1 and top_k, got l1={l1}, top_k={top_k}")
        centre = torch.zeros(n_features) if centre is None else require_samples("centre", centre)
        if centre.shape != (n_features,):
            raise ValueError(f"expected a centre of shape ({n_features},), got {(*centre.shape,)}")
        self.l1 = None if l1 is None else require_positive("l1", l1, or_zero=True)
        self.top_k = None if top_k is None else require_count("top_k", top_k, at_most=n_units)
        self.directions = nn.Parameter(functional.normalize(torch.randn(n_units, n_features)))
        self.offset = nn.Parameter(centre.clone())
        self.encoder = nn.Linear(n_features, n_units)
        with torch.no_grad():
            self.encoder.weight.copy_(self.directions)
            self.encoder.bias.zero_()

    @property
    def atoms(self) -> Tensor:
        """The dictionary, of shape (n_units, n_features): rows of length 1."""
        return functional.normalize(self.directions)

    @takes("n_features")
    def encode(self, x: Tensor) -> Tensor:
        """Map samples (n_samples, n_features) to activations (n_samples, n_units), from 0."""
        active = self.encoder(x - self.offset).relu()
        if self.top_k is None:
            return active
        values, indices = active.topk(self.top_k, dim=1)
        return torch.zeros_like(active).scatter(1, indices, values)

    @takes("n_latent")
    def decode(self, z: Tensor) -> Tensor:
        """Map activations (n_samples, n_units) to samples (n_samples, n_features)."""
        return self.offset + z @ self.atoms

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct samples of shape (n_samples, n_features)."""
        return self.decode(self.encode(x))

    @takes("n_features")
    def loss_terms(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return the squared error of each sample and, with ``l1``, λ times its sum of activations.

        Each of shape (n_samples,); ``y`` plays no part.
        """
        z = self.encode(x)
        terms = {"squared_error": losses.squared_error(self.decode(z), x)}
        if self.l1 is not None:
            terms["l1"] = self.l1 * z.sum(dim=1)
        return terms
