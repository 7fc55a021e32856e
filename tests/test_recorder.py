"""When a training samples and saves, and when it ends because a number is none."""

import math
from types import SimpleNamespace

from terrarium.errors import BadInput
from terrarium.recorder import Recorder, final_metrics, snapshot_steps, too_high
from train import Settings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st


def test_snapshots_get_ever_rarer_and_from_the_first_regular_look_on_each_is_one():
    assert sorted(snapshot_steps(Settings(steps=1000))) == [
        0,
        1,
        2,
        3,
        5,
        7,
        10,
        15,
        22,
        32,
        46,
        68,
        100,
        200,
        300,
        500,
        700,
        1000,
    ]


@given(st.integers(1, 5000), st.integers(1, 400), st.integers(1, 40))
def test_there_are_snapshots_of_the_first_and_the_last_step_and_no_more_than_asked_for(
    steps, sample_every, snapshots
):
    kept = snapshot_steps(Settings(steps=steps, sample_every=sample_every, snapshots=snapshots))
    assert 0 in kept and max(kept) == steps and len(kept) <= max(2, snapshots + 1)


@pytest.mark.parametrize(
    "different, flags",
    [
        ({}, ["--matrix-lr", "--embedding-lr", "--unembedding-lr"]),
        (dict(matrix_lr=4.9 * Settings.matrix_lr), None),
        (dict(matrix_lr=5.1 * Settings.matrix_lr), ["--matrix-lr"]),
        (
            dict(matrix_lr=9 * Settings.matrix_lr, embedding_lr=99 * Settings.embedding_lr),
            ["--embedding-lr"],
        ),
        (dict(unembedding_lr=1e30), ["--unembedding-lr"]),
    ],
)
def test_the_rate_that_is_furthest_above_its_default_is_the_one_to_lower(different, flags):
    assert too_high(Settings(**different)) == (flags or too_high(Settings()))


def recorder_at(step, saved_step):
    recorder = object.__new__(Recorder)
    recorder.s, recorder.step = Settings(steps=20, sample_every=8), step
    recorder.run = SimpleNamespace(saved_step=saved_step, name="runs/tale")
    recorder.devices = SimpleNamespace(rank=0)
    recorder.snapshot_steps, recorder.stopping = {0, 3, 20}, False
    return recorder


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "saved_step, said", [(8, "step 8 stays in runs/tale"), (None, "[Nn]othing")]
)
def test_a_number_that_is_none_ends_the_run_and_says_what_stays(number, saved_step, said):
    with pytest.raises(BadInput, match=f"step 13 is {number}.*{said}"):
        recorder_at(13, saved_step).check_finite(number, "loss")
    assert recorder_at(13, saved_step).check_finite(1e300, "loss") == 1e300


def test_samples_are_taken_at_regular_steps_and_at_snapshots_by_the_first_process():
    recorder = recorder_at(0, None)
    assert [step for step in range(21) if recorder.is_sampled(step)] == [0, 3, 8, 16, 20]
    recorder.devices.rank = 1
    assert not any(map(recorder.is_sampled, range(21)))


def test_the_last_step_is_that_of_the_settings_or_the_one_after_ctrl_c():
    recorder = recorder_at(0, None)
    assert [step for step in range(21) if recorder.is_last(step)] == [20]
    recorder.stopping = True
    assert recorder.is_last(7)


@pytest.mark.parametrize("rank, step, has_results", [(0, 20, True), (0, 7, False), (1, 20, False)])
def test_a_training_that_ends_gives_ctrl_c_back(monkeypatch, rank, step, has_results):
    """Otherwise it would be lost on the exam that follows, and on the next of several seeds."""
    recorder, released = recorder_at(step, None), []
    recorder.devices.rank = rank
    recorder.stop = SimpleNamespace(release=lambda: released.append(True))
    recorder.screen = SimpleNamespace(stopped=lambda step: None)
    monkeypatch.setattr(Recorder, "save", lambda self: None)
    assert recorder.finish() == has_results
    assert released == [True]


def test_without_a_known_grammar_there_is_no_entropy():
    facts = dict(validation_tokens=11, validation_characters=10)
    assert "entropy" not in final_metrics(1.0, facts, torch.nn.Linear(1, 1))
