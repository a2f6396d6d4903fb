"""Set the formulas of a page while it is built, as MathML, which browsers draw without a script.

Screen readers read it, nobody waits for it, and it prints. The letters are those of Libertinus Math
(`_static/mathematics.woff2`): not every device has a font for mathematics.
"""

import re
from html import escape

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)

# What is too wide for a phone scrolls; the theme lets the Tab key reach what has this class.
SCROLLS = "formula pst-scrollable-table-container"


class KeepTogether(SphinxPostTransform):
    """Keep a formula in one line with what stands at it: a full stop, a bracket, half a word."""

    default_priority = 900  # when all words of the page are there
    formats = ("html",)

    def run(self):
        """Go through the formulas in the text of a page."""
        for formula in list(self.document.findall(nodes.math)):
            parent, place = formula.parent, formula.parent.index(formula)
            before, after = "", ""
            if place and isinstance(parent[place - 1], nodes.Text):
                text, before = re.fullmatch(r"(.*?)(\S*)", parent[place - 1], re.DOTALL).groups()
                parent[place - 1] = nodes.Text(text)
            if place + 1 < len(parent) and isinstance(parent[place + 1], nodes.Text):
                after, text = re.fullmatch(r"(\S*)(.*)", parent[place + 1], re.DOTALL).groups()
                parent[place + 1] = nodes.Text(text)
            if before or after:
                words = nodes.Text(before), formula.deepcopy(), nodes.Text(after)
                parent[place] = nodes.inline("", "", *words, classes=["together"])


def to_mathml(node, displaystyle) -> str:
    """Write a formula as MathML; one that cannot be read is shown as it is, with a warning."""
    latex = node.astext()
    try:
        return converter.convert_with_local_state(latex, displaystyle=displaystyle)
    except LatexError as error:
        logger.warning("this formula cannot be set: %s\n%s", latex, error, location=node)
        return f"<code>{escape(latex)}</code>"


def visit_math(self, node):
    """Write a formula within a line."""
    self.body.append(to_mathml(node, displaystyle=False))
    raise nodes.SkipNode


def visit_displaymath(self, node):
    """Write a formula that has its own line, with its number where it has one."""
    formula = to_mathml(node, displaystyle=True)
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f'<div class="{SCROLLS}">{formula}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Connect to Sphinx."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    app.add_post_transform(KeepTogether)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
