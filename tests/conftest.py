import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("agg")  # no window, whatever the machine
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, one a core


@pytest.fixture(scope="session")
def browser():
    """Start a headless Chromium, once for all tests that open a page."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, names)]
    executable = next(filter(None, found), None)
    if executable is None:
        message = (
            "no Chromium found, so no page was opened. Install it, for instance with "
            "`apt-get install chromium` or `brew install --cask chromium`, or set CHROMIUM to the "
            "program of a Chromium or Chrome that is already there; then run the tests again."
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser):
    """Open one tab for all pages that the tests of a file look at, which is quick."""
    page = browser.new_page()
    yield page
    page.close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def address():
    """Serve the built site on this machine."""
    site = Path(__file__).parents[1] / "_build" / "html"
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
