"""Rows of tokens: those of a batch, and some of different lengths in one tensor."""

import math
from itertools import count

from terrarium.row_threads import one_core_if_small

import numpy as np
import torch

POOL = 32  # so many batches are sorted by length at once


def make_batches(windows, end, s, devices):
    """Yield the windows [(a, b)] of each batch, without end: in each epoch, each window comes once.

    Windows of about the same length come together, so that little has to be filled in: as many as
    have room in `batch_size` rows of `n_ctx` tokens, at least one for each process. A text without
    documents (`end` is None) is cut elsewhere in each epoch."""
    left_over = []  # too few for a batch; they join the next windows
    for epoch in count():
        rng = np.random.default_rng((s.seed, epoch))
        shuffled = rng.permutation(shifted(windows, rng) if end is None else windows)
        average = max(1, (shuffled[:, 1] - shuffled[:, 0]).mean())
        for pool in np.array_split(shuffled, len(shuffled) * average // room(s) // POOL + 1):
            # In both directions, or the shortest windows would be left over for ever.
            ordered = sorted(left_over + pool.tolist(), key=length, reverse=rng.random() < 0.5)
            batches, left_over = cut_into_batches(ordered, s, devices)
            for number in rng.permutation(len(batches)):
                yield batches[number]


def shifted(windows, rng):
    """All windows of a text moved towards its beginning by the same random number of tokens."""
    moved = np.maximum(np.array(windows) - rng.integers(length(windows[0])), 0)
    return moved[moved[:, 1] > 0]


def cut_into_batches(windows, s, devices):
    """Windows in this order -> batches, each a list of windows, and what is left over."""
    batches = []
    batch = []
    for window in windows:
        n_rows = len(batch) + 1
        if n_rows > devices.world and n_rows * row_length([*batch, window], s) > room(s):
            batches.append(batch)
            batch = []
        batch.append(window)
    return batches, batch


def room(s):
    """The tokens that a batch has room for."""
    return s.batch_size * s.n_ctx


def row_length(windows, s):
    """How long the rows of a batch are: as its longest window, or the next multiple."""
    multiple = s.row_multiple or 1
    return min(s.n_ctx, math.ceil(max(map(length, windows)) / multiple) * multiple)


def length(window):
    a, b = window
    return b - a


def leave_room(row, n_ctx):
    """Ids that would fill the context are cut to half of it: something is to be written there."""
    return row if len(row) < n_ctx else row[: max(1, n_ctx // 2)]


def pad_batch(rows, filling=0, length=None):
    """Rows of different lengths -> ids (B, T); T is `length`, or the longest. What is filled in
    comes last: no token sees it."""
    full = np.full((len(rows), length or max(map(len, rows))), filling, np.int64)
    for row, ids in zip(full, rows):
        row[: len(ids)] = ids
    return torch.from_numpy(full)


def last_logits(model, rows, attention_fn):
    """The logits of what comes after each row of ids, (B, V), on the CPU."""
    ids = pad_batch(rows).to(model.unembed.weight.device)
    with one_core_if_small(model, ids.numel()):
        logits, _ = model(ids, attention_fn)
    return torch.stack([logits[i, len(row) - 1] for i, row in enumerate(rows)]).cpu()
