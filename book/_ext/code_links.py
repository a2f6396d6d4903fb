"""Link the names in a chapter's code to the reference, each where the chapter first uses it.

The code is read and not run: after `from aecourse.training import fit`, who calls `fit` uses
`aecourse.training.fit`, and what `VAE(...)` is assigned to has the methods of a `VAE`. A use that
can be seen goes before one that is folded.
"""

import ast
import inspect
import re
from functools import cache
from html import escape, unescape
from pydoc import locate
from typing import NamedTuple

from cells import in_order
from docutils import nodes
from notebooks import chapters
from sphinx import addnodes
from sphinx.errors import ExtensionError

PACKAGE = "aecourse"
BLOCK = re.compile(
    r'(?<=<div class="highlight-ipython3 notranslate"><div class="highlight"><pre>).*?(?=</pre>)',
    re.DOTALL,
)
TOKEN = re.compile(r"<[^>]+>|&[^;]+;|.", re.DOTALL)
LINK = '<a class="reference-of" href="{address}" title="{summary}">'


class Made(NamedTuple):
    """What a call gives: only its class is known."""

    kind: type


# ---- reading the code --------------------------------------------------------------------------


def uses(sources: list[str]) -> list[list[tuple]]:
    """Find what the cells of a notebook use of the package.

    Parameters
    ----------
    sources : list of str
        The cells in order.

    Returns
    -------
    list of list of (object, int, int)
        For each cell: a function, class or method, and between which letters it is named.
    """
    known, found = {}, []
    for source in sources:
        source = re.sub("^%", "#", source, flags=re.MULTILINE)  # a magic command is no Python
        cell = []
        read(ast.parse(source), known, cell)
        found.append([(thing, *span(source, node)) for thing, node in cell])
    return found


def read(node, known: dict, found: list):
    """Follow code in the order in which it runs; `known` says what its names stand for."""
    thing = meaning(node, known)
    if name_of(thing):
        found.append((thing, node))
        while isinstance(node, ast.Attribute):
            node = node.value
        if isinstance(node, ast.Name):
            return
    match node:
        case ast.Import() | ast.ImportFrom():
            known |= imported(node)
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
            known.pop(name, None)
        case ast.FunctionDef() | ast.Lambda():
            known = dict(known)  # what is set inside stays inside
    for child in in_order(node):
        read(child, known, found)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        known[node.targets[0].id] = meaning(node.value, known)


def imported(node) -> dict:
    """Give what an import makes known; what is not of the package stands for nothing."""
    origin = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    paths = {name.asname or name.name: origin + name.name for name in node.names}
    return {
        name: locate(path) if path.split(".")[0] == PACKAGE else None
        for name, path in paths.items()
    }


