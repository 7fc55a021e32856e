"""Batches: each token of a text is learned from once in an epoch, and what is filled in changes
nothing."""

from itertools import islice
from types import SimpleNamespace

from helpers import TINY, batch_of, batches_of, documents, logits, tiny
from terrarium.batches import POOL, last_logits, leave_room, pad_batch
from train import Settings, attention, draw_batch, windows

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


def batch_settings(**different):
    return Settings(**{**TINY, "batch_size": 6, **different})


def some_batches(n, *text_and_settings, **how):
    return list(islice(batches_of(*text_and_settings, **how), n))


def test_a_batch_holds_ids_and_the_ids_that_follow():
    tokens = documents([20] * 10)
    ids, targets, n_targets = batch_of(tokens, 0, batch_settings(n_ctx=32), 3)
    assert ids.shape == targets.shape == (9, 21) and ids.dtype == targets.dtype == torch.int64
    assert n_targets == 9 * 21
    text = " ".join(map(str, tokens)) + " "
    for row, following in zip(ids.tolist(), targets.tolist()):
        assert row[0] == 0 and row[1:] == following[:-1] and following[-1] == 0
        assert " ".join(map(str, row)) + " " in text


def test_what_is_filled_in_is_no_target():
    tokens = documents([3, 5])
    short, long = windows(tokens, 0, 8)
    devices = SimpleNamespace(rank=0, world=1)
    ids, targets, n_targets = draw_batch(tokens, [short, long], batch_settings(), 0, devices)
    assert ids.tolist() == [[0, 2, 3, 4, 0, 0], [0, 6, 7, 8, 9, 10]]
    assert targets.tolist() == [[2, 3, 4, 0, -100, -100], [6, 7, 8, 9, 10, 0]]
    assert n_targets == 10


@given(st.integers(0, 2**32), st.integers(0, 100))
def test_a_batch_is_a_function_of_seed_and_step(seed, step):
    tokens, s = documents([20] * 10), batch_settings(seed=seed)
    once, again = (batch_of(tokens, 0, s, step) for _ in range(2))
    assert torch.equal(once[0], again[0]) and torch.equal(once[1], again[1])
    assert once[2] == again[2] == (once[1] >= 0).sum().item()


def test_another_seed_or_another_step_draws_another_batch():
    tokens = np.arange(10_000, dtype=np.uint16)
    batches = {
        str(batch_of(tokens, None, batch_settings(seed=seed), step)[0].tolist())
        for seed in range(10)
        for step in range(10)
    }
    assert len(batches) == 100


LENGTHS = {  # of documents, beside a context of 16: as in stories, in TinyStories, in a dialogue
    "about a context": lambda rng: rng.integers(10, 18),
    "some longer than a context": lambda rng: min(60, round(rng.lognormal(2.5, 0.5))),
    "far shorter than a context": lambda rng: rng.integers(2, 9),
    "far longer than a context": lambda rng: rng.integers(40, 90),
    "a little longer than a context": lambda rng: 17,
}


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("world, multiple", [(1, 1), (3, 1), (1, 4), (1, 16)])
def test_each_window_of_validation_is_drawn_once_in_an_epoch(kind, world, multiple):
    rng = np.random.default_rng(5)
    tokens = documents([int(LENGTHS[kind](rng)) for _ in range(400)])
    s, there = batch_settings(n_ctx=16, row_multiple=multiple), windows(tokens, 0, 16)
    drawn = []
    for batch in batches_of(tokens, 0, s, world):
        drawn += map(tuple, batch)
        if len(drawn) > 3 * len(there):
            break
    times = [drawn.count(window) for window in there]
    assert set(drawn) == set(there)
    assert max(times) - min(times) <= 2 and np.mean(times) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("kind", LENGTHS)
def test_batches_are_about_equally_large_and_hardly_anything_is_filled_in(kind):
    rng = np.random.default_rng(5)
    tokens = documents([int(LENGTHS[kind](rng)) for _ in range(9000)])
    s = batch_settings(n_ctx=16, batch_size=16)
    places, targets = 0, 0
    for batch in some_batches(200, tokens, 0, s):
        lengths = [b - a for a, b in batch]
        assert len(batch) * max(lengths) <= s.batch_size * s.n_ctx
        places, targets = places + len(batch) * max(lengths), targets + sum(lengths)
    assert targets > 0.9 * places > 0.8 * 200 * s.batch_size * s.n_ctx


def test_the_shortest_window_is_not_left_over_again_and_again():
    tokens = documents([12] * 40 + [2])
    _, shortest = windows(tokens, 0, 16)[-2:]
    times = []
    for seed in range(20):
        s = batch_settings(n_ctx=16, seed=seed)
        batches = some_batches(24, tokens, 0, s)  # about four epochs
        times.append(sum(list(shortest) in batch for batch in batches))
    assert np.mean(times) > 2


def test_short_and_long_windows_come_in_random_order():
    rng = np.random.default_rng(5)
    tokens = documents(rng.integers(2, 15, 4000).tolist())
    batches = some_batches(4 * POOL, tokens, 0, batch_settings(n_ctx=16))
    longest = [max(b - a for a, b in batch) for batch in batches]
    assert abs(np.corrcoef(longest[1:], longest[:-1])[0, 1]) < 0.4


