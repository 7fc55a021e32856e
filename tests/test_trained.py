"""A trained run is read as it was written, or what is wrong with it is said."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import train
from terrarium.errors import BadInput
from terrarium.files import read_json, write_json
from terrarium.trained import Run, newest

import numpy as np
import pytest


def test_held_out_pieces_are_those_of_the_validation_text(sea_run, trained_run):
    ids = np.fromfile(sea_run / "tokens" / "validation.bin", np.uint16).tolist()
    assert (
        sum(trained_run.held_out(10**6), []) == ids[:-1]
    )  # nothing is predicted from the last one
    assert 0 < len(trained_run.held_out(2)) <= 2


def test_a_damaged_snapshot_leaves_the_others_to_be_seen(sea_run, tmp_path):
    run = shutil.copytree(sea_run, tmp_path / "sea")
    path = run / "snapshots" / "000000.pt"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(BadInput, match="snapshots/000000.pt in .* is missing or damaged"):
        Run(run, 0)
    assert Run(run).step == 60


def test_settings_of_another_version_are_refused_with_what_differs(sea_run, tmp_path):
    run = shutil.copytree(sea_run, tmp_path / "sea")
    settings = read_json(run / "settings.json")
    del settings["n_head"]
    write_json(run / "settings.json", {**settings, "n_hands": 2})
    with pytest.raises(BadInput, match="version 0.1.0 of train.py .*differs in n_hands, n_head"):
        Run(run)


def test_a_run_that_goes_on_is_shown_as_far_as_it_is(sea_run, tmp_path):
    run = shutil.copytree(sea_run, tmp_path / "sea")
    for path in (
        *sorted((run / "snapshots").glob("*"))[1:],
        run / "metrics.json",
        run / "checkpoint.pt",
        run / "log.jsonl",
    ):
        path.unlink()
    (run / "snapshots" / "._000000.pt").write_bytes(b"left by another system")
    assert Run(run).step == 0


def test_a_layer_that_is_left_out_is_not_checked():
    run = SimpleNamespace(s=train.Settings())
    Run.check(run, layer=2)
    with pytest.raises(BadInput, match="There is no layer 3"):
        Run.check(run, layer=3)


def test_a_letter_that_is_in_no_spelling_is_named_and_can_be_left_out():
    run = Run.__new__(Run)
    run.tokenizer = train.Tokenizer(["a", "b", "e"])
    with pytest.raises(BadInput, match="No token for 'é', character 2 of"):
        run.ids("ae\u0301")
    assert run.readable("aé日Bñ") == "aeb"


def test_a_word_that_is_one_token_is_found_as_it_is_typed_or_printed(trained_run):
    ids = trained_run.tokenizer.ids
    assert trained_run.token("sea") == trained_run.token("·sea") == ids[" sea"]
    assert trained_run.token(".") == ids["."]
    assert trained_run.words(ids[" sea"], ids["\n"]) == "·sea  ↵"
    for word in ("zebra", ""):
        with pytest.raises(BadInput, match="is not a single token"):
            trained_run.token(word)
    with pytest.raises(BadInput, match="did you mean 'sea'"):
        trained_run.token("SEA")


def test_a_text_has_to_fit_the_context_and_to_hold_something(trained_run):
    full = [0] * trained_run.s.n_ctx
    assert trained_run.ids(trained_run.tokenizer.decode(full)) == full
    for text in (trained_run.tokenizer.decode([*full, 0]), ""):
        with pytest.raises(BadInput, match="1 to 64"):
            trained_run.ids(text)


def test_weights_of_a_step_that_were_not_saved_are_refused_with_those_that_were(trained_run):
    assert trained_run.steps[0] == 0 and trained_run.steps[-1] == 60
    with pytest.raises(BadInput, match="step 7 were not saved.* 0, .* 60"):
        trained_run.at(7)


def test_the_newest_run_is_the_one_that_was_in_training_last(folder):
    with pytest.raises(BadInput, match="python train.py"):
        newest()
    for number, name in enumerate(("old", "new", "odd")):
        snapshots = folder / "runs" / name / "snapshots"
        snapshots.mkdir(parents=True)
        (snapshots / ("000000.pt" if name != "odd" else "0 (copy).pt")).touch()
        os.utime(snapshots, (10**9 + number, 10**9 + number))
    assert newest() == Path("runs/new")  # the odd one has no snapshot of ours
    os.utime("runs/old/snapshots")
    assert newest() == Path("runs/old")
