"""The VAE of fields: its fixed basis, its loss, and what it learns of a family of one number."""

import pytest
import torch

from aecourse import evaluation, latent, losses, shapes
from aecourse.models import PCABaseline, ShapeVAE
from aecourse.runtime import seed_everything
from aecourse.training import fit


def disks(n, resolution=24):
    radii = torch.linspace(0.5, 1.2, n)
    return torch.stack([shapes.circle(r).field(resolution) for r in radii.tolist()])


def small(fields, **settings):
    seed_everything(0)
    return ShapeVAE.from_fields(fields, n_components=8, hidden=(16,), **settings)


def test_its_basis_is_that_of_principal_component_analysis():
    fields = disks(40) + 0.01 * torch.randn(40, 24, 24, generator=torch.Generator().manual_seed(0))
    model = small(fields)
    pca = PCABaseline.from_samples((fields.clamp(-0.25, 0.25) / 0.25).flatten(1), 8)
    torch.testing.assert_close(model.mean, pca.mean)
    gram = model.components @ model.components.T
    torch.testing.assert_close(gram, torch.eye(8), rtol=0, atol=1e-5)
    overlap = (model.components @ pca.components.T).abs().diagonal()
    assert overlap[:4].min() > 0.999
    before = model.components.clone()
    fit(model, fields, epochs=2, progress=False)
    assert torch.equal(model.components, before)
    assert not any(weight.shape == before.shape for weight in model.parameters())


def test_decoded_fields_lie_in_the_span_of_the_basis():
    fields = disks(40)
    model = small(fields, limit=0.4)
    with torch.no_grad():
        rows = model.decode(torch.randn(20, 2)).flatten(1) / 0.4 - model.mean
    torch.testing.assert_close(
        rows @ model.components.T @ model.components, rows, atol=1e-4, rtol=0
    )


def test_it_reads_the_coefficients_of_a_field():
    fields = disks(40)
    model = small(fields, limit=0.5)
    seen = []
    model.vae.encoder[0].register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    model.encode(fields[:3])
    rows = (fields[:3] / 0.5).clamp(-1, 1).flatten(1) - model.mean
    torch.testing.assert_close(seen[0], rows @ model.components.T)
    assert (rows - seen[0] @ model.components).norm() < 0.2 * rows.norm()


def test_its_loss_is_the_bound_of_a_gaussian_with_its_variance():
    fields = disks(40)
    model = small(fields, variance=0.05, limit=0.5)
    x = fields[:7]
    torch.manual_seed(1)
    terms = model.loss_terms(x)
    torch.manual_seed(1)
    mean, log_var = model.encode_distribution(x)
    z = model.reparameterise(mean, log_var)
    noise = torch.distributions.Normal(model.decode(z) / 0.5, 0.05**0.5)
    nll = -noise.log_prob((x / 0.5).clamp(-1, 1)).sum(dim=(1, 2))
    torch.testing.assert_close(terms["reconstruction"], nll, rtol=1e-5, atol=1e-2)
    torch.testing.assert_close(terms["kl"], losses.kl_to_standard_normal(mean, log_var))


def test_its_variance_enters_the_scores():
    fields = disks(40)
    vague, sure = (small(fields, variance=v) for v in (1.0, 0.01))  # of equal weights
    x = fields[:7]
    error = 2 * (evaluation.elbo_terms(vague, x)[0] - 24 * 24 * 0.9189385)
    nll = 50 * error + 24 * 24 * (0.9189385 + 0.5 * torch.tensor(0.01).log())
    torch.testing.assert_close(evaluation.elbo_terms(sure, x)[0], nll, rtol=1e-4, atol=1e-2)


def test_training_on_coefficients_is_training_on_fields():
    fields = disks(40)
    gradients = []
    for of_coefficients in (False, True):
        model = small(fields)
        torch.manual_seed(1)
        if of_coefficients:
            terms = model.vae.loss_terms(model.coefficients(fields))
        else:
            terms = model.loss_terms(fields)
        sum(terms.values()).mean().backward()
        gradients.append([weight.grad for weight in model.vae.parameters()])
    for slow, fast in zip(*gradients, strict=True):
        torch.testing.assert_close(slow, fast, rtol=1e-3, atol=1e-4)


