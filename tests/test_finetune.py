"""Going on from a trained run: on another text, with all of its weights, some of them, or adapters."""

import json
import shutil
from pathlib import Path

import data
import finetune
import train
from helpers import HEAD, SMALL, TALE, contents, grow, read_lines, rehash, snapshot, tiny, train_in
from terrarium.errors import BadInput
from terrarium.runs import RunFolder
from terrarium.text import END
from terrarium.trained import Run

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

KING = "The old king sat alone at the lake. Anna walked to the lake, and he smiled.\n" * 60
MATRICES = ("query", "key", "value", "output", "up", "down")


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """The folder of a run on the tale, token by token of its own vocabulary."""
    return grow(tmp_path_factory.mktemp("parent") / "tale", TALE, "--vocab-size", 64)


@pytest.fixture
def child(folder, ctrl_c, parent):
    """child("--lora", 2): the folder of a run that goes on from the parent, on the king."""
    Path("king.txt").write_text(KING, "utf-8", newline="\n")

    def run(*flags, text="king.txt", of=parent, out="child"):
        train_in(".", *SMALL, "--from", of, "--dataset", text, "--out", out, *flags)
        return Path(out)

    return run


def moved(parent, child):
    """{name: whether a tensor differs from the parent's last} at the end of a child."""
    before, after = snapshot(parent, 20), snapshot(child, 20)
    assert before.keys() == after.keys()
    assert all(before[name].shape == after[name].shape for name in before)
    return {name: not torch.equal(before[name], after[name]) for name in before}


# What a child has of its parent ------------------------------------------------------------------


def test_a_child_begins_as_its_parent_ended(parent, child):
    folder = child()
    before, first = snapshot(parent, 20), snapshot(folder, 0)
    assert all(torch.equal(before[name], first[name]) for name in before)
    assert (folder / "tokenizer.json").read_bytes() == (parent / "tokenizer.json").read_bytes()
    facts = RunFolder(folder).read_facts()
    assert facts["parent"] == dict(name="tale", step=20, dataset=facts["parent"]["dataset"])
    assert facts["dataset"] == "king.txt"
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    assert settings["parent"] == str(parent)
    assert settings["vocab_size"] == 64


def test_all_weights_of_a_child_learn_if_nobody_says_otherwise(parent, child):
    assert all(moved(parent, child()).values())


