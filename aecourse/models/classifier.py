"""A small convolutional classifier: an independent judge of digits that other models draw."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Samples
from ..runtime import in_batches
from ..validation import require_count, require_labels, require_samples, takes


def conv_encoder(channels: tuple[int, int, int]) -> nn.Sequential:
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
    >>> conv_encoder((16, 32, 64))(torch.zeros(5, 1, 28, 28)).shape
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
            conv_encoder((16, 32, 64)),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, 128),
            nn.SiLU(),
            nn.Dropout(0.3),
            nn.Linear(128, n_classes),
        )
        self.to(memory_format=torch.channels_last)  # the faster order for convolutions on a CPU

    @takes(1, 28, 28)
    def forward(self, x: Tensor) -> Tensor:
        """Map images (n_samples, 1, 28, 28) to logits (n_samples, n_classes)."""
        return self.layers(x)

    def loss_terms(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the cross-entropy of each image's label, of shape (n_samples,), in nats."""
        y = require_labels("y", y, len(x), self.n_classes)
        return {"cross_entropy": functional.cross_entropy(self(x), y, reduction="none")}

    def probabilities(self, x: Tensor) -> Tensor:
        """Return the probability of each class, (n_samples, n_classes), on the CPU.

        In evaluation mode, in batches, without gradients.
        """
        return in_batches(self, self, require_samples("x", x)).softmax(dim=1)

    def accuracy(self, samples: Samples) -> float:
        """Return the share of samples whose label is the class with the largest probability."""
        y = require_labels("y", samples.y, len(samples), self.n_classes)
        return (self.probabilities(samples.x).argmax(dim=1) == y.cpu()).float().mean().item()
