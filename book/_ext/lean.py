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
    "vendor/fontawesome/webfonts",
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
STEP = r"([MLz]) ?(-?[\d.]+)? ?(-?[\d.]+)?"
LINE = re.compile(r' d="[MLz\d.\s-]+"')  # without curves
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
    r"""Cut coordinates after the hundredth of a point, write long lines in steps, pack pictures.

    >>> shorter('<g transform="scale(0.015625)"><path d="M 1.234567 0.5"/></g>')
    '<g transform="scale(0.015625)"><path d="M1.23 .5"/></g>'
    >>> shorter('<path d="M 1.234567 0.5 \nL 1.5 0.499 \nL 2 10.25 \nz"/>')
    '<path d="M1.23 .5l.27 0 .5 9.75z"/>'
    """

    def cut(match):
        if LINE.fullmatch(match[0]):
            return f' d="{in_steps(match[0])}"'
        return " " + re.sub(r"(\.\d\d)\d+", r"\1", " ".join(match[0].split()))

    def pack(match):
        return base64.b64encode(packed(base64.b64decode(match[0]))).decode()

    return PICTURE.sub(pack, COORDINATES.sub(cut, drawing))


def in_steps(line: str) -> str:
    """Write each point of a line as a step from the last one, in hundredths: no error adds up."""
    said, last, before = "", None, ""
    for command, *point in re.findall(STEP, line):
        here = tuple(round(100 * float(number)) for number in point if number)
        step = here if command != "L" else tuple(a - b for a, b in zip(here, last, strict=True))
        letter = {"L": "l"}.get(command, command)
        numbers = " ".join(re.sub(r"^(-?)0(?=\.)", r"\1", f"{n / 100:g}") for n in step)
        said += (letter if letter != before else " ") + numbers
        last, before = here or last, letter
    return said


def packed(png: bytes) -> bytes:
    """Round the colours of a PNG, and number them where a byte has room for it."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    pixels = np.rint(np.rint(pixels * (LEVELS / 255)) * (255 / LEVELS)).astype(np.uint8)
    colours, numbers = np.unique(pixels.view(np.uint32), return_inverse=True)  # one of 4 bytes each
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
