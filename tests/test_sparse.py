"""Sparse autoencoders against what is known of sparse codes; dead units and purity by hand."""

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from aecourse import evaluation, losses
from aecourse.models import SparseAutoencoder
from aecourse.training import fit

KINDS = [{"l1": 0.3}, {"top_k": 3}]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def orthonormal(n, seed=0):
    return torch.linalg.qr(torch.randn(n, n, generator=generator(seed))).Q


# ---- the model ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_features", "n_units"), [(6, 20), (6, 4), (1, 3)])
def test_shapes_of_any_dictionary(kind, n_features, n_units):
    model, x = SparseAutoencoder(n_features, n_units, **kind), torch.randn(5, n_features)
    assert (model.n_features, model.n_latent) == (n_features, n_units)
    assert model.encode(x).shape == (5, n_units)
    assert (model.encode(x) >= 0).all()
    assert model(x).shape == x.shape
    terms = model.loss_terms(x, torch.arange(5))
    assert all(term.shape == (5,) for term in terms.values())
    torch.testing.assert_close(terms["squared_error"], losses.squared_error(model(x), x))


def test_the_loss_by_hand():
    model = SparseAutoencoder(2, 2, l1=0.5, centre=torch.tensor([1.0, 0.0]))
    with torch.no_grad():
        model.directions.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.5]]))  # atoms (1, 0) and (0, 1)
        model.encoder.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
        model.encoder.bias.copy_(torch.tensor([-1.0, 0.0]))
    x = torch.tensor([[5.0, 1.0], [1.0, -1.0]])
    # x − b = (4, 1): activations (3, 2), reconstruction (4, 2), errors (−1, 1)
    # x − b = (0, −1): nothing is active, reconstruction (1, 0), errors (0, 1)
    assert torch.equal(model.encode(x), torch.tensor([[3.0, 2.0], [0.0, 0.0]]))
    terms = model.loss_terms(x)
    torch.testing.assert_close(terms["squared_error"], torch.tensor([2.0, 1.0]))
    torch.testing.assert_close(terms["l1"], torch.tensor([2.5, 0.0]))
    model = SparseAutoencoder(2, 2, top_k=1)
    assert list(model.loss_terms(x)) == ["squared_error"]


def test_the_length_of_a_direction_does_not_matter():
    model, x = SparseAutoencoder(6, 9, l1=0.3), torch.randn(5, 6)
    before, atoms = model(x), model.atoms
    torch.testing.assert_close(atoms.norm(dim=1), torch.ones(9))
    with torch.no_grad():
        model.directions.mul_(torch.linspace(0.1, 10, 9)[:, None])
    torch.testing.assert_close(model.atoms, atoms)
    torch.testing.assert_close(model(x), before)


def test_it_starts_with_the_transposed_dictionary_and_the_centre():
    model = SparseAutoencoder(6, 9, top_k=2, centre=torch.arange(6.0))
    torch.testing.assert_close(model.encoder.weight, model.atoms)
    assert torch.equal(model.offset, torch.arange(6.0))
    assert not model.encode(model.offset.detach()[None]).any()
    assert torch.equal(SparseAutoencoder(6, 9, top_k=2).offset, torch.zeros(6))


def test_training_leaves_the_callers_centre_alone():
    centre = torch.arange(6.0)
    model = SparseAutoencoder(6, 9, top_k=2, centre=centre)
    with torch.no_grad():
        model.offset.add_(1)
    assert torch.equal(centre, torch.arange(6.0))


# ---- the penalty -------------------------------------------------------------------------------


