"""Show the last table that a benchmark has kept, where a page has the directive `{last-benchmark}`.

Its argument is the file, from the root of the book: Markdown, as `benchmarks/training_speed.py`
writes it. Where there is none, the page says so.
"""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

MISSING = "No table has been kept yet."


class LastBenchmark(SphinxDirective):
    """`{last-benchmark} benchmarks/last.md`."""

    required_arguments = 1

    def run(self):
        """Read the file as part of the page."""
        path = Path(self.env.srcdir) / self.arguments[0]
        self.env.note_dependency(str(path))
        text = path.read_text(encoding="utf-8") if path.is_file() else MISSING
        shown = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), str(path)), 0, shown)
        return shown.children


def setup(app):
    """Connect to Sphinx."""
    app.add_directive("last-benchmark", LastBenchmark)
    return {"parallel_read_safe": True}
