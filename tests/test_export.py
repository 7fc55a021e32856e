"""export_for_web.py: the files say what the run holds, whatever the run, and none is ever lost."""

import ast
import base64
import errno
import hashlib
import inspect
import json
import math
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import data
import export_for_web
import train
from helpers import (
    PATIENCE,
    ROOT,
    model_of,
    read,
    rehash,
    rewrite,
    tensors_in,
    tensors_of,
    wait_until,
)
from terrarium.batches import leave_room
from terrarium.errors import BadInput
from terrarium.files import read_json
from terrarium.generation import generate_batch
from terrarium.interpret import (
    ablation,
    attention_entropy,
    attention_weights,
    best_role,
    cosine_baseline,
    direct_logit_effect,
    most_attended,
    neuron_activations,
    pca,
    roles,
)
from terrarium.replay import replay
from terrarium.screen import next_commands
from terrarium.settings import read_settings
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web import exporters, publish, serve
from terrarium.web.exported_run import ExportedRun, subsample, web_name
from terrarium.web.quantize import quantize

import numpy as np
import psutil
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

TALE = (
    'Tom saw a small dog. The dog ran to Tom and Anna. "I like this dog," said Anna.\n'
    "Then Tom and Anna went home, and the dog ran home with Anna.\n"
) * 40
SMALL = ("--preset", "smoke", "--device", "cpu", "--precision", "float32")
SAMPLED, SAVED = [0, 1, 2, 4, 9, 10, 20], [0, 1, 2, 4, 9, 20]  # of a run on the tale

HEAD = '''\
"""My own head."""
import math
import torch

def attention(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    future = torch.ones(*scores.shape[-2:], device=q.device).triu(1).bool()
    weights = scores.masked_fill(future, -math.inf).softmax(-1)  # ≥ 0
    return weights @ v, weights
'''


def grow(folder, text, *flags):
    """The folder of a run on a text of one's own, trained in this process; the text is gone."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.parent / f"{folder.name}.txt"
    file.write_text(text, "utf-8", newline="")
    handler = signal.getsignal(signal.SIGINT)
    try:
        train.train(
            read_settings(
                train.Settings,
                train.PRESETS,
                [*SMALL, "--dataset", str(file), "--out", str(folder), *map(str, flags)],
            )
        )
    finally:
        signal.signal(signal.SIGINT, handler)
        file.unlink()
    return folder


@pytest.fixture(scope="module")
def tale(tmp_path_factory):
    """A run of 20 steps on the tale; not to be changed."""
    return grow(
        tmp_path_factory.mktemp("grown") / "runs" / "tale",
        TALE,
        "--vocab-size",
        64,
        "--snapshots",
        6,
    )


@pytest.fixture(scope="module")
def run(tale):
    return ExportedRun(tale, "int8")


@pytest.fixture
def mine(tale, folder):
    """A copy of that run, runs/tale in the working directory, to do with as one likes."""
    return shutil.copytree(tale, folder / "runs" / "tale").relative_to(folder)


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


def in_a_process(*words, **options):
    return subprocess.run(
        [sys.executable, ROOT / "export_for_web.py", *map(str, words)],
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        **options,
    )


def lines_of(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def contents(folder):
    """All files in a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# ---------------------------------------------------------------------------------------------
# An independent reader of weights, which knows the manifest only


def snapshot(folder, step):
    return torch.load(folder / "snapshots" / f"{step:06}.pt", weights_only=True)


def logits(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids]))[0][0]


def tiny(seed=0, **shape):
    """A model whose weights are large enough that every part of it matters."""
    torch.manual_seed(seed)
    s = train.Settings(**{**dict(n_layer=2, n_head=2, n_embd=8, n_ff=12, n_ctx=9), **shape})
    model = train.GPT(s, 11).eval()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5)
    return model


# ---------------------------------------------------------------------------------------------
# What is written


@pytest.fixture(scope="module")
def place(tale, tmp_path_factory):
    """The export of the run on the tale; not to be changed."""
    return export_for_web.export(
        ExportedRun(tale, "int8"), tmp_path_factory.mktemp("exports") / "site"
    )


def test_a_finished_run_exports_every_file_that_the_docstring_lists_and_nothing_else(smoke):
    listed = set(re.findall(r"\b(\w+)\.json", export_for_web.__doc__)) - {"NNNNNN"}
    assert listed == {
        "manifest",
        "log",
        "samples",
        "check",
        "heads",
        "neurons",
        "embeddings",
        "update",
        "code",
    }
    assert set(contents(smoke.parent)) == {
        "index.json",
        *(f"smoke/{name}.json" for name in listed),
        *(f"smoke/steps/{step:06}.json" for step in (0, 1, 10, 20)),
        *(f"smoke/logits/{step:06}.json" for step in (0, 1, 20)),
        *(f"smoke/weights/{step:06}.bin" for step in (0, 1, 20)),
    }
    assert read(smoke.parent, "index") == dict(
        format=2,
        runs=[
            dict(
                name="smoke",
                parameters=51_520,
                step=20,
                finished=True,
                dataset="stories",
                total_steps=20,
            )
        ],
    )


def test_the_manifest_says_what_the_run_is(smoke, smoke_run):
    about = read(smoke, "manifest")
    assert (about["format"], about["version"], about["name"]) == (2, "0.1.0", "smoke")
    assert about["missing"] == {}
    for name in ("settings", "corpus", "metrics", "tokenizer"):
        file = "corpus" if name == "corpus" else name
        assert about[name] == {
            key: value
            for key, value in read_json(smoke_run / f"{file}.json").items()
            if key != "version"
        }
    assert about["source"] == data.find("stories").__doc__.splitlines()[0]
    assert about["prompts"] == list(data.find("stories").PROMPTS) and about["speakers"] is None
    assert (about["step"], about["finished"], about["parameters"]) == (20, True, 51_520)
    assert about["sampled_steps"] == about["exported_steps"] == [0, 1, 10, 20]
    assert [one["step"] for one in about["snapshots"]] == [0, 1, 20]


