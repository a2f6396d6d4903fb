"""2-D shapes: exact outlines, signed distance fields of them, and what is measured on fields.

A field is a Tensor of shape (..., n, n) over [−1.5, 1.5]²; rows run upwards along y, columns along
x. It is negative inside.
"""

import math
from dataclasses import dataclass

import contourpy
import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from .runtime import require_count, require_seed

EXTENT = 1.5


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
        return Shape(_positive("factor", factor) * self.vertices, factor * self.rounding)

    def with_area(self, area: float) -> "Shape":
        """Return the shape enlarged to an area, about the origin."""
        return self.scaled(math.sqrt(_positive("area", area) / self.area))

    def rotated(self, degrees: float) -> "Shape":
        """Return the shape turned counter-clockwise, about the origin."""
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        turn = torch.tensor([[c, s], [-s, c]], dtype=torch.double)
        return Shape(self.vertices @ turn, self.rounding)

    def signed_distance(self, points: Tensor) -> Tensor:
        """Return the distance of points (..., 2) to the outline, negative inside, of shape (...).

        Exact, except inside a rounded shape where a reflex corner is nearest: there a little less.
        """
        start, edge = self.vertices, self._edges()
        to_point = points[..., None, :].to(start) - start  # (..., n_vertices, 2)
        along = (to_point * edge).sum(dim=-1) / edge.square().sum(dim=-1).clamp(min=1e-300)
        distance = (to_point - along.clamp(0, 1)[..., None] * edge).norm(dim=-1).amin(dim=-1)
        # A ray to the right crosses the outline an odd number of times from a point inside.
        below, left = to_point[..., 1] >= 0, _cross(edge, to_point) > 0
        crosses = (below & ~below.roll(-1, dims=-1) & ~left) | (
            ~below & below.roll(-1, dims=-1) & left
        )
        inside = crosses.sum(dim=-1) % 2 == 1
        return torch.where(inside, -distance, distance) - self.rounding

    def field(self, resolution: int = 64) -> Tensor:
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
    return Shape(torch.zeros(1, 2, dtype=torch.double), _positive("radius", radius))


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
    return _from_angles(n_corners, [_positive("radius", radius)] * n_corners, rounding)


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
    if not 0 < depth < 1:
        raise ValueError(f"expected a depth between 0 and 1, got {depth!r}")
    radii = [_positive("radius", radius), depth * radius] * n_points
    return _from_angles(2 * n_points, radii, rounding)


FAMILIES = ("circle", "triangle", "square", "star")


def random_shapes(n_shapes: int, *, seed: int = 0) -> tuple[list[Shape], Tensor]:
    """Draw shapes of four families: circles, triangles, squares and five-pointed stars.

    Each is turned by up to 10 degrees; its corners are rounded by up to a tenth, and the notches of
    stars lie at 0.4 to 0.7 of their radius. In the end it is scaled: the disk of the same area has
    a radius from 0.55 to 0.85.

    Parameters
    ----------
    n_shapes : int
    seed : int
        Fixes the draws.

    Returns
    -------
    shapes : list of Shape
    families : Tensor of int of shape (n_shapes,)
        Index of each in `FAMILIES`.

    Raises
    ------
    ValueError
        If ``n_shapes`` is below 1, or the seed is none.
    """
    rng = np.random.default_rng(require_seed(seed))
    families = torch.from_numpy(
        rng.integers(len(FAMILIES), size=require_count("n_shapes", n_shapes))
    )
    shapes = []
    for family in families.tolist():
        rounding, depth = rng.uniform(0, 0.1), rng.uniform(0.4, 0.7)
        shape = (
            circle(),
            polygon(3, rounding=rounding),
            polygon(4, rounding=rounding).rotated(45),
            star(5, depth=depth, rounding=rounding),
        )[family]
        size = rng.uniform(0.55, 0.85)
        shapes.append(shape.rotated(rng.uniform(-10, 10)).with_area(math.pi * size**2))
    return shapes, families


# ---- fields ------------------------------------------------------------------------------------


def grid(resolution: int = 64) -> Tensor:
    """Return the nodes of a field, as x and y.

    Parameters
    ----------
    resolution : int
        Nodes along each side, at least 2.

    Returns
    -------
    Tensor of float64 of shape (resolution, resolution, 2)

    Examples
    --------
    >>> grid(3)[0, :, 0]  # x along the bottom row
    tensor([-1.5000,  0.0000,  1.5000], dtype=torch.float64)
    """
    axis = torch.linspace(-EXTENT, EXTENT, require_count("resolution", resolution, at_least=2))
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).double()


def spacing(phi: Tensor) -> float:
    """Return the distance between neighbouring nodes of a field."""
    return 2 * EXTENT / (phi.shape[-1] - 1)


def pixels(phi: Tensor) -> Tensor:
    """Return the share of each node's square that lies inside: an anti-aliased picture.

    Exact where the outline is straight and parallel to an axis.

    Parameters
    ----------
    phi : Tensor of shape (..., n, n)

    Returns
    -------
    Tensor of shape (..., n, n)
        From 0 to 1.
    """
    return (0.5 - phi / spacing(phi)).clamp(0, 1)


