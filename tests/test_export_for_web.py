"""export_for_web.py: any run is exported, whatever is damaged is named, and no export is ever lost."""

import errno
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import export_for_web
from helpers import (
    HEAD,
    PATIENCE,
    ROOT,
    SAMPLED,
    SMALL,
    TALE,
    contents,
    grow,
    logits,
    model_of,
    read,
    read_lines,
    rehash,
    rewrite,
    run_script,
    snapshot,
    tensors_of,
    wait_until,
)
from terrarium.errors import BadInput
from terrarium.files import read_json
from terrarium.screen import next_commands
from terrarium.text import END
from terrarium.web import exporters

import numpy as np
import psutil
import pytest


@pytest.fixture
def export(folder, monkeypatch, capsys):
    """export("runs/tale"): what the command says; without --out, the site is the folder site."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # nobody pulls the plug here

    def export(*words):
        out = () if "--out" in words else ("--out", "site")
        monkeypatch.setattr(sys, "argv", ["export_for_web.py", *map(str, (*words, *out))])
        capsys.readouterr()
        export_for_web.main()
        return capsys.readouterr().out

    return export


# ---------------------------------------------------------------------------------------------
# What is written


def test_a_finished_run_exports_every_file_that_the_docstring_lists_and_nothing_else(smoke):
    listed = set(re.findall(r"(?<![\w/-])(\w+)\.json", export_for_web.__doc__))
    assert listed == {
        "manifest",
        "log",
        "samples",
        "check",
        "heads",
        "neurons",
        "embeddings",
        "update",
        "weight_paths",
        "code",
        "copied",
        "guesses",
        "training_text",
        "training_slice",
    }
    assert set(contents(smoke.parent)) == {
        "index.json",
        *(f"smoke/{name}.json" for name in listed),
        *(f"smoke/steps/{step:06}-{i}.json" for step in (0, 1, 10, 20) for i in range(5)),
        *(f"smoke/logits/{step:06}.json" for step in (0, 1, 20)),
        *(f"smoke/weights/{step:06}.bin" for step in (0, 1, 20)),
    }
    assert read(smoke.parent, "index") == dict(
        format=3,
        latest="smoke",
        runs=[
            dict(
                name="smoke",
                parameters=67_904,
                step=20,
                finished=True,
                dataset="stories",
                total_steps=20,
            )
        ],
    )


def test_weights_in_16_bits_take_twice_the_room_and_are_read_alike(export, mine, tale_export):
    export(mine, "--weights", "float16")
    other = Path("site/exported/tale")
    assert read(other, "manifest")["weights"]["type"] == "float16"
    sizes = [read(folder, "manifest")["weights"]["bytes"] for folder in (tale_export, other)]
    assert 1.7 < sizes[1] / sizes[0] < 2
    for name, array in tensors_of(other, 9).items():
        kept = snapshot(mine, 9)[name].numpy()
        np.testing.assert_array_equal(array, kept if kept.ndim == 1 else kept.astype(np.float16))
    np.testing.assert_allclose(
        logits(model_of(other, 9), read(other, "check")["ids"])[-1],
        read(other, "logits/000009"),
        atol=2e-5,
    )


def test_a_head_of_ones_own_goes_along(folder, export):
    Path("my_head.py").write_text(HEAD, "utf-8")
    grow(folder / "runs" / "tale", TALE, "--head", "my_head.py", "--steps", 2)
    Path("my_head.py").unlink()
    kept = Path("runs/tale/train.py")  # which was another one at that time
    kept.write_text("# 1. Ours ---\ndef ours():\n    return 1\n", "utf-8")
    rehash("runs/tale")
    export("runs/tale")
    code = read(Path("site/exported/tale"), "code")
    assert code == dict(
        from_run=True,
        head=HEAD,
        functions=dict(ours=[2, 3]),
        sections=[
            dict(
                title="1. Ours",
                first_line=1,
                lines=["# 1. Ours ---", "def ours():", "    return 1"],
            )
        ],
    )


# ---------------------------------------------------------------------------------------------
# Again, and whatever goes wrong


def test_exporting_twice_gives_the_same_bytes_and_no_other_files(export, mine):
    said = export(mine)
    first = contents(Path("site/exported"))
    assert "In its place" not in said
    said = export(mine)
    assert contents(Path("site/exported")) == first and len(first) == 1 + 12 + 7 * 5 + 6 + 6
    assert "In its place" not in said
    assert [path.name for path in Path("site/exported").iterdir() if path.is_dir()] == ["tale"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_an_export_that_fails_leaves_the_old_one_whole(export, mine, monkeypatch, error):
    def fail(*_):
        raise error

    export(mine, "--steps", "0")
    before = contents(Path("site"))
    monkeypatch.setattr(exporters, "code", fail)
    with pytest.raises(BadInput if error is OSError else error):
        export(mine)
    assert contents(Path("site")) == before
    monkeypatch.undo()


def test_an_export_that_cannot_be_put_into_its_place_leaves_the_old_one_there(
    export, mine, monkeypatch
):
    replace = os.replace

    def fail(old, new):
        if Path(old).parent.name == "new":
            raise PermissionError(errno.EACCES, "Access is denied", str(new))
        replace(old, new)

    export(mine, "--steps", "0")
    before = contents(Path("site"))
    monkeypatch.setattr("terrarium.files.PATIENCE", 0)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(BadInput, match="protected"):
        export(mine)
    assert contents(Path("site")) == before
    with pytest.raises(BadInput, match="protected"):
        export(mine, "--out", "another/site")  # where there was none
    assert not Path("another").exists()


KILLED = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
import export_for_web

def kill(event, given):  # as soon as the samples are to be written, when other files are there
    if event == "open" and "samples.json" in str(given[0]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
export_for_web.main()
"""


