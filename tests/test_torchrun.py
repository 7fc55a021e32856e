"""Several processes train the same model as one does, and only the first of them writes.

They are started by torchrun on the CPU, through a small file that notes which process writes.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path

import train
from helpers import PATIENCE, wait_until

import pytest
import torch

FLAGS = ["--preset", "smoke", "--precision", "float32", "--out", "run"]
WATCHER = f"""
import builtins, os, signal, sys
sys.path.insert(0, {str(Path(train.__file__).parent)!r})
import train
from terrarium import files, main, runs, settings

def noted(path, mode="r", **options):
    if mode != "rb":
        with builtins.open("writers.txt", "a") as file:
            file.write(os.environ["RANK"] + "\\n")
    return builtins.open(path, mode, **options)

files.open = noted
write_sample = runs.write_sample

def interrupted(folder, step, *rest):
    if step == int(os.environ.get("INTERRUPT_AT", -1)):
        signal.raise_signal(signal.SIGINT)
    write_sample(folder, step, *rest)

runs.write_sample = interrupted
main.run_command(lambda: train.train(settings.read_settings(train.Settings, train.PRESETS)))
"""

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this PyTorch was built without torch.distributed"
)


@pytest.fixture
def torchrun(folder):
    """Start two processes in `folder`; what they say is in output.txt."""
    (folder / "watcher.py").write_text(WATCHER, "utf-8")

    def start(*flags, world=2):
        with open(folder / "output.txt", "w", encoding="utf-8") as output:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "torch.distributed.run",
                    "--standalone",
                    "--nproc-per-node",
                    str(world),
                    "watcher.py",
                    *map(str, flags),
                ],
                stdout=output,
                stderr=output,
                cwd=folder,
            )

    started = []
    yield lambda *flags, **options: started.append(start(*flags, **options)) or started[-1]
    for process in started:
        process.kill()
        process.wait()


def losses_of(run, name="loss"):
    lines = map(json.loads, Path(run, "log.jsonl").read_text("utf-8").splitlines())
    return {line["step"]: line[name] for line in lines if name in line}


def output():
    return Path("output.txt").read_text("utf-8", errors="replace")


def test_two_processes_have_the_losses_of_one_and_only_the_first_writes(torchrun, train_here):
    train_here(*FLAGS[:-1], "alone")
    assert torchrun(*FLAGS).wait(timeout=PATIENCE) == 0, output()
    for name in ("loss", "validation_loss", "gradient_norm"):
        alone, together = losses_of("alone", name), losses_of("run", name)
        assert together.keys() == alone.keys() and len(together) >= 4
        assert together == pytest.approx(alone, abs=1e-3)
    assert len(losses_of("run")) == 20
    assert set(Path("writers.txt").read_text().split()) == {"0"}
    assert output().count("Growing a model in run") == output().count("Everything is in run") == 1
    a, b = (
        torch.load(f"{run}/checkpoint.pt", weights_only=True)["model"] for run in ("alone", "run")
    )
    assert list(a) == list(b)  # no names of a wrapper
    assert all(torch.allclose(a[name], b[name], atol=1e-2) for name in a)


def test_ctrl_c_that_reaches_only_one_process_stops_both_and_the_run_can_go_on_alone(
    torchrun, train_here, monkeypatch
):
    train_here(*FLAGS[:-1], "alone")
    monkeypatch.setenv("INTERRUPT_AT", "10")
    assert torchrun(*FLAGS).wait(timeout=PATIENCE) == 0, output()
    step = torch.load("run/checkpoint.pt", weights_only=True)["step"]
    assert step in (10, 11) and f"Stopped after {step} of 20 steps" in output()
    assert "Traceback" not in output()
    train_here("--resume", "run")
    assert losses_of("run") == pytest.approx(losses_of("alone"), abs=1e-3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_stops_torchrun_and_saves(torchrun, folder):
    process = torchrun(*FLAGS, "--steps", 20_000)
    wait_until((folder / "run" / "attention" / "000020.npz").exists, process)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=PATIENCE)
    step = torch.load("run/checkpoint.pt", weights_only=True)["step"]
    assert step >= 20 and f"Stopped after {step:,} of 20,000 steps" in output()
    assert not list((folder / "run").rglob("*.part"))