def meaning(node, known: dict):
    """Give what an expression stands for, as far as it comes from the package; else None."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return known.get(name)
        case ast.Attribute(value=inner, attr=name):
            owner = meaning(inner, known)
            return getattr(owner.kind if isinstance(owner, Made) else owner, name, None)
        case ast.Call(func=inner):
            called = meaning(inner, known)
            kind = called if inspect.isclass(called) else returned(called)
            return Made(kind) if inspect.isclass(kind) else None
    return None


def name_of(thing) -> str:
    """Give the full name of a function, class, method or property of the package, else nothing."""
    thing = getattr(thing, "fget", thing)
    path = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"
    return path if path.startswith(f"{PACKAGE}.") else ""


def returned(function):
    """Give the class that a function says it returns, if it does."""
    kind = getattr(function, "__annotations__", {}).get("return")
    return getattr(inspect.getmodule(function), kind, None) if isinstance(kind, str) else kind


def span(source: str, node) -> tuple[int, int]:
    """Give the letters between which a dotted name stands; after a call, its last part only."""
    lines = source.splitlines(keepends=True)

    def letters(line, column):  # Python counts columns in bytes
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    end = letters(node.end_lineno, node.end_col_offset)
    text = source[letters(node.lineno, node.col_offset) : end]
    return end - len(re.search(r"[\w.]+$", text)[0].lstrip(".")), end


# ---- linking it --------------------------------------------------------------------------------


def references(app, docname) -> dict:
    """Give the address of everything that the reference has, as seen from a page.

    A function that is a method, too, is found under its shortest name.
    """
    entries = app.env.domaindata["py"]["objects"].items()
    return {
        name_of(locate(path)): f"{app.builder.get_relative_uri(docname, entry.docname)}#{path}"
        for path, entry in sorted(entries, key=lambda item: -len(item[0]))
        if not entry.aliased
    }


def is_folded(node) -> bool:
    """Say whether a block is shown only to who unfolds it."""
    while node := node.parent:
        if not {"tag_hide-input", "dropdown"}.isdisjoint(node.get("classes", ())):
            return True
    return False


def first_uses(doctree) -> list[tuple]:
    """Give the blocks of code of a page, each with what it is the first to use, and where.

    Returns
    -------
    list of (docutils.nodes.literal_block, list of (object, int, int))
        In reading order.
    """
    blocks = [b for b in doctree.findall(nodes.literal_block) if b.get("language") == "ipython3"]
    cells = uses([block.astext() for block in blocks])
    first = {}
    for n in sorted(range(len(blocks)), key=lambda n: is_folded(blocks[n])):
        for thing, *where in cells[n]:
            first.setdefault(name_of(thing), (n, *where))
    return [
        (block, [use for use in cells[n] if first[name_of(use[0])] == (n, *use[1:])])
        for n, block in enumerate(blocks)
    ]


def linked(html: str, links: list[tuple[int, int, str]]) -> str:
    """Put links into highlighted code.

    Parameters
    ----------
    html : str
        As Pygments writes it: each part of a name in a `<span>` of its own.
    links : list of (int, int, str)
        Between which letters of the code a link stands, and its opening tag; in their order.
    """
    starts = {start: tag for start, _, tag in links}
    ends = {end for _, end, _ in links}
    out, letters = [], 0
    for token in TOKEN.findall(html):
        if token[0] != "<":
            if tag := starts.get(letters):
                out.insert(-1, tag)  # before the span around this letter
            letters += 1
        out.append(token)
        if token == "</span>" and letters in ends:
            out.append("</a>")
            ends.discard(letters)
    return "".join(out)


def link_code(app, docname, templatename, context, doctree):
    """Link the names in the code of a chapter to their reference."""
    if doctree is None or app.builder.format != "html" or docname not in chapters(app):
        return
    known, blocks = references(app, docname), iter(first_uses(doctree))

    def opening(thing):
        summary = inspect.getdoc(thing).partition("\n")[0].replace("`", "")
        return LINK.format(address=known[name_of(thing)], summary=escape(summary))

    def link(match):
        block, found = next(blocks)
        if unescape(re.sub("<[^>]+>", "", match[0])).strip() != block.astext().strip():
            raise ExtensionError(f"{docname}: expected in its HTML the code of the page, in order")
        links = [
            (start, end, opening(thing)) for thing, start, end in found if name_of(thing) in known
        ]
        return linked(match[0], links)

    context["body"] = BLOCK.sub(link, context["body"])


# ---- and back ----------------------------------------------------------------------------------


@cache
def places(app) -> dict:
    """Give for each thing the chapters that use it, and the section of each that does first."""
    found = {}
    for chapter in chapters(app):
        for block, cell in first_uses(app.env.get_doctree(chapter)):
            section = block.parent
            while not isinstance(section, nodes.section):
                section = section.parent
            for thing, *_ in cell:
                found.setdefault(name_of(thing), []).append((chapter, section["ids"][0]))
    return found


def link_back(app, doctree, docname):
    """Say below each entry of the reference which chapters use it."""
    for entry in doctree.findall(addnodes.desc):
        if not entry[0]["ids"] or app.builder.format != "html":
            continue
        links = []
        for chapter, section in places(app).get(name_of(locate(entry[0]["ids"][0])), ()):
            number = ".".join(map(str, app.env.toc_secnumbers[chapter][""]))
            uri = f"{app.builder.get_relative_uri(docname, chapter)}#{section}"
            link = nodes.reference("", number, refuri=uri, internal=True)
            links += [nodes.Text(", "), link]
        if links:
            words = "Used in chapters " if len(links) > 2 else "Used in chapter "
            line = nodes.paragraph("", words, *links[1:], nodes.Text("."), classes=["used-in"])
            text = [n for n, part in enumerate(entry[1]) if isinstance(part, nodes.paragraph)]
            entry[1].insert(text[0] + 1, line)


def setup(app):
    """Connect to Sphinx."""
    read = []  # any chapter that is read again may use other things: the reference says so
    app.connect("env-before-read-docs", lambda app, env, docnames: read.extend(docnames))
    app.connect(
        "env-updated", lambda app, env: [d for d in env.found_docs if "/reference/" in d and read]
    )
    app.connect("html-page-context", link_code)
    app.connect("doctree-resolved", link_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
