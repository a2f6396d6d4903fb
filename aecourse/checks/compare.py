"""Compare a learner's function with a reference, and name the mistake that it makes.

An exercise is a reference and a catalogue of known mistakes, each a small function under its hint.
Where a function differs from the reference, the mistake with the same wrong answers names it.
"""

import dis
import inspect
import json
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from . import general
from .running import NotTried, Outcome, apart, call

RECORD = "AECOURSE_CHECKS"  # names the file in which `python -m aecourse.checks` finds results
STUB = "Nothing is written here yet, or its cell has not run without an error."


class CheckFailed(Exception):
    """A check found something wrong.

    Parameters
    ----------
    name : str
        Of the exercise.
    hint : str
        What is wrong, in a sentence or two.

    Examples
    --------
    >>> CheckFailed("kl", "The sign is wrong.")
    kl: not yet. The sign is wrong.
    """

    def __init__(self, name: str, hint: str):
        super().__init__(name, hint)
        self.name, self.hint = name, hint

    def __str__(self):
        return f"{self.name}: not yet. {self.hint}"

    __repr__ = __str__

    def _render_traceback_(self) -> list[str]:
        """Tell IPython what to show: the hint and no traceback."""
        return [f"✗ {self.name}: not yet", *textwrap.wrap(self.hint, 88)]


@dataclass(frozen=True, eq=False)
class Exercise:
    """What a function should do, and what people do instead.

    Parameters
    ----------
    name : str
        Of the function that the learner writes.
    reference : callable
        The right one. The names of its arguments are those that the learner sees.
    mistakes : dict of str to callable
        Functions that are wrong in a known way, by the hint that helps out of it.
    cases : callable
        Returns inputs, a tuple of arguments by what is special about it. It may draw from the
        global streams, which are seeded then. The first one should be a usual one.
    holds : tuple of str
        What is true of a function that passes.
    ask : callable, optional
        Takes a function and the arguments of a case, and returns what is compared: by default what
        the function returns. Here a case's seed becomes a generator, or draws become averages.
    parts : tuple of str
        Where ``ask`` returns a list of measurements, what each of them is.
    rows : tuple of int
        The arguments with a row for each sample, where an answer depends on the sample only.
    gradient : tuple of int
        The arguments to which the answer must pass a gradient.
    tolerance : float
        Relative, and absolute, of a number.
    """

    name: str
    reference: Callable
    mistakes: dict[str, Callable]
    cases: Callable[[], dict[str, tuple]]
    holds: tuple[str, ...]
    ask: Callable = lambda function, *arguments: function(*arguments)
    parts: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    gradient: tuple[int, ...] = ()
    tolerance: float = 1e-4

    def check(self, function: Callable, time_limit: float) -> None:
        """Print what holds, or raise a CheckFailed with the hint."""
        try:
            with apart():
                hint = self.misused(function) or self.hint(function, time_limit)
        except NotTried:
            hint = STUB
        except Exception as error:  # an answer stranger than any that was thought of
            hint = f"The answer could not be compared with the right one: {error!r}."
        if os.environ.get(RECORD):
            with open(os.environ[RECORD], "a", encoding="utf-8") as file:
                file.write(json.dumps([self.name, hint]) + "\n")
        if hint:
            raise CheckFailed(self.name, hint) from None
        print(f"✓ {self.name}: correct", *(f"  · {line}" for line in self.holds), sep="\n")

    @property
    def arguments(self) -> list[str]:
        """Names of the arguments; what the reference takes by keyword only is its own affair."""
        parameters = inspect.signature(self.reference).parameters.values()
        return [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]

    def misused(self, function: Callable) -> str:
        """Say whether this is no function, or one of other arguments."""
        if not callable(function):
            return f"Hand over the function itself: check_{self.name}({self.name}), no brackets."
        try:
            inspect.signature(function).bind(*self.arguments)
        except TypeError as error:
            return f"The call {self.name}({', '.join(self.arguments)}) does not fit: {error}."
        except ValueError:  # written in C, and not telling
            return ""
        if is_stub(function):
            raise NotTried
        return ""

    def hint(self, function: Callable, limit: float | None = None) -> str:
        """Say what is wrong with a function; nothing if it is right."""
        outcomes = {}
        for key, ask, arguments in self.questions:
            outcomes[key] = call(ask, function, arguments, limit)
            if outcomes[key].raised == "TooLong":
                return outcomes[key].error
        wrong = [key for key in outcomes if not self.same(outcomes[key], self.expected[key])]
        for hint in self.mistakes if wrong else ():
            if self.reproduces(hint, outcomes):
                return hint
        return general.diagnose(self, function, outcomes, wrong, limit)

    @cached_property
    def questions(self) -> list[tuple]:
        """For each case and what is compared there, the key, how to ask, and the arguments."""
        with apart():
            cases = self.cases()
        ways = {"answer": self.ask} | ({"gradient": self.slopes} if self.gradient else {})
        return [((case, way), ways[way], cases[case]) for way in ways for case in cases]

    @cached_property
    def expected(self) -> dict[tuple, Outcome]:
        """The outcomes of the reference."""
        with apart():
            return {key: call(ask, self.reference, given) for key, ask, given in self.questions}

    def slopes(self, function: Callable, *arguments) -> list[Tensor | None]:
        """Return the gradients of the sum of all answers."""
        inputs = [arguments[i].requires_grad_() for i in self.gradient]
        answer = self.ask(function, *arguments)
        if not (isinstance(answer, Tensor) and answer.requires_grad):
            return [None] * len(inputs)
        return list(torch.autograd.grad(answer.sum(), inputs, allow_unused=True))

    def reproduces(self, hint: str, outcomes: dict[tuple, Outcome]) -> bool:
        """Say whether a mistake has the same outcomes throughout."""
        for key, ask, arguments in self.questions:
            if (hint, key) not in self.mistaken:
                self.mistaken[hint, key] = call(ask, self.mistakes[hint], arguments)
            if not self.same(outcomes[key], self.mistaken[hint, key]):
                return False
        return True

    @cached_property
    def mistaken(self) -> dict[tuple, Outcome]:
        """The outcomes of the mistakes, as far as they have been asked for."""
        return {}

    def same(self, a: Outcome, b: Outcome) -> bool:
        """Say whether two calls had the same answer, or failed in the same way."""
        return a.raised == b.raised and general.same(a.answer, b.answer, self.tolerance)


def is_stub(function: Callable) -> bool:
    """Say whether a function does nothing but return None: a bare ``...`` or ``pass``."""
    steps = list(dis.get_instructions(function)) if hasattr(function, "__code__") else []
    constants = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    harmless = {"RESUME", "NOP", "LOAD_CONST", "POP_TOP", "RETURN_CONST", "RETURN_VALUE"}
    return constants[-1:] in ([None], [...]) and {step.opname for step in steps} <= harmless
