"""Any UTF-8 text of your own: `python train.py --dataset my_novel.txt`.

A file in which `<|endoftext|>` stands between documents is read document by document; any other
is one long text. The last tenth (2 MB at most) is held out for validation. Source and licence
are yours to know.

A list in alphabetical order is shuffled first: its last tenth begins with letters that the rest
never begins with. (A small model of 600 sorted names ended at a loss of 0.3 in training and of 2.1
in validation; shuffled, at 1.1 in both.) Only such a list is: lines of other texts have an order.
"""

import re
from itertools import islice
from random import Random

from data import Corpus, FileText, as_everywhere, character_boundary, next_cut, open_text
from terrarium import sniff
from terrarium.errors import BadInput
from terrarium.text import END, MARKS

WORD = rf"(?:\S[{MARKS}]*){{1,20}}"  # no longer, for some scripts put no space between words
BEGINNING = re.compile(f"{WORD}(?: {WORD}){{0,3}}")
ASKED = re.compile(r"[^?.!]+\?[ \t]+\S")
FEWEST_ASKED, MOST = 5, 0.6  # lines that look like a question and its answer, and their fraction
EXCERPT = 2**14  # bytes read to find a prompt in
LARGEST_LIST = 64 * 2**20  # bytes; a larger file is not shuffled, since it might not fit in memory
TRIES = 30  # lines, words and characters at which another prompt is looked for


class TextFile:
    """One text file, with the same two names that a corpus module has."""

    def __init__(self, path):
        self.path = path
        self.corpus = shuffled_if_alphabetical(open_text(path))
        self.PROMPTS = prompts(excerpts(self.corpus))
        with open(path, "rb") as file:
            beginning = file.read(EXCERPT)
        self.corpus = self.corpus._replace(note=" ".join(notes(self.corpus, beginning)))

    def load(self):
        return self.corpus


# What a person should know about a text ----------------------------------------------------------


def notes(corpus, beginning):
    """Sentences for the head of a training; `beginning` are the first bytes of the file."""
    if corpus.note:
        yield corpus.note
    if kind := sniff.markup(beginning):
        yield (
            f"It is {kind}: the model learns its tags and brackets, too. Save only the words "
            "as text, if you do not want that."
        )
    text = beginning.decode("utf-8", "ignore")
    if len(re.findall("[ÃÂ][\u0080-\u00bf]|â€", text)) > 3:
        yield "It holds Ã©, â€™ and the like: it was read in a wrong encoding before it was saved."
    if text.count("\ufffd") > 3:
        yield "It holds � for letters that a program could not read before: look for a better copy."
    if looks_asked(text):
        yield (
            "Its lines look like questions and answers: with exactly one TAB between the two, they "
            "would be read as a conversation (see data/persona.py)."
        )
    elif not corpus.has_documents:
        yield f"One long text: put {END} between documents, and the model learns where one ends."


def looks_asked(text):
    """Whether most lines go on after a question mark, and spaces or TABs."""
    lines = [line for line in text.splitlines()[:-1] if line.strip()]
    asked = sum(ASKED.match(line) is not None for line in lines)
    return asked >= FEWEST_ASKED and asked > MOST * len(lines)


def shuffled_if_alphabetical(corpus):
    """The same corpus, or one whose lines (or documents) are shuffled if they are sorted."""

    def units(texts):
        return list(texts) if corpus.has_documents else [s for s in "".join(texts).split("\n") if s]

    sample = islice(corpus.train, 100 if corpus.has_documents else 1)  # documents, or one block
    if corpus.validation.stop > LARGEST_LIST or not is_alphabetical(units(sample)[:1000]):
        return corpus
    parts = units([*corpus.train, *corpus.validation])
    if not is_alphabetical(parts):
        return corpus
    Random(0).shuffle(parts)
    held_out = max(1, len(parts) // 10)
    splits = [parts[:-held_out], parts[-held_out:]]
    if not corpus.has_documents:
        splits = [["\n".join(lines) + "\n"] for lines in splits]
    kind = "documents" if corpus.has_documents else "lines"
    return Corpus(
        *splits,
        corpus.has_documents,
        f"Its {kind} are in alphabetical order: they are "
        "shuffled, or the end of the alphabet would never be learned.",
    )


def is_alphabetical(parts):
    """Whether many lines (or documents) are sorted, from one letter to another. Those of a log
    begin with the time, those of a diary with "Day 1", and the same line again is no list."""
    starts = [part[:40].casefold() for part in parts]
    letters = [start[0] for start in starts if start[0].isalpha()]
    in_order = sum(a <= b for a, b in zip(starts, starts[1:]))
    return (
        len(starts) > 20
        and len(set(starts)) > len(starts) / 2
        and len(set(letters)) > 4
        and len(letters) > 0.95 * len(starts)
        and in_order > 0.95 * (len(starts) - 1)
    )


# Prompts -----------------------------------------------------------------------------------------


def excerpts(corpus):
    """Five pieces of the text to learn from, from places far apart."""
    train = corpus.train
    if isinstance(train, FileText):
        return [read_excerpt(train, len(train) * i // 5) for i in range(5)]
    if not corpus.has_documents:
        return slices(train[0])
    return [train[len(train) * i // 5] for i in range(5)]


def slices(text):
    """Five pieces of a long text that begin where a line does."""
    pieces = (text[len(text) * i // 5 :][:EXCERPT] for i in range(5))
    return [piece if i == 0 else from_line(piece) for i, piece in enumerate(pieces)]


def read_excerpt(train, offset):
    """The first document, or the first lines, at or after an offset in a FileText."""
    start = train.start + offset
    if train.has_documents:
        start = next_cut(train.path, start, True) if offset else start
        return next(iter(FileText(train.path, start, train.stop, True)), "")[:EXCERPT]
    start = character_boundary(train.path, start) if offset else start
    with open(train.path, "rb") as file:
        file.seek(start)
        content = file.read(min(EXCERPT, train.stop - start))
    text = as_everywhere(content.decode("utf-8", "ignore"), not start)
    return from_line(text) if offset else text


def from_line(text):
    """A text from where its next line begins, or its next word, if a line is very long."""
    for pattern, reach in ((r"\n(?=.*\S)", 2000), (r"\s(?=\S)", 200)):
        if found := re.search(pattern, text[:reach]):
            return text[found.end() :]
    return re.sub(f"^[{MARKS}]+", "", text)


def prompts(excerpts):
    """Five beginnings, one of each excerpt, and all different if the text allows it."""
    found = []
    for excerpt in excerpts:
        found += islice((text for text in beginnings(excerpt) if text not in found), 1)
    for excerpt in excerpts:  # if there are fewer than five, or if one had nothing new
        for text in beginnings(excerpt):
            found += [text] * (len(found) < 5 and text not in found)
    if not found:
        raise BadInput("The text holds nothing but white space: choose another one.")
    return tuple((found * 5)[:5])


def beginnings(text):
    """Yield what may be a prompt, four words each: at lines first, then at words, then anywhere."""
    anywhere = [found.start() for found in re.finditer(rf"[^\s{MARKS}]", text)]
    starts = (
        *first_starts(r"(?m)^(?=.*\S)", text),
        *first_starts(r"(?<!\S)(?=\S)", text),
        *anywhere[:: len(anywhere) // TRIES + 1],
    )
    for start in starts:
        if found := BEGINNING.search(text, start):
            yield found[0]


def first_starts(pattern, text):
    return [found.start() for found in islice(re.finditer(pattern, text), TRIES)]
