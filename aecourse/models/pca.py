"""Principal component analysis: the plain baseline that a model has to beat, and a fixed basis."""

from sklearn.decomposition import PCA
from torch import Tensor, from_numpy, nn

from ..validation import require_codes, require_count, takes


class PCABaseline(nn.Module):
    """Principal component analysis with the three methods of a model; nothing is left to train.

    Any score of a model can be taken of PCA by the same line of code. The code of a sample is its
    projection onto the components, and the reconstruction the point of their plane that is nearest.

    Parameters
    ----------
    mean : Tensor of shape (n_features,)
    components : Tensor of shape (n_components, n_features)
        Orthonormal rows, by falling variance. `from_samples` computes both.

    References
    ----------
    Written out in the chapter "A first autoencoder"; the best linear code by Eckart & Young (1936).

    Examples
    --------
    >>> import torch
    >>> x = torch.rand(20, 3)
    >>> pca = PCABaseline.from_samples(x, 3)
    >>> bool(torch.allclose(pca(x), x, atol=1e-5))  # as many components as features: exact
    True
    """

    def __init__(self, mean: Tensor, components: Tensor):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("components", components)
        self.n_latent, self.n_features = components.shape

    @classmethod
    def from_samples(cls, x: Tensor, n_components: int) -> "PCABaseline":
        """Find the components of training samples, by scikit-learn.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_features)
            Training samples.
        n_components : int
            Length of the code, at most the smaller of ``n_samples`` and ``n_features``.

        Raises
        ------
        ValueError
            If ``n_components`` is out of range, or the samples are empty or not finite.
        """
        x = require_codes("x", x)
        require_count("n_components", n_components, at_most=min(x.shape))
        solver = "full"
        if len(x) >= 5 * x.shape[1]:  # a tenth of the time, to the same digits
            solver = "covariance_eigh"
        elif 10 * n_components < min(x.shape):  # a few of very many
            solver = "randomized"
        pca = PCA(n_components, svd_solver=solver, n_oversamples=n_components, random_state=0)
        pca.fit(x.cpu().numpy())
        return cls(*(from_numpy(found).to(x.dtype) for found in (pca.mean_, pca.components_)))

    @takes("n_features")
    def encode(self, x: Tensor) -> Tensor:
        """Project samples of shape (n_samples, n_features) onto the components."""
        return (x - self.mean) @ self.components.T

    @takes("n_latent")
    def decode(self, z: Tensor) -> Tensor:
        """Map codes of shape (n_samples, n_components) back to samples."""
        return self.mean + z @ self.components

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct samples of shape (n_samples, n_features)."""
        return self.decode(self.encode(x))
