"""List the chapters as cards, where a page has the directive `{chapters}`.

A card has the title of the chapter, its picture and the `description` of its front matter.
"""

from html import escape

from docutils import nodes
from notebooks import chapters
from pictures import SIZE, alt_of, picture_of
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

CARD = """\
<li class="sd-card sd-shadow-sm">
<img src="{picture}" alt="{alt}" width="{width}" height="{height}" loading="lazy">
<p class="part">{part}</p>
<h3><a href="{page}">{number} {title}</a></h3>
<p>{description}</p>
</li>
"""


class cards(nodes.General, nodes.Element):
    """The place of the cards, until all pages are known."""


class Chapters(SphinxDirective):
    """`{chapters}`, without arguments or content."""

    def run(self):
        """Hold the place."""
        return [cards()]


def card(app, docname, chapter, part) -> str:
    """Write the card of a chapter for a page."""
    if missing := {"description", "picture"}.difference(app.env.metadata[chapter]):
        raise ExtensionError(
            f"{chapter}: expected {sorted(missing)} in the front matter, for its card"
        )
    number = app.env.toc_secnumbers.get(chapter, {}).get("") or ()
    return CARD.format(
        picture="../" * docname.count("/") + picture_of(app, chapter),
        alt=escape(alt_of(app, chapter)),
        width=SIZE[0],
        height=SIZE[1],
        part=escape(part),
        page=app.builder.get_relative_uri(docname, chapter),
        number="".join(f"{n}." for n in number),
        title=escape(app.env.titles[chapter].astext()),
        description=escape(app.env.metadata[chapter]["description"]),
    )


def fill(app, doctree, docname):
    """Put the cards into their place."""
    places = list(doctree.findall(cards))
    if not places or app.builder.format != "html":
        return
    parts = app.config.external_site_map.root.subtrees
    shown = set(chapters(app))
    listed = [
        card(app, docname, chapter, part.caption)
        for part in parts
        for chapter in part.items
        if chapter in shown
    ]
    text = f'<ul class="chapters">\n{"".join(listed)}</ul>'
    for place in places:
        place.replace_self(nodes.raw("", text, format="html"))


def setup(app):
    """Connect to Sphinx."""
    app.add_node(cards)
    app.add_directive("chapters", Chapters)
    app.connect(
        "env-updated", lambda app, env: [app.config.root_doc]
    )  # any chapter may have changed
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True}
