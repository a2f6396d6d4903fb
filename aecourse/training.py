"""The training loop: `fit` trains any model that has ``loss_terms``."""

import inspect
import math
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .data import Samples
from .history import History
from .runtime import choose_device, device_of, in_batches, keeping_modes, seeded
from .validation import (
    brought_to,
    require_count,
    require_positive,
    require_samples,
    require_seed,
)


def fit(
    model: nn.Module,
    samples: Samples | Tensor | tuple[Tensor, Tensor],
    *,
    held_out: Samples | Tensor | tuple[Tensor, Tensor] | None = None,
    epochs: int,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    seed: int = 0,
    device: str | torch.device | None = None,
    progress: bool = True,
    after_epoch: Callable[[], object] | None = None,
) -> History:
    """Train a model with Adam and a one-cycle learning rate.

    Built by hand in the chapter "A first autoencoder". The data stays one tensor and each batch is
    indexed from it, which is several times faster than collecting samples one by one. The model is
    changed in place. While it trains, all its layers are in training mode; afterwards it is on the
    device and in the modes that it came with. Ctrl-C stops early and keeps what has been learned.

    Parameters
    ----------
    model : nn.Module
        Its ``loss_terms(x, y)`` returns a dict of tensors of shape (n_samples,). The loss is the
        sum of the terms, averaged over the batch. They are scored without gradients: a term that
        is made of one takes it by `torch.func.jacrev`, or under ``torch.enable_grad()``.
    samples : Samples, array of shape (n_samples, ...), or pair of arrays
        What to train on: x alone, or x and y. Floating-point numbers of any precision, in a tensor
        or a NumPy array; the model is given its own precision.
    held_out : likewise, optional
        Scored after each epoch, never trained on.
    epochs : int
        Passes over the samples.
    batch_size : int
        Samples per step; the last batch of an epoch may be smaller.
    learning_rate : float
        The peak of the one-cycle schedule (Smith & Topin 2019), which begins and ends near zero and
        lowers Adam's momentum while the rate is high. It needs a few dozen steps at least; a single
        step hardly moves a weight.
    seed : int
        Fixes the order of the batches and any noise that the model draws. The first weights are
        the model's own: call `runtime.seed_everything` before building it.
    device : str or torch.device, optional
        Where to compute; by default the fastest device of this machine.
    progress : bool
        Whether to show a progress bar.
    after_epoch : callable, optional
        Called without arguments after each epoch, for instance to keep codes. What it draws at
        random leaves the training as it is.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the data is empty or holds NaN or infinity, a setting is out of range, the model has
        nothing to train, or a loss term is not one value per sample.
    TypeError
        If the model has no ``loss_terms`` or these are no dict of tensors, or the data is of whole
        numbers.
    FloatingPointError
        If the loss or a weight stops being finite; the message names the epoch.

    Examples
    --------
    >>> from aecourse.models import DenseAutoencoder
    >>> history = fit(DenseAutoencoder((64, 2)), torch.rand(100, 64), epochs=3, progress=False)
    >>> len(history)
    3
    """
    samples = _as_samples(samples, "samples")
    held_out = None if held_out is None else _as_samples(held_out, "held_out")
    epochs, batch_size = require_count("epochs", epochs), require_count("batch_size", batch_size)
    seed, learning_rate = require_seed(seed), require_positive("learning_rate", learning_rate)
    _require_loss_terms(model)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError("expected a model with weights to train: all are frozen, or it has none")
    home, device = device_of(model), choose_device(device)

    n_batches = math.ceil(len(samples) / batch_size)
    history = History()
    bar = tqdm(range(1, epochs + 1), desc="training", unit="epoch", disable=not progress)
    try:
        with seeded(seed), keeping_modes(model), torch.enable_grad():
            model.to(device)
            optimiser = torch.optim.Adam(weights, lr=learning_rate, fused=True)
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimiser, learning_rate, total_steps=epochs * n_batches
            )
            order = torch.Generator().manual_seed(seed)  # on the CPU: the same on every device
            x = brought_to(model, samples.x)
            y = None if samples.y is None else brought_to(model, samples.y)
            for epoch in bar:
                model.train()
                sums = {}
                for batch in torch.randperm(len(x), generator=order).to(device).split(batch_size):
                    terms = _loss_terms(model, x[batch], None if y is None else y[batch])
                    loss = sum(terms.values()).mean()
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                    schedule.step()
                    _add(sums, terms)
                trained = _averages(sums, len(x), f"loss in epoch {epoch}")
                if not all(weight.isfinite().all() for weight in weights):
                    raise FloatingPointError(_not_finite(f"a weight after epoch {epoch}"))
                if held_out is not None:
                    scored = _scored(model, held_out, seed, f"held-out loss in epoch {epoch}")
                    _record(history.held_out, scored)
                _record(history.train, trained)
                if after_epoch is not None:
                    with seeded(seed):
                        after_epoch()
                bar.set_postfix(loss=f"{history.train['loss'][-1]:.4g}")
    except KeyboardInterrupt:
        history.interrupted = True
        print(f"stopped in epoch {len(history) + 1}: the model keeps its weights", file=sys.stderr)
    finally:
        bar.close()
        model.to(home)
        model.zero_grad()
    return history


