"""A stand-in for MNIST: scikit-learn's digits, enlarged and slightly varied."""

import math

import torch
from torch.nn import functional

from .load_digits import digits
from .samples import Samples, Split


def enlarged_digits() -> Split:
    """Enlarge scikit-learn's digits; each variation stays on its original's side of the split."""
    small = digits()
    generator = torch.Generator().manual_seed(0)
    return Split(
        train=enlarge(small.train, 10, generator),
        test=enlarge(small.test, 10, generator),
        source="stand-in: scikit-learn digits enlarged to 28×28 pixels",
    )


def enlarge(samples: Samples, n_copies: int, generator: torch.Generator) -> Samples:
    """Draw 8×8 digits at about 20×20 pixels in a frame of 28×28, turned and shifted a little."""
    x = samples.x.reshape(-1, 1, 8, 8).repeat_interleave(n_copies, dim=0)
    angle, size, right, down = 2 * torch.rand(4, len(x), generator=generator) - 1
    angle, size = math.radians(10) * angle, 28 / 20 * (1 + 0.1 * size)
    shift = 2 / 14 * torch.stack([right, down], dim=1)  # up to 1.4 pixels, of 28
    rows = [[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]]
    turn = size[:, None, None] * torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    places = functional.affine_grid(
        torch.cat([turn, shift[:, :, None]], dim=2), [len(x), 1, 28, 28], align_corners=False
    )
    pictures = functional.grid_sample(x, places, align_corners=False)
    return Samples(pictures, samples.y.repeat_interleave(n_copies))
