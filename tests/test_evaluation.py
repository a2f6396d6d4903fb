import numpy as np
import pytest
import torch

from aecourse import data, evaluation, latent, losses
from aecourse.models import VAE


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.mark.parametrize("n_components", [1, 2, 8])
def test_pca_error_is_the_variance_left_out(digits, n_components):
    x = digits.train.x.double()
    pca = evaluation.PCABaseline.from_samples(x, n_components)
    centred = x - x.mean(dim=0)
    left_out = torch.linalg.svdvals(centred)[n_components:].square().sum() / x.numel()
    assert evaluation.mean_squared_error(pca, x) == pytest.approx(left_out.item(), rel=1e-9)


def test_pca_has_the_methods_of_a_model(digits):
    pca = evaluation.PCABaseline.from_samples(digits.train.x, 2)
    codes = latent.encode(pca, digits.test.x, batch_size=100)
    assert codes.shape == (360, 2)
    torch.testing.assert_close(pca.decode(codes), pca(digits.test.x))
    torch.testing.assert_close(pca.components @ pca.components.T, torch.eye(2))


def test_pca_orders_its_components_by_variance_and_has_nothing_to_train():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200, 3, generator=generator) * torch.tensor([1.0, 5.0, 2.0])
    pca = evaluation.PCABaseline.from_samples(x, 3)
    assert (pca.encode(x).var(dim=0).diff() < 0).all()
    assert set(pca.state_dict()) == {"mean", "components"}  # so that .to(device) moves both
    assert list(pca.parameters()) == []


class Shifted(torch.nn.Module):
    def __init__(self, shape=None):
        super().__init__()
        self.dropout, self.shape = torch.nn.Dropout(), shape

    def forward(self, x):
        return self.dropout(x + 0.5).reshape(self.shape or x.shape)


def test_mean_squared_error_is_per_value_and_in_evaluation_mode():
    assert evaluation.mean_squared_error(Shifted(), torch.zeros(7, 3, 4)) == 0.25


def test_a_reconstruction_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"got \(4, 1, 4\) and \(4, 4\)"):  # would broadcast
        evaluation.mean_squared_error(Shifted((4, 1, 4)), torch.zeros(4, 4))


def test_knn_accuracy_of_separate_classes_and_of_random_labels():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(1000) % 4
    codes = 10.0 * labels[:, None] + torch.randn(1000, 2, generator=generator)
    shuffled = labels[torch.randperm(1000, generator=generator)]
    halves = (slice(0, 500), slice(500, 1000))
    score = {
        name: evaluation.knn_accuracy(
            codes[halves[0]], y[halves[0]], codes[halves[1]], y[halves[1]]
        )
        for name, y in {"true": labels, "shuffled": shuffled}.items()
    }
    assert score["true"] > 0.99
    assert score["shuffled"] == pytest.approx(0.25, abs=0.08)  # four standard deviations


def test_knn_takes_the_vote_of_k_by_euclidean_distance():
    codes, labels = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.1, 0.0]]), torch.tensor([0, 1, 1])
    query, answer = torch.tensor([[0.1, 0.0]], requires_grad=True), torch.tensor([1])
    for k, expected in ((1, 0), (3, 1)):  # the nearest is of class 0, the majority of class 1
        assert evaluation.knn_accuracy(codes, labels, query, answer, n_neighbors=k) == expected
    corner = torch.tensor([[3.0, 3.0], [0.0, 4.0]])  # Euclid: 4.24 and 4; Chebyshev: 3 and 4
    near = evaluation.knn_accuracy(corner, labels[:2], torch.zeros(1, 2), answer, n_neighbors=1)
    assert near == 1


def test_tiny_angles_are_exact():
    a, b = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[1.0, 1e-9]]).double()
    assert evaluation.principal_angles(a, b)[0] == pytest.approx(np.degrees(1e-9), rel=1e-6)


