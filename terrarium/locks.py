"""Locks between processes: of an open file, or by the name of one. Whoever is killed loses it."""

import contextlib
import errno
import os
import time

from terrarium.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

BEYOND_THE_END = 2**40  # of hashes.jsonl: Windows lets nobody read a byte that is locked
PATIENCE = 60.0  # seconds to wait for another process, which holds a lock for a moment only


def lock_file(file):
    """Keep other processes from locking an open file, until this one closes it or dies.

    Raises BlockingIOError if another one has locked it."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            file.seek(BEYOND_THE_END)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            raise BlockingIOError from None
        # Some file systems cannot lock anything; there, nobody can be kept out.


@contextlib.contextmanager
def locked(path):
    """Hold the lock for as long as the block runs. Raises BadInput if it never becomes free."""
    deadline = time.monotonic() + PATIENCE
    while (release := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise BadInput(f"Another program holds {path}: end it, or wait until it is done.")
        time.sleep(0.02)
    try:
        yield
    finally:
        release()


def try_lock(path):
    """Take the lock. Returns the function that gives it back, or None if somebody else has it."""
    return try_lock_windows(path) if fcntl is None else try_lock_posix(path)


def try_lock_posix(path):
    while True:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            pass  # a disk without locks: exports one after the other still work there
        # Whoever held it before has removed the file. A lock on what has no name locks nobody out.
        if has_name(handle, path):
            return lambda: remove_and_close(handle, path)
        os.close(handle)


def has_name(handle, path):
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def remove_and_close(handle, path):
    try:
        with contextlib.suppress(OSError):
            os.unlink(path)
    finally:
        os.close(handle)


def try_lock_windows(path):
    """Windows itself removes the file when it is closed, also when its process is killed."""
    kind = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_TEMPORARY", 0)
    try:
        handle = os.open(path, kind)
    except (FileExistsError, PermissionError):
        return None
    return lambda: remove_and_close(handle, path)
