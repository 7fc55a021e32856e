"""Losses to compare with: what a model reaches that only counts."""
import numpy as np


def baselines(train, held_out, vocab_size, floor=None):
    """Losses in nats per token to compare with: {name: loss}, of ids (N,) and held-out ids (M,).

    nothing: all V tokens equally likely; frequencies: a unigram model; pairs: a bigram model;
    floor: the entropy of the text, where it is known: no model can do better.
    """
    found = dict(nothing=np.log(vocab_size))
    if min(len(train), len(held_out)) > 1:
        found.update(by_counting(train, held_out, vocab_size))
    return {name: float(loss) for name, loss in found.items()} | (
        {} if floor is None else {"floor": floor})


def by_counting(train, held_out, vocab_size):
    often = np.bincount(train, minlength=vocab_size) + 1.0
    p = often / often.sum()
    kinds, counts = np.unique(codes(train, vocab_size), return_counts=True)
    wanted = codes(held_out, vocab_size)
    place = np.searchsorted(kinds, wanted).clip(max=len(kinds) - 1)
    together = np.where(kinds[place] == wanted, counts[place], 0)
    before, after = held_out[:-1].astype(int), held_out[1:].astype(int)
    # One more observation, shared as the frequencies say: a pair that never was has a chance.
    pairs = (together + p[after]) / (np.bincount(train[:-1], minlength=vocab_size)[before] + 1)
    return dict(frequencies=-np.log(p[after]).mean(), pairs=-np.log(pairs).mean())


def codes(ids, vocab_size):
    """Ids (N,) -> a number for each pair of neighbours (N - 1,)."""
    ids = np.asarray(ids, np.int64)
    return ids[:-1] * vocab_size + ids[1:]
