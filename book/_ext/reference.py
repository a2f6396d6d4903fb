"""Tie the reference, which is made from the docstrings, to the chapters that derive what it lists.

In a docstring, the chapter "A first autoencoder" and the equation ``eq-kl`` become links, and a
name in single backticks leads to its own entry, from wherever in the package it is written.
"""

import re
from pathlib import Path

from sphinx.util.nodes import make_refnode

CHAPTER = re.compile(r'(chapter\s+)"([^"]+)"')
EQUATION = re.compile(r"([Ee]quation\s+)``(eq-[\w-]+)``")


def titles(app) -> dict[str, str]:
    """Give the page of each title; what follows a colon may be left out."""
    found = {}
    for docname in app.config.external_site_map:
        text = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
        title = re.search(r"^# (.+)", text, re.MULTILINE)[1]
        found |= {title: docname, title.partition(":")[0]: docname}
    return found


def link_chapters(app, what, name, thing, options, lines):
    """Turn the names of chapters and equations in a docstring into links."""
    pages = titles(app)

    def chapter(match):
        title = " ".join(match[2].split())
        return f'{match[1]}":doc:`{title} </{pages.get(title, title)}>`"'

    text = CHAPTER.sub(chapter, "\n".join(lines))
    lines[:] = EQUATION.sub(r"\1:eq:`\2`", text).split("\n")


def shorten(app, what, name, thing, options, signature, returned):
    """Leave out of a signature what is no value: a default that is made anew, or by a function."""
    return signature and re.sub(r"<.+?>(?=[,)])", "…", signature), returned


def find_anywhere(app, env, node, contnode):
    """Find what is named from another room, such as `latent.grid` or `ShapeVAE`, if it is one."""
    if node.get("refdomain") == "py":
        domain, target = env.domains["py"], node["reftarget"]
        found = domain.find_obj(env, node.get("py:module"), None, target, None, 1)
        found = [entry for _, entry in found if not entry.aliased]
        if len(found) == 1:
            (entry,) = found
            return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode)
    return None


def setup(app):
    """Connect to Sphinx."""
    app.connect("autodoc-process-docstring", link_chapters, priority=400)  # before numpydoc
    app.connect("autodoc-process-signature", shorten)
    app.connect("missing-reference", find_anywhere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
