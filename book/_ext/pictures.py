"""Keep one figure of a page's run as its picture: for its card, and for links to it elsewhere.

The page's front matter names the figure: `picture: fig-digits-plane`. Its PNG lies in the executed
notebook, beside the SVG that the page shows: nothing is run or drawn again.
"""

import base64
import io
from pathlib import Path

from notebooks import executed
from PIL import Image, ImageOps
from sphinx.errors import ExtensionError

SIZE = 720, 480  # twice as fine as a card shows it
COLOURS = 32  # half of the bytes, and no difference to be seen at that size


def figure_cell(notebook, name):
    """Give the cell that draws the figure of a name."""
    for cell in notebook.cells:
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == name:
            return cell
    raise ExtensionError(f"expected a figure named {name!r}, as `picture` in the front matter says")


def png_of(cell) -> bytes:
    """Give the PNG among the outputs of a cell."""
    for output in cell.get("outputs", ()):
        if png := output.get("data", {}).get("image/png"):
            return base64.b64decode(png)
    raise ExtensionError(
        "expected the page's picture as a PNG among the outputs of its run: is there a line "
        '`%config InlineBackend.figure_formats = ["svg", "png"]`?'
    )


def fitted(png: bytes) -> bytes:
    """Bring a PNG to the size of all pictures, with white where its shape is another."""
    image = ImageOps.pad(Image.open(io.BytesIO(png)).convert("RGB"), SIZE, color="white")
    packed = io.BytesIO()
    image.quantize(COLOURS).save(packed, "png", optimize=True)
    return packed.getvalue()


def picture_of(app, docname) -> str | None:
    """Give the address of a page's picture in the site, where it has one."""
    chosen = app.env.metadata.get(docname, {}).get("picture")
    return chosen and f"pictures/{docname.rpartition('/')[2]}.png"


def alt_of(app, docname) -> str:
    """Give the alternative text of a page's picture: that of the figure."""
    cell = figure_cell(executed(app, docname), app.env.metadata[docname]["picture"])
    return " ".join(cell.metadata["mystnb"]["image"]["alt"].split())


def write_picture(app, docname, templatename, context, doctree):
    """Write the picture of a page."""
    if address := picture_of(app, docname):
        path = Path(app.outdir) / address
        path.parent.mkdir(exist_ok=True)
        cell = figure_cell(executed(app, docname), app.env.metadata[docname]["picture"])
        path.write_bytes(fitted(png_of(cell)))


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-page-context", write_picture)
    return {"parallel_read_safe": True}
