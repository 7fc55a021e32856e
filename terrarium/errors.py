"""What can go wrong on a machine, as sentences: full disks, files that are held, too little memory.

Each says what happened to which file, and what to do about it.
"""

import contextlib
import errno
import functools
import os
import re
from pathlib import Path

from terrarium.console import command, stop_printing


class BadInput(Exception):
    """A sentence for the person at the keyboard: what was given, what is expected, what to type."""


def no_token(text, known):
    """The BadInput for a text with a character that is not `known`: which, and where."""
    position, unknown = next((i, c) for i, c in enumerate(text, 1) if c not in known)
    return BadInput(
        f"No token for {unknown!r}, character {position} of {text[:50]!r}: it does not "
        "occur in the corpus. Remove it."
    )


class OutOfMemory(BadInput):
    """What was to be done does not fit into the memory of the machine, or of its graphics card."""


DISK_FULL = ("{} could not be written, because the disk is full.", "Make room on it")
DENIED = (
    "{} could not be opened: it belongs to somebody else, is protected, or another program "
    "holds it.",
    "Close that program or change the permissions",
)
UNREACHABLE = ("The disk or network drive that holds {} cannot be reached.", "Connect it again")
REASONS = {  # by the name of the error: what happened to a file {}, and what to do
    "ENOSPC": DISK_FULL,
    "EDQUOT": (
        "{} could not be written, because your share of the disk (its quota) is used up.",
        "Remove files that you no longer need",
    ),
    "EACCES": DENIED,
    "EPERM": DENIED,
    "EBUSY": ("{} is in use by another program.", "Close that program"),
    "ETXTBSY": ("{} is a program that is running.", "End it"),
    "EROFS": ("{} is on a disk that can only be read.", "Choose a folder on another disk"),
    "ENOENT": ("{} is not there: it was moved, renamed or deleted.", "Put it back"),
    "EEXIST": ("{} is already there.", "Move it away, or choose another folder"),
    "ENOTEMPTY": ("{} is a folder that is not empty.", "Choose another folder"),
    "ENOTDIR": ("{} cannot exist, because a part of that path is a file.", "Choose another folder"),
    "EISDIR": ("{} is a folder, and a file is expected.", "Name a file"),
    "ENAMETOOLONG": (
        "{} is a longer name than this disk allows.",
        "Choose a shorter name, or a folder nearer to the root of the disk",
    ),
    "EINVAL": (
        "{} is not a name that this disk allows, or the disk cannot do what was asked of it.",
        "Choose another name, without signs such as : ? * |",
    ),
    "ELOOP": ("{} is a symbolic link that leads back to itself.", "Remove that link"),
    "EMFILE": (
        "{} could not be opened: this program has too many open files.",
        "Allow it more of them (ulimit -n 4096)",
    ),
    "ENFILE": (
        "{} could not be opened: all programs together have too many open files.",
        "Close some programs",
    ),
    "EFBIG": (
        "{} is larger than this disk allows a file to be.",
        "Choose a folder on another disk",
    ),
    "EIO": (
        "The disk reported an error at {}: it may be damaged or badly connected.",
        "Check it, and copy your runs to another disk",
    ),
    "ENXIO": UNREACHABLE,
    "ENODEV": UNREACHABLE,
    "ESTALE": UNREACHABLE,
    "ENOTCONN": UNREACHABLE,
    "ETIMEDOUT": UNREACHABLE,
    "EHOSTDOWN": UNREACHABLE,
    "EHOSTUNREACH": UNREACHABLE,
    "EADDRINUSE": ("The port is in use by another program.", "Choose another one with --port"),
    "EPIPE": (
        "The program that read what is printed here has ended (Broken pipe).",
        "Let it read to the end, or print into a file",
    ),
}
UNKNOWN = ("{} could not be read or written", "Choose another folder or another disk")
WINDOWS_TOO_LONG = 206  # which Python translates into "not there"


def os_error_sentence(error, go_on="type the same command again", file=None):
    """What an OSError means and what to do; `go_on` says how to continue after that, `file` which
    file to name, if it is not the one that the error names."""
    kind = errno.errorcode.get(error.errno, "").removeprefix("WSA")  # Windows' own of sockets
    if getattr(error, "winerror", None) == WINDOWS_TOO_LONG:
        kind = "ENAMETOOLONG"
    happened, remedy = REASONS.get(kind, UNKNOWN)
    if kind not in REASONS:
        happened += f" ({error.strerror or (error.args or [0])[0] or type(error).__name__})."
    file = error.filename if file is None else file
    name = "A file" if file is None else os.fsdecode(str(file))
    return f"{happened.replace('{}', name)} {remedy}, then {go_on}."


# Memory -----------------------------------------------------------------------------------------

NO_MEMORY = re.compile(
    "can't allocate memory|not enough memory|out of memory|Cannot allocate|"
    "ALLOC_FAILED|Invalid buffer size|Storage size calculation overflowed",
    re.IGNORECASE,
)


def is_out_of_memory(error):
    """Whether an exception means too little memory, of the machine or of its graphics card.

    PyTorch has a class for the memory of a card, and only words for that of the machine."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(NO_MEMORY.search(str(error)))


def out_of_memory_sentence(s=None):
    """What to lower, so that a model of these settings fits."""
    if s is None:
        return (
            "There is not enough memory for that: close other programs, then type the same "
            "command again."
        )
    # In this order: with fewer rows, the model stays what it was.
    flags = ", then ".join(
        f"--{name.replace('_', '-')} (now {getattr(s, name):,})"
        for name in ("batch_size", "n_ctx", "n_embd", "n_layer")
    )
    return f"There is not enough memory for a model of this size. Lower {flags}."


# Where they are caught --------------------------------------------------------------------------


@contextlib.contextmanager
def enough_memory(s=None):
    """What does not fit into the memory is BadInput that says what to lower."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(out_of_memory_sentence(s)) from None


def explained(train):
    """train(s, ...), whose troubles with files and memory are BadInput that says how to go on."""

    @functools.wraps(train)
    def explain(s, *rest):
        try:
            with enough_memory(s):
                return train(s, *rest)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                stop_printing()
            raise BadInput(os_error_sentence(error, *way_on(s))) from None
        except KeyboardInterrupt:
            kept = next(
                (f"Its last checkpoint is saved: {how}." for how in way_on(s)),
                "Nothing was saved yet.",
            )
            raise BadInput(f"Stopped at once. {kept}") from None

    return explain


def way_on(s):
    """[how to go on with a run], if it has a checkpoint to go on from."""
    if not s.out or not Path(s.out, "checkpoint.pt").is_file():
        return []
    return [f"continue with {resume_command(s.out, s.head)}"]


def resume_command(folder, head=""):
    """What to type to go on with a run; a head that somebody wrote has to be named again."""
    folder = Path(folder)
    named = ["--head", folder / "head.py"] if head else []
    return command("python", "train.py", "--resume", folder, *named)