def test_an_export_that_is_killed_leaves_the_old_one_whole_and_the_next_one_tidies_up(
    export, mine, smoke_run, smoke_site, folder
):
    shutil.copytree(smoke_site / "exported", folder / "site" / "exported")
    exported = Path("site/exported")
    before = contents(exported)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, smoke_run, "--out", "site"],
        cwd=folder,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert killed.returncode == -signal.SIGKILL
    assert {
        name: content
        for name, content in contents(exported).items()
        if not name.startswith(".new-")
    } == before
    assert len(list(exported.glob(".new-*"))) == 1

    export(mine)
    assert [run["name"] for run in read(exported, "index")["runs"]] == ["smoke", "tale"]
    assert {path.name for path in exported.iterdir()} == {"index.json", "smoke", "tale"}


# ---------------------------------------------------------------------------------------------
# Several runs, and their names


def test_runs_stand_side_by_side(export, mine, folder):
    shutil.copytree(mine, "runs/another")
    said = export("runs/tale", "runs/another", "runs/tale/")
    assert said.count(" is in site/exported/") == 2
    names = [run["name"] for run in read(Path("site/exported"), "index")["runs"]]
    assert names == ["another", "tale"]
    one, other = contents(Path("site/exported/tale")), contents(Path("site/exported/another"))
    assert {name for name in one if one[name] != other[name]} == {"manifest.json"}


def test_what_is_no_export_of_this_format_is_not_offered_and_does_no_harm(export, mine):
    export(mine)
    for name, content in dict(
        damaged='{"form',
        old='{"format": 0}',
        empty="",
        odd="[]",
        few='{"format": 1}',
        deep="[" * 100_000,
    ).items():
        Path("site/exported", name).mkdir(parents=True)
        Path("site/exported", name, "manifest.json").write_text(content)
    export(mine)
    assert [run["name"] for run in read(Path("site/exported"), "index")["runs"]] == ["tale"]


def test_pages_show_first_what_was_exported_last(export, mine):
    shutil.copytree(mine, "runs/another")
    for folder, name in ((mine, "tale"), ("runs/another", "another"), (mine, "tale")):
        export(folder)
        assert read(Path("site/exported"), "index")["latest"] == name


def test_a_run_in_a_folder_with_an_odd_name_is_exported(export, mine):
    os.rename(mine, "runs/oh dear, (it) is 100% odd")
    assert "is in site/exported/oh-dear-it-is-100-odd: " in export("runs/oh dear, (it) is 100% odd")
    index = read(Path("site/exported"), "index")
    assert index["runs"][0]["name"] == "oh-dear-it-is-100-odd"
    about = read(Path("site/exported/oh-dear-it-is-100-odd"), "manifest")
    assert about["folder"] == "runs/oh dear, (it) is 100% odd"


