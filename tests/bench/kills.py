"""Kill trainings at random moments, and see whether they end as if nothing had happened.

    python tests/bench/kills.py [count] [seed]       (not on Windows)

A run is begun in a process of its own, killed (SIGKILL), resumed, killed again, ten times; then it
is left alone, and has to have the weights and samples of an undisturbed run, bit by bit. After each
kill, whatever is there can be read by show_model.py's loader or is refused in a sentence.
"""

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import common
import data
import train
from terrarium.errors import BadInput
from terrarium.main import run_command
from terrarium.runs import RunFolder
from terrarium.settings import read_settings
from terrarium.trained import Run

import torch

FLAGS = (
    "--preset smoke --device cpu --precision float32 --dataset tale.txt --n-layer 1 --n-embd "
    "16 --n-head 2 --n-ff 16 --n-ctx 32 --steps 120 --sample-every 4 --snapshots 8 --dropout "
    "0.1 --vocab-size 80"
).split()
KILLS = 10  # of each run


def training(run):
    """Begin a run, or go on with it, in a new process. Returns its id."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        with open("output.txt", "a", encoding="utf-8") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        begun = (run / "settings.json").exists()
        words = ["--resume", str(run)] if begun else [*FLAGS, "--out", str(run)]
        run_command(lambda: train.train(read_settings(train.Settings, train.PRESETS, words)))
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        os._exit(code)


def ended(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def wait_for_the_moment(run, process, rng, whole):
    """Any moment of the start, or soon after a checkpoint, or while a file is being written."""
    kind = rng.choice(("start", "checkpoint", "checkpoint", "file", "file"))
    if kind == "start":
        return time.sleep(rng.uniform(0, whole / 3))
    for _ in range(rng.randint(1, 3)):
        before = stamp(run)
        while stamp(run) == before and not has_ended(process):
            time.sleep(0.001)
    if kind == "checkpoint":
        return time.sleep(rng.uniform(0, 0.05))
    while not list(run.rglob("*.part")) and not has_ended(process):
        pass


def stamp(run):
    path = run / "checkpoint.pt"
    return path.stat().st_mtime_ns if path.exists() else 0


def has_ended(process):
    """Whether a process is over, without taking note of it."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def state_of(run):
    """How far a run has got, in a word."""
    names = {"checkpoint.pt": "in training", "corpus.json": "tokens", "settings.json": "begun"}
    return next((word for name, word in names.items() if (run / name).exists()), "nothing")


def same_run(run, unbroken):
    tensors = [
        torch.load(one / "checkpoint.pt", weights_only=True)["model"] for one in (run, unbroken)
    ]
    same = all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[1])
    names = ("traces.jsonl", "tokenizer.json", "corpus.json", "tokens/train.bin")
    steps = [RunFolder(one).steps("snapshots", ".pt") for one in (run, unbroken)]
    return (
        same
        and steps[0] == steps[1]
        and all((run / name).read_bytes() == (unbroken / name).read_bytes() for name in names)
    )


def drill(count, seed):
    """Returns a Counter of the states in which runs were killed, and what went wrong."""
    stories = [data.find("stories").generate(seed) for seed in range(100)]
    Path("tale.txt").write_text("\n".join(stories), "utf-8")
    unbroken, rng, found, faults = Path("unbroken"), random.Random(seed), Counter(), []
    start = time.perf_counter()
    assert ended(training(unbroken)) == 0, Path("output.txt").read_text("utf-8")
    whole = time.perf_counter() - start
    for number in range(-(-count // KILLS)):
        run = Path(f"run-{number}")
        for _ in range(min(KILLS, count - sum(found.values()))):
            process = training(run)
            wait_for_the_moment(run, process, rng, whole)
            os.kill(process, signal.SIGKILL)
            if ended(process) != -signal.SIGKILL:
                found["had ended"] += 1
                continue
            parts = " and a file half written" if list(run.rglob("*.part")) else ""
            found[state_of(run) + parts] += 1
            with contextlib.suppress(BadInput):
                Run(run)
        if ended(training(run)) != 0 or not same_run(run, unbroken):
            faults.append(f"{run}: {Path('output.txt').read_text('utf-8')[-500:]}")
        print(f"{sum(found.values())} kills, {len(faults)} runs that ended otherwise", flush=True)
    return found, faults


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.argv = sys.argv[:1]
        found, faults = drill(count, seed)
        traceback = "Traceback" in Path("output.txt").read_text("utf-8")
        os.chdir(common.repository)
    print(f"{sum(found.values())} kills:", ", ".join(f"{n} {word}" for word, n in found.items()))
    print(
        f"{len(faults)} of {-(-count // KILLS)} runs did not end as the undisturbed one"
        + ("; a traceback was printed" if traceback else "")
    )
    print(*faults, sep="\n")
    raise SystemExit(1 if faults or traceback else 0)


if __name__ == "__main__":
    main()
