"""Files that are written completely or not at all, and files that grow."""

import contextlib
import errno
import json
import os
import stat
import time

MOUNT_POINT = 0xA0000003  # how Windows marks a junction
PATIENCE = 5.0  # seconds for which a file that another program holds is tried again


@contextlib.contextmanager
def atomic_write(path):
    """Open a file for bytes; it gets its name when it is complete, so nobody reads half of one.

    It is on the disk before it gets its name, so that a power cut leaves the old file or the new
    one. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with patiently(lambda: open(part, "wb")) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        patiently(lambda: os.replace(part, path))
    except OSError as error:
        error.filename = str(path)  # what somebody knows; a full disk names no file at all
        raise
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def append(path, content):
    """Add bytes to the end of a file, all of them or, if the disk is full, none. A program that is
    killed while it does so leaves a part of them. Raises OSError."""
    with patiently(lambda: open(path, "ab", buffering=0)) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            if file.write(content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError as error:
            error.filename = str(path)
            with contextlib.suppress(OSError):
                file.truncate(end)
            raise


def patiently(act):
    """Do what may be refused for a moment, because a program that synchronises or scans files
    holds one of them open. Raises PermissionError if that does not end."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def read_json(path):
    return json.loads(path.read_text("utf-8"))


def write_json(path, content):
    with atomic_write(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())


def is_link(path):
    """Whether a path leads to another place: a symbolic link, or a junction of Windows."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    if stat.S_ISLNK(found.st_mode):
        return True
    return getattr(found, "st_reparse_tag", None) == MOUNT_POINT
