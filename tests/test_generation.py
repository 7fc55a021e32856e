"""Text token by token: with a cache as without one, and sampled as it was asked for."""

from collections import Counter
from itertools import islice

import train
from helpers import (
    logits,
    tiny,
)
from terrarium.batches import leave_room
from terrarium.errors import BadInput
from terrarium.generation import (
    KVCache,
    generate_batch,
    generate_cached,
    next_logits,
    next_token_probs,
    pick,
    random_numbers,
    sampling_probs,
    stream,
)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


@given(data=st.data())
def test_with_a_memory_the_logits_are_those_of_the_plain_forward(trained_run, data):
    ids = data.draw(st.lists(st.integers(0, 37), min_size=1, max_size=64))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(ids)), max_size=6)) | {len(ids)})
    memories, done = [KVCache() for _ in trained_run.model.blocks], 0
    with torch.inference_mode():
        for cut in cuts:
            found = next_logits(trained_run.model, ids[done:cut], done, memories)
            torch.testing.assert_close(
                found, logits(trained_run.model, ids[:cut])[-1], atol=1e-4, rtol=1e-4
            )
            done = cut


def test_each_token_goes_through_the_model_once_until_the_context_is_full(trained_run):
    read = []
    hook = trained_run.model.blocks[0].register_forward_pre_hook(
        lambda module, given: read.append(given[0].shape[1])
    )
    tokens = list(stream(trained_run, "She sells"))
    hook.remove()
    prompt = len(trained_run.ids("She sells"))
    assert len(tokens) == 64 - prompt
    assert read == [prompt] + [1] * (63 - prompt)


# ---------------------------------------------------------------------------------------------
# Sampling


@given(
    st.lists(st.integers(-80, 80).map(lambda n: n / 10), min_size=1, max_size=20),
    st.floats(0.1, 3),
    st.integers(0, 25),
    st.floats(0.05, 1),
)
def test_sampling_is_among_the_likeliest_and_in_proportion(logits, temperature, top_k, top_p):
    logits = torch.tensor(logits)
    p = sampling_probs(logits, temperature, top_k, top_p)
    assert p.sum().item() == pytest.approx(1, abs=1e-5)
    kept = p > 0
    assert kept[logits.argmax()] or p[logits == logits.max()].sum() > 0
    assert not top_k or kept.sum() <= top_k
    if kept.any() and not kept.all():  # nothing that is left out is likelier than what is kept
        assert logits[~kept].max() <= logits[kept].min()
    full = (logits / temperature).softmax(0)
    torch.testing.assert_close(p[kept], full[kept] / full[kept].sum(), atol=1e-5, rtol=1e-4)


def test_top_p_keeps_as_few_as_reach_the_sum():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert sampling_probs(logits, top_p=0.5).tolist() == pytest.approx([1, 0, 0, 0])
    assert sampling_probs(logits, top_p=0.7).tolist() == pytest.approx([0.625, 0.375, 0, 0])
    # Of three that are left, with 0.53, 0.32 and 0.16, the first two reach 0.83.
    assert sampling_probs(logits, top_k=3, top_p=0.83).tolist() == pytest.approx(
        [0.625, 0.375, 0, 0]
    )


@pytest.mark.parametrize(
    "how",
    [
        dict(top_p=1e-300),
        dict(temperature=1e-40),
        dict(top_k=10**30),
        dict(temperature=1e300),
        dict(top_k=1, top_p=5e-324),
    ],
)
def test_sampling_near_its_limits_still_samples(how):
    p = sampling_probs(torch.tensor([1.0, 3.0, 2.0]), **how)
    assert p.sum().item() == pytest.approx(1) and p.isfinite().all()
    if how.keys() & {"top_p"} or how == dict(temperature=1e-40):
        assert p.tolist() == [0, 1, 0]


def test_a_seed_has_the_same_random_numbers_everywhere():
    """The pages draw them, too: docs/sampling.md."""
    assert list(islice(random_numbers(1), 3)) == [
        0.4437148352153599,
        0.5896457827184349,
        0.496838920051232,
    ]


def test_random_numbers_lie_evenly_from_0_to_1():
    numbers = sorted(islice(random_numbers(3), 4000))
    # The largest distance from that is 1.95 / √n in one of a thousand cases.
    assert max(abs(one - (i + 0.5) / 4000) for i, one in enumerate(numbers)) < 1.95 / 4000**0.5


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9).filter(any), st.floats(0, 1 - 2**-32))
def test_a_token_is_picked_where_the_sum_passes_a_number_and_never_an_impossible_one(given, number):
    p = torch.tensor(given) / sum(given)
    id = pick(p, number)
    assert p[id] > 0 and p[:id].sum() <= number + 1e-6
    assert p[: id + 1].sum() >= number - 1e-6


