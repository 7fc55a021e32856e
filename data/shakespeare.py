"""Tiny Shakespeare: 1,115,394 characters of his plays, the text every small GPT is measured on.

Source: the char-rnn repository's `tinyshakespeare/input.txt`; the plays are in the public
domain. Standard split: the first 90% of the characters train, the last 10% validate.
Downloaded on first use to `data/downloads/tinyshakespeare.txt`, and read from there; its length
and its hash are checked, so that nothing else is taken for it.
"""

from functools import partial

from data import DOWNLOADS, differs, download, open_text

URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SIZE = 1_115_394  # bytes
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
CREDIT = "Tiny Shakespeare, from the char-rnn repository by Andrej Karpathy"
LICENCE = "public domain"
PROMPTS = ("ROMEO:", "First Citizen:", "To be, or not to be", "My lord, I ", "What ")


def load():
    """A Corpus of one document, cut at nine tenths."""
    check = partial(differs, size=SIZE, sha256=SHA256)
    return open_text(download(URL, DOWNLOADS / "tinyshakespeare.txt", check))
