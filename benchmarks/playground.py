"""Train an autoencoder of digits in the page's worker, and beside it with `fit` on one thread.

Sixty epochs of 64-64-64-2 in batches of 128, on 1,437 digits: seconds with all reports, reports a
second, and milliseconds per epoch, in a headless Chromium. The ratio to PyTorch is of the same
machine. Then the whole playground: how often it draws a second, and how long its page is held up at
most. Run it on a quiet machine; it takes a minute:

    python benchmarks/playground.py
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import torch
from matplotlib.figure import Figure
from playwright.sync_api import sync_playwright

from aecourse.explorer import playground, training_playground
from aecourse.explorer.live import SCRIPT
from aecourse.models import VAE, DenseAutoencoder
from aecourse.runtime import seed_everything
from aecourse.training import fit

EPOCHS, ROUNDS = 60, 3
SETTINGS = {
    "n_latent": 2, "hidden": [64, 64], "activation": "silu", "beta": 1, "learning_rate": 3e-3,
    "batch_size": 128, "seed": 0,
}  # fmt: skip
RUN = """([data, settings, epochs]) => new Promise((done, fail) => {
  const worker = start_trainer(), begin = performance.now(), times = [], speeds = [];
  worker.onerror = fail;
  worker.onmessage = ({ data: report }) => {
    times.push(performance.now());
    speeds.push(report.ms_per_epoch);
    if (report.epochs < epochs) return;
    worker.terminate();
    done({ seconds: (times.at(-1) - times[0]) / 1000 * epochs / report.epochs,
      reports: 1000 * (times.length - 1) / (times.at(-1) - times[0]),
      longest: Math.max(...times.slice(1).map((time, k) => time - times[k])),
      ms: speeds.slice(1).sort((a, b) => a - b)[Math.floor(speeds.length / 2)] });
  };
  const floats = (values) => Float32Array.from(values);
  const [train, held_out] = data.map(floats);
  worker.postMessage({ kind: "data", n_features: 64, train, held_out });
  worker.postMessage({ kind: "restart", settings });
  worker.postMessage({ kind: "start" });
})"""


def in_page(page, one, variational):
    """Train in the worker of a page."""
    data = [part.x.flatten().tolist() for part in (one.train, one.held_out)]
    return page.evaluate(RUN, [data, SETTINGS | {"variational": variational}, EPOCHS])


DRAW = """(model) => new Promise((done) => {
  const it = document.querySelector("ae-playground"), draw = it.draw.bind(it);
  it.set({ model });
  const wait = setInterval(() => {
    if (it.report?.id !== it.run_id) return;
    clearInterval(wait);
    const begin = performance.now();
    let draws = 0, longest = 0, before = begin;
    it.draw = () => { draws += 1; draw(); };
    const beat = setInterval(() => { // every 4 ms, unless something holds up the page
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
      if (it.running) return;
      clearInterval(beat);
      delete it.draw;
      done({ draws: 1000 * draws / (now - begin), longest });
    }, 0);
    it.run();
  }, 10);
})"""


def in_torch(one, variational):
    """Train with the package: seconds."""
    seed_everything(0)
    model = VAE((64, 64, 64, 2), likelihood="gaussian", variance=0.1) if variational else None
    model = model or DenseAutoencoder((64, 64, 64, 2))
    begin = time.perf_counter()
    fit(
        model, one.train, held_out=one.held_out, epochs=EPOCHS, batch_size=128, device="cpu",
        progress=False,
    )  # fmt: skip
    return time.perf_counter() - begin


def main():
    """Let both take turns, and print the fastest round of each."""
    torch.set_num_threads(1)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("this comparison needs a Chromium or Chrome on the path")
    one, script = playground.digits(), SCRIPT.with_name("trainer.js").read_text("utf-8")
    print(f"{EPOCHS} epochs, torch {torch.__version__}, one thread")
    print(f"{'model':12} {'page s':>7} {'fit s':>6} {'÷ fit':>6} {'ms/epoch':>9} {'reports/s':>10}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        path = Path(folder) / "page.html"  # an empty page without an address starts no worker
        path.write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>", "utf-8")
        page.goto(path.as_uri())
        for name, variational in {"plain": False, "variational": True}.items():
            rounds = [
                (in_page(page, one, variational), in_torch(one, variational)) for _ in range(ROUNDS)
            ]
            best = min((found for found, _ in rounds), key=lambda found: found["seconds"])
            ours = min(seconds for _, seconds in rounds)
            seconds = best["seconds"]
            print(
                f"{name:12} {seconds:7.2f} {ours:6.2f} {seconds / ours:6.2f} {best['ms']:9.1f} "
                f"{best['reports']:10.1f}   (longest pause {best['longest']:.0f} ms)"
            )
        shown = training_playground(alt="A run.", still=Figure()).html
        path.write_text(f"<!doctype html><meta charset=utf-8>{shown}", "utf-8")
        page.goto(path.as_uri())
        for model in ("plain", "variational"):
            found = page.evaluate(DRAW, model)
            print(
                f"{model:12} {found['draws']:.1f} draws a second, "
                f"the page waits {found['longest']:.0f} ms at most"
            )
        browser.close()


if __name__ == "__main__":
    main()
