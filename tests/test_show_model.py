"""show_model.py and what it computes with: what they say about a model is what PyTorch computes."""

import copy
import os
import pty
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import show_model
import train
from helpers import PATIENCE, ROOT, train_in
from terrarium.console import color_token, read_line, show_whitespace
from terrarium.errors import BadInput
from terrarium.files import read_json, write_json
from terrarium.generation import KVCache, next_logits, sampling_probs, stream
from terrarium.interpret import (
    MEANING,
    attention_weights,
    best_role,
    direct_logit_effect,
    max_activating_examples,
    most_attended,
    neuron_activations,
    rare_and_strong,
    role_targets,
    roles,
    strongest_attention,
)
from terrarium.main import run_command
from terrarium.trained import Run

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

SEA = (
    "She sells sea shells by the sea shore.\nHe sells she sells by the shore.\n"
    "The shells she sells are sea shells.\n"
) * 60
SMALL = ("--preset", "smoke", "--device", "cpu", "--precision", "float32")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with two runs: on sea shells (the newest), and on the snail."""
    home = tmp_path_factory.mktemp("home")
    (home / "sea.txt").write_text(SEA, "utf-8")
    for flags in (
        (*SMALL, "--dataset", "snail", "--n-ctx", "96"),
        (*SMALL, "--dataset", "sea.txt", "--vocab-size", "64", "--steps", "60"),
    ):
        train_in(home, *flags)
    return home


@pytest.fixture(scope="module")
def run(home):
    return Run(home / "runs" / "sea")


@pytest.fixture
def show(home, monkeypatch, capsys):
    """show("merges"): what show_model.py prints for these words behind it."""
    monkeypatch.chdir(home)

    def show(*words, typed=()):
        lines = iter(typed)
        monkeypatch.setattr(sys, "argv", ["show_model.py", *map(str, words)])
        monkeypatch.setattr("builtins.input", lambda prompt: next(lines, ""))
        capsys.readouterr()
        show_model.main()
        return capsys.readouterr().out

    return show


@pytest.fixture
def ends(show, capsys):
    """ends("weights"): the exit code of show_model.py for these words, and what it prints."""

    def ends(*words):
        with pytest.raises(SystemExit) as end:
            run_command(lambda: show(*words), reader_may_leave=True)
        return end.value.code, *capsys.readouterr()

    return ends


def in_a_process(home, *words, **options):
    return subprocess.run(
        [sys.executable, ROOT / "show_model.py", *words],
        cwd=home,
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        **options,
    )


def number(text):
    return int(text.replace(",", ""))


# ---------------------------------------------------------------------------------------------
# What there is


def test_the_weights_add_up_and_each_has_a_sentence(show, run):
    lines = show("weights").splitlines()
    rows = [re.fullmatch(r"  (\S+) +(\d+(?: x \d+)?) +([\d,]+)  (\w.*)", line) for line in lines]
    rows = [row for row in rows if row]
    assert {row[1] for row in rows} == {
        name.removesuffix(".weight") for name, _ in run.model.named_parameters()
    }
    total = sum(p.numel() for p in run.model.parameters())
    assert sum(number(row[3]) for row in rows) == total
    end = " ".join(lines[-3:])
    assert f"{total:,} parameters, all of them learned." in end
    assert "Neurons: 2 layers x 64 = 128;" in end
    assert "And 2 x 2 heads, each 16 wide: its part of" in end
    assert max(map(len, lines)) <= 108  # the longest name of a tensor, and the longest sentence


def test_tokens_are_shown_with_their_ids_and_what_the_corpus_never_has_is_named(show, run):
    lines = show("tokens", "She sells Ω7").splitlines()
    ids = [int(i) for i in re.findall(r"\((\d+)\)", "\n".join(lines[:-3]))]
    assert run.tokenizer.decode(ids) == "She sells "
    assert lines[-2] == (
        f"10 characters, {len(ids)} tokens. In brackets: the id, a row of the "
        "token embedding (0 to 37)."
    )
    assert lines[-1] == "Left out, because they do not occur in the corpus: 7  Ω"


def test_merges_are_listed_in_the_order_in_which_they_were_made(show, run):
    listed = re.findall(r"(\d+) (\S+) \+ (\S+)", show("merges"))
    assert [int(i) for i, *_ in listed] == list(range(len(run.tokenizer.merges)))
    assert [
        tuple(part.replace("·", " ") for part in pair) for _, *pair in listed
    ] == run.tokenizer.merges


def test_a_run_on_characters_has_no_merges_to_show(tmp_path, ends):
    (tmp_path / "sea.txt").write_text(SEA, "utf-8")
    train_in(tmp_path, *SMALL, "--dataset", "sea.txt", "--steps", 1, "--vocab-size", 0)
    ended = ends("merges", "--run", tmp_path / "runs" / "sea")
    assert ended == (2, "", "This run reads single characters: nothing was merged.\n")


# ---------------------------------------------------------------------------------------------
# Embeddings and neurons


def test_neighbours_are_those_of_pytorch_and_come_with_what_chance_is(show, run):
    out = show("neighbours", "sea")
    vectors = F.normalize(run.model.token_embedding.weight.detach(), dim=1)
    cosines = vectors @ vectors[run.tokenizer.ids[" sea"]]
    expected = cosines.sort(descending=True)
    shown = re.findall(r"^ +(-?\d\.\d\d)  (\S+)", out, re.M)
    assert [float(c) for c, _ in shown] == pytest.approx(expected.values[1:11].tolist(), abs=0.006)
    assert shown[0][1] == show_whitespace(run.vocab[expected.indices[1]])
    pairs = (vectors @ vectors.T)[torch.ones(38, 38).triu(1) > 0]
    assert f"two random ones have {pairs.mean():.2f}." in out
    by_chance = torch.distributions.Normal(pairs.mean(), pairs.std()).icdf(torch.tensor(37 / 38))
    assert f"the nearest\nwould have {by_chance:.2f}:" in out


def test_an_analogy_says_what_it_owes_to_the_third_word_alone(show, run):
    out = show("analogy", "she", "the", "shells")
    ids = [run.tokenizer.ids[word] for word in (" she", " the", " shells")]
    vectors = run.model.token_embedding.weight.detach()
    a, b, c = vectors[ids]
    order = F.cosine_similarity(vectors, (a - b + c)[None]).argsort(descending=True).tolist()
    alone = F.cosine_similarity(vectors, c[None]).argsort(descending=True).tolist()
    shown = re.findall(r"^ +-?\d\.\d\d  (\S+) .*was number (\d+) beside shells", out, re.M)
    expected = [i for i in order if i not in ids][:10]
    assert shown == [(show_whitespace(run.vocab[i]), str(alone.index(i))) for i in expected]
    assert f"of all, {show_whitespace(run.vocab[order[0]])} is nearest" in out


def test_a_token_may_be_typed_as_it_is_printed(show):
    assert show("neighbours", "·sea") == show("neighbours", "sea")


@pytest.mark.parametrize(
    "word, says",
    [
        ("zebra", "'zebra' is not a single token here: choose a word"),
        ("sheshe", "'sheshe' is not a single token here: choose a word"),
        ("SELLS", "not a single token here: did you mean 'sells'\\?"),
        ("", "'' is not a single token here: choose"),
    ],
)
def test_a_word_that_is_no_token_is_refused_in_a_sentence(show, word, says):
    with pytest.raises(BadInput, match=says):
        show("neighbours", word)


def test_a_neuron_fires_as_strongly_as_pytorch_says_where_the_snippets_say(show, run):
    texts = run.held_out(40)
    fired = neuron_activations(run.model, 1, texts)
    where = [(t, i) for t, ids in enumerate(texts) for i in range(len(ids))]
    assert fired.shape == (len(where), 64)
    caught = []
    hook = run.model.blocks[1].down.register_forward_pre_hook(
        lambda module, given: caught.append(given[0][0])
    )  # what down reads is what up fired
    for ids in texts:
        run.model(torch.tensor([ids]))
    hook.remove()
    torch.testing.assert_close(fired, torch.cat(caught))

    strength, before, there, after = max_activating_examples(fired[:, 7], texts)[0]
    assert strength == fired[:, 7].max().item()
    assert before + there + after in texts
    out = show("neurons", "--layer", 1, "--neuron", 7)
    assert f"neuron 7: active (above 0.1) at {(fired[:, 7] > 0.1).float().mean():.1%} of" in out
    first = out.splitlines()[1]
    assert first.startswith(f"  {strength:5.2f}  ")
    assert f"[{run.tokenizer.decode(there)}]" in first.replace(" / ", "\n")


def test_held_out_pieces_are_those_of_the_validation_text(home, run):
    ids = np.fromfile(home / "runs" / "sea" / "tokens" / "validation.bin", np.uint16).tolist()
    assert sum(run.held_out(10**6), []) == ids[:-1]  # nothing is predicted from the last one
    assert 0 < len(run.held_out(2)) <= 2


def test_the_snippets_of_a_neuron_differ():
    texts = [[1, 2, 3], [1, 2, 3], [4, 2, 3]]
    fired = torch.tensor([0, 0, 5, 0, 0, 6, 0, 0, 4.0])
    assert max_activating_examples(fired, texts, 2) == [(6, [1, 2], [3], []), (4, [4, 2], [3], [])]


def test_neurons_without_a_number_are_five_that_stand_out(show):
    assert len(re.findall(r"^layer 0, neuron \d+: active ", show("neurons"), re.M)) == 5


def test_neurons_that_fire_rarely_but_strongly_come_first():
    fired = torch.zeros(100, 7)
    fired[:, 0], fired[::2, 1], fired[5, 2] = 1, 1, 1  # always; at every second token; once
    assert rare_and_strong(fired, 2) == [2, 1]


def test_a_neuron_speaks_for_the_tokens_whose_logits_it_raises(run):
    """Where the vector is much larger than what the neuron writes, LayerNorm is nearly linear."""
    model = copy.deepcopy(run.model)
    torch.manual_seed(0)
    with torch.inference_mode():
        written = model.blocks[0].down.weight[:, 3]
        written += 5  # what is written to all places alike does not get through LayerNorm
        x = torch.randn(20_000, 32)
        change = model.unembed(model.norm(x + 0.01 * written)) - model.unembed(model.norm(x))
    assert direct_logit_effect(model, 0, 3, 3) == change.mean(0).topk(3).indices.tolist()


# ---------------------------------------------------------------------------------------------
# Heads


def test_the_heatmap_shows_the_weights_of_train_pys_attention(show, run):
    text = "She sells sea shells"
    lines = show("attention", text, "--layer", 1, "--head", 1).splitlines()
    ids = torch.tensor([run.ids(text)])
    weights = run.model(ids)[1][1][0, 1]
    for t, line in enumerate(lines[: ids.shape[1]]):
        assert line.endswith(f" {weights[t].max():.0%}")
        shades = line[13:].rsplit(" ", 2)[0]
        first = weights[t, 0].item()
        assert shades[:2] == " ░▒▓█"[sum(first >= edge for edge in (0.04, 0.16, 0.36, 0.64))] * 2


def test_the_strongest_attention_of_a_head_is_its_largest_weights(run):
    texts = run.held_out(20)
    found = strongest_attention(run.model, 1, 0, texts, n=4)
    weights = [weight for weight, _ in found]
    tables = [attention_weights(run.model, ids)[1, 0].tril(-1)[:, 1:] for ids in texts]
    assert weights == sorted(weights, reverse=True) and len(found) == 4
    assert weights[0] == max(w.max().item() for w in tables if w.numel())
    assert len({(between[0], between[-1]) for _, between in found}) == 4
    for weight, between in found:
        assert len(between) > 1 and any(
            ids[j : j + len(between)] == between and w[j + len(between) - 1, j - 1] == weight
            for ids, w in zip(texts, tables)
            for j in range(1, len(ids))
        )


def test_a_head_is_shown_with_its_hardest_looks_what_it_likes_and_every_role(show, run):
    out = show("attention", "She sells", "--layer", 1, "--head", 0)
    texts = run.held_out(20)
    share, between = strongest_attention(run.model, 1, 0, texts)[0]
    assert re.search(
        rf"^ +{share:.0%}  from {re.escape(run.words(between[-1]))} +to "
        rf"{re.escape(run.words(between[0]))} +in ",
        out,
        re.M,
    )
    assert f"and most at {run.words(*most_attended(run.model, texts)[1][0])} " in out
    scores, chance = roles(run.model, texts)
    for role in scores:
        assert f"{role} {scores[role][1, 0]:.0%} (chance {chance[role]:.0%})" in out


def test_a_long_text_is_cut_to_the_terminal(show, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = show("attention", "She sells sea shells by the sea shore. She sells.").splitlines()
    assert max(map(len, lines[:12])) <= 60 and lines[13].startswith("12 of 13 tokens")


def test_the_contact_sheet_shows_of_every_head_role_score_chance_and_what_it_likes(
    show, run, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    out = show("attention", "She sells", "--all")
    assert re.findall(r"head \d\.\d", out) == ["head 0.0", "head 0.1", "head 1.0", "head 1.1"]
    assert len(re.findall(r"\d+%, chance \d+%", out)) == 4
    favourites = most_attended(run.model, run.held_out(20))[1][1]
    assert run.words(*favourites)[:19] in out
    scores, chance = roles(run.model, run.held_out(20))
    best = best_role(scores, chance, 0, 1)
    label = re.escape(show_model.role_label(best))
    assert re.search(rf"{label}.*\n.*{best.score:.0%}, chance {best.chance:.0%}", out)
    assert max(map(len, out.splitlines())) <= 100


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_the_targets_of_each_role_are_what_its_name_says(ids):
    T = len(ids)
    at = {
        "previous token": lambda i, j: j == i - 1,
        "first token": lambda i, j: j == 0 < i,
        "duplicate token": lambda i, j: j < i and ids[j] == ids[i],
        "induction": lambda i, j: 0 < j < i and ids[j - 1] == ids[i],
    }
    expected = {
        role: [[is_target(i, j) for j in range(T)] for i in range(T)]
        for role, is_target in at.items()
    }
    assert {role: mask.tolist() for role, mask in role_targets(ids).items()} == expected


def attending(pattern):
    """A stand-in for a model with one head, which looks where pattern(ids) says (T, T)."""

    class Model:
        unembed = torch.nn.Linear(1, 50)  # of 50 kinds of token

        def __call__(self, ids):
            return None, [pattern(ids[0])[None, None]]

    return Model()


def previous(ids):
    return torch.ones(len(ids), len(ids)).tril(-1).triu(-1)


def everywhere(ids):
    even = torch.ones(len(ids), len(ids)).tril()
    return even / even.sum(-1, keepdim=True)


def test_a_head_that_looks_at_the_previous_token_scores_one_in_that_role():
    scores, chance = roles(attending(previous), [[1, 2, 3, 4], [5, 6, 7]])
    assert best_role(scores, chance, 0, 0) == (
        "previous token",
        1,
        pytest.approx((1 / 2 + 1 / 3 + 1 / 4 + 1 / 2 + 1 / 3) / 5),
        "clear",
    )
    assert scores["first token"].item() == pytest.approx(2 / 5)  # of five places, two come second


def test_a_head_that_looks_everywhere_alike_scores_chance_and_has_no_clear_role():
    scores, chance = roles(attending(everywhere), [list(range(40)) * 2])
    for role in scores:
        assert scores[role].item() == pytest.approx(chance[role], rel=1e-4)
    assert best_role(scores, chance, 0, 0).confidence == "none"


@pytest.mark.parametrize(
    "score, confidence, label",
    [
        (0.9, "clear", "induction"),
        (0.25, "clear", "induction"),
        (0.24, "weak", "(induction)"),
        (0.1, "weak", "(induction)"),
        (0.09, "none", "no clear role"),
        (0.05, "none", "no clear role"),
    ],
)
def test_a_role_needs_a_quarter_of_the_attention_and_twice_chance(score, confidence, label):
    scores = {"duplicate token": torch.tensor([[0.01]]), "induction": torch.tensor([[score]])}
    best = best_role(scores, {"duplicate token": 0.05, "induction": 0.05}, 0, 0)
    assert best == ("induction", pytest.approx(score), 0.05, confidence)
    assert show_model.role_label(best) == label


def test_a_head_that_looks_at_the_sevens_likes_sevens():
    def sevens(ids):
        return torch.stack(
            [
                F.one_hot((ids[: t + 1] == 7).float().argmax(), len(ids)).float()
                for t in range(len(ids))
            ]
        )

    favourites = most_attended(attending(sevens), [[1, 2, 7, 3, 4, 7, 5], [7, 6, 2, 8, 2]], n=1)
    assert favourites == [[[7]]]


def test_a_head_likes_what_gets_more_than_an_even_look_would_give_it():
    texts = [[0, 1, 1, 1, 1, 1, 1, 1, 2]]  # the ones get most, for being many
    assert most_attended(attending(previous), texts, n=3) == [[[1]]]  # and no others
    only_first = attending(lambda ids: F.one_hot(ids * 0, len(ids)).float())
    assert most_attended(only_first, texts, n=1) == [[[0]]]


# ---------------------------------------------------------------------------------------------
# Generating


def plain_logits(run, ids):
    return run.model(torch.tensor([ids]))[0][0, -1]


@given(data=st.data())
def test_with_a_memory_the_logits_are_those_of_the_plain_forward(run, data):
    ids = data.draw(st.lists(st.integers(0, 37), min_size=1, max_size=64))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(ids)), max_size=6)) | {len(ids)})
    memories, done = [KVCache() for _ in run.model.blocks], 0
    with torch.inference_mode():
        for cut in cuts:
            logits = next_logits(run.model, ids[done:cut], done, memories)
            torch.testing.assert_close(logits, plain_logits(run, ids[:cut]), atol=1e-4, rtol=1e-4)
            done = cut


def test_each_token_goes_through_the_model_once_until_the_context_is_full(run):
    read = []
    hook = run.model.blocks[0].register_forward_pre_hook(
        lambda module, given: read.append(given[0].shape[1])
    )
    tokens = list(stream(run, "She sells"))
    hook.remove()
    prompt = len(run.ids("She sells"))
    assert len(tokens) == 64 - prompt
    assert read == [prompt] + [1] * (63 - prompt)


def test_without_a_flag_the_temperature_is_that_of_the_run(tmp_path, show):
    (tmp_path / "sea.txt").write_text(SEA, "utf-8")
    train_in(tmp_path, *SMALL, "--dataset", "sea.txt", "--steps", 2, "--temperature", 0.3)
    words = ("generate", "She", "--run", tmp_path / "runs" / "sea", "--tokens", 20)
    assert show(*words) == show(*words, "--temperature", 0.3)
    assert show(*words) != show(*words, "--temperature", 0.8)


def test_temperature_zero_always_takes_what_is_likeliest(run, show):
    ids = run.ids("She")
    for _ in range(20):
        ids.append(plain_logits(run, ids).argmax().item())
    expected = run.tokenizer.decode(ids)
    assert show("generate", "She", "--temperature", 0, "--tokens", 20) == expected + "\n"


@given(
    st.lists(st.integers(-80, 80).map(lambda n: n / 10), min_size=1, max_size=20),
    st.floats(0.1, 3),
    st.integers(0, 25),
    st.floats(0.05, 1),
)
def test_sampling_is_among_the_likeliest_and_in_proportion(logits, temperature, top_k, top_p):
    logits = torch.tensor(logits)
    p = sampling_probs(logits, temperature, top_k, top_p)
    assert p.sum().item() == pytest.approx(1, abs=1e-5)
    kept = p > 0
    assert kept[logits.argmax()] or p[logits == logits.max()].sum() > 0
    assert not top_k or kept.sum() <= top_k
    if kept.any() and not kept.all():  # nothing that is left out is likelier than what is kept
        assert logits[~kept].max() <= logits[kept].min()
    full = (logits / temperature).softmax(0)
    torch.testing.assert_close(p[kept], full[kept] / full[kept].sum(), atol=1e-5, rtol=1e-4)


def test_top_p_keeps_as_few_as_reach_the_sum():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert sampling_probs(logits, top_p=0.5).tolist() == pytest.approx([1, 0, 0, 0])
    assert sampling_probs(logits, top_p=0.7).tolist() == pytest.approx([0.625, 0.375, 0, 0])
    # Of three that are left, with 0.53, 0.32 and 0.16, the first two reach 0.83.
    assert sampling_probs(logits, top_k=3, top_p=0.83).tolist() == pytest.approx(
        [0.625, 0.375, 0, 0]
    )


def test_a_seed_repeats_a_text_and_another_one_writes_another(show):
    one, again, other = (
        show("generate", "She", "--seed", seed, "--temperature", 1.5) for seed in (1, 1, 2)
    )
    assert one == again != other and one.startswith("She")


def test_alternatives_list_the_ten_likeliest_and_their_probabilities(show, run):
    line = show("generate", "She", "--alternatives", "--tokens", 1).splitlines()[1]
    p, ids = plain_logits(run, run.ids("She")).softmax(0).topk(10)
    expected = "  ".join(f"{show_whitespace(run.vocab[i])} {q:.0%}" for q, i in zip(p, ids))
    assert line.split("  of  ")[1] == expected


def test_samples_has_a_line_for_each_snapshot_from_noise_on(show, run):
    lines = show("samples", "She", "--tokens", 4, "--temperature", 0).splitlines()
    assert [int(line.split()[1]) for line in lines] == run.steps
    assert run.steps[0] == 0 and run.steps[-1] == 60
    for step, line in ((0, lines[0]), (60, lines[-1])):
        ids, model = run.ids("She"), run.at(step)
        for _ in range(4):
            ids.append(model(torch.tensor([ids]))[0][0, -1].argmax().item())
        said = run.tokenizer.decode(ids[len(run.ids("She")) :]).replace("\n", " / ")
        assert line == f"step {step:>6}  {said}"


def test_samples_ends_at_the_step_that_was_asked_for(show, run):
    lines = show("samples", "She", "--tokens", 2, "--step", run.steps[1]).splitlines()
    assert [int(line.split()[1]) for line in lines] == run.steps[:2] != run.steps


# ---------------------------------------------------------------------------------------------
# Talking


def test_a_conversation_goes_on_until_an_empty_line(show):
    out = show("chat", "--run", "runs/snail", typed=["hello", "what is the moon?", ""])
    assert out.startswith("You are talking to pip. An empty line ends the chat.\npip:")
    assert len(re.findall("^pip:", out, re.M)) == 2


def test_capital_letters_are_made_small_and_it_says_so(show):
    out = show("chat", "--run", "runs/snail", typed=["Hello, I am Mia!"])
    assert (
        "(No token for ! H I M: it does not occur in the corpus. The model reads: hello, i am mia)"
    ) in out


def test_the_same_question_gets_another_answer_the_next_time(show):
    out = show("chat", "--run", "runs/snail", "--temperature", 2, typed=["hello"] * 2)
    first, second = re.findall("^pip:.*", out, re.M)
    assert first != second


def test_ctrl_c_ends_a_chat(monkeypatch, capsys):
    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    assert read_line("you: ") == ""


def test_what_does_not_fit_into_the_context_is_forgotten_aloud(show):
    out = show(
        "chat",
        "--run",
        "runs/snail",
        "--temperature",
        0,
        typed=["hello", "do you like rain? " * 3, "hello " * 200, "hello"],
    )
    assert out.count("(Its context of 96 tokens is full: it forgets the oldest lines.)") == 2
    assert len(re.findall("^pip:", out, re.M)) == 3  # none to the line that is too long by itself


def test_a_chat_ends_with_its_input(home):
    done = in_a_process(home, "chat", "--run", "runs/snail", input="hello\n")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_that_tells_stories_does_not_chat(show):
    with pytest.raises(BadInput, match="learned from sea.txt, not from conversations: train"):
        show("chat")


# ---------------------------------------------------------------------------------------------
# The tour, the screen, and mistakes


def test_without_a_verb_there_is_a_tour_of_the_newest_run_on_two_screens(show, run):
    out = show()
    assert out.startswith("runs/sea, step 60 of 60: trained on sea.txt, 2 layers x 2 heads, ")
    assert run.prompts[0] in out
    p, ids = plain_logits(run, run.ids(run.prompts[0])).softmax(0).topk(5)
    believed = re.findall(r"^ +(\d\.\d\d)  (\S+)", out, re.M)
    assert believed == [(f"{q:.2f}", run.words(i)) for q, i in zip(p, ids)]
    for verb in show_model.VERBS:
        assert verb in out.splitlines()[-1]
    assert len(out.splitlines()) <= 60


def test_every_verb_takes_a_step_before_or_behind_it(show):
    before, behind = show("--step", 0, "neighbours", "sea"), show("neighbours", "sea", "--step", 0)
    assert before == behind != show("neighbours", "sea")


def test_a_text_needs_no_quotes(show):
    assert show("tokens", "She", "sells") == show("tokens", "She sells")


def test_which_run_is_shown_is_said_unless_it_was_named(home):
    assert in_a_process(home, "tokens", "She").stderr == "(runs/sea, step 60)\n"
    assert in_a_process(home, "tokens", "She", "--run", "runs/sea").stderr == ""


def test_what_is_piped_has_no_colours_and_a_terminal_has(home):
    assert "\x1b" not in in_a_process(home, "generate", "She").stdout
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment["TERM"] = "xterm-256color"
    subprocess.run(
        [sys.executable, ROOT / "show_model.py", "generate", "She"],
        cwd=home,
        stdout=theirs,
        env=environment,
        check=True,
        timeout=PATIENCE,
    )
    os.close(theirs)
    assert b"\x1b[48;5;" in os.read(ours, 10_000)


def test_colours_go_from_red_to_green_and_never_across_a_line(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert color_token("a", 0.01) == "\x1b[48;5;52;97ma\x1b[0m"
    assert color_token("a\n\nb", 1.0) == "\x1b[48;5;22;97ma\x1b[0m\n\n\x1b[48;5;22;97mb\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert color_token("a", 1.0) == "a"


def test_a_reader_who_has_seen_enough_is_no_error(home):
    done = subprocess.run(
        "unset PYTHONUNBUFFERED; "  # without it, what is printed waits for the end
        f"'{sys.executable}' '{ROOT}/show_model.py' weights --run runs/sea | true; "
        "echo ${PIPESTATUS[0]}",
        cwd=home,
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.stderr, done.stdout) == ("", "0\n")  # it left before the first line came


@pytest.mark.parametrize(
    "words, says",
    [
        (["generate", "She", "--tokens", "-5"], "--tokens -5 makes no sense: at least 0."),
        (["--run", "nowhere"], "nowhere is not a run (it has no settings.json): name the fo"),
        (
            ["--step", "7", "weights"],
            "The weights of step 7 were not saved. Choose --step from 0, ",
        ),
        (
            ["attention", "She", "--layer", "2"],
            "There is no layer 2 in this model: --layer goes from 0 to 1.",
        ),
        (
            ["attention", "She", "--head", "-1"],
            "There is no head -1 in this model: --head goes from 0",
        ),
        (["neurons", "--neuron", "64"], "There is no neuron 64 in this model"),
        (
            ["generate", "She", "--temperature", "-1"],
            "Temperature -1.0, top-k 0, top-p 1.0: the first",
        ),
        (["generate", "She", "--temperature", "nan"], "Temperature nan"),
        (["generate", "She", "--top-p", "0"], "top-p 0.0: the first two have to be at least 0"),
        (["samples", "She", "--top-k", "-2"], "top-k -2"),
        (["generate", "Zebra"], "No token for 'Z', character 1 of 'Zebra'"),
        (["generate", "sea " * 70], "tokens, and this model sees 1 to 64 at once: choose another"),
        (["attention", ""], "The text has 0 tokens"),
    ],
)
def test_a_mistake_gets_a_sentence_and_exit_code_2(ends, words, says):
    run = () if "--run" in words else ("--run", "runs/sea")
    code, out, err = ends(*words, *run)
    assert (code, out) == (2, "")
    assert says in err and len(err.splitlines()) == 1


def test_an_unknown_verb_is_told_which_there_are(ends):
    code, _, err = ends("dance")
    assert code == 2 and "samples" in err


def test_without_any_run_it_says_how_to_get_one(tmp_path):
    done = in_a_process(tmp_path, "weights")
    assert done.returncode == 2
    assert done.stderr == (
        "There is no run in runs/ yet: train a model first (python train.py), "
        "or name the folder of one (--run).\n"
    )


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("snapshots/000060.pt", b"", "snapshots/000060.pt in "),
        ("tokenizer.json", b'{"vocab": [', "tokenizer.json in "),
        ("corpus.json", b"", "corpus.json in "),
        ("corpus.json", None, "corpus.json in "),
        ("tokens/validation.bin", b"odd", "tokens/validation.bin in "),
        ("tokens/validation.bin", None, "tokens/validation.bin in "),
        ("settings.json", b"{", "settings.json in "),
        ("settings.json", b"[]", "settings.json in "),
        ("hashes.jsonl", None, "has no hashes.jsonl"),
        ("settings.json", b'{"preset": "a"}', "was written by another version of train.py"),
    ],
)
def test_what_is_missing_or_damaged_is_named(home, tmp_path, monkeypatch, name, content, says):
    run = shutil.copytree(home / "runs" / "sea", tmp_path / "sea")
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["show_model.py", "--run", str(run)])
    with pytest.raises(BadInput) as error:
        show_model.main()
    assert says in str(error.value) and str(run) in str(error.value)


def test_a_damaged_snapshot_leaves_the_others_to_be_seen(home, tmp_path):
    run = shutil.copytree(home / "runs" / "sea", tmp_path / "sea")
    path = run / "snapshots" / "000000.pt"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(BadInput, match="snapshots/000000.pt in .* is missing or damaged"):
        Run(run, 0)
    assert Run(run).step == 60


def test_settings_of_another_version_are_refused_with_what_differs(home, tmp_path):
    run = shutil.copytree(home / "runs" / "sea", tmp_path / "sea")
    settings = read_json(run / "settings.json")
    del settings["n_head"]
    write_json(run / "settings.json", {**settings, "n_hands": 2})
    with pytest.raises(BadInput, match="version 0.1.0 of train.py .*differs in n_hands, n_head"):
        Run(run)


def test_a_run_that_goes_on_is_shown_as_far_as_it_is(home, tmp_path):
    run = shutil.copytree(home / "runs" / "sea", tmp_path / "sea")
    for path in (
        *sorted((run / "snapshots").glob("*"))[1:],
        run / "metrics.json",
        run / "checkpoint.pt",
        run / "log.jsonl",
    ):
        path.unlink()
    (run / "snapshots" / "._000000.pt").write_bytes(b"left by another system")
    assert Run(run).step == 0


def test_tiny_models_are_shown_too(tmp_path, monkeypatch, capsys):
    (tmp_path / "bits.txt").write_text("0110" * 500)
    train_in(
        tmp_path,
        *SMALL,
        "--dataset",
        "bits.txt",
        "--steps",
        1,
        "--vocab-size",
        0,
        "--n-head",
        1,
        "--n-layer",
        1,
        "--n-ff",
        2,
        "--n-ctx",
        2,
    )
    monkeypatch.chdir(tmp_path)
    for words in (
        [],
        ["neurons"],
        ["attention", "01"],
        ["attention", "--all"],
        ["weights"],
        ["neighbours", "0"],
        ["samples"],
        ["generate", "0", "--seed", "9" * 30],
        ["generate", "0", "--temperature", "1e-40"],
    ):
        monkeypatch.setattr(sys, "argv", ["show_model.py", *words])
        show_model.main()
        assert capsys.readouterr().out


def test_what_a_tensor_is_for_is_known_for_every_tensor():
    s = train.Settings(n_layer=1, n_embd=8, n_head=2, n_ff=8, n_ctx=4)
    names = {name.split(".")[-2] for name, _ in train.GPT(s, 5).named_parameters()}
    assert names == set(MEANING)


def test_a_layer_that_is_left_out_is_not_checked():
    run = SimpleNamespace(s=train.Settings())
    Run.check(run, layer=3)
    with pytest.raises(BadInput, match="There is no layer 4"):
        Run.check(run, layer=4)
