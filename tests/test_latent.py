import pytest
import torch
from torch import nn

from aecourse import latent
from aecourse.models import DenseAutoencoder


def test_encoding_in_batches_equals_encoding_at_once():
    model = nn.Sequential(nn.Dropout(), DenseAutoencoder((5, 4, 2)))
    model.encode = lambda x: model[1].encode(model[0](x))
    x = torch.rand(10, 5)
    codes = latent.encode(model, x, batch_size=3)
    torch.testing.assert_close(codes, model[1].encode(x).detach())
    assert not codes.requires_grad
    assert model.training


def test_an_interpolation_is_straight_with_equal_steps_and_exact_ends():
    a, b = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    walk = latent.interpolate(a, b, 7)
    assert torch.equal(walk[0], a)
    assert torch.equal(walk[-1], b)
    torch.testing.assert_close(walk.diff(dim=0), ((b - a) / 6).expand(6, 5))


def test_an_interpolation_of_doubles_is_as_exact_as_doubles_are():
    a, b = torch.zeros(1, dtype=torch.double), torch.ones(1, dtype=torch.double)
    expected = torch.linspace(0, 1, 11, dtype=torch.double)
    assert torch.equal(latent.interpolate(a, b, 11)[:, 0], expected)


def test_an_arc_keeps_its_length_and_turns_in_equal_steps():
    a, b = torch.randn(2, 20, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    a, b = 4 * a / a.norm(), 4 * b / b.norm()
    arc = latent.interpolate(a, b, 9, spherical=True)
    torch.testing.assert_close(arc[[0, -1]], torch.stack([a, b]))
    torch.testing.assert_close(arc.norm(dim=1), torch.full((9,), 4.0, dtype=torch.double))
    turns = (arc[1:] * arc[:-1]).sum(dim=1) / 16  # cosines of the angles between neighbours
    torch.testing.assert_close(turns, turns[:1].expand(8))
    assert turns[0].acos() * 8 == pytest.approx((a @ b / 16).acos().item(), rel=1e-9)
    assert torch.linalg.matrix_rank(arc, tol=1e-6) == 2  # it stays in the plane of both ends


def test_an_arc_between_codes_of_one_direction_is_straight():
    z = torch.tensor([1.0, 2.0])
    for end in (z, 3 * z, z + 1e-5):
        arc = latent.interpolate(z, end, 5, spherical=True)
        torch.testing.assert_close(arc, latent.interpolate(z, end, 5))


def test_a_grid_over_the_prior_cuts_it_into_equal_shares():
    z = latent.prior_grid(6, coverage=0.9)
    assert z.shape == (6, 6, 2)
    probabilities = torch.distributions.Normal(0.0, 1.0).cdf(z[-1, :, 0])
    expected = torch.tensor([0.05, 0.23, 0.41, 0.59, 0.77, 0.95])
    torch.testing.assert_close(probabilities, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(z[:, 0, 1], z[0, :, 0].flip(0))  # the second number grows upwards
    assert (z[:, :, 0] == z[0, :, 0]).all()


def test_codes_are_sampled_with_the_mean_and_the_covariance_of_the_given_ones():
    generator = torch.Generator().manual_seed(0)
    mixing = torch.zeros(4, 4)  # flat: the last number never varies
    mixing[:3, :3] = torch.tensor([[2.0, 1.0, 0.3], [0.0, 0.5, -0.7], [0.4, 0.0, 0.6]])
    shift = torch.tensor([1.0, -2.0, 3.0, 7.0])
    codes = torch.randn(5000, 4, generator=generator) @ mixing + shift
    z = latent.sample(codes, 200_000, generator)
    torch.testing.assert_close(z.mean(dim=0), codes.mean(dim=0), atol=0.03, rtol=0)
    torch.testing.assert_close(z.T.cov(), codes.T.cov(), atol=0.06, rtol=0)
    assert (z[:, 3] - 7).abs().max() < 1e-3
    seeded = [latent.sample(codes, 5, torch.Generator().manual_seed(s)) for s in (3, 3, 4)]
    assert torch.equal(seeded[0], seeded[1])
    assert not torch.equal(seeded[0], seeded[2])


def test_sampling_maps_noise_to_the_covariance_exactly():
    codes = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    z = latent.sample(codes, 50, torch.Generator().manual_seed(1)) - codes.mean(dim=0)
    noise = torch.randn(50, 3, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    matrix = torch.linalg.lstsq(noise, z).solution
    torch.testing.assert_close(noise @ matrix, z)
    torch.testing.assert_close(matrix.T @ matrix, codes.T.cov())


def test_a_walk_takes_arrays_and_no_whole_numbers():
    a, b = torch.tensor([0.0, 1.0]), torch.tensor([1.0, -1.0])
    for spherical in (False, True):
        walk = latent.interpolate(a.numpy(), b.numpy(), 4, spherical=spherical)
        assert torch.equal(walk, latent.interpolate(a, b, 4, spherical=spherical))
    for ends in ((a.long(), b), (a, b.long())):
        with pytest.raises(TypeError, match=r"scale them first, for instance z_(start|end) / 1"):
            latent.interpolate(*ends, 4)


def test_a_grid_covers_the_data_as_a_map():
    codes = torch.stack([torch.linspace(-3, 5, 101), torch.linspace(10, 20, 101)], dim=1)
    z = latent.grid(codes, 5, coverage=1.0)
    assert z.shape == (5, 5, 2)
    assert z[0, 0].tolist() == [-3, 20]  # top left: smallest first number, largest second
    assert z[-1, -1].tolist() == [5, 10]
    torch.testing.assert_close(z[:, :, 0].diff(dim=1), torch.full((5, 4), 2.0))


def test_a_grid_leaves_strays_out():
    codes = torch.cat([torch.rand(1000, 2), torch.tensor([[1e6, -1e6]])])
    z = latent.grid(codes, 3, coverage=0.9)
    inside = ((codes >= z.amin((0, 1))) & (codes <= z.amax((0, 1)))).float().mean(dim=0)
    torch.testing.assert_close(inside, torch.tensor([0.9, 0.9]), atol=2e-3, rtol=0)


def test_a_grid_leaves_equally_much_out_at_each_end():
    codes = torch.linspace(0, 100, 101, dtype=torch.double)[:, None].expand(-1, 2)
    z = latent.grid(codes, 7, coverage=0.98)
    assert (z.shape, z.dtype) == ((7, 7, 2), torch.double)
    assert (z.min().item(), z.max().item()) == pytest.approx((1, 99))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least one sample in x, got none"):
        latent.encode(DenseAutoencoder((4, 2)), torch.zeros(0, 4))
    with pytest.raises(ValueError, match=r"batch_size.* from 1, got 0"):
        latent.encode(DenseAutoencoder((4, 2)), torch.zeros(1, 4), batch_size=0)
    for a, b in ((torch.zeros(2), torch.zeros(3)), (torch.zeros(1, 2), torch.zeros(1, 2))):
        with pytest.raises(ValueError, match=r"two codes of one shape \(n_latent,\), got"):
            latent.interpolate(a, b, 5)
    with pytest.raises(ValueError, match=r"n_steps.* from 2, got 1"):
        latent.interpolate(torch.zeros(2), torch.ones(2), 1)
    with pytest.raises(ValueError, match=r"codes of shape \(n_samples, 2\), got \(5, 3\)"):
        latent.grid(torch.zeros(5, 3))
    with pytest.raises(ValueError, match=r"n_steps.* from 2, got 1"):
        latent.grid(torch.zeros(5, 2), 1)
    for coverage in (0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="coverage above 0 and up to 1, got"):
            latent.grid(torch.zeros(5, 2), coverage=coverage)
    a, zero = torch.tensor([1.0, 2.0]), torch.zeros(2)
    for end in (-a, -2 * a, zero):
        with pytest.raises(ValueError, match="not zero and do not point in opposite directions"):
            latent.interpolate(a, end, 5, spherical=True)
    for coverage in (0, 1, float("nan")):
        with pytest.raises(ValueError, match="coverage above 0 and below 1, got"):
            latent.prior_grid(coverage=coverage)
    with pytest.raises(ValueError, match=r"n_steps.* from 2, got 1"):
        latent.prior_grid(1)
    for shape in ((2, 2), (5,)):
        with pytest.raises(ValueError, match="expected codes of shape"):
            latent.sample(torch.zeros(shape), 3)
    with pytest.raises(ValueError, match=r"n_samples.* from 1, got 0"):
        latent.sample(torch.zeros(5, 2), 0)
