"""Fixtures: the corpora, runs of train.py, a browser and a site."""

import os
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import train
from helpers import (
    A_MOUSE,
    FIREFOX_PATCH,
    PATIENCE,
    PATIENT,
    QUIET,
    ROOT,
    TIMEOUT,
    chromium,
    firefox,
    served,
    train_in,
)
from terrarium.settings import read_settings

import pytest
import torch
from hypothesis import settings

# The models here are too small to share out, neither here nor in the programs that tests start.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))
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
        return subprocess.run(
            [sys.executable, ROOT / "train.py", *map(str, flags)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            **options,
        )

    return run


@pytest.fixture
def train_here(folder):
    """train_here("--preset", "smoke"): the same run in this process; returns its settings."""

    def run(*flags):
        s = read_settings(train.Settings, train.PRESETS, [*map(str, flags)])
        train.train(s)
        return s

    handler = signal.getsignal(signal.SIGINT)
    yield run
    signal.signal(signal.SIGINT, handler)


# Pages ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def playwright(tmp_path_factory):
    """What drives the browsers of the system."""
    from playwright.sync_api import sync_playwright

    patch = tmp_path_factory.mktemp("playwright") / "patch.cjs"
    patch.write_text(FIREFOX_PATCH)
    os.environ["NODE_OPTIONS"] = f"--require={patch}"  # of the driver, which starts now
    with sync_playwright() as driver:
        del os.environ["NODE_OPTIONS"]
        yield driver


@pytest.fixture(scope="session")
def firefox_browser(playwright):
    """A real Firefox, where there is one."""
    if not firefox():
        pytest.skip("These need a Firefox: install it, such as by apt install firefox-esr")
    started = playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=firefox(),
        firefox_user_prefs=A_MOUSE,
        timeout=TIMEOUT,
    )
    yield started
    started.close()


@pytest.fixture(scope="session")
def browser(playwright):
    """A real Chromium: the one of the system. In CI it has to be there. Its pages are patient."""
    path = chromium()
    if not path and not os.environ.get("CI"):
        pytest.skip("The pages are tested in Chromium: install it, such as by apt install chromium")
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
    subprocess.run(
        [sys.executable, ROOT / "export_for_web.py", "runs/smoke", "--out", site],
        cwd=smoke_run.parent.parent,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    return site


@pytest.fixture(scope="session")
def smoke(smoke_site):
    """The export of the smoke run; not to be changed."""
    return smoke_site / "exported" / "smoke"


@pytest.fixture(scope="session")
def site(smoke_site):
    with served(smoke_site) as address:
        yield SimpleNamespace(folder=smoke_site, address=address)


@pytest.fixture(scope="session")
def engine(browser, smoke_site):
    """engine(code, given): what JavaScript makes of it, in a page that can import the engine."""
    with served(smoke_site) as address:
        page = browser.new_page()
        page.goto(f"{address}/exported/index.json")
        yield lambda code, given=None: page.evaluate(code, given)
        page.close()
