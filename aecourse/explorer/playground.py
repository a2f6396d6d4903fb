"""A playground: the reader trains an autoencoder in the page, on data that have a known floor."""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import data, evaluation
from ..data import Samples
from ..models import PCABaseline
from ..plotting import class_colours
from ..validation import require_alt
from .live import Explorer, page
from .views import address_of, describe

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
    view : dict
        How to draw a sample, as `views.describe` says it.
    """

    train: Samples
    held_out: Samples
    classes: list[str]
    shown: list[int]
    scale: float
    n_bytes: int
    view: dict

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
        """Write everything as what JSON can hold: samples one after the other, and compressed."""
        return {
            "n_features": self.train.x.shape[1],
            "train": self._deflated(self.train.x),
            "held_out": self._deflated(self.held_out.x),
            "labels": self.held_out.y.tolist(),
            "classes": self.classes,
            "colours": class_colours(len(self.classes)),
            "shown": self.shown,
            "baselines": self.baselines(),
            "view": self.view,
        }

    def _scores(self, model: PCABaseline) -> dict[str, float]:
        parts = {"train": self.train.x, "held_out": self.held_out.x}
        return {
            name: x.shape[1] * evaluation.mean_squared_error(model, x) for name, x in parts.items()
        }

    def _deflated(self, x: Tensor) -> dict:
        whole = (x.double() / self.scale).round().numpy().astype(f"<i{self.n_bytes}")
        text = base64.b64encode(zlib.compress(whole.tobytes(), 9)).decode()
        return {"deflated": text, "bytes": self.n_bytes, "scale": self.scale}


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
    view = describe("image", split.test.x.reshape(-1, 8, 8).numpy())
    return PlaygroundData(split.train, split.test, list("0123456789"), shown, 1 / 16, 1, view)


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
    axes = ("number", "value")
    return _toy(x, quadrant, ["+ +", "− +", "+ −", "− −"], torch.arange(1, 9), axes)


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
    axes = ("x", "log-density, standardised")
    return _toy(x, form, ["hump", "falls", "rises", "U"], data.beta_grid(32), axes)


def _toy(x: Tensor, y: Tensor, classes: list[str], grid: Tensor, axes: tuple) -> PlaygroundData:
    """Round to whole multiples of one scale, in two bytes, and split."""
    scale = (x.abs().max() / (2**15 - 1)).float().item()
    samples = Samples(((x / scale).round() * scale).float(), y)
    train, held_out = samples[:N_TRAIN], samples[N_TRAIN:]
    view = describe("curve", samples.x.numpy(), x=grid, axes=axes)
    return PlaygroundData(train, held_out, classes, list(range(10)), scale, 2, view)


DATA = {"digits": digits, "plane": plane, "beta": beta_log_densities}


def _choices(*values: str) -> dict[str, str]:
    return {value: value for value in values}


# Each knob: what stands beside it, and its choices, each with what stands in the list. The keys
# and choices are what an address says.
KNOBS = {
    "data": (
        "data",
        {"digits": "8×8 digits", "plane": "a plane in 8 numbers", "beta": "Beta log-densities"},
    ),
    "code": ("code length", _choices(*map(str, N_LATENTS))),
    "hidden": ("hidden layers", _choices("none", "64", "64-64")),
    "activation": ("activation", {"none": "none", "relu": "ReLU", "silu": "SiLU"}),
    "model": ("model", _choices("plain", "variational")),
    "beta": ("β", _choices("0", "0.1", "0.3", "1", "3", "10")),
    "rate": ("learning rate", _choices("0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3")),
    "batch": ("batch size", _choices("16", "32", "64", "128", "256")),
    "seed": ("seed", _choices(*map(str, range(10)))),
    "epochs": ("epochs per start", _choices("10", "30", "60", "100", "300", "1000")),
}
START = {
    "data": "digits",
    "code": "2",
    "hidden": "64-64",
    "activation": "silu",
    "model": "plain",
    "beta": "1",
    "rate": "0.003",
    "batch": "128",
    "seed": "0",
    "epochs": "100",
}

PRESETS = {  # each belongs to a sentence of the chapter "A playground"
    "linear": {"hidden": "none", "rate": "0.01", "epochs": "300"},
    "linear-in-three-steps": {"activation": "none"},
    "curved": {},
    "another-seed": {"seed": "1"},
    "rate-too-high": {"rate": "0.3"},
    "rate-too-high-but-quiet": {"activation": "relu", "rate": "0.03"},
    "variational": {"model": "variational"},
    "β-is-0": {"model": "variational", "beta": "0"},
    "β-is-10": {"model": "variational", "beta": "10"},
    "eight-numbers": {"model": "variational", "code": "8"},
    "toy-plane": {"data": "plane", "hidden": "none", "rate": "0.01", "epochs": "300"},
    "Beta-linear": {"data": "beta", "hidden": "none", "rate": "0.01", "epochs": "300"},
    "Beta-curved": {"data": "beta", "epochs": "300"},
}


def training_playground(
    *,
    alt: str,
    still: Figure,
    data: Sequence[str] = tuple(DATA),
    knobs: Sequence[str] = tuple(KNOBS),
    presets: Sequence[str] | None = None,
    **start: str,
) -> Explorer:
    """Let the reader train an autoencoder in the page: set its knobs, start it, watch its plane.

    Training runs in the page, in a second thread of the browser: ``aecourse/static/trainer.js``.
    A knob begins a new model. Where a site shows the page, its address follows the knobs.

    Parameters
    ----------
    alt : str
        What is to be seen, for those who cannot see it.
    still : Figure
        Of a finished run: it stands there where no script runs.
    data : sequence of {"digits", "plane", "beta"}
        Which data sets come along. The last two are toys with a known answer.
    knobs : sequence of str
        Which knobs to show, among those of ``KNOBS``.
    presets : sequence of str, optional
        Names of settings to choose, among those of ``PRESETS``; all whose data come along, if none
        are given. What one does not say is as at the start.
    **start : str
        Settings at the start, where they are not those of ``START``.

    Returns
    -------
    Explorer
        An object that a notebook shows.

    Raises
    ------
    ValueError
        If a setting, a knob, a preset or a data set is none, a preset's data do not come along, or
        ``alt`` is empty.

    Examples
    --------
    >>> shown = training_playground(alt="A run.", still=Figure(), data=["plane"], seed="3")
    >>> training_playground(alt="A run.", still=Figure(), rate="7")
    Traceback (most recent call last):
    ...
    ValueError: expected rate among ['0.0003', ..., '0.3'], got '7'
    """
    require_alt(alt)
    if not data:
        raise ValueError(f"expected one or more of {list(DATA)} as data, got none")
    if presets is None:
        presets = [name for name, own in PRESETS.items() if own.get("data", data[0]) in data]
    parts = {"data": DATA, "knobs": KNOBS, "presets": PRESETS, "settings": START}
    for names, (what, known) in zip((data, knobs, presets, start), parts.items(), strict=True):
        for name in names:
            _require_among(what, name, known)
    for name in presets:
        _require_among(f"the data of {name}", PRESETS[name].get("data", data[0]), data)
    for name, value in start.items():
        _require_among(name, value, data if name == "data" else KNOBS[name][1])
    choices = {name: KNOBS[name][1] for name in knobs}
    if "data" in choices:
        choices["data"] = {name: choices["data"][name] for name in data}
    contents = {
        "knobs": {
            name: {"label": KNOBS[name][0], "choices": list(choices[name].items())}
            for name in knobs
        },
        "start": START | {"data": data[0]} | start,
        "presets": {name: PRESETS[name] for name in presets},
        "data": {name: DATA[name]().pack() for name in data},
    }
    picture = address_of(partial(still.savefig, dpi=100, pil_kwargs={"optimize": True}))
    scripts = ["explorer", "trainer", "playground"]
    return Explorer(page(contents, alt, picture, "ae-playground", scripts), 0.0)


def _require_among(name: str, value: str, choices) -> None:
    if value not in choices:
        raise ValueError(f"expected {name} among {list(choices)}, got {value!r}")