def test_a_child_learns_the_new_text_and_the_log_shows_what_it_forgets(parent, child):
    log = [line for line in read_lines(child("--steps", 60) / "log.jsonl")]
    sampled = [line for line in log if "validation_loss" in line]
    assert sampled[-1]["validation_loss"] < sampled[0]["validation_loss"] - 0.5
    run = Run(parent)
    tokens = run.tokens("validation")
    spans = train.windows(tokens, run.tokenizer.end, run.s.n_ctx)
    spans = spans[:: len(spans) // 32 + 1]
    assert sampled[0]["parent_validation_loss"] == train.evaluate(run.model, tokens, spans)
    assert sampled[-1]["parent_validation_loss"] > sampled[0]["parent_validation_loss"]
    assert [line for line in log if "parent_validation_loss" in line] == sampled


def test_a_run_without_a_parent_has_no_loss_of_one(parent):
    assert not [
        line for line in read_lines(parent / "log.jsonl") if "parent_validation_loss" in line
    ]
    assert "parent" not in RunFolder(parent).read_facts()


def test_a_child_is_named_after_its_parent_and_its_text(folder, ctrl_c, child, parent):
    train_in(".", *SMALL, "--from", parent, "--dataset", "king.txt")
    assert Path("runs/tale-king/metrics.json").is_file()


def test_a_child_of_a_child_goes_on_from_that_one(child):
    first = child()
    second = child(of=first, out="second")
    assert RunFolder(second).read_facts()["parent"]["name"] == "child"
    before, begun = snapshot(first, 20), snapshot(second, 0)
    assert all(torch.equal(before[name], begun[name]) for name in before)


def test_the_parent_is_not_touched(parent, child):
    before = contents(parent)
    child("--lora", 2)
    assert contents(parent) == before


def test_what_it_forgot_is_said_at_the_end(child, capsys):
    log = read_lines(child("--steps", 60) / "log.jsonl")
    losses = [line["parent_validation_loss"] for line in log if "validation_loss" in line]
    said = capsys.readouterr().out
    assert f"from {losses[0]:.3f} to {losses[-1]:.3f}" in said


def test_two_of_the_five_prompts_are_those_of_the_parent(parent, child):
    made = RunFolder(child()).read_facts()["prompts"]
    assert len(made) == 5
    assert made[3:] == RunFolder(parent).read_facts()["prompts"][:2]
    assert all(prompt in KING for prompt in made[:3])


def test_a_parent_that_is_not_finished_is_taken_with_a_warning(parent, child, capsys):
    copy = shutil.copytree(parent, "copy")
    (Path(copy) / "snapshots" / "000020.pt").unlink()
    folder = child(of=copy)
    last = max(int(path.stem) for path in Path(copy, "snapshots").glob("*.pt"))
    assert RunFolder(folder).read_facts()["parent"]["step"] == last < 20
    assert f"its step {last} of 20" in capsys.readouterr().out


def test_a_conversation_is_refused_if_the_parent_has_no_colon_or_line_end(parent, child):
    pairs = [f"what is number {i}?\tIt is the {i}th one." for i in range(12)]
    Path("luna.txt").write_text("\n".join(pairs), "utf-8")
    with pytest.raises(BadInput, match="has no token for .:., and the lines"):
        child(text="luna.txt")
    assert not Path("child").exists()


def test_a_child_of_one_that_talks_talks_too(folder, ctrl_c, child):
    pairs = [f"what is the name of number {i}?\tIt is called {i * i}." for i in range(12)]
    Path("luna.txt").write_text("\n".join(pairs), "utf-8")
    train_in(".", *SMALL, "--dataset", "luna.txt", "--out", "luna")
    assert RunFolder(child(of="luna", text="luna.txt")).read_facts()["speakers"] == ["you", "luna"]


# What may change ---------------------------------------------------------------------------------


def test_the_first_blocks_and_the_embeddings_stay_as_they_are_if_frozen(parent, child):
    for name, has_moved in moved(parent, child("--freeze", 1)).items():
        stays = name.startswith(("blocks.0.", "token_embedding", "position_embedding"))
        assert has_moved != stays, name


def test_with_adapters_each_matrix_changes_by_one_of_low_rank_and_nothing_else_does(parent, child):
    folder = child("--lora", 2)
    before, after = snapshot(parent, 20), snapshot(folder, 20)
    for name, has_moved in moved(parent, folder).items():
        if name.split(".")[-2] in MATRICES:
            strengths = torch.linalg.svdvals(after[name] - before[name])
            assert strengths[1] > 0
            assert strengths[2:].max() < 1e-4 * strengths[0], name
        else:
            assert not has_moved, name


def test_frozen_blocks_have_no_adapters(parent, child):
    for name, has_moved in moved(parent, child("--lora", 2, "--freeze", 1)).items():
        has_adapter = name.startswith("blocks.1.") and name.split(".")[-2] in MATRICES
        assert has_moved == has_adapter, name


def test_how_many_numbers_learn_is_said(child, capsys):
    child("--lora", 2)
    # Rank 2 beside matrices of 32 x 32 and 64 x 32: 4 x 2 x (32 + 32) + 2 x 2 x (64 + 32), twice.
    assert "1,792 of them learn" in capsys.readouterr().out


@given(st.integers(1, 8), st.integers(0, 1), st.integers(0, 2**31))
def test_the_merged_weights_compute_what_the_model_with_adapters_computes(rank, n_frozen, seed):
    model = tiny(seed)
    finetune.add_adapters(model, n_frozen, rank)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5)
    merged = tiny()
    assert list(finetune.merged_weights(model)) == list(merged.state_dict())
    merged.load_state_dict(finetune.merged_weights(model))
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    torch.testing.assert_close(model(ids)[0], merged(ids)[0])


def test_the_merged_weights_of_a_model_without_adapters_are_its_weights():
    model = tiny()
    merged, weights = finetune.merged_weights(model), model.state_dict()
    assert list(merged) == list(weights)
    assert all(torch.equal(merged[name], weights[name]) for name in weights)