def test_two_runs_of_one_name_at_once_are_refused(export, mine):
    shutil.copytree(mine, "other/tale")
    with pytest.raises(BadInput, match="runs/tale and other/tale would both become exported/tale"):
        export("runs/tale", "other/tale")
    assert not Path("site").exists()


def test_a_run_that_takes_the_place_of_another_one_says_so(export, mine):
    export(mine)
    s = read_json(mine / "settings.json")
    rewrite(mine / "settings.json", {**s, "seed": 7, "steps": 30})
    assert "another run of that name (seed, steps differed): rename a folder" in export(mine)
    facts = read_json(mine / "corpus.json")
    rewrite(mine / "corpus.json", {**facts, "train_characters": 5})
    assert "another run of that name (text differed)" in export(mine)
    assert "another run" not in export(mine)


# ---------------------------------------------------------------------------------------------
# A run that is not finished, or not whole


def test_a_run_is_exported_while_it_is_trained_and_after_it_was_stopped(
    folder, export, monkeypatch
):
    monkeypatch.setattr("terrarium.web.exported_run.STEP_FILES", 5)
    Path("tale.txt").write_text(TALE, "utf-8")
    training = subprocess.Popen(
        [
            sys.executable,
            ROOT / "train.py",
            *SMALL,
            "--dataset",
            "tale.txt",
            "--steps",
            "50000",
            "--sample-every",
            "20",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: list(Path("runs").glob("tale/snapshots/[0-9]*.pt")))
        reached = [-1]
        for _ in range(4):
            wait_until(lambda: logged(Path("runs/tale")) > reached[-1])
            assert re.search(r"^runs/tale \(so far [\d,]+ of 50,000 steps\) is in", export())
            about = read(Path("site/exported/tale"), "manifest")
            assert about["missing"] == {} and not about["finished"] and about["metrics"] is None
            reached.append(about["step"])
        assert reached == sorted(set(reached))
        wait_until(lambda: len(read_lines("runs/tale/traces.jsonl")) > 6)
        assert training.poll() is None
    finally:
        training.send_signal(signal.SIGINT)
        training.wait(PATIENCE)
    last = logged(Path("runs/tale"))
    assert f"(so far {last:,} of 50,000 steps)" in export()
    about = read(Path("site/exported/tale"), "manifest")
    assert about["step"] == last and about["missing"] == {}
    sampled = [sample["step"] for sample in read_lines("runs/tale/traces.jsonl")]
    assert about["sampled_steps"] == sampled and len(sampled) > len(about["exported_steps"]) == 5
    assert about["exported_steps"][0] == 0 and about["exported_steps"][-1] == sampled[-1]
    assert read(Path("site/exported"), "index")["runs"][0]["finished"] is False


def logged(folder):
    """The last step in the log of a run, 0 before there is one."""
    return read_lines(folder / "log.jsonl")[-1]["step"] if (folder / "log.jsonl").exists() else 0


def test_a_sample_whose_attention_is_still_to_come_is_left_for_the_next_time(export, mine):
    (mine / "attention" / "000020.npz").unlink()
    export(mine)
    place = Path("site/exported/tale")
    about = read(place, "manifest")
    assert about["sampled_steps"] == about["exported_steps"] == SAMPLED[:-1]
    assert not (place / "steps" / "000020.json").exists()
    assert [sample["step"] for sample in read(place, "samples")["samples"]] == SAMPLED[:-1]


def test_a_run_can_be_exported_before_the_first_line_of_its_log(export, mine):
    for path in (
        mine / "log.jsonl",
        mine / "metrics.json",
        mine / "checkpoint.pt",
        *sorted((mine / "snapshots").iterdir())[1:],
        *sorted((mine / "attention").iterdir())[1:],
    ):
        path.unlink()
    lines = (mine / "traces.jsonl").read_bytes().splitlines(keepends=True)
    (mine / "traces.jsonl").write_bytes(lines[0])
    rehash(mine)
    assert "(so far 0 of 20 steps)" in export(mine)
    place = Path("site/exported/tale")
    assert read(place, "manifest")["missing"] == {}
    assert read(place, "log")["point_steps"] == []
    assert read(place, "log")["validation"]["sampled_steps"] == []
    assert read(place, "update")["max_abs_diff"] is None


WITHOUT_TEXT = {
    "baselines",
    "milestones",
    "held-out text",
    "heads",
    "neurons",
    "embeddings",
    "update",
    "copied",
    "guesses",
}


@pytest.mark.parametrize(
    "gone, missing, says",
    [
        ("tokens", WITHOUT_TEXT, "train again"),
        (
            "tokens/train.bin",
            {"baselines", "milestones", "embeddings", "update", "copied", "guesses"},
            "train again",
        ),
        (
            "tokens/validation.bin",
            {"baselines", "held-out text", "heads", "neurons", "copied", "guesses"},
            "train again",
        ),
        ("metrics.json", {"metrics"}, "python train.py --resume runs/tale"),
        ("train.py", {"train.py"}, "train again to see the one that ran"),
    ],
)
def test_what_is_gone_is_named_with_what_to_type_and_the_rest_is_exported(
    export, mine, gone, missing, says
):
    shutil.rmtree(mine / gone) if (mine / gone).is_dir() else (mine / gone).unlink()
    said = export(mine)
    place = Path("site/exported/tale")
    about = read(place, "manifest")
    assert about["missing"].keys() == missing
    for name, reason in about["missing"].items():
        assert "runs/tale" in reason and says in reason
        assert f"  {name} is missing: {reason}\n" in said
    assert {path.stem for path in place.glob("*.json")} == {
        "manifest",
        "log",
        "samples",
        "check",
        "code",
        "heads",
        "neurons",
        "embeddings",
        "update",
        "weight_paths",
        "copied",
        "guesses",
    } - missing
    assert about["files"].keys() == contents(place).keys() - {"manifest.json"} - {
        one["file"] for one in about["snapshots"]
    }
    assert [sample["step"] for sample in read(place, "samples")["samples"]] == SAMPLED
    assert "uniform" in read(place, "log")["baselines"]
    assert read(place, "code")["from_run"] == (gone != "train.py")


@pytest.mark.parametrize("content", [b"", b"odd"])
def test_tokens_that_are_damaged_are_as_good_as_gone(export, mine, content):
    for split in ("train", "validation"):
        (mine / "tokens" / f"{split}.bin").write_bytes(content)
    export(mine)
    place = Path("site/exported/tale")
    assert read(place, "manifest")["missing"].keys() == WITHOUT_TEXT
    assert read(place, "log")["baselines"].keys() == {"uniform"}
    assert {one["kind"] for one in read(place, "samples")["milestones"]} == set()


def test_a_corpus_that_has_no_module_any_more_is_named(export, mine):
    s = read_json(mine / "settings.json")
    rewrite(mine / "settings.json", {**s, "dataset": "fables"})
    export(mine)  # for now, fables may be a text file without a suffix
    assert read(Path("site/exported/tale"), "manifest")["missing"] == {}
    metrics = read_json(mine / "metrics.json")
    rewrite(mine / "metrics.json", {**metrics, "rule_accuracy": {"all": 0.5}})
    export(mine)
    about = read(Path("site/exported/tale"), "manifest")
    assert about["missing"].keys() == {"rule_accuracy"}
    assert "data/fables.py" in about["missing"]["rule_accuracy"]
    assert (
        about["source"] == ""
        and read(Path("site/exported/tale"), "samples")["rule_accuracy"] is None
    )


def test_what_a_persona_of_ones_own_may_answer_is_not_looked_up_by_an_export(export, mine):
    facts = read_json(mine / "corpus.json")
    rewrite(mine / "corpus.json", {**facts, "speakers": ["you", "luna"]})
    metrics = read_json(mine / "metrics.json")
    rewrite(mine / "metrics.json", {**metrics, "rule_accuracy": {"all": 0.5}})
    export(mine)
    about = read(Path("site/exported/tale"), "manifest")
    assert about["speakers"] == ["you", "luna"] and about["missing"].keys() == {"rule_accuracy"}
    assert "were judged at the end of training only" in about["missing"]["rule_accuracy"]


def test_metrics_that_are_cut_short_are_as_good_as_gone(export, mine):
    (mine / "metrics.json").write_bytes(b'{"loss')
    export(mine)
    about = read(Path("site/exported/tale"), "manifest")
    assert about["missing"].keys() == {"metrics"} and about["metrics"] is None


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("settings.json", b"{", "settings.json in runs/tale is missing or damaged"),
        (
            "tokenizer.json",
            b'{"vocab": ["a"], "merges": []}',
            "tokenizer.json in runs/tale is missi",
        ),
        ("traces.jsonl", b"", "traces.jsonl in runs/tale is missing or damaged"),
        ("traces.jsonl", slice(-30), "traces.jsonl in runs/tale is missing or damaged"),
        ("traces.jsonl", ("dog", "cow"), "traces.jsonl in runs/tale is missing or damaged"),
        ("log.jsonl", slice(50), "log.jsonl in runs/tale is missing or damaged"),
        ("log.jsonl", None, "log.jsonl in runs/tale is missing or damaged"),
        ("corpus.json", None, "corpus.json in runs/tale is missing or damaged"),
        ("hashes.jsonl", None, "runs/tale has no hashes.jsonl"),
        (
            "snapshots/000002.pt",
            slice(900),
            "snapshots/000002.pt in runs/tale is missing or damaged",
        ),
        (
            "attention/000004.npz",
            slice(900),
            "attention/000004.npz in runs/tale is missing or damaged",
        ),
        (
            "attention",
            None,
            "runs/tale/attention holds none of the samples that traces.jsonl lists",
        ),
    ],
)
def test_what_is_damaged_is_named_and_the_old_export_stays(
    export, mine, tale_export, name, content, says
):
    shutil.copytree(tale_export.parent, "site/exported")
    before, path = contents(Path("site")), mine / name
    if content is None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    elif isinstance(content, tuple):
        path.write_bytes(path.read_bytes().replace(*(word.encode() for word in content)))
    else:
        path.write_bytes(path.read_bytes()[content] if isinstance(content, slice) else content)
    with pytest.raises(BadInput, match=says) as error:
        export(mine)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert contents(Path("site")) == before


