"""The commands that README and CONTRIBUTING give are those of the Makefile and of the folders."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("file", ["Makefile", "README.md"])
def test_every_test_of_the_built_site_is_run(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    left_out = [p.name for p in ROOT.glob("tests/test_site*.py") if f"tests/{p.name}" not in text]
    assert left_out == [], "the first run of pytest ignores them: name them in the second"


def test_every_benchmark_is_named():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = {path.name for path in ROOT.glob("benchmarks/*.py")}
    assert files == {name for name in files if f"benchmarks/{name}" in text}
    assert text.count(".venv/bin/python benchmarks/") == len(files)
