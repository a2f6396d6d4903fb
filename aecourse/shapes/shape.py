"""Exact outlines: polygons and stars with rounded corners, and what is known of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
import torch
from torch import Tensor

from ..validation import as_floats, require_count, require_positive, require_samples, require_share
from .fields import EXTENT, grid
from .frame import Frame, require_frame
from .loops import one_shape


@dataclass(frozen=True, eq=False)
class Shape:
    """A polygon, with or without holes, grown on all sides by a radius that rounds its corners.

    A single vertex grows into a disk. `circle`, `polygon` and `star` build the usual ones, and
    `from_points` an outline as it comes.

    Parameters
    ----------
    vertices : Tensor of float64 of shape (n_vertices, 2)
        Kept counter-clockwise, and turned round if they come clockwise.
    rounding : float
        The radius. A hole shrinks by it, and its corners stay sharp.
    holes : sequence of Tensor of float64 of shape (n_vertices, 2)
        Polygons inside the first and apart from each other; kept clockwise.

    Raises
    ------
    ValueError
        If there are no vertices or just two, or the rounding is negative.

    Attributes
    ----------
    area, perimeter : float
        Exact, as long as the rounding does not use up an edge beside a reflex corner; the corners
        of holes are reflex. With the turning angles θ of the corners and the rounding r, the
        perimeter grows by r Σ θ over convex corners less 2 r Σ tan(θ/2) over reflex ones, and the
        area by r P + r²/2 times the same sum.
    isoperimetric_quotient : float
        Q = P² / (4πA): 1 for a disk, and larger for any other shape.

    Examples
    --------
    >>> square = polygon(4)
    >>> round(square.area, 6), round(square.isoperimetric_quotient, 6)  # 4/π
    (2.0, 1.27324)
    """

    vertices: Tensor
    rounding: float = 0.0
    holes: Sequence[Tensor] = ()

    def __post_init__(self):
        vertices = _polygon("vertices", self.vertices, 1, clockwise=False)
        holes = tuple(_polygon("a hole", hole, 3, clockwise=True) for hole in self.holes)
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "holes", holes)
        require_positive("rounding", self.rounding, or_zero=len(vertices) > 1)

    @classmethod
    def from_points(cls, points, *, frame: Frame | None = None) -> tuple["Shape", Frame]:
        """Take an outline as it comes, and say how to return to its units.

        Points may be doubled, run either way round, and end where they began or not. Of several
        lines, the one round the largest area is the outline, and the others are its holes.

        Parameters
        ----------
        points : array of shape (n_points, 2), or a list of such
            Arrays, tensors or lists of numbers, in any unit.
        frame : Frame, optional
            What becomes the origin and what the length 1: by default ``Frame.around(points)``, the
            middle of the outline and its farthest point. Where size and place matter, and for all
            shapes that a model is to learn together, give them one: ``Frame.around(outlines)``.

        Returns
        -------
        shape : Shape
            In the units of the grid.
        frame : Frame
            Its ``to_user`` leads back.

        Raises
        ------
        TypeError
            If the points are no numbers, or the frame is none.
        ValueError
            If they are no outline: too few, not finite, all on one straight line, crossing
            themselves, with a hole outside; or beyond the grid in the given frame. The message
            names the place and the points.

        Examples
        --------
        A washer of 30 mm with a hole of 10 mm, both square, the hole drawn the same way round:

        >>> outer = [[0, 0], [30, 0], [30, 30], [0, 30], [0, 0]]
        >>> hole = [[10, 10], [20, 10], [20, 20], [10, 20]]
        >>> shape, frame = Shape.from_points([outer, hole])
        >>> round(shape.area * frame.scale**2, 6), round(shape.perimeter * frame.scale, 6)
        (800.0, 160.0)
        """
        outline, holes = one_shape(points)
        frame = require_frame(frame) or Frame.around(outline)
        vertices, *holes = map(torch.from_numpy, frame.to_grid([outline, *holes]))
        farthest = vertices[vertices.abs().amax(dim=1).argmax()]
        if farthest.abs().max() >= EXTENT:
            (x, y), (u, v) = frame.to_user(farthest).tolist(), farthest.tolist()
            raise ValueError(
                f"expected an outline within ±{EXTENT} of the frame, got the point ({x:.6g}, "
                f"{y:.6g}) at ({u:.3g}, {v:.3g}): take Frame.around(all outlines)"
            )
        return cls(vertices, holes=holes), frame

    @property
    def area(self) -> float:
        """Exact area, see above."""
        polygon_area = sum(map(_enclosed, self._loops()))
        r = self.rounding
        return polygon_area + r * self._edges().norm(dim=1).sum().item() + r**2 / 2 * self._turn()

    @property
    def perimeter(self) -> float:
        """Exact length of the outline and of those of holes, see above."""
        return self._edges().norm(dim=1).sum().item() + self.rounding * self._turn()

    @property
    def isoperimetric_quotient(self) -> float:
        """P² / (4πA)."""
        return self.perimeter**2 / (4 * math.pi * self.area)

    def scaled(self, factor: float) -> "Shape":
        """Return the shape enlarged by a factor, about the origin."""
        require_positive("factor", factor)
        holes = [factor * hole for hole in self.holes]
        return Shape(factor * self.vertices, factor * self.rounding, holes)

    def with_area(self, area: float) -> "Shape":
        """Return the shape enlarged to an area, about the origin."""
        return self.scaled(math.sqrt(require_positive("area", area) / self.area))

    def rotated(self, degrees: float) -> "Shape":
        """Return the shape turned counter-clockwise, about the origin."""
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        turn = torch.tensor([[c, s], [-s, c]], dtype=torch.double)
        return Shape(self.vertices @ turn, self.rounding, [hole @ turn for hole in self.holes])

    def signed_distance(self, points: Tensor) -> Tensor:
        """Return the distance of points (..., 2) to the outline, negative inside, of shape (...).

        Exact, except inside a rounded shape where a reflex corner is nearest: there a little less.
        It takes one edge at a time, and so no more memory for an outline of many points. Equation
        ``eq-signed-distance`` of the chapter "A latent space of shapes".
        """
        x, y = as_floats("points", points).double().unbind(dim=-1)
        squared = torch.full_like(x, math.inf)
        inside = torch.zeros_like(x, dtype=torch.bool)
        starts = torch.cat(self._loops())
        for (x0, y0), (dx, dy) in zip(starts.tolist(), self._edges().tolist(), strict=True):
            u, v = x - x0, y - y0
            along = ((u * dx + v * dy) / max(dx**2 + dy**2, 1e-300)).clamp(0, 1)
            squared = torch.minimum(squared, (u - along * dx) ** 2 + (v - along * dy) ** 2)
            # A ray to the right crosses the outline an odd number of times from a point inside.
            beside = (v >= 0) != (v >= dy)
            inside ^= beside & ((dx * v - dy * u > 0) == (dy > 0))
        distance = squared.sqrt()
        return torch.where(inside, -distance, distance) - self.rounding

    def field(self, resolution: int = 128) -> Tensor:
        """Return the signed distance on a grid of (resolution, resolution) nodes, as float32."""
        return self.signed_distance(grid(resolution)).float()

    def outlines(self) -> list[np.ndarray]:
        """Return the closed lines round the shape and its holes, as `outlines` does for a field.

        A full turn of a rounded corner is drawn by 256 chords, less than 0.01% of its radius off.
        """
        vertices, *holes = self._loops()
        if len(vertices) == 1:
            drawn = shapely.Point(*vertices[0])
        else:
            drawn = shapely.Polygon(vertices, holes)
        if self.rounding:
            drawn = drawn.buffer(self.rounding, quad_segs=64)
        drawn = shapely.orient_polygons(drawn)
        return [np.array(ring.coords) for ring in (drawn.exterior, *drawn.interiors)]

    def _loops(self) -> list[Tensor]:
        return [self.vertices, *self.holes]

    def _edges(self) -> Tensor:
        return torch.cat([loop.roll(-1, dims=0) - loop for loop in self._loops()])

    def _turn(self) -> float:
        """Sum θ over convex corners, less 2 tan(θ/2) over reflex ones; 2π if all are convex."""
        if len(self.vertices) == 1:
            return 2 * math.pi
        return sum(map(_turn, self._loops()))


def circle(radius: float = 1.0) -> Shape:
    """Return a disk about the origin.

    Raises
    ------
    ValueError
        If the radius is not positive and finite.

    Examples
    --------
    >>> round(circle(0.8).isoperimetric_quotient, 6)
    1.0
    """
    return Shape(torch.zeros(1, 2, dtype=torch.double), require_positive("radius", radius))


def polygon(n_corners: int, radius: float = 1.0, *, rounding: float = 0.0) -> Shape:
    """Return a regular polygon about the origin, with a corner on top.

    Q = n tan(π/n) / π without rounding.

    Parameters
    ----------
    n_corners : int
        At least 3.
    radius : float
        Of the corners, before rounding.
    rounding : float
        Radius by which the polygon is grown.

    Returns
    -------
    Shape

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    n_corners = require_count("n_corners", n_corners, at_least=3)
    return _from_angles(n_corners, [require_positive("radius", radius)] * n_corners, rounding)


