"""Fixtures: the corpora, runs of train.py, a browser and a site."""

import os
import shutil
import signal
from functools import partial
from types import SimpleNamespace

import export_for_web
import train
from helpers import (
    A_MOUSE,
    FIREFOX_PATCH,
    PATIENT,
    PIGS,
    QUICK,
    QUIET,
    ROOT,
    SEA,
    SMALL,
    TALE,
    TIMEOUT,
    chromium,
    contents,
    firefox,
    grow,
    parsed,
    run_script,
    served,
    train_in,
)
from terrarium.errors import BadInput
from terrarium.trained import Run
from terrarium.web.exported_run import ExportedRun

import pytest
import torch
from hypothesis import settings

KING = 'The dog saw Anna. "I ran home," said Tom, and the small dog went to Anna.\n' * 60

# Results repeat to the last bit only on a CPU, so graphics cards are hidden here and from
# the programs that tests start; test_devices.py has a test that looks for one.
os.environ["CUDA_VISIBLE_DEVICES"] = ""
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

    return partial(run_script, "train.py", cwd=folder)


@pytest.fixture
def ctrl_c():
    """Ctrl-C means the same after a test as before it: a training in this process changes that."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def train_here(folder, ctrl_c):
    """train_here("--preset", "smoke"): the same run in this process; returns its settings."""

    def run(*flags):
        s = parsed(*flags)
        train.train(s)
        return s

    return run


@pytest.fixture
def pigs(folder):
    """The working directory, in which pigs.txt is: python train.py with the flags QUICK reads it."""
    (folder / "pigs.txt").write_text(PIGS, "utf-8", newline="\n")
    return folder


@pytest.fixture
def refused(train_here, pigs):
    """refused("--steps", 0): the sentence with which it is refused; no file came, went or changed."""

    def there():
        found = contents(pigs, folders=True)
        return {path: content for path, content in found.items() if path != "runs"}  # or empty

    def refuse(*flags):
        before = there()
        with pytest.raises(BadInput) as error:
            train_here(*QUICK, *flags)
        assert there() == before
        sentence = str(error.value)
        assert sentence[-1] in ".?" or sentence.endswith("python train.py")
        assert "\n" not in sentence
        return sentence

    return refuse


# Runs, each trained once. What is in them is not to be changed ------------------------------------


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """The folder of a run with the preset smoke."""
    folder = tmp_path_factory.mktemp("trained")
    train_in(folder, "--preset", "smoke", "--precision", "float32")  # nothing is timed
    return folder / "runs" / "smoke"


@pytest.fixture(scope="session")
def tale_run(tmp_path_factory):
    """The folder of a run of 20 steps on the tale."""
    run = tmp_path_factory.mktemp("grown") / "runs" / "tale"
    return grow(run, TALE, "--vocab-size", 64, "--snapshots", 6)


@pytest.fixture(scope="session")
def exported_run(tale_run):
    """That run as export_for_web.py reads it."""
    return ExportedRun(tale_run, "int8")


@pytest.fixture(scope="session")
def tale_export(tale_run, tmp_path_factory):
    """The export of that run."""
    site = tmp_path_factory.mktemp("exports") / "site"
    return export_for_web.export(ExportedRun(tale_run, "int8"), site, corpus=True)


@pytest.fixture
def mine(tale_run, folder):
    """A copy of that run, runs/tale in the working directory, to do with as one likes."""
    return shutil.copytree(tale_run, folder / "runs" / "tale").relative_to(folder)


@pytest.fixture(scope="session")
def sea_run(tmp_path_factory):
    """The folder of a run of 60 steps on sea shells."""
    home = tmp_path_factory.mktemp("sea")
    (home / "sea.txt").write_text(SEA, "utf-8")
    train_in(home, *SMALL, "--dataset", "sea.txt", "--vocab-size", 64, "--steps", 60)
    return home / "runs" / "sea"


@pytest.fixture(scope="session")
def trained_run(sea_run):
    """That run as show_model.py reads it."""
    return Run(sea_run)


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
        pytest.skip(
            "The pages are tested in Chromium: install it, such as by apt install chromium-headless-shell"
        )
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
def smoke_site(smoke_run, tmp_path_factory):
    """The folder of a whole site that shows that run; not to be changed."""
    site = tmp_path_factory.mktemp("site")
    home = smoke_run.parent.parent
    run_script("export_for_web.py", "runs/smoke", "--out", site, cwd=home).check_returncode()
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
def family(tmp_path_factory):
    """The folder of a site with two runs, tale and tale-king, which goes on from tale; not to be
    changed."""
    home = tmp_path_factory.mktemp("family")
    (home / "tale.txt").write_text(TALE, "utf-8")
    (home / "king.txt").write_text(KING, "utf-8")
    train_in(home, *SMALL, "--dataset", "tale.txt", "--vocab-size", 64)
    train_in(home, *SMALL, "--from", "runs/tale", "--dataset", "king.txt")
    runs = ("runs/tale", "runs/tale-king")
    run_script("export_for_web.py", *runs, "--out", "site", cwd=home).check_returncode()
    return home / "site"


@pytest.fixture(scope="session")
def engine(browser, smoke_site):
    """engine(code, given): what JavaScript makes of it, in a page that can import the engine."""
    with served(smoke_site) as address:
        page = browser.new_page()
        page.goto(f"{address}/exported/index.json")
        yield lambda code, given=None: page.evaluate(code, given)
        page.close()
