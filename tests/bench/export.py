"""What an export takes: seconds and megabytes, of all and of each file.

python tests/bench/export.py [runs/stories]          bar: 30 s and 15 MB for the default preset
"""

import sys
import tempfile
import time
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)
import export_for_web
from terrarium.web import exporters
from terrarium.web.exported_run import ExportedRun

PARTS = "write_weights write_steps check log heads film neurons embeddings update code".split()


def timed(name, seconds):
    """The function of that name, which from now on notes how long it takes."""
    make = getattr(exporters, name)

    def make_and_time(*given):
        start = time.perf_counter()
        made = make(*given)
        seconds[name.removeprefix("write_")] = time.perf_counter() - start
        return made

    return make_and_time


def main(folder):
    seconds, start = {}, time.perf_counter()
    for name in PARTS:
        setattr(exporters, name, timed(name, seconds))
    with tempfile.TemporaryDirectory() as site:
        place = export_for_web.export(ExportedRun(folder, "int8"), Path(site))
        taken, total = time.perf_counter() - start, 0
        for path in sorted(place.iterdir()):
            files = [file for file in (path, *path.rglob("*")) if file.is_file()]
            size = sum(file.stat().st_size for file in files) / 1e6
            total += size
            print(
                f"{path.name:16} {len(files):3} files {size:6.2f} MB "
                f"{seconds.get(path.stem, 0):6.2f} s"
            )
    print(f"{'all of ' + str(folder):26} {total:6.2f} MB {taken:6.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/stories"))
