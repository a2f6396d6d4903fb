"""Keep the script of the explorers once for the site, where each output of a notebook brings it."""

import re
from pathlib import Path

INLINE = re.compile(r'\n?<script data-script="explorer">.*?</script>', re.DOTALL)


def add_script(app, config):
    """Let the site have the script among its own files."""
    config.html_static_path.append(str(Path(app.srcdir) / "aecourse" / "static"))


def link_script(app, pagename, templatename, context, doctree):
    """Take the scripts out of a page's outputs, and link the one of the site."""
    body, found = INLINE.subn("", context.get("body", ""))
    if found:
        context["body"] = body
        app.add_js_file("explorer.js", loading_method="defer")


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", add_script)
    app.connect("html-page-context", link_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
