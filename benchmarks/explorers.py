"""How soon a reader can use the explorers of a built site, and how long a decode takes.

For each explorer: kB in the page, ms until it stands (from the start of its script, all explorers
of the page together), ms from the page's load event to the end of the first move of the point, and
ms for a move and for a decode after that. A reader feels no wait below 100 ms, and a drag is smooth
at 60 moves a second: 16 ms. The fastest of some visits counts. Run it on a quiet machine:

    python benchmarks/explorers.py
    python benchmarks/explorers.py digits mnist-vae
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SITE = Path(__file__).parents[1] / "_build" / "html" / "book"
VISITS, MOVES = 3, 50

# Note when the script begins to set the explorers up, and when they all stand.
WATCH = """
const define = customElements.define.bind(customElements);
customElements.define = (name, kind) => {
  const begin = performance.now();
  define(name, kind);
  if (name === "ae-explorer") window.stood = [begin, performance.now()];
};
"""
MEASURE = """moves => {
  const time = (action) => { const t = performance.now(); action(); return performance.now() - t; };
  const loaded = performance.getEntriesByType("navigation")[0].loadEventEnd;
  const [begin, end] = window.stood;
  return [...document.querySelectorAll("ae-explorer")].map((explorer) => {
    const { plane } = explorer, { low, high } = plane;
    const code = (k) => low.map((value, i) => value + (high[i] - value) * (k + 1) / (moves + 2));
    const first = time(() => plane.move(code(0)));
    const repeat = (action) =>
      time(() => { for (let k = 1; k <= moves; k++) action(code(k)); }) / moves;
    const file = explorer.cloneNode(true);
    file.querySelector(".ae-live").remove();
    return [file.outerHTML.length / 1000, end - begin, Math.max(0, end - loaded) + first,
      repeat((z) => plane.move(z)), repeat((z) => explorer.decode(z))];
  });
}"""


def visit(browser, page):
    """Open a page, and measure each of its explorers."""
    tab = browser.new_page()
    tab.add_init_script(WATCH)
    tab.goto((SITE / f"{page}.html").as_uri())
    rows = tab.evaluate(MEASURE, MOVES)
    tab.close()
    return rows


def main():
    """Visit the pages in turn; print a line an explorer."""
    found = [path.stem for path in SITE.glob("*.html") if "<ae-explorer" in path.read_text("utf-8")]
    pages = sys.argv[1:] or sorted(found)
    if not pages:
        sys.exit(f"no explorer in {SITE}: run `make book` first")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        visits = [{page: visit(browser, page) for page in pages} for _ in range(VISITS)]
        browser.close()
    names = ("kB", "stands", "first use", "move", "decode")
    print(f"{'page':20}" + "".join(f"{name:>10}" for name in names) + "   (ms)")
    for page in pages:
        for rounds in zip(*(seen[page] for seen in visits), strict=True):
            best = map(min, zip(*rounds, strict=True))
            print(f"{page:20}" + "".join(f"{value:10.2f}" for value in best))


if __name__ == "__main__":
    main()
