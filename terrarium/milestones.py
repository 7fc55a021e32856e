"""Milestones: the first sample at which a model could do something that it could not do before.

Everything here is found in what was written down while it learned (traces.jsonl, log.jsonl) and in
the text that it learned from; nothing is judged by hand.
"""

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from terrarium.text import END

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
END_OF_SENTENCE = re.compile(r'([.!?]+"?)')


class Language(NamedTuple):
    """What a training text knows: words, three in a row in a sentence, and names."""

    words: set
    threes: set
    names: set
    has_quotes: bool


class Sample(NamedTuple):
    """What was written at a step: its validation loss, the prompts and what came after each."""

    step: int
    loss: float
    texts: list  # of (prompt, continuation)


def learn_language(text):
    """What is in a text. A name is a word that is never seen without its capital, and more than
    once within a sentence."""
    words, threes, inside = set(), set(), Counter()
    for sentence in sentences(text):
        found = WORD.findall(sentence)
        words.update(found)
        threes.update(in_threes(["", *found]))
        inside.update(word for word in found[1:] if word[0].isupper() and len(word) > 1)
    names = {
        name
        for name, often in inside.items()
        if often > 1 and name.lower() not in words and not name.isupper()
    }
    return Language(words, threes, names, text.count('"') > 10)


def in_threes(words):
    """Each word but the last two, with the two after it."""
    return zip(words, words[1:], words[2:])


def sentences(text):
    """The sentences of a text, each with its full stop; what comes after the last one is none."""
    parts = END_OF_SENTENCE.split(text.replace(END, " "))  # words, full stop, words, ..., words
    return [(words + stop).strip() for words, stop in zip(parts[::2], parts[1::2]) if words.strip()]


def find_milestones(samples, language, losses, others=()):
    """The milestones of a training: [{kind, step, prompt, text}] in the order of their steps.

    prompt is the number of the prompt whose continuation shows it, text what to point at, both
    None where something else shows it. others: milestones that were found elsewhere."""
    found = [
        first(samples, kind, lambda sample, detect=detect: by_text(sample, language, detect))
        for kind, detect in DETECTORS.items()
    ]
    for name in ("unigram", "bigram", "entropy"):
        if name in losses:
            limit = losses[name] * (1.05 if name == "entropy" else 1)
            found.append(
                first(
                    samples,
                    name,
                    lambda sample, limit=limit: (
                        (None, None) if sample.loss is not None and sample.loss < limit else None
                    ),
                )
            )
    learned = [one for one in found if one and one["step"] > 0]  # at step 0 it is chance
    return sorted([*learned, *others], key=lambda milestone: milestone["step"])


def first(samples, kind, detect):
    """The first sample of which detect(sample) is not None, as a milestone."""
    for sample in samples:
        if found := detect(sample):
            return dict(kind=kind, step=sample.step, prompt=found[0], text=found[1])
    return None


def by_text(sample, language, detect):
    """(number of the prompt, what to point at) for the first continuation that shows it."""
    for i, (prompt, continuation) in enumerate(sample.texts):
        if text := detect(prompt, continuation, language):
            return i, text
    return None


def real_words(prompt, continuation, language):
    """Five words in a row, each of them a word of the corpus, and one has five letters or more."""
    found = list(WORD.finditer(continuation))[1:-1]  # the outer ones may be cut
    for start in range(len(found) - 4):
        row = found[start : start + 5]
        if all(word.group() in language.words for word in row) and any(
            len(word.group()) >= 5 for word in row
        ):
            return continuation[row[0].start() : row[-1].end()]
    return None


def sensible(sentence, language):
    """Whether every three words in a row of a sentence occur in the corpus (five words or more)."""
    found = WORD.findall(sentence)
    return len(found) >= 5 and set(in_threes(["", *found])) <= language.threes


def whole_sentence(prompt, continuation, language):
    """A sentence that begins and ends in the continuation."""
    own = [
        sentence
        for sentence in sentences(prompt + continuation)
        if sentence in continuation and sensible(sentence, language)
    ]
    return own[0] if own else None


def closed_quote(prompt, continuation, language):
    """Something that is said, from one quotation mark to the other."""
    if not language.has_quotes:
        return None
    for said in re.findall(r'"[^"\n]+[.,!?]"', continuation):
        found = WORD.findall(said)
        if len(found) >= 3 and set(in_threes(found)) <= language.threes:
            return said
    return None


def kept_name(prompt, continuation, language):
    """A name that comes back in a later sentence, the text between them being sensible."""
    for earlier, later in pairwise(sentences(prompt + continuation)):
        both = {*WORD.findall(earlier)} & {*WORD.findall(later)} & language.names
        if both and sensible(earlier, language) and sensible(later, language):
            return min(both)
    return None


def own_ending(prompt, continuation, language):
    """The model itself says that the text is over, after a sensible sentence."""
    written = sentences(prompt + continuation)
    text = (prompt + continuation.removesuffix(END)).rstrip()
    if continuation.endswith(END) and written and text.endswith(written[-1]):
        return written[-1] if sensible(written[-1], language) else None
    return None


DETECTORS = {
    "words": real_words,
    "sentence": whole_sentence,
    "quotes": closed_quote,
    "name": kept_name,
    "ending": own_ending,
}
