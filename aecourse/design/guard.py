"""The guard: which codes a search may visit."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from ..validation import require_codes, require_count, require_share


class Guard:
    """Allow the codes that lie near encoded data, and decode to something acceptable.

    Far from the data a decoder was never trained, and an optimiser finds what it makes up there.
    A code is near if its mean distance to the nearest encoded samples is at most the one that a
    given share of the encoded samples keep among themselves.

    Parameters
    ----------
    codes : Tensor of shape (n_codes, n_latent)
        Encoded training data.
    accepts : callable, optional
        Says of a decoded sample whether it could be built; asked for codes near the data only.
    n_neighbors : int
        Over how many of the nearest samples the distance is averaged.
    quantile : float
        The share, above 0, up to 1.

    Attributes
    ----------
    codes : Tensor of shape (n_codes, n_latent)
    n_neighbors : int
    limit : float
        The largest distance allowed.
    bounds : ndarray of shape (n_latent, 2)
        Lower and upper end of each number of a code that can be near.

    Raises
    ------
    ValueError
        If the codes are no matrix of finite numbers, fewer than ``n_neighbors`` + 1, or a setting
        is out of range.

    Examples
    --------
    >>> guard = Guard(torch.randn(500, 2))
    >>> guard.near(torch.tensor([[0.0, 0.0], [9.0, 0.0]]))
    tensor([ True, False])
    """

    def __init__(
        self,
        codes: Tensor,
        accepts: Callable[[Tensor], bool] | None = None,
        *,
        n_neighbors: int = 5,
        quantile: float = 0.99,
    ):
        codes = require_codes("codes", codes).cpu()
        require_count("n_neighbors", n_neighbors, at_most=len(codes) - 1)
        require_share("quantile", quantile)
        self.codes, self.accepts, self.n_neighbors = codes, accepts, n_neighbors
        self._neighbours = NearestNeighbors(n_neighbors=n_neighbors).fit(codes.numpy())
        among_themselves = self._neighbours.kneighbors()[0].mean(axis=1)  # each without itself
        self.limit = float(np.quantile(among_themselves, quantile))
        if not self.limit > 0:
            raise ValueError("expected codes that differ, got neighbours at distance 0")
        low, high = codes.numpy().min(axis=0), codes.numpy().max(axis=0)
        self.bounds = np.stack([low - self.limit, high + self.limit], axis=1).astype(float)

    def distance(self, codes: Tensor) -> Tensor:
        """Return the mean distance of codes (n, n_latent) to their nearest encoded samples: (n,).

        Raises a ValueError if the codes have another number of columns than the encoded ones.
        """
        codes = require_codes("codes", codes, self.codes.shape[1]).cpu()
        return torch.from_numpy(self._neighbours.kneighbors(codes.numpy())[0].mean(axis=1))

    def near(self, codes: Tensor) -> Tensor:
        """Return for codes (n, n_latent) whether they are near enough: bool of shape (n,)."""
        return self.distance(codes) <= self.limit

    def allows(self, code: Tensor, decode: Callable[[Tensor], Tensor]) -> bool:
        """Say whether a code (n_latent,) is near, and decodes to something acceptable."""
        if not self.near(code[None]).item():
            return False
        return self.accepts is None or bool(self.accepts(decode(code[None])[0]))