def test_a_train_py_that_cannot_be_read_costs_the_code_alone(export, mine):
    (mine / "train.py").write_bytes(b"def broken(:\n")
    export(mine)
    missing = read(Path("site/exported/tale"), "manifest")["missing"]
    assert missing.keys() == {"code"} and missing["code"].startswith("train.py in runs/")


# ---------------------------------------------------------------------------------------------
# Texts of all kinds

ATTACK = (
    '<img src=x onerror=alert(1)> & "said" \u2028 </script><!-- ]]> the\x85 cat\u2029 \ufeff'
    "\x1c\x7f 🐌 e\u0301 \xad\\ \\u0041 ${x}.\n"
) * 40
STRANGE = {
    "attack by the letter": (ATTACK, ["--vocab-size", 0]),
    "attack in pieces": (ATTACK, ["--vocab-size", 150]),
    "attack in documents": ("Tom ran. ".join([ATTACK[:300] + END] * 9), ["--vocab-size", 0]),
    "digits": ("".join(str(i * i) for i in range(900)), ["--vocab-size", 0]),
    "no full stop": ("the cat sat on the mat\n" * 200, ["--vocab-size", 40]),
    "chinese": ("我爱北京天安门。天安门上太阳升！你好吗？我很好。\n" * 60, ["--vocab-size", 60]),
    "two kinds": ("ab" * 900, ["--vocab-size", 0]),
    "three kinds": ("abcb" * 500, ["--vocab-size", 0]),
    "context of two": (ATTACK, ["--vocab-size", 0, "--n-ctx", 2]),
    "narrow": (TALE, ["--n-head", 1, "--n-embd", 2, "--n-ff", 1, "--n-layer", 1]),
}


