"""Leave out of the site what no page of it needs.

Jupyter Book brings Thebe, which runs cells on a server elsewhere: the book asks no other host. The
themes bring their sources and translations, and fonts that only old browsers ask for. Matplotlib
writes a millionth of a point. And a drawing is loaded when a reader comes near it.
"""

import base64
import io
import re
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

UNUSED = (
    "**/*.map",
    "**/*.LICENSE.txt",
    "**/*.ttf",
    "locales",
    "scripts/fontawesome.js",
    "vendor/fontawesome/webfonts/fa-[br]*",
    "sphinx-thebe.*",
)


def drop_thebe(app, config):
    """Take back what `sphinx_thebe` has asked Sphinx for."""
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]
    app.registry.css_files = [
        (name, how) for name, how in app.registry.css_files if name != "sphinx-thebe.css"
    ]


DRAWING = re.compile(r'<img (?=[^>]*src="[^"]*/_images/([^"/]*\.svg)")')
SIZE = re.compile(r'<svg [^>]*width="([\d.]+)pt" height="([\d.]+)pt"')
COORDINATES = re.compile(r' (?:d|x|y)="[^"]*"')
PICTURE = re.compile(r"(?<=data:image/png;base64,)[^\"]+")
PIXELS_A_POINT = 4 / 3
LEVELS = 63  # of red, green, blue and opacity: the eye tells no more apart


def load_late(app, pagename, templatename, context, doctree):
    """Let the browser load a drawing when it is near; it is told its size, so nothing moves."""
    paths = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}

    def late(match):
        size = SIZE.search(paths[match[1]].read_text(encoding="utf-8"))
        width, height = (round(float(points) * PIXELS_A_POINT) for points in size.groups())
        return f'<img loading="lazy" width="{width}" height="{height}" '

    context["body"] = DRAWING.sub(late, context.get("body", ""))


def clean(app, exception):
    """Delete what nothing leads to, and what nobody sees, once all files are copied."""
    if app.builder.name != "html":
        return
    for pattern in UNUSED:
        for path in list(Path(app.outdir, "_static").glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in Path(app.outdir, "_images").glob("*.svg"):
        path.write_text(shorter(path.read_text(encoding="utf-8")), encoding="utf-8")


def shorter(drawing: str) -> str:
    """Cut coordinates after the hundredth of a point, and pack the pictures inside.

    >>> shorter('<g transform="scale(0.015625)"><path d="M 1.234567 0.5"/></g>')
    '<g transform="scale(0.015625)"><path d="M 1.23 0.5"/></g>'
    """

    def cut(match):
        return " " + re.sub(r"(\.\d\d)\d+", r"\1", " ".join(match[0].split()))

    def pack(match):
        return base64.b64encode(packed(base64.b64decode(match[0]))).decode()

    return PICTURE.sub(pack, COORDINATES.sub(cut, drawing))


def packed(png: bytes) -> bytes:
    """Round the colours of a PNG, and number them where a byte has room for it."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    pixels = np.rint(np.rint(pixels * (LEVELS / 255)) * (255 / LEVELS)).astype(np.uint8)
    colours, numbers = np.unique(pixels.reshape(-1, 4), axis=0, return_inverse=True)
    image = Image.fromarray(pixels)
    if len(colours) <= 256:
        image = Image.fromarray(numbers.reshape(pixels.shape[:2]).astype(np.uint8)).convert("P")
        image.putpalette(colours.tobytes(), "RGBA")
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return min(png, file.getvalue(), key=len)


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", drop_thebe)
    app.connect("html-page-context", load_late)
    app.connect("build-finished", clean)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
