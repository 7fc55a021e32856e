"""Copied or invented: which parts of a text stand word for word in the training text.

A text is cut into units: a word, or else a single character. A span is a part of a text that
begins with a whole word, ends with one or with a mark, and stands in the training text, inside of
one document, exactly as it is here, with the same spaces and line ends. The page does the same in
site/engine/spans.js; a test compares the two.

    found = search([cut(" there was a dog.")], blocks(run))
    list(found.spans(0))   # [Span(start=1, length=15, words=4, document=7, offset=102, …)]

All texts are looked for at once, while the training text goes by a block at a time: it may be
larger than the memory.

How many words in a row make a copy? That depends on the training text: in one that a grammar made,
sentences that a model never saw stand there, too. So text that was held out is looked for as well,
and a span counts as copied only if it has so many words that hardly any of the held-out text would.
"""

import re
from itertools import chain, repeat
from typing import NamedTuple

from terrarium.text import END, MARKS

import numpy as np

# Scripts that put no space between words, of which each character counts as a word: Thai, Lao,
# Burmese, Khmer, Japanese and Chinese.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
LETTERS = rf"(?:(?![{UNSPACED}])[\w{MARKS}])+"
WORD = rf"[{UNSPACED}][{MARKS}]*|{LETTERS}(?:['’]{LETTERS})*"
UNIT = re.compile(rf"{WORD}|.", re.DOTALL)
IS_WORD = re.compile(rf"[{UNSPACED}\w{MARKS}]")

BOUNDARY = "\0"  # between two documents: no text has this character
BLOCK = 1_000_000  # tokens that are looked at together


class Span(NamedTuple):
    """Part of a text that stands in the training text: `start` and `length` in characters, its
    `words`, and where it occurs first: `offset` characters into a `document`."""

    start: int
    length: int
    words: int
    document: int
    offset: int
    occurrences: int


# --------------------------------------------------------------------------------------------------
# 1. A text in units


class Units(NamedTuple):
    """A text, cut: texts of the units, where each starts, and which are words."""

    texts: list
    starts: np.ndarray
    is_word: np.ndarray


def cut(text, prompt="", is_cut_off=False):
    """The Units of a text after a prompt. A word of which only a part stands in it is left out: one
    that begins in the prompt, and if the text is cut off, the last one."""
    begin = len(prompt)
    texts = []
    starts = []
    for unit in UNIT.finditer(prompt + text):
        if unit.start() >= begin:
            texts.append(unit[0])
            starts.append(unit.start() - begin)
    if is_cut_off and texts and IS_WORD.match(texts[-1]):
        texts.pop()
        starts.pop()
    is_word = np.array([bool(IS_WORD.match(one)) for one in texts], bool)
    return Units(texts, np.array(starts, np.int64), is_word)


# --------------------------------------------------------------------------------------------------
# 2. The training text


def blocks(run):
    """The training text of a run in parts, with a BOUNDARY before, between and after documents, if
    it has any."""
    tokens = run.tokens("train")
    symbols = [BOUNDARY if symbol == END else symbol for symbol in run.vocab]
    for i in range(0, len(tokens), BLOCK):
        yield "".join(map(symbols.__getitem__, tokens[i : i + BLOCK].tolist()))


def unit_blocks(texts):
    """The same in units. What may go on in the next part waits for it: the last unit, and the one
    before, since an apostrophe joins two parts of a word."""
    rest = ""
    for text in texts:
        units = units_of(rest + text)
        rest = "".join(units[-2:])
        yield units[:-2]
    yield UNIT.findall(rest)


class PieceUnits(dict):
    """The units of what stands between two spaces, and the space after it. Few of these pieces are
    different from each other, so that to look them up takes half as long as to cut each again."""

    def __missing__(self, piece):
        units = self[piece] = [*UNIT.findall(piece), " "]
        return units


def units_of(text):
    """All units of a text. No unit goes on across a space, which is one of its own."""
    pieces = map(PieceUnits().__getitem__, text.split(" "))
    return list(chain.from_iterable(pieces))[:-1]