@pytest.mark.parametrize("name", STRANGE)
def test_any_text_goes_through_as_data(folder, export, name):
    text, flags = STRANGE[name]
    grow(folder / "runs" / "it", text, "--steps", 2, "--sample-tokens", 3, *flags)
    export("--corpus")
    place = Path("site/exported/it")
    about, check = read(place, "manifest"), read(place, "check")
    assert about["missing"] == {}
    exported = read(place, "corpus")["text"]
    assert len(exported) > len(text) * 0.8  # a tenth is held out
    assert text.startswith(exported.replace(END, "")[:200])
    vocab = about["tokenizer"]["vocab"]
    assert set(exported.replace(END, "")) <= set("".join(vocab)) <= set(text)
    for sample in read(place, "samples")["samples"]:
        assert all(0 <= i < len(vocab) for one in sample["continuations"] for i in one["ids"])
    np.testing.assert_allclose(
        logits(model_of(place, 2), check["ids"])[-1], read(place, "logits/000002"), atol=2e-5
    )
    assert len(read(place, "embeddings")["neighbours"][0]) == min(7, len(vocab) - 1)


@pytest.mark.parametrize(
    "text, flags, missing",
    [
        (
            TALE,
            ["--n-ctx", 1],
            dict.fromkeys(
                ["heads", "held-out text"],
                "In a context of 1, no held-out text has two tokens, so no head can be measured: train "
                "with a larger --n-ctx.",
            ),
        )
    ],
)
def test_what_makes_no_sense_for_a_run_is_left_out_and_said(folder, export, text, flags, missing):
    grow(folder / "runs" / "it", text, "--steps", 1, *flags)
    export()
    assert read(Path("site/exported/it"), "manifest")["missing"] == missing


