"""Mark the answer below each box "Predict", for `_static/predict.js` to cover it.

The answer is what the next cells put out, up to the words below them; where something else follows
the box, it is the paragraph below it. The page itself shows everything: without JavaScript, in
print and in notebooks nothing is covered.
"""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def is_cell(node) -> bool:
    """Say whether a node is a code cell with what it puts out."""
    return isinstance(node, nodes.container) and "cell_index" in node


def outputs(cell):
    """Give what a cell puts out; nothing where it is silent."""
    return [part for part in cell.findall(nodes.container) if "cell_output" in part["classes"]]


def answers(box) -> list:
    """Give the blocks that answer a box: outputs, or else a paragraph.

    Parameters
    ----------
    box : docutils.nodes.admonition
        In a doctree as MyST-NB reads it.

    Returns
    -------
    list of docutils.nodes.Element
        Empty where nothing in the section follows the box.
    """
    below = box.parent[box.parent.index(box) + 1 :]
    found = []
    for node in below:
        if is_cell(node):
            found += outputs(node)
        elif found or not isinstance(node, nodes.paragraph):
            break
    return found or [node for node in below if isinstance(node, nodes.paragraph)][:1]


def mark(app, doctree):
    """Give each box and its answer a class; a paragraph gets a container for it."""
    if app.builder.name != "html":
        return  # nothing can be covered there
    for box in list(doctree.findall(nodes.admonition)):
        if box[0].astext() != "Predict":
            continue
        box["classes"].append("predict")
        found = answers(box)
        if not found:
            logger.warning("nothing follows this box to be predicted", location=box)
        for answer in found:
            if isinstance(answer, nodes.paragraph):
                paper = nodes.container()
                answer.replace_self(paper)
                paper += answer
                answer = paper
            answer["classes"].append("predicted")


def setup(app):
    """Connect to Sphinx."""
    app.connect("doctree-read", mark)
    app.add_js_file("predict.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
