"""Whether a loss is what runs of its preset end at."""

import json
import random
from pathlib import Path
from types import SimpleNamespace

import train
from terrarium import expected
from terrarium.expected import BANDS, band_of_preset, sentence, verdict

import pytest

BAND = dict(low=0.30, high=0.34, runs=3, of="preset")


@pytest.mark.parametrize(
    "loss, right",
    [
        (0.1, -1),
        (0.219, -1),
        (0.221, 0),  # three runs do not show all that chance can do
        (0.30, 0),
        (0.34, 0),
        (0.419, 0),
        (0.421, 1),
        (3.0, 1),
    ],
)
def test_a_loss_is_judged_by_the_band_and_twice_its_width_on_either_side(loss, right):
    assert verdict(loss, BAND) == right


def test_hardly_any_run_that_is_right_is_called_wrong():
    rng = random.Random(3)
    wrong = 0
    for _ in range(4000):
        *others, loss = (rng.gauss(1, 0.01) for _ in range(4))
        wrong += verdict(loss, dict(low=min(others), high=max(others))) != 0
    assert 0.03 < wrong / 4000 < 0.08


def test_each_verdict_has_a_sentence_of_its_own_that_names_the_band():
    said = {sentence(loss, BAND) for loss in (0.1, 0.32, 0.5)}
    assert len(said) == 3
    assert all("0.3000" in one and "0.3400" in one and "3 runs" in one for one in said)


def test_a_band_is_one_of_several_runs_of_a_preset():
    for preset, band in BANDS.items():
        assert preset in train.PRESETS
        assert band.keys() == {"characters", "low", "high", "runs"}
        assert 0 < band["low"] < band["high"] < band["low"] + 0.1
        assert band["runs"] >= 3


@pytest.fixture
def stories(monkeypatch):
    monkeypatch.setitem(BANDS, "stories", dict(characters=100, low=0.30, high=0.34, runs=3))


def settings(**different):
    return SimpleNamespace(**{**dict(preset="stories", is_preset=True), **different})


def test_a_run_of_a_preset_on_its_text_has_the_band_of_the_preset(stories):
    assert band_of_preset(settings(), dict(train_characters=100)) == BAND


@pytest.mark.parametrize(
    "different, characters",
    [
        (dict(is_preset=False), 100),
        (dict(preset="smoke"), 100),
        ({}, 101),  # such as all of TinyStories, where the band is that of a sample
    ],
)
def test_where_nobody_has_trained_before_nothing_is_expected(stories, different, characters):
    assert band_of_preset(settings(**different), dict(train_characters=characters)) is None


def test_the_end_of_a_run_says_whether_its_loss_is_right(train_here, folder, monkeypatch, capsys):
    flags = ("--preset", "smoke", "--device", "cpu", "--precision", "float32")
    plain = json.loads(Path(train_here(*flags).out, "metrics.json").read_text("utf-8"))
    assert "band" not in plain
    characters = json.loads(Path("runs/smoke/corpus.json").read_text("utf-8"))["train_characters"]
    loss = plain["validation_loss"]
    band = dict(low=loss - 0.01, high=loss + 0.01, runs=3)
    monkeypatch.setitem(expected.BANDS, "smoke", dict(characters=characters, **band))
    capsys.readouterr()
    s = train_here(*flags)
    found = json.loads(Path(s.out, "metrics.json").read_text("utf-8"))
    assert found == plain | dict(
        band=dict(band, of="preset"),
        seconds=found["seconds"],
        sampling_seconds=found["sampling_seconds"],
    )
    assert sentence(loss, found["band"]) in capsys.readouterr().out
