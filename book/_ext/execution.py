"""Execute the chapters that have changed, several at a time, before Sphinx reads them.

myst-nb executes a page when Sphinx reads it, one after the other. Here the pages that its cache
does not hold yet are executed before, and put into that cache. Each computes with one thread: two
chapters side by side are done sooner than one after the other with two threads each, they lose
little when something else runs, and the numbers on a page do not depend on the number of cores.

A cached chapter is executed again when its own cells change. It must also be executed again when
the package, the pinned requirements or the style of the figures change, or when MNIST has come or
gone: so the path of the cache holds a hash of these. Sphinx reads every page anew when the path is
another one. The checks of exercises are left out: all that a page has of them is that its solutions
pass, and tests/test_site_notebooks.py asks for that without the cache.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from sphinx.errors import ExtensionError
from sphinx.util import logging

from aecourse.mnist_folders import find_mnist

WATCHED = ("aecourse/**/*.py", "aecourse/**/*.mplstyle", "aecourse/static/*", "requirements.txt")
UNWATCHED = "aecourse/checks/*.py"
AT_ONCE = min(os.cpu_count() or 1, 4)  # each chapter needs about a gigabyte

logger = logging.getLogger(__name__)


def fingerprint(root: Path) -> str:
    """Hash the names and contents of all files that every chapter depends on, and the data."""
    digest = sha256(b"stand-in" if find_mnist() is None else b"MNIST")
    watched = {path for pattern in WATCHED for path in root.glob(pattern)}
    for path in sorted(watched.difference(root.glob(UNWATCHED))):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def choose_cache(app, config):
    """Point myst-nb to the cache that belongs to the present code, and kernels to one thread."""
    if not config.nb_execution_cache_path:  # `lab.py` brings its own
        if find_mnist() is None:
            fetch_mnist()
        cache = Path(app.outdir).parent / ".jupyter_cache" / fingerprint(Path(app.srcdir))
        config.nb_execution_cache_path = str(cache)
    os.environ["OMP_NUM_THREADS"] = "1"


def fetch_mnist():
    """Download MNIST before the chapters ask for it; without a network they get a stand-in."""
    from aecourse import data  # only here: it takes seconds to import

    data.mnist()


def execute(app, env, docnames):
    """Execute what the cache lacks of the pages that Sphinx is about to read."""
    cache = get_cache(app.config.nb_execution_cache_path)
    stale = {}
    for docname in filter(docnames.__contains__, app.config.external_site_map):
        notebook = as_read(app, docname)
        if notebook and not is_cached(cache, notebook):
            stale[Path(env.doc2path(docname))] = notebook
    if not stale:
        return
    logger.info(
        f"pages to execute: {len(stale)} (at most {AT_ONCE} at a time; "
        "all of the book take some minutes, and each is kept as soon as it is done)"
    )
    started, failures = time.perf_counter(), []
    with ProcessPoolExecutor(AT_ONCE, initializer=silence) as pool:
        machine = pool.submit(this_machine)
        running = {  # the longest first: at the end none is waited for alone
            pool.submit(single_nb_execution, stale[path], str(path.parent), None, False): path
            for path in sorted(stale, key=lambda path: -path.stat().st_size)
        }
        for n, done in enumerate(as_completed(running), 1):
            path, result = running[done], done.result()
            if result.err is None:
                data = {"execution_seconds": result.time, **machine.result()}
                bundle = CacheBundleIn(result.nb, str(path), data=data)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            else:
                failures.append(f"{path}:\n{result.exc_string}")
            state = "failed after" if result.err else "executed in"
            minutes, seconds = divmod(round(time.perf_counter() - started), 60)
            logger.info(
                f"[{n:2} of {len(stale)}, {minutes}:{seconds:02}] "
                f"{path.stem} {state} {result.time:.0f} s"
            )
    if failures:
        raise ExtensionError("Executing notebook failed: " + "\n\n".join(failures))


def as_read(app, docname):
    """Give a page as a notebook, without outputs; None where it has no code."""
    path = app.env.doc2path(docname)
    text = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(path, app.env.myst_config, app.env.mystnb_config, text)
    return reader and reader.read(text)


def this_machine() -> dict:
    """Say with what the pages compute, for their foot (provenance.py)."""
    import numpy  # only here: they take seconds to import
    import torch

    from aecourse.runtime import choose_device

    return {
        "device": str(choose_device()),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
    }


def silence():
    """Drop what kernels say beside their notebooks: that their port is not encrypted, each time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def is_cached(cache, notebook) -> bool:
    """Say whether the cache holds a notebook with these cells."""
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", choose_cache)
    app.connect("env-before-read-docs", execute)
    return {"parallel_read_safe": True}
