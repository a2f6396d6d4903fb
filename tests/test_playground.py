"""Training in the page, in a headless Chromium: the same steps as PyTorch's, and exact answers."""

import base64
import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy import stats
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from aecourse import data, evaluation, losses
from aecourse.explorer import playground
from aecourse.models import VAE, DenseAutoencoder, PCABaseline

SCRIPT = Path(__file__).parents[1] / "aecourse" / "static" / "trainer.js"
ACTIVATIONS = {"none": None, "relu": nn.ReLU, "silu": nn.SiLU}
SETTINGS = {
    "n_latent": 2,
    "hidden": [64, 64],
    "activation": "silu",
    "variational": False,
    "beta": 1,
    "learning_rate": 3e-3,
    "batch_size": 128,
    "seed": 0,
}

HELPERS = """
const parts = trainer({ postMessage() {} }); // what a test may call by itself
const floats = (text) =>
  new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

// A trainer without a worker: messages go in by send, and what comes back is kept.
function listener() {
  const port = { reports: [], errors: [], postMessage(message) {
    (message.kind === "error" ? port.errors : port.reports).push(structuredClone(message));
  } };
  trainer(port);
  port.send = (kind, message) => port.onmessage({ data: { kind, ...message } });
  return port;
}

// Samples for a trainer, as text.
const samples = ({ n_features, train, held_out }) =>
  ({ n_features, train: floats(train), held_out: floats(held_out) });
"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A page opened as a file that holds the trainer; no error may come up in it."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    script = SCRIPT.read_text(encoding="utf-8") + HELPERS
    path.write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>", "utf-8")
    context, errors, requests = browser.new_context(), [], []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert errors == []
    assert all(url.startswith(("file:", "blob:")) for url in requests)


def text(values):
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()


def samples(one):
    """A data set of the playground, as the page's `samples` reads it."""
    train, held_out = one.train.x, one.held_out.x
    return {"n_features": train.shape[1], "train": text(train), "held_out": text(held_out)}


# ---- the same steps as PyTorch's ---------------------------------------------------------------


def build(settings, n_features=64, seed=0):
    torch.manual_seed(seed)
    sizes = (n_features, *settings["hidden"], settings["n_latent"])
    activation = ACTIVATIONS[settings["activation"]]
    if settings["variational"]:
        gaussian = {"likelihood": "gaussian", "variance": 0.1, "beta": settings["beta"]}
        return VAE(sizes, activation, **gaussian)
    return DenseAutoencoder(sizes, activation)


def loss_of(model, x, noise):
    """The loss that `fit` lowers, with this noise on the codes."""
    if isinstance(model, VAE):
        model.reparameterise = lambda mean, log_var: mean + (0.5 * log_var).exp() * noise
    return sum(model.loss_terms(x).values()).mean()


def in_torch(model, batches, noise, learning_rate):
    """Take a step for each batch: all losses; gradients and parameters behind steps 1, 10, 100."""
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    values, seen = [], []
    for step, x in enumerate(batches, 1):
        loss = loss_of(model, x, noise[step - 1][: len(x)])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(loss.item())
        if step in (1, 10, 100):
            gradient = torch.cat([weight.grad.flatten() for weight in model.parameters()])
            seen.append((gradient, parameters_to_vector(model.parameters()).detach().clone()))
    return values, seen


def in_page(page, settings, first, batches, noise):
    arguments = {
        "settings": settings | {"layer_sizes": [64, *settings["hidden"], settings["n_latent"]]},
        "first": text(first),
        "batches": [text(x) for x in batches],
        "noise": [text(row[: len(x)]) for x, row in zip(batches, noise, strict=True)],
    }
    values, seen = page.evaluate(
        """({ settings, first, batches, noise }) => {
             const model = new parts.Autoencoder(settings, 32);
             model.parameters.set(floats(first));
             const optimiser = new parts.Adam(model, settings.learning_rate);
             const losses = [], seen = [];
             batches.forEach((text, k) => {
               const x = floats(text), numbers = floats(noise[k]).values();
               model.x.set(x);
               const given = { normal: () => numbers.next().value };
               losses.push(parts.train_step(model, optimiser, x.length / 64, given));
               if ([1, 10, 100].includes(k + 1)) {
                 seen.push([Array.from(model.gradients), Array.from(model.parameters)]);
               }
             });
             return [losses, seen];
           }""",
        arguments,
    )
    return values, [tuple(map(torch.tensor, pair)) for pair in seen]


