"""Words on the screen: text that is not ours, and commands to type."""
import os
import re
import shlex

# What moves the cursor, sets colours or the clipboard, or turns the direction of the line around.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text):
    """Text that is not ours (of a corpus, a file's name, a stranger's run), with its control
    characters to be seen: "\\x1b" instead of an escape sequence. Spaces, tabs and line ends stay.
    """
    return CONTROL.sub(lambda match: ascii(match[0])[1:-1], str(text))


def command(*words):
    """A command that can be pasted into the shell of this system, from its words."""
    quote = quoted_for_windows if os.name == "nt" else shlex.quote
    return " ".join(quote(printable(word)) for word in words)


def quoted_for_windows(word):
    """A word as PowerShell and cmd both read it; a file's name holds no double quotes there."""
    return word if re.fullmatch(r"[\w./\\:+-]+", word, re.ASCII) else f'"{word}"'
