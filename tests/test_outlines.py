"""Outlines as people have them: whatever way they come, the shape is the same, and units return."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from matplotlib.path import Path

from aecourse import shapes
from aecourse.shapes import Frame, Shape, write_outline

POINTS = shapes.grid(40)
L_SHAPE = np.array([[0, 0], [40, 0], [40, 10], [10, 10], [10, 30], [0, 30]], dtype=float)  # in mm
OUTER = np.array([[0, 0], [30, 0], [30, 20], [0, 20]], dtype=float)
HOLES = [OUTER / 5 + 3, np.array([[20, 5], [25, 5], [22, 15]], dtype=float)]


def ring(radius, n=400):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


@pytest.mark.parametrize(
    "come",
    {
        "clockwise": lambda p: p[::-1],
        "closed": lambda p: np.vstack([p, p[:1]]),
        "closed twice": lambda p: np.vstack([p, p[:1], p[:1]]),
        "all points doubled": lambda p: np.repeat(p, 2, axis=0),
        "doubled but for rounding": lambda p: (
            np.repeat(p, 2, axis=0) + 1e-12 * np.arange(12)[:, None]
        ),
        "from another point": lambda p: np.roll(p, 2, axis=0),
        "a list": lambda p: p.tolist(),
        "whole numbers": lambda p: p.astype(int),
        "a tensor": torch.from_numpy,
        "one line of a list": lambda p: [p],
    }.items(),
    ids=lambda case: case[0],
)
def test_however_the_points_come_the_shape_is_the_same(come):
    shape, frame = Shape.from_points(L_SHAPE)
    other, same = Shape.from_points(come[1](L_SHAPE))
    assert same.centre == pytest.approx(frame.centre)
    assert same.scale == pytest.approx(frame.scale)
    assert other.area == pytest.approx(shape.area)
    distances = other.signed_distance(POINTS)
    torch.testing.assert_close(distances, shape.signed_distance(POINTS), rtol=0, atol=1e-9)


def test_measures_return_to_the_users_units():
    shape, frame = Shape.from_points(L_SHAPE)
    assert shape.area * frame.scale**2 == pytest.approx(40 * 10 + 10 * 20)
    assert shape.perimeter * frame.scale == pytest.approx(2 * (40 + 30))
    assert frame.centre == (20, 15)  # the middle of the rectangle round it
    assert frame.scale == pytest.approx(25)  # from there to its farthest point
    assert shape.vertices.norm(dim=1).max().item() == pytest.approx(1)
    (line,) = frame.to_user(shape.outlines())
    assert {tuple(point) for point in line.round(9).tolist()} == set(map(tuple, L_SHAPE.tolist()))


@pytest.mark.parametrize(("shift", "factor"), [((500_000, -7), 1), ((0, 0), 1e-4), ((3, 9), 2e5)])
def test_shifted_and_scaled_outlines_give_the_same_field(shift, factor):
    shape, frame = Shape.from_points(L_SHAPE)
    other, moved = Shape.from_points(factor * L_SHAPE + shift)
    torch.testing.assert_close(other.field(32), shape.field(32), rtol=0, atol=1e-6)
    assert moved.scale == pytest.approx(factor * frame.scale)
    assert moved.centre == pytest.approx(factor * np.array(frame.centre) + shift)


def test_outlines_in_one_frame_keep_their_size_and_place():
    outlines = [L_SHAPE, L_SHAPE / 2 + 4, [OUTER, *HOLES]]
    frame = Frame.around(outlines)
    for outline in outlines:
        shape, same = Shape.from_points(outline, frame=frame)
        assert same is frame
        alone, own = Shape.from_points(outline)
        assert shape.area * frame.scale**2 == pytest.approx(alone.area * own.scale**2)
        lowest = frame.to_user(shape.outlines())[0].min(axis=0)
        assert lowest == pytest.approx(np.min(outline[0] if len(outline) == 3 else outline, axis=0))
    with pytest.raises(ValueError, match=r"point \(40, .* at \(.*take Frame.around"):
        Shape.from_points(L_SHAPE, frame=Frame((0, 0), 20))
    shared = [Frame.around(outline, scale=30) for outline in outlines]
    assert {frame.scale for frame in shared} == {30}
    assert shared[0].centre == (20, 15)


def test_a_frame_goes_there_and_back():
    frame = Frame((3, -2), 50)
    points = np.random.default_rng(0).normal(size=(5, 7, 2))
    assert np.allclose(frame.to_grid(frame.to_user(points)), points)
    assert frame.to_user(torch.zeros(2)).tolist() == [3, -2]
    assert frame.to_user([[1.0, 0.0]]).tolist() == [[53, -2]]
    assert [line.shape for line in frame.to_grid([ring(1, 5), ring(2, 9)])] == [(5, 2), (9, 2)]
    for bad in (((0, math.nan), 1), ((0, 0, 0), 1), ((0, 0), 0), ((0, 0), -1)):
        with pytest.raises(ValueError, match="expected"):
            Frame(*bad)


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)], ids=lambda order: f"outline at {order.index(0)}"
)
@pytest.mark.parametrize("turn", [1, -1], ids=["as drawn", "holes the other way round"])
def test_a_shape_with_holes_has_their_area_less_and_their_length_more(order, turn):
    lines = [OUTER[::-1], *(hole[::turn] for hole in HOLES)]
    shape, frame = Shape.from_points([lines[k] for k in order])
    triangle = 5 + math.hypot(3, 10) + math.hypot(2, 10)
    assert shape.area * frame.scale**2 == pytest.approx(30 * 20 - 6 * 4 - 5 * 10 / 2)
    assert shape.perimeter * frame.scale == pytest.approx(2 * 50 + 2 * 10 + triangle)
    assert len(shape.holes) == 2
    nodes = frame.to_grid(np.random.default_rng(0).uniform((-2, -2), (32, 22), (500, 2)))
    in_outer, *in_holes = (Path(frame.to_grid(p)).contains_points(nodes) for p in (OUTER, *HOLES))
    inside = in_outer & ~np.any(in_holes, axis=0)
    assert 100 < inside.sum() < 450
    assert np.array_equal((shape.signed_distance(nodes) < 0).numpy(), inside)


def test_the_distance_of_an_annulus_is_that_to_the_nearer_circle():
    shape, frame = Shape.from_points([ring(40, 3000), ring(15, 3000)])
    radius = POINTS.norm(dim=-1) * frame.scale
    exact = torch.maximum(radius - 40, 15 - radius)
    found = shape.signed_distance(POINTS) * frame.scale
    torch.testing.assert_close(found, exact, rtol=0, atol=40 * (np.pi / 3000) ** 2)
    assert shape.area * frame.scale**2 == pytest.approx(math.pi * (1600 - 225), rel=1e-5)
    phi = shape.field(128)
    assert shapes.area(phi) == pytest.approx(shape.area, rel=2e-3)
    assert shapes.perimeter(phi) == pytest.approx(shape.perimeter, rel=2e-3)
    assert len(shapes.outlines(phi)) == len(shape.outlines()) == 2


def test_holes_are_scaled_turned_and_grown_with_their_shape():
    """Grown by r, a square hole of side a becomes one of side a − 2r."""
    outer, hole = shapes.polygon(4, 1.0).vertices, shapes.polygon(4, 0.5).vertices
    hole = hole + torch.tensor([0.1, 0.05])
    framed = Shape(outer, holes=[hole])
    assert framed.area == pytest.approx(2 - 0.5)
    assert framed.scaled(0.5).area == pytest.approx(1.5 / 4)
    assert framed.with_area(3).area == pytest.approx(3)
    turned = framed.rotated(90).signed_distance(POINTS)
    torch.testing.assert_close(turned, framed.signed_distance(POINTS).rot90(-1))
    grown, side, r = Shape(outer, 0.1, [hole]), 0.5 * math.sqrt(2), 0.1
    full = Shape(outer, 0.1)
    assert grown.area == pytest.approx(full.area - (side - 2 * r) ** 2)
    assert grown.perimeter == pytest.approx(full.perimeter + 4 * (side - 2 * r))
    assert shapes.area(grown.field(400)) == pytest.approx(grown.area, rel=1e-3)


def test_lines_of_shapes_enclose_what_the_formulas_say():
    hole = shapes.polygon(5, 0.4).vertices
    cases = [
        shapes.circle(0.8),
        shapes.star(5, depth=0.4),
        shapes.star(5, depth=0.5, rounding=0.1),
        Shape(shapes.polygon(4).vertices, 0.1, [hole]),
    ]
    for shape in cases:
        lines, of_field = shape.outlines(), shapes.outlines(shape.field(400))
        for of in (lines, of_field):  # counter-clockwise, and back round holes
            area = sum(x[:-1] @ y[1:] - y[:-1] @ x[1:] for x, y in (line.T for line in of)) / 2
            assert area == pytest.approx(shape.area, rel=2e-3)
        assert len(lines) == len(of_field)
        length = sum(np.linalg.norm(np.diff(line, axis=0), axis=1).sum() for line in lines)
        assert length == pytest.approx(shape.perimeter, rel=1e-4)
        assert all(np.array_equal(line[0], line[-1]) for line in lines)


def test_a_clockwise_polygon_has_a_positive_area():
    vertices = shapes.star(5).vertices
    for rounding in (0, 0.1):
        assert Shape(vertices.flip(0), rounding).area == pytest.approx(
            Shape(vertices, rounding).area
        )


def naca(thickness, n):
    """The upper side of a NACA four-digit section without camber, and the lower side back."""
    x = (1 - np.cos(np.linspace(0, np.pi, n))) / 2
    y = 5 * thickness * np.polynomial.Polynomial([0, -0.1260, -0.3516, 0.2843, -0.1036])(x)
    y += 5 * thickness * 0.2969 * np.sqrt(x)
    return np.concatenate([np.stack([x, y], 1)[::-1], np.stack([x, -y], 1)[1:]])


def test_the_area_of_a_naca_section_is_that_of_its_formula():
    """The formula integrates to 10 t times the sum below, for a chord of 1; t = 0.12: 0.0817."""
    integral = 0.2969 / 1.5 - 0.1260 / 2 - 0.3516 / 3 + 0.2843 / 4 - 0.1036 / 5
    found = []
    for n in (50, 100):
        shape, frame = Shape.from_points(250 * naca(0.12, n))
        found.append(shape.area * frame.scale**2 / (10 * 0.12 * integral * 250**2) - 1)
    assert abs(found[1]) < 1e-3
    assert found[0] / found[1] == pytest.approx(4, abs=0.3)  # the trapezoidal rule


BOW_TIE = np.array([[0, 0], [10, 10], [10, 0], [0, 10]], dtype=float)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (
            BOW_TIE,
            r"at \(5, 5\) the edge from point 0 \(0, 0\) to point 1 \(10, 10\) meets the edge from "
            r"point 2 \(10, 0\) to point 3 \(0, 10\)",
        ),
        (
            np.repeat(BOW_TIE, 2, axis=0),
            r"\(5, 5\) the edge from point 0 .* to point 2 .* point 4 ",
        ),
        ([[0, 0], [9, 0], [4, 0], [4, 8]], "do not meet, but at"),  # there and back
        ([[0, 0], [9, 0], [4, 0]], r"3 points on one straight line between \(0, 0\) and \(9, 0\)"),
        (np.full((9, 2), 3.0), "three points apart, got 1 among 9"),
        ([[0, 0], [1, 1], [0, 0]], "three points apart, got 2 among 3"),
        (np.empty((0, 2)), "three points apart, got 0 among 0"),
        ([[0, 0], [1, math.nan], [1, 1]], r"finite numbers, got \(1, nan\) as point 1"),
        ([[0, 0], [1, 0], [1, 1], [0, -math.inf]], "as point 3"),
        (L_SHAPE.T, r"of shape \(n_points, 2\), got \(2, 6\): transpose it"),
        (np.zeros((5, 3)), r"of shape \(n_points, 2\), got \(5, 3\)$"),
        ([OUTER, HOLES[0] + [50, 0]], r"hole lies outside shell at \(53, 3\): .* of line 1"),
        ([OUTER, HOLES[0], HOLES[0] * 0.5 + 2.5], "line 0 as the outline, and holes are nested"),
        (
            [OUTER, HOLES[0] + [-6, 0]],
            r"at \(0, 7\) the edge .* of line 0 meets the edge .* of line 1",
        ),
        ([OUTER, HOLES[0] * [1, math.nan]], "as point 0 of line 1"),
        ([OUTER, BOW_TIE / 2 + 5], r"at \(7.5, 7.5\) .* of line 1 meets .* of line 1"),
    ],
    ids=str,
)
def test_what_is_no_outline_is_refused_and_the_place_is_named(points, message):
    with pytest.raises(ValueError, match=message):
        Shape.from_points(points)


def test_what_are_no_numbers_is_refused():
    for points in ("outline.csv", [["a", "b"]] * 3, None, [[1 + 2j, 0]] * 3):
        with pytest.raises(TypeError, match="expected points as a tensor or an array of numbers"):
            Shape.from_points(points)


def test_a_frame_names_the_outline_that_is_none():
    with pytest.raises(ValueError, match=r"outlines\[1\]: expected finite numbers"):
        Frame.around([L_SHAPE, L_SHAPE * math.nan])
    with pytest.raises(ValueError, match=r"outlines\[2\]\[1\]: expected at least three points"):
        Frame.around([L_SHAPE, L_SHAPE, [OUTER, OUTER[:2]]])


def test_holes_that_are_no_polygons_are_refused():
    with pytest.raises(ValueError, match=r"a hole of shape .* at least three, got \(1, 2\)"):
        Shape(shapes.polygon(4).vertices, holes=[[[0.0, 0.0]]])
    with pytest.raises(ValueError, match="finite numbers in a hole"):
        Shape(shapes.polygon(4).vertices, holes=[torch.full((3, 2), math.nan)])


def test_a_fine_outline_takes_little_memory():
    """All 1,500 edges against 64² nodes at once would take 50 MB for each of a dozen terms."""
    code = """
import resource
import numpy as np
from aecourse import shapes
angle = np.linspace(0, 2 * np.pi, 1500)
radius = 1 + 0.1 * np.sin(9 * angle)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
shapes.Shape.from_points(points[::100])[0].field(64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
shapes.Shape.from_points(points)[0].field(64)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown / 1024 ** (2 if __import__("sys").platform == "darwin" else 1))
"""
    pytest.importorskip("resource")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 40  # MB


def test_what_is_no_frame_is_named_with_the_way_to_one(tmp_path):
    pair = Shape.from_points(OUTER)
    for call in (
        lambda: Shape.from_points(OUTER, frame=pair),
        lambda: write_outline(tmp_path / "a.csv", OUTER, frame=pair),
    ):
        with pytest.raises(TypeError, match=r"expected a Frame, got tuple: take Frame\.around"):
            call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("length", [3.0, [1.0], np.ones((4, 1))])
def test_a_length_is_no_point(length):
    frame = Frame((100, 50), 20)
    for way in (frame.to_user, frame.to_grid):
        with pytest.raises(ValueError, match=r"shape \(\.\.\., 2\).*multiply it by the scale"):
            way(length)
