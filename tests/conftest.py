"""What several test files share: the repository on sys.path, the corpora, and runs of train.py."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the models here are too small to share out
settings.register_profile("patient", deadline=None)  # a busy machine is no mistake
settings.load_profile("patient")


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


@pytest.fixture
def run_train(folder):
    """run_train("--preset", "smoke"): `python train.py` in `folder`, as a process of its own."""
    def run(*flags, **options):
        return subprocess.run([sys.executable, ROOT / "train.py", *map(str, flags)], cwd=folder,
                              capture_output=True, text=True, timeout=120, **options)
    return run


@pytest.fixture
def train_here(folder):
    """train_here("--preset", "smoke"): the same run in this process; returns its settings."""
    import plumbing
    import train

    def run(*flags):
        s = plumbing.read_settings(train.Settings, train.PRESETS, [*map(str, flags)])
        train.train(s)
        return s

    handler = signal.getsignal(signal.SIGINT)
    yield run
    signal.signal(signal.SIGINT, handler)


# Pages ------------------------------------------------------------------------------------------

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
         "--disable-background-networking --disable-component-update").split()


@pytest.fixture(scope="session")
def browser():
    """A real Chromium: the one of the system. In CI it has to be there."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not path and not os.environ.get("CI"):
        pytest.skip("The pages are tested in Chromium: install it, such as by apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@contextlib.contextmanager
def served(folder):
    """A folder behind an address, served as export_for_web.py --serve does it."""
    from terrarium.web.serve import Handler

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """The folder of a run with the preset smoke, trained once; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    subprocess.run([sys.executable, ROOT / "train.py", "--preset", "smoke"], cwd=folder, check=True,
                   capture_output=True, timeout=300)
    return folder / "runs" / "smoke"


@pytest.fixture(scope="session")
def smoke_site(smoke_run, tmp_path_factory):
    """The folder of a whole site that shows that run; not to be changed."""
    site = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, ROOT / "export_for_web.py", smoke_run, "--out", site],
                   check=True, capture_output=True, timeout=300)
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
        page.goto(address, wait_until="networkidle")
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
