"""Fields: a shape as numbers on a grid, and what is measured on them.

A field is a Tensor of shape (..., n, n) over [−1.3, 1.3]²; rows run upwards along y, columns along
x. It is negative inside.
"""

import math

import contourpy
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..validation import require_count, require_positive, require_samples

EXTENT = 1.3


def grid(resolution: int = 128) -> Tensor:
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
    tensor([-1.3000,  0.0000,  1.3000], dtype=torch.float64)
    """
    resolution = require_count("resolution", resolution, at_least=2)
    axis = torch.linspace(-EXTENT, EXTENT, resolution, dtype=torch.double)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)


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
        As x and y, the last point as the first. Outer lines run counter-clockwise, and those round
        holes clockwise.

    Raises
    ------
    ValueError
        If the field is no square of finite numbers, has nothing inside, or touches the border.
    """
    field = require_field(phi)
    axis = np.linspace(-EXTENT, EXTENT, len(field))
    return contourpy.contour_generator(axis, axis, -field).lines(0.0)  # inside on the left


def area(phi: Tensor) -> float:
    """Return the area inside the zero contour of a field (n, n); holes are left out.

    Raises a ValueError as `outlines` does; so do `perimeter` and `isoperimetric_quotient`.

    Examples
    --------
    >>> round(area(grid(200).norm(dim=-1) - 1), 2)  # of a disk
    3.14
    """
    return sum(map(_enclosed, outlines(phi)))


def perimeter(phi: Tensor) -> float:
    """Return the length of the zero contour of a field (n, n), that of holes included."""
    return sum(map(_length, outlines(phi)))


def isoperimetric_quotient(phi: Tensor) -> float:
    """Return Q = P² / (4πA) of the zero contour of a field (n, n).

    Equation ``eq-quotient`` of the chapter "Designing in a latent space".
    """
    lines = outlines(phi)
    return sum(map(_length, lines)) ** 2 / (4 * math.pi * sum(map(_enclosed, lines)))


def inside_share(phi: Tensor) -> Tensor:
    """Return a smooth picture of a field, differentiable everywhere: the sigmoid of −φ/spacing.

    Its values lie between 0 and 1, and the shape is that of the field.
    """
    return torch.sigmoid(-phi / spacing(phi))


