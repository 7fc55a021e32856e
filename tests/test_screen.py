"""What a training says at its end, and how it counts time."""

import math
from types import SimpleNamespace

from terrarium import console
from terrarium.recorder import final_metrics
from terrarium.rules import Exam
from terrarium.screen import Clock, Screen, forgetting, in_short, memorizing, next_commands
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
    screen.s, screen.silent, screen.bar, screen.facts = s, False, None, facts
    screen.closing(metrics, Exam(["Once."], 1, 0, {}, {}), {})
    assert "0.500 bits per character" in capsys.readouterr().out


def log_of(losses):
    """Lines of a log with these validation losses, {step: loss}, and one without."""
    log = {step: dict(step=step, validation_loss=loss) for step, loss in losses.items()}
    return log | {7: dict(step=7, loss=0.01)}


def test_a_validation_loss_that_has_risen_again_is_said_with_the_step_at_which_it_was_lowest():
    (sentence,) = memorizing(log_of({0: 6.5, 50: 4.25, 100: 5.5, 200: 8.125}))
    assert "step 50 (4.250)" in sentence
    assert "8.125" in sentence
    assert "--steps 50" in sentence


@pytest.mark.parametrize("losses", [{0: 6.5, 50: 4.25, 100: 4.3}, {0: 6.5, 50: 4.25}, {0: 6.5}, {}])
def test_nothing_is_said_of_a_validation_loss_that_falls_or_hardly_rises(losses):
    assert list(memorizing(log_of(losses))) == []


@pytest.mark.parametrize("after, verb", [(1.5, "rose"), (0.125, "fell")])
def test_the_loss_on_the_text_of_its_parent_is_compared_at_the_end(after, verb):
    losses = {0: 0.25, 50: 0.5, 99: after}
    log = {
        step: dict(step=step, validation_loss=1.0, parent_validation_loss=loss)
        for step, loss in losses.items()
    }
    log[70] = dict(step=70, loss=2.0)  # no sample
    sentence = forgetting(dict(dataset="/home/me/tale.txt"), log, Settings(n_layer=3))
    assert "tale.txt" in sentence
    assert "/home" not in sentence
    assert ("--freeze 2" in sentence) == (verb == "rose")
    assert f"{verb} from 0.250 to {after:.3f} nats per token" in sentence


def test_nothing_is_called_forgotten_if_the_loss_stays_as_it_was():
    log = {
        i: dict(step=i, validation_loss=1.0, parent_validation_loss=0.25 + i / 1e5) for i in (0, 9)
    }
    sentence = forgetting(dict(dataset="stories"), log, Settings())
    assert "0.250" in sentence
    assert "forgotten nothing" in sentence


@pytest.mark.parametrize(
    "number, words", [(0.0134, "0.013"), (4.68, "4.7"), (160.4, "160"), (1234, "1,234")]
)
def test_how_often_a_text_is_read_has_two_digits_or_is_a_whole_number(number, words):
    assert in_short(number) == words


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
