"""Pythons from 3.10 on run it; older ones, and other versions of PyTorch, hear what they need."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from helpers import ROOT
from terrarium import python_check

import pytest

SOURCES = [
    path
    for pattern in ("*.py", "data/*.py", "terrarium/**/*.py", "site/exercise/*.py")
    for path in ROOT.glob(pattern)
]
COMMANDS = ("train.py", "show_model.py", "export_for_web.py")
# What Python 3.11 to 3.14 have brought, as far as this kind of program might use it.
TOO_NEW = {
    "add_note",
    "ExceptionGroup",
    "TaskGroup",
    "tomllib",
    "StrEnum",
    "Self",
    "assert_never",
    "UTC",
    "cbrt",
    "exp2",
    "file_digest",
    "batched",
    "is_junction",
    "sumprod",
    "process_cpu_count",
    "full_match",
    "from_uri",
    "annotationlib",
    "Interpolation",
}
TOO_NEW_OF = {
    ("sys", "exception"),
    ("contextlib", "chdir"),
    ("Path", "walk"),
    ("math", "fma"),
    ("copy", "replace"),
    ("operator", "call"),
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_used_that_python_3_10_lacks(path):
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 10))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "id", None)
            assert (owner, node.attr) not in TOO_NEW_OF, node.lineno
            assert node.attr not in TOO_NEW, node.lineno
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            starred = any(isinstance(part, ast.Starred) for part in node.slice.elts)
            assert not starred or source_of(path, node.slice).startswith("("), node.lineno
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & TOO_NEW, node.lineno


def source_of(path, node):
    return ast.get_source_segment(path.read_text("utf-8"), node)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_checks_its_python_before_it_imports_anything_else(name):
    tree = ast.parse((ROOT / name).read_text("utf-8"), feature_version=(3, 8))
    first = next(node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    assert [alias.name for alias in first.names] == ["terrarium.python_check"]
    # What that import runs has to be readable for the oldest Pythons.
    for needed in ("__init__", "python_check"):
        source = (ROOT / "terrarium" / f"{needed}.py").read_text("ascii")
        assert 'f"' not in source and "f'" not in source and ":=" not in source


@pytest.mark.parametrize("name", ["python2.7", "python3.6", "python3.8", "python3.9"])
def test_an_old_python_that_is_here_ends_in_a_sentence(name, tmp_path):
    """Those that cannot even read train.py, for its := or its f-strings, are left out."""
    python = shutil.which(name)
    if not python or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"{name} is not installed")
    script = "train.py" if name in ("python3.8", "python3.9") else "terrarium/python_check.py"
    done = subprocess.run([python, ROOT / script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert "3.10" in done.stderr and "Traceback" not in done.stderr


def test_a_python_without_pytorch_ends_in_a_sentence(tmp_path):
    """-S -I: this very Python, without the packages that were installed for it."""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); import train",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "torch" in done.stderr and "-m pip install -r" in done.stderr
    assert "Traceback" not in done.stderr
    assert Path(python_check.REQUIREMENTS).is_file()
