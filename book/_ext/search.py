"""Index the prose of the site by section, for `_static/search.js`.

Sphinx's own index knows in which pages a word occurs. It cannot lead to a section, counts a word of
code like one of the text, and shows an excerpt only where a server answers. Here each section is an
entry of its own, with its text: what the search page shows, it shows from a folder on disk, too.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

INDEX, PREFIX = "searchindex.js", "const PAGES = "
TITLES = (nodes.title, nodes.term, nodes.label, addnodes.desc_signature)
ENTRIES = (exercise_node, exercise_enumerable_node, nodes.citation)
SILENT = (
    *TITLES,
    nodes.raw,
    nodes.comment,
    nodes.literal_block,
    nodes.doctest_block,
    nodes.math_block,
)
OF_NO_USE = ("searchtools.js", "language_data.js")  # Sphinx's search


def is_entry(node) -> bool:
    """Say whether a search can lead to a node: a section, exercise, term, reference or function."""
    if isinstance(node, nodes.section):  # a box has one for its content
        return isinstance(node.parent, nodes.document | nodes.section)
    if isinstance(node, nodes.definition_list_item | addnodes.desc):
        return bool(node[0]["ids"])
    return isinstance(node, ENTRIES)


def words(node) -> str:
    """Give the text of a node as prose: without code, what it puts out, solutions and entries."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math):
        return node.astext() if re.fullmatch(r"[\w ,=+-]+", node.astext()) else "…"
    if isinstance(node, (*SILENT, solution_node)) or is_entry(node):
        return ""
    if "cell_index" in node:
        return " ".join(map(words, node.findall(nodes.caption)))
    text = "".join(map(words, node.children))
    return text if isinstance(node, nodes.Inline) else f"{text} "


def entries(doctree, numbers) -> list:
    """List the entries of a page.

    Parameters
    ----------
    doctree : docutils.nodes.document
        As it is written: references and numbers stand in it.
    numbers : dict of str to str
        What stands before the titles of sections and exercises, by anchor.

    Returns
    -------
    list of [str, str, str]
        Title, anchor (empty for the page as a whole) and text.
    """
    found = []
    for node in doctree.findall(is_entry):
        anchor = f"#{(node['ids'] or node[0]['ids'])[0]}" if found else ""
        title = node[0].get("fullname") or node[0].astext()  # of a function: without arguments
        title = f"{numbers.get(anchor, '')} {title}".strip()
        text = "".join(map(words, node.children))
        found.append([title, anchor, " ".join(text.split())])
    return found


def numbers_of(env, docname) -> dict:
    """Give what stands before the titles of a page's sections and exercises."""
    sections = env.toc_secnumbers.get(docname, {})
    exercises = env.toc_fignumbers.get(docname, {}).get("exercise", {})
    found = {anchor: "".join(f"{n}." for n in number or ()) for anchor, number in sections.items()}
    for name, number in exercises.items():
        found[f"#{name}"] = f"Exercise {'.'.join(map(str, number))}"
    return found


def collect(app, docname, templatename, context, doctree):
    """Keep the entries of a page that is being written."""
    if doctree is not None:
        app.search_entries[docname] = entries(doctree, numbers_of(app.env, docname))


def write(app, exception):
    """Write the index; pages that were not written this time keep their entries."""
    if exception or app.builder.name != "html":
        return
    path = Path(app.outdir) / INDEX
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    pages = json.loads(known.removeprefix(PREFIX)) if known.startswith(PREFIX) else {}
    pages |= app.search_entries
    pages = {name: pages[name] for name in app.config.external_site_map if name in pages}
    path.write_text(PREFIX + json.dumps(pages, ensure_ascii=False), encoding="utf-8")
    for name in OF_NO_USE:
        (Path(app.outdir) / "_static" / name).unlink(missing_ok=True)


def replace_search(app):
    """Switch the index of Sphinx off."""
    app.builder.search = False
    app.search_entries = {}


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", replace_search)
    app.connect("html-collect-pages", lambda app: [("search", {}, "search.html")])
    app.connect("html-page-context", collect)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
