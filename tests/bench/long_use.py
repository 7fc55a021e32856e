"""How much memory does a page hold after half an hour of use?

    python tests/bench/long_use.py                       the site that it comes with, 30 minutes
    python tests/bench/long_use.py my_site --minutes 5

browser/use.js talks to the model, in a browser without developer tools, which would keep all that a
page has fetched. Once a minute the browser says what the page holds after a collection of garbage
(performance.measureUserAgentSpecificMemory). Bars: it grows by less than 10 MB after the first round
over all steps and runs, and stays under 150 MB. Beside it stands what the process of the tab has more
than that of an empty page (USS): the models, the browser's own code, and garbage that it has not
collected yet.
"""

import argparse
import contextlib
import functools
import shutil
import subprocess
import sys
import tempfile
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import common
import helpers

import psutil

FLAGS = (
    "--headless=new",  # the headless shell does not measure memory
    "--enable-blink-features=ForceEagerMeasureMemory",  # collect garbage now, not within a minute
)
SCRIPT = '<script type="module" src="/use.js"></script>'


class Handler(SimpleHTTPRequestHandler):
    """The site, with the script in its playground; reports go to `held`."""

    def __init__(self, *given, held, **named):
        self.held = held
        super().__init__(*given, **named)

    def do_GET(self):
        if self.path.startswith("/held/"):
            _, _, name, held = self.path.split("/")
            self.held.append((name, int(held) / 1e6))
            self.answer(b"", "text/plain")
        elif self.path == "/use.js":
            self.answer(
                (Path(__file__).parent / "browser" / "use.js").read_bytes(), "text/javascript"
            )
        elif self.path.startswith("/playground.html"):
            page = Path(self.directory, "playground.html").read_text("utf-8")
            self.answer(page.replace("</body>", SCRIPT + "</body>").encode(), "text/html")
        else:
            super().do_GET()

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self):
        """Only a page that is isolated from others may ask how much memory it uses."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_):
        pass


def tab_megabytes(process):
    """Memory of its own of the largest tab of a browser."""
    found = [0]
    for one in process.children(recursive=True):
        try:
            if "--type=renderer" in one.cmdline():
                found.append(one.memory_full_info().uss / 1e6)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return max(found)


@contextlib.contextmanager
def opened(address, profile):
    """A browser for as long as the block lasts."""
    chromium = shutil.which("chromium") or sys.exit("There is no Chromium: install it.")
    command = [chromium, *helpers.QUIET, *FLAGS, f"--user-data-dir={profile}", address]
    browser = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield browser
    finally:
        close(browser)


def close(browser):
    for one in [*browser.children(recursive=True), browser]:
        one.kill()
    browser.wait()


def follow(browser, held, empty):
    """Print what the page reports, until it has come to its end."""
    start, told = time.perf_counter(), 0
    while not held or held[-1][0] != "end":
        time.sleep(1)
        for _, megabytes in held[told:]:
            passed, own = time.perf_counter() - start, tab_megabytes(browser) - empty
            print(
                f"{passed / 60:5.1f} min  page {megabytes:5.1f} MB  process {own:4.0f} MB",
                flush=True,
            )
        told = len(held)


def measure(site, minutes):
    held = []
    handler = functools.partial(Handler, directory=str(site), held=held)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        with opened("about:blank", profile) as browser:
            time.sleep(5)
            empty = tab_megabytes(browser)
        print(f"an empty page: a process of {empty:.0f} MB", flush=True)
        address = f"http://127.0.0.1:{server.server_port}/playground.html?minutes={minutes}"
        with opened(address, profile) as browser:
            follow(browser, held, empty)
        server.shutdown()
    sizes = [megabytes for _, megabytes in held]
    print(
        f"largest {max(sizes):.1f} MB (bar: 150); grew by {sizes[-1] - sizes[0]:.1f} MB (bar: 10)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=Path(common.repository, "site"))
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    measure(given.site, given.minutes)
