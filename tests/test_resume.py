"""A run that is killed, interrupted or without room on its disk goes on as if nothing had happened.

What an interrupted run has to be equal to is `unbroken`, the same run in one piece.
"""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import data
import train
from helpers import PATIENCE
from terrarium import files
from terrarium.main import run_command
from terrarium.screen import Screen
from terrarium.settings import read_settings

import numpy as np
import pytest
import torch

TRAIN = Path(train.__file__)
STEPS = 120
FLAGS = (
    f"--preset smoke --precision float32 --dropout 0.1 --steps {STEPS} --sample-every 10 "
    "--snapshots 12"
).split()
TINY = (
    "--preset smoke --precision float32 --dropout 0.1 --dataset tale.txt --vocab-size 0 "
    "--n-layer 1 --n-embd 8 --n-ff 8 --n-ctx 16 --steps 4 --sample-every 2 --snapshots 1"
).split()
FILES = 23  # that a run of TINY writes: 6 to begin, 14 to watch it three times, 3 to close


pytestmark = pytest.mark.usefixtures("ctrl_c")


def run_here(*flags):
    """train.py in this process, ended as train.py ends it."""
    run_command(
        lambda: train.train(read_settings(train.Settings, train.PRESETS, [*map(str, flags)]))
    )


def exit_code(*flags):
    with pytest.raises(SystemExit) as ended:
        run_here(*flags)
    return ended.value.code


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    handler = signal.getsignal(signal.SIGINT)
    run_here(*FLAGS, "--out", folder)
    signal.signal(signal.SIGINT, handler)
    return folder


@pytest.fixture
def tale(folder):
    """A short text in the working directory, and an unbroken run on it."""
    stories = [data.find("stories").generate(seed) for seed in range(5)]
    (folder / "tale.txt").write_text("\n".join(stories), "utf-8")
    run_here(*TINY, "--out", "unbroken")
    return folder / "unbroken"


# ------------------------------------------------------------------------------ what is compared


def files_of(run):
    return sorted(p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file())


def parts_in(run):
    return [name for name in files_of(run) if name.endswith(".part")]


def tensors_of(path):
    """Everything in a .pt file, flat: tensors and numbers by the way that leads to them."""

    def walk(way, thing):
        if isinstance(thing, (dict, list, tuple)):
            items = thing.items() if isinstance(thing, dict) else enumerate(thing)
            for key, value in items:
                yield from walk(f"{way}/{key}", value)
        else:
            yield way, thing

    return dict(walk("", torch.load(path, weights_only=True)))


def same_tensors(a, b, skip=("/log", "/belongs_to")):
    """Whether two files hold the same; times are in the log, which is compared by itself, and
    belongs_to has the hash of settings.json, which names the folder."""
    a, b = (
        {way: value for way, value in tensors_of(path).items() if not way.startswith(skip)}
        for path in (a, b)
    )
    return a.keys() == b.keys() and all(
        torch.equal(a[way], b[way]) if torch.is_tensor(a[way]) else a[way] == b[way] for way in a
    )


def losses_of(run):
    """The lines of the log without what differs from one run to the next, the time it took."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    return [
        {
            name: line.get(name)
            for name in ("step", "loss", "validation_loss", "gradient_norm", "lr_multiplier")
        }
        for line in lines
    ]


def assert_same_run(run, unbroken):
    assert files_of(run) == files_of(unbroken)  # so there is no .part file either
    assert losses_of(run) == losses_of(unbroken)
    assert (run / "traces.jsonl").read_bytes() == (unbroken / "traces.jsonl").read_bytes()
    for name in files_of(unbroken):
        if name.endswith(".pt"):
            assert same_tensors(run / name, unbroken / name), name
        elif name.endswith(".npz"):
            here, there = np.load(run / name), np.load(unbroken / name)
            assert sorted(here) == sorted(there)
            assert all(np.array_equal(here[key], there[key]) for key in there), name
        elif name.startswith("tok"):
            assert (run / name).read_bytes() == (unbroken / name).read_bytes()
    metrics = [
        json.loads((folder / "metrics.json").read_text("utf-8")) for folder in (run, unbroken)
    ]
    for each in metrics:
        each.pop("seconds"), each.pop("sampling_seconds", None)
    assert metrics[0] == metrics[1]


def test_the_comparison_tells_runs_apart(tale, folder):
    run_here(*TINY, "--out", "other", "--seed", 2)
    assert not same_tensors(folder / "other" / "checkpoint.pt", tale / "checkpoint.pt")
    assert losses_of(folder / "other") != losses_of(tale)
    assert len(tensors_of(tale / "checkpoint.pt")) > 40
    assert same_tensors(tale / "checkpoint.pt", tale / "checkpoint.pt")


# ------------------------------------------------------------------------------ killed

STRUCK = f"""
import io, os, signal, sys
from itertools import count
sys.path.insert(0, {str(TRAIN.parent)!r})
import train
from terrarium import files, main, settings

