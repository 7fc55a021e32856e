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
    often = np.bincount(train, minlength=vocab_size) + 1.0
    p = often / often.sum()
    kinds, counts = np.unique(codes(train, vocab_size), return_counts=True)
    wanted = codes(held_out, vocab_size)
    index = np.searchsorted(kinds, wanted).clip(max=len(kinds) - 1)
    together = np.where(kinds[index] == wanted, counts[index], 0)
    before, after = held_out[:-1].astype(int), held_out[1:].astype(int)
    # One more observation, divided as the unigram model says: no pair is impossible.
    counts_before = np.bincount(train[:-1], minlength=vocab_size)[before]
    p_after_before = (together + p[after]) / (counts_before + 1)
    return dict(unigram=-np.log(p[after]).mean(), bigram=-np.log(p_after_before).mean())


def codes(ids, vocab_size):
    """Ids (N,) -> a number for each pair of neighbours (N - 1,)."""
    ids = np.asarray(ids, np.int64)
    return ids[:-1] * vocab_size + ids[1:]