@pytest.mark.parametrize(
    "multiple, rows, length",
    [(0, 9, 10), (1, 9, 10), (4, 8, 12), (6, 8, 12), (16, 6, 16), (32, 6, 16)],
)
def test_a_batch_is_as_long_as_its_longest_window_or_the_next_multiple(multiple, rows, length):
    tokens, s = documents([9] * 100), batch_settings(n_ctx=16, row_multiple=multiple)
    ids, targets, n_targets = batch_of(tokens, 0, s, 0)
    assert ids.shape == targets.shape == (rows, length)
    assert n_targets == (targets >= 0).sum() == 10 * rows


@given(st.integers(0, 2**32), st.integers(30, 400), st.integers(1, 12), st.integers(1, 9))
def test_each_token_of_an_endless_text_is_drawn_about_equally_often(seed, length, n_ctx, rows):
    tokens = np.arange(length)
    s = batch_settings(seed=seed, n_ctx=n_ctx, batch_size=rows)
    drawn = np.zeros(length, int)
    for batch in batches_of(tokens, None, s):
        for a, b in batch:
            drawn[a + 1 : b + 1] += 1
        if drawn.sum() > 20 * length:
            break
    inside = drawn[1 : -2 * n_ctx]  # the end is not always there, since the cuts move
    assert len(inside) == 0 or inside.max() - inside.min() <= 14


def test_endless_texts_are_cut_elsewhere_in_each_epoch():
    tokens = np.arange(10_000)
    s = batch_settings(n_ctx=100, batch_size=99)
    starts = {a % 100 for batch in some_batches(30, tokens, None, s) for a, _ in batch if a}
    assert len(starts) > 20


@pytest.mark.parametrize("end, length", [(None, 2), (None, 9), (None, 17), (0, 2), (0, 9)])
def test_a_text_of_less_than_a_batch_is_drawn_as_often_as_a_batch_has_room(end, length):
    tokens = np.array([0, *range(1, length), 0])
    drawn = np.zeros(length, int)
    for step in range(20):
        _, targets, n_targets = batch_of(tokens, end, batch_settings(n_ctx=16), step)
        drawn += np.bincount(targets[targets >= 0], minlength=length)
        assert n_targets == (targets >= 0).sum() > 0
    assert drawn.min() > 0


def test_every_token_of_an_endless_text_is_drawn_the_last_one_too():
    tokens = np.arange(20, dtype=np.uint16)
    drawn = {
        target
        for step in range(100)
        for target in batch_of(tokens, None, batch_settings(), step)[1].flatten().tolist()
    }
    assert drawn - {-100} == set(range(1, 20))


@given(st.sampled_from([1, 2, 3, 4, 5]), st.integers(0, 100))
def test_the_batches_of_all_processes_make_up_the_batch_of_one(world, step):
    tokens, s = documents([5, 30, 8] * 20), batch_settings(batch_size=12)
    ids, targets, n_targets = batch_of(tokens, 0, s, step)
    shares = [batch_of(tokens, 0, s, step, rank, world) for rank in range(world)]
    assert sum(share for _, _, share in shares) == pytest.approx(n_targets)
    for i in range(len(ids)):
        assert torch.equal(shares[i % world][0][i // world], ids[i])
        assert torch.equal(shares[i % world][1][i // world], targets[i])


def test_every_process_has_a_row_even_if_the_batch_is_smaller_than_that():
    tokens, s = documents([30] * 20), batch_settings(batch_size=1, n_ctx=32)
    for rank in range(3):
        assert batch_of(tokens, 0, s, 4, rank, world=3)[0].shape == (1, 31)


# ---------------------------------------------------------------------------------------------
# Rows of different lengths


@given(st.integers(0, 40), st.integers(1, 30))
def test_a_row_that_would_fill_the_context_is_cut_to_half_of_it(length, n_ctx):
    row = list(range(length))
    left = leave_room(row, n_ctx)
    assert left == row[: len(left)]
    assert len(left) == (length if length < n_ctx else max(1, n_ctx // 2))


def test_rows_are_filled_up_at_their_end():
    padded = pad_batch([[5, 6], [7], [1, 2, 3]])
    assert padded.tolist() == [[5, 6, 0], [7, 0, 0], [1, 2, 3]] and padded.dtype == torch.int64
    assert pad_batch([[5], [7, 8]], filling=-100).tolist() == [[5, -100], [7, 8]]
    assert pad_batch([[5], [7, 8]], length=3).tolist() == [[5, 0, 0], [7, 8, 0]]


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=9), min_size=1, max_size=4))
def test_the_last_logits_of_a_row_are_those_that_it_has_alone(rows):
    model = tiny()
    with torch.inference_mode():
        found = last_logits(model, rows, attention)
    for row, mine in zip(rows, found):
        torch.testing.assert_close(mine, logits(model, row)[-1], atol=1e-5, rtol=1e-4)
