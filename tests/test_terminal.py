"""At a terminal: text of others cannot act on it, ~ is somebody's home, and any console will do."""

import io
import sys
from pathlib import Path

import export_for_web
import show_model
import train
from helpers import EVIL, SMALL, acts, parsed
from terrarium import console
from terrarium.errors import BadInput
from terrarium.main import run_command

import pytest


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """A run that learned from a text full of escape sequences, in a folder named by one."""
    home = tmp_path_factory.mktemp("home")
    signs = [sign for sign in EVIL if sign not in ("\x00", "\udcff")]
    lines = [
        f"line {i} {signs[i % len(signs)]} ok, said Tom {signs[-1 - i % len(signs)]}"
        for i in range(400)
    ]
    (home / "evil.txt").write_bytes("\n".join(lines).encode())
    return home


@pytest.fixture
def evil_run(evil, monkeypatch, capsys):
    monkeypatch.chdir(evil)
    return "runs/evil\x1b[2J\u202e"


def test_a_training_on_escape_sequences_prints_none_of_them(evil_run, capsys, monkeypatch):
    text = ("--dataset", "evil.txt", "--vocab-size", 80)
    flags = (*SMALL, *text, "--steps", 4, "--n-ctx", 48, "--out", evil_run)
    run_command(lambda: train.train(parsed(*flags)))
    said = capsys.readouterr()
    assert r"\x1b[2J" in said.out and not acts(said.out + said.err)


WORDS = [
    [],
    ["weights"],
    ["tokens", *EVIL],
    ["merges"],
    ["neighbours", "Tom"],
    ["neighbours", EVIL[0]],
    ["analogy", "Tom", "ok", EVIL[2]],
    ["neurons"],
    ["attention", "Tom \x1b[2J"],
    ["attention", "--all"],
    ["generate", "Tom\r"],
    ["generate", "--alternatives"],
    ["samples", "--tokens", "4"],
    ["chat"],
    ["--step", "77\x1b[2J"],
    ["\x1b[2J"],
    ["--run", "\x1b]0;x\x07"],
    ["generate", "Ω\x1b[2J"],
]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: " ".join(map(ascii, words)))
def test_no_verb_lets_a_token_or_a_name_act_on_the_terminal(evil_run, capsys, monkeypatch, words):
    run = ["--run", evil_run] if "--run" not in words else []
    monkeypatch.setattr(sys, "argv", ["show_model.py", *words, *run])
    monkeypatch.setattr(console, "has_colours", lambda: True)
    try:
        run_command(show_model.main)
    except SystemExit as end:
        assert end.code == 2
    said = capsys.readouterr()
    assert said.out + said.err and not acts(said.out + said.err)


def test_an_export_prints_no_escape_sequence_of_its_run(evil_run, capsys, monkeypatch, tmp_path):
    for words in ([evil_run, "--out", f"{tmp_path}/site\x1b[2J"], ["\x1b[2J"], [f"--{EVIL[2]}"]):
        monkeypatch.setattr(sys, "argv", ["export_for_web.py", *words])
        try:
            run_command(export_for_web.main)
        except SystemExit as end:
            assert end.code == 2
        said = capsys.readouterr()
        assert said.out + said.err and not acts(said.out + said.err)


@pytest.mark.parametrize("sign", EVIL, ids=ascii)
def test_no_refusal_repeats_a_control_character(sign, capsys, folder):
    for flags in (
        ["--precision", "float32", "--dataset", sign],
        ["--head", sign],
        ["--preset", sign],
        ["--device", sign],
        ["--precision", sign],
        ["--resume", sign],
        [f"--{sign}"],
        ["--steps", sign],
        ["--out", f"x{sign}\0"],
    ):
        with pytest.raises(SystemExit) as end:
            run_command(lambda flags=flags: train.train(parsed(*flags)))
        said = capsys.readouterr().err
        assert end.value.code == 2 and said and not acts(said)


def test_a_tilde_after_an_equals_sign_is_somebodys_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("USERPROFILE", str(folder / "home"))
    text = folder / "home" / "novel.txt"
    text.parent.mkdir()
    text.write_text("All happy families are alike.\n" * 99, "utf-8")
    s = parsed("--out=~/x", "--dataset=~/novel.txt")
    assert Path(s.out) == folder / "home" / "x" and Path(s.dataset) == text
    with pytest.raises(BadInput, match="home"):
        parsed("--head=~/my_head.py")
    with pytest.raises(BadInput, match="home"):
        parsed("--resume=~/x")
    monkeypatch.setattr(sys, "argv", ["export_for_web.py", "--run=~/x", "--out=~/site"])
    args = export_for_web.arguments()
    assert args.named == [str(folder / "home" / "x")] and args.out == str(folder / "home" / "site")
    monkeypatch.setattr(sys, "argv", ["show_model.py", "--run=~/x"])
    with pytest.raises(BadInput, match="home"):
        show_model.main()


class Notebook:
    """The little that the stream of a notebook or of IDLE has in common with a file."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize(
    "stream",
    [io.StringIO, Notebook, lambda: None],
    ids=["redirect_stdout", "a notebook", "pythonw"],
)
def test_commands_run_where_the_streams_are_unusual(evil_run, monkeypatch, capsys, stream):
    out, err = stream(), stream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "argv", ["show_model.py", "generate", "--run", evil_run])
    run_command(show_model.main)
    monkeypatch.setattr(sys, "argv", ["show_model.py", "--run", "nothing"])
    with pytest.raises(SystemExit):
        run_command(show_model.main)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) not in (out, err):
            getattr(sys, name).close()
    if out is not None:
        said = out.text if isinstance(out, Notebook) else out.getvalue()
        assert "line 0" in said and not acts(said)


@pytest.mark.parametrize("columns", [1, 20, 30, 45, 60, 80, 200])
def test_attention_is_shown_in_a_window_of_any_width(evil_run, monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(
        sys, "argv", ["show_model.py", "attention", "line 1 ok, said Tom", "--run", evil_run]
    )
    show_model.main()
    lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert len(lines) >= 4
    if columns >= 30:
        assert max(map(len, lines)) <= columns
