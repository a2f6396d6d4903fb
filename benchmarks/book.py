"""Execute the book's chapters, one at a time and two at a time: seconds each, and the ratio.

One at a time, a chapter has two threads; two at a time, one thread each, as the build runs them.
Name chapters to run only those. Run it on a quiet machine; for the whole book it takes a quarter of
an hour:

    python benchmarks/book.py
    python benchmarks/book.py digits functions
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
from nbclient import NotebookClient

BOOK = Path(__file__).parents[1] / "book"


def seconds(name):
    """Execute a chapter in a kernel of its own."""
    notebook = jupytext.read(BOOK / f"{name}.md")
    begin = time.perf_counter()
    NotebookClient(notebook, kernel_name="python3", timeout=None).execute(cwd=BOOK)
    return time.perf_counter() - begin


def run(names, at_once, threads):
    """Execute chapters, and time each of them and all together."""
    os.environ |= {"OMP_NUM_THREADS": str(threads), "GOMP_SPINCOUNT": "1000"}
    begin = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        each = list(pool.map(seconds, names))
    return each, time.perf_counter() - begin


def main():
    """Execute all in both ways; print a line a chapter, and the whole."""
    chapters = [path.stem for path in BOOK.glob("*.md") if "{code-cell}" in path.read_text("utf-8")]
    names = sys.argv[1:] or sorted(chapters)
    (one, one_total), (two, two_total) = run(names, 1, 2), run(names, 2, 1)
    print(f"{'chapter':20} {'one at a time':>14} {'two at a time':>14}  seconds")
    for name, a, b in zip(names, one, two, strict=True):
        print(f"{name:20} {a:14.1f} {b:14.1f}")
    print(f"{'all together':20} {one_total:14.1f} {two_total:14.1f}")
    print(f"two at a time ÷ one at a time: {two_total / one_total:.2f}")


if __name__ == "__main__":
    main()
