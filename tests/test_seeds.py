"""Several trainings that differ only in their seed."""

import json
from pathlib import Path

import train
from helpers import QUICK, parsed
from terrarium import seeds
from terrarium.errors import BadInput
from terrarium.run_checks import check_metrics
from terrarium.runs import RunFolder
from terrarium.seeds import free_folders, train_each

import pytest


def metrics(folder):
    return json.loads(Path(folder, "metrics.json").read_text("utf-8"))


def train_seeds(*flags):
    train_each(train.train, parsed(*flags), train.PRESETS)


def test_each_seed_has_a_run_and_all_of_them_one_band(pigs, ctrl_c, capsys):
    train_seeds(*QUICK, "--seeds", 3, "--seed", 5)
    folders = [f"runs/pigs-seed-{seed}" for seed in (5, 6, 7)]
    assert sorted(str(path) for path in Path("runs").iterdir()) == folders
    losses = [metrics(folder)["validation_loss"] for folder in folders]
    assert len(set(losses)) == 3
    band = dict(low=min(losses), high=max(losses), runs=3, of="seeds")
    assert [metrics(folder)["band"] for folder in folders] == [band] * 3
    for folder in folders:
        check_metrics(RunFolder(folder).read_json("metrics.json"))  # its hash is right, too
    table = capsys.readouterr().out.split("The same training")[1]
    for loss in [*losses, sum(losses) / 3]:
        assert f"{loss:.4f}" in table


def test_a_run_of_a_series_is_the_run_of_its_seed_alone(pigs, ctrl_c):
    train_seeds(*QUICK, "--seeds", 2)
    train_seeds(*QUICK, "--seed", 2, "--out", "alone")
    together, alone = metrics("runs/pigs-seed-2"), metrics("alone")
    assert together["validation_loss"] == alone["validation_loss"]
    assert "band" not in alone


def test_a_second_series_has_folders_of_its_own_that_stay_together(folder):
    Path("runs/tale-seed-2").mkdir(parents=True)
    numbers = [1, 2, 3]
    assert free_folders("runs/tale", numbers, is_typed=False) == [
        f"runs/tale-2-seed-{number}" for number in numbers
    ]
    assert free_folders("runs/tale", [1, 3], is_typed=False) == [
        "runs/tale-seed-1",
        "runs/tale-seed-3",
    ]


def test_folders_that_somebody_named_are_refused_before_the_first_training_if_one_is_taken(
    pigs, ctrl_c
):
    Path("mine-seed-2").mkdir()
    Path("mine-seed-2", "notes.txt").touch()
    with pytest.raises(BadInput, match="mine-seed-2"):
        train_seeds(*QUICK, "--seeds", 2, "--out", "mine")
    assert not Path("mine-seed-1").exists()


def test_after_ctrl_c_no_other_seed_is_trained_and_those_that_ended_are_summed_up(
    pigs, ctrl_c, capsys, monkeypatch
):
    trained = []

    def interrupted(s):
        trained.append(s.seed)
        s.steps = 20 if s.seed < 3 else 10**6
        if s.seed < 3:
            train.train(s)
        else:
            Path(s.out).mkdir()  # it was stopped: there are no results

    train_each(interrupted, parsed(*QUICK, "--seeds", 5), train.PRESETS)
    assert trained == [1, 2, 3]
    assert metrics("runs/pigs-seed-2")["band"]["runs"] == 2
    assert "seed 2" in capsys.readouterr().out


def test_a_run_that_fails_takes_nothing_away_from_those_that_ended(pigs, ctrl_c, capsys):
    def failing(s):
        if s.seed == 3:
            raise BadInput("the loss is nan")
        train.train(s)

    with pytest.raises(BadInput, match="nan"):
        train_each(failing, parsed(*QUICK, "--seeds", 4), train.PRESETS)
    assert metrics("runs/pigs-seed-1")["band"]["runs"] == 2
    assert "seed 2" in capsys.readouterr().out


def test_the_band_of_a_preset_is_worth_more_than_that_of_the_series(pigs, ctrl_c, monkeypatch):
    band = dict(low=1.0, high=9.0, runs=9, of="preset")
    monkeypatch.setattr("terrarium.expected.band_of_preset", lambda s, facts: band)
    train_seeds(*QUICK, "--seeds", 2)
    assert metrics("runs/pigs-seed-1")["band"] == band


def test_several_processes_do_not_train_several_seeds(monkeypatch, folder):
    for name, value in dict(RANK=0, WORLD_SIZE=2, MASTER_ADDR="here", MASTER_PORT=1).items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(BadInput, match="torchrun"):
        train_each(None, parsed("--seeds", 2), train.PRESETS)


def test_with_minutes_all_seeds_take_the_steps_that_the_first_one_was_given(folder, monkeypatch):
    taken = []

    def train_some(s):
        taken.append((s.seed, s.minutes, s.steps))
        s.steps = 77
        Path(s.out).mkdir(parents=True)
        Path(s.out, "metrics.json").write_text("{}", "utf-8")

    monkeypatch.setattr(seeds, "report", lambda finished: taken.append(list(finished)))
    train_each(train_some, parsed("--minutes", 2, "--seeds", 3), train.PRESETS)
    assert taken == [(1, 2.0, 1300), (2, 0, 77), (3, 0, 77), [1, 2, 3]]


def test_a_single_seed_is_trained_as_it_is(folder):
    trained = []
    s = parsed()
    train_each(trained.append, s, train.PRESETS)
    assert trained == [s] and s.out == ""
