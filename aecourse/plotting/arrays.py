"""What comes in, brought to one form: NumPy arrays, and images of shape (n, height, width)."""

import numpy as np


def as_array(values) -> np.ndarray:
    """Turn a tensor, on any device and with or without a gradient, or a sequence into an array."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def as_images(images) -> np.ndarray:
    """Bring images to the shape (n, height, width)."""
    images = as_array(images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    side = round(images.shape[-1] ** 0.5) if images.ndim == 2 else 0
    if images.ndim == 2 and side**2 == images.shape[1]:
        if len(images) == side**2 > 1:
            raise ValueError(
                f"expected to know whether {images.shape} is one image or {len(images)}: use "
                f"images[None], or images.reshape(-1, {side}, {side})"
            )
        images = images.reshape(-1, side, side)
    if images.ndim != 3 or 0 in images.shape:
        raise ValueError(
            "expected images of shape (n, height, width), (n, 1, height, width) or (n, side²), "
            f"got {images.shape}"
        )
    return images
