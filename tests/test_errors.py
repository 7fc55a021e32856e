"""Each kind of trouble of a machine has a sentence that says what happened and what to do."""

import errno
import os
from types import SimpleNamespace

from terrarium import errors
from terrarium.errors import BadInput
from train import Settings

import pytest

KINDS = {
    "ENOSPC": "full",
    "EDQUOT": "quota",
    "EACCES": "permission",
    "EPERM": "permission",
    "EROFS": "only be read",
    "ENOENT": "deleted",
    "ENAMETOOLONG": "longer",
    "EMFILE": "open",
    "ENFILE": "open",
    "EIO": "disk",
    "EPIPE": "Broken pipe",
    "ENOTDIR": "file",
    "EISDIR": "folder",
    "EBUSY": "in use",
    "ELOOP": "link",
    "EFBIG": "larger",
    "ESTALE": "network",
    "EINVAL": "name",
    "EEXIST": "already",
    "EADDRINUSE": "--port",
}


def test_each_kind_of_file_trouble_has_a_sentence_and_a_remedy_of_its_own():
    said = {}
    for name, word in KINDS.items():
        number = getattr(errno, name)
        sentence = errors.os_error_sentence(OSError(number, "?", "runs/x/log.jsonl"))
        assert word in sentence and "same command again" in sentence
        assert "room" not in sentence or name == "ENOSPC"
        said.setdefault(sentence, set()).add(name)
    assert {frozenset(names) for names in said.values() if len(names) > 1} == {
        frozenset({"EACCES", "EPERM"})
    }


def test_file_trouble_of_an_unknown_kind_or_without_a_name_is_told_as_it_is():
    assert "odd (of some kind)" not in errors.os_error_sentence(OSError("of some kind"))
    assert "of some kind" in errors.os_error_sentence(OSError("of some kind"))
    assert "{}" not in errors.os_error_sentence(OSError(errno.EIO, "Input/output error"))
    windows = OSError(errno.ENOENT, "too long", "x")
    windows.winerror = 206
    assert "longer" in errors.os_error_sentence(windows)


@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_to_go_on_is_advised_only_where_there_is_something_to_go_on_with(folder, has_checkpoint):
    @errors.explained
    def training(s):
        raise trouble

    (folder / "my run").mkdir()
    if has_checkpoint:
        (folder / "my run" / "checkpoint.pt").touch()
    s = SimpleNamespace(out="my run", head="")
    for trouble in (
        OSError(errno.ENOSPC, "?", "log.jsonl"),
        BrokenPipeError(errno.EPIPE, "?"),
        KeyboardInterrupt(),
    ):
        if isinstance(trouble, BrokenPipeError):
            errors.stop_printing, kept = lambda: None, errors.stop_printing
        try:
            with pytest.raises(BadInput) as error:
                training(s)
        finally:
            if isinstance(trouble, BrokenPipeError):
                errors.stop_printing = kept
        assert ("--resume 'my run'" in str(error.value)) == has_checkpoint


def test_other_mistakes_of_torch_are_not_taken_for_too_little_memory():
    assert not errors.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not errors.is_out_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize(
    "text, named", [("abc", "'c', character 3 "), ("é" * 99, "'é', character 1 ")]
)
def test_the_first_character_without_a_token_is_named(text, named):
    sentence = str(errors.no_token(text, {"a", "b"}))
    assert named in sentence and len(sentence) < 160


def test_too_little_memory_is_a_sentence_with_the_present_sizes_and_other_errors_pass():
    with pytest.raises(errors.OutOfMemory, match="--batch-size .now 4,096."):
        with errors.enough_memory(Settings(batch_size=4096)):
            raise MemoryError
    with pytest.raises(errors.OutOfMemory, match="close other programs"):
        with errors.enough_memory():
            raise MemoryError
    with pytest.raises(ZeroDivisionError), errors.enough_memory():
        raise ZeroDivisionError


@pytest.mark.skipif(os.name == "nt", reason="its shells quote otherwise")
def test_a_run_with_a_head_is_gone_on_with_by_naming_the_head():
    assert errors.resume_command("runs/a") == "python train.py --resume runs/a"
    assert errors.resume_command("my run", "any.py") == (
        "python train.py --resume 'my run' --head 'my run/head.py'"
    )
