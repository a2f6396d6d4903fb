"""The picture that stands in the place of an explorer where no script runs."""

import base64
import io

import numpy as np
from matplotlib.image import imsave

from ..plotting.arrays import as_images

GREYS = 15  # steps from white to black: enough for a look, and half the bytes of 255


def still_images(images, *, value_range: tuple[float, float]) -> str:
    """Draw a square of decoded images, as an address that holds the picture itself."""
    images = as_images(images)
    side = round(len(images) ** 0.5)
    mosaic = np.vstack([np.hstack(list(row)) for row in np.split(images, side)])
    low, high = value_range
    steps = np.rint((mosaic - low) / (high - low) * GREYS)
    file = io.BytesIO()
    imsave(file, steps, cmap="gray_r", vmin=0, vmax=GREYS, format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