name, kind, number = sys.argv[1:4]  # SIGKILL step 14: in the 14th step that this process begins
del sys.argv[1:4]
seen, update = count(1), train.update

def strike_if(this):
    if this == kind and next(seen) == int(number):
        os.kill(os.getpid(), getattr(signal, name))

def begun(*given):
    strike_if("step")
    return update(*given)

class Half(io.FileIO):
    def write(self, content):
        os.write(self.fileno(), bytes(content)[:len(content) // 2])
        os.kill(os.getpid(), getattr(signal, name))

    def close(self):  # NumPy may have written past us
        os.kill(os.getpid(), getattr(signal, name))

def opened(path, mode="r", **options):
    if kind == "file" and mode in ("wb", "ab") and next(seen) == int(number):
        raw = Half(path, mode)
        return raw if options.get("buffering") == 0 else io.BufferedWriter(raw)
    return open(path, mode, **options)

train.update, files.open = begun, opened
main.run_command(lambda: train.train(settings.read_settings(train.Settings, train.PRESETS)))
"""


def start(run, *strike):
    """train.py as a process of its own, begun or gone on with, which a signal strikes on the way.

    start(run, "SIGKILL", "file", 3): in the middle of the third file that it writes. When that is
    does not depend on how fast the machine is.
    """
    begun = (run / "settings.json").exists()
    flags = ["--resume", run] if begun else [*FLAGS, "--out", run]
    return subprocess.run(
        [sys.executable, "-c", STRUCK, *map(str, strike), *flags],
        text=True,
        capture_output=True,
        timeout=PATIENCE,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_that_is_killed_again_and_again_ends_as_if_nothing_had_happened(unbroken, tmp_path):
    run, steps = tmp_path / "run", []
    for strike in (
        ("file", 4),  # while the run is prepared
        ("step", 14),
        ("file", 9),
        ("step", 23),
    ):
        ended = start(run, "SIGKILL", *strike)
        assert ended.returncode == -signal.SIGKILL and "Traceback" not in ended.stderr
        if (run / "checkpoint.pt").exists():  # never half a file, and never a step back
            steps.append(torch.load(run / "checkpoint.pt", weights_only=True)["step"])
    assert steps == sorted(steps) and len(set(steps)) >= 2
    go_on_with(run)
    assert_same_run(run, unbroken)


class Killed(BaseException):
    """What stands for SIGKILL inside this process: nothing tidies up behind it."""


def test_a_run_that_is_killed_while_it_writes_any_of_its_files_goes_on(tale, folder, monkeypatch):
    for n in range(FILES):
        run = folder / f"killed-{n}"
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", lambda *_, **__: None)
            patch.setattr(files, "open", open_until(n, Killed()), raising=False)
            with pytest.raises(Killed):
                run_here(*TINY, "--out", run)
        assert len(parts_in(run)) + ends_in_half_a_line(run / "traces.jsonl") == 1
        go_on_with(run)
        assert_same_run(run, tale)


def ends_in_half_a_line(path):
    return path.exists() and not path.read_bytes().endswith(b"\n")


def go_on_with(run):
    run_here(*(["--resume", run] if (run / "settings.json").exists() else [*TINY, "--out", run]))


# ------------------------------------------------------------------------------ Ctrl-C


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_saves_and_says_how_to_go_on_and_then_it_goes_on(unbroken, tmp_path):
    run = tmp_path / "run"
    ended = start(run, "SIGINT", "step", 55)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr
    step = torch.load(run / "checkpoint.pt", weights_only=True)["step"]
    assert step == 55  # the one after the update that was interrupted
    assert f"Stopped after {step} of {STEPS} steps" in ended.stdout
    assert f"python train.py --resume {run}" in ended.stdout.splitlines()[-1]
    assert not parts_in(run)
    assert not (run / "metrics.json").exists()
    go_on_with(run)
    assert_same_run(run, unbroken)


def test_ctrl_c_before_the_training_ends_in_a_sentence_and_the_run_can_go_on(
    tale, folder, monkeypatch, capsys
):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("terrarium.runs.write_tokens", interrupted)
        assert exit_code(*TINY, "--out", "run") == 2
    assert capsys.readouterr().err.count("\n") == 1
    run_here("--resume", "run")
    assert_same_run(folder / "run", tale)


def test_a_finished_run_that_is_resumed_changes_nothing(unbroken, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    run_here("--resume", run)
    assert_same_run(run, unbroken)


def test_an_interrupted_run_of_a_text_file_goes_on_where_it_was(tale, folder, monkeypatch):
    update = train.update

    def interrupted_at_three(*arguments):
        if arguments[4] == 3:
            raise KeyboardInterrupt
        return update(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Screen, "opening", lambda *_: None)
        patch.setattr(train, "update", interrupted_at_three)
        assert exit_code(*TINY, "--out", "run") == 2
    assert torch.load("run/checkpoint.pt", weights_only=True)["step"] == 2
    steps = []
    monkeypatch.setattr(Screen, "opening", lambda *_: None)
    monkeypatch.setattr(train, "update", lambda *a: steps.append(a[4]) or update(*a))
    run_here("--resume", "run")
    assert steps == [2, 3]
    assert_same_run(folder / "run", tale)


# ------------------------------------------------------------------------------ a full disk


def open_until(n, error):
    """open() whose n-th file to write takes half of a block and then raises an error."""
    files = count()

    class Breaking(io.FileIO):
        broke = False

        def write(self, content):
            self.broke = True
            os.write(self.fileno(), bytes(content)[: len(content) // 2])
            raise error

        def close(self):  # NumPy may have written past us
            super().close()
            if not self.broke:
                self.broke = True
                raise error

    def open_file(path, mode="r", **options):
        if mode in ("wb", "ab") and next(files) == n:
            raw = Breaking(path, mode)
            return raw if options.get("buffering") == 0 else io.BufferedWriter(raw)
        return open(path, mode, **options)

    return open_file


def assert_says_how_to_go_on(said, reason, run):
    """One sentence; it goes on with a run only where there is one, and otherwise leaves nothing."""
    assert said.count("\n") == 1 and reason in said
    has_checkpoint = (run / "checkpoint.pt").exists()
    assert ("--resume" in said) == has_checkpoint
    assert run.exists() == has_checkpoint


def test_a_disk_that_is_full_at_any_file_ends_the_run_in_one_sentence_and_it_goes_on_afterwards(
    tale, folder, monkeypatch, capfd
):
    for n in range(FILES + 1):
        run, full = folder / f"full-{n}", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with monkeypatch.context() as patch:
            patch.setattr(files, "open", open_until(n, full), raising=False)
            capfd.readouterr()
            if n == FILES:
                run_here(*TINY, "--out", run)
                break
            assert exit_code(*TINY, "--out", run) == 2, n
        assert_says_how_to_go_on(capfd.readouterr().err, "disk is full", run)
        assert not parts_in(run), n
        go_on_with(run)
        assert_same_run(run, tale)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize("limit, kept", [(4_000, None), (400_000, 0)])
def test_a_file_that_may_not_grow_ends_the_run_in_one_sentence(run_train, folder, limit, kept):
    import resource

    (folder / "long.txt").write_text(
        "\n".join(data.find("stories").generate(seed) for seed in range(20)), "utf-8"
    )
    flags = [
        "--preset",
        "smoke",
        "--precision",
        "float32",
        "--steps",
        2,
        "--dataset",
        "long.txt",
        "--out",
        "run",
    ]
    ended = run_train(
        *flags,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)
        ),
    )
    assert ended.returncode == 2
    assert_says_how_to_go_on(ended.stderr, "larger than this disk allows", folder / "run")
    assert not parts_in(folder / "run")
    checkpoint = folder / "run" / "checkpoint.pt"  # the first is small, without Adam's averages
    assert checkpoint.exists() == (kept is not None)
    assert kept is None or torch.load(checkpoint, weights_only=True)["step"] == kept
    again = flags if kept is None else ["--resume", "run"]
    assert run_train(*again).returncode == 0
    assert (folder / "run" / "metrics.json").exists()


def test_a_folder_that_cannot_be_made_ends_the_run_in_one_sentence(tale, folder, capfd):
    (folder / "blocked").write_text("a file, where a folder should be", "utf-8")
    capfd.readouterr()
    assert exit_code(*TINY, "--out", "blocked/run") == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "blocked" in said and "could not be written" in said


def test_a_folder_that_may_not_be_written_to_ends_the_run_in_one_sentence(
    tale, folder, monkeypatch, capfd
):
    def forbidden(path, mode="r", **options):
        if mode == "wb":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return open(path, mode, **options)

    monkeypatch.setattr(files, "open", forbidden, raising=False)
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    capfd.readouterr()
    assert exit_code(*TINY, "--out", "locked") == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and said.startswith(f"{Path('locked', 'settings.json')} ")
    assert not Path("locked").exists()


# ------------------------------------------------------------------------------ the files


def test_a_checkpoint_is_plain_tensors_and_numbers_and_no_half_file_remains(unbroken):
    kept = torch.load(unbroken / "checkpoint.pt", weights_only=True)
    assert sorted(kept) == ["belongs_to", "log", "model", "optimizers", "step"]
    assert kept["step"] == STEPS
    assert parts_in(unbroken) == []
