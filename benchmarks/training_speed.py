"""Train one VAE (784-512-2, batches of 128) in several ways, and compare seconds and loss.

- ``tutorial``: a loader collects pictures one by one, as in most tutorials: torchvision's MNIST
  with ``ToTensor``, a plain Adam, ``loss.item()`` after each batch;
- ``fit``: the package, which indexes batches from one tensor;
- ``pythae``: that library with its own defaults, a constant rate among them, where it is installed
  (into an environment of its own: it is not among the requirements);
- ``floor``: nothing but the matrix products of an epoch, forward and backward.

The first two have the same first weights and the same one-cycle schedule. The ways take turns for
some rounds, and the fastest round of each counts. Run it on a quiet machine; it takes about as many
minutes as there are rounds. With ``--keep`` the book shows the table, on its page of run times:

    python benchmarks/training_speed.py
    python benchmarks/training_speed.py --keep
    python benchmarks/training_speed.py --pictures 2000 --epochs 1 --rounds 1
"""

import argparse
import importlib.metadata
import importlib.util
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset

from aecourse import data, evaluation
from aecourse.data.load_mnist import find_mnist
from aecourse.data.torchvision_datasets import torchvision_datasets
from aecourse.files import written_whole
from aecourse.models import VAE
from aecourse.runtime import seed_everything
from aecourse.training import fit

LAYER_SIZES, BATCH_SIZE, LEARNING_RATE = (784, 512, 2), 128, 3e-3
LAST = Path(__file__).with_name("last.md")


def tutorial(train, epochs):
    """Train as most tutorials do; the schedule is that of `fit`, so that the losses compare."""
    datasets = torchvision_datasets()
    from torchvision import transforms

    mnist = datasets.MNIST(find_mnist(), transform=transforms.ToTensor())
    loader = DataLoader(Subset(mnist, range(len(train))), batch_size=BATCH_SIZE, shuffle=True)
    model = VAE(LAYER_SIZES)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, total_steps=epochs * len(loader)
    )
    for _ in range(epochs):
        total = 0.0
        for x, _ in loader:
            terms = model.loss_terms(x.flatten(1))
            loss = sum(terms.values()).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(x)
    return model


def ours(train, epochs):
    """Train with the package."""
    model = VAE(LAYER_SIZES)
    fit(
        model, train, epochs=epochs, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE,
        device="cpu", progress=False,
    )  # fmt: skip
    return model


def floor(train, epochs):
    """Multiply the matrices of each layer: once forward, twice backward (the first layer once)."""
    n_in, n_hidden, n_latent = LAYER_SIZES
    layers = [(n_in, n_hidden), (n_hidden, 2 * n_latent), (n_latent, n_hidden), (n_hidden, n_in)]
    matrices = [
        (torch.ones(BATCH_SIZE, m), torch.ones(k, m), torch.ones(BATCH_SIZE, k)) for m, k in layers
    ]
    for n in [len(part) for part in train.x.split(BATCH_SIZE)] * epochs:
        for index, (x, weight, gradient) in enumerate(matrices):
            x[:n] @ weight.T  # the layer
            gradient[:n].T @ x[:n]  # the gradient in its weights
            if index:
                gradient[:n] @ weight  # the gradient in its input: the first layer needs none


