"""The corpora a model can be trained on.

Each module here offers the same two names:

    PROMPTS   five beginnings that every sample continues
    load()    the text, as a Corpus: (train, validation, has_documents, note)

and may offer `check(text, prompt)`, which says which of its rules a text follows that continues a
prompt, and `eval_prompts()`, the prompts to check a model with; without it, texts begin from
nothing. Where two people talk, SPEAKERS are their names, the visitor's first, and `what_to_ask()`
has a few questions of each topic. A document may carry `nats`, its exact information: then the
entropy of the text is known. A file of one's own becomes a Persona or a TextFile, which have the
same names.
"""

import gzip
import hashlib
import importlib
import urllib.request
import zlib
from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from terrarium import sniff
from terrarium.errors import BadInput
from terrarium.files import atomic_write
from terrarium.progress import progress
from terrarium.text import END

DOWNLOADS = Path(__file__).parent / "downloads"
BLOCK = 2**20  # bytes read at a time, so that no file has to fit into memory
SMALLEST = 1_000  # characters; less than this teaches nothing


class Corpus(NamedTuple):
    """Two iterables of strings; `has_documents`: each is a document with an end of its own.

    `note` is what a person should know about them before training.
    """

    train: Iterable[str]
    validation: Iterable[str]
    has_documents: bool
    note: str = ""


class FileText:
    """Bytes `start` to `stop` of a UTF-8 file, as an iterable of documents read block by block.

    A file without END marks is one document; it comes in pieces cut after a newline.
    """

    def __init__(self, path, start, stop, has_documents):
        self.path, self.start, self.stop, self.has_documents = path, start, stop, has_documents

    def __len__(self):
        return self.stop - self.start

    def blocks(self):
        """Yield FileTexts of about BLOCK bytes that together make up this one."""
        start = self.start
        while start < self.stop:
            stop = min(next_cut(self.path, start + BLOCK, self.has_documents), self.stop)
            yield FileText(self.path, start, stop, self.has_documents)
            start = stop

    def __iter__(self):
        for block in self.blocks():
            with open(self.path, "rb") as file:
                file.seek(block.start)
                text = file.read(len(block)).decode("utf-8")
            text = as_everywhere(text, is_beginning=not block.start)
            documents = (d.strip() for d in text.split(END)) if self.has_documents else [text]
            yield from filter(None, documents)


def as_everywhere(text, is_beginning):
    """Text as most systems write it. Windows begins a file with a mark of its own, and ends a line
    with two characters; an old Macintosh ended it with the first of them."""
    text = text.removeprefix("\ufeff") if is_beginning else text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def next_cut(path, position, has_documents):
    """The first byte at or after `position` where a new document (or line) begins."""
    if not has_documents:
        return next_line(path, position)
    mark = END.encode()
    with open(path, "rb") as file:
        file.seek(position)
        seen = b""
        while block := file.read(2**16):
            seen = seen[-len(mark) :] + block  # a mark may lie across two blocks
            if mark in seen:
                return file.tell() - len(seen) + seen.index(mark) + len(mark)
        return file.tell()


def next_line(path, position, reach=2**16):
    """The first byte at or after `position` where a line begins; if lines are longer than `reach`
    (a book without a line end, DNA), where a word does, or else a character."""
    with open(path, "rb") as file:
        file.seek(position)
        ahead = file.read(reach)
    if b"\n" in ahead:
        return position + ahead.index(b"\n") + 1
    if len(ahead) < reach:
        return position + len(ahead)
    if b"\r" in ahead[:-1]:  # the last one may be the first half of a line end
        return position + ahead.index(b"\r") + 1
    if b" " in ahead:
        return position + ahead.index(b" ")
    return character_boundary(path, position)


def open_text(path, held_out=0.1, most_held_out=2 * 2**20):
    """A text file as a Corpus: the last tenth (2 MB at most) is held out for validation.

    If no document begins there, it is the last one, however long. Raises BadInput for a file that
    is missing, empty, tiny, binary or not UTF-8, or a single document with an END mark.
    """
    size, has_documents = inspect(Path(path))

    def after(position):
        if has_documents:
            cut = next_cut(path, position, True)
        else:
            cut = character_boundary(path, position)
        return FileText(path, cut, size, has_documents)

    position = size - min(int(size * held_out) + 1, most_held_out)
    validation = after(position)
    if not any(validation):
        nothing = bisect_left(range(position), True, key=lambda start: not any(after(start)))
        validation = after(max(0, nothing - 1))
    train = FileText(path, 0, validation.start, has_documents)
    if not any(train) or not any(validation):
        raise BadInput(
            f"{path} holds one document at most, so that none can be held out for "
            f"validation: put more into it, with {END} between them."
        )
    return Corpus(train, validation, has_documents)