def test_prompts_that_are_longer_than_the_context_are_cut_as_training_cuts_them(folder, export):
    grow(folder / "runs" / "it", TALE, "--steps", 1, "--n-ctx", 4, "--vocab-size", 0)
    export()
    place, lines = Path("site/exported/it"), read_lines("runs/it/traces.jsonl")
    vocab = read(place, "manifest")["tokenizer"]["vocab"]
    given = [[vocab.index(c) for c in one["prompt"][:2]] for one in lines[0]["continuations"]]
    assert len(lines[0]["continuations"][0]["prompt"]) > 4
    assert read(place, "samples")["prompt_ids"] == given
    assert read(place, "check")["ids"] == given[0]
    step = read(place, "steps/000001-0")
    assert step["prompt_ids"] == given[0]
    assert len(step["tokens"]) == 2  # as many as there is room for


# ---------------------------------------------------------------------------------------------
# The command


def test_steps_choose_samples_and_weights(export, mine):
    said = export(mine, "--steps", 10, 4, 0, 4)
    about = read(Path("site/exported/tale"), "manifest")
    assert about["exported_steps"] == [0, 4, 10] and about["sampled_steps"] == SAMPLED
    assert [one["step"] for one in about["snapshots"]] == [0, 4]
    assert {path.stem for path in Path("site/exported/tale/steps").iterdir()} == {
        f"{step}-{prompt}" for step in ("000000", "000004", "000010") for prompt in range(5)
    }
    assert "\n  3 of 7 samples; weights of the steps 0, 4\n" in said
    assert read(Path("site/exported/tale"), "heads")["snapshot_steps"] == [0, 4]
    assert read(Path("site/exported/tale"), "neurons")["step"] == 4


@pytest.mark.parametrize(
    "steps, says",
    [
        ([0, 5], "runs/tale has no sample at step 5: choose --steps from 0, 1, 2, 4, 9, 10, 20."),
        ([-1], "runs/tale has no sample at step -1: choose"),
        ([10], "None of these steps has saved weights: add at least one of 0, 1, 2, 4, 9, 20"),
    ],
)
def test_steps_that_cannot_be_shown_are_refused(export, mine, steps, says):
    with pytest.raises(BadInput, match=re.escape(says)):
        export(mine, "--steps", *steps)
    assert not Path("site").exists()


def test_out_makes_a_whole_site_with_this_run_alone(export, mine):
    said = export(mine, "--out", "my site")
    Path("my site/notes.txt").write_text("mine")
    assert export(mine, "--out", "my site").splitlines()[-1] == said.splitlines()[-1]
    pages = {
        path.relative_to(ROOT / "site").as_posix()
        for path in (ROOT / "site").rglob("*")
        if path.is_file()
        and not {"exported", "__pycache__"} & {*path.relative_to(ROOT / "site").parts}
    }
    assert {name for name in contents(Path("my site")) if not name.startswith("exported/")} == {
        *pages,
        "notes.txt",
        "terrarium-site.json",
    }
    assert {path.name for path in Path("my site/exported").iterdir()} == {"index.json", "tale"}
    assert said.splitlines()[-1] == (
        "To see it: python export_for_web.py --serve --out 'my site', or any server of files: "
        "python -m http.server -d 'my site'"
    )


