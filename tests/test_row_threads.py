"""Threads that compute some rows each come to the same gradients as one that computes all rows."""

import contextlib

import train
from helpers import TINY, tiny
from terrarium.devices import Devices
from terrarium.generation import generate_cached
from terrarium.row_threads import RowThreads, one_core_if_small

import pytest
import torch


def gradients(model, training_model, ids, **how):
    logits, weights = training_model(ids, how.get("attention_fn", train.attention))
    logits.float().square().mean().backward()
    found = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    return logits.detach(), found


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 13])
@pytest.mark.parametrize("threads", [2, 3])
def test_logits_and_gradients_are_those_of_one_thread(rows, threads):
    model = tiny().train()
    ids = torch.randint(0, 11, (rows, 7), generator=torch.Generator().manual_seed(rows))
    logits, expected = gradients(model, model, ids)
    apart = RowThreads(model, threads, contextlib.nullcontext)
    found_logits, found = gradients(model, apart, ids)
    torch.testing.assert_close(found_logits, logits)
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=1e-6, rtol=1e-4)


def test_the_same_batch_gives_the_same_bits_again_and_again():
    model = tiny().train()
    apart = RowThreads(model, 2, contextlib.nullcontext)
    ids = torch.randint(0, 11, (9, 8), generator=torch.Generator().manual_seed(0))
    logits, first = gradients(model, apart, ids)
    for _ in range(20):
        again, found = gradients(model, apart, ids)
        assert torch.equal(again, logits)
        assert all(torch.equal(found[name], first[name]) for name in first)


def test_each_thread_computes_in_the_number_format_of_the_training():
    formats = []

    def attention(q, k, v):
        formats.append(q.dtype)
        return train.attention(q, k, v)

    model = tiny().train()
    apart = RowThreads(model, 2, lambda: torch.autocast("cpu", torch.bfloat16))
    gradients(model, apart, torch.zeros(4, 8, dtype=torch.int64), attention_fn=attention)
    assert formats == [torch.bfloat16] * 2 * len(model.blocks)


def test_an_error_in_a_thread_is_the_error_of_the_training():
    def attention(q, k, v):
        raise ValueError("a head that fails")

    apart = RowThreads(tiny(), 2, contextlib.nullcontext)
    with pytest.raises(ValueError, match="a head that fails"):
        apart(torch.zeros(4, 8, dtype=torch.int64), attention)


def test_the_threads_leave_the_number_of_threads_of_pytorch_as_it_is():
    before = torch.get_num_threads()
    apart = RowThreads(tiny().train(), 2, contextlib.nullcontext)
    apart(torch.zeros(4, 8, dtype=torch.int64), train.attention)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    "different, threads", [({}, 4), (dict(dropout=0.1), 1), (dict(head="my_head.py"), 1)]
)
def test_rows_are_computed_in_threads_where_that_changes_no_result(monkeypatch, different, threads):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    s = train.Settings(**TINY, **different, precision="float32")
    devices = Devices(s, alone=True)
    model = tiny()
    assert devices.threads == threads
    assert isinstance(devices.wrap(model), RowThreads) == (threads > 1)


def test_one_core_needs_no_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    devices = Devices(train.Settings(**TINY, precision="float32"), alone=True)
    model = tiny()
    assert devices.wrap(model) is model


# ------------------------------------------------------------------------------- small work


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_small_work_is_done_on_one_core_and_large_work_on_all(two_threads):
    model = torch.nn.Linear(1000, 1000, bias=False)  # a million parameters
    with one_core_if_small(model, 499):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    with one_core_if_small(model, 501):
        assert torch.get_num_threads() == 2
    with pytest.raises(ZeroDivisionError), one_core_if_small(model, 1):
        _ = 1 / 0
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("write", [train.generate, generate_cached])
def test_a_small_model_writes_on_one_core(two_threads, write):
    tokenizer, used = train.Tokenizer(list("abcdefghijk")), []
    model = tiny()
    model.blocks[0].register_forward_hook(lambda *_: used.append(torch.get_num_threads()))
    write(model, tokenizer, ["abc"], train.Settings(n_ctx=9), 3, 0)
    assert set(used) == {1}
    assert torch.get_num_threads() == 2
