"""TinyStories V2: 2.7 million short stories in words that a four-year-old knows, 2.2 GB.

Source: roneneldan/TinyStories on Hugging Face, file TinyStoriesV2-GPT4-train.txt, by Ronen Eldan
and Yuanzhi Li (2023). Licence: CDLA-Sharing-1.0. The stories are streamed once to
`data/downloads/tinystories.txt`, each followed by a line `<|endoftext|>`; a file of that name
that already lies there is used instead. The last 2 MB (at most a tenth) validate.
"""
import urllib.request
from http.client import HTTPException

from data import DOWNLOADS, no_network, open_text
from terrarium.files import atomic_write

from tqdm import tqdm

REPOSITORY, FILE = "roneneldan/TinyStories", "TinyStoriesV2-GPT4-train.txt"
URL = f"https://huggingface.co/datasets/{REPOSITORY}/resolve/main/{FILE}"
PROMPTS = ("Once upon a time", "The boy was very", "She went to the", "The dog and the cat",
           "He was happy because")


def load():
    """A Corpus of stories, read from the disk a block at a time: never 2.2 GB in memory."""
    path = DOWNLOADS / "tinystories.txt"
    if not path.exists():
        try:
            stream(remote_lines(path), path)
        except ConnectionError as error:  # the network broke off, and trying again did not help
            raise no_network(path, URL, error) from None
    return open_text(path)


def remote_lines(path):
    """The lines of the file on the hub, one by one. Raises BadInput without a network."""
    try:  # `datasets` would retry for minutes before it gives up
        urllib.request.urlopen(urllib.request.Request(URL, method="HEAD"), timeout=20).close()
    except (OSError, HTTPException) as error:
        raise no_network(path, URL, error) from None
    from datasets import load_dataset
    return lines(load_dataset(REPOSITORY, data_files={"train": FILE}, streaming=True))


def lines(dataset):
    return (row["text"] for row in dataset["train"])


def stream(text_lines, path):
    """Write lines to a file as they come; half a download is never read."""
    bar = tqdm(total=2_227_753_162, unit="B", unit_scale=True, desc="TinyStories")
    with atomic_write(path) as file, bar:
        for line in text_lines:
            bar.update(file.write(f"{line}\n".encode()))