def test_without_out_the_run_goes_into_the_site_beside_the_script(export, mine, monkeypatch):
    Path("house/site").mkdir(parents=True)
    monkeypatch.setattr(export_for_web, "SITE", Path("house/site"))
    monkeypatch.setattr(sys, "argv", ["export_for_web.py"])
    export_for_web.main()
    assert {path.name for path in Path("house/site").iterdir()} == {"exported"}
    assert read(Path("house/site/exported/tale"), "manifest")["name"] == "tale"


def test_what_it_says_at_the_end_is_what_there_is(export, mine):
    said = export(mine)
    place = Path("site/exported/tale")
    total = sum(map(len, contents(place).values())) / 1e6
    assert said.startswith(f"runs/tale (all 20 steps) is in site/exported/tale: {total:.1f} MB\n")
    sizes = {part: float(size) for size, part in re.findall(r"^ +([\d.]+) MB  (\S+)$", said, re.M)}
    assert set(sizes) == {path.name for path in place.iterdir()}
    weights = sum(path.stat().st_size for path in (place / "weights").iterdir())
    assert sizes["weights"] == round(weights / 1e6, 2)
    assert "\n  7 of 7 samples; weights of the steps 0, 1, 2, 4, 9, 20\n" in said
    assert re.search(r"^  in \d+ s$", said, re.M)


def test_the_newest_run_is_exported_unless_one_is_named(export, mine):
    shutil.copytree(mine, "runs/older")
    os.utime("runs/older/snapshots", (0, 0))
    assert export().startswith("runs/tale ")
    assert export("runs/older").startswith("runs/older ")
    assert export("--run", "runs/older").startswith("runs/older ")  # as train.py says at its end
    both = export("--run", "runs/older", "runs/tale")
    assert "runs/older (" in both and "runs/tale (" in both


def test_train_py_says_how_to_export_what_this_command_understands(mine, monkeypatch):
    monkeypatch.chdir(ROOT)
    commands = next_commands(SimpleNamespace(out="runs/a b"))
    (command,) = [one for one in commands if "export_for_web" in one]
    assert command == "python export_for_web.py --run 'runs/a b'"
    monkeypatch.setattr(sys, "argv", ["export_for_web.py", "--run", "runs/a b"])
    assert export_for_web.arguments().named == ["runs/a b"]


@pytest.mark.parametrize(
    "words, says",
    [
        (["nowhere"], "nowhere is not a run (it has no settings.json): name the folder that"),
        (["runs/tale", "nowhere"], "nowhere is not a run (it has no settings.json): name the"),
        (["--run", "runs"], "runs is not a run (it has no settings.json): name the folder that"),
        (["--out", "note.txt"], "note.txt is a file: --out needs a folder."),
        (["--out", "note.txt/site"], "note.txt is a file: --out needs a folder."),
        (["--out", ROOT / "site" / "mine"], "which is copied there: choose another --out."),
        (["--serve", "--port", "65536"], "There is no port 65536: --port goes from 0 to 65535."),
        (["--serve", "--port", "-1"], "There is no port -1: --port goes from 0 to 65535."),
    ],
)
def test_a_mistake_is_refused_before_anything_is_written(export, mine, words, says):
    Path("note.txt").write_text("mine")
    before = contents(Path())
    with pytest.raises(BadInput, match=re.escape(says)):
        export(*words)
    assert contents(Path()) == before and not (ROOT / "site" / "mine").exists()


def test_a_mistake_ends_the_process_with_2_and_one_sentence(mine):
    (mine / "traces.jsonl").write_bytes(b"{")
    done = run_script("export_for_web.py", "runs/tale", "--out", "site")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "traces.jsonl in runs/tale is missing or damaged (it differs from what was written, by "
        "hashes.jsonl): put it back from a copy, or train again.\n"
    )
    assert not Path("site").exists()


def test_without_any_run_it_says_how_to_get_one(export, folder):
    with pytest.raises(
        BadInput,
        match=re.escape("There is no run in runs/ yet: train a model first (python train.py)"),
    ):
        export()
    assert contents(folder) == {}


def test_the_text_goes_along_if_it_is_asked_for(export, mine):
    export(mine)
    assert not Path("site/exported/tale/corpus.json").exists()
    export(mine, "--corpus")
    text = read(Path("site/exported/tale"), "corpus")["text"]
    assert TALE.startswith(text) and len(text) > 0.85 * len(TALE)
    assert "corpus.json" in read(Path("site/exported/tale"), "manifest")["files"]


