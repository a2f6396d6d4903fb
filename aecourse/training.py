"""The training loop: `fit` trains any model that has ``loss_terms``."""

import math
import sys
from dataclasses import dataclass, field
from numbers import Real

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .data import Samples, require_samples
from .runtime import (
    choose_device,
    device_of,
    evaluating,
    keeping_modes,
    require_count,
    require_seed,
    seeded,
)


@dataclass(repr=False)
class History:
    """What training did, epoch by epoch.

    Attributes
    ----------
    train, validation : dict of str to list of float
        Average per sample in each epoch: ``"loss"``, and each term of it where it has several.
        Training values are taken while the weights change, validation values after the epoch.
    interrupted : bool
        Whether Ctrl-C ended the training early.

    Examples
    --------
    >>> print(History(train={"loss": [4.0, 2.0]}, validation={"loss": [5.0, 3.0]}))
    epoch        loss  held-out loss
        1           4              5
        2           2              3
    """

    train: dict[str, list[float]] = field(default_factory=dict)
    validation: dict[str, list[float]] = field(default_factory=dict)
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.train.get("loss", []))

    def __repr__(self) -> str:
        columns = self.train | {
            f"held-out {name}": values for name, values in self.validation.items()
        }
        step = max(1, math.ceil(len(self) / 10))  # about ten lines, the last epoch among them
        lines = ["  ".join(["epoch", *(f"{name:>10}" for name in columns)])]
        for epoch in range((len(self) - 1) % step, len(self), step):
            cells = (
                f"{column[epoch]:>{max(10, len(name))}.4g}" for name, column in columns.items()
            )
            lines.append("  ".join([f"{epoch + 1:>5}", *cells]))
        return "\n".join(lines)

    def plot(self, ax, **options):
        """Draw a term into the given Axes; options as for `plotting.curves`, which does it."""
        from . import plotting  # the one look upwards, only when a picture is asked for

        return plotting.curves(ax, self.train, self.validation, **options)


def fit(
    model: nn.Module,
    samples: Samples | Tensor,
    *,
    validation: Samples | Tensor | None = None,
    epochs: int,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    seed: int = 0,
    device: str | torch.device | None = None,
    progress: bool = True,
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
        sum of the terms, averaged over the batch.
    samples : Samples or Tensor of shape (n_samples, ...)
        What to train on.
    validation : Samples or Tensor, optional
        Held-out samples, scored after each epoch, never trained on.
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

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the data is empty or holds NaN or infinity, a setting is out of range, the model has
        nothing to train, or a loss term is not one value per sample.
    TypeError
        If the model has no ``loss_terms`` or these are no dict of tensors, or the samples are no
        tensors of floating-point numbers.
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
    validation = None if validation is None else _as_samples(validation, "validation")
    epochs, batch_size = require_count("epochs", epochs), require_count("batch_size", batch_size)
    seed = require_seed(seed)
    if not (isinstance(learning_rate, Real) and 0 < learning_rate < math.inf):
        raise ValueError(f"expected a learning_rate above 0, got {learning_rate!r}")
    if not (isinstance(model, nn.Module) and hasattr(model, "loss_terms")):
        came = model.__name__ if isinstance(model, type) else type(model).__name__
        raise TypeError(f"expected a model (an object) with loss_terms(x, y), got {came}")
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
            x, y = samples.x.to(device), None if samples.y is None else samples.y.to(device)
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
                if validation is not None:
                    sums = _sums(model, validation, seed)
                    held_out = _averages(sums, len(validation), f"held-out loss in epoch {epoch}")
                    _record(history.validation, held_out)
                _record(history.train, trained)
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
    model: nn.Module, samples: Samples | Tensor, *, batch_size: int = 4096, seed: int = 0
) -> dict[str, float]:
    """Average each loss term over all samples, in evaluation mode and without gradients.

    Every sample counts once, so a smaller last batch does not weigh more. The same seed gives the
    same noise and the same result; the global random streams are left alone.

    Parameters
    ----------
    model : nn.Module
        As for `fit`.
    samples : Samples or Tensor of shape (n_samples, ...)
        For a score: held-out samples.
    batch_size : int
        Samples per pass; it limits the memory.
    seed : int
        Fixes any noise that the model draws.

    Returns
    -------
    dict of str to float
        Average per sample of each term.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        As `fit` does.
    """
    samples, batch_size = _as_samples(samples, "samples"), require_count("batch_size", batch_size)
    return _averages(_sums(model, samples, seed, batch_size), len(samples), "loss")


def _sums(
    model: nn.Module, samples: Samples, seed: int, batch_size: int = 4096
) -> dict[str, Tensor]:
    """Sum each loss term over all samples, and leave model and random streams as they were."""
    sums, device = {}, device_of(model)
    with seeded(seed), evaluating(model):
        for start in range(0, len(samples), batch_size):
            batch = samples[start : start + batch_size]
            y = None if batch.y is None else batch.y.to(device)
            _add(sums, _loss_terms(model, batch.x.to(device), y))
    return sums


def _as_samples(samples: Samples | Tensor, name: str) -> Samples:
    """Wrap a tensor, and refuse what cannot be trained on."""
    x, y = (samples.x, samples.y) if isinstance(samples, Samples) else (samples, None)
    return Samples(require_samples(name, x), y)


def _loss_terms(model: nn.Module, x: Tensor, y: Tensor | None) -> dict[str, Tensor]:
    """Ask the model, and refuse what is no dict of terms, or is averaged already."""
    terms = model.loss_terms(x, y)
    named = isinstance(terms, dict) and all(isinstance(term, Tensor) for term in terms.values())
    if not (named and terms):
        raise TypeError(f"expected loss_terms to return a dict of tensors, got {terms!r:.80}")
    for name, term in terms.items():
        if term.shape != (len(x),):
            raise ValueError(
                f"expected loss term {name!r} of shape ({len(x)},), one value per sample, "
                f"got {tuple(term.shape)}: sum over a sample's values, not over samples"
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
