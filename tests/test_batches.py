"""Rows of tokens: each is drawn as often as it should be, and what is filled in changes nothing."""

from helpers import TINY, batch_of, documents, logits, spans_of, tiny
from terrarium.batches import last_logits, leave_room, pad_batch
from train import (
    Settings,
    attention,
    draw_batch,
    windows,
)

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


def row_settings(**different):
    return Settings(**{**TINY, "batch_size": 6, **different})


def test_a_batch_holds_ids_and_the_ids_that_follow():
    tokens = documents([20] * 10)
    ids, targets, _ = batch_of(tokens, 0, row_settings(), 3)
    assert ids.shape == targets.shape == (6, 8) and ids.dtype == targets.dtype == torch.int64
    text = " ".join(map(str, tokens)) + " "
    for row, following in zip(ids.tolist(), targets.tolist()):
        assert " ".join(map(str, row)) + " " in text
        for right, target in zip(row[1:], following[:-1]):
            assert target in (right, -100)


@given(st.integers(0, 2**32), st.integers(0, 10**6))
def test_a_batch_is_a_function_of_seed_and_step(seed, step):
    tokens, s = documents([20] * 10), row_settings(seed=seed)
    once, again = (batch_of(tokens, 0, s, step) for _ in range(2))
    assert torch.equal(once[0], again[0]) and torch.equal(once[1], again[1])
    assert once[2] == again[2] == (once[1] >= 0).sum().item()


def test_another_seed_or_another_step_draws_another_batch():
    tokens = np.arange(10_000, dtype=np.uint16)
    batches = {
        str(batch_of(tokens, None, row_settings(seed=seed), step)[0].tolist())
        for seed in range(10)
        for step in range(10)
    }
    assert len(batches) == 100


@given(st.lists(st.integers(0, 30), min_size=3, max_size=30), st.integers(1, 12))
def test_rows_are_the_windows_of_validation_moved_back_where_a_row_would_not_fit(lengths, n_ctx):
    tokens = documents([*lengths, n_ctx])
    rows, there = spans_of(tokens, 0, n_ctx).tolist(), windows(tokens, 0, n_ctx)
    assert len(rows) == len(there)
    for (start, length, slack), (a, b) in zip(rows, there):
        assert start + length == b and slack == 0
        assert start == a or start + n_ctx + 1 == len(tokens) < a + n_ctx + 1


def test_rows_of_a_text_without_documents_start_anywhere_and_all_of_them_counts():
    tokens = np.arange(10_000, dtype=np.uint16)
    ids, targets, _ = batch_of(tokens, None, row_settings(batch_size=20_000), 0)
    firsts = ids[:, 0].double()
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert firsts.quantile(share).item() == pytest.approx(9991 * share, abs=150)
    assert torch.equal(ids + 1, targets)


@given(st.integers(0, 2**32), st.integers(30, 400), st.integers(1, 12), st.integers(0, 20))
def test_an_epoch_draws_each_token_of_an_endless_text_once_and_cuts_it_anew(
    seed, length, n_ctx, epoch
):
    tokens = np.arange(length)
    spans = spans_of(tokens, None, n_ctx)
    s = row_settings(seed=seed, n_ctx=n_ctx, batch_size=len(spans))
    ids, targets, n_targets = draw_batch(tokens, spans, s, epoch)
    drawn = np.bincount(targets.flatten(), minlength=length)
    assert n_targets == targets.numel() and torch.equal(ids + 1, targets)
    assert (drawn[n_ctx : -2 * n_ctx] == 1).all()  # at the two ends, a shift leaves some out


def test_endless_texts_are_cut_elsewhere_in_each_epoch():
    tokens = np.arange(10_000)
    spans = spans_of(tokens, None, 100)
    s = row_settings(n_ctx=100, batch_size=len(spans))
    cuts = {int(draw_batch(tokens, spans, s, epoch)[0].min()) for epoch in range(30)}
    assert len(cuts) > 20 and max(cuts) < 100


def test_what_belongs_to_the_window_counts_and_half_of_what_comes_after_it():
    tokens = documents([5, 12] * 2000).astype(np.int64)
    spans = spans_of(tokens, 0, 16)
    ids, targets, _ = draw_batch(
        np.arange(len(tokens)), spans, row_settings(n_ctx=16, batch_size=5000), 0
    )
    ends = {start: start + length for start, length, _ in spans.tolist()}
    beyond = torch.tensor([[i >= ends[row[0]] for i in row] for row in ids.tolist()])
    assert torch.equal(targets[~beyond], (ids + 1)[~beyond])
    left_out = targets[beyond] == -100
    assert torch.equal(targets[beyond][~left_out], (ids + 1)[beyond][~left_out])
    assert left_out.double().mean().item() == pytest.approx(0.5, abs=0.02)
    assert left_out[:1000].unique().numel() == 2  # token by token, not row by row