def words_of(texts):
    """Yield the words of each part of a text, as sets. What stands before the last space of a part
    is complete; the rest waits for the next one."""
    rest = ""
    for text in chain(texts, [" "]):
        complete, _, rest = (rest + text).rpartition(" ")
        pieces = set(complete.split())  # no word has a space of any kind in it
        yield {unit for piece in pieces for unit in UNIT.findall(piece) if IS_WORD.match(unit)}


# --------------------------------------------------------------------------------------------------
# 3. The search

OF_DOCUMENT = 2**36  # characters that a document has at most: a place is a single number
NOWHERE = np.iinfo(np.int64).max
TABLE = 2**23  # keys that a table has at most: the first rows are looked up in one, being many
OTHER, EDGE = -1, -2  # instead of the number of a unit: one that no text has, and a BOUNDARY


class Rows:
    """All rows of n units in some texts, numbered: that of the row which begins at each unit is in
    `numbers`, -1 where the text ends before it does.

    `steps` are the ways from a row of n - 1 units and one more to each of these rows, as numbers
    in order. `counts` says how often each row was found, and `first` at which place first."""

    def __init__(self, shorter, following, n_ids, has_table):
        keys = np.where((shorter >= 0) & (following >= 0), shorter * n_ids + following, -1)
        self.table = None
        self.steps, numbers = np.unique(keys[keys >= 0], return_inverse=True)
        self.numbers = np.full(len(keys), -1)
        self.numbers[keys >= 0] = numbers
        self.counts = np.zeros(len(self.steps), np.int64)
        self.first = np.full(len(self.steps), NOWHERE)
        n_keys = int(self.steps[-1]) + 1 if len(self.steps) else 0
        if has_table and n_keys <= TABLE:  # faster than a search
            self.table = np.full(n_keys, -1, np.int32)
            self.table[self.steps] = np.arange(len(self.steps))

    def find(self, keys):
        """The number of the row that each key leads to, and whether there is one."""
        if self.table is not None:
            numbers = self.table[np.minimum(keys, len(self.table) - 1)]
            return numbers, (numbers >= 0) & (keys < len(self.table))
        numbers = np.minimum(np.searchsorted(self.steps, keys), len(self.steps) - 1)
        return numbers, self.steps[numbers] == keys

    def count(self, numbers, places):
        self.counts += np.bincount(numbers, minlength=len(self.counts))
        first = np.full(len(self.first), NOWHERE)
        first[numbers[::-1]] = places[::-1]  # of several, the last that is written stays
        self.first = np.minimum(self.first, first)


