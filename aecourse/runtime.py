"""Seed, device and modes, set and put back as they were found; and a pass over data in batches."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from .validation import brought_to, require_count, require_seed


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
    seed, mps = require_seed(seed), torch.backends.mps.is_available()
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        state = torch.mps.get_rng_state() if mps else None  # which fork_rng does not reach
        torch.manual_seed(seed)
        try:
            yield
        finally:
            if mps:
                torch.mps.set_rng_state(state)


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


def in_batches(
    function: Callable[..., Tensor | tuple[Tensor, ...]],
    model: nn.Module,
    *data: Tensor | None,
    batch_size: int = 4096,
):
    """Call a function on one batch after the other, and join what it returns, on the CPU.

    In evaluation mode and without gradients; the batch size limits the memory, not the result.

    Parameters
    ----------
    function : callable
        Maps tensors of shape (n, ...) to one tensor of shape (n, ...), or to several.
    model : nn.Module
        What it computes with: batches go to the device of its weights.
    *data : Tensor of shape (n_samples, ...) or None
        What to cut into batches, all in the same way; None is handed on.
    batch_size : int

    Returns
    -------
    Tensor or tuple of Tensor
        As the function does, for all samples.

    Examples
    --------
    >>> in_batches(torch.neg, nn.Identity(), torch.arange(3.0), batch_size=2)
    tensor([-0., -1., -2.])
    """
    batch_size = require_count("batch_size", batch_size)
    batches = [
        tuple(None if part is None else part[start : start + batch_size] for part in data)
        for start in range(0, len(data[0]), batch_size)
    ]
    with evaluating(model):
        found = [
            function(*(None if part is None else brought_to(model, part) for part in batch))
            for batch in batches
        ]
    if isinstance(found[0], Tensor):
        return torch.cat([part.cpu() for part in found])
    return tuple(torch.cat([part.cpu() for part in parts]) for parts in zip(*found, strict=True))
