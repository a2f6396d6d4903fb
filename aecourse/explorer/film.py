"""The film of a training: where the same samples are encoded after each epoch, beside the loss."""

from collections.abc import Sequence
from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..history import History
from ..plotting import scatter_codes
from ..validation import require_alt, require_codes, require_labels, require_samples
from .live import Explorer, page
from .packing import pack_rows, round_rows
from .plane import MARGIN, pack_classes, reach
from .views import address_of


def training_film(
    codes_by_epoch: Sequence[Tensor],
    labels: Tensor,
    history: History,
    *,
    alt: str,
    class_names: Sequence[str] | None = None,
) -> Explorer:
    """Show how a latent plane came about: a slider for the epoch, and the loss beside it.

    Where no script runs, four of the planes stand in its place.

    Parameters
    ----------
    codes_by_epoch : sequence of Tensor of shape (n_codes, 2)
        The same samples, best held out, before the training and after each epoch: one more than the
        history has epochs. ``after_epoch`` of `training.fit` lets one keep them.
    labels : Tensor of int of shape (n_codes,)
        Class of each sample, for the colours.
    history : History
        Its loss, and the held-out one if it is there, are drawn.
    alt : str
        What is to be seen, for those who cannot see it.
    class_names : sequence of str, optional
        Of the classes from 0; by default their numbers.

    Returns
    -------
    Explorer
        An object that a notebook shows; its error is that of the places of the points.

    Raises
    ------
    ValueError
        If there are not as many codes as that, they are not two numbers each, they or their labels
        differ in number, codes or losses hold NaN, or ``alt`` is empty.

    Examples
    --------
    >>> history = History(train={"loss": [4.0, 2.0]})
    >>> film = training_film(torch.randn(3, 20, 2), torch.arange(20) % 2, history, alt="A plane.")
    >>> film.error < 0.01
    True
    """
    require_alt(alt)
    if len(codes_by_epoch) != len(history) + 1:
        raise ValueError(
            f"expected codes before training and after each of {len(history)} epochs, "
            f"{len(history) + 1} in all, got {len(codes_by_epoch)}"
        )
    train, held_out = history.train["loss"], history.held_out.get("loss", [])
    require_samples("the losses of the history", [1.0, *train, *held_out])
    planes = [require_codes("codes", codes, 2).cpu().double() for codes in codes_by_epoch]
    if any(len(codes) != len(planes[0]) for codes in planes):
        raise ValueError(f"expected {len(planes[0])} codes in each epoch, as in the first")
    labels = require_labels("labels", labels, len(planes[0])).cpu()
    low, high = reach(planes)
    margin = MARGIN * (high - low)
    rows = torch.cat([codes.T for codes in planes])
    contents = {
        "low": (low - margin).tolist(),
        "high": (high + margin).tolist(),
        "codes": pack_rows(rows),
        **pack_classes(labels, class_names),
        "train": train,
        "heldOut": held_out,
        "note": f"The same {len(labels)} samples after each epoch; the axes stay as they are.",
    }
    picture = _stills(planes, labels, contents["low"], contents["high"])
    off = (round_rows(rows, 1) - rows).abs().max() / (high - low).min()
    return Explorer(page(contents, alt, picture, "ae-film"), off.item())


def _stills(planes: Sequence[Tensor], labels: Tensor, low: list, high: list) -> str:
    """Draw four of the planes, as the address of a picture that holds the picture itself."""
    figure = Figure(figsize=(5, 5), dpi=80, facecolor="white", layout="constrained")
    last = len(planes) - 1
    for ax, epoch in zip(figure.subplots(2, 2).flat, (0, last // 20, last // 4, last), strict=True):
        scatter_codes(ax, planes[epoch], labels, colour_bar=False, class_names=epoch > last // 20)
        ax.collections[0].set_sizes([4])
        ax.set_title(f"epoch {epoch}" if epoch else "before training", fontsize=10)
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="", ylabel="")
    return address_of(partial(figure.savefig, pil_kwargs={"optimize": True}))
