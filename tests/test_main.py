"""How a command ends: what a person can mend in a sentence, a mistake of ours in full."""

import contextlib
import errno

from terrarium import console
from terrarium.devices import StopOnCtrlC
from terrarium.errors import BadInput
from terrarium.main import run_command

import pytest


@pytest.mark.parametrize(
    "error, words",
    [
        (BadInput("Use more words."), ["Use more words.\n"]),
        (
            OSError(errno.ENOSPC, "No space left on device", "runs/stories/log.jsonl"),
            ["runs/stories/log.jsonl", "full", "Make room"],
        ),
        (KeyboardInterrupt(), ["Stopped at once."]),
        (MemoryError(), ["memory"]),
    ],
)
def test_what_a_person_can_mend_ends_in_a_sentence_and_2(error, words, capsys):
    def work():
        raise error

    with pytest.raises(SystemExit) as end:
        run_command(work)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words) and said.count("\n") == 1


def test_a_mistake_of_ours_is_not_hidden():
    def work():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_command(work)


def test_whatever_an_exception_says_is_made_printable_where_it_is_printed(capsys):
    def work():
        raise BadInput("No token for \x1b[2J: remove it.")

    with pytest.raises(SystemExit):
        run_command(work)
    assert r"\x1b[2J" in capsys.readouterr().err


def test_after_a_command_ctrl_c_means_what_it_meant_before():
    import signal

    before = signal.getsignal(signal.SIGINT)
    run_command(StopOnCtrlC)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_command_may_run_outside_of_the_main_thread():
    from threading import Thread

    caught = []

    def work():
        try:
            run_command(StopOnCtrlC)
        except BaseException as error:
            caught.append(error)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert caught == []


@pytest.mark.parametrize("may_leave", [True, False])
def test_a_reader_who_leaves_is_an_error_only_where_the_rest_mattered(
    may_leave, monkeypatch, capsys
):
    def work():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(console, "stop_printing", lambda: None)  # the test goes on to be printed
    with contextlib.nullcontext() if may_leave else pytest.raises(SystemExit):
        run_command(work, reader_may_leave=may_leave)
    assert bool(capsys.readouterr().err) != may_leave
