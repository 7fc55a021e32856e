"""Any UTF-8 text of your own: `python train.py --dataset my_novel.txt`.

A file in which `<|endoftext|>` stands between documents is read document by document; any other
is one long text. The last tenth (2 MB at most) is held out for validation. Source and licence
are yours to know.
"""
from data import BadInput, open_text

LONGEST_WORD = 20  # characters; some scripts put no space between words


class TextFile:
    """One text file, with the same two names that a corpus module has."""

    def __init__(self, path):
        self.path = path
        self.corpus = open_text(path)
        self.PROMPTS = prompts(next(iter(self.corpus.train)))

    def load(self):
        return self.corpus


def prompts(text):
    """Five beginnings, taken from five places of the text: four words each."""
    places = [len(text) * i // 5 for i in range(5)]
    lines = [text.find("\n", place) + 1 if place else 0 for place in places]
    found = [text[start:start + 1000].split()[:4] for start in lines]
    if not any(found):
        raise BadInput("The text begins with nothing but white space: remove it and try again.")
    some = next(filter(None, found))
    return tuple(" ".join(word[:LONGEST_WORD] for word in words or some) for words in found)
