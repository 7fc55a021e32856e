"""The 11.6 M preset on a file of 2.2 GB: how much memory do all its processes hold at most?

    python tests/bench/memory.py           bar: 2 GB; needs 4 GB of disk for some minutes

The file is the TinyStories sample, repeated. Two phases are told apart: reading (counting pieces,
learning the tokens, encoding, until corpus.json is there) and training. What is counted is memory
of the processes' own (USS), and beside it RSS, which also counts pages of mapped files that the
system may drop.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common

import psutil

SIZE = 2_200_000_000  # bytes


def repeat(path, target):
    sample = path.read_bytes()
    with open(target, "wb") as file:
        while file.tell() < SIZE:
            file.write(sample)


def memory(process):
    """(own, resident) bytes of a process and all its children."""
    own = resident = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            info = one.memory_full_info()
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            continue
        own, resident = own + info.uss, resident + info.rss
    return own, resident


def main():
    with tempfile.TemporaryDirectory() as folder:
        text, out = Path(folder, "large.txt"), Path(folder, "run")
        repeat(Path(common.repository, "data", "downloads", "tinystories.txt"), text)
        print(f"a file of {text.stat().st_size / 1e9:.2f} GB", flush=True)
        peaks, before = {"reading": [0, 0], "training": [0, 0]}, time.perf_counter()
        seconds = dict.fromkeys(peaks, 0.0)
        run = psutil.Popen(
            [
                sys.executable,
                str(Path(common.repository, "train.py")),
                "--preset",
                "tinystories",
                "--dataset",
                str(text),
                "--steps",
                "3",
                "--out",
                str(out),
            ],
            stdout=subprocess.DEVNULL,
        )
        while run.poll() is None:
            phase = "training" if (out / "corpus.json").exists() else "reading"
            peaks[phase] = [max(pair) for pair in zip(peaks[phase], memory(run))]
            time.sleep(0.2)
            seconds[phase] += time.perf_counter() - before
            before = time.perf_counter()
        for phase, (own, resident) in peaks.items():
            print(
                f"{phase:8} {seconds[phase]:5.0f} s, at most {own / 1e9:.2f} GB of memory (USS), "
                f"{resident / 1e9:.2f} GB resident"
            )
        print(f"exit code {run.returncode}")


if __name__ == "__main__":
    main()
