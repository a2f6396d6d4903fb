"""Questions to the objective: each is asked once, and its answer kept."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .guard import Guard
from .log import Log
from .result import Search


class Spent(Exception):
    """The budget is used up."""


class Questions:
    """Puts a method's questions to the objective, and keeps count, memory and log.

    Parameters
    ----------
    objective, decode, guard, constraint, bounds, budget, batch
        Those of `optimise`, checked.
    known : Search
        Answers known before; those to codes that are not allowed are left out.
    log : Log, optional
    bar : tqdm
        Shows the progress.
    """

    def __init__(
        self,
        objective: Callable[[Tensor], float],
        decode: Callable[[Tensor], Tensor],
        *,
        guard: Guard | None,
        constraint: Callable[[Tensor], bool | float] | None,
        bounds: np.ndarray,
        budget: int,
        batch: int,
        known: Search,
        log: Log | None,
        bar: tqdm,
    ):
        self.objective, self.decode, self.guard = objective, decode, guard
        self.constraint, self.bounds = constraint, bounds.astype(np.float32)  # as codes are
        self.budget, self.batch, self.log, self.bar = budget, batch, log, bar
        # Codes are remembered by their bytes.
        self.asked: dict[bytes, Tensor] = {}  # in order
        self.answers: dict[bytes, tuple[float, str]] = {}  # value and reason, as they came
        self.earlier = {} if log is None else _by_code(log.earlier)  # not yet asked for again
        allowed = [self._allowed(code) for code in known.codes]
        reasons = tuple(r for r, good in zip(known.reasons, allowed, strict=True) if good)
        self.known = Search(known.codes[allowed], known.values[allowed], reasons)
        self.rejected, self.repeated, self.failed = allowed.count(False), 0, 0
        self.memory = {key: value for key, (value, _) in _by_code(self.known).items()}

    def ask(self, codes: np.ndarray) -> np.ndarray:
        """Return the values of codes (n, n_latent): (n,), −∞ where one is refused or has none.

        Raises `Spent` once the budget is used up, or if the method gets nowhere.
        """
        keys, new, spent = [], [], False
        for code in torch.as_tensor(codes, dtype=torch.float32):
            keys.append(key := _key(code))
            if spent := self.rejected + self.repeated > 1000 * self.budget:
                break
            if key in self.memory or key in self.asked:
                self.repeated += 1
            elif not self._allowed(code):
                self.rejected += 1
                self.memory[key] = -np.inf
            elif spent := len(self.asked) == self.budget:
                break
            else:
                self.asked[key] = code
                new.append(key)
        self._pose(new)
        if spent:
            raise Spent
        return np.array([self.memory[key] for key in keys])

    def result(self) -> Search:
        """Return all answers, in the order of the questions."""
        found = [
            (code, *self.answers[key]) for key, code in self.asked.items() if key in self.answers
        ]
        if not found and not len(self.known.values):
            who = "constraint" if self.guard is None else "guard"
            who += " and the constraint" if self.guard and self.constraint else ""
            raise ValueError(f"no code was evaluated: the {who} refused all {self.rejected}")
        codes, values, reasons = zip(*found, strict=True) if found else ((), (), ())
        values = torch.cat([self.known.values, torch.tensor(values, dtype=torch.double)])
        if not values.isfinite().any():
            reason, times = Counter(reasons + self.known.reasons).most_common(1)[0]
            raise ValueError(
                f"expected an objective with a finite value, got none in {len(values)} "
                f"evaluations; {times} times: {reason}"
            )
        codes = torch.cat([self.known.codes, *(code[None] for code in codes)])
        reasons, n_known = (*self.known.reasons, *reasons), len(self.known.values)
        return Search(codes, values, reasons, self.rejected, self.repeated, n_known)

    def _pose(self, keys: list[bytes]) -> None:
        """Get the answers to new questions: from the log, or from the objective."""
        for key in keys:
            if key in self.earlier:
                self._keep(key, *self.earlier.pop(key))
        keys = [key for key in keys if key not in self.answers]
        if keys and self.earlier:  # the search that wrote the log asked for these before
            raise ValueError(
                f"{self.log.path} has {len(self.earlier)} answers that this search does not ask "
                "for: it is of another method, seed, budget, batch, guard or model. Name another "
                f"file; these answers can go in as known=design.read_log({str(self.log.path)!r})"
            )
        with closing(self._evaluate(keys)) as came:
            for key, value, error in came:
                reason = _reason(value, error)
                if error is not None:
                    self._report(self.asked[key], error, reason)
                if self.log is not None:
                    self.log.write(self.asked[key], value, reason)
                self._keep(key, -np.inf if reason else value, reason)

    def _evaluate(self, keys: list[bytes]) -> Iterator[tuple[bytes, float, BaseException | None]]:
        """Yield codes, with a value or the exception instead of one, as the answers come."""
        if self.batch == 1:
            for key in keys:
                yield key, *self._answer(self.asked[key])
            return
        pool = ThreadPoolExecutor(self.batch)
        try:
            asked = {pool.submit(self._answer, self.asked[key]): key for key in keys}
            for done in as_completed(asked):
                yield asked[done], *done.result()
        finally:  # after Ctrl-C nothing more is begun, and nothing waited for
            pool.shutdown(wait=False, cancel_futures=True)

    @torch.no_grad()
    def _answer(self, code: Tensor) -> tuple[float, BaseException | None]:
        with _naming(code):
            sample = self.decode(code[None])[0]
        try:
            return float(self.objective(sample)), None
        except (Exception, SystemExit) as error:  # programs that are called end by an exit
            return np.nan, error

    def _keep(self, key: bytes, value: float, reason: str) -> None:
        self.answers[key], self.memory[key] = (value, reason), value
        self.failed += bool(reason)
        best = max(value for value, _ in self.answers.values())
        failed = {"failed": self.failed} if self.failed else {}
        self.bar.set_postfix({"best": f"{best:.4g}"} | failed, refresh=False)
        self.bar.update()

    def _report(self, code: Tensor, error: BaseException, reason: str) -> None:
        """Tell of the first failure of a kind; end the search if it seems to be a mistake."""
        kind = type(error).__name__
        before = [reason.partition(":")[0] for _, reason in self.answers.values()]
        if before == [kind, kind]:
            if self.log is not None:
                self.log.clear()
            error.add_note(
                f"The first three evaluations failed with {kind}, the last at the code "
                f"{code.tolist()}, so this seems to be a mistake in the objective. Where it has no "
                "value, let it return math.nan."
            )
            raise error
        if kind not in before:
            self.bar.write(f"no value at {code.tolist()}: {reason}", file=sys.stderr)

    @torch.no_grad()
    def _allowed(self, code: Tensor) -> bool:
        low, high = self.bounds.T
        if (code.numpy() < low).any() or (code.numpy() > high).any():
            return False
        with _naming(code):
            if self.guard is not None and not self.guard.allows(code, self.decode):
                return False
            return self.constraint is None or _holds(self.constraint(self.decode(code[None])[0]))


def _key(code: Tensor) -> bytes:
    return code.numpy().tobytes()


def _by_code(found: Search) -> dict[bytes, tuple[float, str]]:
    rows = zip(found.codes, found.values.tolist(), found.reasons, strict=True)
    return {_key(code): (value, reason) for code, value, reason in rows}


def _reason(value: float, error: BaseException | None) -> str:
    """Say on one line why there is no value; nothing if there is one."""
    if error is not None:
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return "" if np.isfinite(value) else f"the objective gave {value}"


def _holds(answer) -> bool:
    """Read the answer of a constraint: a yes or no, or a number that must not be negative."""
    try:
        answer = torch.as_tensor(answer)
        return bool(answer if answer.dtype == torch.bool else answer >= 0)
    except (TypeError, RuntimeError):  # None, or several numbers
        raise TypeError(
            "expected the constraint to return True or False, or a number that is 0 or more where "
            f"it holds, got {answer!r}"
        ) from None


@contextmanager
def _naming(code: Tensor):
    """Let an error that ends the search name the code."""
    try:
        yield
    except Exception as error:
        error.add_note(f"at the code {code.tolist()}")
        raise