def test_what_lies_beyond_the_limit_plays_no_part():
    fields = disks(40)
    model = small(fields)
    far = fields.abs() > 0.25
    changed = torch.where(far, 3 * fields, fields)
    assert far.any()
    torch.testing.assert_close(model.encode(changed), model.encode(fields))


def test_it_learns_disks_by_their_radius():
    fields = disks(200)
    model = small(fields)
    fit(model, fields[::2], epochs=200, batch_size=25, learning_rate=1e-2, progress=False)
    with torch.no_grad():
        decoded = model(fields[1::2])
    fine = [shapes.resample(f, 96) for f in (decoded, fields[1::2])]
    assert shapes.intersection_over_union(*fine).min() > 0.93
    codes = latent.encode(model, fields[1::2])
    order = torch.cdist(codes[:1], codes)[0].argsort()
    assert (order - torch.arange(100)).abs().float().mean() < 5  # along a line, by size


def test_the_length_of_the_basis_follows_the_data():
    """As many components as keep 99.99% of the variance: found here by a full decomposition."""
    drawn = torch.stack([shape.field(24) for shape in shapes.random_shapes(400, seed=0)[0]])
    for fields in (disks(30), drawn[:10], drawn[:30], drawn):
        rows = (fields.clamp(-0.25, 0.25) / 0.25).flatten(1).double()
        variances = torch.linalg.svdvals(rows - rows.mean(dim=0)).square()
        kept = variances.cumsum(dim=0) / variances.sum()
        model = ShapeVAE.from_fields(fields)
        needed = min(int((kept < 0.9999).sum()) + 1, len(fields) - 1, 32)
        assert len(model.components) == needed
        given = ShapeVAE.from_fields(fields, n_components=needed)
        found = (model.components @ given.components.T).abs()
        torch.testing.assert_close(found.diagonal(), torch.ones(needed), atol=1e-3, rtol=0)
    assert needed == 32  # of many shapes, the most


def test_too_few_shapes_are_said_to_be_too_few():
    fields = disks(30)
    for few, settings, message in (
        (
            fields,
            {"n_components": 32},
            "n_components from 1 to 29, as 30 fields span no more, got 32",
        ),
        (fields[:2], {}, "n_latent from 1 to 1, as 2 fields span no more, got 2: take more shapes"),
        (fields[:1], {}, "expected fields that differ"),
        (fields, {"n_components": 0}, "n_components to be a whole number from 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            ShapeVAE.from_fields(few, **settings)
    assert ShapeVAE.from_fields(fields[:3]).encode(fields).shape == (30, 2)


def test_it_learns_thirty_rings_with_their_hole():
    angle = torch.linspace(0, 2 * torch.pi, 100, dtype=torch.double)
    circle = torch.stack([angle.cos(), angle.sin()], dim=1)
    rings = [[40 * circle, r * circle] for r in torch.linspace(12, 28, 30).tolist()]
    frame = shapes.Frame.around(rings)
    fields = torch.stack([shapes.Shape.from_points(r, frame=frame)[0].field(48) for r in rings])
    seed_everything(0)
    model = ShapeVAE.from_fields(fields, hidden=(32,), variance=0.1)
    rows = model.coefficients(fields)
    fit(model.vae, rows, epochs=300, batch_size=10, learning_rate=1e-2, progress=False)
    with torch.no_grad():
        decoded = model(fields)
    assert all(len(shapes.outlines(phi)) == 2 for phi in decoded)
    assert shapes.intersection_over_union(decoded, fields).min() > 0.9


def test_bad_input_is_refused():
    fields = disks(40)
    for bad, settings, message in (
        (fields.flatten(1), {}, r"\(n_fields, n, n\)"),
        (fields[:, :5], {}, r"\(n_fields, n, n\)"),
        (fields * float("nan"), {}, "finite"),
        (fields[:8], {}, "n_components"),
        (fields, {"variance": 0}, "above 0"),
        (fields, {"limit": -1}, "above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            small(bad, **settings)
    model = small(fields)
    with pytest.raises(ValueError, match="24, 24"):
        model(fields[:, :10, :10])
    with pytest.raises(ValueError, match="3"):
        model.decode(torch.zeros(1, 3))
