"""Shapes against exact formulas, and fields against the shapes that they were made of."""

import math

import numpy as np
import pytest
import torch
from matplotlib.path import Path

from aecourse import shapes

POINTS = shapes.grid(48)
EXAMPLES = {
    "circle": shapes.circle(0.8),
    "triangle": shapes.polygon(3, 1.1),
    "square, turned": shapes.polygon(4, 1.0).rotated(17),
    "heptagon, rounded": shapes.polygon(7, 0.9, rounding=0.2),
    "star": shapes.star(5, 1.2, depth=0.45),
    "star, turned and scaled": shapes.star(8, 1.0, depth=0.6).rotated(9).scaled(1.2),
    "star, rounded": shapes.star(5, 1.1, depth=0.5, rounding=0.1),
}


def outline(shape, n=4000):
    """Sample an outline: dense points on the edges of the polygon, pushed out by the rounding."""
    angle = torch.linspace(0, 2 * math.pi, 721, dtype=torch.double)[:-1]
    ring = shape.rounding * torch.stack([angle.cos(), angle.sin()], dim=1)
    share = torch.linspace(0, 1, n // len(shape.vertices), dtype=torch.double)[:, None, None]
    edges = shape.vertices.roll(-1, 0) - shape.vertices
    return (shape.vertices + share * edges).flatten(0, 1), ring


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_distance_outside_is_that_to_the_nearest_of_many_points(name):
    shape = EXAMPLES[name]
    core, _ = outline(shape)
    phi = shape.signed_distance(POINTS)
    brute = torch.cdist(POINTS.flatten(0, 1), core).amin(dim=1).reshape(phi.shape) - shape.rounding
    outside = phi > 0
    torch.testing.assert_close(phi[outside], brute[outside], rtol=0, atol=2e-3)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "star, rounded" not in name])
def test_the_distance_inside_is_that_to_the_nearest_point_of_the_outline(name):
    shape = EXAMPLES[name]
    core, ring = outline(shape, 1000)
    if shape.rounding:  # the grown outline: of all pushed points, those at distance 0
        core = (core[:, None] + ring[::4]).flatten(0, 1)
        core = core[shape.signed_distance(core).abs() < 1e-3]
    phi = shape.signed_distance(POINTS)
    inside = phi < 0
    brute = -torch.cdist(POINTS[inside], core).amin(dim=1)
    torch.testing.assert_close(phi[inside], brute, rtol=0, atol=6e-3)


@pytest.mark.parametrize("name", [name for name, shape in EXAMPLES.items() if not shape.rounding])
def test_the_sign_is_that_of_a_point_in_polygon_test(name):
    shape = EXAMPLES[name]
    inside = Path(shape.vertices.numpy()).contains_points(POINTS.flatten(0, 1).numpy())
    assert np.array_equal((shape.signed_distance(POINTS) < 0).numpy().ravel(), inside)


def test_points_level_with_a_corner_have_the_right_sign():
    star = shapes.star(5, 1.0, depth=0.4)
    x = torch.linspace(-1.4, 1.4, 57, dtype=torch.double)
    points = torch.stack(torch.meshgrid(x, star.vertices[:, 1], indexing="ij"), dim=-1)
    phi = star.signed_distance(points)
    inside = Path(star.vertices.numpy()).contains_points(points.flatten(0, 1).numpy())
    clear = phi.abs().flatten() > 1e-9
    assert np.array_equal((phi < 0).flatten()[clear].numpy(), inside[clear.numpy()])


@pytest.mark.parametrize("n", [3, 4, 5, 12])
def test_measures_of_regular_polygons(n):
    polygon = shapes.polygon(n, 0.7)
    assert polygon.area == pytest.approx(n / 2 * 0.7**2 * math.sin(2 * math.pi / n))
    assert polygon.perimeter == pytest.approx(2 * n * 0.7 * math.sin(math.pi / n))
    assert polygon.isoperimetric_quotient == pytest.approx(n * math.tan(math.pi / n) / math.pi)
    grown = shapes.polygon(n, 0.7, rounding=0.2)  # Steiner
    assert grown.perimeter == pytest.approx(polygon.perimeter + 2 * math.pi * 0.2)
    assert grown.area == pytest.approx(polygon.area + 0.2 * polygon.perimeter + math.pi * 0.2**2)


@pytest.mark.parametrize("n", [4, 5, 8])
@pytest.mark.parametrize("depth", [0.4, 0.7])
def test_measures_of_stars(n, depth):
    star, half = shapes.star(n, 1.1, depth=depth), math.pi / n
    known = n * (1 + depth**2 - 2 * depth * math.cos(half)) / (math.pi * depth * math.sin(half))
    assert star.isoperimetric_quotient == pytest.approx(known)
    assert star.area == pytest.approx(n * 1.1**2 * depth * math.sin(half))