def star(n_points: int, radius: float = 1.0, *, depth: float = 0.5, rounding: float = 0.0) -> Shape:
    """Return a star with its points at a radius R, one of them on top, and notches at ρR.

    Q = n (1 + ρ² − 2ρ cos(π/n)) / (π ρ sin(π/n)) without rounding.

    Parameters
    ----------
    n_points : int
        At least 3.
    radius : float
        R.
    depth : float
        ρ, from 0 to 1, both excluded; the smaller, the deeper the notches.
    rounding : float
        Radius by which the star is grown.

    Returns
    -------
    Shape

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    n_points = require_count("n_points", n_points, at_least=3)
    require_share("depth", depth, or_one=False)
    radii = [require_positive("radius", radius), depth * radius] * n_points
    return _from_angles(2 * n_points, radii, rounding)


def _from_angles(n: int, radii: list[float], rounding: float) -> Shape:
    """Place vertices at equal angles, from the top counter-clockwise."""
    angle = math.pi / 2 + 2 * math.pi / n * torch.arange(n, dtype=torch.double)
    directions = torch.stack([angle.cos(), angle.sin()], dim=1)
    return Shape(torch.tensor(radii, dtype=torch.double)[:, None] * directions, rounding)


def _polygon(name: str, vertices: Tensor, at_least: int, *, clockwise: bool) -> Tensor:
    """Return vertices that run the way that is asked for."""
    loop = require_samples(name, vertices).double().cpu()
    if loop.ndim != 2 or loop.shape[1] != 2 or len(loop) == 2 or len(loop) < at_least:
        wanted = "at least three" if at_least == 3 else "at least three or a single one"
        raise ValueError(
            f"expected {name} of shape (n_vertices, 2), {wanted}, got {tuple(loop.shape)}"
        )
    area = _enclosed(loop)
    return loop.flip(0) if (area > 0 if clockwise else area < 0) else loop


def _enclosed(loop: Tensor) -> float:
    """Return the area within a polygon, negative if it runs clockwise."""
    x, y = loop.T
    return 0.5 * (x * y.roll(-1) - y * x.roll(-1)).sum().item()


def _turn(loop: Tensor) -> float:
    edge = loop.roll(-1, dims=0) - loop
    before = edge.roll(1, dims=0)
    angle = torch.atan2(_cross(before, edge), (before * edge).sum(dim=1))
    return torch.where(angle >= 0, angle, 2 * torch.tan(angle / 2)).sum().item()


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