def outlines(phi: Tensor) -> list[np.ndarray]:
    """Return the closed lines along which a field is zero.

    Parameters
    ----------
    phi : Tensor of shape (n, n)

    Returns
    -------
    list of ndarray of shape (n_points, 2)
        As x and y. Outer lines run clockwise, and those round holes counter-clockwise.

    Raises
    ------
    ValueError
        If the field is no square of finite numbers, has nothing inside, or touches the border.
    """
    field = require_field(phi)
    axis = np.linspace(-EXTENT, EXTENT, len(field))
    return contourpy.contour_generator(axis, axis, field).lines(0.0)


def area(phi: Tensor) -> float:
    """Return the area inside the zero contour of a field (n, n); holes are left out.

    Raises a ValueError as `outlines` does; so do `perimeter` and `isoperimetric_quotient`.

    Examples
    --------
    >>> round(area(polygon(4).field(200)), 2)
    2.0
    """
    return -sum(
        0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
        for x, y in (o.T for o in outlines(phi))
    )


def perimeter(phi: Tensor) -> float:
    """Return the length of the zero contour of a field (n, n), that of holes included."""
    return sum(float(np.linalg.norm(np.diff(o, axis=0), axis=1).sum()) for o in outlines(phi))


def isoperimetric_quotient(phi: Tensor) -> float:
    """Return Q = P² / (4πA) of the zero contour of a field (n, n)."""
    return perimeter(phi) ** 2 / (4 * math.pi * area(phi))


def inside_share(phi: Tensor) -> Tensor:
    """Return a smooth picture of a field, differentiable everywhere: the sigmoid of −φ/spacing.

    Its values lie between 0 and 1, and the shape is that of the field.
    """
    return torch.sigmoid(-phi / spacing(phi))


def total_variation(phi: Tensor) -> Tensor:
    """Estimate the perimeter of signed distance fields, with a gradient: for optimisers.

    The total variation ∫ |∇u| of `inside_share`, with the gradient taken at the middle of each
    square from its four corners. For a binary picture it would be a fifth too large or more.

    Parameters
    ----------
    phi : Tensor of shape (..., n, n)

    Returns
    -------
    Tensor of shape (...)
    """
    u = inside_share(phi)
    a, b = u[..., :-1, :-1], u[..., :-1, 1:]  # the corners of each square
    c, d = u[..., 1:, :-1], u[..., 1:, 1:]
    along_x, along_y = b + d - a - c, c + d - a - b
    steep = (along_x.square() + along_y.square() + 1e-12).sqrt() / 2  # |∇u| times the spacing
    return steep.sum(dim=(-2, -1)) * spacing(phi)


def to_area(phi: Tensor, target: float) -> tuple[Tensor, float]:
    """Enlarge a field to an area: distances and the grid's spacing grow by the same factor.

    Exact for signed distances, and without any interpolation.

    Parameters
    ----------
    phi : Tensor of shape (n, n)
    target : float
        The area inside the zero contour.

    Returns
    -------
    phi : Tensor of shape (n, n)
    spacing : float
        Distance between neighbouring nodes, as `heat.cool` takes it.
    """
    factor = math.sqrt(_positive("target", target) / area(phi))
    return factor * phi, factor * spacing(phi)


def pieces(phi: Tensor) -> int:
    """Count the connected pieces of the inside of a field (n, n).

    Nodes that only touch diagonally do not connect. The shape may touch the border.

    Raises
    ------
    ValueError
        If the field is no square of finite numbers, or has nothing inside.
    """
    return int(ndimage.label(require_field(phi, border=False) < 0)[1])


def require_field(phi: Tensor, *, border: bool = True) -> np.ndarray:
    """Return one field as an array of doubles, or raise with what came and what was expected."""
    field = np.asarray(torch.as_tensor(phi).detach().cpu(), dtype=float)
    if field.ndim != 2 or field.shape[0] != field.shape[1] or len(field) < 3:
        raise ValueError(f"expected a field of shape (n, n) with n from 3, got {field.shape}")
    if not np.isfinite(field).all():
        raise ValueError("expected finite numbers in the field, got NaN or infinity")
    if not (field < 0).any():
        raise ValueError(f"expected negative values inside the shape, the least is {field.min()}")
    edges = np.concatenate([field[0], field[-1], field[:, 0], field[:, -1]])
    if border and (edges <= 0).any():
        raise ValueError("expected a shape inside the field, got one that touches its border")
    return field


def _from_angles(n: int, radii: list[float], rounding: float) -> Shape:
    """Place vertices at equal angles, from the top counter-clockwise."""
    if not 0 <= rounding < math.inf:
        raise ValueError(f"expected a rounding from 0, got {rounding!r}")
    angle = math.pi / 2 + 2 * math.pi / n * torch.arange(n, dtype=torch.double)
    directions = torch.stack([angle.cos(), angle.sin()], dim=1)
    return Shape(torch.tensor(radii, dtype=torch.double)[:, None] * directions, rounding)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"expected {name} above 0, got {value!r}")
    return value