def inspect(path, of_any_length=False):
    """Read a file once, a block at a time: its size in bytes and whether it has END marks."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder: name one UTF-8 text file in it.")
    if not path.is_file():
        raise BadInput(
            f"There is no file {path}: check the path, or choose a corpus "
            "(--dataset stories is built in)."
        )
    size = text_size(path)
    has_documents, characters, kinds, tail, seen = False, 0, set(), b"", b""
    with open(path, "rb") as file, progress("Looking through it", size) as bar:
        while block := file.read(min(BLOCK, size - file.tell())):
            if file.tell() == len(block) and (found := sniff.other_format(block[:4096])):
                what, remedy = found
                raise BadInput(f"{path} seems to be {what}, not plain text in UTF-8. {remedy}")
            seen = seen[-len(END) :] + block  # a mark may lie across two blocks
            has_documents = has_documents or END.encode() in seen
            bar.update(len(block))
            block = tail + block
            text, tail = decode(block, path, file.tell() - len(block), file.tell() == size)
            characters += len(text)
            kinds = kinds if len(kinds) > 1 else kinds | set(text)
    if characters < SMALLEST and not of_any_length:
        raise BadInput(
            f"{path} holds {characters:,} characters, and at least {SMALLEST:,} are "
            "needed to learn from: choose a longer text."
        )
    if len(kinds) == 1:
        raise BadInput(
            f"{path} holds only one character, {kinds.pop()!r}, {characters:,} times, "
            "so that there is nothing to predict: choose another text."
        )
    return size, has_documents


def text_size(path):
    """The size of a file in bytes, without the zeros (or the Ctrl-Z of DOS) that fill its end."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        while size:
            start = max(0, size - 2**16)
            file.seek(start)
            text = file.read(size - start).rstrip(b"\0\x1a")
            size = start + len(text)
            if text:
                break
    return size


def decode(block, path, position, last):
    """Decode what is complete in a block of bytes; give back the text and the bytes left over."""
    if b"\0" in block:
        raise BadInput(
            f"{path} is not text: byte {position + block.index(0):,} is zero. "
            "Save it as plain text in UTF-8."
        )
    try:
        return block.decode("utf-8"), b""
    except UnicodeDecodeError as error:
        # A character may lie across the end of the block: its first bytes wait for the next.
        cut_off = len(block) - error.start < 4 and error.reason == "unexpected end of data"
        if cut_off and not last:
            return block[: error.start].decode("utf-8"), block[error.start :]
        what, remedy = (
            (
                "It ends in the middle of a character, as if it had been cut off.",
                "Copy or download it again, or delete its last character in an editor.",
            )
            if cut_off
            else sniff.older_encoding(block, error.start)
        )
        raise BadInput(
            f"{path} is not UTF-8: byte {position + error.start:,} cannot be read. {what} {remedy}"
        ) from None


def character_boundary(path, position):
    """The first byte at or after `position` at which a UTF-8 character or "\\r\\n" begins."""
    with open(path, "rb") as file:
        file.seek(position - 1)
        around = file.read(5)
    if around[:2] == b"\r\n":
        return position + 1
    return position + next((i for i, b in enumerate(around[1:]) if b & 0xC0 != 0x80), 0)


def download(url, path, check):
    """Fetch a small file once; afterwards it is read from where it lies.

    `check` says of its bytes what is wrong with them, or nothing. Raises BadInput when there is
    neither the file nor a network, and when either gives something else: the login page of a
    school's network, say, or half of the file.
    """
    if path.exists():
        if wrong := check(path.read_bytes()):
            raise BadInput(
                f"{path} is not what it should be: {wrong}. Delete it, and it will be "
                f"downloaded again, or put the right one there (from {url})."
            )
        return path
    try:
        content = fetch(url)
    except (OSError, HTTPException, EOFError, zlib.error) as error:  # no network, or it broke off
        raise no_network(path, url, error) from None
    if wrong := check(content):
        raise no_network(path, url, f"the answer is not the file: {wrong}")
    with atomic_write(path) as file:
        file.write(content)
    return path


def fetch(url):
    """The bytes at an address, unpacked if they were sent packed."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        with progress("Downloading", total) as bar:
            parts = []
            while part := answer.read(2**16):
                parts.append(part)
                bar.update(len(part))
        content = b"".join(parts)
        if len(content) < total:  # read(n) does not say that the connection broke off
            raise ConnectionError(f"it broke off after {len(content):,} of {total:,} bytes")
        packed = answer.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(content) if packed else content


def differs(content, size, sha256):
    """What is wrong with the bytes of a file whose size and hash are known, or ""."""
    if hashlib.sha256(content).hexdigest() == sha256:
        return ""
    kind = "a web page" if sniff.markup(content) == "HTML" else "something else"
    if len(content) != size:
        kind += f", of {len(content):,} bytes instead of {size:,}"
    return f"it is {kind}"


def no_network(path, url, error):
    return BadInput(
        f"{path.name} could not be downloaded ({error}). Put it into "
        f"{path.parent} yourself (it comes from {url}), or train on "
        "the built-in corpus, which needs no network: python train.py"
    )


def names():
    """The corpora that have a module here."""
    modules = (p.stem for p in Path(__file__).parent.glob("*.py"))
    return sorted(m for m in modules if m not in ("__init__", "persona", "textfile"))


def find(name):
    """The module called `name`, or the persona or text in the file of that path: each has PROMPTS
    and load()."""
    if name in names():
        return importlib.import_module("data." + name)
    if Path(name).exists() or Path(name).suffix or len(Path(name).parts) > 1:
        persona = importlib.import_module("data.persona").read(name)
        return persona or importlib.import_module("data.textfile").TextFile(name)
    close = get_close_matches(name, names(), 1)
    raise BadInput(
        f"There is no corpus called {name!r}"
        + (f"; did you mean {close[0]!r}?" if close else ".")
        + f" Choose one of {', '.join(names())}, or the path of a UTF-8 text file."
    )
