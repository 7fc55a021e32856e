"""Locks between processes: one has it at a time, and whoever is killed loses it."""

import errno
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

from helpers import ROOT
from terrarium import locks
from terrarium.errors import BadInput

import pytest

posix = pytest.mark.skipif(locks.fcntl is None, reason="Windows has no such locks")
HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from terrarium import locks
file = open("file", "ab")
locks.lock_file(file)
release = locks.try_lock("name")
print("locked", flush=True)
input()
"""


@contextmanager
def held():
    """Another process holds both locks until the block ends, and is killed then."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, ROOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "locked\n"
        yield
    finally:
        holder.kill()
        holder.communicate()


def test_what_another_process_has_locked_is_free_once_it_was_killed(folder):
    with open("file", "ab") as file:
        with held():
            assert locks.try_lock("name") is None
            with pytest.raises(BlockingIOError):
                locks.lock_file(file)
        locks.lock_file(file)
        locks.try_lock("name")()


def test_an_open_file_is_locked_until_it_is_closed(tmp_path):
    with open(tmp_path / "file", "ab") as one, open(tmp_path / "file", "ab") as other:
        locks.lock_file(one)
        with pytest.raises(BlockingIOError):
            locks.lock_file(other)
        one.close()
        locks.lock_file(other)


def test_somebody_who_waits_for_a_lock_gets_it_when_it_is_given_back(tmp_path):
    release, order = locks.try_lock(tmp_path / "name"), []

    def wait():
        with locks.locked(tmp_path / "name"):
            order.append("taken")

    waiting = threading.Thread(target=wait)
    waiting.start()
    order.append("given back")
    release()
    waiting.join()
    assert order == ["given back", "taken"]
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_given_back_when_what_it_protects_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), locks.locked(tmp_path / "name"):
        raise ZeroDivisionError
    locks.try_lock(tmp_path / "name")()


def test_a_lock_that_never_becomes_free_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    release = locks.try_lock(tmp_path / "name")
    with pytest.raises(BadInput, match="name"), locks.locked(tmp_path / "name"):
        pass
    release()


@posix
def test_a_lock_on_a_file_that_was_removed_meanwhile_locks_nobody_out_and_is_taken_again(
    tmp_path, monkeypatch
):
    path, flock, calls = tmp_path / "name", locks.fcntl.flock, []

    def removed_first(handle, kind):
        calls.append(handle)
        if len(calls) == 1:  # whoever held it gives it back between our opening and our locking
            os.unlink(path)
        return flock(handle, kind)

    monkeypatch.setattr(locks.fcntl, "flock", removed_first)
    release = locks.try_lock(path)
    assert len(calls) == 2 and path.exists() and locks.try_lock(path) is None
    release()


@posix
def test_a_disk_that_knows_no_locks_keeps_nobody_from_working(tmp_path, monkeypatch):
    def cannot(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", cannot)
    with open(tmp_path / "file", "ab") as file:
        locks.lock_file(file)
    locks.try_lock(tmp_path / "name")()


@posix
def test_a_lock_is_never_taken_through_a_link(tmp_path):
    (tmp_path / "theirs").write_text("precious", "utf-8")
    (tmp_path / "name").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError):
        locks.try_lock(tmp_path / "name")
    assert (tmp_path / "theirs").read_text("utf-8") == "precious"


def test_a_lock_ends_with_its_holder_on_systems_without_posix_locks_too(tmp_path, monkeypatch):
    for posix in (locks.fcntl, None):
        monkeypatch.setattr(locks, "fcntl", posix)
        monkeypatch.setattr(locks, "PATIENCE", 0)
        with locks.locked(tmp_path / "lock"):
            assert locks.try_lock(tmp_path / "lock") is None
            with pytest.raises(BadInput, match="lock"), locks.locked(tmp_path / "lock"):
                pass
        locks.try_lock(tmp_path / "lock")()
        assert list(tmp_path.iterdir()) == []
