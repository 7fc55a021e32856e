"""A dataclass of settings -> flags, and the limits within which their numbers make sense."""

import argparse
import ast
import dataclasses
import functools
import inspect
import io
import math
import os
import textwrap
import time
import tokenize
import types
import typing
from pathlib import Path

from terrarium import run_checks
from terrarium.console import ArgumentParser
from terrarium.errors import BadInput, resume_command
from terrarium.runs import HASHES, RunFolder, check_free

PATHS = ("dataset", "out", "head", "parent")  # flags in which ~ is somebody's home
POSITIVE = (
    "n_layer n_head n_embd n_ff n_ctx batch_size steps matrix_lr embedding_lr "
    "unembedding_lr cooldown embedding_std sample_every sample_tokens temperature "
    "snapshots"
).split()
LEAST = {"temperature": 1e-6}  # divided by less, logits overflow
MOST = {
    "vocab_size": 2**16,
    "cooldown": 1,
    "snapshots": 10_000,
    "temperature": 1e6,
    "embedding_std": 1e6,
    "weight_decay": 1e6,  # more is only an error of typing
    # in 32 bits, more is infinite
    **dict.fromkeys(("matrix_lr", "embedding_lr", "unembedding_lr"), 1e38),
}
BELOW = {"dropout": 1, "momentum": 1}
MOST_SEEDS = 100
# Settings that do not change the loss to expect from a preset.
HARMLESS = (
    "seed out device precision row_multiple sample_every sample_tokens snapshots temperature"
).split()
INTEGERS = 2**31  # each is less than that
FLAG_NAMES = {"parent": "--from"}  # where a word of Python stands in the way
FINE_TUNE = "fine-tune"  # the row of PRESETS for a run that goes on from another
# What a run has from its parent: a matrix of another size could not take over its numbers.
INHERITED = "vocab_size n_layer n_head n_embd n_ff n_ctx".split()
ANSWERS = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}


@dataclasses.dataclass
class RunSettings:
    """The settings of a run that do not change how a model learns, except for its text, and for the
    run that it goes on from."""

    preset: str = "stories"  # the row of PRESETS that the other settings start from
    dataset: str = "stories"  # a corpus in data/, or the path of a UTF-8 text file
    out: str = ""  # the folder of the run; empty: runs/ and the name of preset or dataset
    head: str = ""  # a Python file with your own attention(q, k, v)
    parent: str = ""  # the folder of a trained run to go on from, on another text: see finetune.py
    freeze: int = 0  # with --from: how many of the first blocks stay as they are
    lora: int = 0  # with --from: rank of the low-rank adapters; 0: none, and all weights change
    device: str = "auto"  # cuda, mps or cpu
    precision: str = "auto"  # number format of the matrix products: float32 or bfloat16
    row_multiple: int = 0  # of what the length of rows is a multiple; 0: whatever suits the device
    sample_every: int = 100  # steps between two samples of what it writes; every snapshot has one
    sample_tokens: int = 40  # tokens to add to each prompt in a sample
    snapshots: int = 20  # about how many copies of the weights are saved, at log-spaced steps
    # What has no type is no setting, and not saved with a run:
    resumed = False  # whether a run is continued (--resume)
    minutes = 0  # how long a run may take, which decides on its steps (--minutes)
    seeds = 1  # how many runs that differ only in their seed are trained (--seeds)
    is_preset = False  # whether all that decides the loss is as in its preset
    began = 0.0  # when the command did, by time.perf_counter()


# Flags ------------------------------------------------------------------------------------------


def read_flags(Settings, arguments=None):
    """{name: value} of the flags that were given: one for each setting, and those that are none.
    The comment after a setting is its --help."""
    reasons = comments(Settings)
    parser = ArgumentParser(argument_default=argparse.SUPPRESS, allow_abbrev=False)
    parser.add_argument(
        "--resume", metavar="FOLDER", type=os.path.expanduser, help="a run to continue"
    )
    parser.add_argument(
        "--minutes",
        metavar="FLOAT",
        type=float,
        help="how long a training may take: as many steps as fit into that, instead of --steps",
    )
    parser.add_argument(
        "--seeds",
        metavar="INT",
        type=int,
        help="how many runs to train that differ only in their seed, to see how much that changes",
    )
    for field in dataclasses.fields(Settings):
        kind = kind_of(field)
        default = "" if field.default is dataclasses.MISSING else f"({field.default!r})"
        reason = f"{reasons.get(field.name, '')} {default}".strip()
        parser.add_argument(
            flag_of(field.name),
            dest=field.name,
            metavar=kind.__name__.upper(),
            type=reader(kind, field.name),
            help=reason.replace("%", "%%"),
        )
    return vars(parser.parse_args(arguments))


