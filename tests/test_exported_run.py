"""Which steps of a run go along in an export, and what the run is called in addresses."""

import re
import unicodedata
from pathlib import Path

from helpers import (
    SAVED,
)
from terrarium.trained import Run
from terrarium.web.exported_run import ExportedRun, by_loss, subsample, web_name
from terrarium.web.quantize import quantize

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st


@given(st.sets(st.integers(0, 500), min_size=1), st.integers(2, 70))
def test_of_many_steps_some_are_chosen_evenly_with_the_first_and_the_last(steps, n):
    steps = sorted(steps)
    chosen = subsample(steps, n)
    assert len(chosen) == min(n, len(steps)) and chosen == sorted(set(chosen))
    assert chosen[0] == steps[0] and chosen[-1] == steps[-1] and set(chosen) <= set(steps)
    gaps = np.diff([steps.index(step) for step in chosen])
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


@given(
    st.dictionaries(st.integers(0, 500), st.floats(0, 9) | st.none(), min_size=1),
    st.integers(2, 70),
)
def test_of_the_weights_some_are_chosen_with_the_first_and_the_last(known, n):
    steps = sorted(known)
    losses = {step: loss for step, loss in known.items() if loss is not None}
    chosen = by_loss(steps, losses, n)
    assert len(chosen) == min(n, len(steps)) and chosen == sorted(set(chosen))
    assert chosen[0] == steps[0] and chosen[-1] == steps[-1] and set(chosen) <= set(steps)


def test_most_weights_are_those_of_the_steps_at_which_the_loss_changes_most():
    losses = {
        0: 6.6,
        1: 6.5,
        2: 6.4,
        5: 6.2,
        10: 5.0,
        30: 3.0,
        60: 2.0,
        200: 1.0,
        800: 0.9,
        900: 0.8,
    }
    assert by_loss(list(losses), losses, 2) == [0, 900]
    assert by_loss(list(losses), losses, 3) == [0, 30, 900]
    assert by_loss(list(losses), losses, 5) == [0, 10, 30, 60, 900]
    assert by_loss(list(losses), {}, 3) == [0, 10, 900]  # nothing is known: evenly


def test_a_large_model_has_fewer_weights_but_six_steps_at_least(tale_run, monkeypatch):
    for weights, saved in ((5 * 70_000, SAVED), (0, SAVED)):
        monkeypatch.setattr("terrarium.web.exported_run.WEIGHTS", weights)
        assert ExportedRun(tale_run, "int8").snapshot_steps == saved
    monkeypatch.setattr("terrarium.web.exported_run.FEWEST", 2)
    assert ExportedRun(tale_run, "int8").snapshot_steps == [0, 20]
    size = len(quantize(Run(tale_run).model, "int8")[0])
    monkeypatch.setattr("terrarium.web.exported_run.WEIGHTS", 3 * size + 1)
    assert ExportedRun(tale_run, "int8").snapshot_steps == [0, 9, 20]
    assert ExportedRun(tale_run, "float16").snapshot_steps == [0, 20]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("my novel (1)", "my-novel-1"),
        ("stories-2", "stories-2"),
        ("a_b", "a_b"),
        ("історія", "run-99fe90d6"),
        ("історія 2", "2-09e0d918"),
        ("..x", "x"),
        ("index.json", "index-json"),
        ("100%", "100"),
        ("\"<b>&'", "b"),
        ("a#b?c", "a-b-c"),
        ("-", "run-3973e022"),
        ("con", "con-1143da2b"),
        ("a" * 90, "a" * 70 + "-6b2ec791"),
    ],
)
def test_a_folder_of_any_name_gets_one_that_an_address_can_have(tmp_path, name, expected):
    assert web_name(tmp_path / name) == expected


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_a_web_name_needs_no_escapes(name):
    assert re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_-]*", web_name(Path("/x", name)))


@given(
    st.lists(
        st.text(
            st.characters(exclude_characters="/\0", exclude_categories=["Cs"]),
            min_size=1,
            max_size=9,
        ),
        min_size=2,
        max_size=2,
    )
)
def test_names_that_are_not_plain_letters_are_told_apart(names):
    one, other = (unicodedata.normalize("NFC", name) for name in names)
    if one != other and not (one.isascii() and other.isascii()):
        one, other = Path("/x", one), Path("/x", other)
        assert web_name(one) != web_name(other)


def test_a_name_is_the_same_however_a_system_stores_its_letters(tmp_path):
    both = {web_name(tmp_path / unicodedata.normalize(form, "Größe é")) for form in ("NFC", "NFD")}
    assert len(both) == 1
