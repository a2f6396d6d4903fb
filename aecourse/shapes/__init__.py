"""2-D shapes: exact outlines, random ones of four families, and fields of signed distance."""

from .families import FAMILIES, random_shapes
from .fields import (
    EXTENT,
    area,
    buildable,
    count_components,
    grid,
    inside_share,
    intersection_over_union,
    isoperimetric_quotient,
    outlines,
    perimeter,
    pixels,
    require_field,
    resample,
    spacing,
    to_area,
    total_variation,
)
from .frame import Frame
from .reading import read_outline
from .shape import Shape, circle, polygon, star
from .writing import write_outline

__all__ = [
    "EXTENT",
    "FAMILIES",
    "Frame",
    "Shape",
    "area",
    "buildable",
    "circle",
    "count_components",
    "grid",
    "inside_share",
    "intersection_over_union",
    "isoperimetric_quotient",
    "outlines",
    "perimeter",
    "pixels",
    "polygon",
    "random_shapes",
    "read_outline",
    "require_field",
    "resample",
    "spacing",
    "star",
    "to_area",
    "total_variation",
    "write_outline",
]
