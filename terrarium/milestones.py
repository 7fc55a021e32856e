"""Milestones: the sample from which on a model could do something that it could not do before.

Everything here is found in what was written down while it learned (traces.jsonl, log.jsonl) and in
the text that it learned from; nothing is judged by hand. Two rules keep luck out. What a text shows
has to be shown again in at least two of the next three samples; a loss has to stay below its limit.
And tokens are drawn at random, without a model: what these reach too often is no milestone.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from terrarium.text import END

import numpy as np

LIMIT = 0.01  # how likely chance may reach a milestone, in all samples of a run together
N_DRAWS = 1000  # samples that are drawn at random, to see what chance reaches
N_WORDS = (5, 8, 12)  # real words in a row: the fewest that chance does not reach
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
END_OF_SENTENCE = re.compile(r'([.!?]+"?)')


class Language(NamedTuple):
    """What a training text knows: words, three in a row in a sentence, and names."""

    words: set
    threes: set
    names: set
    has_quotes: bool
    has_ends: bool


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
    return Language(words, threes, names, text.count('"') > 10, END in text)


def in_threes(words):
    """Each word but the last two, with the two after it."""
    return zip(words, words[1:], words[2:])


def sentences(text):
    """The sentences of a text, each with its full stop; what comes after the last one is none."""
    parts = END_OF_SENTENCE.split(text.replace(END, " "))  # words, full stop, words, ..., words
    return [(words + stop).strip() for words, stop in zip(parts[::2], parts[1::2]) if words.strip()]


class Criterion(NamedTuple):
    """A sign to look for in texts: detect(prompt, continuation, language) is what shows it.

    uniform and unigram: of the samples that were drawn at random, the fraction that shows it, with
    all tokens equally likely or as frequent as in the corpus; is_used: whether that is seldom
    enough for the samples of a run; n_words: of kind `words`, how many in a row."""

    detect: Callable
    uniform: float
    unigram: float
    is_used: bool
    n_words: int | None = None


def choose_criteria(language, drawn, n_samples):
    """{kind: Criterion} for what a text can show.

    drawn: {"uniform": samples, "unigram": samples}, of tokens drawn at random; n_samples: how many
    of a model are looked at. Of the criteria of a kind, the first that chance seldom reaches."""
    found, possible = {}, dict(quotes=language.has_quotes, ending=language.has_ends)
    for kind, detect in DETECTORS.items():
        if not possible.get(kind, True):
            continue
        for n_words in N_WORDS if kind == "words" else [None]:
            sign = detect if n_words is None else partial(detect, n_words=n_words)
            odds = {
                way: sum(by_text(sample, language, sign) is not None for sample in samples)
                / len(samples)
                for way, samples in drawn.items()
            }
            is_used = odds_of_staying(max(odds.values()), n_samples) <= LIMIT
            found[kind] = Criterion(sign, **odds, is_used=is_used, n_words=n_words)
            if is_used:
                break
    return found


def odds_of_staying(p, n_samples):
    """At most how likely a sign that each sample shows with probability p is shown by one of them
    and by two of the three after it."""
    return min(1, n_samples * p * (3 * p**2 * (1 - p) + p**3))


def draw_sample(tokenizer, prompts, lengths, p, rng):
    """A sample without a model: after each prompt as many tokens as its length, or up to an end
    token, drawn with probabilities p (V,); None if all are equally likely."""
    texts = []
    for prompt, length in zip(prompts, lengths):
        ids = rng.choice(len(tokenizer.vocab), length, p=p).tolist()
        if tokenizer.end in ids:
            ids = ids[: ids.index(tokenizer.end) + 1]
        texts.append((prompt, tokenizer.decode(ids)))
    return Sample(0, None, texts)


def unigram_probs(ids, vocab_size, temperature):
    """How likely each token is (V,) for a model that only knows how often it occurs among ids."""
    often = np.bincount(ids, minlength=vocab_size)
    p = (often / often.max()) ** (1 / temperature)
    return p / p.sum()


def find_milestones(samples, language, losses, criteria, others=()):
    """The milestones of a training: [{kind, step, prompt, text}] in the order of their steps.

    prompt is the number of the prompt whose continuation shows it, text what to point at, both
    None where something else shows it. others: milestones that were found elsewhere."""
    found = [
        first_to_stay(samples, kind, partial(by_text, language=language, detect=criterion.detect))
        for kind, criterion in criteria.items()
        if criterion.is_used
    ]
    for name in ("unigram", "bigram", "entropy"):
        if name in losses:
            found.append(below(samples, name, losses[name] * (1.05 if name == "entropy" else 1)))
    learned = [one for one in found if one and one["step"] > 0]  # at step 0 it is chance
    return sorted([*learned, *others], key=lambda milestone: milestone["step"])


def first_to_stay(samples, kind, detect):
    """The first sample that shows something, as do at least two of the next three, as a milestone;
    detect(sample) is (number of the prompt, what to point at), or None."""
    shown = [detect(sample) for sample in samples]
    for i, sample in enumerate(samples):
        if shown[i] and sum(one is not None for one in shown[i + 1 : i + 4]) >= 2:
            return dict(kind=kind, step=sample.step, prompt=shown[i][0], text=shown[i][1])
    return None


def below(samples, kind, limit):
    """The first sample from which on every loss is below a limit, as a milestone."""
    measured = [sample for sample in samples if sample.loss is not None]
    i = since([sample.loss < limit for sample in measured])
    return None if i is None else dict(kind=kind, step=measured[i].step, prompt=None, text=None)


def since(holds):
    """The index from which on all of some booleans are true; None if the last one is not."""
    last_false = max((i for i, one in enumerate(holds) if not one), default=-1)
    return last_false + 1 if last_false + 1 < len(holds) else None


def rule_step(fractions, least, most):
    """The index of the step from which on a rule is kept: there by at least a fraction `least` of
    the texts, and by more than `most` of them at every later one. None if there is none."""
    for i in range(len(fractions)):
        if fractions[i] >= least and min(fractions[i:]) > most:
            return i
    return None


def least_texts(n_texts, p, n_steps):
    """How many of n_texts have to keep a rule so that more than a fraction p of all texts keep it.

    If each text kept it with probability p, at most LIMIT of all runs would have so many at one of
    n_steps, and more than a fraction p at all steps after that. None if chance is never so rare."""
    stays = at_least(math.floor(p * n_texts) + 1, n_texts, p)
    for least in range(math.floor(p * n_texts) + 1, n_texts + 1):
        odds = at_least(least, n_texts, p)
        if odds * sum(stays**later for later in range(n_steps)) <= LIMIT:
            return least
    return None


def at_least(k, n, p):
    """How likely k or more of n texts keep a rule that each keeps with probability p."""
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


def by_text(sample, language, detect):
    """(number of the prompt, what to point at) for the first continuation that shows it."""
    for i, (prompt, continuation) in enumerate(sample.texts):
        if text := detect(prompt, continuation, language):
            return i, text
    return None


def real_words(prompt, continuation, language, n_words):
    """n_words in a row, each of them a word of the corpus, and one has five letters or more."""
    found = list(WORD.finditer(continuation))[1:-1]  # the outer ones may be cut
    for start in range(len(found) - n_words + 1):
        row = found[start : start + n_words]
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
    """A name that the model writes again in the next sentence; both sentences are sensible."""
    written, n_given = sentences(prompt + continuation), len(sentences(prompt))
    for i in range(max(1, n_given), len(written)):
        earlier, later = written[i - 1], written[i]
        given = WORD.findall(after_last_sentence(prompt)) if i == n_given else []
        own = WORD.findall(later)[len(given) :]  # the prompt may hold the beginning of the sentence
        both = {*WORD.findall(earlier)} & {*own} & language.names
        if both and sensible(earlier, language) and sensible(later, language):
            return min(both)
    return None


def after_last_sentence(text):
    """What comes after the last full stop."""
    return END_OF_SENTENCE.split(text.replace(END, " "))[-1]


def own_ending(prompt, continuation, language):
    """The model itself says that the text is over, after a sensible sentence that it finished."""
    written = sentences(prompt + continuation)
    if not continuation.endswith(END) or len(written) == len(sentences(prompt)):
        return None
    text = (prompt + continuation.removesuffix(END)).rstrip()
    is_whole = text.endswith(written[-1]) and sensible(written[-1], language)
    return written[-1] if is_whole else None


DETECTORS = {
    "words": real_words,
    "sentence": whole_sentence,
    "quotes": closed_quote,
    "name": kept_name,
    "ending": own_ending,
}
