"""What is measured inside a model: its heads, neurons and embeddings, against plain PyTorch and numpy."""

import copy
import re
import subprocess
import sys

import show_model
import train
from helpers import (
    ROOT,
    logits,
    principal,
    tiny,
    train_in,
)
from terrarium.interpret import (
    MEANING,
    ablated_losses,
    ablated_repeat_gain,
    affordable,
    attention_entropy,
    attention_weights,
    best_role,
    direct_logit_effect,
    max_activating_examples,
    most_attended,
    most_missed,
    pca,
    rare_and_strong,
    repeat_gain,
    repeated_tokens,
    role_scores,
    strongest_attention,
    token_losses,
    uniform_entropy,
)
from terrarium.trained import Run

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

HEADS = [(layer, head) for layer in range(2) for head in range(2)]


def test_what_a_tensor_is_for_is_known_for_every_tensor():
    s = train.Settings(n_layer=1, n_embd=8, n_head=2, n_ff=8, n_ctx=4)
    names = {name.split(".")[-2] for name, _ in train.GPT(s, 5).named_parameters()}
    assert names == set(MEANING)


# ---------------------------------------------------------------------------------------------
# Heads


def test_the_strongest_attention_of_a_head_is_its_largest_weights(trained_run):
    texts = trained_run.held_out(20)
    found = strongest_attention(trained_run.model, 1, 0, texts, n=4)
    weights = [weight for weight, _ in found]
    tables = [attention_weights(trained_run.model, ids)[1, 0].tril(-1)[:, 1:] for ids in texts]
    assert weights == sorted(weights, reverse=True) and len(found) == 4
    assert weights[0] == max(w.max().item() for w in tables if w.numel())
    assert len({(between[0], between[-1]) for _, between in found}) == 4
    for weight, between in found:
        assert len(between) > 1 and any(
            ids[j : j + len(between)] == between and w[j + len(between) - 1, j - 1] == weight
            for ids, w in zip(texts, tables)
            for j in range(1, len(ids))
        )


def attending(pattern, n_ctx=64, vocab_size=50):
    """A stand-in for a model with one head, which looks where pattern(ids) says (T, T)."""

    class Model:
        unembed = torch.nn.Linear(1, vocab_size)
        position_embedding = torch.nn.Embedding(n_ctx, 1)

        def __call__(self, ids):
            return None, [pattern(ids[0])[None, None]]

    return Model()


def previous(ids):
    pattern = torch.ones(len(ids), len(ids)).tril(-1).triu(-1)
    pattern[0, 0] = 1
    return pattern


def everywhere(ids):
    even = torch.ones(len(ids), len(ids)).tril()
    return even / even.sum(-1, keepdim=True)


def resting(ids):
    return F.one_hot(ids * 0, len(ids)).float()


def copying(offset):
    """Looks at an earlier copy of the token, or so many tokens after it; else at the first token."""

    def pattern(ids):
        targets = [0] * len(ids)
        for query in range(len(ids)):
            copies = [key for key in range(query) if ids[key] == ids[query]]
            if copies:
                targets[query] = copies[-1] + offset
        return F.one_hot(torch.tensor(targets), len(ids)).float()

    return pattern


def five_back(ids):
    return F.one_hot((torch.arange(len(ids)) - 5).clamp_min(0), len(ids)).float()


TEXTS = [[0, *range(1, 40)], [0, 7, 8, 9, *range(20, 40)]]


@pytest.mark.parametrize(
    "pattern, role",
    [
        (previous, "previous token"),
        (resting, "first token"),
        (copying(0), "duplicate token"),
        (copying(1), "induction"),
        (everywhere, None),
        (five_back, None),
    ],
)
@pytest.mark.parametrize("start", [[0], []])
def test_a_head_has_the_role_that_it_plays_and_no_other(pattern, role, start):
    scores, chance = role_scores(attending(pattern), TEXTS, start)
    best = best_role(scores, chance, gain=3, layer=0, head=0)
    assert best.role == role
    if role:
        assert best.score == pytest.approx(1) and best.confidence == "clear"
        assert best.chance == chance[role] < 0.2
        others = {other: scores[other].item() for other in scores if other != role}
        if role not in ("induction", "duplicate token"):  # which rest at the first token
            assert max(others.values()) < 0.1
    else:
        assert best == (None, None, None, "none")