def pythae(train, epochs):
    """Train the same network with pythae."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE as TheirVAE
    from pythae.models import VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    n_in, n_hidden, n_latent = LAYER_SIZES

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Sequential(nn.Linear(n_in, n_hidden), nn.SiLU())
            self.mean, self.log_var = (nn.Linear(n_hidden, n_latent) for _ in range(2))

        def forward(self, x):
            hidden = self.hidden(x)
            return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_var(hidden))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(n_latent, n_hidden), nn.SiLU(), nn.Linear(n_hidden, n_in), nn.Sigmoid()
            )

        def forward(self, z):
            return ModelOutput(reconstruction=self.layers(z))

    config = VAEConfig(input_dim=(n_in,), latent_dim=n_latent, reconstruction_loss="bce")
    model = TheirVAE(config, encoder=Encoder(), decoder=Decoder())
    with tempfile.TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(
            output_dir=folder, num_epochs=epochs, per_device_train_batch_size=BATCH_SIZE,
            learning_rate=1e-3, no_cuda=True,
        )  # fmt: skip
        BaseTrainer(model, BaseDataset(train.x, train.y), training_config=settings).train()
    return in_our_names(model.state_dict())


def in_our_names(weights):
    """Put pythae's weights into a VAE of the package, which is the same network: to be scored."""
    for kind in ("weight", "bias"):
        weights[f"encoder.0.{kind}"] = weights.pop(f"encoder.hidden.0.{kind}")
        heads = [weights.pop(f"encoder.{name}.{kind}") for name in ("mean", "log_var")]
        weights[f"encoder.2.{kind}"] = torch.cat(heads)
        for layer in (0, 2):
            weights[f"decoder.{layer}.{kind}"] = weights.pop(f"decoder.layers.{layer}.{kind}")
    model = VAE(LAYER_SIZES)
    model.load_state_dict(weights)
    return model


def processor():
    """Name the processor, where the system says it."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def versions():
    """Name what the comparison stands on."""
    found = [f"torch {torch.__version__}"]
    if importlib.util.find_spec("pythae"):
        found.append(f"pythae {importlib.metadata.version('pythae')}")
    return ", ".join(found)


def measured(ways, train, test, *, epochs, rounds):
    """Let the ways take turns: seconds per epoch of each, and the held-out loss of its model."""
    seconds, losses = dict.fromkeys(ways, math.inf), {}
    for _ in range(rounds):
        for name, way in ways.items():
            seed_everything(0)
            begin = time.perf_counter()
            model = way(train, epochs)
            elapsed = (time.perf_counter() - begin) / epochs
            seconds[name] = min(seconds[name], elapsed)
            if model is not None:
                losses[name] = sum(evaluation.elbo_terms(model, test)).mean().item()
    return seconds, losses


def table(seconds, losses):
    """Write one table: seconds, ratios to `fit` and to the floor, and the held-out loss."""
    lines = [
        "| way | s per epoch | ÷ fit | ÷ floor | held-out −ELBO, nats |",
        "| :-- |" + 4 * " --: |",
    ]
    for name, value in seconds.items():
        loss = f"{losses[name]:.1f}" if name in losses else "–"
        ratios = value / seconds["fit"], value / seconds["floor"]
        lines.append(f"| {name} | {value:.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {loss} |")
    return "\n".join(lines)


def main():
    """Measure, print the table, and keep it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help=f"write {LAST.name}, for the book")
    arguments = parser.parse_args()

    split = data.mnist()
    if find_mnist() is None:
        sys.exit(
            "this comparison reads the real MNIST: set AECOURSE_DATA to a folder that holds it"
        )
    x, y = split.train.x.flatten(1), split.train.y
    train = data.Samples(x[: arguments.pictures], y[: arguments.pictures])
    ways = {"tutorial": tutorial, "fit": ours, "pythae": pythae, "floor": floor}
    if importlib.util.find_spec("pythae") is None:
        del ways["pythae"]
        print("pythae is not installed here: the table goes without it")
    epochs, rounds = arguments.epochs, arguments.rounds
    found = measured(ways, train, split.test.x.flatten(1), epochs=epochs, rounds=rounds)

    about = (
        f"Measured on {date.today()}: {processor()}, {torch.get_num_threads()} of "
        f"{os.cpu_count()} cores; {versions()}; {epochs} epochs of {len(train):,} pictures, "
        f"the fastest of {rounds} rounds."
    )
    text = f"{about}\n\n{table(*found)}\n"
    print(f"\n{text}")
    if arguments.keep:
        with written_whole(LAST) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