@pytest.mark.parametrize("l1", [0.2, 1.0])
def test_for_orthonormal_atoms_the_best_code_is_soft_thresholded_at_half_lambda(l1):
    n, atoms = 5, orthonormal(5)
    model = SparseAutoencoder(n, n, l1=l1)
    with torch.no_grad():
        model.directions.copy_(atoms)
        model.encoder.weight.copy_(atoms)
        model.encoder.bias.fill_(-l1 / 2)  # so that the encoder soft-thresholds
    x = torch.randn(50, n, generator=generator(1))
    torch.testing.assert_close(model.encode(x), (x @ atoms.T - l1 / 2).clamp(min=0))

    def loss(z):
        return losses.squared_error(model.decode(z), x) + l1 * z.abs().sum(dim=1)

    best = model.encode(x).detach()
    torch.testing.assert_close(sum(model.loss_terms(x).values()), loss(best))
    for seed in range(50):  # no other code without negative numbers costs less
        other = (best + 0.1 * torch.randn(best.shape, generator=generator(seed))).clamp(min=0)
        assert (loss(other) >= loss(best) - 1e-5).all()


def test_training_finds_that_threshold():
    n, l1, atoms = 4, 0.8, orthonormal(4)
    model = SparseAutoencoder(n, n, l1=l1)
    with torch.no_grad():
        model.directions.copy_(atoms)
        model.encoder.weight.copy_(atoms)
    for fixed in (model.directions, model.offset, model.encoder.weight):
        fixed.requires_grad_(False)
    x = torch.rand(4000, n, generator=generator(1)) * 3 @ atoms
    fit(model, x, epochs=20, batch_size=100, learning_rate=1e-2, progress=False)
    torch.testing.assert_close(model.encoder.bias, torch.full((n,), -l1 / 2), atol=0.01, rtol=0)


# ---- the k largest -----------------------------------------------------------------------------


def test_the_k_largest_activations_stay_as_they_are_and_the_others_are_zero():
    sparse, dense = SparseAutoencoder(10, 40, top_k=6), SparseAutoencoder(10, 40, l1=0.0)
    dense.load_state_dict(sparse.state_dict())
    x = torch.randn(200, 10, generator=generator())
    for kept, before in zip(sparse.encode(x), dense.encode(x), strict=True):
        sixth = before.sort(descending=True).values[5]
        assert sixth > 0
        assert (kept > 0).sum() == 6
        assert torch.equal(kept, torch.where(before >= sixth, before, 0.0))


def test_never_more_than_k_units_are_active_even_where_all_are_tied():
    model = SparseAutoencoder(3, 8, top_k=2)
    with torch.no_grad():
        model.encoder.weight.zero_()
        model.encoder.bias.fill_(0.5)
    assert (model.encode(torch.zeros(4, 3)) > 0).sum(dim=1).tolist() == [2, 2, 2, 2]


def test_fewer_units_are_active_where_fewer_are_positive():
    model = SparseAutoencoder(3, 8, top_k=4)
    with torch.no_grad():
        model.encoder.weight.zero_()
        model.encoder.bias.copy_(torch.tensor([-1.0, 2.0, -3.0, 0.0, 0.5, -1.0, -1.0, -2.0]))
    expected = torch.tensor([[0.0, 2.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0]])
    assert torch.equal(model.encode(torch.zeros(1, 3)), expected)


def test_only_active_units_learn():
    model = SparseAutoencoder(5, 12, top_k=2)
    x = torch.randn(1, 5, generator=generator())
    model.loss_terms(x)["squared_error"].sum().backward()
    active = model.encode(x)[0] > 0
    for gradient in (model.encoder.weight.grad, model.directions.grad):
        assert torch.equal(gradient.abs().sum(dim=1) > 0, active)


@pytest.mark.parametrize("kind", [{"top_k": 2}, {"l1": 0.3}])
def test_it_finds_the_atoms_that_the_data_was_made_of(kind):
    # 45 directions in 30 dimensions, two at a time: more than PCA has components.
    atoms = torch.nn.functional.normalize(torch.randn(45, 30, generator=generator(3)))
    chosen = torch.rand(8000, 45, generator=generator(1)).argsort(dim=1) < 2
    x = (chosen * (0.5 + torch.rand(8000, 45, generator=generator(2)))) @ atoms
    torch.manual_seed(0)
    model = SparseAutoencoder(30, 90, **kind)
    fit(model, x, epochs=25, batch_size=100, learning_rate=1e-2, progress=False)
    likeness = (atoms @ model.atoms.T).detach()
    rows, columns = linear_sum_assignment(-likeness)
    assert likeness[rows, columns].min() > 0.95


