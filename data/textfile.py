"""Any UTF-8 text of your own: `python train.py --dataset my_novel.txt`.

A file in which `<|endoftext|>` stands between documents is read document by document; any other
is one long text. The last tenth (2 MB at most) is held out for validation. Source and licence
are yours to know.
"""
import re

from data import BadInput, open_text

WORD = r"\S{1,20}"  # no longer, for some scripts put no space between words
BEGINNING = re.compile(f"{WORD}(?: {WORD}){{0,3}}")


class TextFile:
    """One text file, with the same two names that a corpus module has."""

    def __init__(self, path):
        self.path = path
        self.corpus = open_text(path)
        self.PROMPTS = prompts(next(iter(self.corpus.train)))

    def load(self):
        return self.corpus


def prompts(text):
    """Five beginnings, taken from five places of the text: four words of a line each."""
    places = [len(text) * i // 5 for i in range(5)]
    starts = [text.find("\n", place) + 1 if place else 0 for place in places]
    found = [BEGINNING.search(text, start) for start in starts]
    if not found[0]:
        raise BadInput("The text begins with nothing but white space: remove it and try again.")
    return tuple((match or found[0])[0] for match in found)
