"""Losses to compare with: what a model reaches that only counts."""

import numpy as np


def baselines(train, held_out, vocab_size, entropy=None):
    """Losses in nats per token to compare with: {name: loss}, of ids (N,) and held-out ids (M,).

    uniform: all V tokens equally likely; unigram: a model that knows how often each token occurs;
    bigram: one that knows how often each follows each; entropy: of the text, where it is known, the
    least that any model can reach.
    """
    found = dict(uniform=np.log(vocab_size))
    if min(len(train), len(held_out)) > 1:
        found.update(by_counting(train, held_out, vocab_size))
    return {name: float(loss) for name, loss in found.items()} | (
        {} if entropy is None else {"entropy": entropy}
    )


def by_counting(train, held_out, vocab_size):
    counts = Counts(train, vocab_size)
    before, after = held_out[:-1].astype(int), held_out[1:].astype(int)
    return dict(
        unigram=-np.log(counts.unigram[after]).mean(),
        bigram=-np.log(counts.bigram(before, after)).mean(),
    )


class Counts:
    """How often tokens occur in a text, ids (N,), and how often each follows each.

    unigram: (V,), the probability of each token for a model that knows how often it occurs; as if
    each had occurred once more, so that none is impossible."""

    def __init__(self, ids, vocab_size):
        self.vocab_size = vocab_size
        self.unigram = np.bincount(ids, minlength=vocab_size) + 1.0
        self.unigram /= self.unigram.sum()
        self.n_before = np.bincount(ids[:-1], minlength=vocab_size)
        self.pairs, self.n_pairs = np.unique(codes(ids, vocab_size), return_counts=True)

    def bigram(self, before, after):
        """The probability of tokens (N,) right after others (N,), for a model that knows how often
        each follows each."""
        wanted = before * self.vocab_size + after
        index = np.searchsorted(self.pairs, wanted).clip(max=len(self.pairs) - 1)
        together = np.where(self.pairs[index] == wanted, self.n_pairs[index], 0)
        # One more observation, divided as the unigram model says: no pair is impossible.
        return (together + self.unigram[after]) / (self.n_before[before] + 1)


def codes(ids, vocab_size):
    """Ids (N,) -> a number for each pair of neighbours (N - 1,)."""
    ids = np.asarray(ids, np.int64)
    return ids[:-1] * vocab_size + ids[1:]
