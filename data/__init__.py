"""The corpora a model can be trained on.

Each module here offers the same two names:

    PROMPTS   five beginnings that every watched step continues
    load()    the text, as a Corpus: (train, validation, whole, note)

and may offer `check(text, prompt)`, which says what rules of its own a text keeps that continues
a prompt, and `tests()`, the prompts to check a model with; without it, texts begin from nothing.
A document may carry `nats`, its exact information: then the loss has a floor that is known.
"""
import importlib
import urllib.request
from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from terrarium.files import atomic_write

DOWNLOADS = Path(__file__).parent / "downloads"
END = "<|endoftext|>"  # stands between two documents of a file
BLOCK = 4 * 2**20  # bytes read at a time, so that no file has to fit into memory
SMALLEST = 1_000  # characters; less than this teaches nothing


class BadInput(Exception):
    """A sentence for the person at the keyboard: what was given, what is expected, what to type."""


class Corpus(NamedTuple):
    """Two iterables of strings; `whole` says that each is a document with an end of its own.

    `note` is what a person should know about them before training.
    """
    train: Iterable[str]
    validation: Iterable[str]
    whole: bool
    note: str = ""


class FileText:
    """Bytes `start` to `stop` of a UTF-8 file, as an iterable of documents read block by block.

    A file without END marks is one document; it comes in pieces cut after a newline.
    """

    def __init__(self, path, start, stop, whole):
        self.path, self.start, self.stop, self.whole = path, start, stop, whole

    def __len__(self):
        return self.stop - self.start

    def blocks(self):
        """Yield FileTexts of about BLOCK bytes that together make up this one."""
        start = self.start
        while start < self.stop:
            stop = min(next_cut(self.path, start + BLOCK, self.whole), self.stop)
            yield FileText(self.path, start, stop, self.whole)
            start = stop

    def __iter__(self):
        for block in self.blocks():
            with open(self.path, "rb") as file:
                file.seek(block.start)
                text = file.read(len(block)).decode("utf-8")
            # Windows begins a file with a mark of its own, and ends its lines with two characters.
            text = (text if block.start else text.removeprefix("\ufeff")).replace("\r\n", "\n")
            documents = (d.strip() for d in text.split(END)) if self.whole else [text]
            yield from filter(None, documents)


def next_cut(path, position, whole):
    """The first byte at or after `position` where a new document (or line) begins."""
    mark = END.encode() if whole else b"\n"
    with open(path, "rb") as file:
        file.seek(position)
        seen = b""
        while block := file.read(2**16):
            seen = seen[-len(mark):] + block  # a mark may lie across two blocks
            if mark in seen:
                return file.tell() - len(seen) + seen.index(mark) + len(mark)
        return file.tell()


def open_text(path, held_out=0.1, most_held_out=2 * 2**20):
    """A text file as a Corpus: the last tenth (2 MB at most) is held out for validation.

    If no document begins there, it is the last one, however long. Raises BadInput for a file that
    is missing, empty, tiny, binary or not UTF-8, or a single document with an END mark.
    """
    size, whole = inspect(Path(path))

    def after(position):
        cut = next_cut(path, position, True) if whole else character_boundary(path, position)
        return FileText(path, cut, size, whole)

    position = size - min(int(size * held_out) + 1, most_held_out)
    validation = after(position)
    if not any(validation):
        nothing = bisect_left(range(position), True, key=lambda start: not any(after(start)))
        validation = after(max(0, nothing - 1))
    train = FileText(path, 0, validation.start, whole)
    if not any(train) or not any(validation):
        raise BadInput(f"{path} holds one document at most, so that none can be held out for "
                       f"validation: put more into it, with {END} between them.")
    return Corpus(train, validation, whole)


def inspect(path):
    """Read a file once, a block at a time: its size in bytes and whether it has END marks."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder: name one UTF-8 text file in it.")
    if not path.is_file():
        raise BadInput(f"There is no file {path}: check the path, or leave --dataset away "
                       "to train on the built-in stories.")
    size, characters, whole, tail, seen = path.stat().st_size, 0, False, b"", b""
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            seen = seen[-len(END):] + block  # a mark may lie across two blocks
            whole = whole or END.encode() in seen
            block = tail + block
            text, tail = decode(block, path, file.tell() - len(block), file.tell() == size)
            characters += len(text)
    if characters < SMALLEST:
        raise BadInput(f"{path} holds {characters:,} characters, and at least {SMALLEST:,} are "
                       "needed to learn from: choose a longer text.")
    return size, whole


def decode(block, path, position, last):
    """Decode what is complete in a block of bytes; give back the text and the bytes left over."""
    if b"\0" in block:
        raise BadInput(f"{path} is not text: byte {position + block.index(0):,} is zero. "
                       "Save it as plain text in UTF-8.")
    try:
        return block.decode("utf-8"), b""
    except UnicodeDecodeError as error:
        # A character may lie across the end of the block: its first bytes wait for the next.
        if len(block) - error.start < 4 and not last:
            return block[:error.start].decode("utf-8"), block[error.start:]
        raise BadInput(f"{path} is not UTF-8: byte {position + error.start:,} cannot be read. "
                       "Save it again with the encoding UTF-8.") from None


def character_boundary(path, position):
    """The first byte at or after `position` at which a UTF-8 character or "\\r\\n" begins."""
    with open(path, "rb") as file:
        file.seek(position - 1)
        around = file.read(5)
    if around[:2] == b"\r\n":
        return position + 1
    return position + next((i for i, b in enumerate(around[1:]) if b & 0xC0 != 0x80), 0)


def download(url, path):
    """Fetch a small file once; afterwards it is read from where it lies.

    Raises BadInput when there is neither the file nor a network.
    """
    if path.exists():
        return path
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            content = answer.read()
    except (OSError, HTTPException) as error:  # no network, or one that broke off
        raise no_network(path, url, error) from None
    with atomic_write(path) as file:
        file.write(content)
    return path


def no_network(path, url, error):
    return BadInput(f"{path.name} could not be downloaded ({error}). Put it into "
                    f"{path.parent} yourself (it comes from {url}), or train on "
                    "the built-in corpus, which needs no network: python train.py")


def names():
    """The corpora that have a module here."""
    modules = (p.stem for p in Path(__file__).parent.glob("*.py"))
    return sorted(m for m in modules if m not in ("__init__", "textfile"))


def find(name):
    """The module called `name`, or the text file of that path: both have PROMPTS and load()."""
    if name in names():
        return importlib.import_module("data." + name)
    if Path(name).exists() or Path(name).suffix or len(Path(name).parts) > 1:
        return importlib.import_module("data.textfile").TextFile(name)
    close = get_close_matches(name, names(), 1)
    raise BadInput(f"There is no corpus called {name!r}"
                   + (f"; did you mean {close[0]!r}?" if close else ".")
                   + f" Choose one of {', '.join(names())}, or the path of a UTF-8 text file.")
