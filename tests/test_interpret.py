"""What is measured inside a model: its heads, neurons and embeddings, against plain PyTorch and numpy."""

import copy

import show_model
import train
from helpers import (
    logits,
    principal,
    tiny,
)
from terrarium.interpret import (
    MEANING,
    ablation,
    attention_entropy,
    attention_weights,
    best_role,
    direct_logit_effect,
    max_activating_examples,
    most_attended,
    pca,
    rare_and_strong,
    role_targets,
    roles,
    strongest_attention,
)

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st


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
