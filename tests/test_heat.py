"""The heat solver against closed forms: eigenvalues, balances, bounds and scaling laws."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import j0, j1

from aecourse import shapes
from aecourse.heat import _over_outline, _over_triangles, cool

DIRICHLET = 1e7  # so much transfer that the outline is at the temperature of the surroundings


def field(shape, resolution=64):
    phi = shape.signed_distance(shapes.grid(resolution)).numpy()
    return phi, 2 * shapes.EXTENT / (resolution - 1)


def decay(shape, transfer, resolution=64):
    phi, spacing = field(shape, resolution)
    return cool(phi, spacing=spacing, transfer=transfer).decay_rate


def disk_rate(radius, transfer):
    """Smallest root of x J₁(x) = h R J₀(x); λ = (x/R)²."""
    root = brentq(lambda x: x * j1(x) - transfer * radius * j0(x), 1e-9, 2.404826)
    return (root / radius) ** 2


def square_rate(side, transfer):
    """Smallest root of x tan x = h L / 2; λ = 2 (2x/L)²."""
    half = transfer * side / 2
    root = brentq(lambda x: x * math.sin(x) - half * math.cos(x), 1e-9, math.pi / 2)
    return 2 * (2 * root / side) ** 2


def moved(shape, x, y):
    return shapes.Shape(shape.vertices + shape.vertices.new_tensor([x, y]), shape.rounding)


@pytest.mark.parametrize("transfer", [0.1, 1, 10, DIRICHLET])
@pytest.mark.parametrize("centre", [(0, 0), (0.013, 0.021), (-0.1, 0.07)])
def test_a_disk_decays_as_bessels_functions_say(transfer, centre):
    rate = decay(moved(shapes.circle(1.0), *centre), transfer)
    assert rate == pytest.approx(disk_rate(1.0, transfer), rel=1.2e-3)


@pytest.mark.parametrize(
    ("transfer", "tolerance"), [(0.1, 0.012), (1, 0.007), (10, 0.002), (DIRICHLET, 0.003)]
)
@pytest.mark.parametrize("degrees", [0, 10, 45])
def test_a_square_decays_as_tangents_say(transfer, tolerance, degrees):
    side = 1.7
    square = shapes.polygon(4, side / math.sqrt(2)).rotated(45 + degrees)
    assert decay(square, transfer) == pytest.approx(square_rate(side, transfer), rel=tolerance)


def test_a_triangle_under_dirichlet():
    triangle = shapes.polygon(3, 1.2)
    known = 4 * math.pi**2 / math.sqrt(3) / triangle.area
    assert decay(triangle, DIRICHLET) == pytest.approx(known, rel=0.004)


@pytest.mark.parametrize(("rounding", "errors"), [(0, (0.045, 0.025)), (0.03, (0.013, 0.0075))])
def test_a_star_is_as_exact_as_the_docstring_says(rounding, errors):
    for degrees, transfer in ((0, 0.05), (3, 1), (7, 10)):
        star = shapes.star(5, depth=0.4, rounding=rounding).rotated(degrees)
        fine = decay(star, transfer, 505)  # itself within a few per mille
        found = [decay(star, transfer, n) / fine - 1 for n in (64, 128)]
        assert found == pytest.approx([0, 0], abs=errors[0])
        assert found[1] == pytest.approx(0, abs=errors[1])
        assert abs(found[1]) < abs(found[0])


@pytest.mark.parametrize("transfer", [1, 10, DIRICHLET])
def test_the_error_falls_with_the_square_of_the_spacing(transfer):
    disk, known = moved(shapes.circle(1.0), 0.02, -0.01), disk_rate(1.0, transfer)
    coarse, fine = (abs(decay(disk, transfer, n) - known) for n in (41, 81))
    assert fine < coarse / 3.5


def test_the_steady_temperature_of_a_disk_is_a_parabola():
    phi, spacing = field(shapes.circle(1.0))
    k, h, q = 2.0, 0.5, 3.0
    found = cool(phi, spacing=spacing, transfer=h, conductivity=k, heating=q).temperature
    r = phi + 1
    known = q * (1 - r**2) / (4 * k) + q / (2 * h)
    assert np.isnan(found[phi > 0.01]).all()
    assert np.nanmax(np.abs(found - known)) < 2e-3 * known.max()
    assert np.isfinite(found[phi < -0.01]).all()


def test_an_outline_that_runs_through_nodes_is_no_special_case():
    axis = np.arange(-30, 31)
    for half_side in (17, 20):
        phi = np.maximum(*np.abs(np.meshgrid(axis, axis))) - half_side
        rate = cool(phi, spacing=1.0, transfer=0.1).decay_rate
        assert rate == pytest.approx(square_rate(2.0 * half_side, 0.1), rel=0.003)


def random_cases(n):
    rng = np.random.default_rng(0)
    for shape in shapes.random_shapes(n, seed=7)[0]:
        yield shape, 10 ** rng.uniform(-2, 2)


def test_surface_temperature_follows_from_the_balance_of_heat():
    for shape, transfer in random_cases(20):
        phi, spacing = field(shape)
        found = cool(phi, spacing=spacing, transfer=transfer, heating=2.0)
        balance = 2.0 / transfer * found.area / found.perimeter
        assert found.surface_temperature == pytest.approx(balance, rel=1e-9)
        assert balance == pytest.approx(2.0 / transfer * shape.area / shape.perimeter, rel=0.06)


def test_no_shape_cools_faster_than_its_outline_allows():
    for shape, transfer in random_cases(20):
        phi, spacing = field(shape)
        found = cool(phi, spacing=spacing, transfer=transfer, capacity=3.0)
        bound = transfer * found.perimeter / (3.0 * found.area)
        assert found.decay_rate < bound
        gentle = cool(phi, spacing=spacing, transfer=1e-4, capacity=3.0)
        assert gentle.decay_rate == pytest.approx(
            1e-4 * found.perimeter / (3 * found.area), rel=1e-3
        )


def test_the_disk_is_the_slowest_of_all_shapes_of_its_area():
    """Faber and Krahn: for any transfer; two per mille are allowed for the grid."""
    for shape, transfer in random_cases(30):
        disk = shapes.circle(math.sqrt(shape.area / math.pi))
        assert decay(shape, transfer) > decay(disk, transfer) * (1 - 2e-3)


def test_scaling_laws():
    phi, spacing = field(shapes.star(5, 1.2, depth=0.5))
    usual = cool(phi, spacing=spacing, transfer=2.0)
    larger = cool(3 * phi, spacing=3 * spacing, transfer=2.0 / 3)  # the same Biot number
    assert larger.decay_rate == pytest.approx(usual.decay_rate / 9)
    assert (larger.area, larger.perimeter) == pytest.approx((9 * usual.area, 3 * usual.perimeter))
    faster = cool(phi, spacing=spacing, transfer=10.0, conductivity=5.0, capacity=2.0, heating=5.0)
    assert faster.decay_rate == pytest.approx(usual.decay_rate * 5 / 2)
    np.testing.assert_allclose(faster.temperature, usual.temperature)
    flipped = cool(phi.T, spacing=spacing, transfer=2.0)
    assert flipped.decay_rate == pytest.approx(usual.decay_rate)
    np.testing.assert_allclose(flipped.temperature, usual.temperature.T, rtol=2e-3)


def test_what_cannot_be_simulated_is_refused():
    phi, spacing = field(shapes.circle(1.0))
    spoilt = phi.copy()
    spoilt[3, 4] = np.nan
    two = np.minimum(
        field(moved(shapes.circle(0.4), 0.7, 0))[0], field(moved(shapes.circle(0.4), -0.7, 0))[0]
    )
    for bad, message in (
        (np.abs(phi) + 1, "negative values inside the shape, the least is 1"),
        (phi - 0.6, "got one that touches its border"),
        (spoilt, "got NaN or infinity"),
        (two, "in one piece, got several"),
        (phi[:10], r"shape \(n, n\) with n from 3, got \(10, 64\)"),
        (phi[0], r"got \(64,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            cool(bad, spacing=spacing)
    for name in ("spacing", "transfer", "conductivity", "heating", "capacity"):
        for value in (0, -1.0, math.inf, math.nan):
            with pytest.raises(ValueError, match=f"expected {name} above 0, got"):
                cool(phi, **{"spacing": spacing, name: value})


def test_crumbs_are_left_out_and_pieces_refused():
    phi, spacing = field(shapes.circle(0.8))
    alone = cool(phi, spacing=spacing)
    crumb, second = phi.copy(), phi.copy()
    crumb[4, 4] = -0.01
    found = cool(crumb, spacing=spacing)
    assert found.decay_rate == pytest.approx(alone.decay_rate, rel=1e-12)
    assert found.area == pytest.approx(alone.area, rel=1e-12)
    assert found.perimeter == pytest.approx(alone.perimeter, rel=1e-12)
    assert np.isnan(found.temperature[4, 4])
    second[3:8, 3:8] = -0.02
    with pytest.raises(ValueError, match="one piece"):
        cool(second, spacing=spacing)


@pytest.mark.parametrize("side", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_a_shape_that_touches_any_side_of_the_field_is_refused(side):
    phi, spacing = field(moved(shapes.circle(0.5), *(0.9 * x for x in side)))
    with pytest.raises(ValueError, match="touches its border"):
        cool(phi, spacing=spacing)


def test_the_temperature_lies_where_the_shape_does():
    upright = shapes.Shape(torch.tensor([[0.2, -0.91], [0.71, -0.91], [0.71, 0.5], [0.2, 0.5]]))
    phi, spacing = field(upright)
    found = cool(phi, spacing=spacing).temperature
    assert np.array_equal(np.isnan(found), phi > 0)
    row, column = np.unravel_index(np.nanargmax(found), found.shape)
    hottest = shapes.grid(64)[row, column].tolist()
    assert hottest == pytest.approx([(0.2 + 0.71) / 2, (-0.91 + 0.5) / 2], abs=spacing)
    lying = cool(phi.T, spacing=spacing).temperature
    np.testing.assert_allclose(lying, found.T, rtol=1e-3)
    assert not np.array_equal(np.isnan(lying), np.isnan(found))


@pytest.mark.parametrize("factor", [1e-6, 1e-4, 1e3])
def test_the_units_of_the_field_play_no_part(factor):
    phi, spacing = field(shapes.star(5, 1.1, depth=0.5))
    usual, other = (cool(f * phi, spacing=spacing) for f in (1, factor))
    assert other.decay_rate == pytest.approx(usual.decay_rate, rel=1e-9)
    assert (other.area, other.perimeter) == pytest.approx((usual.area, usual.perimeter), rel=1e-9)


def test_one_triangle_and_one_edge_are_integrated_exactly():
    a, b = 3.0, 4.0
    corners = np.array([[0, 0], [a, 0], [0, b]])
    conduction, mass = _over_triangles(corners, np.array([[0, 1, 2]]))
    slopes = np.array([[-1 / a, -1 / b], [1 / a, 0], [0, 1 / b]])  # of each corner's hat
    np.testing.assert_allclose(conduction.toarray(), a * b / 2 * slopes @ slopes.T, atol=1e-12)
    pairs = np.array([[2, 1, 1], [1, 2, 1], [1, 1, 2]])  # ∫ u v is a twelfth of the area, or two
    np.testing.assert_allclose(mass.toarray(), a * b / 2 / 12 * pairs)
    edge = _over_outline(corners, np.array([[1, 2]])).toarray()
    np.testing.assert_allclose(edge, 5 / 6 * np.array([[0, 0, 0], [0, 2, 1], [0, 1, 2]]))


def test_the_same_shape_decays_at_the_same_rate_to_the_last_bit():
    phi, spacing = field(shapes.star(5, 1.1, depth=0.4))
    rates = {cool(phi, spacing=spacing).decay_rate for _ in range(5)}
    assert len(rates) == 1
