"""Call a learner's function: with a time limit, with fresh inputs, and never a bare traceback."""

import _thread
import copy
import random
import signal
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..runtime import seeded

PACKAGE = str(Path(__file__).parents[1])
LIBRARIES = (PACKAGE, *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))


class TooLong(Exception):
    """The time limit is over."""


class NotTried(Exception):
    """The function is still the stub."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a call: an answer, or the reason why there is none.

    Attributes
    ----------
    answer : object
        What the function returned.
    error : str
        What to tell the learner if it raised or did not end; empty otherwise.
    raised : str
        The exception itself, as its type and message.
    arguments : tuple
        The inputs as the function left them.
    """

    answer: object = None
    error: str = ""
    raised: str = ""
    arguments: tuple = ()


def call(
    ask: Callable,
    function: Callable,
    arguments: tuple,
    limit: float | None = None,
    *,
    seed: int = 0,
) -> Outcome:
    """Ask a function for an answer to copies of the arguments, from seeded global streams."""
    arguments = copy.deepcopy(arguments)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.default_generator.manual_seed(seed)  # torch.manual_seed takes a millisecond
    try:
        with warnings.catch_warnings(), torch.enable_grad(), time_limit(limit):
            warnings.simplefilter("ignore")
            return Outcome(ask(function, *arguments), arguments=arguments)
    except NotImplementedError as error:
        raise NotTried from error
    except TooLong:
        hint = f"It had not ended after {limit:g} seconds. Is there a loop that never stops?"
        return Outcome(error=hint, raised="TooLong")
    except (Exception, SystemExit) as error:
        raised = f"{type(error).__name__}: {error}"
        return Outcome(error=f"{_place(error)}{raised}", raised=raised)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TooLong when the time is over: in the main thread, between two steps of Python."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    done, late = threading.Event(), threading.Event()

    def interrupt():
        wait = seconds
        while not done.wait(wait):  # again and again: the code may catch the first one
            late.set()
            _thread.interrupt_main()
            wait = 0.05

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Thread(target=interrupt, daemon=True)
    timer.start()
    try:
        yield
        _finish(done, timer)
    except BaseException:
        _finish(done, timer)
        if not late.is_set():
            raise
    finally:
        signal.signal(signal.SIGINT, handler)
    if late.is_set():
        raise TooLong


@contextmanager
def apart() -> Iterator[None]:
    """Leave the global random streams of Python, NumPy and PyTorch as they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with seeded(0):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def _finish(done: threading.Event, timer: threading.Thread) -> None:
    """Stop the timer, and swallow an interrupt that it has already sent."""
    while timer.is_alive():
        try:
            done.set()
            timer.join()
        except KeyboardInterrupt:
            pass


def _place(error: Exception) -> str:
    """Say in which of the learner's lines it happened: the last one outside of any library."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    if not own:
        return ""
    return f"Line {own[-1].lineno}, “{own[-1].line}”, raised "
