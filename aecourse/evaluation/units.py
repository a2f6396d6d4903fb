"""What the units of a sparse code do: which are dead, and how alike the samples they respond to."""

import torch
from torch import Tensor

from ..data import require_samples
from ..runtime import require_count


def dead_units(codes: Tensor) -> Tensor:
    """Tell which units are active for no sample.

    Parameters
    ----------
    codes : Tensor of shape (n_samples, n_units)
        Activations of a sparse autoencoder; a unit is active where it is above zero.

    Returns
    -------
    Tensor of bool of shape (n_units,)
        Its sum is the number of dead units, for these samples.

    Raises
    ------
    TypeError
        If the codes are no tensor of floating-point numbers.
    ValueError
        If they are no matrix of finite numbers, or there is no sample.

    Examples
    --------
    >>> dead_units(torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]))
    tensor([ True, False, False])
    """
    return ~(_require_codes(codes) > 0).any(dim=0)


def purity(codes: Tensor, labels: Tensor, *, n_top: int = 20) -> Tensor:
    """Share of the most common label among the samples to which each unit responds most.

    Parameters
    ----------
    codes : Tensor of shape (n_samples, n_units)
        Activations, of any sign. Where fewer than ``n_top`` samples activate a sparse unit, the
        rest of its top samples is arbitrary: leave such units out.
    labels : Tensor of int of shape (n_samples,)
        From 0.
    n_top : int
        Samples per unit.

    Returns
    -------
    Tensor of shape (n_units,)
        From one over the number of labels to 1.

    Raises
    ------
    TypeError
        If the codes are no tensor of floating-point numbers, or the labels none of whole numbers.
    ValueError
        If the codes are no matrix of finite numbers, there is not one label from 0 for each
        sample, or ``n_top`` is out of range.

    Examples
    --------
    >>> codes = torch.tensor([[3.0, 0.0], [2.0, 0.1], [1.0, 5.0], [0.0, 6.0]])
    >>> purity(codes, torch.tensor([7, 7, 7, 1]), n_top=2)
    tensor([1.0000, 0.5000])
    """
    codes = _require_codes(codes)
    n_top = require_count("n_top", n_top, at_most=len(codes))
    if not isinstance(labels, Tensor) or labels.dtype.is_floating_point:
        came = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"expected labels as a Tensor of whole numbers, got {came}")
    if labels.shape != (len(codes),) or labels.min() < 0:
        raise ValueError(
            f"expected a label from 0 for each of {len(codes)} samples, "
            f"got {tuple(labels.shape)}, the smallest {labels.min()}"
        )
    of_top = labels.long()[codes.topk(n_top, dim=0).indices]
    votes = torch.nn.functional.one_hot(of_top).sum(dim=0)  # (n_units, n_labels)
    return votes.amax(dim=1) / n_top


def _require_codes(codes: Tensor) -> Tensor:
    codes = require_samples("codes", codes)
    if codes.ndim != 2:
        raise ValueError(f"expected codes of shape (n_samples, n_units), got {tuple(codes.shape)}")
    return codes
