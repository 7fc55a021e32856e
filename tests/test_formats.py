"""docs/formats.md has every key of a run and of an export, with its type, and no other."""

import json
import re
from itertools import chain

import train
from helpers import ROOT, read_lines
from terrarium.web.exporters import role_milestones

import pytest

DOCUMENT = (ROOT / "docs" / "formats.md").read_text("utf-8")
HEADS = dict(
    uniform_scores={"induction": 0.1},
    snapshot_steps=[0, 3],
    repeat_gain=[0, 3],
    scores=[
        {"induction": [[0.1, 0.1, 0.1]] * 2},
        {"induction": [[0.1, 0.1, 0.1], [0.1, 0.1, 0.5]]},
    ],
)
BAND = dict(low=0.25, high=0.5, runs=3, of="preset")
TYPES = {
    "string": [str],
    "boolean": [bool],
    "integer": [int],
    "number": [int, float],
    "list": [list],
    "object": [dict],
    "null": [type(None)],
}


# What only some runs and exports have: there may be no runs to compare with and no parent, nothing
# need be missing, no milestone need be reached, and a text need be no conversation.
SOMETIMES = re.compile(
    r"band\.|missing\.|milestones\[\]\.|speakers\[\]|topics\[\]|other_words\[\]|.*parent"
)


def documented(file):
    """{path: types} of the table of a file."""
    heading = rf"^### [^\n]*\b{re.escape(file)}(?!\w)"
    part = re.search(rf"{heading}.*?(?=^##|\Z)", DOCUMENT, re.M | re.S)[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z, ]+) \|", part, re.M)
    return {path: tuple(TYPES[name] for name in re.split(", | or ", types)) for path, types in rows}


