"""Curves in batches against curve by curve: the same autoencoder of Beta log-densities.

The loop of many tutorials shows the network one curve at a time: 10,000 steps an epoch, 20 epochs.
`fit` takes batches of 128, and a one-cycle learning rate. Both start from the same weights and are
scored on the same held-out curves; the ratio of times counts only where `fit` ends no worse.
Run it on a quiet machine; it takes several minutes:

    python benchmarks/batched_curves.py
    python benchmarks/batched_curves.py --epochs 2
"""

import argparse
import time

import torch

from aecourse import data, evaluation
from aecourse.models import DenseAutoencoder
from aecourse.runtime import seed_everything
from aecourse.training import fit

OUR_EPOCHS = 25


def curve_by_curve(model, x, epochs):
    """Train with Adam at a fixed rate, one curve a step."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    for _ in range(epochs):
        for index in torch.randperm(len(x)).tolist():
            curve = x[index : index + 1]
            loss = torch.nn.functional.mse_loss(model(curve), curve)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def in_batches(model, x, epochs):
    """Train with `fit`."""
    settings = {"batch_size": 128, "learning_rate": 4e-3, "device": "cpu", "progress": False}
    fit(model, x, epochs=epochs, **settings)


def main():
    """Train both ways; print seconds, held-out errors and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20, help="of the loop, curve by curve")
    arguments = parser.parse_args()
    x, x_test = data.beta_log_densities(10_000).x, data.beta_log_densities(2_000, seed=1).x
    mean, scale = x.mean(dim=0), x.std()
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    seconds, errors = {}, {}
    ways = {
        f"curve by curve, {arguments.epochs} epochs": (curve_by_curve, arguments.epochs),
        f"fit, {OUR_EPOCHS} epochs": (in_batches, OUR_EPOCHS),
    }
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    for name, (train, epochs) in ways.items():
        seed_everything(0)
        model = DenseAutoencoder((100, 128, 128, 2))
        begin = time.perf_counter()
        train(model, x, epochs)
        seconds[name] = time.perf_counter() - begin
        errors[name] = scale.item() * evaluation.mean_squared_error(model, x_test) ** 0.5
        print(f"{name:28} {seconds[name]:7.1f} s, held-out RMS {errors[name]:.4f} nats")
    loop, ours = seconds
    verdict = "no worse" if errors[ours] <= errors[loop] else "WORSE"
    print(f"ratio {seconds[loop] / seconds[ours]:.1f}, and fit ends {verdict}")


if __name__ == "__main__":
    main()