def test_an_adapter_adds_nothing_before_it_has_learned():
    model, ids = tiny(), torch.tensor([[1, 2, 3]])
    before = model(ids)[0]
    finetune.add_adapters(model, 0, 3)
    assert torch.equal(model(ids)[0], before)


# Stopped and continued ---------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [(), ("--freeze", 1), ("--lora", 2)])
def test_a_child_that_is_continued_without_its_parent_is_the_same_to_the_last_bit(
    parent, child, flags, monkeypatch
):
    wanted = child(*flags, out="whole")
    copy = Path("parent")
    shutil.copytree(parent, copy)
    take = train.Recorder.sample

    def stopping(recorder, step, *sample):
        take(recorder, step, *sample)
        recorder.stop.asked = recorder.stop.asked or step == 10

    with monkeypatch.context() as patch:
        patch.setattr(train.Recorder, "sample", stopping)
        stopped = child(*flags, of=copy)
    assert not (stopped / "metrics.json").exists()
    shutil.rmtree(copy)
    train_in(".", "--resume", stopped)
    for name, tensor in snapshot(wanted, 20).items():
        assert torch.equal(tensor, snapshot(stopped, 20)[name]), name


@pytest.mark.parametrize("name", ["parent.pt", "tokens/parent_validation.bin"])
def test_what_a_child_has_of_its_parent_is_checked_when_it_goes_on(child, name):
    folder = child()
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BadInput, match=f"{name} in child is missing or damaged"):
        train_in(".", "--resume", folder)


def test_a_parent_whose_weights_are_damaged_is_refused(parent, child):
    copy = shutil.copytree(parent, "copy")
    (Path(copy) / "snapshots" / "000020.pt").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"snapshots/000020.pt in copy is missing or damaged"):
        child(of=copy)
    assert not Path("child").exists()


@pytest.mark.parametrize("wrong", ["tale", {}, dict(name="tale", step=-1, dataset="tale.txt")])
def test_facts_about_a_parent_that_are_none_are_refused(child, wrong):
    folder = child()
    facts = json.loads((folder / "corpus.json").read_text("utf-8"))
    (folder / "corpus.json").write_text(json.dumps(dict(facts, parent=wrong)), "utf-8")
    rehash(folder)
    with pytest.raises(BadInput, match=r"corpus\.json"):
        Run(folder)


# Texts that the tokenizer of the parent was not made for -------------------------------------------


def test_characters_that_the_parent_lacks_are_read_as_others_or_left_out_and_named(child, capsys):
    text = KING.replace("lake", "“läke” ☃")
    Path("odd.txt").write_text(text, "utf-8", newline="\n")
    folder = child(text="odd.txt")
    run = Run(folder)
    ids = [*run.tokens("train"), *run.tokens("validation")]
    readable = text.replace("“", '"').replace("”", '"').replace("ä", "a").replace("☃", "")
    assert run.tokenizer.decode(ids) == readable
    note = run.facts["note"]
    assert "'“' (120 times) is read as '\"'" in note
    assert "'ä' (120 times) is read as 'a'" in note
    assert "'☃' (120 times) is left out" in note
    assert note in " ".join(capsys.readouterr().out.split())


def test_a_text_in_another_script_is_refused(child):
    Path("russian.txt").write_text("Привет, Анна. Как дела? " * 60, "utf-8")
    with pytest.raises(BadInput, match="of the characters of russian.txt do not occur in the text"):
        child(text="russian.txt")
    assert not Path("child").exists()


def test_the_parts_of_one_long_text_are_not_taken_for_documents_by_a_parent_that_knows_some(
    folder, ctrl_c, monkeypatch
):
    documents = f"\n{END}\n".join(TALE.splitlines())
    parent = grow(folder / "documents", documents, "--vocab-size", 64)
    monkeypatch.setattr("data.BLOCK", 500)  # several blocks
    Path("long.txt").write_text(KING, "utf-8", newline="\n")
    train_in(".", *SMALL, "--from", parent, "--dataset", "long.txt", "--out", "child")
    run = Run("child")
    for split in ("train", "validation"):
        tokens = run.tokens(split).tolist()
        assert tokens[0] == tokens[-1] == run.tokenizer.end
        assert run.tokenizer.end not in tokens[1:-1]
    both = [*run.tokens("train"), *run.tokens("validation")]
    # Documents of one line each: the tokenizer has no token for a line end.
    assert run.tokenizer.decode(both).replace(END, "") == KING.replace("\n", " ")