def test_measures_of_a_rounded_star_count_its_notches():
    star = shapes.star(5, 1.1, depth=0.5, rounding=0.15)
    phi = star.field(1200)
    assert star.perimeter == pytest.approx(shapes.perimeter(phi), rel=1.5e-3)
    assert star.area == pytest.approx(shapes.area(phi), rel=3e-4)


def test_measures_of_circles_and_what_scaling_and_turning_leave():
    disk = shapes.circle(0.8)
    assert (disk.area, disk.perimeter) == pytest.approx((math.pi * 0.64, math.pi * 1.6))
    assert disk.isoperimetric_quotient == pytest.approx(1)
    star = shapes.star(5, depth=0.5, rounding=0.05)
    for other in (star.rotated(33), star.scaled(2.5), star.with_area(0.3)):
        assert other.isoperimetric_quotient == pytest.approx(star.isoperimetric_quotient)
    assert star.with_area(0.3).area == pytest.approx(0.3)
    turned = star.rotated(90).signed_distance(POINTS)
    torch.testing.assert_close(turned, star.signed_distance(POINTS).rot90(-1))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_zero_contour_measures_the_shape(name):
    shape, phi = EXAMPLES[name], EXAMPLES[name].field(256)
    assert shapes.area(phi) == pytest.approx(shape.area, rel=2e-3)
    assert shapes.perimeter(phi) == pytest.approx(shape.perimeter, rel=1.5e-2)
    assert shapes.isoperimetric_quotient(phi) == pytest.approx(
        shapes.perimeter(phi) ** 2 / (4 * math.pi * shapes.area(phi))
    )
    assert shapes.pixels(phi).sum().item() * shapes.spacing(phi) ** 2 == pytest.approx(
        shape.area, rel=2e-3
    )
    assert shapes.count_components(phi) == 1


def test_holes_count_negatively_and_pieces_are_counted():
    points = shapes.grid(128)
    big, small = (shapes.circle(r).signed_distance(points) for r in (1.0, 0.4))
    ring = torch.maximum(big, -small)
    assert shapes.area(ring) == pytest.approx(math.pi * (1 - 0.16), rel=2e-3)
    assert shapes.perimeter(ring) == pytest.approx(2 * math.pi * 1.4, rel=2e-3)
    assert shapes.count_components(ring) == 1
    both = torch.minimum(small, torch.maximum(big, 0.7 - points.norm(dim=-1)))
    assert shapes.count_components(both) == 2


def test_random_shapes_are_what_they_say():
    drawn, families = shapes.random_shapes(400, seed=3)
    assert families.bincount(minlength=4).min() > 70
    radii = []
    for shape, family in zip(drawn, families.tolist(), strict=True):
        assert len(shape.vertices) == (1, 3, 4, 10)[family]
        radius = shape.vertices.norm(dim=1).max().item() if family else shape.rounding
        assert 0.92 <= radius + 1e-9 <= 1 + 2e-9
        assert not family or 0.03 <= shape.rounding <= 0.06
        radii.append(radius)
    assert min(radii) < 0.925 < 0.995 < max(radii)
    for family, upright in ((1, 90), (2, 135), (3, 90)):
        of_family = [s for s, f in zip(drawn, families.tolist(), strict=True) if f == family]
        tilt = torch.stack([s.vertices[0] for s in of_family])
        tilt = torch.rad2deg(torch.atan2(tilt[:, 1], tilt[:, 0])) - upright
        assert tilt.abs().max() <= 10 + 1e-6
        assert tilt.min() < -8 < 8 < tilt.max()
    depths = torch.stack([s.vertices[1].norm() / s.vertices[0].norm() for s in of_family])
    assert 0.35 <= depths.min() < 0.38 < 0.67 < depths.max() <= 0.7
    rounding = [shape.rounding for shape in of_family]
    assert min(rounding) < 0.033 < 0.057 < max(rounding)
    again, same = shapes.random_shapes(400, seed=3)
    assert torch.equal(families, same)
    assert all(torch.equal(a.vertices, b.vertices) for a, b in zip(drawn, again, strict=True))
    assert not torch.equal(shapes.random_shapes(400, seed=4)[1], families)