def total_variation(phi: Tensor) -> Tensor:
    """Estimate the perimeter of signed distance fields, with a gradient: for optimisers.

    The total variation ∫ ‖∇u‖ of `inside_share`, with the gradient taken at the middle of each
    square from its four corners. For a binary picture it would be about 5 % too large.

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
    steep = (along_x.square() + along_y.square() + 1e-12).sqrt() / 2  # ‖∇u‖ times the spacing
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
    factor = math.sqrt(require_positive("target", target) / area(phi))
    return factor * phi, factor * spacing(phi)


def resample(phi: Tensor, resolution: int) -> Tensor:
    """Bring fields to another number of nodes, bilinearly; the outer nodes stay where they are.

    Parameters
    ----------
    phi : Tensor of shape (..., n, n)
    resolution : int
        Nodes along each side, at least 2.

    Returns
    -------
    Tensor of shape (..., resolution, resolution)

    Examples
    --------
    >>> resample(torch.tensor([[0.0, 2.0], [4.0, 6.0]]), 3)
    tensor([[0., 1., 2.],
            [2., 3., 4.],
            [4., 5., 6.]])
    """
    size = [require_count("resolution", resolution, at_least=2)] * 2
    fields = phi.reshape(-1, 1, *phi.shape[-2:])
    fine = functional.interpolate(fields, size, mode="bilinear", align_corners=True)
    return fine.reshape(*phi.shape[:-2], *size)


def intersection_over_union(phi: Tensor, other: Tensor) -> Tensor:
    """Return the share of two shapes' common inside in all that is inside either of them.

    Parameters
    ----------
    phi, other : Tensor of shape (..., n, n)
        Fields; what counts is where they are negative.

    Returns
    -------
    Tensor of shape (...)
        1 for equal shapes, 0 for shapes apart.

    Raises
    ------
    ValueError
        If the fields differ in shape, hold NaN, or two of them have nothing inside.

    Examples
    --------
    >>> r = grid(256).norm(dim=-1)
    >>> small, large = r - 0.5, r - 1.0
    >>> round(intersection_over_union(small, large).item(), 2)
    0.25
    """
    phi, other = require_samples("phi", phi), require_samples("other", other)
    if phi.shape != other.shape:
        raise ValueError(f"expected fields of one shape, got {(*phi.shape,)} and {(*other.shape,)}")
    a, b = phi < 0, other < 0
    union = (a | b).sum(dim=(-2, -1))
    if (union == 0).any():
        raise ValueError("expected something inside, got two fields without negative values")
    return (a & b).sum(dim=(-2, -1)) / union


def count_components(phi: Tensor, *, above: float = 0.0) -> int:
    """Count the connected pieces of the inside of a field (n, n): its outer outlines.

    The shape may touch the border, which then closes the outline. Pieces are counted whose outer
    outline encloses an area larger than ``above``.

    Raises
    ------
    ValueError
        If the field is no square of finite numbers, or has nothing inside.
    """
    closed = np.pad(require_field(phi, border=False), 1, constant_values=1.0)
    lines = contourpy.contour_generator(z=-closed).lines(0.0)
    return sum(_enclosed(line) * spacing(phi) ** 2 > above for line in lines)


def buildable(phi: Tensor, *, minimum_area: float, minimum_width: float = 0.0) -> bool:
    """Say whether a field (n, n) holds a shape that could be made.

    It is one piece, off the border and large enough. Whoever takes half the minimum width off all
    sides has one piece left: no *neck* between two parts is narrower. Whoever adds as much on all
    sides leaves the outside in one piece: no *slit* that leads to a wider place is narrower, and
    there is no hole. Tips and notches may be narrow: crumbs of a thousandth of the area, which the
    grid may leave of them, do not count.

    Parameters
    ----------
    phi : Tensor of shape (n, n)
        Finite numbers; with a minimum width, distances as far as half of it.
    minimum_area, minimum_width : float

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If the field is no square of finite numbers.

    Examples
    --------
    >>> disk = grid().norm(dim=-1) - 1
    >>> buildable(disk, minimum_area=3), buildable(disk, minimum_area=4)
    (True, False)
    >>> two_disks_and_a_neck = (grid() - torch.tensor([0.5, 0.0])).norm(dim=-1) - 0.51
    >>> two_disks_and_a_neck = torch.minimum(two_disks_and_a_neck, two_disks_and_a_neck.flip(1))
    >>> buildable(two_disks_and_a_neck, minimum_area=1, minimum_width=0.1)
    False
    """
    field = torch.as_tensor(require_field(phi, inside=False, border=False))
    half = minimum_width / 2
    if not (field < -half).any() or (_border(field.numpy()) <= half).any():
        return False
    enclosed = [_enclosed(line) for line in outlines(field)]
    if sum(piece > 0 for piece in enclosed) != 1 or sum(enclosed) < minimum_area:
        return False
    crumb = 1e-3 * sum(enclosed)
    return all(count_components(grown, above=crumb) == 1 for grown in (field + half, half - field))


def require_field(phi: Tensor, *, inside: bool = True, border: bool = True) -> np.ndarray:
    """Return one field as an array of doubles, or raise with what came and what was expected.

    ``inside`` asks for something inside, ``border`` that it stays off the border.
    """
    field = np.asarray(torch.as_tensor(phi).detach().cpu(), dtype=float)
    if field.ndim != 2 or field.shape[0] != field.shape[1] or len(field) < 3:
        raise ValueError(f"expected a field of shape (n, n) with n from 3, got {field.shape}")
    if not np.isfinite(field).all():
        raise ValueError("expected finite numbers in the field, got NaN or infinity")
    if inside and not (field < 0).any():
        raise ValueError(f"expected negative values inside the shape, the least is {field.min()}")
    if border and (_border(field) <= 0).any():
        raise ValueError("expected a shape inside the field, got one that touches its border")
    return field


def _length(line: np.ndarray) -> float:
    """Return the length of a line."""
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _enclosed(line: np.ndarray) -> float:
    """Return the area within a closed line, negative if it rounds a hole."""
    x, y = line.T  # its last point is its first
    return 0.5 * float(x[:-1] @ y[1:] - y[:-1] @ x[1:])


def _border(field: np.ndarray) -> np.ndarray:
    return np.concatenate([field[0], field[-1], field[:, 0], field[:, -1]])
