"""Exercises of the chapter "Shapes as fields"."""

import torch

from .. import shapes
from .compare import Exercise


def _radius(n):
    return shapes.grid(n).norm(dim=-1)


RING = Exercise(
    name="ring",
    reference=lambda outer, inner, n: torch.maximum(_radius(n) - outer, inner - _radius(n)),
    mistakes={
        "This is the union: all points inside of one of the two. The ring lies inside of both, "
        "the disk and the outside of the hole: the larger value counts.": lambda outer, inner, n: (
            torch.minimum(_radius(n) - outer, inner - _radius(n))
        ),
        "The hole is not turned inside out: its field needs the other sign.": (
            lambda outer, inner, n: torch.maximum(_radius(n) - outer, _radius(n) - inner)
        ),
        "This is the disk of the outer radius: the hole is missing.": (
            lambda outer, inner, n: _radius(n) - outer
        ),
        "The sign is wrong: a field is negative inside the shape.": lambda outer, inner, n: (
            -torch.maximum(_radius(n) - outer, inner - _radius(n))
        ),
        "This is the distance without a sign. It is negative inside the ring.": (
            lambda outer, inner, n: torch.maximum(_radius(n) - outer, inner - _radius(n)).abs()
        ),
        "The two distances are added. The larger one counts.": lambda outer, inner, n: (
            (_radius(n) - outer) + (inner - _radius(n))
        ),
        "The two distances are multiplied. The sign is right, but this is no distance.": (
            lambda outer, inner, n: (_radius(n) - outer) * (_radius(n) - inner)
        ),
        "These are squared distances from the middle: take the root.": lambda outer, inner, n: (
            torch.maximum(_radius(n).square() - outer**2, inner**2 - _radius(n).square())
        ),
        "This is a picture, inside or not. A field holds the distance.": lambda outer, inner, n: (
            torch.maximum(_radius(n) - outer, inner - _radius(n)) < 0
        ),
        "The grid reaches from −1 to 1. Those of this chapter reach from −1.3 to 1.3: "
        "shapes.grid(n).": lambda outer, inner, n: torch.maximum(
            _radius(n) / 1.3 - outer, inner - _radius(n) / 1.3
        ),
        "The radii are taken for diameters.": lambda outer, inner, n: torch.maximum(
            _radius(n) - outer / 2, inner / 2 - _radius(n)
        ),
    },
    cases=lambda: {
        "radii 0.9 and 0.4 on 16 × 16 nodes": (0.9, 0.4, 16),
        "a thin ring": (1.0, 0.95, 33),
        "a small hole": (0.5, 0.01, 21),
    },
    holds=("the distance to the nearer circle, negative in the ring", "of any size and resolution"),
)


def check_ring(function, *, time_limit: float = 10.0) -> None:
    """Check ``ring(outer, inner, n)``: a field with a hole.

    Parameters
    ----------
    function : callable
        Takes two radii and an int n; returns a tensor of shape (n, n): the signed distance of the
        nodes ``shapes.grid(n)`` to the ring between two circles about the origin, negative
        between them, positive in the hole and outside.
    time_limit : float
        Seconds that a call may take.
    """
    RING.check(function, time_limit)


def distances(points, n, *, segment=True, closed=True):
    """Return the distance of each node to the nearest edge of a polygon, with no sign."""
    nodes, ends = shapes.grid(n), points.roll(-1, dims=0)
    found = []
    for a, b in list(zip(points, ends, strict=True))[: None if closed else -1]:
        edge, off = b - a, nodes - a
        along = (off @ edge) / (edge @ edge)
        if segment:
            along = along.clamp(0, 1)
        found.append((off - along[..., None] * edge).norm(dim=-1))
    return torch.stack(found).amin(dim=0)


def _inside(points, n):
    return shapes.Shape(points).signed_distance(shapes.grid(n)) < 0


