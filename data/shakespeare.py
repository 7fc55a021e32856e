"""Tiny Shakespeare: 1,115,394 characters of his plays, the text every small GPT is measured on.

Source: the char-rnn repository's `tinyshakespeare/input.txt`; the plays are in the public
domain. Standard split: the first 90 % of the characters train, the last 10 % validate.
Downloaded on first use to `data/downloads/tinyshakespeare.txt`, and read from there.
"""
from data import DOWNLOADS, download, open_text

URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
PROMPTS = ("ROMEO:", "First Citizen:", "To be, or not to be", "My lord, I ", "What ")


def load():
    """A Corpus of one document, cut at nine tenths."""
    return open_text(download(URL, DOWNLOADS / "tinyshakespeare.txt"))
