"""A file is written completely or not at all, and a line that is added is whole."""

import errno
import io
import os
import sys

from terrarium import files
from terrarium.files import append, atomic_write

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_a_file_gets_its_name_only_when_it_is_complete(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    with atomic_write(path) as file:
        file.write(b"all")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"all"
    with pytest.raises(ZeroDivisionError):
        with atomic_write(path) as file:
            file.write(b"half")
            raise ZeroDivisionError
    assert path.read_bytes() == b"all"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_the_lines_as_they_were(tmp_path, monkeypatch):
    path = tmp_path / "traces.jsonl"
    append(path, b"one line\n")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError) as failed:
            append(path, b"and more")
    assert failed.value.filename == str(path) and path.read_bytes() == b"one line\n"


def test_a_line_is_added_to_what_is_there(tmp_path):
    path = tmp_path / "log.jsonl"
    for line in (b"one\n", b"two\n"):
        append(path, line)
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_line_of_which_only_half_fits_on_the_disk_is_taken_away_again(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, content):
            return super().write(content[: len(content) // 2])

    path = tmp_path / "log.jsonl"
    append(path, b"one\n")
    monkeypatch.setattr(
        files, "open", lambda path, mode, buffering: Full(path, mode), raising=False
    )
    with pytest.raises(OSError) as failed:
        append(path, b"two\n")
    assert failed.value.errno == errno.ENOSPC and path.read_bytes() == b"one\n"


def test_what_another_program_holds_for_a_moment_is_tried_again_but_not_for_ever(monkeypatch):
    answers = [PermissionError(), PermissionError(), "done"]

    def act():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    assert files.patiently(act) == "done" and answers == []
    answers[:] = [PermissionError(), "too late"]
    monkeypatch.setattr(files, "PATIENCE", -1)
    with pytest.raises(PermissionError):
        files.patiently(act)
    answers[:] = [FileNotFoundError(), "never asked"]
    with pytest.raises(FileNotFoundError):
        files.patiently(act)
    assert answers == ["never asked"]


@settings(max_examples=30)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("aé漢 ", max_size=5), inner, max_size=3)
        ),
    )
)
def test_json_is_read_as_it_was_written(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "content.json"
    files.write_json(path, content)
    assert files.read_json(path) == content


@pytest.mark.skipif(sys.platform == "win32", reason="there, links need a right of their own")
def test_a_link_is_known_whether_or_not_it_leads_anywhere(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "broken").symlink_to("nowhere")
    links = {
        name for name in ("file", "link", "broken", "gone", ".") if files.is_link(tmp_path / name)
    }
    assert links == {"link", "broken"}
