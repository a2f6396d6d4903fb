"""The conditional variational autoencoder: choose the class, and let the code hold the rest."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import losses
from ..validation import as_tensor, require_count, require_labels, takes
from .classifier import conv_encoder
from .variational import reparameterise


class ConditionalVAE(nn.Module):
    """A convolutional variational autoencoder that is told the class (Kingma et al. 2014, M2).

    Built by hand in the chapter "Choosing the digit". Three convolutions and a dense layer lead to
    the code, and three transposed convolutions back to the image. The label, as a one-hot vector,
    joins at the dense layers of both sides. Pixels are Bernoulli, given code and label.

    Parameters
    ----------
    n_latent : int
        Numbers per code.
    n_classes : int
        Labels are whole numbers from 0 to ``n_classes`` − 1.
    side : int
        Height and width of the images, a multiple of 4.
    channels : triple of int
        Channels after each convolution.
    n_hidden : int
        Units of the dense layer on either side.

    Raises
    ------
    ValueError
        If a size is out of range.

    Examples
    --------
    >>> cvae = ConditionalVAE(4)
    >>> x, y = torch.rand(5, 1, 28, 28), torch.arange(5)
    >>> cvae.encode(x, y).shape, cvae(x, y).shape
    (torch.Size([5, 4]), torch.Size([5, 1, 28, 28]))
    >>> cvae.sample(torch.tensor([7, 7, 7])).shape
    torch.Size([3, 1, 28, 28])
    """

    def __init__(
        self,
        n_latent: int,
        *,
        n_classes: int = 10,
        side: int = 28,
        channels: tuple[int, int, int] = (8, 16, 32),
        n_hidden: int = 256,
    ):
        super().__init__()
        sizes = {"n_latent": n_latent, "n_classes": n_classes, "side": side, "n_hidden": n_hidden}
        for name, size in sizes.items():
            require_count(name, size)
        if side % 4:
            raise ValueError(f"expected a side that is a multiple of 4, got {side}")
        self.n_latent, self.n_classes, self.side = n_latent, n_classes, side
        self.channels, self.n_hidden = tuple(channels), n_hidden
        a, b, c = channels
        quarter = side // 4
        eighth = (quarter + 1) // 2
        self.convolutions = conv_encoder(channels)
        self.encoder = nn.Sequential(
            nn.Linear(c * eighth**2 + n_classes, n_hidden),
            nn.SiLU(),
            nn.Linear(n_hidden, 2 * n_latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(n_latent + n_classes, n_hidden),
            nn.SiLU(),
            nn.Linear(n_hidden, c * eighth**2),
            nn.SiLU(),
            nn.Unflatten(1, (c, eighth, eighth)),
        )
        # A side of 2·eighth − 1 comes out; where it should be even, one row and column more.
        extra = 1 - quarter % 2
        self.transposed = nn.Sequential(
            nn.ConvTranspose2d(c, b, 3, stride=2, padding=1, output_padding=extra),
            nn.SiLU(),
            nn.ConvTranspose2d(b, a, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.ConvTranspose2d(a, 1, 4, stride=2, padding=1),
        )
        self.to(memory_format=torch.channels_last)  # the faster order for convolutions on a CPU

    @takes(1, "side", "side")
    def encode_distribution(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Map images (n_samples, 1, side, side) and labels to mean and log-variance of q(z|x, y).

        Each is of shape (n_samples, n_latent).
        """
        features = self.convolutions(x).flatten(1)
        mean, log_var = self.encoder(self._with_label(features, y)).chunk(2, dim=1)
        return mean, log_var

    reparameterise = staticmethod(reparameterise)

    def encode(self, x: Tensor, y: Tensor) -> Tensor:
        """Map images and their labels to the means of their codes (n_samples, n_latent)."""
        return self.encode_distribution(x, y)[0]

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Map codes (n_samples, n_latent) and labels to probabilities (n_samples, 1, side, side).

        Raises a ValueError or TypeError if a label is no class, or there is not one for each code.
        """
        return self._logits(z, y).sigmoid()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Reconstruct images of shape (n_samples, 1, side, side) from the means of their codes."""
        return self.decode(self.encode(x, y), y)

    def reconstruction_nll(self, z: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Return −ln p(x|z, y) of each image, of shape (n_samples,), in nats."""
        return losses.bernoulli_nll(self._logits(z, y), x)

    @takes(1, "side", "side")
    def loss_terms(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return reconstruction and KL of each image, of shape (n_samples,), in nats.

        Their sum bounds −ln p(x|y) from above. The label is given, so it is not reconstructed.
        """
        mean, log_var = self.encode_distribution(x, y)
        z = self.reparameterise(mean, log_var)
        kl = losses.kl_to_standard_normal(mean, log_var)
        return {"reconstruction": self.reconstruction_nll(z, x, y), "kl": kl}

    def sample(self, y: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw a code from the standard normal for each label, and decode it.

        Parameters
        ----------
        y : Tensor of int of shape (n_samples,)
            What to draw.
        generator : torch.Generator, optional
            Of the CPU; the result depends on it, the labels and the weights only.

        Returns
        -------
        Tensor of shape (n_samples, 1, side, side)
            As `decode` returns it.
        """
        y = as_tensor("y", y)
        return self.decode(torch.randn(len(y), self.n_latent, generator=generator), y)

    @takes("n_latent")
    def _logits(self, z: Tensor, y: Tensor) -> Tensor:
        return self.transposed(self.decoder(self._with_label(z, y)))

    def _with_label(self, rows: Tensor, y: Tensor) -> Tensor:
        """Join each row with the one-hot vector of its label."""
        y = require_labels("y", y, len(rows), self.n_classes).to(rows.device)
        return torch.cat([rows, functional.one_hot(y, self.n_classes).to(rows.dtype)], dim=1)
