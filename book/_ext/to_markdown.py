"""Write a resolved page as plain Markdown: what JupyterLab, VS Code, Colab and nbviewer all show.

A page becomes a list of pieces in reading order: a `str` is Markdown, a `Cell` a code cell.
"""

import posixpath
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

NO_NUMBER = "number of your run"  # where the book has not been run yet
IGNORED = (nodes.comment, nodes.target, nodes.substitution_definition, addnodes.index)
GROUPS = (nodes.container, nodes.compound, nodes.definition, nodes.entry)
LISTS = (nodes.definition_list, nodes.definition_list_item)


@dataclass
class Cell:
    """The code cell at `index` of the notebook, and the exercise that it follows or solves."""

    index: int
    exercise: str = ""
    solves: bool = False


class Page:
    """The pieces of one page, and the references that it cites."""

    def __init__(self, app, doctree, docname, solved):
        self.app, self.env, self.docname, self.solved = app, app.env, docname, solved
        self.cited, self.explained, self.new_terms = {}, set(), []  # a dict keeps its order
        self.exercise, self.level = "", 0
        self.pieces = [piece for child in doctree for piece in self.walk(child)]
        if self.cited:
            entries = "\n".join(f"- {entry}" for entry in self.cited)
            self.pieces.append(f"## References\n\n{entries}")

    def walk(self, node):
        """Give the pieces of what can hold code cells, and explain terms below their block."""
        if isinstance(node, nodes.section):
            self.level += 1
            for child in node:
                yield from self.walk(child)
            self.level -= 1
        elif isinstance(node, exercise_node | exercise_enumerable_node):
            number = self.number("exercise", node["ids"][0])
            self.exercise = node["ids"][0]
            yield f"### Exercise {number}{self.inline(node[0])}"
            for child in node[1]:
                yield from self.walk(child)
        elif isinstance(node, solution_node):
            if self.solved:
                yield "**Solution**"
            for child in node[1]:
                for piece in self.walk(child) if self.solved else self.cells(child):
                    solving = isinstance(piece, Cell)
                    yield Cell(piece.index, node["target_label"], True) if solving else piece
        elif isinstance(node, nodes.container) and "cell_index" in node:
            yield from self.cells(node)
            for figure in node.findall(nodes.figure):
                number = self.number("figure", figure["ids"][0])
                caption = next(iter(figure.findall(nodes.caption)))
                yield f"**Figure {number}.** {self.inline(caption)}"
        elif isinstance(node, GROUPS):
            for child in node:
                yield from self.walk(child)
        elif text := self.block(node):
            yield text
            if self.new_terms and not (text[-1].isalnum() or text[-1] in ":,"):  # it goes on
                yield "\n>\n".join(f"> *{name}:* {words}" for name, words in self.new_terms)
                self.new_terms = []

    def cells(self, node):
        """Give the code cells below a node, without their captions."""
        for cell in node.findall(nodes.container):
            if "cell_index" in cell:
                yield Cell(cell["cell_index"], self.exercise)

    def number(self, kind, name):
        """Give the number that the page shows, such as 2.1."""
        numbers = self.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        return ".".join(map(str, numbers.get(name, ())))

    # ---- blocks: none of these holds a code cell ---------------------------------------------

    def blocks(self, node):
        """Write the children of a node, a blank line between them."""
        return "\n\n".join(filter(None, map(self.block, node)))

    def block(self, node) -> str:
        """Write one block."""
        match node:
            case nodes.title():
                at = self.env.toc_secnumbers.get(self.docname, {})
                anchor = "" if self.level == 1 else f"#{node.parent['ids'][0]}"
                number = "".join(f"{n}." for n in at.get(anchor) or ())
                return f"{'#' * self.level} {number} {self.inline(node)}".replace("  ", " ")
            case nodes.paragraph() | nodes.caption() | nodes.term() | nodes.rubric():
                return self.inline(node)
            case nodes.math_block():
                return self.display_math(node)
            case nodes.bullet_list() | nodes.enumerated_list():
                items = []
                for n, item in enumerate(node, node.get("start", 1)):
                    mark = "- " if isinstance(node, nodes.bullet_list) else f"{n}. "
                    inner = textwrap.indent(self.blocks(item), " " * len(mark))
                    items.append(mark + inner.lstrip())
                return "\n".join(items)
            case nodes.Admonition() if "dropdown" in node.get("classes", ()):
                inner = "\n\n".join(filter(None, map(self.block, node[1:])))
                title = node[0].astext()
                return f"<details>\n<summary><b>{title}</b></summary>\n\n{inner}\n\n</details>"
            case nodes.Admonition():
                rest = list(node)
                titled = isinstance(node[0], nodes.title)
                name = self.inline(rest.pop(0)) if titled else type(node).__name__.capitalize()
                return quote(f"**{name}**\n\n" + "\n\n".join(map(self.block, rest)))
            case nodes.block_quote():
                return quote(self.blocks(node))
            case nodes.literal_block():
                return f"```{node.get('language', '')}\n{node.astext()}\n```"
            case nodes.table():
                return self.table(node)
            case nodes.raw():
                return node.astext().strip() if "html" in node["format"] else ""
            case nodes.transition():
                return "---"
            case _ if isinstance(node, IGNORED):
                return ""
            case _ if isinstance(node, (*GROUPS, *LISTS)):
                return self.blocks(node)
        raise ExtensionError(f"{self.docname}: <{node.tagname}> is not known to to_markdown.py")

    def display_math(self, node):
        """Write a formula on one line: JupyterLab would take the marks of a quote for formula."""
        formula = " ".join(node.astext().split())
        if "\\begin" not in formula and ("\\\\" in formula or "&" in formula):
            formula = rf"\begin{{aligned}}{formula}\end{{aligned}}"
        number = self.number("displaymath", node["ids"][0]) if node["ids"] else ""
        tag = rf" \tag{{{number or node['number']}}}" if node.get("number") else ""
        return f"$$ {formula}{tag} $$"

    def table(self, node):
        """Write a table with its caption above."""
        lines = []
        for row in node.findall(nodes.row):
            entries = [" ".join(self.blocks(entry).split()) for entry in row]
            entries = [re.sub(r"\$[^$]+\$|\|", bars_in_words, entry) for entry in entries]
            lines.append("| " + " | ".join(entries) + " |")
            if len(lines) == 1:
                lines.append("|" + " --- |" * len(entries))
        number = self.number("table", node["ids"][0]) if node["ids"] else ""
        caption = "".join(map(self.inline, node.findall(nodes.title)))
        return f"**Table {number}.** {caption}\n\n" + "\n".join(lines)

    # ---- words ---------------------------------------------------------------------------------

    def inline(self, node) -> str:
        """Write the children of a node on one line of text."""
        return "".join(map(self.word, node)).replace("\n", " ")

    def word(self, node) -> str:
        """Write one word, formula or link."""
        match node:
            case nodes.Text():
                return re.sub(r"([\\`*$~]|<(?=\w)|\b_|_\b)", r"\\\1", node.astext())
            case nodes.emphasis():
                return f"*{self.inline(node)}*"
            case nodes.strong():
                return f"**{self.inline(node)}**"
            case nodes.literal():
                return f"`{node.astext()}`"
            case nodes.math():
                return f"${' '.join(node.astext().split())}$"
            case nodes.reference() | addnodes.number_reference():
                return self.reference(node)
            case nodes.inline() if "pasted-text" in node["classes"]:
                known = not node.astext().startswith("inf")
                return f"‹{self.inline(node) if known else NO_NUMBER}›"
            case nodes.raw():
                return node.astext()
            case _ if isinstance(node, IGNORED):
                return ""
            case _:  # its words, without what they are
                return self.inline(node)

    def reference(self, node):
        """Write what stands on another page, or elsewhere on this one."""
        words, uri = self.inline(node), node.get("refuri") or f"#{node.get('refid')}"
        if full := node.get("reftitle"):
            self.cited[full] = True  # the words are author and year: the list says the rest
            return words
        if urlsplit(uri).scheme:
            return f"[{words}]({uri})"
        here = posixpath.dirname(self.docname)
        target = posixpath.normpath(posixpath.join(here, uri)) if uri[0] != "#" else uri
        target = target if uri[0] != "#" else f"{self.docname}.html{uri}"
        page, _, anchor = target.partition(".html#")
        if anchor.startswith("term-"):
            self.explain(page, anchor)
        return f"[{words}]({self.app.config.html_baseurl or '../'}{target})"

    def explain(self, page, anchor):
        """Note a term to be explained below the block where it occurs for the first time."""
        if anchor in self.explained:
            return
        self.explained.add(anchor)
        name, definition = definitions(self.env, page)[anchor]
        self.new_terms.append((name, " ".join(self.blocks(definition).split())))


@cache
def definitions(env, page) -> dict:
    """Give for each anchor of a page's glossary the term and what explains it."""
    items = env.get_doctree(page).findall(nodes.definition_list_item)
    return {anchor: (item[0].astext(), item[-1]) for item in items for anchor in item[0]["ids"]}


def quote(text):
    """Put the mark of a quote before each line."""
    return textwrap.indent(text, "> ", lambda line: True)


def bars_in_words(formula):
    """Keep the bars of a formula, or of words, from ending a table's cell."""
    if formula[0] == "|":
        return r"\|"
    return re.sub(r" ?\| ?", r" \\vert ", formula[0].replace(r"\|", r"\Vert "))
