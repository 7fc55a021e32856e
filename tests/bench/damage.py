"""Damage runs at random, and see what --resume, show_model.py and the export make of each.

    python tests/bench/damage.py [count] [seed]

Each damage is tried on a stopped and on a finished run, with three commands in this process. An
outcome is a *sentence* (exit code 2 and one line), the *right* result (what the undamaged run
gives), *fewer* (right, of fewer steps, or with a word about what is missing), or a fault: *wrong*,
*traceback*, *hang*. Faults are listed, and end the script with exit code 1.
"""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import common
import data
import export_for_web
import show_model
import train
from helpers import rehash
from terrarium.main import run_command
from terrarium.settings import read_settings

import torch
from tqdm import tqdm

FLAGS = (
    "--preset smoke --device cpu --precision float32 --vocab-size 60 --n-layer 1 --n-embd 8 "
    "--n-head 2 --n-ff 8 --n-ctx 16 --sample-tokens 4 --steps 8 --sample-every 2 "
    "--snapshots 3 --dropout 0.1 --dataset tale.txt"
).split()
STOPPED_AT = 5
FAULTS = ("wrong", "traceback", "hang")
SECONDS = 300  # after which a command counts as one that never ends

# ------------------------------------------------------------------------------ the runs


def make_runs():
    """Two stopped and two finished runs of short texts, which are then removed."""
    update = train.update
    for name, seed in (("a", 1), ("b", 2)):
        stories = [data.find("stories").generate(100 * seed + i) for i in range(30)]
        Path("tale.txt").write_text("\n".join(stories), "utf-8")
        resume_or_train([*FLAGS, "--seed", str(seed), "--out", f"whole_{name}"])

        def interrupted(*arguments):
            if arguments[4] == STOPPED_AT:
                raise KeyboardInterrupt
            return update(*arguments)

        train.update = interrupted
        with contextlib.suppress(SystemExit):
            resume_or_train([*FLAGS, "--seed", str(seed), "--out", f"half_{name}"])
        train.update = update
    Path("tale.txt").unlink()


def resume_or_train(words):
    run_command(lambda: train.train(read_settings(train.Settings, train.PRESETS, words)))


# ------------------------------------------------------------------------------ damages


def files_of(run):
    return sorted(path for path in run.rglob("*") if path.is_file())


def truncated(path, other, rng):
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def emptied(path, other, rng):
    path.write_bytes(b"")


def missing(path, other, rng):
    path.unlink()


def swapped(path, other, rng):
    shutil.copyfile(other, path)


def bit_flipped(path, other, rng):
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def overwritten(path, other, rng):
    """As a disk does that fails: a stretch of zeros."""
    content = bytearray(path.read_bytes())
    start = rng.randrange(len(content))
    content[start : start + 512] = bytes(len(content[start : start + 512]))
    path.write_bytes(content)


BY_ACCIDENT = (truncated, emptied, missing, swapped, bit_flipped, overwritten)
# What no text, size, step or probability may be.
ABSURD = (
    float("nan"),
    float("inf"),
    -1,
    10**400,
    1e999,
    None,
    [],
    {},
    "\ud800",
    "nonsense",
    True,
    -0.5,
    10**9,
    [[[]]],
)


def hostile(path, other, rng):
    """Another value in a JSON file, with a hash that fits: as somebody sends it."""
    lines = path.read_bytes().split(b"\n") if path.suffix == ".jsonl" else [path.read_bytes()]
    lines = [line for line in lines if line]
    place = rng.randrange(len(lines))
    content = json.loads(lines[place])
    put_absurd(content, rng)
    lines[place] = json.dumps(content).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")


