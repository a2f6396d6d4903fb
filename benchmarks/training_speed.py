"""Train one VAE (784-512-2, batches of 128) in several ways, and compare seconds and loss.

- ``tutorial``: a loader collects pictures one by one, as in most tutorials: torchvision's MNIST
  with ``ToTensor``, a plain Adam, ``loss.item()`` after each batch;
- ``fit``: the package, which indexes batches from one tensor;
- ``floor``: nothing but the matrix products of an epoch, forward and backward;
- ``pythae``: that library, with ``--pythae``, where it is installed.

The first two have the same first weights and the same one-cycle schedule; pythae keeps its default,
a constant rate. The ways take turns for some rounds, and the fastest round of each counts. Run it
on a quiet machine:

    python benchmarks/training_speed.py
"""

import argparse
import math
import sys
import tempfile
import time

import torch
from torch import nn
from torch.utils.data import DataLoader

from aecourse import data, evaluation
from aecourse.data.load_mnist import find_mnist
from aecourse.models import VAE
from aecourse.runtime import seed_everything
from aecourse.training import fit

LAYER_SIZES, BATCH_SIZE, LEARNING_RATE = (784, 512, 2), 128, 3e-3


def tutorial(train, epochs):
    """Train as most tutorials do; the schedule is that of `fit`, so that the losses compare."""
    from torchvision import datasets, transforms  # `data.mnist` has made sure that it imports

    mnist = datasets.MNIST(find_mnist(), transform=transforms.ToTensor())
    loader = DataLoader(mnist, batch_size=BATCH_SIZE, shuffle=True)
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


def main():
    """Let the ways take turns, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pythae", action="store_true", help="also that library, if installed")
    arguments = parser.parse_args()

    split = data.mnist()
    if find_mnist() is None:
        sys.exit(
            "this comparison reads the real MNIST: set AECOURSE_DATA to a folder that holds it"
        )
    train = data.Samples(split.train.x.flatten(1), split.train.y)
    test = split.test.x.flatten(1)

    ways = {"tutorial": tutorial, "fit": ours, "floor": floor}
    if arguments.pythae:
        ways["pythae"] = pythae
    seconds, losses = dict.fromkeys(ways, math.inf), {}
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            seed_everything(0)
            begin = time.perf_counter()
            model = way(train, arguments.epochs)
            elapsed = (time.perf_counter() - begin) / arguments.epochs
            seconds[name] = min(seconds[name], elapsed)
            if model is not None:
                losses[name] = sum(evaluation.elbo_terms(model, test)).mean().item()

    print(
        f"\n{arguments.epochs} epochs, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(f"{'way':10} {'s per epoch':>12} {'÷ fit':>7} {'÷ floor':>8} {'held-out −ELBO':>15}")
    for name, value in seconds.items():
        loss = f"{losses[name]:.1f}" if name in losses else "–"
        ratios = value / seconds["fit"], value / seconds["floor"]
        print(f"{name:10} {value:12.2f} {ratios[0]:7.2f} {ratios[1]:8.2f} {loss:>15}")


if __name__ == "__main__":
    main()
