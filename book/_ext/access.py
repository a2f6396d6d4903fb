"""Let every reader open what a page folds, by mouse or key, with or without JavaScript.

Solutions and answers become `<details>`, which browsers open themselves, find words in, and open
for a link that leads inside. Each fold is named by what it holds, since a screen reader lists them
without the text around: "Show code of Figure 2.1", "Solution to Exercise 2.3".
"""

from collections import Counter
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import solution_node

# A list of references is a list: HTML has dropped the role that docutils gives to its entries.
AMENDED = {
    ' role="doc-biblioentry"': ' role="listitem"',
    '<summary aria-label="Toggle hidden content">': "<summary>",  # its text is its name
}

# The theme lets the Tab key reach what scrolls, and looks again when the window changes.
LOOK_AGAIN = 'addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);'


class summary(nodes.title):
    """The title of a fold."""


class NameFolds(SphinxPostTransform):
    """Name what folds, once figures and exercises have their numbers."""

    default_priority = 250  # after myst-nb's folds and the titles of sphinx-exercise
    formats = ("html",)

    def run(self):
        """Go through the folds of a page."""
        boxes = list(self.document.findall(is_fold))
        titles = Counter(box[0].astext() for box in boxes)
        for box in boxes:
            title = box[0].astext()
            label = f"{title} of {self.section(box)}" if titles[title] > 1 else ""
            box[0].replace_self(summary("", "", *plain(box[0]), label=label))
        seen = Counter()
        for node in self.document.findall(HideCodeCellNode):
            name = f"code of {self.figure(node.parent) or self.section(node)}"
            seen[name] += 1
            name += f", part {seen[name]}" if seen[name] > 1 else ""
            node["prompt_show"], node["prompt_hide"] = f"Show {name}", f"Hide {name}"

    def figure(self, cell) -> str:
        """Give the number of the figure that a cell draws, or nothing."""
        numbers = self.env.toc_fignumbers.get(self.env.docname, {}).get("figure", {})
        for figure in cell.findall(nodes.figure):
            if number := numbers.get(figure["ids"][0]):
                return self.config.numfig_format["figure"] % ".".join(map(str, number))
        return ""

    def section(self, node) -> str:
        """Give the title of the section around."""
        while not isinstance(node, nodes.section):
            node = node.parent
        return f"“{node[0].astext()}”"


def is_fold(node) -> bool:
    """Say whether a box is folded."""
    return isinstance(node, nodes.Admonition) and "dropdown" in node["classes"]


def plain(title) -> list:
    """Take the links out of a title: a click there unfolds, and leads nowhere else."""
    for link in list(title.findall(nodes.reference)):
        link.replace_self(link.children)
    return title.children


def visit_box(self, node):
    """Open a box, or a fold."""
    self.body.append(self.starttag(node, "details" if is_fold(node) else "div", CLASS="admonition"))


def depart_box(self, node):
    """Close it."""
    self.body.append("</details>\n" if is_fold(node) else "</div>\n")


def visit_summary(self, node):
    """Open the title of a fold."""
    label = f' aria-label="{escape(node["label"])}"' if node["label"] else ""
    self.body.append(f'<summary class="admonition-title"{label}>')


def depart_summary(self, node):
    """Close it."""
    self.body.append("</summary>\n")


def amend(app, pagename, templatename, context, doctree):
    """Replace what screen readers misread."""
    for old, new in AMENDED.items():
        context["body"] = context.get("body", "").replace(old, new)


def setup(app):
    """Connect to Sphinx."""
    app.setup_extension("sphinx_exercise")  # whose boxes are drawn here
    for box in (nodes.admonition, solution_node):
        app.add_node(box, override=True, html=(visit_box, depart_box))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_post_transform(NameFolds)
    app.add_js_file(None, body=LOOK_AGAIN)
    app.connect("html-page-context", amend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