def flag_of(name):
    """What is typed for a setting."""
    return FLAG_NAMES.get(name, "--" + name.replace("_", "-"))


@functools.cache
def comments(Settings):
    """{name: the comment on the line on which a field is defined}, those of its base classes among
    them; none of a class without a file."""
    inherited = {}
    for base in reversed(Settings.__bases__):
        inherited |= comments(base) if dataclasses.is_dataclass(base) else {}
    return inherited | own_comments(Settings)


def own_comments(Settings):
    try:
        source = textwrap.dedent(inspect.getsource(Settings))
        body = ast.parse(source).body[0].body
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return {}
    after = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }
    return {
        line.target.id: after[line.end_lineno]
        for line in body
        if isinstance(line, ast.AnnAssign) and line.end_lineno in after
    }


def kind_of(field):
    """bool, int, float or str: what a setting holds, by its default or else by its annotation."""
    if type(field.default) in (bool, int, float, str):
        return type(field.default)
    annotated = field.type
    if isinstance(annotated, str):  # as it is after `from __future__ import annotations`
        words = annotated.replace("|", " ").replace("[", " ").replace("]", " ").split()
    else:
        unions = (typing.Union, types.UnionType)
        parts = typing.get_args(annotated) if typing.get_origin(annotated) in unions else ()
        words = [getattr(part, "__name__", "") for part in parts or (annotated,)]
    return next((kind for kind in (bool, int, float) if kind.__name__ in words), str)


def reader(kind, name):
    """What makes a value of the word that somebody typed after a flag."""
    if kind is bool:
        return yes_or_no
    return os.path.expanduser if name in PATHS else kind


def yes_or_no(word):
    if word.lower() not in ANSWERS:
        raise ValueError
    return ANSWERS[word.lower()]


# Limits -----------------------------------------------------------------------------------------


def check_values(s):
    """Raise BadInput for a value of the wrong type, or outside of what makes sense."""
    for field in dataclasses.fields(s):
        value, kind = getattr(s, field.name), kind_of(field)
        flag = flag_of(field.name)
        if kind in (int, float) and (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or (kind is int and not isinstance(value, int))
        ):
            if value is not field.default:
                raise BadInput(f"{flag} is {value!r:.50}: a number is expected.")
        elif kind in (int, float):
            check_number(flag, field.name, value)
        elif type(field.default) is str:
            check_word(flag, value)


def check_number(flag, name, value):
    if isinstance(value, int) and abs(value) >= INTEGERS:
        raise BadInput(f"{flag} has to be less than 2,147,483,648.")
    if not math.isfinite(value) or value < 0 or (value == 0 and name in POSITIVE):
        raise BadInput(
            f"{flag} is {value}: it has to be "
            f"{'greater than' if name in POSITIVE else 'at least'} zero."
        )
    if value < LEAST.get(name, 0):
        raise BadInput(f"{flag} is {value}: it has to be at least {LEAST[name]:g}.")
    if value > MOST.get(name, math.inf):
        raise BadInput(f"{flag} is {value}: it has to be at most {MOST[name]:g}.")
    if value >= BELOW.get(name, math.inf):
        raise BadInput(f"{flag} is {value}: it has to be less than {BELOW[name]}.")


def check_word(flag, value):
    if not isinstance(value, str):
        raise BadInput(f"{flag} is {value!r:.50}: a text is expected.")
    if "\0" in value:
        raise BadInput(f"{flag} is {value!r}: no name holds a character with the number zero.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadInput(
            f"{flag} is {value}, which is not UTF-8: rename that file or folder, so "
            "that every program can write its name."
        ) from None


def read_settings(Settings, presets, arguments=None):
    """The flags, on top of their preset or of the run they resume. Raises BadInput."""
    flags = read_flags(Settings, arguments)
    apart = check_flags(flags)
    if "resume" in flags:
        settings = resumed_settings(Settings, Path(flags.pop("resume")), flags)
    elif "parent" in flags:
        settings = child_settings(Settings, presets, flags)
    else:
        settings = new_settings(Settings, presets, flags)
    for name, value in apart.items():
        setattr(settings, name, value)
    check_number("--seed", "seed", settings.seed + settings.seeds - 1)  # the last one
    settings.is_preset = follows_preset(settings, presets)
    settings.began = time.perf_counter()
    return settings


