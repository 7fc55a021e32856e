"""TinyStories V2: 2.7 million short stories in words that a four-year-old knows, 2.2 GB.

Source: roneneldan/TinyStories on Hugging Face, file TinyStoriesV2-GPT4-train.txt, by Ronen Eldan
and Yuanzhi Li (2023). Licence: CDLA-Sharing-1.0. The stories are streamed once to
`data/downloads/tinystories.txt`, each followed by a line `<|endoftext|>`; a file of that name
that already lies there is used instead. The last 2 MB (at most a tenth) validate.
"""

import urllib.request
from http.client import HTTPException
from itertools import chain, islice

from data import DOWNLOADS, no_network, open_text
from terrarium import sniff
from terrarium.errors import BadInput
from terrarium.files import atomic_write
from terrarium.progress import progress
from terrarium.text import END

REPOSITORY, FILE = "roneneldan/TinyStories", "TinyStoriesV2-GPT4-train.txt"
URL = f"https://huggingface.co/datasets/{REPOSITORY}/resolve/main/{FILE}"
PROMPTS = (
    "Once upon a time",
    "The boy was very",
    "She went to the",
    "The dog and the cat",
    "He was happy because",
)
CREDIT = (
    "TinyStories V2 by Ronen Eldan and Yuanzhi Li (2023), roneneldan/TinyStories on Hugging Face"
)
LICENCE = "CDLA-Sharing-1.0"
TOTAL = 2_227_753_162  # bytes, for the progress bar


def load():
    """A Corpus of stories, read from the disk a block at a time: never 2.2 GB in memory."""
    path = DOWNLOADS / "tinystories.txt"
    if not path.exists():
        try:
            text_lines, size = remote_lines(path)
            stream(text_lines, path, size)
        except ConnectionError as error:  # the network broke off, and trying again did not help
            raise no_network(path, URL, error) from None
    return open_stories(path)


def open_stories(path):
    """The stories of a file: all of them, or a sample. Raises BadInput if it holds none."""
    with open(path, "rb") as file:
        kind = sniff.markup(file.read(1000))
    if not kind:
        corpus = open_text(path)
        if corpus.has_documents:
            return corpus
    wrong = (
        f"it is {kind}, such as a network answers that wants a login"
        if kind
        else f"there is no {END} between them"
    )
    raise BadInput(
        f"{path} holds no stories: {wrong}. Delete it, and it will be downloaded again, "
        f"or put the right one there (from {URL})."
    )


def remote_lines(path):
    """The lines of the file on the hub, one by one, and its size in bytes (0 if unknown).

    Raises BadInput without a network.
    """
    try:  # `datasets` would retry for minutes before it gives up
        request = urllib.request.Request(URL, method="HEAD")
        with urllib.request.urlopen(request, timeout=20) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            if answer.headers.get_content_type() == "text/html":
                raise ConnectionError("the answer is a web page: does the network want a login?")
    except (OSError, HTTPException) as error:
        raise no_network(path, URL, error) from None
    from datasets import load_dataset

    return lines(lambda: load_dataset(REPOSITORY, data_files={"train": FILE}, streaming=True)), size


def lines(open_dataset):
    """Yield the lines of a dataset. Raises ConnectionError, whatever went wrong on the way."""
    try:
        for row in open_dataset()["train"]:
            yield row["text"]
    except Exception as error:  # of several libraries, each with a hierarchy of its own
        raise ConnectionError(str(error) or type(error).__name__) from error


def stream(text_lines, path, size=0):
    """Write lines to a file as they come; half a download is never read.

    Raises ConnectionError if they are of a web page, or far fewer than `size` bytes.
    """
    text_lines = iter(text_lines)
    first = list(islice(text_lines, 100))
    if sniff.markup("\n".join(first).encode()):
        raise ConnectionError("the answer is a web page: does the network want a login?")
    with atomic_write(path) as file, progress("TinyStories", size or TOTAL) as bar:
        for line in chain(first, text_lines):
            bar.update(file.write(f"{line}\n".encode()))
        if file.tell() < 0.99 * size:  # not exactly, for line ends may have been others
            raise ConnectionError(f"it broke off after {file.tell():,} of {size:,} bytes")
