"""Say in the head of a page what it is about, for search engines and for links to it elsewhere.

The text is the `description` of its front matter. Its picture is that of `pictures.py`, or the one
of the first page. Addresses are whole where `html_baseurl` is known, as other sites want them.
"""

from html import escape

from pictures import SIZE, alt_of, picture_of
from sphinx.errors import ExtensionError

LONGEST = 160  # letters; search engines cut there


def meta_tags(properties: dict[str, str]) -> str:
    """Write a `<meta>` for each; those of the Open Graph protocol call their name a property."""
    return "".join(
        f'<meta {"property" if name.startswith("og:") else "name"}="{name}" '
        f'content="{escape(content)}">\n'
        for name, content in properties.items()
    )


def properties_of(app, docname) -> dict[str, str]:
    """Give what the head of a page says of it; nothing where it has no description."""
    description = app.env.metadata.get(docname, {}).get("description")
    if not description:
        return {}
    if len(description) > LONGEST:
        raise ExtensionError(
            f"{docname}: expected a description of at most {LONGEST} letters, "
            f"got {len(description)}"
        )
    base = app.config.html_baseurl
    properties = {
        "description": description,
        "og:type": "website",
        "og:site_name": app.config.html_title,
        "og:title": app.env.titles[docname].astext(),
        "og:description": description,
        "twitter:card": "summary_large_image",
    }
    if base:
        properties["og:url"] = base + app.builder.get_target_uri(docname)
    owner = docname if picture_of(app, docname) else app.config.root_doc
    if address := picture_of(app, owner):
        properties["og:image"] = (base or "../" * docname.count("/")) + address
        properties["og:image:width"], properties["og:image:height"] = map(str, SIZE)
        properties["og:image:alt"] = alt_of(app, owner)
    return properties


def describe(app, docname, templatename, context, doctree):
    """Add the description of a page to its head."""
    tags = meta_tags(properties_of(app, docname))
    context["metatags"] = context.get("metatags", "") + tags


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True}
