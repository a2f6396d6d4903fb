import numpy as np
import pytest
import torch

from aecourse import data, evaluation, latent


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.mark.parametrize("n_components", [1, 2, 8])
def test_pca_error_is_the_variance_left_out(digits, n_components):
    x = digits.train.x.double()
    pca = evaluation.PCABaseline(x, n_components)
    centred = x - x.mean(dim=0)
    left_out = torch.linalg.svdvals(centred)[n_components:].square().sum() / x.numel()
    assert evaluation.mean_squared_error(pca, x) == pytest.approx(left_out.item(), rel=1e-9)


def test_pca_has_the_methods_of_a_model(digits):
    pca = evaluation.PCABaseline(digits.train.x, 2)
    codes = latent.encode(pca, digits.test.x, batch_size=100)
    assert codes.shape == (360, 2)
    torch.testing.assert_close(pca.decode(codes), pca(digits.test.x))
    torch.testing.assert_close(pca.components @ pca.components.T, torch.eye(2))


def test_mean_squared_error_is_per_value():
    class Off(torch.nn.Module):
        def forward(self, x):
            return x + 0.5

    assert evaluation.mean_squared_error(Off(), torch.zeros(7, 3, 4)) == 0.25


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
    x = digits.train.x
    for n_components in (0, 65):
        with pytest.raises(ValueError, match=f"from 1 to 64 .* got {n_components}"):
            evaluation.PCABaseline(x, n_components)
    with pytest.raises(ValueError, match="at least one sample"):
        evaluation.mean_squared_error(evaluation.PCABaseline(x, 2), x[:0])
    with pytest.raises(ValueError, match="from 1 to the 3 codes, got 5"):
        evaluation.knn_accuracy(x[:3], digits.train.y[:3], x, digits.train.y)
    with pytest.raises(ValueError, match=r"same n_features, got \(2, 3\) and \(2, 4\)"):
        evaluation.principal_angles(torch.zeros(2, 3), torch.zeros(2, 4))
