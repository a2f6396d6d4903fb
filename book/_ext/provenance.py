"""Say at the foot of each page what it was made from: sources, seeds, machine, time and data.

What is known only while a page is executed, `execution.py` keeps beside its outputs in the cache.
"""

import re
import tomllib
from functools import cache
from hashlib import sha256
from pathlib import Path

from execution import as_read, fingerprint
from jupyter_cache import get_cache

from aecourse.mnist_folders import find_mnist

DATA = {
    r"\bdata\.digits\(": "scikit-learn digits",
    r"\bdata\.mnist\(": "MNIST",
    r"\bbeta_log_densities\(": "beta densities, computed",
    r"\brandom_shapes\(": "shapes, drawn at random",
}
SEED = re.compile(r"(?:seed_everything|manual_seed|default_rng)\((\d+)|\bseed=(\d+)")
SEEDS = re.compile(r"\bfor seed in (?:range\((\d+)\)|\(([\d, ]+)\))")


def made_from(root: Path, docname: str) -> str:
    """Give the version of the package, and the hash of all that a page is made from."""
    return f"aecourse {version(root)}, sources {sources_hash(root, docname)}"


@cache  # during a build the sources stay as they are
def version(root: Path) -> str:
    """Give the version of the package."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]


@cache
def sources_hash(root: Path, docname: str) -> str:
    """Hash a page's text together with the package, the pins and whether MNIST is there."""
    page = (root / f"{docname}.md").read_bytes()
    return sha256(fingerprint(root).encode() + page).hexdigest()[:12]


def seeds_in(code: str) -> list[int]:
    """Give the seeds that code names."""
    found = {int(number) for pair in SEED.findall(code) for number in pair if number}
    for count, listed in SEEDS.findall(code):
        found |= set(range(int(count))) if count else set(map(int, re.findall(r"\d+", listed)))
    return sorted(found)


def data_in(code: str) -> str:
    """Name the data that code asks for."""
    found = [words for call, words in DATA.items() if re.search(call, code)]
    named = "; ".join(found) or "made on the page"
    return named if find_mnist() else named.replace("MNIST", "a stand-in for MNIST")


def run_of(app, docname) -> list[str]:
    """Give what the run of a page had: seeds, machine, versions, time and data."""
    notebook = as_read(app, docname)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    record = get_cache(app.config.nb_execution_cache_path).match_cache_notebook(notebook).data
    seeds = seeds_in(code)
    said = [f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"] if seeds else []
    if "device" in record:  # a cache that is older than this module has none
        threads = f"{record['threads']} thread{'s' * (record['threads'] != 1)}"
        said.append(f"{record['device'].upper()}, {threads}")
        said.append(f"torch {record['torch']}, NumPy {record['numpy']}")
    return [*said, f"{record['execution_seconds']:.0f} s", f"data: {data_in(code)}"]


def add_line(app, docname, templatename, context, doctree):
    """Add the line to the foot of a page."""
    if doctree is None:
        return  # the search, the index of terms
    has_code = "kernelspec" in app.env.metadata[docname]
    said = [made_from(Path(app.srcdir), docname), *(run_of(app, docname) if has_code else ())]
    line = f'<p class="provenance">Made from {" · ".join(said)}</p>'
    context["theme_extra_footer"] = f"{context.get('theme_extra_footer') or ''}{line}"


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-page-context", add_line)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