def test_a_text_of_ones_own_goes_along_only_if_that_is_asked_for(export, mine):
    text = Path("site/exported/tale/training_text.json")
    assert "characters of the training text" not in export(mine)
    about = read(Path("site/exported/tale"), "manifest")
    assert about["training_text"] is None
    assert not text.exists()
    assert read(Path("site/exported/tale"), "copied")["longest"]["text"] in TALE
    assert "characters of the training text" in export(mine, "--corpus")
    assert text.exists()
    assert "characters of the training text" not in export(mine, "--corpus", "--no-text")


def test_a_published_text_goes_along_unless_somebody_says_no(export, smoke_run):
    name = Path(smoke_run).name
    assert "characters of the training text" in export(smoke_run)
    said = export(smoke_run, "--no-text")
    about = read(Path("site/exported", name), "manifest")
    assert about["training_text"] is None and "--no-text" in about["missing"]["training_text"]
    assert "characters of the training text" not in said


# ---------------------------------------------------------------------------------------------
# Serving


@pytest.fixture
def serving(mine):
    """serving(flags): a process that serves the site, and its address; the port before is taken."""
    processes, taken = [], socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()

    def serve(*flags):
        process = subprocess.Popen(
            [
                sys.executable,
                ROOT / "export_for_web.py",
                "runs/tale",
                "--out",
                "site",
                "--serve",
                "--port",
                str(taken.getsockname()[1]),
                *flags,
            ],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # where Ctrl-C works, even if these tests run in the background
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        for line in process.stdout:
            if found := re.search(r"http://localhost:(\d+)/#run=tale as long", line):
                return process, int(found[1])
        pytest.fail(process.stderr.read())

    serve.taken = taken.getsockname()[1]
    yield serve
    taken.close()
    for process in processes:
        process.kill()
        process.communicate()


def get(port, path):
    return urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=PATIENCE)


def test_the_site_is_served_on_a_free_port_until_ctrl_c(serving, tale_export):
    process, port = serving()
    idle = psutil.Process(process.pid).num_threads()
    exported, other = (
        contents(Path("site/exported")),
        contents(tale_export.parent),
    )  # of another process
    assert {name for name in exported if exported[name] != other[name]} == {"tale/manifest.json"}
    assert serving.taken < port < serving.taken + 20
    for path, kind in (
        ("engine/gpt.js", "text/javascript"),
        ("engine/kernel.wasm", "application/wasm"),
        ("exported/index.json", "application/json"),
        ("vendored/uplot.css", "text/css"),
        ("vendored/fonts/inter.woff2", "font/woff2"),
        ("exported/tale/weights/000020.bin", "application/octet-stream"),
    ):
        with get(port, path) as answer:
            assert answer.headers["Content-Type"] == kind
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.read() == Path("site", path).read_bytes()

    Path("site/large.bin").write_bytes(bytes(30_000_000))
    with socket.create_connection(("127.0.0.1", port)) as impatient:
        impatient.sendall(b"GET /large.bin HTTP/1.0\r\nHost: localhost:%d\r\n\r\n" % port)
        impatient.recv(100)
        impatient.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with get(port, "engine/gpt.js") as answer:
        assert answer.status == 200
    wait_until(lambda: psutil.Process(process.pid).num_threads() <= idle)  # it noticed, and went on
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("flags", [("--serve", "--host", "192.0.2.1"), ("--host", "0.0.0.0")])
def test_a_host_that_cannot_be_served_is_refused_before_anything_is_written(mine, folder, flags):
    done = run_script("export_for_web.py", mine, "--out", "site", *flags, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--host" in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "site").exists()


def test_everyone_in_the_network_is_told_where_the_site_is(serving):
    process, port = serving("--host", "0.0.0.0")
    said = process.stdout.readline()
    assert "Everyone" in said and f":{port}" in said and "localhost" not in said


def test_help_is_the_docstring_and_every_flag(export, capsys):
    with pytest.raises(SystemExit) as end:
        export("--help")
    said = capsys.readouterr().out
    assert end.value.code == 0 and export_for_web.__doc__ in said
    for flag in (
        "--run RUN",
        "--serve",
        "--port",
        "--host",
        "--out",
        "--weights",
        "--steps",
        "--corpus",
    ):
        assert f"  {flag}" in said
