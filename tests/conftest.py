"""What several test files share: the repository on sys.path, the corpora, and runs of train.py."""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

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
