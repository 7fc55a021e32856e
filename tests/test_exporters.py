"""What each exported file holds, computed again from the run and from the weights that go along."""

import ast
import base64
import hashlib
import inspect
import json
import math
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import data
import train
from helpers import (
    ROOT,
    SAMPLED,
    SAVED,
    SMALL,
    TALE,
    contents,
    grow,
    logits,
    model_of,
    principal,
    read,
    read_lines,
    rewrite,
    snapshot,
    tensors_of,
    train_in,
)
from terrarium.files import read_json
from terrarium.interpret import (
    Role,
    ablated_losses,
    ablated_repeat_gain,
    attention_entropy,
    best_role,
    cosine_baseline,
    direct_logit_effect,
    most_attended,
    most_missed,
    neuron_activations,
    repeat_gain,
    role_scores,
    token_losses,
    uniform_entropy,
)
from terrarium.milestones import least_texts
from terrarium.replay import replay
from terrarium.text import END
from terrarium.web import exporters
from terrarium.web.exported_run import ExportedRun
from terrarium.web.quantize import quantize

import numpy as np
import pytest
import torch
import torch.nn.functional as F


def test_the_manifest_says_what_the_run_is(smoke, smoke_run):
    about = read(smoke, "manifest")
    assert (about["format"], about["version"], about["name"]) == (3, "0.1.0", "smoke")
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
    assert (about["step"], about["finished"], about["parameters"]) == (20, True, 67_904)
    assert about["sampled_steps"] == about["exported_steps"] == [0, 1, 10, 20]
    assert [one["step"] for one in about["snapshots"]] == [0, 1, 20]


def test_the_band_of_a_run_is_passed_on_and_one_that_is_damaged_costs_all_metrics(mine):
    found = {name: one for name, one in read_json(mine / "metrics.json").items() if name != "band"}
    rewrite(mine / "metrics.json", found)
    assert exporters.metrics(ExportedRun(mine, "int8")) == found
    banded = {**found, "band": dict(low=2.5, high=2.75, runs=3, of="seeds")}
    rewrite(mine / "metrics.json", banded)
    run = ExportedRun(mine, "int8")
    assert exporters.metrics(run) == banded and run.missing == {}
    rewrite(mine / "metrics.json", {**found, "band": {**banded["band"], "high": 2.25}})
    run = ExportedRun(mine, "int8")
    assert exporters.metrics(run) is None and "python train.py --resume" in run.missing["metrics"]


