"""guesses.json: places in held-out text where somebody guesses the next token."""

import re

from terrarium.baselines import Counts
from terrarium.text import END

import numpy as np
import torch

PASSAGES = 8  # held-out texts
QUESTIONS = 4  # in each of them
CANDIDATES = 5  # tokens to choose from, the right one among them
WINDOW = 48  # tokens of a text that are shown, at most
CHARACTERS = 120  # of a text whose tokens are characters
LEAST_BEFORE = 8  # tokens that one has read before the first question
WORD = re.compile(r" [^\W\d_]{2,}")  # a word with the space before it, or its beginning
LETTER = re.compile(r"[^\W\d_]")
MARK = re.compile(r" ?\S+")  # anything that leaves ink: all that a text without letters has
FEWEST = 2  # questions about words or letters: fewer are no game


def guesses(run):
    """Passages of held-out text; in each, positions at which to guess, and tokens to choose from:
    the right one, and those that the last weights find likeliest among the others. With the
    probability of each for a model that counts tokens, and for one that counts pairs of them.

    Somebody's own text is quoted no further than in check.json. Raises BadInput if it is gone."""
    counts = Counts(run.tokens("train")[:5_000_000], len(run.vocab))
    n = PASSAGES if run.corpus else 1
    texts = run.held_out(n)[:n]
    window = WINDOW if has_words(run.vocab) else CHARACTERS
    passages = [passage(run, counts, ids[:window]) for ids in texts]
    return dict(passages=[one for one in passages if one["questions"]])


@torch.inference_mode()
def passage(run, counts, ids):
    logits = run.last(torch.tensor([ids]))[0][0]  # (T, V)
    chosen = positions(run.vocab, ids)
    return dict(ids=ids, questions=[question(counts, ids, i, logits[i - 1]) for i in chosen])


def has_words(vocab):
    return any(WORD.fullmatch(token) for token in vocab)


def positions(vocab, ids):
    """Up to QUESTIONS positions, spread over a text, at which a word begins; or, where tokens are
    characters, at which a letter comes next; or any mark, where there are hardly any of these."""
    kinds = [WORD if has_words(vocab) else LETTER, MARK]
    later = [i for i in range(LEAST_BEFORE, len(ids)) if vocab[ids[i]] != END]
    first, *_ = found = [[i for i in later if kind.fullmatch(vocab[ids[i]])] for kind in kinds]
    possible = first if len(first) >= FEWEST else found[-1]
    if len(possible) <= QUESTIONS:
        return possible
    return [possible[i] for i in np.linspace(0, len(possible) - 1, QUESTIONS).round().astype(int)]


def question(counts, ids, position, logits):
    """The candidates at a position, in the order of their ids, which says nothing."""
    right = ids[position]
    likely = [id for id in logits.argsort(descending=True).tolist() if id != right]
    candidates = np.array(sorted([right, *likely[: CANDIDATES - 1]]))
    bigram = counts.bigram(np.full(len(candidates), ids[position - 1]), candidates)
    return dict(
        position=position,
        candidates=[
            dict(id=int(id), unigram=rounded(counts.unigram[id]), bigram=rounded(p))
            for id, p in zip(candidates, bigram, strict=True)
        ],
    )


def rounded(p):
    return float(f"{p:.4g}")