LENGTHS = {  # of documents, beside a context of 16: as in stories, in TinyStories, in a dialogue
    "about a context": lambda rng: rng.integers(10, 18),
    "some longer than a context": lambda rng: min(60, round(rng.lognormal(2.5, 0.5))),
    "far shorter than a context": lambda rng: rng.integers(2, 9),
    "far longer than a context": lambda rng: rng.integers(40, 90),
    "a little longer than a context": lambda rng: 17,
}


@pytest.mark.parametrize("kind", LENGTHS)
def test_every_place_in_a_document_is_learned_at_seven_tenths_of_the_even_rate_or_more(kind):
    rng = np.random.default_rng(5)
    tokens = documents([int(LENGTHS[kind](rng)) for _ in range(400)]).astype(np.int64)
    is_end = tokens == 0
    offsets = np.arange(len(tokens)) - np.maximum.accumulate(
        np.where(is_end, np.arange(len(tokens)), 0)
    )
    offsets[is_end] = 0
    # In place of an id, each token says which one it is: so the batch tells what it has drawn.
    s, spans = row_settings(n_ctx=16, batch_size=40_000), spans_of(tokens, 0, 16)
    _, targets, _ = draw_batch(np.arange(len(tokens)), spans, s, 0)
    drawn = np.bincount(targets[targets >= 0].numpy(), minlength=len(tokens))
    inside = slice(32, -32)  # the first and the last tokens of a text have no neighbours
    there = np.bincount(offsets[inside])
    rates = np.bincount(offsets[inside], weights=drawn[inside]) / np.maximum(1, there)
    even = drawn[inside].mean()
    assert (rates[there >= 20] >= 0.7 * even).all(), rates / even


def test_every_token_of_an_endless_text_is_drawn_the_last_one_too():
    tokens = np.arange(20, dtype=np.uint16)
    seen = torch.cat(
        [
            torch.cat(batch_of(tokens, None, row_settings(), step)[:2]).flatten()
            for step in range(100)
        ]
    )
    assert seen.unique().tolist() == list(range(20))


@given(st.sampled_from([1, 2, 3, 4, 6, 12]), st.integers(0, 1000))
def test_the_batches_of_all_processes_make_up_the_batch_of_one(world, step):
    tokens, s = documents([5, 30, 8] * 20), row_settings(batch_size=12)
    whole = batch_of(tokens, 0, s, step)
    shares = [batch_of(tokens, 0, s, step, rank, world) for rank in range(world)]
    assert all(len(ids) == 12 // world for ids, _, _ in shares)
    assert sum(n_targets for _, _, n_targets in shares) == pytest.approx(whole[2])
    for i in range(12):
        ids, targets, _ = shares[i % world]
        assert torch.equal(ids[i // world], whole[0][i])
        assert torch.equal(targets[i // world], whole[1][i])


# ---------------------------------------------------------------------------------------------
# Rows of different lengths


@given(st.integers(0, 40), st.integers(1, 30))
def test_a_row_that_would_fill_the_context_is_cut_to_half_of_it(length, n_ctx):
    row = list(range(length))
    left = leave_room(row, n_ctx)
    assert left == row[: len(left)]
    assert len(left) == (length if length < n_ctx else max(1, n_ctx // 2))


def test_rows_are_filled_up_at_their_end():
    padded = pad_batch([[5, 6], [7], [1, 2, 3]], "cpu")
    assert padded.tolist() == [[5, 6, 0], [7, 0, 0], [1, 2, 3]] and padded.dtype == torch.int64
    assert pad_batch([[5], [7, 8]], "cpu", filling=-100).tolist() == [[5, -100], [7, 8]]


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=9), min_size=1, max_size=4))
def test_the_last_logits_of_a_row_are_those_that_it_has_alone(rows):
    model = tiny()
    with torch.inference_mode():
        found = last_logits(model, rows, attention)
    for row, mine in zip(rows, found):
        torch.testing.assert_close(mine, logits(model, row)[-1], atol=1e-5, rtol=1e-4)
