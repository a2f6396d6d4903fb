"""Seed, device and modes, set and put back as they were found; and whole numbers, checked."""

import operator
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


def seed_everything(seed: int) -> None:
    """Seed the global random streams of Python, NumPy and PyTorch.

    Call it *before* a model is built: a model draws its first weights when it is constructed.

    Parameters
    ----------
    seed : int
        Zero or more, below 2³².

    Raises
    ------
    ValueError
        If the seed is outside that range.

    Examples
    --------
    >>> seed_everything(0)
    >>> first = torch.rand(3)
    >>> seed_everything(0)
    >>> bool((torch.rand(3) == first).all())
    True
    """
    seed = require_seed(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that still use the global stream
    torch.manual_seed(seed)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from PyTorch's global streams as if seeded, and put them back at the end.

    Parameters
    ----------
    seed : int
        Zero or more, below 2³².

    Raises
    ------
    ValueError
        If the seed is outside that range.

    Examples
    --------
    >>> before = torch.get_rng_state()
    >>> with seeded(0):
    ...     noise = torch.rand(3)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """
    seed = require_seed(seed)
    streams = [(torch.set_rng_state, torch.get_rng_state())]
    if torch.cuda.is_available():
        streams.append((torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    if torch.backends.mps.is_available():
        streams.append((torch.mps.set_rng_state, torch.mps.get_rng_state()))
    torch.manual_seed(seed)
    try:
        yield
    finally:
        for restore, state in streams:
            restore(state)


def require_seed(seed: int) -> int:
    """Return a seed that Python, NumPy and PyTorch all take, or raise a ValueError."""
    return require_count("seed", seed, at_least=0, at_most=2**32 - 1)


def require_count(name: str, value: int, *, at_least: int = 1, at_most: int | None = None) -> int:
    """Return a whole number in a range as an int, or raise a ValueError that names it.

    Examples
    --------
    >>> require_count("epochs", 2.5)
    Traceback (most recent call last):
    ValueError: expected epochs to be a whole number from 1, got 2.5
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < at_least or (at_most is not None and number > at_most):
        limit = "" if at_most is None else f" to {at_most}"
        raise ValueError(
            f"expected {name} to be a whole number from {at_least}{limit}, got {value!r}"
        )
    return number


def choose_device(name: str | torch.device | None = None) -> torch.device:
    """Return the device asked for, or the fastest one that this machine has.

    Parameters
    ----------
    name : str or torch.device, optional
        For instance ``"cpu"``, ``"cuda"`` or ``"mps"``. By default CUDA, else MPS, else the CPU.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If the name is unknown, or this machine has no such device.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if name is None:
        return torch.device(available[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    n_cuda = torch.cuda.device_count() if "cuda" in available else 0
    too_far = device is not None and device.type == "cuda" and (device.index or 0) >= n_cuda
    if device is None or device.type not in available or too_far:
        raise ValueError(f"expected one of the devices {available}, got {name!r}")
    return device


def device_of(model: nn.Module) -> torch.device:
    """Return the device that holds a model's weights (the CPU when it has none)."""
    weights = next(model.parameters(), next(model.buffers(), None))
    return torch.device("cpu") if weights is None else weights.device


@contextmanager
def keeping_modes(model: nn.Module) -> Iterator[None]:
    """Give each layer of a model its own mode (training or evaluation) back at the end."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Look at a model: evaluation mode and no gradients inside, its own modes again after.

    Parameters
    ----------
    model : nn.Module

    Examples
    --------
    >>> model = nn.Dropout()
    >>> with evaluating(model):
    ...     bool((model(torch.ones(100)) == 1).all())
    True
    >>> model.training
    True
    """
    with keeping_modes(model), torch.no_grad():
        model.eval()
        yield