# ---- bad input ---------------------------------------------------------------------------------


def test_bad_input_is_refused():
    for both_or_none in ({}, {"l1": 0.1, "top_k": 2}):
        with pytest.raises(ValueError, match="exactly one of l1 and top_k, got l1="):
            SparseAutoencoder(4, 8, **both_or_none)
    for l1 in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="expected l1 from 0, got"):
            SparseAutoencoder(4, 8, l1=l1)
    for top_k in (0, 9, 2.5):
        with pytest.raises(ValueError, match=r"top_k.* from 1 to 8, got"):
            SparseAutoencoder(4, 8, top_k=top_k)
    for sizes in ((0, 8), (4, 0), (4, 8.0)):
        with pytest.raises(ValueError, match=r"n_(features|units).* from 1"):
            SparseAutoencoder(*sizes, l1=0.1)
    with pytest.raises(ValueError, match=r"a centre of shape \(4,\), got \(3,\)"):
        SparseAutoencoder(4, 8, l1=0.1, centre=torch.zeros(3))
    model = SparseAutoencoder(4, 8, l1=0.1)
    with pytest.raises(ValueError, match=r"x of shape \(n_samples, 4\), got \(4,\): add x\[None"):
        model(torch.zeros(4))
    with pytest.raises(ValueError, match=r"z of shape \(n_samples, 8\), got \(2, 4\)"):
        model.decode(torch.zeros(2, 4))


# ---- what units do -----------------------------------------------------------------------------


def test_dead_units_are_those_that_no_sample_turns_on():
    codes = torch.zeros(4, 5)
    codes[0, 1], codes[3, 1], codes[2, 4] = 0.1, 2.0, 1e-6
    codes[1, 2] = -3.0  # not active
    assert evaluation.dead_units(codes).tolist() == [True, False, True, True, False]
    assert evaluation.dead_units(torch.zeros(3, 2)).sum() == 2


def test_purity_is_the_share_of_the_most_common_label_at_the_top():
    codes = torch.randn(300, 7, generator=generator())
    labels = torch.randint(5, (300,), generator=generator(1))
    found = evaluation.purity(codes, labels, n_top=12)
    for unit in range(7):
        top = labels[codes[:, unit].argsort(descending=True)[:12]].tolist()
        assert found[unit] == pytest.approx(max(map(top.count, range(5))) / 12)
    with_labels_as_codes = torch.nn.functional.one_hot(labels).float()
    assert torch.equal(evaluation.purity(with_labels_as_codes, labels), torch.ones(5))
    assert torch.equal(evaluation.purity(codes, labels, n_top=1), torch.ones(7))
    ranked, half = torch.arange(40.0).flip(0)[:, None], torch.arange(40) // 20
    assert [evaluation.purity(ranked, half, n_top=n).item() for n in (20, 40)] == [1, 0.5]


def test_bad_codes_and_labels_are_refused():
    codes, labels = torch.rand(6, 3), torch.arange(6)
    for function in (evaluation.dead_units, lambda c: evaluation.purity(c, labels, n_top=2)):
        with pytest.raises(ValueError, match=r"codes of shape .* got \(6,\)"):
            function(codes[:, 0])
        with pytest.raises(ValueError, match="at least one sample in codes, got none"):
            function(codes[:0])
        with pytest.raises(TypeError, match="floating-point numbers in codes"):
            function(codes.long())
    with pytest.raises(ValueError, match=r"n_top.* from 1 to 6, got 7"):
        evaluation.purity(codes, labels, n_top=7)
    with pytest.raises(ValueError, match=r"6 labels in labels, one each, got \(5,\)"):
        evaluation.purity(codes, labels[:5], n_top=2)
    with pytest.raises(ValueError, match="labels from 0 in labels, got -1"):
        evaluation.purity(codes, labels - 1, n_top=2)
    with pytest.raises(TypeError, match=r"labels as whole numbers, got torch\.float32"):
        evaluation.purity(codes, labels.float(), n_top=2)
