"""What is printed: text of others cannot act on a terminal, and commands can be pasted."""

import argparse
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import export_for_web
import show_model
import train
from terrarium import console
from terrarium.console import color_token, show_whitespace
from terrarium.devices import StopOnCtrlC
from terrarium.errors import BadInput
from terrarium.main import run_command
from terrarium.screen import next_commands
from terrarium.settings import read_settings

import pytest
from hypothesis import given
from hypothesis import strategies as st

# Clear the screen, set the title, the clipboard (OSC 52), a link, C1's CSI, ring, go back, turn
# the direction of the line around, and half a character.
EVIL = (
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]52;c;Y3VybA==\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x9b31m",
    "\x07",
    "\r",
    "\x08",
    "\u202e",
    "\u2066",
    "\x7f",
    "\x00",
    "\udcff",
)
OURS = re.compile(r"\x1b\[48;5;\d+;97m|\x1b\[0m")


def acts(text):
    """The control characters in what was printed that are not our own colours."""
    return console.CONTROL.findall(OURS.sub("", text))


# ---------------------------------------------------------------------------------------------
# Text of others


@given(st.text() | st.text("\x1b\x07\r\x9b\u202eab \n\t"))
def test_printable_text_holds_nothing_that_acts_on_a_terminal(text):
    shown = console.printable(text)
    assert not acts(shown)
    assert console.printable(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\rb", r"a\rb"),
        ("\u202eabc", r"\u202eabc"),
        ("one\n\ttwo", "one\n\ttwo"),
        ("नमस्ते, ça va? 你好", "नमस्ते, ça va? 你好"),
        ("\udcff", r"\udcff"),
    ],
)
def test_control_characters_are_shown_and_all_others_stay(text, shown):
    assert console.printable(text) == shown


@pytest.mark.parametrize("token", EVIL, ids=ascii)
@pytest.mark.parametrize("coloured", [False, True])
def test_a_token_cannot_act_through_its_colour(monkeypatch, token, coloured):
    monkeypatch.setattr(console, "has_colours", lambda: coloured)
    shown = color_token(f"a{token}b", 0.5)
    assert not acts(shown) and ("\x1b" in shown) == coloured
    assert not acts(show_whitespace(token))


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
    flags = [
        "--preset",
        "smoke",
        "--dataset",
        "evil.txt",
        "--vocab-size",
        "80",
        "--device",
        "cpu",
        "--precision",
        "float32",
        "--steps",
        "4",
        "--n-ctx",
        "48",
        "--out",
        evil_run,
    ]
    run_command(lambda: train.train(read_settings(train.Settings, train.PRESETS, flags)))
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
        ["--dataset", sign],
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
            run_command(
                lambda flags=flags: train.train(read_settings(train.Settings, train.PRESETS, flags))
            )
        said = capsys.readouterr().err
        assert end.value.code == 2 and said and not acts(said)


def test_whatever_an_exception_says_is_made_printable_where_it_is_printed(capsys):
    def work():
        raise BadInput("No token for \x1b[2J: remove it.")

    with pytest.raises(SystemExit):
        run_command(work)
    assert r"\x1b[2J" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------
# Commands

NAMES = [
    "runs/stories",
    "my novel (1)",
    "it's",
    'say "hi"',
    "$HOME",
    "`id`",
    "a&b",
    "100%",
    "-x",
    "--run",
    "~",
    "~root/x",
    "a;curl x|sh",
    "new\nline",
    "tab\there",
    "\x1b[2J",
    "\u202eabc",
    "{a,b}",
    "a*b?",
    "#x",
    "!x",
    "^x",
    "ö你",
    "back\\slash",
    "",
    "a=b",
    "<x>",
    "'",
    "\udcff",
]


@pytest.mark.skipif(os.name == "nt", reason="there is no bash")
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_command_that_is_pasted_into_bash_names_the_same_file(name):
    words = ["x", "--resume", Path(name)]
    pasted = f"printf '%s\\0' {console.command(*words)}"
    done = subprocess.run(["bash", "-c", os.fsencode(pasted)], capture_output=True)
    got = [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]
    assert got[:2] == ["x", "--resume"] and len(got) == 3
    assert Path(os.path.expanduser(got[2])) == Path(name)
    assert not got[2].startswith("-")  # or it would be taken for a flag
    assert "\n" not in pasted and not acts(pasted)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_sh_reads_back_every_word_that_needs_no_escape(word):
    import shlex

    quoted = console.quoted_for_sh(word)
    if not quoted.startswith("$"):
        assert shlex.split(quoted) == [word]
    assert not acts(quoted) and "\n" not in quoted


