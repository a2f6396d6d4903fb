"""Keep the scripts of the explorers once for the site; each output of a notebook brings its own."""

import re
from pathlib import Path

INLINE = re.compile(r'\n?<script data-script="(\w+)">.*?</script>', re.DOTALL)


def add_script(app, config):
    """Let the site have the scripts among its own files."""
    config.html_static_path.append(str(Path(app.srcdir) / "aecourse" / "static"))


def link_script(app, pagename, templatename, context, doctree):
    """Take the scripts out of a page's outputs, and link those of the site.

    The first playground of a page may use its address.
    """
    body = context.get("body", "")
    names = list(dict.fromkeys(INLINE.findall(body)))
    for name in names:
        app.add_js_file(f"{name}.js", loading_method="defer")
    if names:
        body = body.replace("<ae-playground ", "<ae-playground data-address ", 1)
        context["body"] = INLINE.sub("", body)


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", add_script)
    app.connect("html-page-context", link_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
