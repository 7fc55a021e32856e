"""Random mixes of flags for train.py: each ends in a sentence before anything is made, or in a run.

    python tests/bench/flag_mixes.py 2000          how many (500)
    python tests/bench/flag_mixes.py 500 --all     train with every mix that is small enough

Prints how many mixes were refused, taken and trained. Raises an error for a traceback, half a
folder, or a number that is none.
"""

import argparse
import contextlib
import io
import itertools
import os
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)

os.environ.setdefault("OMP_NUM_THREADS", "1")

import train  # noqa: E402
from terrarium.main import run_command  # noqa: E402
from terrarium.settings import flag_of, read_settings  # noqa: E402

TEXT = "".join(f"{i} little pigs went out\nto see the sea\n" for i in range(300))
NUMBERS = [
    "0",
    "1",
    "2",
    "3",
    "7",
    "8",
    "16",
    "-1",
    "2147483647",
    "2147483648",
    "1e3",
    "9" * 40,
    "0.5",
    "x",
    "",
    "1_000",
    " 4",
    "٣",
]
FLOATS = [
    "0",
    "1",
    "0.5",
    "1e-6",
    "1e-40",
    "1e-300",
    "5e-324",
    "1e30",
    "1e38",
    "1e308",
    "-1",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "0x1p-3",
    ".1",
    "1,5",
    "x",
    "",
]
WORDS = [
    "",
    "pigs.txt",
    "stories",
    "x",
    "../x",
    "a b (1)",
    "\udcff",
    "a\0b",
    "ö",
    "-x",
    "~/x",
    "runs/a",
    "runs",
    ".",
    "/",
    "\x1b[2J",
    "x" * 300,
    "nothing.txt",
    "cpu",
    "auto",
    "float32",
    "bfloat16",
    "cuda",
    "smoke",
    "Con",
    "a\nb",
]
TINY = dict(
    preset="smoke",
    dataset="pigs.txt",
    vocab_size="64",
    n_ctx="16",
    n_embd="8",
    n_ff="8",
    n_layer="1",
    n_head="1",
    batch_size="2",
    steps="2",
    sample_tokens="2",
    device="cpu",
    precision="float32",
)


def mix(rng):
    """Flags of a tiny training, some of which are replaced by numbers near their limits."""
    flags = dict(TINY)
    kinds = {name: field.type for name, field in train.Settings.__dataclass_fields__.items()}
    for name in rng.sample(sorted(kinds), rng.choice([1, 1, 2, 3])):
        values = {int: NUMBERS, float: FLOATS}.get(kinds[name], WORDS)
        flags[name] = rng.choice(values)
    return [f"{flag_of(name)}={value}" for name, value in flags.items()]


def is_small(s):
    """Whether a training is over in a second."""
    tokens = s.steps * s.batch_size * s.n_ctx
    return (
        s.dataset == "pigs.txt"
        and tokens * s.n_layer * s.n_embd * (s.n_embd + s.n_ff) < 1e8
        and s.steps < 100
        and s.out in ("", "runs/pigs", "x", "ö", "a b (1)", "runs/a", "-x")
    )


def attempt(flags, may_train):
    """ "refused", "taken" or "trained"; what goes wrong otherwise is raised. may_train(): asked
    for flags that are taken and small."""
    done = []

    def work():
        s = read_settings(train.Settings, train.PRESETS, flags)
        done.append("taken")
        if is_small(s) and may_train():
            train.train(s)
            assert Path(s.out, "metrics.json").exists(), flags
            done.append("trained")

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            run_command(work)
    except SystemExit as end:
        assert end.code == 2 and said.getvalue().strip(), flags
        ended_early = "The loss of step" in said.getvalue()
        assert ended_early or not list(Path().rglob("settings.json")), flags
        return "refused"
    except Exception as error:
        raise AssertionError(flags) from error
    return done[-1]


def drill(n, seed=0, train_every=1):
    """Try n mixes in the working directory, where there is nothing but pigs.txt. A Counter of what
    became of them; `train_every`: only so many of those that are taken are trained."""
    rng, counts, small = random.Random(seed), Counter(), itertools.count(1)
    for _ in range(n):
        counts[attempt(mix(rng), lambda: next(small) % train_every == 0)] += 1
        for path in Path().iterdir():
            if path.name != "pigs.txt":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return counts


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("n", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="train with all that are taken")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("pigs.txt").write_text(TEXT, "utf-8")
        for what, count in drill(args.n, args.seed, 1 if args.all else 10).items():
            print(f"{count:6} {what}")
        os.chdir(Path(__file__).parent)  # or Windows would not remove the folder


if __name__ == "__main__":
    main()
