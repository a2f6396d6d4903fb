"""Exact outlines: polygons and stars with rounded corners, and what is known of them."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..validation import as_floats, require_count, require_positive, require_samples, require_share
from .fields import grid


@dataclass(frozen=True, eq=False)
class Shape:
    """A polygon, grown on all sides by a radius that rounds its corners.

    A single vertex grows into a disk. `circle`, `polygon` and `star` build the usual ones.

    Parameters
    ----------
    vertices : Tensor of float64 of shape (n_vertices, 2)
        Counter-clockwise.
    rounding : float
        The radius.

    Raises
    ------
    ValueError
        If there are no vertices or just two, or the rounding is negative.

    Attributes
    ----------
    area, perimeter : float
        Exact, as long as the rounding does not use up an edge beside a reflex corner. With the
        turning angles θ of the corners and the rounding r, the perimeter grows by r Σ θ over convex
        corners less 2 r Σ tan(θ/2) over reflex ones, and the area by r P + r²/2 times the same sum.
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

    def __post_init__(self):
        vertices = require_samples("vertices", self.vertices).double().cpu()
        if vertices.ndim != 2 or vertices.shape[1] != 2 or len(vertices) == 2:
            raise ValueError(
                "expected vertices of shape (n_vertices, 2), at least three or a single one, "
                f"got {tuple(vertices.shape)}"
            )
        object.__setattr__(self, "vertices", vertices)
        require_positive("rounding", self.rounding, or_zero=len(vertices) > 1)

    @property
    def area(self) -> float:
        """Exact area, see above."""
        x, y = self.vertices.T
        polygon_area = 0.5 * (x * y.roll(-1) - y * x.roll(-1)).sum().item()
        r = self.rounding
        return polygon_area + r * self._edges().norm(dim=1).sum().item() + r**2 / 2 * self._turn()

    @property
    def perimeter(self) -> float:
        """Exact length of the outline, see above."""
        return self._edges().norm(dim=1).sum().item() + self.rounding * self._turn()

    @property
    def isoperimetric_quotient(self) -> float:
        """P² / (4πA)."""
        return self.perimeter**2 / (4 * math.pi * self.area)

    def scaled(self, factor: float) -> "Shape":
        """Return the shape enlarged by a factor, about the origin."""
        return Shape(require_positive("factor", factor) * self.vertices, factor * self.rounding)

    def with_area(self, area: float) -> "Shape":
        """Return the shape enlarged to an area, about the origin."""
        return self.scaled(math.sqrt(require_positive("area", area) / self.area))

    def rotated(self, degrees: float) -> "Shape":
        """Return the shape turned counter-clockwise, about the origin."""
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        turn = torch.tensor([[c, s], [-s, c]], dtype=torch.double)
        return Shape(self.vertices @ turn, self.rounding)

    def signed_distance(self, points: Tensor) -> Tensor:
        """Return the distance of points (..., 2) to the outline, negative inside, of shape (...).

        Exact, except inside a rounded shape where a reflex corner is nearest: there a little less.
        """
        x, y = as_floats("points", points).double().unbind(dim=-1)
        squared = torch.full_like(x, math.inf)
        inside = torch.zeros_like(x, dtype=torch.bool)
        for (x0, y0), (dx, dy) in zip(self.vertices.tolist(), self._edges().tolist(), strict=True):
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

    def _edges(self) -> Tensor:
        return self.vertices.roll(-1, dims=0) - self.vertices

    def _turn(self) -> float:
        """Sum θ over convex corners, less 2 tan(θ/2) over reflex ones; 2π if all are convex."""
        if len(self.vertices) == 1:
            return 2 * math.pi
        edge, before = self._edges(), self._edges().roll(1, dims=0)
        angle = torch.atan2(_cross(before, edge), (before * edge).sum(dim=1))
        return torch.where(angle >= 0, angle, 2 * torch.tan(angle / 2)).sum().item()


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


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
