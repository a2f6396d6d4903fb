"""What a search has found."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Search:
    """Every code that has an answer: those known before, then those evaluated, in order.

    Attributes
    ----------
    codes : Tensor of shape (n_known + n_evaluations, n_latent)
    values : Tensor of float64 of shape (n_known + n_evaluations,)
        The objective of each; −∞ where it has no value.
    reasons : tuple of str
        Why a code has no value, one each; empty where it has one.
    rejected : int
        Codes that the bounds, the guard or the constraint refused, without an evaluation.
    repeated : int
        Codes that were asked for again, and answered from memory.
    n_known : int
        How many of the answers were known before.
    """

    codes: Tensor
    values: Tensor
    reasons: tuple[str, ...]
    rejected: int = 0
    repeated: int = 0
    n_known: int = 0

    @property
    def evaluations(self) -> int:
        """How often the objective was asked."""
        return len(self.values) - self.n_known

    @property
    def failed(self) -> int:
        """How often it had no value."""
        return sum(map(bool, self.reasons[self.n_known :]))

    @property
    def best_code(self) -> Tensor:
        """The code of the largest value, of shape (n_latent,)."""
        return self.codes[self.values.argmax()]

    @property
    def best_value(self) -> float:
        """The largest value."""
        return self.values.max().item()

    @property
    def best_so_far(self) -> Tensor:
        """The largest value after each evaluation, of shape (n_evaluations,)."""
        return self.values.cummax(dim=0).values[self.n_known :]
