"""Search a latent space for the code whose decoding an objective likes best."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..validation import as_tensor, require_codes, require_count, require_seed
from . import methods
from .guard import Guard
from .log import Log
from .questions import Questions, Spent
from .result import Search

METHODS = {
    "random": methods.random_search,
    "grid": methods.grid_search,
    "nelder-mead": methods.nelder_mead,
    "differential-evolution": methods.differential_evolution,
    "bayesian": methods.bayesian,
}


def optimise(
    objective: Callable[[Tensor], float],
    decode: Callable[[Tensor], Tensor],
    *,
    guard: Guard | None = None,
    constraint: Callable[[Tensor], bool | float] | None = None,
    bounds=None,
    method: str = "bayesian",
    budget: int = 40,
    batch: int = 1,
    seed: int = 0,
    known: Search | tuple | None = None,
    log: str | Path | None = None,
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
        Maps one decoded sample to a number; larger is better. Where it raises an exception, or
        returns NaN or an infinity, the code has no value, and the search goes on. But if the first
        three evaluations raise exceptions of one kind, that is taken for a mistake, and raised.
    decode : callable
        Maps codes (n, n_latent) to samples: ``model.decode``.
    guard : Guard, optional
        Keeps the search on the data. Refused codes cost no evaluation.
    constraint : callable, optional
        Says of a decoded sample that the guard allows whether it may be evaluated: True or False,
        or a number, 0 or more where it may. Refused codes cost no evaluation.
    bounds : array of shape (n_latent, 2), optional
        Lower and upper end of each number; needed without a guard, by default the guard's.
    method : {"random", "grid", "nelder-mead", "differential-evolution", "bayesian"}
    budget : int
        Evaluations of the objective at most. A method may stop before.
    batch : int
        Evaluations at a time, each in a thread of its own, for an objective that runs a program
        (and gives each run files of its own: a shared one would be overwritten): that many codes of
        ``"random"`` and ``"bayesian"``, a generation of ``"differential-evolution"``, all of
        ``"grid"``. ``"nelder-mead"`` asks one by one.
    seed : int
        Fixes all draws.
    known : Search or pair of arrays, optional
        Codes (n, n_latent) with their values (n,), NaN where there is none. They cost no evaluation
        and are part of the result. Each method takes their values from memory, and ``"bayesian"``
        learns from them. Those that the bounds, the guard or the constraint refuse are left out.
    log : str or Path, optional
        A CSV file that gets each answer as it comes. If it has answers, the search goes on from
        there: it repeats its questions, takes the answers from the log, and so ends as if it had
        never stopped. A log does not notice a change of objective or decoder: name another, then.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Search
        Also after Ctrl-C, with what was evaluated until then.

    Raises
    ------
    TypeError
        If the guard is none, or what is known no pair.
    ValueError
        If a setting is unknown or out of range, there are neither bounds nor a guard, every code
        was refused, the objective was finite for none, or the log is of another search.
    OSError
        If the log cannot be written.

    References
    ----------
    Nelder & Mead (1965); Storn & Price (1997); Jones, Schonlau & Welch (1998); Ginsbourger,
    Le Riche & Carraro, "Kriging is well-suited to parallelize optimization" (2010).

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
    if not isinstance(guard, Guard | None):
        raise TypeError(f"expected a guard, got {type(guard).__name__}: make one of codes by Guard")
    bounds = _require_bounds(guard.bounds if bounds is None else bounds)
    if guard is not None and len(bounds) != guard.codes.shape[1]:
        n_latent = guard.codes.shape[1]
        raise ValueError(f"expected {n_latent} pairs of bounds, one a number, got {len(bounds)}")
    budget, rng = require_count("budget", budget), np.random.default_rng(require_seed(seed))
    if require_count("batch", batch) > 1 and method == "nelder-mead":
        raise ValueError(f"nelder-mead asks one by one: expected a batch of 1, got {batch}")
    known = _require_known(known, len(bounds))
    log = None if log is None else Log(log, len(bounds))
    bar = tqdm(total=budget, desc="searching", unit="evaluation", disable=not progress)
    questions = Questions(
        objective,
        decode,
        guard=guard,
        constraint=constraint,
        bounds=bounds,
        budget=budget,
        batch=batch,
        known=known,
        log=log,
        bar=bar,
    )
    settings = {"bounds": bounds, "budget": budget, "batch": batch, "known": questions.known}
    draw = partial(_draw, rng, guard, bounds)
    try:
        METHODS[method](questions.ask, draw, rng=rng, **settings)
    except Spent:
        pass
    except KeyboardInterrupt:
        if not questions.answers:
            raise
        n = len(questions.answers)
        print(f"stopped after {n} evaluations: they are kept", file=sys.stderr)
    finally:
        bar.close()
    return questions.result()


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
    try:
        array = as_tensor("bounds", bounds).detach().cpu().double().numpy()
    except TypeError:  # words, None, or pairs of unequal length
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise ValueError(f"expected bounds as pairs of finite numbers, got {bounds!r}")
    if not (array[:, 0] < array[:, 1]).all():
        raise ValueError(f"expected the lower bound first in each pair, got {array.tolist()}")
    return array


def _require_known(known, n_latent: int) -> Search:
    """Return known answers as a Search, or raise with what came."""
    if known is None or (isinstance(known, Search) and not len(known.values)):
        return Search(torch.empty(0, n_latent), torch.empty(0, dtype=torch.double), ())
    if isinstance(known, Search):
        known = known.codes, known.values
    if not isinstance(known, tuple | list) or len(known) != 2:
        raise TypeError(
            "expected known as a Search or a pair (codes, values), got "
            f"{type(known).__name__}: design.read_log(path) reads the log of a search"
        )
    codes = require_codes("the known codes", known[0], n_latent).float().cpu()
    values = as_tensor("the known values", known[1]).detach().double().cpu()
    if values.shape != (len(codes),):
        raise ValueError(
            f"expected {len(codes)} known values, one a code, got shape {tuple(values.shape)}"
        )
    finite = values.isfinite()
    reasons = tuple("" if there else "known to have none" for there in finite)
    return Search(codes, values.where(finite, -torch.inf), reasons)