def test_bad_input_is_refused():
    for build in (
        lambda: shapes.polygon(2),
        lambda: shapes.polygon(5, 0),
        lambda: shapes.polygon(5, rounding=-0.1),
        lambda: shapes.star(5, depth=1),
        lambda: shapes.star(5, depth=0),
        lambda: shapes.circle(math.inf),
        lambda: shapes.circle().with_area(-1),
        lambda: shapes.random_shapes(0),
    ):
        with pytest.raises(ValueError, match=r"expected .*, got"):
            build()
    phi = shapes.circle(1.0).field(32)
    for bad, message in (
        (phi.abs() + 1, "negative values inside the shape"),
        (phi - 1, "touches its border"),
        (phi * math.nan, "NaN or infinity"),
        (phi[:5], r"got \(5, 32\)"),
    ):
        with pytest.raises(ValueError, match=message):
            shapes.area(bad)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_differentiable_perimeter_is_near_the_exact_one(name):
    """Exact but for sharp corners; what these lose halves with the spacing."""
    shape = EXAMPLES[name]
    coarse, fine = (
        1 - shapes.total_variation(shape.field(n)).item() / shape.perimeter for n in (128, 255)
    )
    if "rounded" in name or name == "circle":
        assert fine == pytest.approx(0, abs=1e-3)
    else:
        assert 0 < fine < 0.018
        assert coarse / fine == pytest.approx(2, abs=0.35)
    binary = shapes.total_variation(1e3 * shape.field(256).sign()).item()
    assert 1.03 < binary / shape.perimeter < 1.09


def test_the_differentiable_perimeter_of_a_disk_is_exact():
    for resolution in (64, 128, 256):
        length = shapes.total_variation(shapes.circle(0.8).field(resolution)).item()
        assert length == pytest.approx(2 * math.pi * 0.8, rel=3e-4)


def test_the_differentiable_perimeter_has_the_right_slope():
    """Growing a shape by δ lengthens its outline by δ times its turning: 2π for a disk."""
    phi = shapes.circle(0.8).field(128).double().requires_grad_()
    length = shapes.total_variation(phi)
    (gradient,) = torch.autograd.grad(length, phi)
    assert -gradient.sum().item() == pytest.approx(2 * math.pi, rel=3e-4)
    batch = torch.stack([phi.detach(), shapes.circle(0.5).field(128).double()])
    lengths = shapes.total_variation(batch)
    assert lengths.shape == (2,)
    assert lengths[0].item() == pytest.approx(length.item())
    assert (lengths[1] / lengths[0]).item() == pytest.approx(5 / 8, rel=3e-4)


def test_rescaling_a_field_gives_the_area_and_keeps_the_form():
    phi = shapes.star(5, 1.1, depth=0.5).field(128)
    scaled, spacing = shapes.to_area(phi, 2.0)
    factor = spacing / shapes.spacing(phi)
    assert shapes.area(phi) * factor**2 == pytest.approx(2.0)
    torch.testing.assert_close(scaled, factor * phi)
    with pytest.raises(ValueError, match="expected target above 0, got -1"):
        shapes.to_area(phi, -1)


def test_pixels_are_the_covered_share_of_their_square():
    side = 1.37
    phi = shapes.polygon(4, side / math.sqrt(2)).rotated(45).field(64)
    x, h = shapes.grid(64)[32, :, 0], shapes.spacing(phi)
    covered = ((side / 2 - x.abs()) / h + 0.5).clamp(0, 1)  # of the middle row
    torch.testing.assert_close(shapes.pixels(phi)[32].double(), covered, rtol=0, atol=1e-5)


def test_resampled_fields_keep_their_nodes_and_planes():
    phi = torch.rand(2, 5, 5)
    assert torch.allclose(shapes.resample(phi, 9)[:, ::2, ::2], phi, atol=1e-6)
    slope = shapes.grid(16) @ torch.tensor([0.3, -0.7], dtype=torch.double)
    exact = shapes.grid(50) @ torch.tensor([0.3, -0.7], dtype=torch.double)
    torch.testing.assert_close(shapes.resample(slope, 50), exact, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.4, 1.0), (0.9, 1.1), (1.2, 0.3)])
def test_the_overlap_of_two_disks_is_the_ratio_of_their_areas(a, b):
    fields = [shapes.circle(r).field(400) for r in (a, b)]
    overlap = shapes.intersection_over_union(*fields).item()
    assert overlap == pytest.approx(min(a, b) ** 2 / max(a, b) ** 2, abs=0.01)
    assert overlap == shapes.intersection_over_union(*fields[::-1]).item()


def test_the_overlap_of_a_batch_is_that_of_each():
    a = torch.stack([shapes.circle(r).field(64) for r in (0.5, 0.7, 0.9)])
    b = torch.stack([shapes.polygon(4, r).field(64) for r in (0.9, 0.7, 0.5)])
    found = shapes.intersection_over_union(a, b)
    each = [shapes.intersection_over_union(x, y).item() for x, y in zip(a, b, strict=True)]
    assert found.tolist() == pytest.approx(each)
    assert shapes.intersection_over_union(a, a).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="one shape"):
        shapes.intersection_over_union(a, b[:2])
    with pytest.raises(ValueError, match="something inside"):
        shapes.intersection_over_union(a.abs() + 1, b.abs() + 1)


