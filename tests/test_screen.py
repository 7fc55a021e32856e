"""What a training says at its end, and how it counts time."""

import math
from types import SimpleNamespace

from terrarium import console
from terrarium.recorder import final_metrics
from terrarium.rules import Exam
from terrarium.screen import Clock, Screen, next_commands
from terrarium.text import END
from train import Settings

import pytest
import torch


def test_bits_per_character_are_nats_a_token_over_all_tokens_and_characters(capsys):
    s = Settings(out="runs/x", steps=7)
    facts = dict(validation_tokens=1001, validation_characters=4000, entropy=0.5)
    metrics = final_metrics(2 * math.log(2), facts, torch.nn.Linear(3, 3))
    # two bits for each of 1000 tokens are 2000 bits, for 4000 characters
    assert metrics["bits_per_character"] == pytest.approx(0.5)
    assert metrics["gap"] == pytest.approx(2 * math.log(2) - 0.5)
    assert metrics["parameters"] == 12
    screen = object.__new__(Screen)
    screen.s, screen.facts, screen.silent, screen.bar = s, facts, False, None
    screen.closing(metrics, Exam(["Once."], 1, 0, {}, {}))
    assert "0.500 bits per character" in capsys.readouterr().out


def test_the_commands_at_the_end_of_a_run_can_be_pasted(folder, monkeypatch):
    for script in ("show_model.py", "export_for_web.py"):
        (folder / script).touch()
    lines = next_commands(SimpleNamespace(out="runs/my novel (1)"))
    assert lines[0] == console.command("python", "show_model.py", "--run", "runs/my novel (1)")
    chat, *others = next_commands(SimpleNamespace(out="runs/luna"), talks=True)
    assert chat == "python show_model.py chat --run runs/luna" and len(others) == len(lines)
    assert "--run runs/my novel" not in "".join(lines)


def screen_of(rank=0, **different):
    """A screen that has not said anything yet."""
    screen = object.__new__(Screen)
    screen.s = Settings(**{**dict(out="runs/tale", steps=100), **different})
    screen.silent, screen.bar = rank > 0, None
    return screen


def test_a_sample_is_shown_on_one_line_with_its_step_and_its_loss(capsys):
    screen_of().sampled(dict(step=7, validation_loss=1.23456), f"{END}Tom ran.\n\x1b[2JHome.{END}")
    assert (
        capsys.readouterr().out == "step      7  validation 1.235  Tom ran. / \\x1b[2JHome. (end)\n"
    )


def test_somebody_who_stops_a_run_reads_what_to_type(capsys):
    screen_of(out="runs/my tale", head="my_head.py").stopped(42)
    *_, said, command = capsys.readouterr().out.splitlines()
    assert "42 of 100" in said
    assert command.split("--resume ")[1].startswith("'runs/my tale' --head ")


def test_all_processes_but_the_first_are_silent(capsys):
    screen = screen_of(rank=1)
    screen.stopped(42)
    screen.sampled(dict(step=7, validation_loss=1.0), "Tom")
    screen.estimate(1000)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("seconds, said", [(9, ""), (600, "11 min 0 s")])
def test_only_a_long_training_is_estimated(capsys, seconds, said):
    screen_of().estimate(seconds)
    assert said in capsys.readouterr().out if said else capsys.readouterr().out == ""


def test_a_clock_goes_on_from_the_time_of_the_log_and_laps_begin_anew(monkeypatch):
    now = iter([1000.0, 1002.5, 1003.0, 1010.0])
    monkeypatch.setattr("terrarium.screen.time.perf_counter", lambda: next(now))
    clock = Clock({0: dict(seconds=5.0), 1: dict(seconds=60.25)})
    assert clock.seconds() == 62.75
    assert (clock.lap(), clock.lap()) == (3.0, 7.0)
