"""Words on the screen: text that is not ours, colours, and commands to type."""

import argparse
import contextlib
import os
import re
import shlex
import signal
import sys
import threading
from pathlib import Path

from terrarium.text import END

# What moves the cursor, sets colours or the clipboard, or turns the direction of the line around;
# and halves of a character, which come from file names that are not UTF-8.
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


# Text that is not ours --------------------------------------------------------------------------


def printable(text):
    """Text that is not ours (of a corpus, a file's name, a stranger's run), with its control
    characters to be seen: "\\x1b" instead of an escape sequence. Spaces, tabs and line ends stay.
    """
    return CONTROL.sub(lambda match: ascii(match[0])[1:-1], str(text))


def say(text="", end="\n", file=None):
    """Print a text, whoever wrote parts of it: it is made printable."""
    print(printable(text), end=end, file=file, flush=True)


class ArgumentParser(argparse.ArgumentParser):
    """argparse.ArgumentParser, whose complaints quote what was typed only as printable text."""

    def error(self, message):
        super().error(printable(message))


# The console ------------------------------------------------------------------------------------


def prepare_streams():
    """Make sys.stdout and sys.stderr usable, wherever they lead: a console, a notebook, nowhere.

    A console that lacks a character shows "?" instead of an error. Programs without a window
    (pythonw) have no streams at all; what is printed there is lost."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):  # those of IDLE and of notebooks have no encoding
            stream.reconfigure(errors="replace")


def stop_printing():
    """Nobody reads any more: without this, Python would complain once more at its end."""
    with contextlib.suppress(OSError):  # the stream of a notebook is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def can_show(text):
    """Whether the console has these characters: one with code page 1252 has no "░"."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def shown_as(text, fallback):
    """A text, or its fallback on a console that lacks one of its characters."""
    return text if can_show(text) else fallback


def has_colours():
    """Whether colours are understood and wanted (https://no-color.org)."""
    isatty = getattr(sys.stdout, "isatty", lambda: False)
    return isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def read_line(prompt):
    """A line that somebody types; "" at the end of the input and at Ctrl-C."""
    try:
        return input(printable(prompt)).strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return ""


def in_main_thread():
    return threading.current_thread() is threading.main_thread()


class KeepSigint:
    """Whatever happens inside, Ctrl-C means afterwards what it meant before.

    In a notebook, Python goes on after our command has ended."""

    def __enter__(self):
        self.handler = signal.getsignal(signal.SIGINT)

    def __exit__(self, *_):
        if in_main_thread() and self.handler is not None:
            signal.signal(signal.SIGINT, self.handler)


# Tokens and times ---------------------------------------------------------------------------------


def color_token(text, p):
    """A token, printable, on a background that says how likely it was; plain where there are no
    colours."""
    text = printable(text)
    if not has_colours():
        return text
    hue = (52, 88, 94, 58, 28, 22)[min(int(p * 6), 5)]  # red to green, of the terminal's 256
    return "\n".join(line and f"\x1b[48;5;{hue};97m{line}\x1b[0m" for line in text.split("\n"))


def show_whitespace(token):
    """A token with its spaces, line ends and control characters to be seen."""
    if token == END:
        return "(end)"
    for sign, shown in ((" ", shown_as("·", "_")), ("\t", "\\t"), ("\n", shown_as("↵", "\\n"))):
        token = token.replace(sign, shown)
    return printable(token)


def duration(seconds):
    """75 -> "1 min 15 s"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


# Commands to type -------------------------------------------------------------------------------


def command(*words):
    """A command that can be pasted into the shell of this system, from its words.

    A Path is protected: no name of a file is taken for a flag, or for somebody's home."""
    quote = quoted_for_windows if os.name == "nt" else quoted_for_sh
    return " ".join(
        quote(file_word(word) if isinstance(word, Path) else str(word)) for word in words
    )


def file_word(path):
    """A path as a word of a command: "./-x" for a file called "-x", "./~" for one called "~"."""
    return f".{os.sep}{path}" if str(path).startswith(("-", "~")) else str(path)


def quoted_for_sh(word):
    """A word for sh, bash and zsh. What cannot be printed is written as $'\\033'."""
    if not re.search(r"[\n\t]", word) and printable(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(escaped_for_sh, word))}'"


def escaped_for_sh(character):
    if character in "'\\":
        return "\\" + character
    if character not in "\n\t" and printable(character) == character:
        return character
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def quoted_for_windows(word):
    """A word that PowerShell and cmd read alike, or else one for PowerShell.

    A file's name holds no double quotes there. cmd replaces %NAME% by a variable, if there is
    one: nothing that PowerShell understands, too, can keep it from that."""
    word = printable(word)
    if re.fullmatch(r"[\w./\\:+=-]+", word, re.ASCII):
        return word
    if re.search("[$`\u201c-\u201e]", word):  # PowerShell reads these in double quotes
        return quoted_for_powershell(word)
    return quoted_for_cmd(word)


def quoted_for_cmd(word):
    end = "\\" * (len(word) - len(word.rstrip("\\")))  # or it would protect the quote
    return f'"{word}{end}"'


def quoted_for_powershell(word):
    """In single quotes, where nothing has a meaning; curly ones end them, too."""
    return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", word) + "'"