def test_a_head_that_looks_everywhere_alike_scores_chance():
    scores, chance = role_scores(attending(everywhere), TEXTS, [0])
    for role in scores:
        assert scores[role].item() == pytest.approx(chance[role], rel=1e-4)


def test_a_head_that_likes_frequent_words_passes_for_none():
    """On ordinary text such a head meets many targets of duplicate token and induction."""

    def sevens(ids):
        liked = 1 + 30.0 * (ids == 7)
        weights = liked[None].repeat(len(ids), 1).tril()
        return weights / weights.sum(-1, keepdim=True)

    texts = [[0, *[7, 8, 9, 7, 10, 7] * 6]]
    scores, chance = role_scores(attending(sevens), texts, [0])
    assert best_role(scores, chance, 3, 0, 0).role is None


@pytest.mark.parametrize(
    "score, chance, gain, role, confidence",
    [
        (0.9, 0.05, 3, "induction", "clear"),
        (0.5, 0.05, 0.7, "induction", "clear"),
        (0.49, 0.05, 3, "induction", "weak"),
        (0.25, 0.05, 3, "induction", "weak"),
        (0.24, 0.05, 3, None, "none"),
        (0.39, 0.2, 3, None, "none"),
        (0.9, 0.05, 0.69, None, "none"),
        (0.9, 0.05, -1, None, "none"),
    ],
)
def test_a_role_needs_attention_well_above_chance_and_induction_a_gain(
    score, chance, gain, role, confidence
):
    best = best_role({"induction": torch.tensor([[score]])}, {"induction": chance}, gain, 0, 0)
    assert (best.role, best.confidence) == (role, confidence)
    assert (
        show_model.role_label(best)
        == {
            "none": "no role",
            "weak": "(induction)",
            "clear": "induction",
        }[confidence]
    )


def test_a_head_that_copies_and_rests_at_the_first_token_is_a_head_that_copies():
    scores = {"first token": torch.tensor([[0.9]]), "induction": torch.tensor([[0.6]])}
    chance = {"first token": 0.05, "induction": 0.05}
    assert best_role(scores, chance, 3, 0, 0).role == "induction"
    assert best_role(scores, chance, 0, 0, 0).role == "first token"


@pytest.mark.parametrize("start", [[0], []])
@pytest.mark.parametrize("n_ctx, vocab_size", [(64, 500), (20, 500), (64, 11), (256, 65)])
def test_random_tokens_are_repeated_once_and_fit_into_the_context(start, n_ctx, vocab_size):
    sequences = repeated_tokens(attending(previous, n_ctx, vocab_size), start)
    assert len({length for _, length in sequences}) > 1
    for ids, length in sequences:
        once = ids[len(start) :][:length]
        assert ids == start + once + once and len(ids) <= n_ctx
        assert len(set(once)) == length and not set(once) & set(start)
        assert set(once) <= set(range(vocab_size))


def test_in_a_context_too_small_for_repeats_only_positions_are_tested():
    model = attending(previous, n_ctx=12)
    scores, chance = role_scores(model, TEXTS, [0])
    assert set(scores) == set(chance) == {"previous token", "first token"}
    assert best_role(scores, chance, 0, 0, 0).role == "previous token"
    assert repeat_gain(tiny(), [0]) == 0 and not ablated_repeat_gain(tiny(), [0]).any()


def test_texts_of_two_tokens_say_nothing_about_positions():
    assert role_scores(attending(previous, n_ctx=8), [[1, 2], [3]], []) == ({}, {})


