"""Data that a reader trains on in the page, and what PCA and the average reach on it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import data, evaluation
from ..data import Samples
from ..models import PCABaseline
from .packing import encoded

N_LATENTS = (1, 2, 3, 8)  # lengths of a code among which the reader chooses
N_TRAIN, N_HELD_OUT = 500, 200  # of the toys
SPREADS, NOISE = (1.5, 1.0), 0.1  # standard deviations along the plane, and off it


@dataclass(frozen=True)
class PlaygroundData:
    """Samples to train on and held out, exactly as the page has them.

    Attributes
    ----------
    train, held_out : Samples
        ``x``: Tensor of shape (n_samples, n_features). ``y``: the class of each, for colours.
    classes : list of str
        Names of the classes.
    shown : list of int
        Held-out samples to reconstruct before the reader's eyes.
    scale : float
        All values are whole multiples of it.
    n_bytes : int
        How many bytes hold such a multiple: 1 or 2.
    """

    train: Samples
    held_out: Samples
    classes: list[str]
    shown: list[int]
    scale: float
    n_bytes: int

    def baselines(self) -> dict:
        """Score the average sample and PCA: squared errors, summed over the values of a sample.

        Returns
        -------
        dict
            "average", and "pca" by the length of the code: each a dict of "train" and "held_out".
            Both baselines are found on the training samples.
        """
        x = self.train.x
        average = PCABaseline(x.mean(dim=0), torch.zeros(1, x.shape[1]))
        pca = {n: self._scores(PCABaseline.from_samples(x, n)) for n in N_LATENTS}
        return {"average": self._scores(average), "pca": pca}

    def pack(self) -> dict:
        """Write everything as what JSON can hold.

        All samples of a part make one row of a matrix as `packing.pack_rows` writes it: sample
        after sample, as the page trains on them.
        """
        return {
            "n_features": self.train.x.shape[1],
            "train": self._row(self.train.x),
            "held_out": self._row(self.held_out.x),
            "labels": encoded(self.held_out.y, "i1"),
            "classes": self.classes,
            "shown": self.shown,
            "baselines": self.baselines(),
        }

    def _scores(self, model: PCABaseline) -> dict[str, float]:
        parts = {"train": self.train.x, "held_out": self.held_out.x}
        return {
            name: x.shape[1] * evaluation.mean_squared_error(model, x) for name, x in parts.items()
        }

    def _row(self, x: Tensor) -> dict:
        whole, kind = (x.double() / self.scale).round().numpy(), f"i{self.n_bytes}"
        texts = {"values": encoded(whole, kind), "scales": encoded([self.scale], "f4")}
        return {"rows": 1, "columns": x.numel(), "bytes": self.n_bytes} | texts


def digits() -> PlaygroundData:
    """Return the digits of the chapter "A first autoencoder", split as there; ten are shown.

    Their grey values are sixteenths, so one byte holds each exactly.

    Examples
    --------
    >>> digits().train
    Samples(x=(1437, 64), y=(1437,))
    """
    split = data.digits(test_fraction=0.2, seed=0)
    shown = [int((split.test.y == digit).nonzero()[0]) for digit in range(10)]
    return PlaygroundData(split.train, split.test, list("0123456789"), shown, 1 / 16, 1)


def plane(seed: int = 0) -> PlaygroundData:
    """Return points near a plane in eight dimensions, Gaussian along it and off it.

    What is best is known: for squared error, PCA, with a code of two numbers or another length; for
    a linear variational autoencoder, probabilistic PCA (Lucas et al. 2019).

    Examples
    --------
    >>> plane().baselines()["pca"][2]["train"] < 0.1  # six directions of variance 0.01
    True
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.double)

    directions, _ = torch.linalg.qr(normal(8, 2))
    along = normal(N_TRAIN + N_HELD_OUT, 2) * torch.tensor(SPREADS, dtype=torch.double)
    x = along @ directions.T + NOISE * normal(N_TRAIN + N_HELD_OUT, 8)
    quadrant = (along[:, 0] < 0).long() + 2 * (along[:, 1] < 0).long()
    return _toy(x, quadrant, ["+ +", "− +", "+ −", "− −"])


def beta_log_densities(seed: int = 0) -> PlaygroundData:
    """Return logarithms of Beta densities at 32 points, standardised as in "Functions instead …".

    They lie in a linear space of three dimensions: PCA of three is exact, of two it is not. Two
    numbers suffice only to a model that is not linear.

    Examples
    --------
    >>> beta_log_densities().baselines()["pca"][3]["held_out"] < 1e-6
    True
    """
    samples = data.beta_log_densities(N_TRAIN + N_HELD_OUT, n_points=32, seed=seed)
    x, (a, b) = samples.x.double(), samples.y.T
    x = (x - x[:N_TRAIN].mean(dim=0)) / x[:N_TRAIN].std()
    form = (a < 1).long() + 2 * (b < 1).long()
    return _toy(x, form, ["hump", "falls", "rises", "U"])


def playground_data() -> dict[str, dict]:
    """Pack the three data sets by name, about 230 kB as JSON.

    Examples
    --------
    >>> list(playground_data())
    ['digits', 'plane', 'beta']
    """
    sets = {"digits": digits(), "plane": plane(), "beta": beta_log_densities()}
    return {name: one.pack() for name, one in sets.items()}


def _toy(x: Tensor, y: Tensor, classes: list[str]) -> PlaygroundData:
    """Round to whole multiples of one scale, in two bytes, and split."""
    scale = (x.abs().max() / (2**15 - 1)).float().item()
    samples = Samples(((x / scale).round() * scale).float(), y)
    train, held_out = samples[:N_TRAIN], samples[N_TRAIN:]
    return PlaygroundData(train, held_out, classes, list(range(10)), scale, 2)