def test_a_text_of_ones_own_has_no_source_that_we_know(place):
    assert read(place, "manifest")["source"] == ""


def test_sizes_and_hashes_are_those_of_the_files(smoke):
    about, files = read(smoke, "manifest"), contents(smoke)
    del files["manifest.json"]
    said = {one["file"]: one["sha256"] for one in about["snapshots"]}
    said |= {name: one["sha256"] for name, one in about["files"].items()}
    assert said == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert {name: one["bytes"] for name, one in about["files"].items()} == {
        name: len(content) for name, content in files.items() if name.endswith(".json")
    }


def test_the_file_of_a_step_holds_its_sample_and_its_attention(smoke, smoke_run):
    vocab = read(smoke, "manifest")["tokenizer"]["vocab"]
    for sample in lines_of(smoke_run / "traces.jsonl"):
        step = read(smoke, f"steps/{sample['step']:06}")
        arrays = np.load(smoke_run / "attention" / f"{sample['step']:06}.npz")
        assert (step["step"], step["temperature"]) == (sample["step"], 0.8)
        assert len(step["continuations"]) == len(sample["continuations"]) == 5
        for i, (one, recorded) in enumerate(zip(step["continuations"], sample["continuations"])):
            assert [vocab[j] for j in one["prompt_ids"]] == recorded["prompt_tokens"]
            assert [
                dict(
                    token=vocab[token["id"]],
                    p=token["p"],
                    top=[[vocab[k], q] for k, q in token["top"]],
                )
                for token in one["tokens"]
            ] == recorded["tokens"]
            weights = np.zeros_like(arrays[f"weights_{i}"])
            T = weights.shape[-1]
            assert T == len(one["prompt_ids"]) + len(one["tokens"])
            packed = iter(base64.b64decode(one["attention"]))
            for layer in weights:
                for head in layer:
                    for t in range(T):
                        head[t, : t + 1] = [next(packed) for _ in range(t + 1)]
            assert list(packed) == []
            np.testing.assert_array_equal(weights, arrays[f"weights_{i}"])
            np.testing.assert_allclose(
                one["attention_entropy"], arrays[f"entropy_{i}"], atol=0.0051
            )


def test_the_logits_to_check_come_from_the_very_bytes_of_the_weights(smoke, smoke_run):
    check = read(smoke, "check")
    vocab = read(smoke, "manifest")["tokenizer"]["vocab"]
    assert [vocab[i] for i in check["ids"]] == lines_of(smoke_run / "traces.jsonl")[0][
        "continuations"
    ][0]["prompt_tokens"]
    for step in (0, 1, 20):
        said = read(smoke, f"logits/{step:06}")
        found = logits(model_of(smoke, step), check["ids"])[-1].numpy()
        np.testing.assert_allclose(found, said, atol=check["tolerance"] / 5)
        unpacked = model_of(smoke, step)
        unpacked.load_state_dict(snapshot(smoke_run, step))
        assert np.abs(logits(unpacked, check["ids"])[-1].numpy() - said).max() > 1e-3


def test_a_held_out_text_goes_along_with_the_loss_that_pytorch_has_on_it(smoke, smoke_run):
    text = read(smoke, "check")["held_out"]
    vocab = read(smoke, "manifest")["tokenizer"]["vocab"]
    assert vocab[text["ids"][0]] == "<|endoftext|>" and 10 < len(text["ids"]) <= 64
    learned = (smoke_run / "tokens" / "train.bin").read_bytes()
    assert np.array(text["ids"], "<u2").tobytes() not in learned
    said = logits(model_of(smoke, 20), text["ids"][:-1])
    loss = F.cross_entropy(said, torch.tensor(text["ids"][1:]))
    assert text["loss"] == pytest.approx(loss.item(), abs=2e-5)


@pytest.mark.parametrize("kind", ["int8", "float16"])
@settings(max_examples=60)
@given(
    weights=st.lists(
        st.one_of(
            st.just(0.0), st.floats(-6e4, 6e4, width=32), st.floats(-(2**-9), 2**-9, width=32)
        ),
        min_size=30,
        max_size=30,
    )
)
@example(weights=[0.0] * 30)
@example(weights=[1e-9, -1e-9] * 15)
def test_each_weight_is_off_by_half_a_scale_at_most(kind, weights):
    model = train.GPT(train.Settings(n_layer=1, n_head=1, n_embd=2, n_ff=3, n_ctx=2), 5)
    numbers = np.array(weights, np.float32)
    model.load_state_dict(
        {
            name: torch.tensor(np.resize(numbers[i:], p.shape))
            for i, (name, p) in enumerate(model.state_dict().items())
        }
    )
    content, described, dequantized = quantize(model, kind)
    found = tensors_in(content, described)
    assert list(found) == list(model.state_dict())
    for one in described:
        name, there, back = one["name"], model.state_dict()[one["name"]].numpy(), found[one["name"]]
        np.testing.assert_array_equal(dequantized.state_dict()[name], back)
        assert one["offset"] % 4 == one.get("scales", 0) % 4 == 0  # where JavaScript can begin
        error = np.abs(back.astype(np.float64) - there)
        if there.ndim == 1:
            assert one["type"] == "float32" and not error.any()
        elif kind == "int8":
            largest = np.abs(there).max(1, keepdims=True).astype(np.float64)
            assert (error <= np.maximum(largest / 127, 1e-12) * 0.50001).all()
        else:  # half of the last of 11 bits; below the smallest normal number, of the last bit
            assert (error <= np.maximum(np.abs(there) * 2.0**-11, 2.0**-25)).all()


