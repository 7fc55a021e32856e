"""What several test files share: the repository on sys.path, the corpora, and runs of train.py."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from terrarium.settings import read_settings

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the models here are too small to share out
settings.register_profile("patient", deadline=None)  # a busy machine is no mistake
settings.load_profile("patient")
PATIENCE = 600  # seconds until something counts as hanging, on however slow and busy a machine


def wait_until(condition, process=None):
    """Wait until something is true, or there, and return it; a process must live on meanwhile."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert process is None or process.poll() is None, "the process ended before"
        assert time.monotonic() < end, "it never came"
        time.sleep(0.001)
    return found


@pytest.fixture(scope="session")
def corpora():
    """data/downloads/, with the corpora of ../shared/data put there if that folder exists."""
    downloads = ROOT / "data" / "downloads"
    downloads.mkdir(exist_ok=True)
    for file in (ROOT.parent / "shared" / "data").glob("*.txt"):
        if not (downloads / file.name).exists():
            part = downloads / (file.name + ".copy")
            shutil.copyfile(file, part)
            os.replace(part, downloads / file.name)  # never half a file, even when killed
    return downloads


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, which is the working directory as long as the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train_in(folder, *flags):
    """What `python train.py` with these flags does in a folder, in this process."""
    import train

    before, handler = os.getcwd(), signal.getsignal(signal.SIGINT)
    os.chdir(folder)
    try:
        train.train(read_settings(train.Settings, train.PRESETS, [*map(str, flags)]))
    finally:
        os.chdir(before)
        signal.signal(signal.SIGINT, handler)


@pytest.fixture
def run_train(folder):
    """run_train("--preset", "smoke"): `python train.py` in `folder`, as a process of its own."""
    def run(*flags, **options):
        return subprocess.run([sys.executable, ROOT / "train.py", *map(str, flags)], cwd=folder,
                              capture_output=True, text=True, timeout=PATIENCE, **options)
    return run


@pytest.fixture
def train_here(folder):
    """train_here("--preset", "smoke"): the same run in this process; returns its settings."""
    import train

    def run(*flags):
        s = read_settings(train.Settings, train.PRESETS, [*map(str, flags)])
        train.train(s)
        return s

    handler = signal.getsignal(signal.SIGINT)
    yield run
    signal.signal(signal.SIGINT, handler)


# Pages ------------------------------------------------------------------------------------------

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT = 120_000  # milliseconds until anything in a page counts as hanging
QUIET = ("--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
         "--disable-background-networking --disable-component-update --disable-extensions "
         "--disable-features=InitialWebUI,WebUIReloadButton,WebUITabStrip,Translate,MediaRouter,"
         "OptimizationHints").split()  # a window without what surrounds it opens twice as fast
# Two seconds for typed code, five until a page fetches what nobody asked for: here such times are
# ten times as long. A test in which one of them has to run out sets patience = 1.
PATIENT = """
    globalThis.patience = 10;
    const soon = globalThis.setTimeout;
    globalThis.setTimeout = (act, delay, ...given) =>
      soon(act, delay >= 2000 ? patience * delay : delay, ...given);
"""
# Whether a page has drawn what it draws by itself: it says that no run could be opened, or there is
# the sentence about the run, and no figure is busy. Some stay busy until somebody moves.
DRAWN = """() => {
    const inside = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
      one.shadowRoot ? [one, ...inside(one.shadowRoot)] : [one]);
    const isBusy = (one) => one.getAttribute("aria-busy") === "true"
      && !one.getRootNode().host?.matches("same-numbers, logit-lens, #compared *");
    if (document.fonts.status !== "loaded") return false;
    if (document.querySelector(":not(:defined)")) return false;
    if (document.querySelector("#figures")) return true;  // the storybook, where some stay busy
    const box = document.querySelector("#trouble");
    if (box.querySelector("[role=alert]")) return true;
    const { renderRoot } = document.querySelector("run-facts");
    return !box.children.length && renderRoot.querySelector("p:not([aria-busy])")
      && !inside(document).some(isBusy); }"""


def chromium():
    """The path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def drawn(page):
    """Wait until a page has drawn what it draws by itself."""
    page.wait_for_function(DRAWN)


@pytest.fixture(scope="session")
def browser():
    """A real Chromium: the one of the system. In CI it has to be there. Its pages are patient."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if not path and not os.environ.get("CI"):
        pytest.skip("The pages are tested in Chromium: install it, such as by apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=QUIET, timeout=TIMEOUT)
        new_page = started.new_page

        def patient_page(**options):
            page = new_page(**options)
            page.set_default_timeout(TIMEOUT)
            page.add_init_script(PATIENT)
            wait_for_function = page.wait_for_function

            def wait_for_a_function(code, **options):
                # An expression is compiled at each look, which the policy forbids from the second
                # look on: a test that waits for one fails only where it really has to wait.
                assert "=>" in code, f"Write () => {code}: expressions can be looked at only once."
                return wait_for_function(code, **options)

            page.wait_for_function = wait_for_a_function
            return page

        started.new_page = patient_page
        yield started
        started.close()


@contextlib.contextmanager
def served(folder):
    """A folder behind an address, served as export_for_web.py --serve does it."""
    from terrarium.web.serve import Handler, Server

    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """The folder of a run with the preset smoke, trained once; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    train_in(folder, "--preset", "smoke")
    return folder / "runs" / "smoke"


@pytest.fixture(scope="session")
def smoke_site(smoke_run, tmp_path_factory):
    """The folder of a whole site that shows that run; not to be changed."""
    site = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, ROOT / "export_for_web.py", "runs/smoke", "--out", site],
                   cwd=smoke_run.parent.parent, check=True, capture_output=True, timeout=PATIENCE)
    return site


@pytest.fixture(scope="session")
def site(smoke_site):
    with served(smoke_site) as address:
        yield SimpleNamespace(folder=smoke_site, address=address)


@contextlib.contextmanager
def opened(browser, address, width=1440, height=900, dark=False, still=False):
    """A page as somebody opens it; afterwards, it must not have complained about anything."""
    page = browser.new_page(viewport=dict(width=width, height=height),
                            color_scheme="dark" if dark else "light",
                            reduced_motion="reduce" if still else "no-preference")
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    try:
        page.goto(address)
        drawn(page)
        yield page
        assert page.complaints == []
    finally:
        page.close()


@pytest.fixture(scope="session")
def engine(browser, smoke_site):
    """engine(code, given): what JavaScript makes of it, in a page that can import the engine."""
    with served(smoke_site) as address:
        page = browser.new_page()
        page.goto(f"{address}/exported/index.json")
        yield lambda code, given=None: page.evaluate(code, given)
        page.close()