def test_the_gain_is_the_loss_of_the_first_copies_minus_that_of_the_second():
    model, start = tiny(n_ctx=19), [0]
    first, second = [], []
    for ids, length in repeated_tokens(model, start):
        losses = F.cross_entropy(logits(model, ids)[:-1], torch.tensor(ids[1:]), reduction="none")
        first.append(losses[1:length])  # a token that begins a copy is left out
        second.append(losses[1 + length :])
    expected = torch.cat(first).mean() - torch.cat(second).mean()
    assert repeat_gain(model, start) == pytest.approx(expected.item(), abs=1e-4)
    with torch.no_grad():
        for block in model.blocks:
            block.output.weight[:, :4] = 0  # of head 0
    ablated_gain = ablated_repeat_gain(model, start)
    assert ablated_gain[:, 0].tolist() == pytest.approx([repeat_gain(model, start)] * 2, abs=1e-4)


@pytest.fixture(scope="module")
def repeats(tmp_path_factory):
    """The run that docs/induction.md describes: its program, and its settings."""
    document = (ROOT / "docs" / "induction.md").read_text("utf-8")
    program, commands, *_ = re.findall(r"^```\n(.*?)^```", document, re.M | re.S)
    flags = re.search(r"train\.py (.*)", commands)[1].split()
    home = tmp_path_factory.mktemp("induction")
    (home / "repeats.py").write_text(program, "utf-8")
    subprocess.run([sys.executable, "repeats.py"], cwd=home, check=True)
    train_in(home, *flags, "--device", "cpu", "--precision", "float32")
    return Run(home / "runs" / "repeats")


def test_a_head_that_learned_to_copy_is_found(repeats):
    model, start = repeats.model, repeats.tokenizer.start
    scores, chance = role_scores(model, repeats.held_out(20), start)
    gain, ablated_gain = repeat_gain(model, start), ablated_repeat_gain(model, start)
    roles = [best_role(scores, chance, gain, 1, head) for head in range(2)]
    copying_heads = [head for head in range(2) if roles[head].role == "induction"]
    assert copying_heads and max(roles[head].score for head in copying_heads) > 0.5
    assert gain > 1.5
    assert ablated_gain[1].min() < gain - 0.5, "without the better of the two, less is copied"
    before = [best_role(scores, chance, gain, 0, head).role for head in range(2)]
    assert "previous token" in before and "induction" not in before


def test_before_it_learned_anything_it_copied_nothing(repeats):
    model, start = repeats.at(0), repeats.tokenizer.start
    scores, chance = role_scores(model, repeats.held_out(20), start)
    gain = repeat_gain(model, start)
    assert abs(gain) < 0.1
    assert {best_role(scores, chance, gain, *head).role for head in HEADS} == {None}


def test_no_head_of_a_small_ordinary_model_is_called_induction(trained_run):
    model, start = trained_run.model, trained_run.tokenizer.start
    scores, chance = role_scores(model, trained_run.held_out(20), start)
    gain = repeat_gain(model, start)
    assert "induction" not in [best_role(scores, chance, gain, *head).role for head in HEADS]


def test_a_head_that_looks_at_the_sevens_likes_sevens():
    def sevens(ids):
        first_seven = [(ids[: t + 1] == 7).float().argmax() for t in range(len(ids))]
        return F.one_hot(torch.stack(first_seven), len(ids)).float()

    ((found,),) = most_attended(attending(sevens), [[1, 2, 7, 3, 4, 7, 5], [7, 6, 2, 8, 2]], n=1)
    (seven,) = found
    assert seven.id == 7 and seven.fraction == pytest.approx(10 / 12)
    uniform = (1 / 3 + 1 / 4 + 1 / 5 + 2 / 6 + 2 / 7) + (1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5)
    assert seven.uniform_fraction == pytest.approx(uniform / 12)