def test_a_hole_is_no_piece_and_an_island_is_one():
    nodes = shapes.grid(128).norm(dim=-1)
    ring = torch.maximum(nodes - 1, 0.5 - nodes)
    island = torch.minimum(ring, nodes - 0.2)
    assert [shapes.count_components(phi) for phi in (nodes - 1, ring, island)] == [1, 1, 2]
    assert shapes.count_components(nodes - 1.6) == 1  # cut by the border
    assert len(shapes.outlines(ring)) == 2
    assert shapes.area(ring) == pytest.approx(0.75 * math.pi, rel=1e-3)


def test_buildable_asks_for_one_piece_off_the_border_and_large_enough():
    nodes = shapes.grid(128).norm(dim=-1)
    disk = nodes - 1
    assert shapes.buildable(disk, minimum_area=3.1)
    assert not shapes.buildable(disk, minimum_area=3.2)
    assert not shapes.buildable(nodes, minimum_area=0)  # nothing inside
    assert not shapes.buildable(nodes - 1.6, minimum_area=0)  # touches the border
    two = torch.minimum(nodes - 0.2, (nodes - 0.9).abs() - 0.1)
    assert not shapes.buildable(two, minimum_area=0)
    with pytest.raises(ValueError, match="NaN"):
        shapes.buildable(disk * math.nan, minimum_area=0)


def dumbbell(half_width, degrees=0):
    x, y = shapes.grid(128).unbind(dim=-1)
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u, v = c * x + s * y, c * y - s * x
    disks = torch.minimum(*(torch.hypot(u - a, v) - 0.45 for a in (-0.6, 0.6)))
    return torch.minimum(disks, torch.maximum(v.abs() - half_width, u.abs() - 0.6))


def slit_ring(half_width, degrees=0):
    x, y = shapes.grid(128).unbind(dim=-1)
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u, v, r = c * x + s * y, c * y - s * x, torch.hypot(x, y)
    ring = torch.maximum(r - 1, 0.5 - r)
    return torch.maximum(ring, -torch.maximum(v.abs() - half_width, -u))


@pytest.mark.parametrize("build", [dumbbell, slit_ring])
@pytest.mark.parametrize("degrees", [0, 20, 77])
def test_buildable_sees_necks_and_slits(build, degrees):
    narrow, wide = (build(half_width, degrees) for half_width in (0.035, 0.065))
    assert shapes.buildable(narrow, minimum_area=0.1)
    assert not shapes.buildable(narrow, minimum_area=0.1, minimum_width=0.1)
    assert shapes.buildable(wide, minimum_area=0.1, minimum_width=0.1)


def test_buildable_sees_holes_and_allows_tips_and_notches():
    r = shapes.grid(128).norm(dim=-1)
    assert not shapes.buildable(torch.maximum(r - 1, 0.5 - r), minimum_area=0.1)
    slim = shapes.star(5, depth=0.35)  # its tips are sharp, and so are its notches
    drawn = [slim, *shapes.random_shapes(200, seed=5)[0]]
    assert all(shapes.buildable(s.field(), minimum_area=0.5, minimum_width=0.1) for s in drawn)


def test_small_pieces_are_left_out_when_asked():
    r = shapes.grid(256).norm(dim=-1)
    island = torch.minimum(torch.maximum(r - 1, 0.5 - r), r - 0.2)
    disk = math.pi * 0.2**2
    assert [shapes.count_components(island, above=a) for a in (0, 0.9 * disk, 1.1 * disk)] == [
        2,
        2,
        1,
    ]


@pytest.mark.parametrize(
    ("vertices", "rounding", "message"),
    [
        ([[0.0, 0.0], [1.0, 0.0]], 0.1, r"at least three or a single one, got \(2, 2\)"),
        ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], -0.1, "rounding from 0, got -0.1"),
        ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], math.nan, "rounding from 0, got nan"),
        ([[0.0, 0.0], [1.0, math.nan], [0.0, 1.0]], 0.1, "vertices, got NaN"),
        ([[0.0, 0.0]], 0.0, "rounding above 0, got 0"),
    ],
)
def test_what_is_no_outline_is_refused(vertices, rounding, message):
    with pytest.raises(ValueError, match=message):
        shapes.Shape(torch.tensor(vertices), rounding)


def test_an_outline_may_come_as_an_array():
    corners = np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert shapes.Shape(corners).area == pytest.approx(0.5)
    assert torch.equal(
        shapes.Shape(corners).field(16), shapes.Shape(torch.tensor(corners)).field(16)
    )


def test_an_overlap_with_nan_is_none():
    phi = shapes.circle(0.5).field(16)
    spoilt = phi.clone()
    spoilt[3, 4] = math.nan
    for fields in ((phi, spoilt), (spoilt, phi)):
        with pytest.raises(ValueError, match="NaN"):
            shapes.intersection_over_union(*fields)