def new_settings(Settings, presets, flags):
    """The flags on top of their preset. Raises BadInput."""
    preset = flags.get("preset", Settings.preset)
    if preset == FINE_TUNE:
        raise BadInput(
            f"--preset {FINE_TUNE} goes on from a trained run: name its folder "
            "(--from runs/stories)."
        )
    settings = Settings(**{"preset": preset, **row_of(preset, presets, flags), **flags})
    check_settings(settings)
    check_paths(settings)
    return settings


def row_of(preset, presets, flags):
    """What a preset changes. Stories are its default, and need not suit a text of one's own. Raises
    BadInput if there is no such preset."""
    if preset not in presets:
        raise BadInput(f"There is no preset {preset!r}: choose one of {', '.join(presets)}.")
    is_for_another_text = "preset" not in flags and "dataset" in flags
    return {} if is_for_another_text else presets[preset]


def check_flags(flags):
    """Take the flags out that are no settings of a run, and check them. Raises BadInput."""
    apart = {name: flags.pop(name) for name in ("minutes", "seeds") if name in flags}
    minutes, seeds = apart.get("minutes", 1), apart.get("seeds", 1)
    for name in apart:
        if "resume" in flags:
            raise BadInput(
                f"--{name} is decided when a run begins: leave it out, or start a new run "
                "without --resume."
            )
    if not (0 < minutes <= 60 * 24 * 365):
        raise BadInput(
            f"--minutes is {minutes:g}: a number above 0 is expected, of a year at most."
        )
    if not (0 < seeds <= MOST_SEEDS):
        raise BadInput(f"--seeds is {seeds}: a number from 1 to {MOST_SEEDS} is expected.")
    if "minutes" in apart and "steps" in flags:
        raise BadInput(
            "--minutes and --steps both say how long to train: leave one of the two out."
        )
    return apart


def follows_preset(s, presets):
    """Whether all that decides on the loss is as in the preset, but for the seed."""
    if s.preset not in presets or s.minutes:
        return False
    usual = type(s)(preset=s.preset, **presets[s.preset])
    names = [field.name for field in dataclasses.fields(s) if field.name not in HARMLESS]
    return all(getattr(s, name) == getattr(usual, name) for name in names)


def run_name(s, presets):
    """What a run is called that got no --out: as its preset, or as its text if that was chosen; one
    that goes on from another, as both."""
    if s.parent:
        return f"{Path(s.parent).resolve().name}-{Path(s.dataset).stem.strip('.')}"
    usual = presets[s.preset].get("dataset", type(s).dataset)
    own = s.preset if s.dataset == usual else Path(s.dataset).stem.strip(".")
    return own or s.preset


def child_settings(Settings, presets, flags):
    """The settings of a run that goes on from another, its parent: of the same size, and with the
    steps and learning rates that suit a model which knows a lot already. Raises BadInput."""
    folder = flags["parent"]
    parent = saved_settings(Settings, Path(folder))
    preset = flags.setdefault("preset", FINE_TUNE)
    row = row_of(preset, presets, flags)
    if "dataset" not in {**row, **flags}:
        raise BadInput(
            f"{folder} is to learn more, but from which text? Name one (--dataset my_novel.txt). "
            f"To continue a run that was stopped, type: {resume_command(folder)}"
        )
    inherited = {name: getattr(parent, name) for name in INHERITED}
    for name, value in inherited.items():
        if flags.get(name, value) != value:
            raise BadInput(
                f"{flag_of(name)} is {flags[name]}, but {folder} has {value}, and a run that goes "
                "on from it has the same size: leave that flag out."
            )
    settings = Settings(**{**row, **inherited, **flags})
    if parent.head and not settings.head:
        copy = Path(folder) / "head.py"
        raise BadInput(
            f"{folder} was trained with a head that somebody wrote, {copy}. It is a program: read "
            f"it first. If you trust it, add --head {copy}"
        )
    check_settings(settings)
    check_paths(settings)
    return settings


def resumed_settings(Settings, folder, flags):
    """What the run in a folder was started with; a flag that says otherwise is refused."""
    kept = saved_settings(Settings, folder)
    kept.out = str(folder)
    if flags.get("device", kept.device) != kept.device:  # which may not have that number format
        kept.device = flags.pop("device")
        kept.precision = flags.pop("precision", kept.precision)
    kept.head = confirmed_head(folder, kept.head, flags.pop("head", ""))
    if "dataset" in flags and not RunFolder(folder).has("corpus.json"):
        kept.dataset = flags.pop("dataset")  # its text has to be read again, and may have moved
    for name, value in flags.items():
        if value != getattr(kept, name):
            flag, before = flag_of(name), getattr(kept, name)
            was = f"without {flag}" if before == "" else f"with {flag} {before}"
            raise BadInput(
                f"{folder} was started {was}, not with {value}: leave that flag out, or start a "
                "new run without --resume."
            )
    kept.resumed = True
    return kept


