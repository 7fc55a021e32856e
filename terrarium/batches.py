"""Rows of tokens: those of a batch, and some of different lengths in one tensor."""

from functools import lru_cache

import numpy as np
import torch


def row_spans(windows, n_tokens, end, n_ctx):
    """The windows of a text of so many tokens as an array of (start, length, slack), each with a
    whole row after its start. Where there are no documents (`end` is None), windows may start up to
    `slack` tokens later."""
    last = n_tokens - n_ctx - 1
    if end is None:
        return np.array([(a, n_ctx, min(n_ctx - 1, last - a)) for a, _ in windows if a <= last])
    starts = [(min(a, last), b) for a, b in windows]
    return np.array([(a, b - a, 0) for a, b in starts])


def draw_rows(tokens, spans, s, step):
    """The rows of the batch of a step (B, n_ctx + 1), and which of their targets count (B, n_ctx).

    Each of the spans is used once, in random order, before any is used again. A row runs on into
    the next document, whose beginning has a row of its own. Half of those targets, drawn at random,
    do not count: otherwise beginnings would count twice."""
    rows, lengths = [], []
    for number in range(step * s.batch_size, (step + 1) * s.batch_size):  # of rows since step 0
        order, shift = shuffled(len(spans), s.seed, number // len(spans))
        start, length, slack = spans[order[number % len(spans)]]
        start += int(shift * (slack + 1))
        rows.append(tokens[start : start + s.n_ctx + 1])
        lengths.append(length)
    beyond = np.arange(s.n_ctx) >= np.array(lengths)[:, None]
    rng = np.random.default_rng((s.seed, step))
    left_out = beyond & (rng.random(beyond.shape) < 0.5)
    return np.stack(rows).astype(np.int64), ~left_out


@lru_cache(maxsize=2)
def shuffled(n, seed, epoch):
    """For an epoch, a pass over the whole text: the numbers below n in a random order, and by how
    much of their slack (0 to 1) the windows are shifted."""
    rng = np.random.default_rng((seed, epoch))
    return rng.permutation(n), rng.random()


def leave_room(row, n_ctx):
    """Ids that would fill the context are cut to half of it: something is to be written there."""
    return row if len(row) < n_ctx else row[: max(1, n_ctx // 2)]


def pad_batch(rows, device, filling=0):
    """Rows of different lengths -> ids (B, T). What is filled in comes last: no token sees it."""
    longest = max(map(len, rows))
    full = [[*map(int, row), *[filling] * (longest - len(row))] for row in rows]
    return torch.tensor(full, device=device)


def last_logits(model, rows, attention_fn):
    """The logits of what comes after each row of ids, (B, V), on the CPU."""
    logits, _ = model(pad_batch(rows, model.unembed.weight.device), attention_fn)
    return torch.stack([logits[i, len(row) - 1] for i, row in enumerate(rows)]).cpu()