def test_what_rounding_leaves_goes_to_the_last_token_that_is_possible():
    assert pick(torch.tensor([0.5, 0.49, 0.0]), 0.999) == 1


# ---------------------------------------------------------------------------------------------
# Many rows at once


class Unspoken:
    """A tokenizer for which a prompt is its ids already."""

    def __init__(self, end):
        self.end, self.start = end, [end]

    def encode(self, ids):
        return list(ids)


@settings(max_examples=40)
@given(
    rows=st.lists(st.lists(st.integers(1, 10), max_size=8), min_size=1, max_size=5),
    n_tokens=st.integers(0, 12),
    n_ctx=st.integers(1, 12),
    seed=st.integers(0, 20),
    end=st.sampled_from([0, 3]),
)
def test_rows_that_are_written_together_are_those_that_training_writes(
    rows, n_tokens, n_ctx, seed, end
):
    model = tiny(seed, n_ctx=12)
    s = train.Settings(n_ctx=n_ctx, temperature=1e-6)  # where there is no chance
    expected, _ = train.generate(model, Unspoken(end), rows, s, n_tokens, seed=0)
    given = [leave_room([end, *row], n_ctx) for row in rows]
    before = [list(row) for row in given]
    found = generate_batch(model, given, n_tokens, n_ctx, end, temperature=1e-6)
    assert found == expected
    assert given == before
    assert generate_cached(model, Unspoken(end), rows, s, n_tokens, 0) == (expected, None)


def test_what_is_written_together_ends_with_the_end_the_context_or_the_tokens():
    """Over a model that says 1, 2, 3, ... whatever it sees last."""
    model = tiny(n_ctx=9)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        model.norm.bias[0] = 1
        model.token_embedding.weight[:] = 0
        model.norm.weight.fill_(1)
        model.token_embedding.weight[:, 0] = torch.arange(11) % 2
        model.unembed.weight[4, 0] = 9  # 4, always
    write = generate_batch
    assert write(model, [[1], [1, 2, 3]], 2, 9, 0, 1e-3) == [[1, 4, 4], [1, 2, 3, 4, 4]]
    assert write(model, [[1], [1, 2, 3]], 99, 6, 0, 1e-3) == [[1] + [4] * 5, [1, 2, 3, 4, 4, 4]]
    assert write(model, [[1], [4, 4]], 99, 9, 4, 1e-3) == [[1, 4], [4, 4, 4]]


def test_a_temperature_and_a_seed_decide_what_is_written_together():
    model, rows = tiny(n_ctx=9), [[0]] * 400
    first = [row[1] for row in generate_batch(model, rows, 1, 9, None, 2.0)]
    p = (logits(model, [0])[-1] / 2).softmax(-1)
    for i, share in Counter(first).items():
        assert share / 400 == pytest.approx(p[i].item(), abs=0.1)
    assert first == [row[1] for row in generate_batch(model, rows, 1, 9, None, 2.0)]
    assert first != [row[1] for row in generate_batch(model, rows, 1, 9, None, 2.0, seed=2)]


# ---------------------------------------------------------------------------------------------
# What comes next, and what is refused


def test_the_likeliest_next_tokens_come_with_their_probabilities():
    model, ids = tiny(), [1, 2, 3]
    p = logits(model, ids)[-1].softmax(-1)
    found = next_token_probs(model, ids, n=3)
    assert [i for i, _ in found] == p.argsort(descending=True)[:3].tolist()
    assert [q for _, q in found] == pytest.approx(p.sort(descending=True).values[:3].tolist())
    assert sum(q for _, q in next_token_probs(model, ids, n=99)) == pytest.approx(1)  # all eleven


@pytest.mark.parametrize(
    "how",
    [
        dict(temperature=-1),
        dict(temperature=float("nan")),
        dict(top_k=-1),
        dict(top_p=0),
        dict(top_p=1.1),
    ],
)
def test_settings_that_leave_nothing_to_sample_from_are_refused(how):
    with pytest.raises(BadInput):
        sampling_probs(torch.zeros(3), **how)


def test_no_text_can_be_continued_by_fewer_than_no_tokens(trained_run):
    with pytest.raises(BadInput, match="--tokens -1"):
        stream(trained_run, "She", tokens=-1)
    assert list(stream(trained_run, "She", tokens=0)) == []