def confirmed_head(folder, kept, typed):
    """The file with the head that a run is resumed with, "" for none. Raises BadInput.

    A run may come from anybody. The code in it runs only if whoever resumes it names it: the copy
    in the run, or a file of their own that holds the same."""
    copy = folder / "head.py"
    if not kept:
        if typed:
            raise BadInput(
                f"{folder} was started without a head, not with {typed}: leave --head "
                "out, or start a new run without --resume."
            )
        return ""
    if not typed:
        raise BadInput(
            f"{folder} was trained with a head that somebody wrote, {copy}. It is a "
            "program: read it first. If you trust it, type: " + resume_command(folder, kept)
        )
    if not Path(typed).is_file():
        raise BadInput(no_head(typed))
    if Path(typed).read_bytes() != RunFolder(folder).read("head.py"):
        raise BadInput(
            f"{typed} differs from {copy}, the head that this run was trained with: "
            "name that copy (--head), or start a new run without --resume."
        )
    return typed


def saved_settings(Settings, folder):
    """The settings of the run in a folder, checked like those that are typed. Raises BadInput."""
    run = RunFolder(folder)
    kept = read_saved_settings(run)
    run.refuse_links()
    version = kept.pop("version", None)
    fields = dataclasses.fields(Settings)
    names = {field.name for field in fields}
    if set(kept) != names:
        written_by = f"version {version}" if isinstance(version, str) else "another version"
        raise BadInput(
            f"{folder} was written by {written_by} of train.py (its settings.json "
            f"differs in {', '.join(sorted(names.symmetric_difference(kept)))}): use "
            "that version, or train again."
        )
    run.check("settings.json")
    with run.intact("settings.json"):
        run_checks.check_settings_types(kept, fields)
    settings = Settings(**kept)
    try:
        check_settings(settings)
    except BadInput as reason:
        raise BadInput(
            f"settings.json in {folder} cannot be used, as if it had been typed: {reason}"
        ) from None
    return settings


def read_saved_settings(run):
    """What settings.json in a folder says. Raises BadInput if that is not a run."""
    try:
        with run.open_bytes("settings.json") as file:
            kept = run_checks.strict_json(file.read())
        kept["preset"]  # every version has it; what is not a run of ours does not
        return kept
    except (OSError, ValueError, TypeError, KeyError, BadInput) as error:
        if run.has(HASHES):
            raise (
                error
                if isinstance(error, BadInput)
                else run.damaged("settings.json", "it holds no settings of a run")
            ) from None
        raise BadInput(
            f"{run.path} is not a run (it has no settings.json): name the folder "
            "that train.py printed when it began, such as runs/stories."
        ) from None


def check_settings(s):
    """Refuse what cannot work, before anything is loaded."""
    check_values(s)
    if s.n_embd % s.n_head:
        raise BadInput(
            f"A width of {s.n_embd} cannot be divided evenly among {s.n_head} heads: "
            f"try --n-embd {s.n_head * math.ceil(s.n_embd / s.n_head)}."
        )
    for name in ("freeze", "lora"):
        if getattr(s, name) and not s.parent:
            raise BadInput(
                f"{flag_of(name)} keeps what a trained model has learned, but this one begins "
                "untrained: name the run to go on from (--from runs/stories)."
            )
    if s.freeze >= s.n_layer:
        raise BadInput(
            f"--freeze is {s.freeze}, and the model has {s.n_layer} blocks: at least one has to "
            f"learn, so choose a number below {s.n_layer}."
        )
    if s.lora > s.n_embd:
        raise BadInput(
            f"--lora is {s.lora}, but the matrices are only {s.n_embd} wide: choose a rank from 1 "
            f"to {s.n_embd}."
        )
    if s.precision not in ("auto", "float32", "bfloat16"):
        raise BadInput(f"--precision {s.precision!r} is unknown: use float32 or bfloat16.")


def check_paths(s):
    """Refuse files that are not there and folders that are taken, before anything is loaded."""
    if s.head and not Path(s.head).is_file():
        raise BadInput(no_head(s.head))
    if s.out:
        check_free(s.out)


def no_head(path):
    return f"There is no file {path}: --head needs a Python file that defines attention(q, k, v)."
