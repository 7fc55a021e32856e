"""A bar comes after three seconds, where somebody watches, and goes when the work is done."""

import io
import sys
from types import SimpleNamespace

from helpers import Terminal
from terrarium.progress import progress

import pytest


@pytest.fixture
def start(monkeypatch):
    """start("Reading", 100): a bar, a clock whose `now` it reads, and the screen that it is on."""

    def start(*work, screen=None, **options):
        clock, screen = SimpleNamespace(now=0.0), Terminal() if screen is None else screen
        monkeypatch.setattr("tqdm.std.time", lambda: clock.now)
        monkeypatch.setattr(sys, "stderr", screen)
        return progress(*work, **options), clock, screen

    return start


def test_all_that_is_worked_on_comes_out_in_its_order():
    assert list(progress("Counting", range(5))) == [0, 1, 2, 3, 4]
    assert list(progress("Counting", [])) == []


def test_a_short_wait_has_no_bar_and_a_long_one_has(start):
    bar, clock, screen = start("Reading", 4_000_000)
    clock.now = 2.9
    bar.update(1_000_000)
    assert screen.getvalue() == ""
    clock.now = 3.1
    bar.update(1_000_000)
    shown = screen.getvalue()
    assert "Reading" in shown and "50%" in shown and "2.00M/4.00M" in shown
    bar.close()
    assert screen.getvalue().rsplit("\r", 2)[1].strip() == ""  # it is wiped out


def test_what_is_no_byte_is_counted_one_by_one(start):
    bar, clock, screen = start("Merging", range(2000), unit="merge")
    clock.now = 4
    bar.update(1000)
    assert "1000/2000" in screen.getvalue() and "merge" in screen.getvalue()
    bar.close()


@pytest.mark.parametrize("unknown", [0, -1])
def test_a_size_that_nobody_knows_is_no_error(start, unknown):
    bar, clock, screen = start("Downloading", unknown)
    clock.now = 4
    bar.update(5000)
    assert "5.00k" in screen.getvalue()
    bar.close()


def test_where_nobody_watches_nothing_is_shown(start):
    bar, clock, file = start("Reading", 100, screen=io.StringIO())
    clock.now = 9
    bar.update(50)
    bar.close()
    assert file.getvalue() == ""
