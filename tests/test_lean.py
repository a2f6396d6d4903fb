"""What the site leaves out of its drawings: nothing that an eye could miss."""

import io
import re

import numpy as np
import pytest
from lean import in_steps, packed
from PIL import Image

RANDOM = np.random.default_rng(0)


def test_a_line_in_steps_stays_within_a_hundredth_of_a_point_to_its_end():
    points = np.cumsum(RANDOM.normal(size=(2000, 2)), axis=0)
    line = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points)
    steps = re.findall(r"-?[\d.]+", in_steps(line))
    found = np.cumsum(np.array(steps, dtype=float).reshape(-1, 2), axis=0)
    assert abs(found - points).max() < 0.0051


def png_of(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("n_colours", [2, 200, 5000])
def test_a_picture_keeps_its_colours_and_is_no_larger(n_colours):
    colours = RANDOM.integers(0, 256, size=(n_colours, 4), dtype=np.uint8)
    colours[:, 3] |= 128  # seen
    pixels = colours[RANDOM.integers(0, n_colours, size=(80, 90))]
    before, after = png_of(pixels), packed(png_of(pixels))
    assert len(after) <= len(before)
    shown = np.asarray(Image.open(io.BytesIO(after)).convert("RGBA"))
    assert abs(shown.astype(int) - pixels).max() <= 255 / 63 / 2 + 0.5