class Search:
    """Where rows of units of some texts stand in a training text, of which `read` gets the units.

    Everywhere in a block at once: where a row of n units begins, one of n + 1 is looked for, until
    there is none."""

    def __init__(self, texts):
        self.texts = texts
        words = sorted({unit for text in texts for unit in text.texts})
        self.ids = {unit: i for i, unit in enumerate(words)} | {BOUNDARY: EDGE}
        self.is_word = np.array([bool(IS_WORD.match(unit)) for unit in words], bool)
        self.longest = max((len(text.texts) for text in texts), default=0)
        self.begins = np.cumsum([0, *(len(text.texts) + 1 for text in texts)])
        self.units = np.array(
            [i for text in texts for i in (*map(self.ids.get, text.texts), OTHER)], np.int64
        )
        self.rows = []  # of 1, 2, 3 … units, as far as one was found
        self.tail = np.zeros((2, 0), np.int64)  # ids and places: longer rows may begin there
        self.document = -1
        self.characters = 0  # of this document that have been read
        self.n_characters = 0  # of all of them
        self.found = None  # what lengths returns

    def rows_of(self, n):
        if len(self.rows) < n:
            shorter = self.rows[-1].numbers if self.rows else np.zeros(len(self.units), np.int64)
            following = np.full(len(self.units), OTHER)
            following[: len(self.units) - n + 1] = self.units[n - 1 :]
            self.rows.append(Rows(shorter, following, len(self.ids), has_table=n <= 3))
        return self.rows[n - 1]

    def read(self, units, is_last=False):
        """Look through the next units."""
        ids = np.fromiter(map(self.ids.get, units, repeat(OTHER)), np.int64, len(units))
        ids, places = np.concatenate([self.tail, [ids, self.places(units, ids == EDGE)]], 1)
        end = len(ids) if is_last else max(0, len(ids) - self.longest)
        self.look_through(ids, places, end)
        self.tail = np.stack([ids[end:], places[end:]])

    def places(self, units, is_boundary):
        """Where each unit stands: in which document, and after how many characters of it."""
        lengths = np.fromiter(map(len, units), np.int64, len(units))
        documents = self.document + np.cumsum(is_boundary)
        ends = self.characters + np.cumsum(lengths)
        begins = np.maximum.accumulate(np.where(is_boundary, ends, 0))  # of the document
        offsets = ends - lengths - begins
        if len(units):
            self.document = int(documents[-1])
            self.characters = int(ends[-1] - begins[-1])
            self.n_characters += int(lengths[~is_boundary].sum())
        return np.maximum(documents, 0) * OF_DOCUMENT + offsets

    def look_through(self, ids, places, end):
        at = np.flatnonzero(ids[:end] >= 0)
        at = at[self.is_word[ids[at]]]
        found = np.zeros(len(at), np.int64)  # the row that begins at each
        for n in range(1, self.longest + 1):
            at, found = at[at + n <= len(ids)], found[at + n <= len(ids)]
            following = ids[at + n - 1]
            at, found, following = (
                at[following >= 0],
                found[following >= 0],
                following[following >= 0],
            )
            rows = self.rows_of(n)
            if not len(at) or not len(rows.steps):
                return
            found, is_found = rows.find(found * len(self.ids) + following)
            at, found = at[is_found], found[is_found]
            rows.count(found, places[at])

    def spans(self, i):
        """The Spans of text i: the longest row that begins at each of its words, without those that
        lie inside of another one."""
        text = self.texts[i]
        lengths = self.lengths()[self.begins[i] :][: len(text.texts)].tolist()
        words_before = [0, *np.cumsum(text.is_word).tolist()]
        end = 0  # of the spans so far
        for first, n in enumerate(lengths):
            while n and text.texts[first + n - 1].isspace():
                n -= 1
            n_words = words_before[first + n] - words_before[first]
            if first + n > end and n_words:
                yield self.span(i, first, n, n_words)
                end = first + n

    def lengths(self):
        """How many units were found in a row, from each unit on."""
        if self.found is None:
            self.found = np.zeros(len(self.units), np.int64)
            goes_on = np.ones(len(self.units), bool)
            for rows in self.rows:
                goes_on &= rows.numbers >= 0
                goes_on[goes_on] = rows.counts[rows.numbers[goes_on]] > 0
                self.found += goes_on
        return self.found

    def span(self, i, first, n, words):
        text, rows = self.texts[i], self.rows[n - 1]
        row = rows.numbers[self.begins[i] + first]
        document, offset = divmod(int(rows.first[row]), OF_DOCUMENT)
        start = int(text.starts[first])
        length = sum(map(len, text.texts[first : first + n]))
        return Span(start, length, words, document, offset, int(rows.counts[row]))


def search(texts, parts):
    """A Search for some Units that has read a whole training text, which comes in parts."""
    found = Search(texts)
    for units in unit_blocks(parts):
        found.read(units)
    found.read([], is_last=True)
    return found


def copied_words(text, spans, least):
    """How many words of a text stand in spans of at least so many words."""
    is_copied = np.zeros(len(text.texts), bool)
    for span in spans:
        if span.words >= least:
            is_copied |= (text.starts >= span.start) & (text.starts < span.start + span.length)
    return int((is_copied & text.is_word).sum())