def test_all_bytes_of_the_weights_belong_to_one_tensor(smoke):
    about, taken = read(smoke, "manifest")["weights"], []
    width = dict(int8=1, float16=2, float32=4)
    for one in about["tensors"]:
        n = math.prod(one["shape"])
        taken.append((one["offset"], one["offset"] + n * width[one["type"]]))
        if one["type"] == "int8":
            taken.append((one["scales"], one["scales"] + 4 * one["shape"][0]))
    ends = [0, *(end for _, end in sorted(taken))]
    assert all(0 <= start - end < 4 for (start, _), end in zip(sorted(taken), ends))
    assert ends[-1] == about["bytes"]


def test_weights_in_16_bits_take_twice_the_room_and_are_read_alike(export, mine, place):
    export(mine, "--weights", "float16")
    other = Path("site/exported/tale")
    assert read(other, "manifest")["weights"]["type"] == "float16"
    sizes = [read(folder, "manifest")["weights"]["bytes"] for folder in (place, other)]
    assert 1.7 < sizes[1] / sizes[0] < 2
    for name, array in tensors_of(other, 9).items():
        kept = snapshot(mine, 9)[name].numpy()
        np.testing.assert_array_equal(array, kept if kept.ndim == 1 else kept.astype(np.float16))
    np.testing.assert_allclose(
        logits(model_of(other, 9), read(other, "check")["ids"])[-1],
        read(other, "logits/000009"),
        atol=2e-5,
    )


def test_the_log_is_that_of_the_run(place, tale):
    log, lines = read(place, "log"), lines_of(tale / "log.jsonl")
    assert log["steps_per_point"] == 1 and log["point_steps"] == list(range(20))
    for name in ("loss", "lr_multiplier", "gradient_norm", "tokens_per_second", "seconds"):
        assert log[name] == pytest.approx([line[name] for line in lines[:20]], rel=1e-4)
    assert log["validation"]["sampled_steps"] == SAMPLED
    assert log["validation"]["loss"] == pytest.approx(
        [lines[step]["validation_loss"] for step in SAMPLED], abs=5e-5
    )
    V = len(read(place, "manifest")["tokenizer"]["vocab"])
    assert set(log["baselines"]) == {"uniform", "unigram", "bigram"}
    assert log["baselines"]["uniform"] == pytest.approx(math.log(V), abs=5e-5)
    assert log["baselines"]["bigram"] < log["baselines"]["unigram"] < log["baselines"]["uniform"]


def test_the_entropy_of_a_corpus_is_one_of_the_baselines(smoke, smoke_run):
    entropy = read_json(smoke_run / "corpus.json")["entropy"]
    assert read(smoke, "log")["baselines"]["entropy"] == pytest.approx(entropy, abs=5e-5)


def test_a_long_log_becomes_means_of_as_many_steps_as_it_says(run, monkeypatch):
    monkeypatch.setattr(exporters, "POINTS", 7)
    log, losses = exporters.log(run), [run.log[step]["loss"] for step in range(20)]
    assert log["steps_per_point"] == 3 and log["point_steps"] == [0, 3, 6, 9, 12, 15, 18]
    assert log["loss"] == pytest.approx(
        [sum(losses[i : i + 3]) / len(losses[i : i + 3]) for i in range(0, 20, 3)], rel=1e-4
    )


def test_the_samples_are_those_of_the_run(place, tale):
    found, vocab = read(place, "samples"), read(place, "manifest")["tokenizer"]["vocab"]
    lines = lines_of(tale / "traces.jsonl")
    assert found["temperature"] == 0.8
    assert [[vocab[i] for i in ids] for ids in found["prompt_ids"]] == [
        one["prompt_tokens"] for one in lines[0]["continuations"]
    ]
    assert [sample["step"] for sample in found["samples"]] == SAMPLED
    for sample, line in zip(found["samples"], lines):
        for one, recorded in zip(sample["continuations"], line["continuations"], strict=True):
            assert [vocab[i] for i in one["ids"]] == [t["token"] for t in recorded["tokens"]]
            assert one["p"] == pytest.approx([t["p"] for t in recorded["tokens"]], abs=5.1e-4)
    assert found["rule_accuracy"] is None
    steps = [one["step"] for one in found["milestones"]]
    assert steps == sorted(steps)


def test_milestones_of_the_loss_are_where_it_falls_below_a_baseline(place):
    log, found = read(place, "log"), read(place, "samples")
    below = {one["kind"]: one["step"] for one in found["milestones"]}
    for kind in ("unigram", "bigram"):
        steps = [
            step for step, loss in zip(*log["validation"].values()) if loss < log["baselines"][kind]
        ]
        assert below.get(kind) == (steps or [None])[0]
    assert "unigram" in below


def test_the_accuracy_of_every_rule_is_exported_at_every_snapshot(smoke):
    found = read(smoke, "samples")["rule_accuracy"]
    assert found["snapshot_steps"] == [0, 1, 20]
    assert list(found["accuracy"]) == list(found["n_texts"])
    assert set(found["accuracy"]) <= {*data.find("stories").RULES, "all"} > {"all"}
    assert found["n_texts"]["all"] == 32
    assert all(
        len(fractions) == 3 and all(0 <= one <= 1 for one in fractions)
        for fractions in found["accuracy"].values()
    )


