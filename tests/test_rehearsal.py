"""What is tried out before step 0: memory and time."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import train
from helpers import QUICK, batch_of, documents
from terrarium import rehearsal
from terrarium.devices import Devices
from terrarium.errors import BadInput
from terrarium.rehearsal import (
    fit_into_memory,
    largest,
    put_back,
    seconds_of_a_step,
    steps_within,
)
from train import GPT, Settings, make_optimizers

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

SMALL = dict(n_layer=1, n_head=2, n_embd=16, n_ff=32, n_ctx=8, batch_size=12)


WINDOWS = [(0, 8)] * 12  # 96 tokens


def card_that_holds(tokens, tried):
    """learn(windows, step) on a card that has memory for so many tokens, and its devices."""
    devices = SimpleNamespace(most_tokens=math.inf, empty_cache=lambda: tried.append("emptied"))

    def learn(windows, step):
        at_once = 8 * max(1, min(len(windows), devices.most_tokens // 8))
        tried.append(at_once)
        if at_once > tokens:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    return learn, devices


@pytest.mark.parametrize(
    "tokens, tries, most",
    [(96, [96], math.inf), (95, [96, 48], 48), (24, [96, 48, 24], 24), (8, [96, 48, 24, 8], 12)],
)
def test_a_batch_is_halved_until_the_card_holds_a_part(tokens, tries, most, capsys):
    tried = []
    learn, devices = card_that_holds(tokens, tried)
    fit_into_memory(learn, WINDOWS, Settings(**SMALL), devices)
    assert [one for one in tried if one != "emptied"] == tries
    assert tried.count("emptied") == len(tries) - 1
    assert devices.most_tokens == most
    assert ("in parts" in capsys.readouterr().out) == (len(tries) > 1)


def test_a_single_row_that_does_not_fit_is_too_little_memory():
    learn, devices = card_that_holds(0, [])
    with pytest.raises(torch.OutOfMemoryError):
        fit_into_memory(learn, WINDOWS, Settings(**SMALL), devices)


def test_the_batch_that_takes_most_memory_is_tried():
    long, many = [(0, 8)] * 3, [(0, 3)] * 9
    assert largest([long, many], Settings(**SMALL)) == many
    assert largest([long, many], Settings(**SMALL, row_multiple=8)) == many
    assert largest([[(0, 8)] * 4, many], Settings(**SMALL)) == [(0, 8)] * 4


def test_any_other_mistake_is_not_taken_for_too_little_memory():
    def learn(windows, step):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        fit_into_memory(learn, WINDOWS, Settings(**SMALL), SimpleNamespace(most_tokens=96))


@pytest.mark.parametrize("most_tokens", [70, 40, 20, 1])
def test_the_gradients_of_the_parts_add_up_to_that_of_the_batch(most_tokens):
    s = Settings(**SMALL, precision="float32", matrix_lr=0.01)
    batch = batch_of(documents([30] * 20), 0, s, 0)
    models, results = [], []
    for most in (math.inf, most_tokens):
        devices = Devices(s, alone=True)
        devices.most_tokens = most
        torch.manual_seed(0)
        models.append(GPT(s, 41))
        optimizers = make_optimizers(models[-1], s)
        results.append(train.update(models[-1], optimizers, batch, s, 0, train.attention, devices))
    for one, other in zip(*results):
        assert one.item() == pytest.approx(other.item(), rel=1e-5)
    for one, other in zip(*(model.parameters() for model in models)):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_nothing_of_a_rehearsal_remains():
    s = Settings(**SMALL, precision="float32")
    model = GPT(s, 41)
    optimizers = make_optimizers(model, s)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    devices = Devices(s, alone=True)
    batch = batch_of(documents([30] * 20), 0, s, 0)
    with pytest.raises(ZeroDivisionError), put_back(model, optimizers):
        train.update(model, optimizers, batch, s, 0, train.attention, devices)
        assert not torch.equal(before["unembed.weight"], model.unembed.weight)
        (model(batch[0])[0].sum()).backward()
        _ = 1 / 0
    assert all(torch.equal(before[name], p) for name, p in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not any(optimizer.state for optimizer in optimizers)


def test_the_first_step_is_not_timed_and_a_step_is_long_enough_to_be_measured(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(rehearsal.time, "perf_counter", lambda: now[0])
    steps = iter([100.0, 1.0, 1.5, 2.0, 9.0])

    def learn(windows, step):
        now[0] += next(steps)
        return 1, torch.tensor(0.0), torch.tensor(0.0)

    devices = SimpleNamespace(broadcast_from_rank0=lambda own: own)
    mean = seconds_of_a_step(learn, iter(range(99)), devices)
    assert mean == pytest.approx(1.5)  # of three: 4.5 s


def test_all_processes_take_as_many_steps_as_the_first_one_says():
    said = iter([True, True, False])
    devices = SimpleNamespace(broadcast_from_rank0=lambda own: next(said))
    taken = []

    def learn(windows, step):
        taken.append(windows)
        return 1, torch.tensor(0.0), torch.tensor(0.0)

    seconds_of_a_step(learn, iter("abcdef"), devices)
    assert taken == ["a", "b", "c"]


@given(
    st.floats(1, 1e5),
    st.floats(1e-4, 10),
    st.floats(1e-3, 5),
    st.integers(1, 1000),
)
def test_steps_and_samples_fit_into_the_time(seconds, of_a_step, of_writing, sample_every):
    steps = steps_within(seconds, of_a_step, of_writing, sample_every)
    assert steps >= 0

    def needed(steps):
        return steps * of_a_step + (steps / sample_every + 10) * 1.5 * of_writing

    assert steps == 0 or needed(steps) <= 0.951 * seconds
    assert needed(steps + 1) > 0.949 * seconds


def test_five_minutes_of_steps_of_a_fifth_of_a_second():
    # 285 s are left for 10 early samples of 0.3 s, and for steps of 0.2 s and a hundredth of 0.3 s
    assert steps_within(300, 0.2, 0.2, 100) == 1389


def test_with_minutes_the_steps_are_those_that_the_settings_say_afterwards(
    train_here, pigs, monkeypatch
):
    monkeypatch.setattr(rehearsal, "seconds_of_a_step", lambda *_: 0.4)
    monkeypatch.setattr(rehearsal, "seconds_for", lambda work: 0.001)
    s = train_here(*QUICK, "--minutes", 0.2)
    assert 20 < s.steps < 29  # in 12 seconds, less those that it took to read the text
    assert s.warmup <= s.steps / 5
    kept = json.loads(Path(s.out, "settings.json").read_text("utf-8"))
    assert kept["steps"] == s.steps and kept["warmup"] == s.warmup
    lines = Path(s.out, "log.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[-1])["step"] == s.steps


def test_no_time_for_a_training_is_said_and_leaves_nothing(refused, monkeypatch):
    monkeypatch.setattr(rehearsal, "seconds_of_a_step", lambda *_: 7.5)
    said = refused(*QUICK, "--minutes", 0.2)
    assert "--minutes 0.2" in said and "7.5" in said


def test_somebody_who_interrupts_the_rehearsal_leaves_nothing(train_here, pigs, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearsal, "seconds_of_a_step", interrupted)
    with pytest.raises(BadInput):
        train_here(*QUICK, "--minutes", 5)
    assert not any(Path("runs").glob("*"))


def test_a_run_with_minutes_learns_exactly_what_it_learns_with_that_many_steps(
    train_here, pigs, monkeypatch
):
    monkeypatch.setattr(rehearsal, "steps_within", lambda *_: 20)
    monkeypatch.setattr(rehearsal, "LONG_ENOUGH", 0.1)
    timed = train_here(*QUICK, "--minutes", 5)
    counted = train_here(*QUICK, "--steps", 20, "--warmup", timed.warmup)
    weights = [
        torch.load(Path(s.out, "checkpoint.pt"), weights_only=True)["model"]
        for s in (timed, counted)
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