def test_principal_angles_of_rotated_planes():
    # Two planes that share no direction: their basis vectors turned by 20° and by 65°.
    a, b = np.radians([20, 65])
    plane = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0]])
    turned = torch.tensor([[np.cos(a), 0, np.sin(a), 0], [0, np.cos(b), 0, np.sin(b)]])
    mixing = torch.tensor([[2.0, 1.0], [-1.0, 3.0]], dtype=torch.double)  # another basis of it
    angles = evaluation.principal_angles(plane, mixing @ turned)
    np.testing.assert_allclose(angles, [65, 20], atol=1e-6)
    np.testing.assert_allclose(evaluation.principal_angles(plane, plane), [0, 0], atol=1e-6)


def test_bad_input_is_refused(digits):
    x, y = digits.train.x, digits.train.y
    for n_components in (0, 65):
        with pytest.raises(ValueError, match=f"from 1 to 64, got {n_components}"):
            evaluation.PCABaseline.from_samples(x, n_components)
    with pytest.raises(ValueError, match="from 1 to 3, got 4"):
        evaluation.PCABaseline.from_samples(x[:3], 4)
    with pytest.raises(TypeError, match=r"floating-point numbers in x, got torch\.uint8"):
        evaluation.PCABaseline.from_samples((16 * x).byte(), 2)
    pca = evaluation.PCABaseline.from_samples(x, 2)
    for function, bad in ((pca.encode, x[:, :1]), (pca.decode, x[:, :1])):  # would broadcast
        with pytest.raises(ValueError, match=r"got \(1437, 1\)"):
            function(bad)
    with pytest.raises(ValueError, match="at least one sample"):
        evaluation.mean_squared_error(pca, x[:0])
    for n_neighbors in (0, 4):
        with pytest.raises(ValueError, match=f"from 1 to 3, got {n_neighbors}"):
            evaluation.knn_accuracy(x[:3], y[:3], x, y, n_neighbors=n_neighbors)
    one_hot = torch.nn.functional.one_hot(y)
    for labels in (one_hot, y[:-1]):
        with pytest.raises(ValueError, match="expected 1437 labels"):
            evaluation.knn_accuracy(x, labels, x, y)
    with pytest.raises(ValueError, match=r"same n_features, got \(2, 3\) and \(2, 4\)"):
        evaluation.principal_angles(torch.eye(2, 3), torch.eye(2, 4))
    columns = torch.rand(64, 2)  # a basis that somebody forgot to transpose
    for basis in (columns, torch.zeros(1, 2), torch.zeros(0, 2)):
        with pytest.raises(ValueError, match="independent rows, got"):
            evaluation.principal_angles(basis, torch.eye(2))


def test_no_prediction_costs_less_than_the_floor_of_grey_pixels():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(50, 1, 4, 4, generator=generator, dtype=torch.double)
    floor = evaluation.bernoulli_entropy(x)
    torch.testing.assert_close(losses.bernoulli_nll(x.logit(), x), floor)
    for shift in (-0.5, 0.01, 0.5):
        assert (losses.bernoulli_nll(x.logit() + shift, x) > floor).all()
    assert evaluation.bernoulli_entropy((x > 0.5).double()).abs().max() == 0
    with pytest.raises(ValueError, match=r"values in \[0, 1\], got 0 to 16"):
        evaluation.bernoulli_entropy(torch.linspace(0, 16, 8).reshape(2, 4))


