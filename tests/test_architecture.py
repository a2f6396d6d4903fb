"""Each module of the package imports only from layers below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "aecourse"
LAYERS = {
    "validation": 0,
    "runtime": 1,
    "claims": 0,
    "files": 0,
    "mnist_folders": 0,
    "tables": 0,
    "data": 1,
    "shapes": 1,
    "losses": 1,
    "heat": 2,
    "history": 2,
    "models": 2,
    "training": 3,
    "latent": 4,
    "evaluation": 4,
    "design": 5,
    "plotting": 6,
    "checks": 6,
    "explorer": 7,
}
SIBLINGS = {
    "data",
    "shapes",
    "models",
    "latent",
    "evaluation",
    "design",
    "plotting",
    "checks",
    "explorer",
}  # a folder of one concept a file: they may share a building block
AT_CALL_TIME = {("history", "plotting")}  # History.plot asks for a picture of itself


def imports(tree, package):
    """Yield (first name below aecourse, whether it stands at the top of the file)."""
    top = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, [base, node.module]))
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "aecourse":
                yield (parts[1] if len(parts) > 1 else ""), node in top


def violations(path, source, package):
    module = path.parts[0].removesuffix(".py")
    for target, at_top in imports(ast.parse(source), package):
        lower = LAYERS.get(target, 99) < LAYERS[module]
        sibling = target == module and module in SIBLINGS
        late = not at_top and (module, target) in AT_CALL_TIME
        if not (lower or sibling or late):
            yield f"{path}: layer {LAYERS[module]} imports {target!r}"


FILES = [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    inside = path.relative_to(PACKAGE)
    assert inside.parts[0].removesuffix(".py") in LAYERS, "name its layer in this file"
    package = ["aecourse", *inside.parts[:-1]]
    assert list(violations(inside, path.read_text(encoding="utf-8"), package)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from . import plotting",
        "from .plotting import curves",
        "import aecourse.plotting",
        "from aecourse import plotting",
        "def f():\n    from . import plotting",
        "from .data import Samples",
        "from . import unheard_of",
    ],
)
def test_an_import_upwards_or_sideways_is_found(source):
    assert len(list(violations(Path("losses.py"), source, ["aecourse"]))) == 1


def test_an_import_downwards_is_allowed():
    source = "from .. import losses\nfrom ..losses import squared_error\nfrom .dense import mlp"
    assert list(violations(Path("models/new.py"), source, ["aecourse", "models"])) == []


def test_importing_the_package_pulls_in_no_module():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert list(imports(tree, ["aecourse"])) == []


def test_a_module_is_imported_when_it_is_first_named():
    code = """
import sys
import aecourse
assert "torch" not in sys.modules
assert {"models", "training", "heat", "validation"} <= set(dir(aecourse))
try:
    aecourse.model
except AttributeError as error:
    assert "models" in str(error) and "training" in str(error), error
else:
    raise AssertionError("a name that is none was found")
assert "torch" not in sys.modules
assert aecourse.models.VAE.__name__ == "VAE"
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
