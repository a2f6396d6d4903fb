"""Keep executed chapters apart by the code they ran.

A cached chapter is executed again when its own cells change. It must also be executed again when
the package, the pinned requirements or the style of the figures change, or when MNIST has come or
gone: so the path of the cache holds a hash of these. Sphinx reads every page anew when the path is
another one.
"""

from hashlib import sha256
from pathlib import Path

from aecourse.data.load_mnist import find_mnist

WATCHED = ("aecourse/**/*.py", "requirements.txt", "book/*.mplstyle")


def fingerprint(root: Path) -> str:
    """Hash the names and contents of all files that every chapter depends on, and the data."""
    digest = sha256(b"stand-in" if find_mnist() is None else b"MNIST")
    for path in sorted(path for pattern in WATCHED for path in root.glob(pattern)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def choose_cache(app, config):
    """Point myst-nb to the cache that belongs to the present code."""
    build = Path(app.outdir).parent
    config.nb_execution_cache_path = str(build / ".jupyter_cache" / fingerprint(Path(app.srcdir)))


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", choose_cache)
    return {"parallel_read_safe": True}