def put_absurd(content, rng):
    """Put something absurd somewhere into a dict or list."""
    places = list(content) if isinstance(content, dict) else list(range(len(content)))
    place = rng.choice(places)
    inner = content[place]
    if isinstance(inner, (dict, list)) and inner and rng.random() < 0.8:
        return put_absurd(inner, rng)
    wrong = [
        one
        for one in ABSURD
        if type(one) is not type(inner)
        or isinstance(inner, float)
        or one in (-1, 10**400, "\ud800")
    ]
    if isinstance(inner, (int, float)) and not isinstance(inner, bool):
        wrong = [one for one in wrong if one != 10**9]  # may be a size, and then it is honest
    content[place] = rng.choice(wrong)


def beyond_the_vocabulary(path, other, rng):
    content = bytearray(path.read_bytes())
    place = 2 * rng.randrange(len(content) // 2)
    content[place : place + 2] = b"\xff\xff"
    path.write_bytes(content)


def tensors_changed(path, other, rng):
    """A weight that is no number, or a tensor of another size, with a hash that fits."""
    kept = torch.load(path, weights_only=True)
    weights = kept.get("model", kept)
    name = rng.choice(sorted(weights))
    if rng.random() < 0.5:
        weights[name].view(-1)[0] = float("nan")
    else:
        weights[name] = torch.zeros(3, 5)
    torch.save(kept, path)


def damage(run, other, rng):
    """One damage at random. Returns its description."""
    path = rng.choice(files_of(run))
    name = path.relative_to(run).as_posix()
    while not (other / name).exists():
        path = rng.choice(files_of(run))
        name = path.relative_to(run).as_posix()
    kinds = list(BY_ACCIDENT)
    if path.suffix in (".json", ".jsonl") and path.name != "hashes.jsonl":
        kinds += [hostile] * 6
    if path.suffix == ".bin":
        kinds += [beyond_the_vocabulary] * 2
    if path.suffix == ".pt":
        kinds += [tensors_changed] * 2
    kind = rng.choice(kinds)
    before = path.read_bytes()
    kind(path, other / name, rng)
    if kind not in BY_ACCIDENT:
        rehash(run)
    changed = not path.exists() or path.read_bytes() != before
    return f"{name} {kind.__name__}" + ("" if changed else " (no change)")


# ------------------------------------------------------------------------------ commands


class Hang(BaseException):
    """A command did not end."""


def ended(work):
    """(exit code, what was printed, what the error stream got); another exception as its name."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogatepass") for _ in range(2))

    def never(*_):
        raise Hang

    code = 0
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, never)
        signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            work()
    except SystemExit as end:
        code = end.code
    except Hang:
        code = "hang"
    except BaseException as error:
        code = f"{type(error).__name__}: {error}"[:200]
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8", "replace"))
    return code, *texts


def resume():
    return ended(lambda: resume_or_train(["--resume", "run"]))


def with_words(main, *words):
    sys.argv = ["command", *words]
    return ended(lambda: run_command(main))


def show():
    return with_words(show_model.main, "--run", "run")


def export():
    shutil.rmtree("site", ignore_errors=True)
    return with_words(export_for_web.main, "run", "--out", "site")


def model_of(run):
    kept = torch.load(run / "checkpoint.pt", weights_only=True)
    metrics = json.loads((run / "metrics.json").read_bytes())
    return (
        kept["step"],
        {name: one.tolist() for name, one in kept["model"].items()},
        {name: value for name, value in metrics.items() if "seconds" not in name},
    )


def exported():
    """{name: content} of the export that was just made; the manifest by its parts."""
    place = Path("site/exported/run")
    found = {path.relative_to(place).as_posix(): path.read_bytes() for path in files_of(place)}
    manifest = json.loads(found.pop("manifest.json"))
    return found, manifest


# What an export says that it lacks, and the files that then differ.
AFFECTED = {
    "baselines": "log samples",
    "held-out text": "check",
    "milestones": "samples",
    "heads": "heads samples",
    "neurons": "neurons",
    "embeddings": "embeddings",
    "update": "update",
    "guesses": "guesses",
    "weight_paths": "weight_paths",
    "train.py": "code",
    "attention": "samples heads steps",
    "rule_accuracy": "samples",
    "code": "code",
}


def same_export(before, after):
    """ "right", "fewer" or "wrong"."""
    (files, about), (now, about_now) = before, after
    steps = [one["step"] for one in about_now["snapshots"]]
    fewer = (
        steps != [one["step"] for one in about["snapshots"]]
        or about_now["sampled_steps"] != about["sampled_steps"]
    )
    announced = {name for what in about_now["missing"] for name in AFFECTED.get(what, "").split()}
    if fewer:  # whatever is a list by steps is shorter
        announced |= {"samples", "heads", "embeddings", "update", "check", "neurons", "log"}
        announced |= {"guesses", "weight_paths"}
    for name in files.keys() & now.keys():
        if files[name] != now[name] and name.split(".")[0].split("/")[0] not in announced:
            return "wrong"
    for part in ("settings", "tokenizer", "prompts", "corpus"):
        if about[part] != about_now[part]:
            return "wrong"
    gone = {name.split(".")[0].split("/")[0] for name in files.keys() - now.keys()}
    if not fewer and gone - announced:
        return "wrong"
    return "fewer" if fewer or about_now["missing"] else "right"


def outcome_of(command, state, known):
    """Run a command on the folder "run": (what became of it, what it printed as errors)."""
    code, out, err = command()
    if code == "hang":
        return "hang", ""
    if code == 0:
        return compared(command, state, known, out), err
    bars = ("\r", "it/s", "file/s")
    lines = [line for line in err.splitlines() if not any(bar in line for bar in bars)]
    if code == 2 and len(lines) == 1 and ("." in lines[0] or "python" in lines[0]):
        return "sentence", err
    return "traceback", f"{code} {err}"


def compared(command, state, known, out):
    """What a command did that ended well, against what the undamaged run gives."""
    if command is resume:
        return "right" if model_of(Path("run")) == known["resume"] else "wrong"
    if command is export:
        return same_export(known[state, "export"], exported())
    if out == known[state, "show"]:
        return "right"
    last = 8 if state == "whole" else 4
    return "wrong" if f"step {last} of" in out else "fewer"


def undamaged():
    """{what: result} of each command on the runs as they are."""
    known = {}
    for state in ("half", "whole"):
        shutil.copytree(f"{state}_a", "run")
        known[state, "show"] = show()[1]
        code, _, err = export()
        assert code == 0, err
        known[state, "export"] = exported()
        code, _, err = resume()
        assert code == 0, err
        known["resume"] = model_of(Path("run"))
        shutil.rmtree("run")
    return known


def drill(count, seed, verbose=False):
    """Damages in the working directory: a Counter of (command, outcome), and the faults."""
    code, _, err = ended(make_runs)
    assert code == 0, err
    known, found, faults, rng = undamaged(), Counter(), [], random.Random(seed)
    for number in tqdm(range(count), leave=False, disable=None):
        state = rng.choice(("half", "whole"))
        shutil.copytree(f"{state}_a", "damaged")
        what = damage(Path("damaged"), Path(f"{state}_b"), rng)
        for command in (show, export, resume):
            shutil.copytree("damaged", "run")
            outcome, err = outcome_of(command, state, known)
            shutil.rmtree("run")
            found[command.__name__, outcome] += 1
            said = f"{number} {state} {command.__name__}: {what}: {outcome} {err.strip()[-300:]}"
            if outcome in FAULTS:
                faults.append(said)
            if verbose or outcome in FAULTS:
                print(said)
        shutil.rmtree("damaged")
    return found, faults


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.argv = sys.argv[:1]
        found, faults = drill(count, seed, "VERBOSE" in os.environ)
        os.chdir(common.repository)
    for command in ("resume", "show", "export"):
        print(
            f"{command:8}",
            ", ".join(
                f"{n} {outcome}" for (name, outcome), n in sorted(found.items()) if name == command
            ),
        )
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
