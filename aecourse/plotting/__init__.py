"""Pictures: arrays in, drawn into the Axes that the caller gives."""

from .animation import animate
from .charts import class_colours, curves, rate_distortion, scatter_codes
from .images import decoded_plane, image_grid, image_rows, interpolation_strip
from .outlines import outline, outline_rows

__all__ = [
    "animate",
    "class_colours",
    "curves",
    "decoded_plane",
    "image_grid",
    "image_rows",
    "interpolation_strip",
    "outline",
    "outline_rows",
    "rate_distortion",
    "scatter_codes",
]