def _left_of_all(points, n):
    """Call inside what lies left of every edge."""
    nodes, ends = shapes.grid(n), points.roll(-1, dims=0)
    left = torch.ones(n, n, dtype=torch.bool)
    for a, b in zip(points, ends, strict=True):
        (dx, dy), off = b - a, nodes - a
        left &= dx * off[..., 1] - dy * off[..., 0] > 0
    return left


def _signed(distance, inside):
    return torch.where(inside, -distance, distance)


FIELD_OF = Exercise(
    name="field_of",
    reference=lambda points, n: shapes.Shape(points).signed_distance(shapes.grid(n)),
    mistakes={
        "This is the distance without a sign: make it negative inside.": distances,
        "The sign is wrong: a field is negative inside the shape.": lambda points, n: (
            -_signed(distances(points, n), _inside(points, n))
        ),
        "This is the distance to the nearest corner. The nearest point may lie on an edge.": (
            lambda points, n: _signed(
                (shapes.grid(n)[..., None, :] - points).norm(dim=-1).amin(dim=-1),
                _inside(points, n),
            )
        ),
        "This is the distance to the nearest corner, without a sign. The nearest point may lie on "
        "an edge, and inside the sign is negative.": lambda points, n: (
            (shapes.grid(n)[..., None, :] - points).norm(dim=-1).amin(dim=-1)
        ),
        "This is the distance to straight lines without an end. An edge ends at its corners: clamp "
        "the share along it to 0 and 1.": lambda points, n: _signed(
            distances(points, n, segment=False), _inside(points, n)
        ),
        "The edge from the last point back to the first is missing.": lambda points, n: _signed(
            distances(points, n, closed=False), _inside(points, n)
        ),
        "A point that lies left of all edges is inside: this holds for convex outlines that run "
        "counter-clockwise only. Count how often a ray crosses the outline.": lambda points, n: (
            _signed(distances(points, n), _left_of_all(points, n))
        ),
        "A point that lies on one side of all edges is inside: this holds for convex outlines "
        "only. Count how often a ray crosses the outline.": lambda points, n: _signed(
            distances(points, n), _left_of_all(points, n) | _left_of_all(points.flip(0), n)
        ),
        "The field lies on its side: rows run along y, columns along x.": lambda points, n: (
            shapes.Shape(points).signed_distance(shapes.grid(n)).T
        ),
        "The field is upside down: the first row has the smallest y.": lambda points, n: (
            shapes.Shape(points).signed_distance(shapes.grid(n)).flip(0)
        ),
        "These are squared distances: take the root.": lambda points, n: _signed(
            distances(points, n).square(), _inside(points, n)
        ),
        "This is a picture, inside or not. A field holds the distance.": _inside,
    },
    cases=lambda: {
        "a triangle": (torch.tensor([[-0.9, -0.5], [0.8, -0.3], [0.1, 0.9]]).double(), 14),
        "a triangle, clockwise": (
            torch.tensor([[-0.9, -0.5], [0.1, 0.9], [0.8, -0.3]]).double(),
            14,
        ),
        "a star": (shapes.star(5, 1.0, depth=0.4).rotated(8).vertices, 20),
        "a step, clockwise": (
            torch.tensor(
                [[-0.8, -0.9], [-0.8, 0.7], [0.1, 0.7], [0.1, -0.2], [0.9, -0.2], [0.9, -0.9]]
            ).double(),
            17,
        ),
    },
    holds=(
        "the distance to the nearest point of the outline, negative inside",
        "for outlines with notches, and whichever way they run",
    ),
)


def check_field_of(function, *, time_limit: float = 10.0) -> None:
    """Check ``field_of(points, n)``: from corners to a field.

    Parameters
    ----------
    function : callable
        Takes the corners of a polygon in order, a tensor of float64 of shape (n_points, 2) whose
        last point joins the first, and an int n; returns a tensor of shape (n, n): the signed
        distance of the nodes ``shapes.grid(n)``, which is of shape (n, n, 2), to its outline,
        negative inside. The outline may have notches, and run either way.
    time_limit : float
        Seconds that a call may take.
    """
    FIELD_OF.check(function, time_limit)
