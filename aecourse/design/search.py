"""Search a latent space for the code whose decoding an objective likes best."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..validation import require_count, require_seed
from . import methods
from .guard import Guard

METHODS = {
    "random": methods.random_search,
    "grid": methods.grid_search,
    "nelder-mead": methods.nelder_mead,
    "differential-evolution": methods.differential_evolution,
    "bayesian": methods.bayesian,
}


@dataclass(frozen=True, eq=False)
class Search:
    """Every code that was evaluated, in order.

    Attributes
    ----------
    codes : Tensor of shape (n_evaluations, n_latent)
    values : Tensor of float64 of shape (n_evaluations,)
        The objective of each; −∞ where it was not finite.
    rejected : int
        Codes that the guard refused, without an evaluation.
    repeated : int
        Codes that were asked for again, and answered from memory.
    """

    codes: Tensor
    values: Tensor
    rejected: int
    repeated: int

    @property
    def evaluations(self) -> int:
        """How often the objective was asked."""
        return len(self.values)

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
        return self.values.cummax(dim=0).values


def optimise(
    objective: Callable[[Tensor], float],
    decode: Callable[[Tensor], Tensor],
    *,
    guard: Guard | None = None,
    bounds=None,
    method: str = "bayesian",
    budget: int = 40,
    seed: int = 0,
    progress: bool = True,
) -> Search:
    """Look for the code whose decoding has the largest objective.

    The methods of the chapter "Designing in a latent space" behind one interface:

    - ``"random"``: random codes, the plain baseline;
    - ``"grid"``: a regular grid over the bounds, of at most ``budget`` codes;
    - ``"nelder-mead"``: a simplex that creeps uphill, begun anew elsewhere when it has converged;
    - ``"differential-evolution"``: a population that mixes its members;
    - ``"bayesian"``: a Gaussian process and the expected improvement.

    Parameters
    ----------
    objective : callable
        Maps one decoded sample to a number; larger is better. NaN or an infinity means that it has
        none. An exception ends the search, and names the code.
    decode : callable
        Maps codes (n, n_latent) to samples: ``model.decode``.
    guard : Guard, optional
        Keeps the search on the data. Refused codes cost no evaluation.
    bounds : array of shape (n_latent, 2), optional
        Lower and upper end of each number; needed without a guard, by default the guard's.
    method : {"random", "grid", "nelder-mead", "differential-evolution", "bayesian"}
    budget : int
        Evaluations of the objective at most. A method may stop before.
    seed : int
        Fixes all draws.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Search
        Also after Ctrl-C, with what was evaluated until then.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range, there are neither bounds nor a guard, the guard
        refused every code, or the objective was finite for none.

    References
    ----------
    Nelder & Mead (1965); Storn & Price (1997); Jones, Schonlau & Welch (1998).

    Examples
    --------
    The flattest of all rectangles of area 1 within bounds, decoded from one number:

    >>> def rectangle(z):
    ...     return torch.cat([z.exp(), (-z).exp()], dim=1)
    >>> found = optimise(
    ...     lambda sides: sides.max(), rectangle, bounds=[(-1, 2)], budget=20, progress=False
    ... )
    >>> found.evaluations, round(found.best_code.item(), 1)
    (20, 2.0)
    """
    if method not in METHODS:
        raise ValueError(f"expected one of the methods {list(METHODS)}, got {method!r}")
    if guard is None and bounds is None:
        raise ValueError("expected a guard, or bounds where to search, got neither")
    bounds = _require_bounds(guard.bounds if bounds is None else bounds)
    if guard is not None and len(bounds) != guard.codes.shape[1]:
        n_latent = guard.codes.shape[1]
        raise ValueError(f"expected {n_latent} pairs of bounds, one a number, got {len(bounds)}")
    budget, rng = require_count("budget", budget), np.random.default_rng(require_seed(seed))
    bar = tqdm(total=budget, desc="searching", unit="evaluation", disable=not progress)
    record = _Record(objective, decode, guard, bounds, budget, bar)
    try:
        METHODS[method](record.value, partial(_draw, rng, guard, bounds), bounds, budget, rng)
    except _Spent:
        pass
    except KeyboardInterrupt:
        print(f"stopped after {len(record.values)} evaluations: they are kept", file=sys.stderr)
    finally:
        bar.close()
    return record.result()


class _Spent(Exception):
    """The budget is used up."""


class _Record:
    """Evaluates codes for a method, and keeps count and memory."""

    def __init__(self, objective, decode, guard, bounds, budget, bar):
        self.objective, self.decode, self.guard, self.bounds = objective, decode, guard, bounds
        self.budget, self.bar = budget, bar
        self.codes, self.values, self.memory = [], [], {}
        self.rejected = self.repeated = 0

    def value(self, z: np.ndarray) -> float:
        """Return the objective of a code; −∞ out of bounds or where the guard refuses."""
        code = torch.as_tensor(z, dtype=torch.float32)
        key = code.numpy().tobytes()
        if self.rejected + self.repeated > 1000 * self.budget:
            raise _Spent  # a method that gets nowhere
        if key in self.memory:
            self.repeated += 1
            return self.memory[key]
        with torch.no_grad():
            if not self._allowed(z, code):
                self.rejected += 1
                self.memory[key] = -np.inf
                return -np.inf
            if len(self.values) == self.budget:
                raise _Spent
            try:
                found = float(self.objective(self.decode(code[None])[0]))
            except Exception as error:
                error.add_note(f"while evaluating the code {z.tolist()}")
                raise
        self.memory[key] = found if np.isfinite(found) else -np.inf
        self.codes.append(code)
        self.values.append(self.memory[key])
        self.bar.set_postfix(best=f"{max(self.values):.4g}", refresh=False)
        self.bar.update()
        return self.memory[key]

    def _allowed(self, z: np.ndarray, code: Tensor) -> bool:
        inside = (self.bounds[:, 0] <= z).all() and (z <= self.bounds[:, 1]).all()
        return bool(inside) and (self.guard is None or self.guard.allows(code, self.decode))

    def result(self) -> "Search":
        if not self.values:
            raise ValueError(f"no code was evaluated: the guard refused all {self.rejected}")
        if not np.isfinite(self.values).any():
            n = len(self.values)
            raise ValueError(
                f"expected an objective with a finite value, got none in {n} evaluations"
            )
        values = torch.tensor(self.values, dtype=torch.double)
        return Search(torch.stack(self.codes), values, self.rejected, self.repeated)


def _draw(rng, guard: Guard | None, bounds: np.ndarray, n: int) -> np.ndarray:
    """Draw codes: evenly within the bounds or, with a guard, around the encoded data."""
    if guard is None:
        return rng.uniform(*bounds.T, (n, len(bounds)))
    found = []
    for _ in range(1000):
        some = guard.codes.numpy()[rng.integers(len(guard.codes), size=2 * n)]
        some = some + guard.limit * rng.uniform(-1, 1, some.shape)
        inside = ((bounds[:, 0] <= some) & (some <= bounds[:, 1])).all(axis=1)
        near = guard.near(torch.as_tensor(some, dtype=torch.float32)).numpy()
        found.extend(some[inside & near])
        if len(found) >= n:
            return np.array(found[:n])
    raise ValueError(f"found no codes near the data within the bounds {bounds.tolist()}")


def _require_bounds(bounds) -> np.ndarray:
    """Return bounds as an array (n_latent, 2), or raise with what came."""
    array = np.asarray(bounds, dtype=float)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise ValueError(f"expected bounds as pairs of finite numbers, got {bounds!r}")
    if not (array[:, 0] < array[:, 1]).all():
        raise ValueError(f"expected the lower bound first in each pair, got {array.tolist()}")
    return array