def test_the_accuracy_of_a_rule_is_that_of_texts_written_with_the_exported_weights(tale):
    run = ExportedRun(tale, "int8")
    prompts = ["Tom", "The dog", "Then Tom and Anna", "said", "I like this dog", TALE[:500]]
    run.corpus = SimpleNamespace(
        eval_prompts=lambda: prompts,
        check=lambda text, prompt: {"has an e": "e" in text, "is long": len(text) > 90},
    )
    run.s.temperature = 1e-4  # where there is no chance
    found = exporters.rule_accuracy_by_step(run)
    asked = prompts[:-1]  # the last one leaves no room for an answer
    assert found["snapshot_steps"] == SAVED and dict(found["n_texts"]) == {
        "has an e": 5,
        "is long": 5,
        "all": 5,
    }
    for i, step in enumerate(SAVED):
        model = quantize(run.at(step), "int8")[2]
        rows, _ = train.generate(model, run.tokenizer, asked, run.s, run.s.n_ctx, seed=0)
        texts = [run.tokenizer.decode(row)[len(prompt) :] for row, prompt in zip(rows, asked)]
        expected = [("e" in text, len(text) > 90) for text in texts]
        assert found["accuracy"]["has an e"][i] == round(sum(e for e, _ in expected) / 5, 3)
        assert found["accuracy"]["all"][i] == round(sum(map(all, expected)) / 5, 3)
    assert len(set(found["accuracy"]["has an e"])) > 1
    run.corpus.eval_prompts = lambda: prompts[-1:]
    assert exporters.rule_accuracy_by_step(run) is None


def test_what_stands_between_documents_is_no_part_of_what_is_written(smoke_run):
    run = ExportedRun(smoke_run, "int8", [0])
    run.corpus = SimpleNamespace(
        eval_prompts=lambda: [""] * 3,
        check=lambda text, prompt: {"plain": bool(text) and END not in text},
    )
    assert exporters.rule_accuracy_by_step(run)["accuracy"] == {"plain": [1] * 3, "all": [1] * 3}


