"""Nothing is left behind on the CPU: each model computes on a device that holds no numbers."""

import pytest
import torch
from torch import nn

from aecourse import design, evaluation, latent, models
from aecourse.data import Samples
from aecourse.models.saving import kinds
from aecourse.runtime import choose_device, in_batches
from aecourse.training import fit

FIELDS = torch.randn(20, 8, 8, generator=torch.Generator().manual_seed(0))
IMAGES = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(20) % 10
CASES = {
    "dense": (lambda: models.DenseAutoencoder((784, 2)), (IMAGES.flatten(1),)),
    "bernoulli": (lambda: models.VAE((784, 2)), (IMAGES.flatten(1),)),
    "gaussian": (lambda: models.VAE((784, 2), likelihood="gaussian"), (IMAGES.flatten(1),)),
    "conditional": (lambda: models.ConditionalVAE(2), (IMAGES, LABELS)),
    "classifier": (models.Classifier, (IMAGES, LABELS)),
    "l1": (lambda: models.SparseAutoencoder(784, 9, l1=0.1), (IMAGES.flatten(1),)),
    "top_k": (lambda: models.SparseAutoencoder(784, 9, top_k=2), (IMAGES.flatten(1),)),
    "denoiser": (lambda: models.Denoiser(784, (1.0, 0.1)), (IMAGES.flatten(1),)),
    "shapes": (lambda: models.ShapeVAE.from_fields(FIELDS, n_components=4), (FIELDS,)),
    "pca": (lambda: models.PCABaseline.from_samples(FIELDS.flatten(1), 4), (FIELDS.flatten(1),)),
}
FASTEST = choose_device().type


def answers(model, x, *labels):
    """Yield what each method of a model returns."""
    if isinstance(model, models.Denoiser):
        yield from (model(x, 0.5), model.score(x, torch.full((len(x),), 0.5)))
    elif isinstance(model, models.Classifier):
        yield model(x)
    else:
        z = model.encode(x, *labels)
        yield from (z, model.decode(z, *labels), model(x, *labels))
        if hasattr(model, "reparameterise"):
            yield model.reparameterise(*model.encode_distribution(x, *labels))
            yield model.reconstruction_nll(z, x, *labels)
        if hasattr(model, "sample"):
            yield model.sample(*(labels or (len(x),)))
    if hasattr(model, "loss_terms"):
        yield from model.loss_terms(x, *labels).values()


def test_every_model_is_a_case():
    built = {type(build()).__name__ for build, _ in CASES.values()}
    assert built == set(kinds()), "give each model a case in this file"


@pytest.mark.parametrize("case", CASES)
def test_a_model_stays_on_its_device(case):
    build, data = CASES[case]
    on_cpu, elsewhere = build(), build().to("meta")
    expected = list(answers(on_cpu, *data))
    found = list(answers(elsewhere, *(part.to("meta") for part in data)))
    assert [(part.device.type, part.shape) for part in found] == [
        ("meta", part.shape) for part in expected
    ]


@pytest.mark.parametrize("case", sorted(set(CASES) - {"pca"}))
def test_a_model_trains_where_it_is_told_and_comes_home(case):
    build, data = CASES[case]
    model = build()
    samples = Samples(data[0].double(), *data[1:])
    fit(model, samples, held_out=samples, epochs=1, device=FASTEST, progress=False)
    assert {weight.device.type for weight in model.parameters()} == {"cpu"}


def test_data_is_brought_to_the_model_in_its_precision():
    seen = []

    def note(x, y):
        seen.append((x.device.type, x.dtype, y.dtype))
        return torch.zeros(len(x))

    model = nn.Linear(2, 2).half().to("meta")
    in_batches(note, model, torch.zeros(3, 2).double(), torch.zeros(3, dtype=torch.int64))
    assert seen == [("meta", torch.float16, torch.int64)]


@pytest.mark.skipif(FASTEST == "cpu", reason="needs a GPU")
def test_scores_and_searches_of_a_model_on_a_gpu_are_those_on_the_cpu():
    torch.manual_seed(0)
    vae, x = models.VAE((784, 16, 2)), IMAGES.flatten(1).numpy()
    found = []
    for device in ("cpu", FASTEST):
        vae.to(device)
        codes = latent.encode(vae, x)
        search = design.optimise(
            lambda image: image.sum(), vae.decode, guard=design.Guard(codes), progress=False
        )
        scores = (evaluation.mean_squared_error(vae, x), *evaluation.elbo_terms(vae, x))
        found.append((codes, search.values, *map(torch.as_tensor, scores)))
    for on_cpu, on_gpu in zip(*found, strict=True):
        torch.testing.assert_close(on_gpu.cpu(), on_cpu, rtol=1e-3, atol=1e-3)