MODELS = [
    {"variational": variational, "hidden": hidden, "activation": activation, "n_latent": n_latent}
    for variational in (False, True)
    for hidden, activation, n_latent in [
        ([], "none", 1),
        ([64], "relu", 2),
        ([64, 64], "silu", 3),
        ([64, 64], "none", 8),
    ]
]


def off(found, expected):
    """The root mean square of the difference, as a share of that of the expected values."""
    found, expected = (torch.as_tensor(values, dtype=torch.double) for values in (found, expected))
    assert found.shape == expected.shape
    return ((found - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("changes", MODELS, ids=lambda model: str(tuple(model.values())))
def test_losses_gradients_and_weights_of_a_hundred_steps_are_pytorchs(page, changes):
    settings = SETTINGS | {"beta": 0.5} | changes
    x = data.digits().train.x
    generator = torch.Generator().manual_seed(0)
    sizes = [32 - k % 4 for k in range(100)]
    batches = [x[torch.randperm(len(x), generator=generator)[:size]] for size in sizes]
    noise = torch.randn(100, 32, settings["n_latent"], generator=generator)
    model = build(settings)
    first = parameters_to_vector(model.parameters()).detach().clone()
    rate = settings["learning_rate"]
    exact = in_torch(model.double(), [x.double() for x in batches], noise.double(), rate)
    found = in_page(page, settings, first, batches, noise)
    # The page computes in single precision, of 6e-8; a hundred steps add up to ten or twenty times
    # that. PyTorch in single precision is as far from PyTorch in double precision.
    assert off(found[0], exact[0]) < 2e-6
    for (gradient, weights), (exact_gradient, exact_weights) in zip(
        found[1], exact[1], strict=True
    ):
        assert off(gradient, exact_gradient) < 5e-6
        assert off(weights, exact_weights) < 2e-6


# ---- by itself ---------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", MODELS, ids=lambda model: str(tuple(model.values())))
def test_the_gradient_is_how_fast_the_loss_rises(page, changes):
    """Finite differences along random directions, of PyTorch independent."""
    pairs = page.evaluate(
        """(settings) => {
             const random = new parts.Generator(1), n = 8;
             const model = new parts.Autoencoder({ ...settings,
               layer_sizes: [64, ...settings.hidden, settings.n_latent] }, n);
             model.initialise(random);
             model.x.forEach((_, k) => { model.x[k] = random.uniform(); });
             const at = model.parameters.slice();
             const loss = (direction, step) => {
               model.parameters.forEach((_, k) => {
                 model.parameters[k] = at[k] + step * direction[k];
               });
               model.encode(n);
               model.decode(n, new parts.Generator(2));
               return model.loss(n);
             };
             return Array.from({ length: 10 }, () => {
               const direction = at.map(() => random.normal());
               const slope = (loss(direction, 1e-4) - loss(direction, -1e-4)) / 2e-4;
               loss(direction, 0);
               model.backward(n);
               return [slope, model.gradients.reduce((sum, g, k) => sum + g * direction[k], 0)];
             });
           }""",
        SETTINGS | {"beta": 0.5} | changes,
    )
    slopes, products = torch.tensor(pairs).T
    # The median: some steps lead over the kink of a ReLU, where a difference is no slope.
    assert (products / slopes - 1).abs().median() < 1e-3


def test_the_product_of_matrices_at_all_edges_and_in_all_directions(page):
    generator = np.random.default_rng(0)
    shapes = [(rows, columns, depth) for rows in range(1, 6) for columns in (1, 2, 3, 4, 5, 8, 9)
              for depth in (1, 3, 4)]  # fmt: skip
    for rows, columns, depth in shapes:
        a, b = generator.normal(size=(rows, depth)), generator.normal(size=(columns, depth))
        for a_turned, b_turned in [(False, False), (True, True), (False, True)]:
            found = page.evaluate(
                """([rows, columns, depth, a, a_strides, b, b_strides]) => {
                     const out = new Float32Array(rows * columns);
                     parts.multiply(out, rows, columns, depth, floats(a), ...a_strides,
                                    floats(b), ...b_strides);
                     return Array.from(out);
                   }""",
                [rows, columns, depth, text(a.T if a_turned else a),
                 [1, rows] if a_turned else [depth, 1], text(b.T if b_turned else b),
                 [1, columns] if b_turned else [depth, 1]],
            )  # fmt: skip
            np.testing.assert_allclose(np.reshape(found, (rows, columns)), a @ b.T, atol=1e-5)


def test_random_numbers_are_what_they_are_called(page):
    uniform, normal, other = page.evaluate(
        """() => [["uniform", 0], ["normal", 0], ["uniform", 1]].map(([kind, seed]) => {
             const random = new parts.Generator(seed);
             return Array.from({ length: 20000 }, () => random[kind]());
           })"""
    )
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert stats.kstest(normal, "norm").pvalue > 0.01
    assert abs(np.corrcoef(uniform, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(normal[1:], normal[:-1])[0, 1]) < 0.03


def test_first_weights_are_uniform_as_in_pytorch(page):
    weights, bias = page.evaluate(
        """() => {
             const layer_sizes = [64, 64, 2], model = new parts.Autoencoder(
               { layer_sizes, activation: "relu", variational: false, beta: 1 }, 1);
             model.initialise(new parts.Generator(0));
             return [model.encoder[0].weight, model.decoder[0].bias].map((part) => [...part]);
           }"""
    )
    ours = stats.kstest(weights, "uniform", args=(-1 / 8, 1 / 4))
    torch.manual_seed(0)
    theirs = stats.ks_2samp(weights, nn.Linear(64, 64).weight.detach().flatten().numpy())
    assert ours.pvalue > 0.01 and theirs.pvalue > 0.01
    assert stats.kstest(bias, "uniform", args=(-(0.5**0.5), 2**0.5)).pvalue > 0.01  # 2 inputs


def test_each_epoch_sees_every_sample_once_and_in_another_order(page):
    seen = page.evaluate(
        """() => {
             const model = new parts.Autoencoder(
               { layer_sizes: [1, 1], activation: "none", variational: false, beta: 1 }, 8);
             const load = model.load.bind(model), seen = [];
             model.load = (samples, order, begin, n) => {
               load(samples, order, begin, n);
               seen.push(Array.from(model.x.subarray(0, n)));
             };
             const run = parts.fit(model, Float32Array.from({ length: 20 }, (_, k) => k),
               { batch_size: 8, learning_rate: 1e-3 }, new parts.Generator(0));
             for (let k = 0; k < 3 * 100; k++) run.next();
             return seen;
           }"""
    )
    assert [len(batch) for batch in seen] == [8, 8, 4] * 100
    epochs = np.concatenate(seen).reshape(100, 20)
    assert (np.sort(epochs) == np.arange(20)).all()
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 100


def test_each_order_of_a_shuffle_is_equally_likely(page):
    counts = page.evaluate(
        """() => {
             const random = new parts.Generator(0), order = Uint32Array.of(0, 1, 2), counts = {};
             for (let k = 0; k < 12000; k++) {
               order.sort();
               random.shuffle(order);
               counts[order.join()] = (counts[order.join()] ?? 0) + 1;
             }
             return Object.values(counts);
           }"""
    )
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 0.01


# ---- exact answers -----------------------------------------------------------------------------


def trained(page, one, changes, *legs):
    """Train with each (learning rate, steps) in turn; return PyTorch's model with these weights."""
    settings = SETTINGS | {"hidden": [], "activation": "none"} | changes
    parameters = page.evaluate(
        """([text, settings, legs]) => {
             const { n_features, train } = samples(text), random = new parts.Generator(0);
             const layer_sizes = [n_features, ...settings.hidden, settings.n_latent];
             const model = new parts.Autoencoder({ ...settings, layer_sizes }, settings.batch_size);
             model.initialise(random);
             for (const [learning_rate, steps] of legs) {
               const run = parts.fit(model, train, { ...settings, learning_rate }, random);
               for (let k = 0; k < steps; k++) run.next();
             }
             return Array.from(model.parameters);
           }""",
        [samples(one), settings, legs],
    )
    model = build(settings, n_features=one.train.x.shape[1])
    vector_to_parameters(torch.tensor(parameters), model.parameters())
    return model.double().requires_grad_(False)


def test_a_linear_model_finds_the_plane_of_pca_on_digits(page):
    one = playground.digits()
    pca = one.baselines()["pca"][2]
    model = trained(page, one, {"batch_size": 1437}, (0.03, 1000))
    for name, part in {"train": one.train, "held_out": one.held_out}.items():
        error = evaluation.mean_squared_error(model, part.x) * 64
        assert abs(error / pca[name] - 1) < 2e-3
    plane = PCABaseline.from_samples(one.train.x, 2).components
    assert evaluation.principal_angles(model.decoder[0].weight.T, plane).max() < 1


@pytest.mark.parametrize("n_latent", [1, 2])
def test_a_linear_model_finds_the_plane_that_the_toy_was_drawn_from(page, n_latent):
    one = playground.plane()
    pca = one.baselines()["pca"][n_latent]
    model = trained(page, one, {"n_latent": n_latent, "batch_size": 500}, (0.01, 1500))
    assert abs(8 * evaluation.mean_squared_error(model, one.train.x) / pca["train"] - 1) < 1e-3
    assert (
        abs(8 * evaluation.mean_squared_error(model, one.held_out.x) / pca["held_out"] - 1) < 1e-3
    )
    components = PCABaseline.from_samples(one.train.x, n_latent).components
    assert evaluation.principal_angles(model.decoder[0].weight.T, components).max() < 0.5


@pytest.mark.parametrize("n_latent", [1, 2, 3])
def test_a_linear_vae_reaches_the_likelihood_of_probabilistic_pca(page, n_latent):
    """Lucas et al. 2019: at its best the bound is tight, and equals the likelihood of pPCA."""
    x, v = playground.plane().train.x.double(), 0.1
    variances = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    used = variances[:n_latent].clamp(
        min=v
    )  # no direction that varies less than the decoder's noise
    expected = torch.cat([used, torch.full((8 - n_latent,), v, dtype=torch.double)])
    best = 0.5 * (8 * math.log(2 * math.pi) + (expected.log() + variances / expected).sum())

    changes = {"n_latent": n_latent, "variational": True, "batch_size": 500}
    vae = trained(page, playground.plane(), changes, (0.01, 3000), (0.001, 1500))
    mean, log_var = vae.encode_distribution(x)
    # The average over all codes that may be drawn, of a linear decoder: no noise in this number.
    spread = (log_var.exp() * vae.decoder[0].weight.square().sum(dim=0)).sum(dim=1)
    reconstruction = losses.gaussian_nll(vae.decode(mean), x, v) + spread / (2 * v)
    kl = losses.kl_to_standard_normal(mean, log_var)
    gap = (reconstruction + kl).mean() - best
    assert -1e-9 < gap < 0.02  # in nats
    if n_latent == 3:  # the third number says nothing
        each = 0.5 * (mean.square() + log_var.exp() - log_var - 1).mean(dim=0)
        assert each.min() < 0.01 < 1 < each.sort().values[1]


def test_of_beta_densities_three_linear_numbers_are_exact_and_two_need_a_curve(page):
    one = playground.beta_log_densities()
    x, pca = one.held_out.x, one.baselines()["pca"]

    def error(changes, *legs):
        model = trained(page, one, {"batch_size": 128} | changes, *legs)
        return 32 * evaluation.mean_squared_error(model, x)

    assert error({"n_latent": 3}, (0.01, 500)) < 1e-6 * pca[2]["held_out"]
    assert abs(error({"n_latent": 2}, (0.003, 2000)) / pca[2]["held_out"] - 1) < 0.01
    deep = {"n_latent": 2, "hidden": [64, 64], "activation": "silu"}
    assert error(deep, (3e-3, 500)) < 0.01 * pca[2]["held_out"]


# ---- the data ----------------------------------------------------------------------------------


def unpacked(part):
    raw = zlib.decompress(base64.b64decode(part["deflated"]))
    return (np.frombuffer(raw, f"<i{part['bytes']}") * part["scale"]).astype(np.float32)


@pytest.fixture(scope="module")
def packed():
    """All data sets as the page reads them."""
    return json.loads(json.dumps({name: make().pack() for name, make in playground.DATA.items()}))


def test_the_page_has_exactly_the_samples_that_the_baselines_are_of(packed):
    split = data.digits(test_fraction=0.2, seed=0)
    assert (unpacked(packed["digits"]["train"]) == split.train.x.flatten().numpy()).all()
    assert (unpacked(packed["digits"]["held_out"]) == split.test.x.flatten().numpy()).all()
    assert [split.test.y[k] for k in packed["digits"]["shown"]] == list(range(10))
    for name, make in playground.DATA.items():
        one = make()
        for part in ("train", "held_out"):
            assert (unpacked(packed[name][part]) == getattr(one, part).x.flatten().numpy()).all()
            assert len(getattr(one, part).y) == len(getattr(one, part).x)
        assert packed[name]["labels"] == one.held_out.y.tolist()
        assert set(packed[name]["labels"]) == set(range(len(packed[name]["classes"])))
        assert max(packed[name]["shown"]) < len(one.held_out.x)


def test_the_element_reads_the_same_numbers_out_of_the_text(browser, tmp_path):
    """The numbers that reach the trainer, in a Chromium, are those of the package."""
    shown = playground.training_playground(alt="A run.", still=Figure())
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{shown.html}", "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    sent = page.evaluate(
        """async (names) => {
             const element = document.querySelector("ae-playground"), sent = [];
             const wait = () => new Promise((then) => setTimeout(then, 20));
             for (const name of names) {
               const post = element.worker.postMessage, before = sent.length;
               element.worker.postMessage = (message) => {
                 if (message.kind === "data") {
                   const { n_features, train, held_out } = message;
                   sent.push({ n_features, train: [...train], held_out: [...held_out] });
                 }
               };
               element.set({ data: name });
               while (sent.length === before) await wait();
               element.worker.postMessage = post;
             }
             return sent;
           }""",
        list(playground.DATA),
    )
    page.close()
    for make, found in zip(playground.DATA.values(), sent, strict=True):
        one = make()
        assert found["n_features"] == one.train.x.shape[1]
        assert (np.float32(found["train"]) == one.train.x.flatten().numpy()).all()
        assert (np.float32(found["held_out"]) == one.held_out.x.flatten().numpy()).all()


def test_all_data_leave_room_on_a_page_of_400_kilobytes(packed):
    assert len(json.dumps(packed)) < 250_000
    shown = playground.training_playground(alt="A run.", still=Figure())
    assert len(shown.html) < 400_000


@pytest.mark.parametrize(
    "make", [playground.digits, playground.plane, playground.beta_log_densities]
)
def test_what_pca_leaves_is_the_variance_of_the_directions_that_it_drops(make):
    one = make()
    x = one.train.x.double()
    variances = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    baselines = one.baselines()
    assert baselines["average"]["train"] == pytest.approx(variances.sum().item(), rel=1e-4)
    for n, scores in baselines["pca"].items():
        assert scores["train"] == pytest.approx(variances[n:].sum().item(), rel=1e-4, abs=1e-5)
    away = (one.held_out.x - one.train.x.mean(dim=0)).square().sum(dim=1).mean().item()
    assert baselines["average"]["held_out"] == pytest.approx(away, rel=1e-5)


def test_classes_of_the_toys_are_what_their_names_say():
    beta = playground.beta_log_densities()
    ends = {"hump": (1, -1), "falls": (-1, -1), "rises": (1, 1), "U": (-1, 1)}
    raw = data.beta_log_densities(700, n_points=32).x[-200:]
    for k, name in enumerate(beta.classes):
        slopes = raw[beta.held_out.y == k].diff(dim=1)[:, [0, -1]].sign()
        assert (slopes == torch.tensor(ends[name])).float().mean() > 0.95  # between 0.01 and 0.99


# ---- messages ----------------------------------------------------------------------------------

TOY = {"hidden": [16], "batch_size": 64}


def listening(page, one, settings, script):
    """Run a script with `port`, to which the data have been sent, and `settings`."""
    return page.evaluate(
        """([text, settings]) => (async () => {
             const port = listener(), wait = (ms) => new Promise((then) => setTimeout(then, ms));
             port.send("data", samples(text));
             """
        + script
        + " })()",
        [samples(one), SETTINGS | settings],
    )


@pytest.mark.parametrize("variational", [False, True])
def test_a_report_agrees_with_itself(page, variational):
    one = playground.plane()
    settings = TOY | {"variational": variational, "beta": 0.5}
    report = listening(
        page,
        one,
        settings,
        """port.send("restart", { settings });
           for (let k = 0; k < 20; k++) port.send("step");
           const report = port.reports.at(-1), plain = (array) => array && Array.from(array);
           port.send("restart", { settings });
           const losses = [port.reports[0], port.reports.at(-1)].map(({ train }) => train.loss);
           return { ...report, losses, codes: plain(report.codes), log_var: plain(report.log_var),
             reconstructions: plain(report.reconstructions), decoder: report.decoder.map((layer) =>
               ({ ...layer, weight: plain(layer.weight), bias: plain(layer.bias) })) };""",
    )
    assert len(set(report["losses"])) == 1  # the same weights, and so the same noise
    assert report["steps"] == 20 and report["epochs"] == pytest.approx(20 / 8)  # 500 / 64, up
    assert report["running"] is False and report["ms_per_epoch"] >= 0
    codes = torch.tensor(report["codes"]).reshape(200, 2)
    x_hat = torch.tensor(report["reconstructions"]).reshape(200, 8)
    decoded = codes
    for layer in report["decoder"]:
        weight = torch.tensor(layer["weight"]).reshape(layer["n_out"], layer["n_in"])
        decoded = decoded @ weight.T + torch.tensor(layer["bias"])
        decoded = {"none": lambda y: y, "silu": nn.functional.silu}[layer["activation"]](decoded)
    assert off(x_hat, decoded) < 1e-6
    scores = report["held_out"]
    error = losses.squared_error(x_hat, one.held_out.x).mean().item()
    assert scores["squared_error"] == pytest.approx(error, rel=1e-6)
    if not variational:
        assert report["log_var"] is None and scores["kl"] == 0
        assert scores["loss"] == scores["squared_error"]
        return
    log_var = torch.tensor(report["log_var"]).reshape(200, 2)
    kl = losses.kl_to_standard_normal(codes, log_var).mean().item()
    assert scores["kl"] == pytest.approx(kl, rel=1e-6)
    # The loss is of drawn codes, the average of 200 draws: near that of the mean, and above it.
    of_mean = losses.gaussian_nll(x_hat, one.held_out.x, 0.1).mean().item() + 0.5 * kl
    assert of_mean < scores["loss"] < 2 * abs(of_mean) + 20


def test_a_worker_starts_in_a_page_that_is_a_file_and_does_what_it_is_told(page):
    kinds, steps = page.evaluate(
        """([text, settings]) => new Promise((done, fail) => {
             const worker = start_trainer(), seen = [];
             worker.onerror = (error) => fail(new Error(error.message));
             let asked = false;
             worker.onmessage = ({ data }) => {
               seen.push(data);
               if (seen.length === 1) worker.postMessage({ kind: "start" });
               if (data.running && seen.length > 5 && !asked) {
                 asked = true;
                 worker.postMessage({ kind: "pause" });
                 worker.postMessage({ kind: "step" });
                 setTimeout(() => worker.postMessage({ kind: "restart", settings }), 300);
               }
               if (seen.length > 1 && data.steps === 0) {
                 worker.terminate();
                 done([seen.map(({ kind }) => kind), seen.map(({ steps }) => steps)]);
               }
             };
             worker.postMessage({ kind: "data", ...samples(text) });
             worker.postMessage({ kind: "restart", settings });
           })""",
        [samples(playground.plane()), SETTINGS | TOY],
    )
    assert set(kinds) == {"report"}
    assert steps[0] == 0 and steps[1] > 0 and steps[-1] == 0
    assert steps[:-1] == sorted(set(steps[:-1]))
    assert steps[-2] == steps[-3] + 1  # paused, and one step by hand


def test_the_same_seed_is_the_same_run_wherever_it_is_halted(page):
    script = """
      const weights = (port) => Array.from(port.reports.at(-1).decoder[0].weight);
      port.send("restart", { settings });
      port.send("start");
      await wait(100);
      port.send("pause");
      const steps = port.reports.at(-1).steps, reports = port.reports.length;
      const other = listener();
      other.send("data", samples(text));
      other.send("restart", { settings });
      for (let k = 0; k < steps; k++) other.send("step");
      const runs = [weights(port), weights(other)];
      other.send("restart", { settings: { ...settings, seed: 1 } });
      return [steps, reports, ...runs, weights(other)];"""
    settings = {"variational": True, "batch_size": 500}
    steps, reports, one, again, other = listening(page, playground.plane(), settings, script)
    assert reports < steps  # the one run was halted seldom, the other behind each step
    assert one == again
    assert off(other, one) > 0.1


@pytest.mark.parametrize("batch_size", [64, 500, 333])
def test_a_run_stops_exactly_behind_the_epochs_that_were_asked_for(page, batch_size):
    reports = listening(
        page,
        playground.plane(),
        {"hidden": [16], "batch_size": batch_size},
        """const done = async () => { // a slice behind the other, until it stops by itself
             while (port.reports.at(-1).running) await wait(5);
           };
           port.send("restart", { settings });
           for (const epochs of [1, 7, 40, 40, 3]) {
             port.send("start", { epochs });
             await done();
           }
           port.send("step");
           port.send("start", { epochs: 41 });
           await done();
           await wait(100); // nothing goes on
           return port.reports.map(({ epochs, steps, running }) => [epochs, steps, running]);""",
    )
    n_batches = math.ceil(500 / batch_size)
    ends = [(epochs, steps) for epochs, steps, running in reports if not running]
    # The start, then each end; asked for what is done already, it stands still. The last but one
    # is a step by hand.
    expected = [0, 1, 7, 40, 40, 40, 40 + 1 / n_batches, 41]
    assert [epochs for epochs, _ in ends] == pytest.approx(expected)
    assert all(steps == round(epochs * n_batches) for epochs, steps in ends)
    assert all(epochs < 41 for epochs, _, running in reports if running)


def test_all_that_is_told_of_a_model_carries_the_id_of_its_restart(page):
    reports, errors = listening(
        page,
        playground.plane(),
        TOY,
        """port.send("restart", { settings, id: 5 });
           port.send("start");
           await wait(150);
           port.send("restart", { settings, id: 6 });
           port.send("step");
           port.send("restart", { settings: { ...settings, seed: -1 }, id: 7 });
           port.send("step");
           port.send("restart", { settings: { ...settings, learning_rate: 30 }, id: 8 });
           for (let k = 0; k < 100 && port.errors.length < 3; k++) port.send("step");
           port.send("nonsense");
           return [port.reports.map(({ id, steps }) => [id, steps]),
             port.errors.map(({ id, message }) => [id, message])];""",
    )
    ids = [id for id, _ in reports]
    assert ids == sorted(ids) and set(ids) == {5, 6, 8}
    assert [steps for id, steps in reports if id == 6] == [0, 1]  # nothing of the run before
    assert ids.count(5) > 1
    said = ["expected seed to be", "expected a restart first", "the loss in epoch", "unknown"]
    assert [id for id, _ in errors] == [7, 7, 8, 8]
    assert all(m.startswith(start) for (_, m), start in zip(errors, said, strict=True))


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize("learning_rate", [0.3, 30, 3e38])
def test_a_rate_too_high_ends_in_a_message_and_in_no_number_that_is_none(
    page, variational, learning_rate
):
    errors, finite, again = listening(
        page,
        playground.digits(),
        {"variational": variational, "learning_rate": learning_rate},
        """port.send("restart", { settings });
           for (let k = 0; k < 100 && !port.errors.length; k++) port.send("step");
           const finite = port.reports.every((report) =>
             [report.train.loss, report.held_out.squared_error, report.held_out.kl,
               ...report.codes, ...report.log_var ?? [], ...report.reconstructions,
               ...report.decoder.flatMap(({ weight }) => [...weight])].every(Number.isFinite));
           port.send("step");
           port.send("restart", { settings: { ...settings, learning_rate: 1e-3 } });
           port.send("step");
           const messages = port.errors.map(({ message }) => message);
           return [messages, finite, port.reports.at(-1).steps];""",
    )
    assert "try a smaller learning rate" in errors[0] and "epoch 1" in errors[0]
    assert errors[1:] == ["expected a restart first"]
    assert finite
    assert again == 1  # a restart begins anew


@pytest.mark.parametrize(
    "changes",
    [{"activation": "tanh!"}, {"n_latent": 0}, {"hidden": [64, 1.5]}, {"beta": -1}, {"seed": None},
     {"batch_size": 0}, {"learning_rate": 0}],
    ids=str,
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named(page, changes):
    errors, reports = listening(
        page,
        playground.plane(),
        changes,
        """port.send("restart", { settings });
           return [port.errors.map(({ message }) => message), port.reports.length];""",
    )
    (name,) = changes
    assert len(errors) == 1 and errors[0].startswith(f"expected {name} to be ")
    assert reports == 0


def test_memory_stays_flat_over_a_thousand_epochs(page):
    """Bytes that are left in array buffers and in objects when all that can go has gone."""
    devtools = page.context.new_cdp_session(page)

    def held():
        devtools.send("HeapProfiler.collectGarbage")
        usage = devtools.send("Runtime.getHeapUsage")
        return usage["backingStorageSize"], usage["usedSize"]

    page.evaluate(
        """([text, settings]) => {
             const { n_features, train, held_out } = samples(text);
             window.port = { postMessage(report) { port.last = report; } };
             trainer(port);
             port.send = (message) => port.onmessage({ data: message });
             port.send({ kind: "data", n_features, train, held_out });
             port.send({ kind: "restart", settings });
             window.advance = (steps) => {
               for (let k = 0; k < steps; k++) port.send({ kind: "step" });
             };
             advance(500);
           }""",
        [samples(playground.plane()), SETTINGS | TOY | {"variational": True, "batch_size": 500}],
    )
    before, objects = held()
    page.evaluate("advance(1000)")  # one step an epoch, and a report behind each
    assert page.evaluate("port.last.epochs") == 1500
    after, objects_after = held()
    assert after == before
    # Compiled code comes and goes; one report that is kept each step would be a megabyte or more.
    assert objects_after - objects < 200_000
    page.evaluate("delete window.port; delete window.advance")
