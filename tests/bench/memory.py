"""The 11.5 M preset on a file of 2.2 GB: how much memory do all its processes hold at most?

    python tests/bench/memory.py           bar: 2 GB; needs 4 GB of disk for a few minutes

The file is the TinyStories sample, repeated. What is counted is memory of the processes' own
(USS), and beside it RSS, which also counts pages of mapped files that the system may drop.
"""
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from common import repository

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
        text = Path(folder, "large.txt")
        repeat(Path(repository, "data", "downloads", "tinystories.txt"), text)
        began, peaks = time.perf_counter(), [0, 0]
        run = psutil.Popen([sys.executable, str(Path(repository, "train.py")), "--preset",
                            "tinystories", "--dataset", str(text), "--steps", "3", "--out",
                            str(Path(folder, "run"))], stdout=subprocess.DEVNULL)
        while run.poll() is None:
            peaks = [max(pair) for pair in zip(peaks, memory(run))]
            time.sleep(0.2)
        print(f"{text.stat().st_size / 1e9:.2f} GB read and tokenised, 3 steps trained in "
              f"{time.perf_counter() - began:.0f} s, exit code {run.returncode}; at most "
              f"{peaks[0] / 1e9:.2f} GB of memory (USS), {peaks[1] / 1e9:.2f} GB resident")


if __name__ == "__main__":
    main()
