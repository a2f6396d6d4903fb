"""What the units of a sparse code do: which are dead, and how alike the samples they respond to."""

import torch
from torch import Tensor

from ..validation import require_codes, require_count, require_labels


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

    Examples
    --------
    >>> dead_units(torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]))
    tensor([ True, False, False])
    """
    return ~(require_codes("codes", codes) > 0).any(dim=0)


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

    Examples
    --------
    >>> codes = torch.tensor([[3.0, 0.0], [2.0, 0.1], [1.0, 5.0], [0.0, 6.0]])
    >>> purity(codes, torch.tensor([7, 7, 7, 1]), n_top=2)
    tensor([1.0000, 0.5000])
    """
    codes = require_codes("codes", codes)
    n_top = require_count("n_top", n_top, at_most=len(codes))
    labels = require_labels("labels", labels, len(codes)).to(codes.device)
    of_top = labels[codes.topk(n_top, dim=0).indices]
    votes = torch.nn.functional.one_hot(of_top).sum(dim=0)  # (n_units, n_labels)
    return votes.amax(dim=1) / n_top
