"""Frames in a strip, of which a page shows one at a time: with a slider and a pause button."""

import base64
import html
import io
from dataclasses import dataclass

import numpy as np
from matplotlib.image import imsave

from ..validation import require_alt
from .arrays import as_images

# Without JavaScript the strip with all frames stays visible: that is the still picture. The script
# narrows the view to one frame. It never starts by itself, so nobody has to stop it.
TEMPLATE = """\
<div class="ae-animation" role="group" aria-label="{alt}">
  <div class="ae-view" style="overflow: hidden; margin: 0 auto; max-width: 100%; \
border-radius: 0.5rem;">
    <img src="data:image/png;base64,{strip}" alt="{alt}"
         style="display: block; width: 100%; border-radius: 0; image-rendering: pixelated;">
  </div>
  <div class="ae-controls" style="display: none; gap: 0.5rem; margin: 0.5rem auto 0; \
justify-content: center; align-items: center;">
    <button type="button" style="width: 4.5rem;">Play</button>
    <input type="range" min="0" max="{last}" value="0" aria-label="Frame" style="width: 10rem;">
  </div>
</div>
<script>
(() => {{
  const root = document.currentScript.previousElementSibling;
  const [view, controls] = root.children;
  const [button, slider] = controls.children;
  const strip = view.firstElementChild, n = {last} + 1;
  view.style.width = "{width}rem";
  strip.style.width = strip.style.maxWidth = 100 * n + "%";
  controls.style.display = "flex";
  const show = () => {{ strip.style.transform = `translateX(${{-100 * slider.value / n}}%)`; }};
  let timer = null, step = 1;
  const pause = () => {{ clearInterval(timer); timer = null; button.textContent = "Play"; }};
  const play = () => {{
    button.textContent = "Pause";
    timer = setInterval(() => {{
      if (!root.isConnected) return pause();
      const next = Number(slider.value) + step;
      if (next < 0 || next >= n) step = -step;
      slider.value = Number(slider.value) + step;
      show();
    }}, {milliseconds});
  }};
  button.addEventListener("click", () => timer === null ? play() : pause());
  slider.addEventListener("input", () => {{ pause(); show(); }});
  show();
}})();
</script>
"""


@dataclass(frozen=True, repr=False)
class Animation:
    """HTML that a notebook shows; it asks no other file and no other host for anything."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def animate(
    images,
    *,
    alt: str,
    value_range: tuple[float, float] = (0, 1),
    frame_seconds: float = 0.12,
    width: float = 9,
) -> Animation:
    """Show grey images one after the other, to and fro, with a slider and a pause button.

    It stands still until the reader starts it. Where no script runs, all frames stand side by side.

    Parameters
    ----------
    images : array of shape (n, height, width), (n, 1, height, width) or (n, side²)
        The frames, at least two.
    alt : str
        What is to be seen, for those who cannot see it.
    value_range : pair of float
        The values drawn white and black.
    frame_seconds : float
        How long a frame is shown.
    width : float
        Of a frame on the page, in units of the font size (rem).

    Returns
    -------
    Animation
        An object that a notebook shows.

    Raises
    ------
    ValueError
        If there are fewer than two frames, or ``alt`` is empty, or a number is not above 0.

    Examples
    --------
    >>> animation = animate(np.random.rand(5, 64), alt="Noise that changes.")
    >>> "Noise that changes." in animation.html
    True
    """
    frames = as_images(images)
    if len(frames) < 2:
        raise ValueError(f"expected at least two frames, got {len(frames)}")
    require_alt(alt)
    if not (frame_seconds > 0 and width > 0):
        raise ValueError(
            f"expected frame_seconds and width above 0, got {frame_seconds} and {width}"
        )
    file = io.BytesIO()
    low, high = value_range
    imsave(file, np.hstack(list(frames)), cmap="gray_r", vmin=low, vmax=high, format="png")
    return Animation(
        TEMPLATE.format(
            alt=html.escape(alt),
            strip=base64.b64encode(file.getvalue()).decode(),
            last=len(frames) - 1,
            width=width,
            milliseconds=round(1000 * frame_seconds),
        )
    )