def test_a_head_likes_what_gets_more_than_an_even_look_would_give_it():
    texts = [[0, 1, 1, 1, 1, 1, 1, 1, 2]]  # the ones get most, for being many
    ((liked,),) = most_attended(attending(previous), texts)
    assert [one.id for one in liked] == [1]  # and no others
    ((liked,),) = most_attended(attending(resting), texts, n=1)
    assert [one.id for one in liked] == [0]
    assert most_attended(attending(everywhere), texts) == [[[]]]


def test_the_tokens_that_are_missed_most_are_those_whose_loss_rises_most():
    texts = [[9, *[1, 2, 3] * 5], [9, *[1, 2] * 3, 4]]
    rise_of = {1: 0.5, 2: 2.0, 3: 0.001, 4: 9.0}  # 4 occurs once: that says little
    rises = torch.tensor([rise_of[i] for ids in texts for i in ids[1:]])
    assert most_missed(texts, rises) == [
        (2, pytest.approx(2), 8),
        (1, pytest.approx(0.5), 8),
    ]
    assert most_missed(texts, rises, n=1) == [(2, pytest.approx(2), 8)]
    assert most_missed(texts, -rises) == []


def test_a_large_model_is_read_without_each_head_on_fewer_texts():
    texts = [[i] * 10 for i in range(40)]
    assert affordable(tiny(), texts) == texts
    few = affordable(tiny(), texts, limit=1)
    assert len(few) == 3 and few[0] == texts[0] and few[-1][0] > 20
    assert affordable(tiny(), texts[:2], limit=1) == texts[:2]


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
    assert token_losses(model, texts).mean().item() == pytest.approx(whole, rel=1e-5)
    np.testing.assert_allclose(
        ablated_losses(model, texts).mean(-1),
        [[losses[0, 0], losses[0, 1]], [losses[1, 0], losses[1, 1]]],
        rtol=1e-5,
    )


def test_the_mean_entropy_is_that_of_all_positions():
    model, texts = tiny(), [[1, 2, 3, 4], [5], [6, 7]]
    rows = [
        row for ids in texts for row in attention_weights(model, ids).permute(2, 0, 1, 3)
    ]  # (L, H, T) of each position
    expected = sum(torch.special.entr(row).sum(-1) for row in rows) / 7
    torch.testing.assert_close(attention_entropy(model, texts), expected)


def test_the_entropy_of_uniform_attention_is_that_of_a_head_that_looks_everywhere_alike():
    found = attention_entropy(attending(everywhere), TEXTS)
    assert uniform_entropy(TEXTS) == pytest.approx(found.item(), rel=1e-4)


# ---------------------------------------------------------------------------------------------
# Neurons


def test_the_snippets_of_a_neuron_differ():
    texts = [[1, 2, 3], [1, 2, 3], [4, 2, 3]]
    fired = torch.tensor([0, 0, 5, 0, 0, 6, 0, 0, 4.0])
    assert max_activating_examples(fired, texts, 2) == [(6, [1, 2], [3], []), (4, [4, 2], [3], [])]


def test_neurons_that_fire_rarely_but_strongly_come_first():
    fired = torch.zeros(100, 7)
    fired[:, 0], fired[::2, 1], fired[5, 2] = 1, 1, 1  # always; at every second token; once
    assert rare_and_strong(fired, 2) == [2, 1]


def test_a_neuron_speaks_for_the_tokens_whose_logits_it_raises(trained_run):
    """Where the vector is much larger than what the neuron writes, LayerNorm is nearly linear."""
    model = copy.deepcopy(trained_run.model)
    torch.manual_seed(0)
    with torch.inference_mode():
        written = model.blocks[0].down.weight[:, 3]
        written += 5  # what is written to all places alike does not get through LayerNorm
        x = torch.randn(20_000, 32)
        change = model.unembed(model.norm(x + 0.01 * written)) - model.unembed(model.norm(x))
    assert direct_logit_effect(model, 0, 3, 3) == change.mean(0).topk(3).indices.tolist()


# ---------------------------------------------------------------------------------------------
# Embeddings


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
