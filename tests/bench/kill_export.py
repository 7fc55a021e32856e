"""Kill exports, and look at what is left. Says how many sites held a whole export afterwards.

    python tests/bench/kill_export.py 100

A third of them is killed (SIGKILL) at a random moment, the others right before one of the numbered
changes that they make to the disk; so the moment between two renames is met, too. After each kill
the next start has to find the old export or the new one, complete, and no list of runs may name
what is not there. One in ten is the whole command; the others publish what it computed, which is
the part that can leave something half done. Needs os.fork, so not Windows.
"""

import argparse
import builtins
import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import common

os.environ.setdefault("OMP_NUM_THREADS", "1")

import export_for_web  # noqa: E402
import train  # noqa: E402
from terrarium.devices import seconds_for  # noqa: E402
from terrarium.settings import read_settings  # noqa: E402
from terrarium.web import publish  # noqa: E402

ROOT = Path(common.repository)

FLAGS = (
    "--preset smoke --device cpu --precision float32 --vocab-size 100 --n-ctx 32 "
    "--sample-tokens 4 --steps 6 --sample-every 3 --snapshots 3 --out run"
).split()
CHANGES = ("replace", "rename", "mkdir", "rmdir", "unlink", "fsync")


def export():
    sys.argv = ["export_for_web.py", "run", "--out", "site"]
    with contextlib.redirect_stdout(io.StringIO()):
        export_for_web.main()


def publish_again():
    """Publish the export in template/ once more."""
    publish.publish(
        Path("site"),
        "run",
        lambda folder: shutil.copytree("template/exported/run", folder, dirs_exist_ok=True),
        ROOT / "site",
    )


def killed(when, work):
    """Work in a process of its own and kill it. when: seconds, or before which change."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            sys.stderr = open(os.devnull, "w")
            if isinstance(when, int):
                with before_each_change(die_at(when)):
                    work()
            else:
                work()
        os._exit(0)
    if isinstance(when, float):
        time.sleep(when)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def die_at(n):
    """What lets this process die when it is called for the n-th time, counted from 0."""
    count = Counter()

    def die():
        if count["changes"] == n:
            os.kill(os.getpid(), signal.SIGKILL)
        count["changes"] += 1

    return die


@contextlib.contextmanager
def before_each_change(act):
    """Call act() before each change of the disk."""

    def watched(change):
        def changed(*arguments, **names):
            act()
            return change(*arguments, **names)

        return changed

    def opened(file, mode="r", *rest, **names):
        if "w" in mode:
            act()
        return plain(file, mode, *rest, **names)

    kept, plain = {name: getattr(os, name) for name in CHANGES}, builtins.open
    for name, change in kept.items():
        setattr(os, name, watched(change))
    builtins.open = opened
    try:
        yield
    finally:
        builtins.open = plain
        for name, change in kept.items():
            setattr(os, name, change)


def measured(work):
    """(changes of the disk, seconds) that some work takes."""
    count = Counter()
    with before_each_change(lambda: count.update(["changes"])):
        seconds = seconds_for(work)
    return count["changes"], seconds


def is_complete(place):
    """Has an export every file that its manifest names, with the content that it says?"""
    about = publish.read_manifest(place)
    hashes = {one["file"]: one["sha256"] for one in about.get("snapshots", [])}
    hashes |= {name: one["sha256"] for name, one in about.get("files", {}).items()}
    found = {
        path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    return bool(about) and found == hashes


def outcome(had_export):
    """What the next start finds, in a word."""
    site = Path("site")
    publish.check_site(site, ROOT / "site")
    publish.recover(site)
    place, index = site / "exported" / "run", site / "exported" / "index.json"
    if list(site.glob("exported/.*")):
        return "FAILED: something is left over"
    if not place.exists():
        if had_export or index.exists():
            return "FAILED: the run is gone"
        return "nothing yet"
    if not is_complete(place):
        return "FAILED: half an export"
    runs = json.loads(index.read_bytes())["runs"] if index.exists() else []
    if had_export and [run["name"] for run in runs] != ["run"]:
        return "FAILED: the list is wrong"
    return "complete"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kills", type=int, nargs="?", default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, counts = random.Random(args.seed), Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("tale.txt").write_text("Tom saw a dog. The dog ran to Tom and Anna.\n" * 60)
        with contextlib.redirect_stdout(io.StringIO()):
            train.train(
                read_settings(train.Settings, train.PRESETS, [*FLAGS, "--dataset", "tale.txt"])
            )
        export()
        os.rename("site", "template")
        sizes = {}  # {(what is done, whether there is an export already): (changes, seconds)}
        for work in (export, publish_again):
            for had_export in (False, True):
                sizes[work, had_export] = measured(work)
            shutil.rmtree("site")
        for kill in range(args.kills):
            work = publish_again if kill % 10 else export
            had_export = rng.random() < 0.75
            changes, seconds = sizes[work, had_export]
            while True:  # until it was killed before it was done
                shutil.rmtree("site", ignore_errors=True)
                if had_export:
                    shutil.copytree("template", "site")
                # The last changes are those that move things into their places.
                near_the_end = rng.randrange(max(0, changes - 40), changes)
                when = rng.choice([rng.random() * seconds, rng.randrange(changes), near_the_end])
                if killed(when, work):
                    break
            counts[outcome(had_export)] += 1
            print(f"\r{kill + 1} of {args.kills}", end="", file=sys.stderr, flush=True)
        os.chdir("/")
    for words, count in counts.most_common():
        print(f"{count:5} of {args.kills}  {words}")
    return 1 if any(words.startswith("FAILED") for words in counts) else 0


if __name__ == "__main__":
    raise SystemExit(main())
