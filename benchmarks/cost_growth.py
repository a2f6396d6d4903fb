"""How the time of an epoch grows with the data, the width of the hidden layer and the code.

Trains a VAE (784-width-code) on random pictures, since only time is measured. Each block varies one
setting and keeps the others at 30,000 pictures, 512 units and a code of 20 numbers. Run it on a
quiet machine:

    python benchmarks/cost_growth.py
"""

import time

import torch

from aecourse.models import VAE
from aecourse.training import fit

VARIED = {
    "pictures": [7_500, 15_000, 30_000, 60_000],
    "width": [128, 256, 512, 1024],
    "code": [2, 20, 64, 256],
}
USUAL = {"pictures": 30_000, "width": 512, "code": 20}
ROUNDS, EPOCHS = 3, 1


def seconds(x, *, pictures, width, code):
    """Time an epoch of `fit`."""
    model = VAE((784, width, code))
    begin = time.perf_counter()
    fit(model, x[:pictures], epochs=EPOCHS, batch_size=128, device="cpu", progress=False)
    return (time.perf_counter() - begin) / EPOCHS


def main():
    """Let all settings take turns; print the fastest round of each, and its ratio to the usual."""
    x = torch.rand(max(VARIED["pictures"]), 784, generator=torch.Generator().manual_seed(0))
    runs = [(name, value) for name, values in VARIED.items() for value in values]
    best = {}
    for _ in range(ROUNDS):
        for name, value in runs:
            elapsed = seconds(x, **USUAL | {name: value})
            best[name, value] = min(elapsed, best.get((name, value), elapsed))
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"{'varied':10} {'value':>7} {'s per epoch':>12} {'÷ usual':>8}")
    for name, value in runs:
        ratio = best[name, value] / best[name, USUAL[name]]
        print(f"{name:10} {value:7} {best[name, value]:12.2f} {ratio:8.2f}")


if __name__ == "__main__":
    main()