def test_documents_follow_each_other_after_an_empty_line_for_a_parent_that_knows_none(child):
    Path("documents.txt").write_text(f"\n{END}\n".join(KING.splitlines()), "utf-8")
    run = Run(child(text="documents.txt"))
    text = run.tokenizer.decode(run.tokens("train"))
    assert END not in text
    assert set(text.split("\n\n")) == {KING.splitlines()[0], ""}


@pytest.mark.parametrize("dataset", ["stories", "snail"])
def test_a_corpus_with_an_exam_can_be_learned_by_a_parent_that_lacks_some_of_its_characters(
    folder, ctrl_c, child, monkeypatch, dataset
):
    letters = "you: the quick brown fox jumps over a lazy dog, and then?\n" * 60
    corpus = data.find(dataset)
    few = corpus.load()._replace(train=corpus.load().train[:300])
    monkeypatch.setattr(corpus, "load", lambda: few)
    made = child(of=grow(folder / "letters", letters, "--vocab-size", 64), text=dataset)
    assert "all" in json.loads((made / "metrics.json").read_text("utf-8"))["rule_accuracy"]
    assert "entropy" not in RunFolder(made).read_facts()  # that of a text which was changed


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flags, sentence",
    [
        (("--n-layer", 3), r"--n-layer is 3, but .* has 2"),
        (("--vocab-size", 0), r"--vocab-size is 0, but .* has 64"),
        (("--freeze", 2), "--freeze is 2, and the model has 2 blocks"),
        (("--lora", 33), "--lora is 33, but the matrices are only 32 wide"),
    ],
)
def test_what_does_not_fit_the_parent_is_refused(child, flags, sentence):
    with pytest.raises(BadInput, match=sentence):
        child(*flags)
    assert not Path("child").exists()


def test_a_text_is_asked_for(folder, parent):
    with pytest.raises(BadInput, match="from which text"):
        train_in(".", "--from", parent)


def test_a_folder_that_is_no_run_is_refused(child):
    with pytest.raises(BadInput, match="nothing is not a run"):
        child(of="nothing")


@pytest.mark.parametrize("flag", ["--freeze", "--lora"])
def test_a_model_that_knows_nothing_has_nothing_to_keep(refused, flag):
    assert f"{flag} keeps what a trained model has learned" in refused(flag, 1)


def test_the_preset_for_going_on_needs_a_run(folder):
    with pytest.raises(BadInput, match="name its folder"):
        train_in(".", "--preset", "fine-tune")


def test_a_text_that_is_too_short_for_the_context_of_the_parent_is_refused(folder, ctrl_c, child):
    far_sighted = grow(folder / "far", TALE * 9, "--vocab-size", 64, "--n-ctx", 2000, "--steps", 1)
    Path("short.txt").write_text("The old king sat at the lake. " * 40, "utf-8")
    with pytest.raises(BadInput, match="too few for the context of 2000 that .*far has"):
        child(text="short.txt", of=far_sighted)


def test_the_code_of_a_parent_runs_only_if_it_is_named(folder, ctrl_c, child):
    Path("my_head.py").write_text(HEAD, "utf-8")
    with_head = grow(folder / "with_head", TALE, "--vocab-size", 64, "--head", "my_head.py")
    with pytest.raises(BadInput, match="somebody wrote"):
        child(of=with_head)
    assert (child("--head", "my_head.py", of=with_head) / "head.py").read_text("utf-8") == HEAD


def test_tokens_of_the_parent_are_those_it_was_never_trained_on(parent, child):
    ids = np.fromfile(child() / "tokens" / "parent_validation.bin", np.uint16)
    assert ids.tolist() == Run(parent).tokens("validation").tolist()
