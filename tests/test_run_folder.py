"""What a run leaves in its folder, every number of it computed again from the snapshots."""

import json
import math

import data
from helpers import ROOT, TALE, grow, read_lines, snapshot, train_in
from terrarium.settings import saved_settings
from terrarium.text import END
from train import GPT, PRESETS, Settings, Tokenizer, attention

import numpy as np
import pytest
import torch

WATCHED = [0, 1, 2, 4, 9, 10, 20]  # every ten steps, and the log-spaced steps of six snapshots
KEPT = [0, 1, 2, 4, 9, 20]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run of 20 steps."""
    folder = tmp_path_factory.mktemp("runs") / "smoke"
    flags = ("--precision", "float32", "--snapshots", 6, "--warmup", 30, "--out", folder)
    train_in(folder.parent, "--preset", "smoke", *flags)
    return folder


@pytest.fixture(scope="module")
def tokenizer(run):
    return Tokenizer(**json.loads((run / "tokenizer.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def traces(run):
    return read_lines(run / "traces.jsonl")


@pytest.fixture(scope="module")
def log(run):
    return read_lines(run / "log.jsonl")


def model_of(run, step):
    """The model as a snapshot keeps it."""
    settings = saved_settings(Settings, run)
    weights = snapshot(run, step)
    model = GPT(settings, len(weights["unembed.weight"]))
    model.load_state_dict(weights)
    return model.eval()


def row_of(tokenizer, prompt):
    """The ids of a prompt in a trace, and of what was written behind it."""
    texts = prompt["prompt_tokens"] + [token["token"] for token in prompt["tokens"]]
    return [tokenizer.ids[text] for text in texts]


# ------------------------------------------------------------------------------ the small files


def test_a_run_leaves_these_files_and_no_others(run):
    steps, kept = [f"{i:06}" for i in WATCHED], [f"{i:06}" for i in KEPT]
    assert sorted(p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file()) == sorted(
        [
            "settings.json",
            "tokenizer.json",
            "corpus.json",
            "log.jsonl",
            "traces.jsonl",
            "checkpoint.pt",
            "hashes.jsonl",
            "metrics.json",
            "train.py",
            "tokens/train.bin",
            "tokens/validation.bin",
            *(f"attention/{step}.npz" for step in steps),
            *(f"snapshots/{step}.pt" for step in kept),
        ]
    )


def test_the_code_that_ran_is_kept_byte_for_byte(run):
    assert (run / "train.py").read_bytes() == (ROOT / "train.py").read_bytes()


def test_the_settings_are_those_of_the_preset_and_the_flags(run):
    settings = json.loads((run / "settings.json").read_text("utf-8"))
    assert settings == dict(version="0.1.0") | vars(
        Settings(
            **{
                **PRESETS["smoke"],
                "preset": "smoke",
                "precision": "float32",
                "row_multiple": 1,  # rows of any length suit a CPU
                "snapshots": 6,
                "warmup": 30,
                "out": str(run),
            }
        )
    )
    assert (settings["n_layer"], settings["n_embd"], settings["steps"]) == (2, 32, 20)


def test_the_tokens_on_disk_are_the_stories(run, tokenizer):
    stories = data.find("stories").load()
    for split in ("train", "validation"):
        ids = np.fromfile(run / "tokens" / f"{split}.bin", np.uint16)
        assert ids[0] == ids[-1] == tokenizer.end == 0
        assert (
            tokenizer.decode(ids.tolist())
            == "".join(END + story for story in getattr(stories, split)) + END
        )


def test_the_facts_about_the_corpus_are_right(run):
    facts, stories = json.loads((run / "corpus.json").read_text("utf-8")), data.find("stories")
    corpus = stories.load()
    tokens = [
        len(np.fromfile(run / "tokens" / f"{split}.bin", np.uint16))
        for split in ("train", "validation")
    ]
    assert facts == dict(
        dataset="stories",
        note="",
        vocab_size=768,
        prompts=list(stories.PROMPTS),
        train_tokens=tokens[0],
        validation_tokens=tokens[1],
        train_characters=sum(map(len, corpus.train)),
        validation_characters=sum(map(len, corpus.validation)),
        entropy=pytest.approx(sum(s.nats for s in corpus.validation) / (tokens[1] - 1)),
    )


def test_the_log_has_a_line_for_each_step_with_everything_in_it(log):
    assert [line["step"] for line in log] == list(range(21))
    always = {"step", "seconds", "loss", "gradient_norm", "lr_multiplier", "tokens_per_second"}
    for line in log[:20]:
        assert set(line) >= always
        assert 4 < line["loss"] < 7 and line["gradient_norm"] > 0 and line["tokens_per_second"] > 0
    assert set(log[20]) >= {"step", "seconds", "validation_loss"}
    assert "loss" not in log[20]  # nothing is learned after the last step
    assert [line["step"] for line in log if "validation_loss" in line] == WATCHED
    assert all(4 < log[i]["validation_loss"] < 7 for i in WATCHED)


def test_time_never_runs_backwards_in_the_log(log):
    seconds = [line["seconds"] for line in log]
    assert seconds == sorted(seconds) and seconds[0] < seconds[-1]


def test_the_learning_rates_in_the_log_are_those_of_a_run_that_ends_while_it_warms_up(log):
    # Not yet half-way up, at step 14, the fall to zero over 15 of the 20 steps takes over.
    assert [line["lr_multiplier"] for line in log[:20]] == pytest.approx(
        [(step + 1) / 31 for step in range(14)] + [i / 15 for i in range(6, 0, -1)]
    )


def test_the_first_loss_is_that_of_knowing_nothing(log):
    assert abs(log[0]["loss"] - math.log(768)) < 0.1
    assert abs(log[0]["validation_loss"] - math.log(768)) < 0.1


def test_the_last_loss_is_what_the_last_snapshot_makes_of_the_held_out_text(run, tokenizer):
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    held_out = np.fromfile(run / "tokens" / "validation.bin", np.uint16).astype(np.int64)
    model, nats = model_of(run, 20), 0.0
    for document in np.split(held_out, np.flatnonzero(held_out == 0)[1:-1]):
        document = [*document, 0][: len(document) + 1] if document[-1] else [*document]
        for start in range(0, len(document) - 1, 64):
            ids = torch.tensor(document[start : start + 65])
            with torch.inference_mode():
                logits = model(ids[None, :-1])[0][0]
            nats += torch.nn.functional.cross_entropy(logits, ids[1:], reduction="sum").item()
    assert metrics["validation_loss"] == pytest.approx(nats / (len(held_out) - 1), rel=1e-5)
    characters = sum(map(len, data.find("stories").load().validation))
    assert metrics["bits_per_character"] == pytest.approx(nats / math.log(2) / characters, rel=1e-5)
    assert metrics["parameters"] == sum(p.numel() for p in model.parameters()) == 67_904
    assert metrics["gap"] == metrics["validation_loss"] - metrics["entropy"]
    assert metrics["step"] == 20 and metrics["seconds"] > 0


def test_the_accuracy_of_each_rule_and_of_all_together_is_a_fraction(run):
    accuracy = json.loads((run / "metrics.json").read_text("utf-8"))["rule_accuracy"]
    assert list(accuracy) == [*data.find("stories").RULES, "all"]
    assert all(0 <= fraction <= 1 for fraction in accuracy.values())
    assert accuracy["all"] == 0  # twenty steps teach nobody to write a story


# ------------------------------------------------------------------------------ traces


def test_every_watched_step_continues_the_five_prompts(traces):
    assert [trace["step"] for trace in traces] == WATCHED
    for trace in traces:
        assert trace["temperature"] == 0.8
        assert [prompt["prompt"] for prompt in trace["continuations"]] == [
            "Once upon a time",
            "The boy was very",
            "She went to the",
            "The dog and the cat",
            "He was happy because",
        ]


def test_the_given_tokens_join_to_the_prompt_behind_an_end_token(traces):
    for trace in traces:
        for prompt in trace["continuations"]:
            assert prompt["prompt_tokens"][0] == "<|endoftext|>"
            assert "".join(prompt["prompt_tokens"][1:]) == prompt["prompt"]


def test_each_token_has_its_probability_and_ten_alternatives_from_likely_to_unlikely(traces):
    for trace in traces:
        for prompt in trace["continuations"]:
            ended = prompt["tokens"][-1]["token"] == "<|endoftext|>"
            assert len(prompt["tokens"]) == 8 or ended
            for token in prompt["tokens"]:
                texts, shares = zip(*token["top"])
                assert len(set(texts)) == 10 and list(shares) == sorted(shares, reverse=True)
                assert 0 <= token["p"] <= shares[0] <= 1 and sum(shares) <= 1.0001
                same = dict(token["top"]).get(token["token"])
                assert same == token["p"] if same is not None else token["p"] <= shares[-1]


@pytest.mark.parametrize("step", KEPT)
def test_the_probabilities_are_those_that_the_snapshot_computes(run, tokenizer, traces, step):
    model, trace = model_of(run, step), traces[WATCHED.index(step)]
    for prompt in trace["continuations"]:
        row, given = row_of(tokenizer, prompt), len(prompt["prompt_tokens"])
        for i, token in enumerate(prompt["tokens"]):
            with torch.inference_mode():
                p = model(torch.tensor([row[: given + i]]))[0][0, -1].softmax(-1)
            assert token["p"] == pytest.approx(p[row[given + i]].item(), abs=1e-4)
            for text, share in token["top"]:
                assert share == pytest.approx(p[tokenizer.ids[text]].item(), abs=1e-4)
            assert token["top"][0][1] == pytest.approx(p.max().item(), abs=1e-4)
            assert token["top"][9][1] == pytest.approx(p.sort().values[-10].item(), abs=1e-4)


# ------------------------------------------------------------------------------ attention


@pytest.mark.parametrize("step", KEPT)
def test_the_attention_on_disk_is_what_the_snapshot_pays(run, tokenizer, traces, step):
    model, trace = model_of(run, step), traces[WATCHED.index(step)]
    arrays = np.load(run / "attention" / f"{step:06}.npz")
    assert sorted(arrays) == sorted(
        f"{kind}_{i}" for kind in ("weights", "entropy") for i in range(5)
    )
    for i, prompt in enumerate(trace["continuations"]):
        row = row_of(tokenizer, prompt)
        with torch.inference_mode():
            right = torch.stack(model(torch.tensor([row]), attention)[1])[:, 0]  # (L, H, T, T)
        kept, T = arrays[f"weights_{i}"], len(row)
        assert kept.dtype == np.uint8 and kept.shape == right.shape == (2, 2, T, T)
        assert np.abs(kept - 255 * right.numpy()).max() < 0.51
        assert np.abs(kept.sum(-1, dtype=int) - 255).max() <= T / 2
        assert not np.triu(kept, 1).any()
        entropy = torch.special.entr(right).sum(-1)
        assert arrays[f"entropy_{i}"].shape == (2, 2, T)
        np.testing.assert_allclose(arrays[f"entropy_{i}"], entropy, atol=1e-2)


def test_the_first_token_of_a_row_can_only_look_at_itself(run):
    for step in WATCHED:
        arrays = np.load(run / "attention" / f"{step:06}.npz")
        for i in range(5):
            assert (arrays[f"weights_{i}"][:, :, 0, 0] == 255).all()
            assert (arrays[f"entropy_{i}"][:, :, 0] == 0).all()
            assert (arrays[f"entropy_{i}"][:, :, 1:] > 0).any()


# ------------------------------------------------------------------------------ snapshots


def test_snapshots_are_weights_and_the_last_is_that_of_the_checkpoint(run):
    first, last = (
        torch.load(run / "snapshots" / name, weights_only=True)
        for name in ("000000.pt", "000020.pt")
    )
    model = torch.load(run / "checkpoint.pt", weights_only=True)["model"]
    assert list(first) == list(last) == list(model) == list(model_of(run, 0).state_dict())
    assert all(torch.equal(last[name], model[name]) for name in model)
    assert any(not torch.equal(first[name], model[name]) for name in model)


def test_watching_more_often_changes_neither_the_weights_nor_the_losses(tale_run, tmp_path):
    for sample_every in (5, 1000):
        other = grow(
            *(tmp_path / f"every-{sample_every}" / "tale", TALE, "--vocab-size", 64),
            *("--snapshots", 6, "--sample-every", sample_every),
        )
        weights = torch.load(other / "checkpoint.pt", weights_only=True)["model"]
        right = torch.load(tale_run / "checkpoint.pt", weights_only=True)["model"]
        assert all(torch.equal(weights[name], right[name]) for name in right)
        losses = [line["loss"] for line in read_lines(other / "log.jsonl")[:20]]
        assert losses == [line["loss"] for line in read_lines(tale_run / "log.jsonl")[:20]]
        steps = [trace["step"] for trace in read_lines(other / "traces.jsonl")]
        assert steps == ([0, 1, 2, 4, 5, 10, 15, 20] if sample_every == 5 else KEPT)
