"""What is printed: text of others cannot act on a terminal, and commands can be pasted."""

import argparse
import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from helpers import EVIL, Terminal, acts
from terrarium import console
from terrarium.console import color_token, duration, read_line, show_whitespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


# ---------------------------------------------------------------------------------------------
# Consoles of every kind


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


def test_argparse_repeats_what_was_typed_as_printable_text(capsys):
    parser = console.ArgumentParser()
    with pytest.raises(SystemExit):
        parser.parse_args(["\x1b[2J"])
    assert not acts(capsys.readouterr().err)
    assert isinstance(parser, argparse.ArgumentParser)


# ---------------------------------------------------------------------------------------------
# Tokens, times and lines


def test_colours_go_from_red_to_green_and_never_across_a_line(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert color_token("a", 0.01) == "\x1b[48;5;52;97ma\x1b[0m"
    assert color_token("a\n\nb", 1.0) == "\x1b[48;5;22;97ma\x1b[0m\n\n\x1b[48;5;22;97mb\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert color_token("a", 1.0) == "a"


def test_ctrl_c_ends_a_chat(monkeypatch, capsys):
    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    assert read_line("you: ") == ""


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (75, "1 min 15 s"),
        (3599.6, "1 h 0 min"),
        (3725, "1 h 2 min"),
        (90_061, "25 h 1 min"),
    ],
)
def test_a_duration_is_said_in_words(seconds, words):
    assert duration(seconds) == words


@given(st.integers(0, 86_400))
def test_a_duration_in_words_is_the_one_that_was_meant(seconds):
    unit = {"h": 3600, "min": 60, "s": 1}
    words = duration(seconds).split()
    said = sum(int(n) * unit[u] for n, u in zip(words[::2], words[1::2]))
    assert said == seconds if seconds < 3600 else 0 <= seconds - said < 60