@pytest.mark.parametrize(
    "word, quoted",
    [
        (r"runs\stories", r"runs\stories"),
        ("C:\\runs\\x-1", "C:\\runs\\x-1"),
        ("my novel (1)", '"my novel (1)"'),
        ("it's", '"it\'s"'),
        ("a&b", '"a&b"'),
        ("100%", '"100%"'),
        ("a;b", '"a;b"'),
        ("@x", '"@x"'),
        ("{a}", '"{a}"'),
        ("", '""'),
        ("ö", '"ö"'),
        ("my dir\\", '"my dir\\\\"'),
        ("a^b!", '"a^b!"'),
        ("$HOME", "'$HOME'"),
        ("`id`", "'`id`'"),
        ("it's $5", "'it''s $5'"),
        ("a “b”", "'a “b”'"),
        ("‘$’", "'‘‘$’’'"),
    ],
)
def test_a_word_is_quoted_for_powershell_and_cmd(word, quoted):
    assert console.quoted_for_windows(word) == quoted


def test_commands_are_quoted_for_the_shell_of_the_system(monkeypatch):
    monkeypatch.setattr(console.os, "name", "nt")
    assert console.command("python", "x.py", "--run", "my novel") == 'python x.py --run "my novel"'
    monkeypatch.setattr(console.os, "name", "posix")
    assert console.command("python", "x.py", "--run", "my novel") == "python x.py --run 'my novel'"


def test_the_commands_at_the_end_of_a_run_can_be_pasted(folder, monkeypatch):
    for script in ("show_model.py", "export_for_web.py"):
        (folder / script).touch()
    lines = next_commands(SimpleNamespace(out="runs/my novel (1)"))
    assert lines[0] == console.command("python", "show_model.py", "--run", "runs/my novel (1)")
    assert "--run runs/my novel" not in "".join(lines)


# ---------------------------------------------------------------------------------------------
# Home


def test_a_tilde_after_an_equals_sign_is_somebodys_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("USERPROFILE", str(folder / "home"))
    text = folder / "home" / "novel.txt"
    text.parent.mkdir()
    text.write_text("All happy families are alike.\n" * 99, "utf-8")
    s = read_settings(train.Settings, train.PRESETS, ["--out=~/x", "--dataset=~/novel.txt"])
    assert Path(s.out) == folder / "home" / "x" and Path(s.dataset) == text
    with pytest.raises(BadInput, match="home"):
        read_settings(train.Settings, train.PRESETS, ["--head=~/my_head.py"])
    with pytest.raises(BadInput, match="home"):
        read_settings(train.Settings, train.PRESETS, ["--resume=~/x"])
    monkeypatch.setattr(sys, "argv", ["export_for_web.py", "--run=~/x", "--out=~/site"])
    args = export_for_web.arguments()
    assert args.named == [str(folder / "home" / "x")] and args.out == str(folder / "home" / "site")
    monkeypatch.setattr(sys, "argv", ["show_model.py", "--run=~/x"])
    with pytest.raises(BadInput, match="home"):
        show_model.main()


# ---------------------------------------------------------------------------------------------
# Consoles of every kind


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    "name, value, coloured",
    [
        ("TERM", "xterm-256color", True),
        ("TERM", "dumb", False),
        ("NO_COLOR", "1", False),
        ("NO_COLOR", "", True),
    ],
)
def test_colours_come_only_where_they_are_understood_and_wanted(monkeypatch, name, value, coloured):
    monkeypatch.setattr(sys, "stdout", Terminal())
    for one in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, value)
    assert ("\x1b" in color_token("cat", 0.5)) == coloured


def test_a_stream_that_is_no_terminal_of_any_kind_gets_no_colours(monkeypatch):
    for stream in (io.StringIO(), SimpleNamespace(write=print)):
        monkeypatch.setattr(sys, "stdout", stream)
        assert color_token("cat", 0.5) == "cat"


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


@pytest.mark.parametrize(
    "encoding, signs", [("utf-8", "░▒▓█"), ("cp1252", ".+%#"), ("ascii", ".+%#"), ("cp437", "░▒▓█")]
)
def test_attention_is_shown_with_what_the_console_has(monkeypatch, encoding, signs):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    shown = show_model.cells(SimpleNamespace(tolist=lambda: [0.01, 0.05, 0.2, 0.4, 0.9]), 1)
    assert shown == " " + signs
    assert show_whitespace(" a\tb\n").encode(encoding)


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


def test_argparse_repeats_what_was_typed_as_printable_text(capsys):
    parser = console.ArgumentParser()
    with pytest.raises(SystemExit):
        parser.parse_args(["\x1b[2J"])
    assert not acts(capsys.readouterr().err)
    assert isinstance(parser, argparse.ArgumentParser)
