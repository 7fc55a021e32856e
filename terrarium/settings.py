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
import tokenize
import types
import typing

from data import BadInput
from terrarium.console import ArgumentParser

PATHS = ("dataset", "out", "head")  # flags in which ~ is somebody's home
POSITIVE = ("n_layer n_head n_embd n_ff n_ctx batch_size steps matrix_lr table_lr unembed_lr "
            "cooldown token_std watch_every watch_tokens temperature snapshots").split()
LEAST = {"temperature": 1e-6}  # divided by less, logits overflow
MOST = {"vocab_size": 2**16, "cooldown": 1, "snapshots": 10_000, "temperature": 1e6,
        "token_std": 1e6, "weight_decay": 1e6,  # more is only an error of typing
        **dict.fromkeys(("matrix_lr", "table_lr", "unembed_lr"), 1e38)}  # in 32 bits, more is inf
BELOW = {"dropout": 1}
INTEGERS = 2**31  # each is less than that
ANSWERS = {"yes": True, "true": True, "on": True, "1": True,
           "no": False, "false": False, "off": False, "0": False}


# Flags ------------------------------------------------------------------------------------------

def read_flags(Settings, arguments=None):
    """{name: value} of the flags that were given: one for each setting, and --resume. The comment
    after a setting is its --help."""
    reasons = comments(Settings)
    parser = ArgumentParser(argument_default=argparse.SUPPRESS, allow_abbrev=False)
    parser.add_argument("--resume", metavar="FOLDER", type=os.path.expanduser,
                        help="a run to go on with")
    for field in dataclasses.fields(Settings):
        kind = kind_of(field)
        default = "" if field.default is dataclasses.MISSING else f"({field.default!r})"
        reason = f"{reasons.get(field.name, '')} {default}".strip()
        parser.add_argument("--" + field.name.replace("_", "-"), metavar=kind.__name__.upper(),
                            type=reader(kind, field.name), help=reason.replace("%", "%%"))
    return vars(parser.parse_args(arguments))


@functools.cache
def comments(Settings):
    """{name: the comment on the line on which a field is defined}; none of a class without a file.
    """
    try:
        source = textwrap.dedent(inspect.getsource(Settings))
        body = ast.parse(source).body[0].body
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return {}
    behind = {token.start[0]: token.string.lstrip("# ") for token in tokens
              if token.type == tokenize.COMMENT}
    return {line.target.id: behind[line.end_lineno] for line in body
            if isinstance(line, ast.AnnAssign) and line.end_lineno in behind}


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
    """What makes a value of the word that somebody typed behind a flag."""
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
        flag = "--" + field.name.replace("_", "-")
        if kind in (int, float) and (isinstance(value, bool) or not isinstance(value, int | float)
                                     or (kind is int and not isinstance(value, int))):
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
        raise BadInput(f"{flag} is {value}: it has to be "
                       f"{'greater than' if name in POSITIVE else 'at least'} zero.")
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
        raise BadInput(f"{flag} is {value}, which is not UTF-8: rename that file or folder, so "
                       "that every program can write its name.") from None