def test_a_text_of_ones_own_has_no_source_that_we_know(tale_export):
    assert read(tale_export, "manifest")["source"] == ""


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
    for sample in read_lines(smoke_run / "traces.jsonl"):
        arrays = np.load(smoke_run / "attention" / f"{sample['step']:06}.npz")
        assert len(sample["continuations"]) == 5
        for i, recorded in enumerate(sample["continuations"]):
            one = read(smoke, f"steps/{sample['step']:06}-{i}")
            assert (one["step"], one["temperature"]) == (sample["step"], 0.8)
            assert one["prompt"] == i
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
    assert [vocab[i] for i in check["ids"]] == read_lines(smoke_run / "traces.jsonl")[0][
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


# ---------------------------------------------------------------------------------------------
# Losses and samples


def test_the_log_is_that_of_the_run(tale_export, tale_run):
    log, lines = read(tale_export, "log"), read_lines(tale_run / "log.jsonl")
    assert log["steps_per_point"] == 1 and log["point_steps"] == list(range(20))
    for name in ("loss", "lr_multiplier", "gradient_norm", "tokens_per_second", "seconds"):
        assert log[name] == pytest.approx([line[name] for line in lines[:20]], rel=1e-4)
    assert log["validation"]["sampled_steps"] == SAMPLED
    assert log["validation"]["loss"] == pytest.approx(
        [lines[step]["validation_loss"] for step in SAMPLED], abs=5e-5
    )
    V = len(read(tale_export, "manifest")["tokenizer"]["vocab"])
    assert set(log["baselines"]) == {"uniform", "unigram", "bigram"}
    assert log["baselines"]["uniform"] == pytest.approx(math.log(V), abs=5e-5)
    assert log["baselines"]["bigram"] < log["baselines"]["unigram"] < log["baselines"]["uniform"]


def test_the_entropy_of_a_corpus_is_one_of_the_baselines(smoke, smoke_run):
    entropy = read_json(smoke_run / "corpus.json")["entropy"]
    assert read(smoke, "log")["baselines"]["entropy"] == pytest.approx(entropy, abs=5e-5)


def test_a_long_log_becomes_means_of_as_many_steps_as_it_says(exported_run, monkeypatch):
    monkeypatch.setattr(exporters, "POINTS", 7)
    log, losses = (
        exporters.log(exported_run),
        [exported_run.log[step]["loss"] for step in range(20)],
    )
    assert log["steps_per_point"] == 3 and log["point_steps"] == [0, 3, 6, 9, 12, 15, 18]
    assert log["loss"] == pytest.approx(
        [sum(losses[i : i + 3]) / len(losses[i : i + 3]) for i in range(0, 20, 3)], rel=1e-4
    )


def test_the_samples_are_those_of_the_run(tale_export, tale_run):
    found, vocab = read(tale_export, "samples"), read(tale_export, "manifest")["tokenizer"]["vocab"]
    lines = read_lines(tale_run / "traces.jsonl")
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


def test_milestones_of_the_loss_are_where_it_falls_below_a_baseline_for_good(tale_export):
    log, found = read(tale_export, "log"), read(tale_export, "samples")
    below = {one["kind"]: one["step"] for one in found["milestones"]}
    curve = list(zip(*log["validation"].values()))
    for kind in ("unigram", "bigram"):
        steps = [
            step
            for i, (step, _) in enumerate(curve)
            if all(loss < log["baselines"][kind] for _, loss in curve[i:])
        ]
        assert below.get(kind) == (steps or [None])[0]
    assert "unigram" in below


def test_what_random_tokens_reach_is_exported_and_the_same_each_time(tale_export, exported_run):
    chance = read(tale_export, "samples")["chance"]
    assert chance == exporters.milestones(exported_run, {}, None, None)[1]
    assert (chance["n_samples"], chance["rules"]) == (len(SAMPLED), {})
    for kind, odds in chance["texts"].items():
        assert 0 <= min(odds["uniform"], odds["unigram"]), kind
        if odds["is_used"]:  # reached in at most a hundredth of all runs
            p = max(odds["uniform"], odds["unigram"])
            assert len(SAMPLED) * p * (3 * p**2 * (1 - p) + p**3) <= chance["limit"]
    kinds = {one["kind"] for one in read(tale_export, "samples")["milestones"]}
    assert kinds.isdisjoint(kind for kind, odds in chance["texts"].items() if not odds["is_used"])


def test_random_tokens_are_judged_by_the_same_rules_as_what_the_model_wrote(tale_run):
    run = ExportedRun(tale_run, "int8")
    asked = []
    run.corpus = SimpleNamespace(
        eval_prompts=lambda: ["Tom", "The dog"] * 20,
        check=lambda text, prompt: asked.append((prompt, text)) or {"free": True, "never": False},
    )
    accuracy = dict(
        snapshot_steps=[0, 9],
        accuracy=dict(free=[1.0, 1.0], never=[0.0, 1.0]),
        n_texts=dict(free=32, never=32),
    )
    reached, chance = exporters.milestones(run, {}, None, accuracy)
    assert chance["rules"]["free"] == dict(uniform=1, unigram=1, n_texts=32, least=None)
    never = chance["rules"]["never"]
    assert (never["uniform"], never["unigram"], never["least"]) == (0, 0, 24)
    assert [(one["rule"], one["step"]) for one in reached if one["kind"] == "rule"] == [
        ("never", 9)
    ]
    assert {prompt for prompt, _ in asked} == {"Tom", "The dog"}
    assert len({text for _, text in asked}) == len(asked) > 200  # drawn, and each anew


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


def test_the_accuracy_of_a_rule_is_that_of_texts_written_with_the_exported_weights(tale_run):
    run = ExportedRun(tale_run, "int8")
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


def test_of_many_prompts_some_are_taken_from_all_over(exported_run, monkeypatch):
    taken = []
    monkeypatch.setattr(
        exported_run,
        "corpus",
        SimpleNamespace(
            eval_prompts=lambda: ["Tom " * (1 + i // 25) for i in range(100)],
            check=lambda text, prompt: taken.append(prompt) or {},
        ),
    )
    monkeypatch.setattr(exported_run, "steps", [0])
    exporters.rule_accuracy_by_step(exported_run)
    assert len(taken) == 32 and {len(prompt) for prompt in taken} == {4, 8, 12, 16}


def rule_milestones(n_texts=32, uniform=0.0, unigram=0.0, **accuracy):
    """{rule: (step, accuracy)} for fractions at the steps 0, 5, 9 and 20."""
    criterion = dict(
        uniform=uniform,
        unigram=unigram,
        n_texts=n_texts,
        least=least_texts(n_texts, max(0.5, uniform, unigram), 4),
    )
    found = exporters.rule_milestones(
        dict(snapshot_steps=[0, 5, 9, 20], accuracy=accuracy), dict.fromkeys(accuracy, criterion)
    )
    return {one["rule"]: (one["step"], one["accuracy"]) for one in found}


def test_a_rule_is_a_milestone_from_the_step_on_at_which_most_texts_keep_following_it():
    assert rule_milestones(
        soon=[0.0, 0.75, 0.531, 0.9],
        late=[0.0, 0.66, 0.41, 1.0],  # at first it was luck
        half=[0.0, 0.75, 0.5, 0.75],  # one half is not most
        lucky=[0.0, 0.719, 0.719, 0.719],  # 23 of 32 may be luck
        lost=[0.0, 1.0, 1.0, 0.4],
        from_the_start=[0.9, 0.9, 0.9, 0.9],
        almost_from_the_start=[0.6, 0.9, 0.9, 0.9],
    ) == dict(soon=(5, 0.75), late=(20, 1.0), half=(20, 0.75))
    assert list(exporters.rule_milestones({}, {})) == []


def test_a_rule_that_random_tokens_follow_has_to_be_followed_by_more():
    fractions = [0.0, 0.75, 0.75, 0.969]
    assert rule_milestones(one=fractions) == dict(one=(5, 0.75))
    assert rule_milestones(one=fractions, uniform=0.7) == dict(one=(20, 0.969))
    assert rule_milestones(one=fractions, unigram=0.7) == dict(one=(20, 0.969))
    assert rule_milestones(one=[0, 1, 1, 1], unigram=1.0) == {}


def test_few_texts_show_nothing_of_a_rule():
    assert rule_milestones(one=[0, 1, 1, 1], n_texts=5) == {}
    assert rule_milestones(one=[0, 1, 1, 1], n_texts=8) == dict(one=(5, 1))


def test_a_role_is_a_milestone_once_a_head_passes_its_test():
    heads = dict(
        snapshot_steps=[0, 4, 9],
        uniform_scores={"previous token": 0.2, "induction": 0.1},
        repeat_gain=[0, 0.5, 2],
        scores=[
            {"previous token": [[0.3, 0.1], [0.2, 0.39]], "induction": [[0.1, 0.1], [0.1, 0.1]]},
            {"previous token": [[0.3, 0.1], [0.6, 0.5]], "induction": [[0.1, 0.9], [0.1, 0.1]]},
            {"previous token": [[0.9, 0.1], [0.6, 0.5]], "induction": [[0.1, 0.3], [0.1, 0.1]]},
        ],
    )
    common = dict(kind="head", prompt=None, text=None)
    assert list(exporters.role_milestones(heads)) == [
        dict(common, step=4, role="previous token", head="1.0", weight=0.6),
        dict(common, step=9, role="induction", head="0.1", weight=0.3),
    ]
    heads["repeat_gain"] = [0, 0, 0]  # it looks there, but what it finds is not used
    assert [one["role"] for one in exporters.role_milestones(heads)] == ["previous token"]


@pytest.mark.parametrize(
    "scores, since", [([0.1, 0.3, 0.3], 4), ([0.3, 0.1, 0.3], 9), ([0.3, 0.3, 0.3], 0)]
)
def test_a_head_has_had_its_role_since_it_last_got_it(scores, since):
    heads = dict(
        snapshot_steps=[0, 4, 9],
        uniform_scores={"previous token": 0.05},
        repeat_gain=[0, 0, 0],
        scores=[{"previous token": [[score]]} for score in scores],
    )
    found = exporters.exported_role(heads, Role("previous token", 0.3, 0.05, "weak"), 0, 0)
    assert found["since_step"] == since and found["role"] == "previous token"
    none = exporters.exported_role(heads, Role(None, None, None, "none"), 0, 0)
    assert none["since_step"] is None and none["role"] is None


# ---------------------------------------------------------------------------------------------
# What is inside the model


def test_the_attention_entropy_of_every_sample_is_exported(tale_export, exported_run):
    sampled = read(tale_export, "heads")["sampled"]
    assert sampled["sampled_steps"] == list(exported_run.samples)
    for step, found, uniform in zip(*sampled.values()):
        with np.load(exported_run.folder / "attention" / f"{step:06}.npz") as arrays:
            rows = np.concatenate([arrays[f"entropy_{i}"] for i in range(5)], -1)
        np.testing.assert_allclose(found, rows.astype(float).mean(-1), atol=6e-4)
        assert np.max(found) <= uniform + 0.01  # the largest entropy there is


def test_heads_are_measured_on_the_weights_that_go_along(tale_export, exported_run):
    heads, texts = read(tale_export, "heads"), exported_run.held_out(10)
    start = exported_run.tokenizer.start
    assert heads["snapshot_steps"] == SAVED and heads["n_texts"] == len(texts)
    assert heads["n_tokens"] == sum(map(len, texts))
    assert heads["uniform_entropy"] == pytest.approx(uniform_entropy(texts), abs=6e-4)
    for i, step in enumerate(SAVED):
        model = model_of(tale_export, step)
        scores, chance = role_scores(model, texts, start)
        assert heads["uniform_scores"] == pytest.approx(chance)
        for role, score in scores.items():
            np.testing.assert_allclose(heads["scores"][i][role], score, atol=6e-4)
        assert heads["repeat_gain"][i] == pytest.approx(repeat_gain(model, start), abs=6e-4)
        loss, ablated_loss = token_losses(model, texts), ablated_losses(model, texts)
        assert heads["loss"][i] == pytest.approx(loss.mean().item(), abs=6e-5)
        np.testing.assert_allclose(heads["ablated_loss"][i], ablated_loss.mean(-1), atol=6e-5)
        np.testing.assert_allclose(
            heads["attention_entropy"][i], attention_entropy(model, texts), atol=6e-4
        )
    gain = repeat_gain(model, start)
    np.testing.assert_allclose(
        heads["ablated_repeat_gain"], ablated_repeat_gain(model, start), atol=6e-4
    )
    for layer, roles_of_layer in enumerate(heads["roles"]):
        for head, one in enumerate(roles_of_layer):
            best = best_role(scores, chance, gain, layer, head)
            assert (one["role"], one["confidence"]) == (best.role, best.confidence)


def test_a_head_is_described_by_what_it_attends_to_and_what_is_lost_without_it(
    tale_export, exported_run
):
    found, texts = read(tale_export, "heads")["described"], exported_run.held_out(40)
    assert (found["n_texts"], found["n_tokens"]) == (len(texts), sum(map(len, texts)))
    model = model_of(tale_export, 20)
    rises = ablated_losses(model, texts) - token_losses(model, texts)
    attended = most_attended(model, texts)
    for layer in range(2):
        for head in range(2):
            liked = found["most_attended"][layer][head]
            assert [one["id"] for one in liked] == [one.id for one in attended[layer][head]]
            assert all(one["fraction"] > one["uniform_fraction"] for one in liked)
            missed = most_missed(texts, rises[layer, head])
            assert found["most_missed"][layer][head] == [
                dict(id=i, loss_rise=pytest.approx(rise, abs=6e-4), occurrences=n)
                for i, rise, n in missed
            ]


def test_neurons_have_the_activations_that_are_exported(tale_export, exported_run):
    found, texts, model = (
        read(tale_export, "neurons"),
        exported_run.held_out(60),
        model_of(tale_export, 20),
    )
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
            for example in one["examples"]:
                row = [*example["before"], example["token"], *example["after"]]
                assert len(example["before"]) <= 24 and len(example["after"]) <= 8
                assert any(
                    text[i : i + len(row)] == row for text in texts for i in range(len(text))
                )


def test_embeddings_lie_on_one_plane_that_is_the_one_of_the_last_step(tale_export, tale_run):
    found = read(tale_export, "embeddings")
    often = Counter(np.fromfile(tale_run / "tokens" / "train.bin", np.uint16).tolist())
    V = len(read(tale_export, "manifest")["tokenizer"]["vocab"])
    assert sorted(found["ids"]) == list(range(V)) and found["snapshot_steps"] == SAVED
    assert [often[i] for i in found["ids"]] == sorted(often.values(), reverse=True) + [0] * (
        V - len(often)
    )
    table = {
        step: tensors_of(tale_export, step)["token_embedding.weight"].astype(np.float64)
        for step in SAVED
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


def test_the_update_is_one_of_the_run_and_taught_the_token_that_it_shows(
    tale_export, exported_run, tale_run
):
    update, made = read(tale_export, "update"), replay(exported_run)
    assert update["step"] == 8  # the last one before a snapshot, of 16
    assert update["max_abs_diff"] == 0.0
    for name in ("loss", "gradient_norm", "lr_multiplier"):
        assert update[name] == pytest.approx(read_lines(tale_run / "log.jsonl")[8][name])
    text = np.fromfile(tale_run / "tokens" / "train.bin", np.uint16).tolist()
    row = [*update["context"], update["target"]]
    assert 8 < len(row) <= 25
    assert any(text[i : i + len(row)] == row for i in range(len(text)))
    ids = made["ids"][0].tolist()
    position = max(
        i
        for i in range(len(ids))
        if ids[: i + 1][-24:] == update["context"] and made["targets"][0, i] == update["target"]
    )
    p, q = (logits(made[name], ids).softmax(-1) for name in ("before", "after"))
    gained = [(q[i, t] / p[i, t]).log().item() for i, t in enumerate(made["targets"][0].tolist())]
    assert gained[position] == max(gained[8:]) > 0
    assert update["candidates"][0]["id"] == update["target"] and len(update["candidates"]) >= 12
    for one in update["candidates"]:
        assert one["p_before"] == pytest.approx(p[position, one["id"]].item(), rel=1e-3)
        assert one["p_after"] == pytest.approx(q[position, one["id"]].item(), rel=1e-3)
        y = float(one["id"] == update["target"])
        assert one["p_minus_y"] == pytest.approx(one["p_before"] - y, abs=1e-4)
    others = [one["p_before"] for one in update["candidates"][1:]]
    assert others == sorted(others, reverse=True) and len(
        {one["id"] for one in update["candidates"]}
    ) == len(update["candidates"])


def test_the_update_shows_a_token_that_counted(exported_run, monkeypatch):
    made = replay(exported_run)
    for counting in (9, 20, 30):
        targets = torch.full_like(made["targets"], -100)
        targets[0, counting] = made["targets"][0, counting]
        monkeypatch.setattr(
            "terrarium.web.exporters.replay", lambda _, now={**made, "targets": targets}: now
        )
        update = exporters.update(exported_run)
        assert update["target"] == made["targets"][0, counting]
        assert update["context"][-1] == made["ids"][0, counting]


def test_the_update_says_how_far_each_tensor_moved_and_which_rows_did_not(exported_run):
    made, deltas = replay(exported_run, last=1), exporters.update(exported_run)["weight_deltas"]
    assert [one["name"] for one in deltas] == list(made["before"].state_dict())
    made = replay(exported_run)
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


def test_the_manifest_names_the_folder_as_somebody_types_it_here(folder):
    (folder / "runs" / "我的 小说").mkdir(parents=True)
    for typed in ("runs/我的 小说", "./runs/我的 小说", folder / "runs" / "我的 小说"):
        assert exporters.shown_folder(Path(typed)) == "runs/我的 小说"
    assert exporters.shown_folder(Path("runs/\udcff")) is None


def test_what_a_parent_could_do_already_is_no_milestone_of_its_child(family, monkeypatch):
    monkeypatch.chdir(family.parent)
    reached = [
        dict(step=0, kind="words"),
        dict(step=0, kind="unigram"),
        dict(step=1, kind="sentence"),  # the sample at step 0 may have missed it
        dict(step=1, kind="bigram"),
        dict(step=20, kind="quotes"),
    ]
    monkeypatch.setattr(exporters, "find_milestones", lambda *given: reached)
    parent, child = (ExportedRun(Path("runs", name), "int8") for name in ("tale", "tale-king"))
    assert exporters.milestones(parent, {}, None, None)[0] == reached
    assert exporters.milestones(child, {}, None, None)[0] == reached[3:]


def test_an_export_does_not_say_where_on_the_disk_a_text_and_a_parent_were(tmp_path, ctrl_c):
    text = tmp_path / "king.txt"
    text.write_text(TALE, "utf-8")
    parent = grow(tmp_path / "tale", TALE, "--vocab-size", 64)
    child = tmp_path / "child"
    train_in(".", *SMALL, "--from", parent, "--dataset", text, "--out", child)
    run = ExportedRun(child, "int8")
    run.name = "child"
    (tmp_path / "site").mkdir()
    exporters.write_all(run, tmp_path / "site", corpus=False)
    manifest = json.loads((tmp_path / "site" / "manifest.json").read_text("utf-8"))
    assert manifest["settings"]["dataset"] == manifest["corpus"]["dataset"] == "king.txt"
    assert manifest["settings"]["parent"] == "tale"
    assert manifest["corpus"]["parent"] == dict(name="tale", step=20, dataset="tale.txt")
    del manifest["folder"]  # from where it was exported
    assert str(tmp_path) not in json.dumps(manifest)