def test_sets_are_told_apart_as_far_as_they_differ():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 4000, 2, generator=generator)
    assert evaluation.told_apart(a, b) == pytest.approx(0.5, abs=0.03)
    assert evaluation.told_apart(a, b[:3000] + 100) == 1
    # Two Gaussians one standard deviation apart: the best judge is right in Φ(½) of the cases.
    best = torch.special.ndtr(torch.tensor(0.5)).item()
    shifted = b + torch.tensor([1.0, 0.0])
    many, one = (evaluation.told_apart(a, shifted, n_neighbors=k) for k in (101, 1))
    assert many == pytest.approx(best, abs=0.03)
    assert one < many - 0.05  # a single neighbour is a poor judge where the sets overlap
    with pytest.raises(ValueError, match=r"n_neighbors.* from 1 to 8, got 15"):
        evaluation.told_apart(a[:5], b[:5])
    with pytest.raises(ValueError, match=r"in each set.* from 5, got 4"):
        evaluation.told_apart(a, b[:4])
    with pytest.raises(ValueError, match=r"n_samples, 2\), got \(4000, 1\)"):
        evaluation.told_apart(a, b[:, :1])


def test_the_order_of_codes_does_not_matter_to_the_judge():
    generator = torch.Generator().manual_seed(1)
    a, b = torch.randn(2, 1000, 2, generator=generator)
    a_sorted = a[a[:, 0].argsort()]  # its halves differ, where the other set's do not
    for first, second in ((a_sorted, b), (b, a_sorted), (a_sorted, b[b[:, 0].argsort()])):
        assert evaluation.told_apart(first, second) == pytest.approx(0.5, abs=0.05)
    longer = torch.cat([a_sorted, a_sorted + 100])  # a part of all of it is compared
    assert evaluation.told_apart(longer, b) == pytest.approx(0.75, abs=0.03)
    again = [evaluation.told_apart(a, b, seed=seed) for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_auroc_of_shifted_gaussians_is_known():
    generator = torch.Generator().manual_seed(0)
    normal, anomalous = torch.randn(2, 20_000, generator=generator)
    for shift in (0.0, 1.0, -2.0):
        known = torch.special.ndtr(torch.tensor(shift / 2**0.5)).item()
        assert evaluation.auroc(normal, anomalous + shift) == pytest.approx(known, abs=0.01)


def test_auroc_counts_pairs():
    normal, anomalous = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([2.0, 0.0])
    wins = (anomalous[:, None] > normal).double() + 0.5 * (anomalous[:, None] == normal).double()
    assert evaluation.auroc(normal, anomalous) == pytest.approx(wins.mean().item())
    with pytest.raises(ValueError, match="at least one sample in anomalous"):
        evaluation.auroc(normal, torch.zeros(0))
    with pytest.raises(ValueError, match=r"one score for each sample, got \(3, 1\)"):
        evaluation.auroc(normal[:, None], anomalous)


def test_psnr_is_ten_decibels_for_a_tenth_of_the_error():
    x = torch.rand(5, 4, generator=torch.Generator().manual_seed(0))
    assert evaluation.psnr(x + 0.1, x) == pytest.approx(20, abs=1e-4)
    assert evaluation.psnr(x + 0.1 / 10**0.5, x) == pytest.approx(30, abs=1e-4)
    assert evaluation.psnr(x, x) == float("inf")
    with pytest.raises(ValueError, match="of one shape"):
        evaluation.psnr(x, x[:, :3])
    for spoilt in ((x, x * torch.nan), (x * torch.nan, x)):
        with pytest.raises(ValueError, match="NaN"):
            evaluation.psnr(*spoilt)


def test_a_linear_probe_reads_what_is_linear_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(2000, 3, generator=generator) * torch.tensor([1.0, 1e-3, 1.0])
    linear, product = codes[:, 1] > 0, codes[:, 0] * codes[:, 2] > 0

    def probe(y):
        return evaluation.linear_probe(codes[:1000], y[:1000], codes[1000:], y[1000:])

    assert probe(linear.long()) > 0.98
    assert probe(product.long()) < 0.6


def test_few_labels_are_equally_many_of_each_class(digits):
    few = evaluation.few_labels(digits.train, 50, seed=3)
    assert few.y.bincount().tolist() == [5] * 10
    rows = {tuple(row) for row in few.x.tolist()}
    assert len(rows) == 50
    assert rows <= {tuple(row) for row in digits.train.x.tolist()}
    assert torch.equal(few.x, evaluation.few_labels(digits.train, 50, seed=3).x)
    assert not torch.equal(few.x, evaluation.few_labels(digits.train, 50, seed=4).x)
    for n in (55, 0, 100_000):
        with pytest.raises(ValueError):
            evaluation.few_labels(digits.train, n)
    with pytest.raises(ValueError, match=r"seed.* from 0"):
        evaluation.few_labels(digits.train, 50, seed=-1)
    with pytest.raises(ValueError, match="expected samples with labels, got none"):
        evaluation.few_labels(data.Samples(digits.train.x), 10)


SCORES = {  # each of arrays made from the same numbers as the tensors
    "knn_accuracy": lambda x, y, of: of.knn_accuracy(x[:40], y[:40], x[40:], y[40:]),
    "linear_probe": lambda x, y, of: of.linear_probe(x[:40], y[:40], x[40:], y[40:]),
    "few_labels": lambda x, y, of: of.few_labels(data.Samples(x, y), 8).x,
    "auroc": lambda x, y, of: of.auroc(x[:, 0], x[:, 1]),
    "told_apart": lambda x, y, of: of.told_apart(x[:30], x[30:], n_neighbors=3),
    "psnr": lambda x, y, of: of.psnr(x[:30], x[30:]),
    "mean_squared_error": lambda x, y, of: of.mean_squared_error(Shifted(), x),
    "active_units": lambda x, y, of: of.active_units(x, threshold=0.08),
    "dead_units": lambda x, y, of: of.dead_units(x - 0.99),
    "purity": lambda x, y, of: of.purity(x, y, n_top=7),
    "bernoulli_entropy": lambda x, y, of: of.bernoulli_entropy(x),
    "principal_angles": lambda x, y, of: of.principal_angles(x[:2], x[2:4]),
}


@pytest.mark.parametrize("name", SCORES)
def test_a_score_of_arrays_is_that_of_tensors(name):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(60, 5, generator=generator)
    y = torch.arange(60) % 4
    of_tensors = SCORES[name](x, y, evaluation)
    for arrays in ((x.numpy(), y.numpy()), (x.numpy(), y.numpy().astype(np.uint8))):
        of_arrays = SCORES[name](*arrays, evaluation)
        assert type(of_arrays) is type(of_tensors)
        assert np.array_equal(of_arrays, of_tensors)


def small_vae():
    torch.manual_seed(0)
    return VAE((6, 8, 2))


def test_each_code_is_drawn_with_noise_of_its_own():
    vae = small_vae().double()  # no two draws are equal by rounding
    x = torch.rand(1, 6).expand(12, 6)  # so that scores can differ by their noise only
    for n_draws in (1, 2):
        error, _ = evaluation.elbo_terms(vae, x, n_draws=n_draws, batch_size=3)
        bound = evaluation.log_likelihood(vae, x, n_draws=n_draws, batch_size=3, progress=False)
        assert len(error.unique()) == len(bound.unique()) == 12


def test_no_score_depends_on_the_size_of_the_batches():
    vae, x = small_vae(), torch.rand(10, 6, generator=torch.Generator().manual_seed(1))
    scores = {
        "codes": lambda size: latent.encode(vae, x, batch_size=size),
        "bound": lambda size: torch.stack(
            evaluation.elbo_terms(vae, x, n_draws=3, batch_size=size)
        ),
        "likelihood": lambda size: evaluation.log_likelihood(
            vae, x, n_draws=3, batch_size=size, progress=False
        ),
    }
    for score in scores.values():
        for size in (1, 3):
            torch.testing.assert_close(score(size), score(1000), rtol=1e-5, atol=1e-6)
    many = torch.rand(5000, 6)  # more than fit into one batch, and the last one is smaller
    many[4500:] = 9
    expected = (vae(many) - many).square().mean().item()
    assert evaluation.mean_squared_error(vae, many) == pytest.approx(expected, rel=1e-5)
