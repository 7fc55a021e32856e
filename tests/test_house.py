"""What keeps this house in order, as far as a program can check it."""

import ast
import importlib.util

from helpers import ROOT

import pytest

# ---------------------------------------------------------------------------------------------
# Tests

MODULES = [
    *ROOT.glob("*.py"),
    *(path for path in ROOT.glob("terrarium/**/*.py") if path.stem != "__init__"),
]
TESTS = sorted((ROOT / "tests").glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_has_a_file_of_tests_that_is_named_after_it(module):
    assert (ROOT / "tests" / f"test_{module.stem}.py").is_file()


def test_the_three_commands_are_among_the_modules():
    names = {path.name for path in MODULES}
    assert {"train.py", "show_model.py", "export_for_web.py", "serve.py", "locks.py"} <= names


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_no_file_imports_a_file_of_tests(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                modules = [alias.name for alias in node.names]
            case ast.ImportFrom():
                modules = [node.module]
            case _:
                continue
        assert not [name for name in modules if name.startswith("test_") or name == "conftest"]


BENCHMARKS = [path for path in sorted(ROOT.glob("tests/bench/*.py")) if path.stem != "common"]
OURS = ("terrarium", "data", "helpers", "sample_texts", "train", "show_model", "export_for_web")


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.name)
def test_a_benchmark_finds_all_that_it_uses_of_ours(path):
    tree = ast.parse(path.read_text("utf-8"))
    modules, wanted = {}, []
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                ours = [alias.name for alias in node.names if alias.name in OURS]
                modules |= {name: importlib.import_module(name) for name in ours}
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in OURS:
                wanted += [(importlib.import_module(module), alias.name) for alias in node.names]
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in modules:
                wanted.append((modules[name], attribute))
    missing = [
        f"{module.__name__}.{name}"
        for module, name in wanted
        if not hasattr(module, name) and not importlib.util.find_spec(f"{module.__name__}.{name}")
    ]
    assert missing == []
    if modules or wanted:
        assert "import common" in path.read_text("utf-8")  # or it finds them only from here


# ---------------------------------------------------------------------------------------------
# Only what every system has


SOURCES = [*ROOT.glob("*.py"), *ROOT.glob("data/*.py"), ROOT / "site" / "exercise" / "judge.py"]
NOT_EVERYWHERE = {
    "fork",
    "forkpty",
    "sched_getaffinity",
    "uname",
    "getuid",
    "geteuid",
    "killpg",
    "setsid",
    "mkfifo",
    "SIGALRM",
    "SIGKILL",
    "SIGHUP",
    "SIGUSR1",
    "alarm",
    "setitimer",
    "pause",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_used_that_only_some_systems_have(path):
    used = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                used |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                used |= {node.module, *(alias.name for alias in node.names)}
            case ast.Attribute():
                used.add(node.attr)
            case ast.Constant(value=str(text)):
                assert not text.startswith(("/tmp", "/dev", "/proc", "/home")), text
    assert not used & (NOT_EVERYWHERE | {"resource", "fcntl", "pwd", "grp", "termios", "pty"})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_text_file_is_opened_with_its_encoding(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        keywords = {k.arg for k in node.keywords}
        if name == "open" and ast.unparse(node.func) != "os.open":  # that one opens no text
            assert "encoding" in keywords or any("b" in str(w) for w in words), node.lineno
        if name in ("read_text", "write_text"):
            assert "encoding" in keywords or "utf-8" in words, node.lineno