def test_of_many_prompts_some_are_taken_from_all_over(run, monkeypatch):
    taken = []
    monkeypatch.setattr(
        run,
        "corpus",
        SimpleNamespace(
            eval_prompts=lambda: ["Tom " * (1 + i // 25) for i in range(100)],
            check=lambda text, prompt: taken.append(prompt) or {},
        ),
    )
    monkeypatch.setattr(run, "steps", [0])
    exporters.rule_accuracy_by_step(run)
    assert len(taken) == 32 and {len(prompt) for prompt in taken} == {4, 8, 12, 16}


def test_a_rule_is_a_milestone_once_most_texts_follow_it_but_not_at_step_0():
    accuracy = dict(
        snapshot_steps=[0, 5, 9],
        accuracy=dict(
            early=[0.6, 0.2, 0.9],
            half=[0.0, 0.5, 0.51],
            never=[0.5, 0.5, 0.5],
            soon=[0.1, 0.7, 0.8],
        ),
    )
    assert list(exporters.rule_milestones(accuracy)) == [
        dict(kind="rule", step=9, prompt=None, text=None, rule="half", accuracy=0.51),
        dict(kind="rule", step=5, prompt=None, text=None, rule="soon", accuracy=0.7),
    ]
    assert list(exporters.rule_milestones({})) == []


def test_a_role_is_a_milestone_once_a_head_gives_it_half_of_its_attention_and_twice_chance():
    chance = {"previous token": 0.1, "induction": 0.3}
    heads = dict(
        snapshot_steps=[0, 4, 9],
        uniform_scores=chance,
        scores=[
            {"previous token": [[0.4, 0.1], [0.2, 0.49]], "induction": [[0.5, 0.5], [0.55, 0.5]]},
            {"previous token": [[0.4, 0.1], [0.6, 0.5]], "induction": [[0.5, 0.59], [0.5, 0.5]]},
            {"previous token": [[0.9, 0.1], [0.6, 0.5]], "induction": [[0.5, 0.61], [0.5, 0.5]]},
        ],
    )
    assert list(exporters.role_milestones(heads)) == [
        dict(
            kind="head",
            step=4,
            prompt=None,
            text=None,
            role="previous token",
            head="1.0",
            weight=0.6,
        ),
        dict(
            kind="head", step=9, prompt=None, text=None, role="induction", head="0.1", weight=0.61
        ),
    ]


def test_the_attention_entropy_of_every_sample_is_exported(place, run):
    sampled = read(place, "heads")["sampled"]
    assert sampled["sampled_steps"] == list(run.samples)
    for step, found, uniform in zip(*sampled.values()):
        with np.load(run.folder / "attention" / f"{step:06}.npz") as arrays:
            rows = np.concatenate([arrays[f"entropy_{i}"] for i in range(5)], -1)
        np.testing.assert_allclose(found, rows.astype(float).mean(-1), atol=6e-4)
        assert np.max(found) <= uniform + 0.01  # the largest entropy there is


def test_heads_are_measured_on_the_weights_that_go_along(place, run):
    heads, texts = read(place, "heads"), run.held_out(10)
    assert heads["snapshot_steps"] == SAVED and heads["n_texts"] == len(texts)
    assert heads["n_tokens"] == sum(map(len, texts))
    for i, step in enumerate(SAVED):
        model = model_of(place, step)
        scores, chance = roles(model, texts)
        assert heads["uniform_scores"] == pytest.approx(chance)
        for role, score in scores.items():
            np.testing.assert_allclose(heads["scores"][i][role], score, atol=6e-4)
        loss, ablated_loss = ablation(model, texts)
        assert heads["loss"][i] == pytest.approx(loss, abs=6e-5)
        np.testing.assert_allclose(heads["ablated_loss"][i], ablated_loss, atol=6e-5)
        np.testing.assert_allclose(
            heads["attention_entropy"][i], attention_entropy(model, texts), atol=6e-4
        )
    assert heads["most_attended"] == most_attended(model, texts)
    assert [[one["role"] for one in layer] for layer in heads["roles"]] == [
        [best_role(scores, chance, layer, head).role for head in range(2)] for layer in range(2)
    ]
    for layer, roles_of_layer in enumerate(heads["roles"]):
        for head, one in enumerate(roles_of_layer):
            best = best_role(scores, chance, layer, head)
            assert one["confidence"] == best.confidence in ("clear", "weak", "none")
            assert (one["score"], one["chance"]) == pytest.approx(best[1:3], abs=6e-4)


def test_neurons_have_the_activations_that_are_exported(place, run):
    found, texts, model = read(place, "neurons"), run.held_out(60), model_of(place, 20)
    assert found["step"] == 20 and found["n_tokens"] == sum(map(len, texts))
    assert [len(layer) for layer in found["layers"]] == [8, 8]
    for layer, neurons in enumerate(found["layers"]):
        activations = neuron_activations(model, layer, texts)
        for one in neurons:
            strongest = [example["activation"] for example in one["examples"]]
            assert strongest[0] == pytest.approx(
                activations[:, one["neuron"]].max().item(), abs=6e-3
            )
            assert strongest == sorted(strongest, reverse=True)
            assert one["active_fraction"] == pytest.approx(
                (activations[:, one["neuron"]] > 0.1).float().mean().item(), abs=6e-5
            )
            assert one["direct_logit_effect"] == direct_logit_effect(model, layer, one["neuron"])
            for place in one["examples"]:
                row = [*place["before"], place["token"], *place["after"]]
                assert len(place["before"]) <= 24 and len(place["after"]) <= 8
                assert any(
                    text[i : i + len(row)] == row for text in texts for i in range(len(text))
                )


def test_embeddings_lie_on_one_plane_that_is_the_one_of_the_last_step(place, tale):
    found = read(place, "embeddings")
    often = Counter(np.fromfile(tale / "tokens" / "train.bin", np.uint16).tolist())
    V = len(read(place, "manifest")["tokenizer"]["vocab"])
    assert sorted(found["ids"]) == list(range(V)) and found["snapshot_steps"] == SAVED
    assert [often[i] for i in found["ids"]] == sorted(often.values(), reverse=True) + [0] * (
        V - len(often)
    )
    table = {
        step: tensors_of(place, step)["token_embedding.weight"].astype(np.float64) for step in SAVED
    }
    last = table[20][found["ids"]]
    two, explained_variance = principal(last)
    for step, points in zip(SAVED, found["points"]):
        np.testing.assert_allclose(
            points, (table[step][found["ids"]] - last.mean(0)) @ two, atol=6e-4
        )
    np.testing.assert_allclose(found["explained_variance"], explained_variance, atol=6e-5)
    unit = table[20] / np.linalg.norm(table[20], axis=1, keepdims=True)
    for i, near in zip(found["ids"], found["neighbours"]):
        cosines = unit @ unit[i]
        expected = [j for j in np.argsort(-cosines) if j != i][:7]
        assert [j for j, _ in near] == expected
        np.testing.assert_allclose([c for _, c in near], cosines[expected], atol=6e-4)
    mean, chance = cosine_baseline(torch.tensor(table[20]))
    assert found["mean_cosine"] == pytest.approx(mean, abs=6e-4)
    assert found["chance_cosine"] == pytest.approx(chance, abs=6e-4)


def test_the_update_is_one_of_the_run_and_taught_the_token_that_it_shows(place, run, tale):
    update, made = read(place, "update"), replay(run)
    assert update["step"] == 8  # the last one before a snapshot, of 16
    assert update["max_abs_diff"] == 0.0
    for name in ("loss", "gradient_norm", "lr_multiplier"):
        assert update[name] == pytest.approx(lines_of(tale / "log.jsonl")[8][name])
    text = np.fromfile(tale / "tokens" / "train.bin", np.uint16).tolist()
    row = [*update["context"], update["target"]]
    assert 8 < len(row) <= 25
    assert any(text[i : i + len(row)] == row for i in range(len(text)))
    ids = made["ids"][0].tolist()
    place = max(
        i
        for i in range(len(ids))
        if ids[: i + 1][-24:] == update["context"] and made["targets"][0, i] == update["target"]
    )
    p, q = (logits(made[name], ids).softmax(-1) for name in ("before", "after"))
    gained = [(q[i, t] / p[i, t]).log().item() for i, t in enumerate(made["targets"][0].tolist())]
    assert gained[place] == max(gained[8:]) > 0
    assert update["candidates"][0]["id"] == update["target"] and len(update["candidates"]) >= 12
    for one in update["candidates"]:
        assert one["p_before"] == pytest.approx(p[place, one["id"]].item(), rel=1e-3)
        assert one["p_after"] == pytest.approx(q[place, one["id"]].item(), rel=1e-3)
        y = float(one["id"] == update["target"])
        assert one["p_minus_y"] == pytest.approx(one["p_before"] - y, abs=1e-4)
    others = [one["p_before"] for one in update["candidates"][1:]]
    assert others == sorted(others, reverse=True) and len(
        {one["id"] for one in update["candidates"]}
    ) == len(update["candidates"])


def test_the_update_shows_a_token_that_counted(run, monkeypatch):
    made = replay(run)
    for counting in (9, 20, 30):
        targets = torch.full_like(made["targets"], -100)
        targets[0, counting] = made["targets"][0, counting]
        monkeypatch.setattr(
            "terrarium.web.exporters.replay", lambda _, now={**made, "targets": targets}: now
        )
        update = exporters.update(run)
        assert update["target"] == made["targets"][0, counting]
        assert update["context"][-1] == made["ids"][0, counting]


def test_the_update_says_how_far_each_tensor_moved_and_which_rows_did_not(run):
    made, deltas = replay(run, last=1), exporters.update(run)["weight_deltas"]
    assert [one["name"] for one in deltas] == list(made["before"].state_dict())
    made = replay(run)
    old, new = made["before"].state_dict(), made["after"].state_dict()
    for one in deltas:
        change = (new[one["name"]] - old[one["name"]]).double()
        assert one["norm"] == pytest.approx(old[one["name"]].norm().item(), rel=1e-4)
        assert one["delta_norm"] == pytest.approx(change.norm().item(), rel=1e-3)
        assert ("rows" in one) == (one["name"] in ("token_embedding.weight", "unembed.weight"))
        if "rows" in one:
            rows = change.norm(dim=1)
            assert [length for _, length in one["rows"]] == pytest.approx(
                rows.sort(descending=True).values[:8].tolist(), rel=1e-3
            )
            assert (one["n_rows"], one["unchanged_rows"]) == (len(rows), int((rows == 0).sum()))


# ---------------------------------------------------------------------------------------------
# The code that ran


def test_the_code_is_that_of_the_train_py_that_ran(smoke):
    code, source = read(smoke, "code"), (ROOT / "train.py").read_text("utf-8")
    lines = source.splitlines()
    assert code["from_run"] and code["head"] is None
    assert [section["title"].split(":")[0] for section in code["sections"]] == [
        "1. Settings and presets",
        "2. Text to numbers",
        "3. Attention",
        "4. The model",
        "5. The optimizer",
        "6. Watching it learn",
        "7. Training",
    ]
    for section in code["sections"]:
        first = section["first_line"]
        assert lines[first - 1].strip("# -") == section["title"]
        assert section["lines"] == lines[first - 1 : first - 1 + len(section["lines"])]
    shown = [line for section in code["sections"] for line in section["lines"]]
    assert shown == lines[lines.index(shown[0]) :]


def test_a_number_that_no_browser_reads_is_never_written(tmp_path):
    with pytest.raises(ValueError):
        publish.write_json(tmp_path / "a.json", [math.nan])
    assert contents(tmp_path) == {}


def test_functions_are_where_python_says_with_what_decorates_them(smoke):
    found = read(smoke, "code")["functions"]
    named = {
        node.name
        for node in ast.walk(ast.parse((ROOT / "train.py").read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert {name.split(".")[-1] for name in found} == named
    for name in ("attention", "Settings", "Tokenizer.train", "Block.forward", "generate", "train"):
        lines, first = inspect.getsourcelines(eval(f"train.{name}"))  # noqa: S307
        assert found[name] == [first, first + len(lines) - 1]
    assert (
        found["Tokenizer.train"][0]
        < found["Tokenizer.train.count"][0]
        <= found["Tokenizer.train.count"][1]
        < found["Tokenizer.train"][1]
    )


def test_lines_are_counted_as_python_counts_them():
    source = (
        "'A\x0cb\u2028c\x85'\n# 1. One: 1 -----\n\ndef one():\n    pass\n# 2. Two -----------\n"
    )
    assert exporters.sections(source) == [
        dict(
            title="1. One: 1",
            first_line=2,
            lines=["# 1. One: 1 -----", "", "def one():", "    pass"],
        ),
        dict(title="2. Two", first_line=6, lines=["# 2. Two -----------"]),
    ]
    assert exporters.functions(source) == {"one": [4, 5]}


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
# What is computed for it (interpret.py and its like)


class Unspoken:
    """A tokenizer for which a prompt is its ids already."""

    def __init__(self, end):
        self.end, self.start = end, [end]

    def encode(self, ids):
        return list(ids)


@settings(max_examples=40)
@given(
    rows=st.lists(st.lists(st.integers(1, 10), max_size=8), min_size=1, max_size=5),
    n_tokens=st.integers(0, 12),
    n_ctx=st.integers(1, 12),
    seed=st.integers(0, 20),
    end=st.sampled_from([0, 3]),
)
def test_rows_that_are_written_together_are_those_that_training_writes(
    rows, n_tokens, n_ctx, seed, end
):
    model = tiny(seed, n_ctx=12)
    s = train.Settings(n_ctx=n_ctx, temperature=1e-4)  # where there is no chance
    expected, _ = train.generate(model, Unspoken(end), rows, s, n_tokens, seed=0)
    given = [leave_room([end, *row], n_ctx) for row in rows]
    before = [list(row) for row in given]
    found = generate_batch(model, given, n_tokens, n_ctx, end, temperature=1e-4)
    assert found == expected
    assert given == before


def test_what_is_written_together_ends_with_the_end_the_context_or_the_tokens():
    """Over a model that says 1, 2, 3, ... whatever it sees last."""
    model = tiny(n_ctx=9)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        model.norm.bias[0] = 1
        model.token_embedding.weight[:] = 0
        model.norm.weight.fill_(1)
        model.token_embedding.weight[:, 0] = torch.arange(11) % 2
        model.unembed.weight[4, 0] = 9  # 4, always
    write = generate_batch
    assert write(model, [[1], [1, 2, 3]], 2, 9, 0, 1e-3) == [[1, 4, 4], [1, 2, 3, 4, 4]]
    assert write(model, [[1], [1, 2, 3]], 99, 6, 0, 1e-3) == [[1] + [4] * 5, [1, 2, 3, 4, 4, 4]]
    assert write(model, [[1], [4, 4]], 99, 9, 4, 1e-3) == [[1, 4], [4, 4, 4]]


def test_a_temperature_and_a_seed_decide_what_is_written_together():
    model, rows = tiny(n_ctx=9), [[0]] * 400
    first = [row[1] for row in generate_batch(model, rows, 1, 9, None, 2.0)]
    p = (logits(model, [0])[-1] / 2).softmax(-1)
    for i, share in Counter(first).items():
        assert share / 400 == pytest.approx(p[i].item(), abs=0.1)
    assert first == [row[1] for row in generate_batch(model, rows, 1, 9, None, 2.0)]
    assert first != [row[1] for row in generate_batch(model, rows, 1, 9, None, 2.0, seed=2)]


@settings(max_examples=15)
@given(
    texts=st.lists(st.lists(st.integers(0, 10), min_size=2, max_size=9), min_size=1, max_size=4),
    seed=st.integers(0, 9),
)
def test_a_head_is_switched_off_as_if_its_columns_were_zero(texts, seed):
    model, losses = tiny(seed), {}

    def loss():
        with torch.inference_mode():
            each = [
                F.cross_entropy(logits(model, ids)[:-1], torch.tensor(ids[1:]), reduction="sum")
                for ids in texts
            ]
        return sum(each).item() / sum(len(ids) - 1 for ids in texts)

    whole = loss()
    for layer in range(2):
        for head in range(2):
            weight = model.blocks[layer].output.weight
            kept = weight.detach().clone()
            with torch.no_grad():
                weight[:, 4 * head : 4 * head + 4] = 0
            losses[layer, head] = loss()
            with torch.no_grad():
                weight.copy_(kept)
    found, ablated_loss = ablation(model, texts)
    assert found == pytest.approx(whole, rel=1e-5)
    np.testing.assert_allclose(
        ablated_loss, [[losses[0, 0], losses[0, 1]], [losses[1, 0], losses[1, 1]]], rtol=1e-5
    )


def test_the_mean_entropy_is_that_of_all_positions():
    model, texts = tiny(), [[1, 2, 3, 4], [5], [6, 7]]
    rows = [
        row for ids in texts for row in attention_weights(model, ids).permute(2, 0, 1, 3)
    ]  # (L, H, T) of each position
    expected = sum(torch.special.entr(row).sum(-1) for row in rows) / 7
    torch.testing.assert_close(attention_entropy(model, texts), expected)


def principal(vectors):
    """What numpy finds: the plane (C, 2), the largest number of each direction above zero."""
    _, spread, directions = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    two = directions[:2].T
    largest = two[np.abs(two).argmax(0), [0, 1]]
    return two * np.sign(largest), spread[:2] ** 2 / (spread**2).sum()


@given(rows=st.integers(3, 12), columns=st.integers(2, 8), seed=st.integers(0, 99))
def test_the_plane_is_the_one_of_numpy_and_is_never_mirrored(rows, columns, seed):
    vectors = torch.randn(
        rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    two, mean, shares = pca(vectors)
    expected, spread = principal(vectors.numpy())
    np.testing.assert_allclose(two, expected, atol=1e-6)
    np.testing.assert_allclose(mean, vectors.numpy().mean(0))
    np.testing.assert_allclose(shares, spread)


@pytest.mark.parametrize("last, step", [(1, 0), (2, 1), (3, 1), (4, 3), (16, 8), (20, 19)])
def test_a_replay_ends_at_the_last_snapshot_within_reach_and_is_exact(run, last, step):
    made = replay(run, last=last)
    assert (made["step"], made["max_abs_diff"]) == (step, 0.0)
    for name, models in (("before", step), ("after", step + 1)):
        if models in run.steps:
            assert all(
                torch.equal(made[name].state_dict()[tensor], weight)
                for tensor, weight in snapshot(run.folder, models).items()
            )
    assert made["lr_multiplier"] == pytest.approx(run.log[step]["lr_multiplier"])
    assert made["ids"].shape == made["targets"].shape == (4, 64)
    assert not made["before"].training and not made["after"].training


def test_a_replay_takes_fewer_steps_of_a_large_model_but_one_at_least(run):
    weights = sum(p.numel() for p in run.model.parameters())
    step = 3 * weights * 4 * 64  # multiplications: four rows of 64 tokens
    assert replay(run, work=9 * step)["step"] == 8
    assert replay(run, work=9 * step - 1)["step"] == 3
    assert replay(run, work=0)["step"] == 0


def test_a_replay_says_how_far_it_is_from_what_was_kept(mine):
    path = mine / "snapshots" / "000009.pt"
    weights = torch.load(path, weights_only=True)
    weights["blocks.1.up.weight"][3, 5] += 0.25
    torch.save(weights, path)
    rehash(mine)
    assert replay(Run(mine))["max_abs_diff"] == pytest.approx(0.25, rel=1e-5)
    for name in ("000001", "000002", "000004", "000009"):
        (mine / "snapshots" / f"{name}.pt").unlink()
    made = replay(Run(mine))
    assert (made["step"], made["max_abs_diff"]) == (0, None)


# ---------------------------------------------------------------------------------------------
# Again, and whatever goes wrong


def test_exporting_twice_gives_the_same_bytes_and_no_other_files(export, mine):
    said = export(mine)
    first = contents(Path("site/exported"))
    assert "In its place" not in said
    said = export(mine)
    assert contents(Path("site/exported")) == first and len(first) == 1 + 9 + 7 + 6 + 6
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


@pytest.mark.parametrize(
    "name, expected",
    [
        ("my novel (1)", "my-novel-1"),
        ("stories-2", "stories-2"),
        ("a_b", "a_b"),
        ("історія", "run-99fe90d6"),
        ("історія 2", "2-09e0d918"),
        ("..x", "x"),
        ("index.json", "index-json"),
        ("100%", "100"),
        ("\"<b>&'", "b"),
        ("a#b?c", "a-b-c"),
        ("-", "run-3973e022"),
        ("con", "con-1143da2b"),
        ("a" * 90, "a" * 70 + "-6b2ec791"),
    ],
)
def test_a_folder_of_any_name_gets_one_that_an_address_can_have(tmp_path, name, expected):
    assert web_name(tmp_path / name) == expected


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_a_web_name_needs_no_escapes(name):
    assert re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_-]*", web_name(Path("/x", name)))


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
        wait_until(lambda: len(lines_of("runs/tale/traces.jsonl")) > 6)
        assert training.poll() is None
    finally:
        training.send_signal(signal.SIGINT)
        training.wait(PATIENCE)
    last = logged(Path("runs/tale"))
    assert f"(so far {last:,} of 50,000 steps)" in export()
    about = read(Path("site/exported/tale"), "manifest")
    assert about["step"] == last and about["missing"] == {}
    sampled = [sample["step"] for sample in lines_of("runs/tale/traces.jsonl")]
    assert about["sampled_steps"] == sampled and len(sampled) > len(about["exported_steps"]) == 5
    assert about["exported_steps"][0] == 0 and about["exported_steps"][-1] == sampled[-1]
    assert read(Path("site/exported"), "index")["runs"][0]["finished"] is False


def logged(folder):
    """The last step in the log of a run, 0 before there is one."""
    return lines_of(folder / "log.jsonl")[-1]["step"] if (folder / "log.jsonl").exists() else 0


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
}


@pytest.mark.parametrize(
    "gone, missing, says",
    [
        ("tokens", WITHOUT_TEXT, "train again"),
        ("tokens/train.bin", {"baselines", "milestones", "embeddings", "update"}, "train again"),
        (
            "tokens/validation.bin",
            {"baselines", "held-out text", "heads", "neurons"},
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
    export, mine, place, name, content, says
):
    shutil.copytree(place.parent, "site/exported")
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
    place, lines = Path("site/exported/it"), lines_of("runs/it/traces.jsonl")
    vocab = read(place, "manifest")["tokenizer"]["vocab"]
    given = [[vocab.index(c) for c in one["prompt"][:2]] for one in lines[0]["continuations"]]
    assert len(lines[0]["continuations"][0]["prompt"]) > 4
    assert read(place, "samples")["prompt_ids"] == given
    assert read(place, "check")["ids"] == given[0]
    step = read(place, "steps/000001")["continuations"][0]
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
        "000000",
        "000004",
        "000010",
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


@given(st.sets(st.integers(0, 500), min_size=1), st.integers(2, 70))
def test_of_many_steps_some_are_chosen_evenly_with_the_first_and_the_last(steps, n):
    steps = sorted(steps)
    chosen = subsample(steps, n)
    assert len(chosen) == min(n, len(steps)) and chosen == sorted(set(chosen))
    assert chosen[0] == steps[0] and chosen[-1] == steps[-1] and set(chosen) <= set(steps)
    gaps = np.diff([steps.index(step) for step in chosen])
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


def test_a_large_model_has_fewer_weights_but_six_steps_at_least(tale, monkeypatch):
    for weights, saved in ((5 * 70_000, SAVED), (0, SAVED)):
        monkeypatch.setattr("terrarium.web.exported_run.WEIGHTS", weights)
        assert ExportedRun(tale, "int8").snapshot_steps == saved
    monkeypatch.setattr("terrarium.web.exported_run.FEWEST", 2)
    assert ExportedRun(tale, "int8").snapshot_steps == [0, 20]
    size = len(quantize(Run(tale).model, "int8")[0])
    monkeypatch.setattr("terrarium.web.exported_run.WEIGHTS", 3 * size + 1)
    assert ExportedRun(tale, "int8").snapshot_steps == [0, 2, 20]
    assert ExportedRun(tale, "float16").snapshot_steps == [0, 20]


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
    done = in_a_process("runs/tale", "--out", "site")
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


def test_the_site_is_served_on_a_free_port_until_ctrl_c(serving, place):
    process, port = serving()
    idle = psutil.Process(process.pid).num_threads()
    exported, other = contents(Path("site/exported")), contents(place.parent)  # of another process
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


def test_all_ports_in_reach_may_be_taken(monkeypatch, tmp_path):
    def taken(address, handler):
        tried.append(address)
        raise OSError

    tried = []
    monkeypatch.setattr(serve, "Server", taken)
    with pytest.raises(BadInput, match="None of the ports 8000 to 8019 is free: choose another"):
        serve.serve(tmp_path, 8000, "tale")
    assert tried == [("127.0.0.1", port) for port in range(8000, 8020)]  # of this machine only
    with pytest.raises(BadInput, match="None of the ports 65530 to 65535 is free"):
        serve.serve(tmp_path, 65530, "tale")


def test_help_is_the_docstring_and_every_flag(export, capsys):
    with pytest.raises(SystemExit) as end:
        export("--help")
    said = capsys.readouterr().out
    assert end.value.code == 0 and export_for_web.__doc__ in said
    for flag in ("--run RUN", "--serve", "--port", "--out", "--weights", "--steps", "--corpus"):
        assert f"  {flag}" in said