def average_loss_terms(
    model: nn.Module,
    samples: Samples | Tensor | tuple[Tensor, Tensor],
    *,
    batch_size: int = 4096,
    seed: int = 0,
) -> dict[str, float]:
    """Average each loss term over all samples, in evaluation mode and without gradients.

    Every sample counts once, so a smaller last batch does not weigh more. The same seed gives the
    same noise and the same result; the global random streams are left alone.

    Parameters
    ----------
    model : nn.Module
        As for `fit`.
    samples : Samples, array of shape (n_samples, ...), or pair of arrays
        For a score: held-out samples.
    batch_size : int
        Samples per pass; it limits the memory. (A model that draws noise draws it batch by batch.)
    seed : int
        Fixes that noise.

    Returns
    -------
    dict of str to float
        Average per sample of each term.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        As `fit` does.
    """
    _require_loss_terms(model)
    return _scored(model, _as_samples(samples, "samples"), require_seed(seed), "loss", batch_size)


def _scored(
    model: nn.Module, samples: Samples, seed: int, what: str, batch_size: int = 4096
) -> dict[str, float]:
    """Average the loss terms over all samples; leave model and random streams as they were."""
    names = []

    def values(x: Tensor, y: Tensor | None) -> tuple[Tensor, ...]:
        terms = _loss_terms(model, x, y)
        names[:] = terms
        return tuple(terms.values())

    with seeded(seed):
        columns = in_batches(values, model, samples.x, samples.y, batch_size=batch_size)
    sums = {}
    _add(sums, dict(zip(names, columns, strict=True)))
    return _averages(sums, len(samples), what)


def _require_loss_terms(model: nn.Module) -> None:
    """Refuse what is no model with ``loss_terms(x, y)``."""
    if not (isinstance(model, nn.Module) and hasattr(model, "loss_terms")):
        came = model.__name__ if isinstance(model, type) else type(model).__name__
        raise TypeError(f"expected a model (an object) with loss_terms(x, y), got {came}")
    try:
        inspect.signature(model.loss_terms).bind("x", "y")
    except TypeError:
        came = inspect.signature(model.loss_terms)
        raise TypeError(
            f"expected loss_terms(x, y), got loss_terms{came}: add y=None, if it plays no part"
        ) from None


def _as_samples(samples: Samples | Tensor | tuple, name: str) -> Samples:
    """Wrap arrays, and refuse what cannot be trained on."""
    if isinstance(samples, tuple) and len(samples) == 2:
        samples = Samples(*samples)
    x, y = (samples.x, samples.y) if isinstance(samples, Samples) else (samples, None)
    return Samples(require_samples(name, x), y)


def _loss_terms(model: nn.Module, x: Tensor, y: Tensor | None) -> dict[str, Tensor]:
    """Ask the model, and refuse what is no dict of terms, or is averaged already."""
    terms = model.loss_terms(x, y)
    named = isinstance(terms, dict) and all(isinstance(term, Tensor) for term in terms.values())
    if not (named and terms):
        raise TypeError(f"expected loss_terms to return a dict of tensors, got {terms!r:.80}")
    if "loss" in terms:
        raise ValueError("expected another name for the loss term 'loss': it stands for their sum")
    for name, term in terms.items():
        if term.shape != (len(x),):
            cure = "sum over a sample's values, not over samples"
            if term.ndim == 0:
                cure += f"; a term of the whole batch is {name}.expand(len(x))"
            raise ValueError(
                f"expected loss term {name!r} of shape ({len(x)},), one value per sample, "
                f"got {tuple(term.shape)}: {cure}"
            )
    return terms


def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    """Add the terms of a batch to the running sums, in single precision at least."""
    for name, term in terms.items():
        dtype = torch.promote_types(term.dtype, torch.float32)
        sums[name] = sums.get(name, 0) + term.detach().sum(dtype=dtype)


def _averages(sums: dict[str, Tensor], n_samples: int, what: str) -> dict[str, float]:
    """Divide sums by the number of samples, or raise when a result is useless."""
    averages = {name: total.item() / n_samples for name, total in sums.items()}
    if not all(map(math.isfinite, averages.values())):
        raise FloatingPointError(_not_finite(f"the {what} ({averages})"))
    return averages


def _not_finite(what: str) -> str:
    return f"{what} is not finite: try a smaller learning_rate, and look at the range of the data"


def _record(history: dict[str, list[float]], averages: dict[str, float]) -> None:
    """Append an epoch's averages; the terms by name only where there are several."""
    columns = averages if len(averages) > 1 else {}
    for name, value in {"loss": sum(averages.values()), **columns}.items():
        history.setdefault(name, []).append(value)
