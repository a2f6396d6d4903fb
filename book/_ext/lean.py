"""Leave out of the site what no page of it needs.

Jupyter Book brings Thebe, which runs cells on a server elsewhere: the book asks no other host. The
themes bring their sources and translations, and fonts that only old browsers ask for.
"""

import shutil
from pathlib import Path

UNUSED = (
    "**/*.map",
    "**/*.LICENSE.txt",
    "**/*.ttf",
    "locales",
    "scripts/fontawesome.js",
    "sphinx-thebe.*",
)


def drop_thebe(app, config):
    """Take back what `sphinx_thebe` has asked Sphinx for."""
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]
    app.registry.css_files = [
        (name, how) for name, how in app.registry.css_files if name != "sphinx-thebe.css"
    ]


def clean(app, exception):
    """Delete what nothing leads to, once all files are copied."""
    for pattern in UNUSED if app.builder.name == "html" else ():
        for path in list((Path(app.outdir) / "_static").glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", drop_thebe)
    app.connect("build-finished", clean)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
