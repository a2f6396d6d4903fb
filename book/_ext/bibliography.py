"""List references under the words that cite them: [Nelder and Mead, 1965]."""

from collections import Counter

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle


class AuthorYearLabels(BaseLabelStyle):
    """Labels such as `Nelder and Mead, 1965`."""

    def format_labels(self, sorted_entries):
        """Give the labels in the order of the entries; no two may be alike."""
        labels = [f"{authors(entry)}, {entry.fields['year']}" for entry in sorted_entries]
        if twice := [label for label, n in Counter(labels).items() if n > 1]:
            raise ValueError(f"references.bib: expected one entry a label, got two for {twice}")
        return labels


def authors(entry) -> str:
    """Name one author, both, or the first of more."""
    parts = [p.rich_prelast_names + p.rich_last_names for p in entry.persons["author"]]
    names = [" ".join(map(str, names)) for names in parts]
    if len(names) > 2:
        return f"{names[0]} et al."
    return " and ".join(names)


class AuthorYearStyle(Style):
    """Pybtex's plain style, in the order of author and year, under such labels."""

    default_label_style = AuthorYearLabels


def setup(app):
    """Make the style known."""
    register_plugin("pybtex.style.formatting", "author_year", AuthorYearStyle)
    return {"parallel_read_safe": True}
