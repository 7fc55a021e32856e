"""The folder of a run: one training has it at a time, and what is read is what was written."""

import threading

from helpers import read_lines
from terrarium import runs
from terrarium.errors import BadInput
from terrarium.files import append
from terrarium.runs import RunFolder, check_beginning
from terrarium.settings import saved_settings
from train import Settings

import pytest


def test_runs_that_begin_at_the_same_moment_get_folders_of_their_own(folder):
    claimed, start = [], threading.Barrier(8)

    def begin():
        start.wait()
        claimed.append(runs.claim("", "tale"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.name for run in claimed) == sorted(
        ["runs/tale", *(f"runs/tale-{i}" for i in range(2, 9))]
    )
    for run in claimed:
        run.release()


def test_of_two_runs_that_want_the_same_folder_one_is_refused(folder):
    first = runs.claim("mine", "")
    with pytest.raises(BadInput, match="mine"):
        runs.claim("mine", "")
    first.write_json("settings.json", {})
    first.release()
    with pytest.raises(BadInput, match="--resume mine"):
        runs.claim("mine", "")


# ---------------------------------------------------------------------------------------------
# A file that grows


@pytest.fixture
def growing(folder):
    """A run in training, with three samples."""
    run = RunFolder("run").create()
    run.write_json("settings.json", {})
    for step in (0, 10, 20):
        run.add_line("traces.jsonl", dict(step=step, text="a" * 100))
    yield run
    run.release()


def test_a_sample_is_appended_and_nothing_before_it_is_written_again(growing):
    path = growing.path / "traces.jsonl"
    before, inode = path.read_bytes(), path.stat().st_ino
    growing.add_line("traces.jsonl", dict(step=30))
    assert path.read_bytes() == before + b'{"step": 30}\n'
    assert path.stat().st_ino == inode
    assert [line["step"] for line in RunFolder("run").read_lines("traces.jsonl")] == [0, 10, 20, 30]


def test_half_a_last_line_is_dropped_while_it_is_the_last_thing_that_was_written(growing):
    path = growing.path / "traces.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert [line["step"] for line in RunFolder("run").read_lines("traces.jsonl")] == [0, 10]
    growing.release()
    run = RunFolder("run")
    run.lock()
    run.add_line("traces.jsonl", dict(step=20))
    run.release()
    assert [line["step"] for line in RunFolder("run").read_lines("traces.jsonl")] == [0, 10, 20]


def test_half_a_last_line_is_damage_once_anything_has_been_written_after_it(growing):
    path = growing.path / "traces.jsonl"
    growing.write_json("corpus.json", {})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BadInput, match="traces.jsonl in run is missing or damaged"):
        RunFolder("run").read_lines("traces.jsonl")


def test_a_resumed_run_that_stops_before_its_next_sample_can_be_resumed_again(mine):
    path = mine / "traces.jsonl"
    steps = [line["step"] for line in read_lines(path)]
    run = RunFolder(mine)
    run.lock()
    run.read_lines("traces.jsonl")
    run.record("traces.jsonl", "the hash of a line of which only half is written")
    append(path, b'{"step": 21, "prom')
    run.release()
    for _ in range(2):
        run = RunFolder(mine)
        run.lock()
        check_beginning(run, saved_settings(Settings, run.path))
        run.write_lines("log.jsonl", [])  # as Ctrl-C does
        run.release()
        assert [line["step"] for line in read_lines(path)] == steps


def test_lines_that_a_killed_run_wrote_later_are_dropped(tmp_path):
    for steps in ((0, 10, 20), (10,)):  # two trainings, one after the other
        run = RunFolder(tmp_path)
        run.lock()
        for step in steps:
            run.add_line("traces.jsonl", dict(step=step, text="ä\u2028"))
        run.ledger.close()
    lines = (tmp_path / "traces.jsonl").read_text("utf-8").split("\n")
    assert lines == ['{"step": 0, "text": "ä\u2028"}', '{"step": 10, "text": "ä\u2028"}', ""]