def leaves(value, path=""):
    """(path, value) of everything in a JSON value that is no list and no object with elements."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, f"{path}[]")
    else:
        yield path, value


def pattern_of(path):
    """<rule> stands for any name, or for whatever is in an object of that name."""
    parts = [
        ".+" if part.startswith("<") else re.escape(part) for part in re.split(r"(<\w+>)", path)
    ]
    return re.compile("".join(parts))


def check(file, content):
    table = documented(file)
    used = set()
    for path, value in leaves(content):
        rows = [row for row in table if pattern_of(row).fullmatch(path)]
        # Null may stand for a whole object, whose keys are listed with its path before them.
        rows += [row for row in table if value is None and row.startswith(f"{path}.")]
        assert rows, f"{file} has {path}, which docs/formats.md does not name"
        used.update(rows)
        named = [row for row in rows if "<" not in row]
        allowed = table[(named or rows)[0]]
        flat = tuple(chain.from_iterable(allowed))
        assert value is None or isinstance(value, flat), f"{file}: {path} is {value!r}"
        assert not isinstance(value, bool) or bool in flat, f"{file}: {path} is {value!r}"
    return table.keys() - used


@pytest.mark.parametrize("name", ["settings.json", "tokenizer.json", "metrics.json", "corpus.json"])
def test_each_key_of_a_json_file_of_a_run_is_documented(smoke_run, name):
    unused = check(name, json.loads((smoke_run / name).read_text("utf-8")))
    assert {key for key in unused if not SOMETIMES.match(key)} == set()


def test_the_band_that_some_runs_have_is_documented(smoke_run, smoke):
    metrics = json.loads((smoke_run / "metrics.json").read_text("utf-8"))
    of_child = dict(metrics, parent_validation_loss=0.25)  # which has a parent, too
    assert check("metrics.json", {**of_child, "band": BAND}) == set()
    manifest = json.loads((smoke / "manifest.json").read_text("utf-8"))
    manifest["metrics"]["band"] = BAND
    check("manifest.json", manifest)


def test_what_a_run_has_of_its_parent_is_documented(smoke_run, smoke):
    parent = dict(name="stories", step=1300, dataset="stories")
    facts = json.loads((smoke_run / "corpus.json").read_text("utf-8"))
    assert not [key for key in check("corpus.json", dict(facts, parent=parent)) if "parent" in key]
    sampled = next(
        line for line in read_lines(smoke_run / "log.jsonl") if "validation_loss" in line
    )
    line = dict(sampled, parent_validation_loss=0.25)
    assert "parent_validation_loss" not in check("log.jsonl", line)
    log = json.loads((smoke / "log.json").read_text("utf-8"))
    log["validation"]["parent_loss"] = [0.25]
    assert not check("log.json", log)
    manifest = json.loads((smoke / "manifest.json").read_text("utf-8"))
    manifest["corpus"]["parent"] = parent
    check("manifest.json", manifest)


def test_the_speakers_that_some_runs_have_are_documented(smoke_run, smoke):
    facts = json.loads((smoke_run / "corpus.json").read_text("utf-8"))
    unused = check("corpus.json", {**facts, "speakers": ["you", "luna"]})
    assert "speakers[]" not in unused
    topics = [dict(name="home", questions=["where do you live?"])]
    check("corpus.json", {**facts, "topics": topics})
    manifest = json.loads((smoke / "manifest.json").read_text("utf-8"))
    manifest["speakers"] = manifest["corpus"]["speakers"] = ["you", "luna"]
    manifest["topics"] = topics
    check("manifest.json", manifest)


@pytest.mark.parametrize("name", ["log.jsonl", "traces.jsonl", "hashes.jsonl"])
def test_each_key_of_a_line_of_a_run_is_documented(smoke_run, name):
    unused = [check(name, line) for line in read_lines(smoke_run / name)]
    assert not [key for key in set.intersection(*unused) if not SOMETIMES.match(key)]


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "log.json",
        "samples.json",
        "check.json",
        "heads.json",
        "neurons.json",
        "embeddings.json",
        "update.json",
        "weight_paths.json",
        "code.json",
        "copied.json",
        "training_text.json",
        "training_slice.json",
    ],
)
def test_each_key_of_an_exported_file_is_documented(smoke, name):
    unused = check(name, json.loads((smoke / name).read_text("utf-8")))
    assert {key for key in unused if not SOMETIMES.match(key)} == set()


def test_milestones_are_documented_whatever_their_kind():
    shipped = ROOT / "site" / "exported" / "stories" / "samples.json"
    found = json.loads(shipped.read_text("utf-8"))
    head = dict(
        kind="head", step=3, prompt=None, text=None, role="induction", head="1.2", weight=0.5
    )
    assert list(role_milestones(HEADS)) == [head]
    found["milestones"].append(head)
    odds = dict(uniform=0.25, unigram=0)
    found["chance"] = dict(
        limit=0.01,
        n_samples=4,
        n_draws=1000,
        texts=dict(words=dict(odds, is_used=True, n_words=5), name=dict(odds, is_used=False)),
        rules=dict(all=dict(odds, n_texts=32, least=24), few=dict(odds, n_texts=2, least=None)),
    )
    assert check("samples.json", found) == set()


def test_each_key_of_the_file_of_a_step_is_documented(smoke):
    for path in sorted((smoke / "steps").glob("*.json")):
        assert check("steps/NNNNNN-P.json", json.loads(path.read_text("utf-8"))) == set()


def test_each_key_of_the_list_of_runs_is_documented(smoke):
    content = json.loads((smoke.parent / "index.json").read_text("utf-8"))
    assert check("index.json", content) == set()


def test_the_format_is_the_one_that_is_documented(smoke):
    for path in (smoke.parent / "index.json", smoke / "manifest.json"):
        number = json.loads(path.read_text("utf-8"))["format"]
        part = DOCUMENT.split(f"### {path.name}")[1].split("\n### ")[0]
        assert f"| `format` | integer | {number} |" in part


def test_every_file_of_a_run_and_of_an_export_is_documented(smoke_run, smoke):
    files = [
        path.relative_to(folder).as_posix()
        for folder in (smoke_run, smoke)
        for path in folder.rglob("*")
        if path.is_file()
    ]
    for name in files:
        documented = re.sub(r"\d{6}-\d", "NNNNNN-P", name)
        documented = re.sub(r"\d{6}", "NNNNNN", documented)
        assert documented in DOCUMENT or name.startswith("weights/"), name


def test_the_settings_that_the_document_points_at_are_those_of_train_py(smoke_run):
    stored = json.loads((smoke_run / "settings.json").read_text("utf-8"))
    assert set(stored) - {"version"} == {field for field in train.Settings.__dataclass_fields__}
