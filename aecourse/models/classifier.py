"""A small convolutional classifier: an independent judge of digits that other models draw."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Samples, require_samples
from ..runtime import device_of, evaluating, require_count


def downwards(channels: tuple[int, int, int]) -> nn.Sequential:
    """Stack three convolutions, each of which halves the side of an image.

    A convolution of kernel k, stride s and padding p turns a side w into (w − k + 2p)/s + 1,
    rounded down: 28 to 14, 7 and 4.

    Parameters
    ----------
    channels : triple of int
        Channels after each of them; the image itself has one.

    Returns
    -------
    nn.Sequential

    Examples
    --------
    >>> downwards((16, 32, 64))(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 64, 4, 4])
    """
    a, b, c = (require_count("each number of channels", n) for n in channels)
    return nn.Sequential(
        nn.Conv2d(1, a, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(a, b, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(b, c, 3, stride=2, padding=1),
        nn.SiLU(),
    )


class Classifier(nn.Module):
    """Names the class of an image of 28×28 pixels.

    Parameters
    ----------
    n_classes : int
        Labels are whole numbers from 0 to ``n_classes`` − 1.

    Examples
    --------
    >>> judge = Classifier()
    >>> judge(torch.rand(5, 1, 28, 28)).shape  # the logits of ten classes
    torch.Size([5, 10])
    """

    def __init__(self, n_classes: int = 10):
        super().__init__()
        self.n_classes = require_count("n_classes", n_classes)
        self.layers = nn.Sequential(
            downwards((16, 32, 64)),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, 128),
            nn.SiLU(),
            nn.Dropout(0.3),
            nn.Linear(128, n_classes),
        )
        self.to(memory_format=torch.channels_last)  # the faster order for convolutions on a CPU

    def forward(self, x: Tensor) -> Tensor:
        """Map images (n_samples, 1, 28, 28) to logits (n_samples, n_classes)."""
        return self.layers(require_images("x", x, 28))

    def loss_terms(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the cross-entropy of each image's label, of shape (n_samples,), in nats."""
        y = require_labels("y", y, len(x), self.n_classes)
        return {"cross_entropy": functional.cross_entropy(self(x), y, reduction="none")}

    def probabilities(self, x: Tensor) -> Tensor:
        """Return the probability of each class, (n_samples, n_classes), on the CPU.

        In evaluation mode, in batches, without gradients.
        """
        with evaluating(self):
            batches = require_samples("x", x).split(4096)
            return torch.cat(
                [self(batch.to(device_of(self))).softmax(1).cpu() for batch in batches]
            )

    def accuracy(self, samples: Samples) -> float:
        """Return the share of samples whose label is the class with the largest probability."""
        y = require_labels("y", samples.y, len(samples), self.n_classes)
        return (self.probabilities(samples.x).argmax(dim=1) == y.cpu()).float().mean().item()


def require_images(name: str, x: Tensor, side: int) -> Tensor:
    """Return images of shape (n, 1, side, side), or raise with what came and what was expected."""
    if not isinstance(x, Tensor):
        raise TypeError(f"expected {name} as a Tensor, got {type(x).__name__}: use torch.as_tensor")
    if x.ndim != 4 or x.shape[1:] != (1, side, side):
        hint = ""
        if x.shape[1:] == (side, side):
            hint = f": add {name}[:, None]"
        elif x.ndim == 2 and x.shape[1] == side**2:
            hint = f": use {name}.reshape(-1, 1, {side}, {side})"
        raise ValueError(
            f"expected {name} of shape (n_samples, 1, {side}, {side}), got {tuple(x.shape)}{hint}"
        )
    return x


def require_labels(name: str, y: Tensor, n_samples: int, n_classes: int) -> Tensor:
    """Return a label from 0 to n_classes − 1 for each sample, or raise."""
    if (
        not isinstance(y, Tensor)
        or y.is_floating_point()
        or y.is_complex()
        or y.dtype == torch.bool
    ):
        came = y.dtype if isinstance(y, Tensor) else type(y).__name__
        raise TypeError(f"expected {name} as a Tensor of whole numbers, got {came}")
    if y.shape != (n_samples,):
        raise ValueError(f"expected {n_samples} labels in {name}, one each, got {tuple(y.shape)}")
    if len(y) and not (y.min() >= 0 and y.max() < n_classes):
        raise ValueError(
            f"expected labels from 0 to {n_classes - 1} in {name}, got {y.min()} to {y.max()}"
        )
    return y.long()
