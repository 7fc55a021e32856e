"""train.py is the whole lesson: it trains without the package terrarium/, and can be tried."""

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

import train
from helpers import PATIENCE, ROOT

import pytest
import torch

SOURCE = (ROOT / "train.py").read_text("utf-8")
STUB = Path(__file__).parent / "stub_terrarium.py"


def test_train_py_learns_with_a_stub_of_eighty_lines_in_place_of_terrarium(tmp_path):
    assert len(STUB.read_text("utf-8").splitlines()) <= 80
    (tmp_path / "train.py").write_text(SOURCE, "utf-8")
    (tmp_path / "stub.py").write_bytes(STUB.read_bytes())
    shutil.copy(ROOT / "finetune.py", tmp_path)
    (tmp_path / "go.py").write_text("import stub, train\nstub.go(train)\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "go.py"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["validation_losses"][-1] < told["validation_losses"][0] - 1
    assert 0 < told["loss"] < told["validation_losses"][0] - 1 and len(told["text"]) > 10


def tries():
    """[(section, expression)] of the lines that begin with >>>."""
    title, found = None, []
    for line in SOURCE.splitlines():
        if heading := re.match(r"# \d\. ([^:]+)", line):
            title = heading[1]
        if line.startswith("# >>> "):
            found.append((title, line.removeprefix("# >>> ")))
    return found


def test_sections_two_to_five_end_with_a_line_to_try():
    assert [title for title, _ in tries()] == [
        "Text to numbers",
        "Attention",
        "The model",
        "The optimizer",
    ]


@pytest.mark.parametrize("title, line", tries())
def test_a_line_to_try_shows_what_the_section_is_about(title, line):
    torch.manual_seed(0)
    found = eval(line, vars(train).copy())  # noqa: S307  as somebody types it
    if title == "Text to numbers":
        assert found == [6, 0, 3]  # low, e, r of the vocabulary e, l, o, r, w, lo, low
    elif title == "The optimizer":
        assert found.shape == (1, 4) and 0.6 < found.min() < found.max() < 1.3
    else:  # each row is divided among the tokens that may be looked at, or that may come next
        torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]))


def test_train_py_is_short_enough_to_be_read_and_says_why_it_does_what_it_does():
    lines = SOURCE.splitlines()
    assert len(lines) <= 430 and max(map(len, lines)) <= 100
    tokens = list(tokenize.generate_tokens(io.StringIO(SOURCE).readline))
    comments = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    first_of_settings = next(i for i, line in enumerate(lines) if line.startswith("class Settings"))
    last_of_settings = next(i for i, line in enumerate(lines) if line.startswith("PRESETS"))
    outside = [i for i in comments if not first_of_settings < i <= last_of_settings]
    assert 0.10 <= len(outside) / (len(lines) - (last_of_settings - first_of_settings)) <= 0.20


def test_train_py_has_one_statement_on_a_line():
    statements = [node.lineno for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.stmt)]
    assert len(statements) == len(set(statements))
