"""Attention and the model around it, with PyTorch's own attention and transformer as the oracle."""

import math

from train import GPT, Settings, attention, fused_attention

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

SMALL = Settings(n_layer=2, n_head=2, n_embd=12, n_ff=20, n_ctx=16)


@st.composite
def query_key_value(draw):
    """Random q, k, v (B, H, T, D) with T different from D; some of them large."""
    T = draw(st.integers(1, 12))
    D = draw(st.integers(1, 9).filter(lambda D: D != T))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)), T, D)
    rng = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    size = draw(st.sampled_from([0.1, 1.0, 3.0]))
    return [size * torch.randn(shape, generator=rng) for _ in range(3)]


@pytest.fixture
def small_gpt():
    """A GPT of 30 tokens with weights large enough for every part of it to matter."""
    torch.manual_seed(0)
    model = GPT(SMALL, 30)
    for p in model.parameters():
        nn.init.normal_(p, std=0.4)
    return model.eval()


# ------------------------------------------------------------------------------ attention


def test_two_tokens_with_a_score_of_ln_3_more_for_the_second_are_mixed_one_to_three():
    q = torch.tensor([[5.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    k = torch.tensor([[0.0, 0.0, 0.0, 0.0], [2 * math.log(3), 0.0, 0.0, 0.0]])  # √D is 2
    v = torch.tensor([[4.0, 0.0, 1.0, 0.0], [8.0, 4.0, 1.0, 0.0]])
    mixed, weights = attention(q[None, None], k[None, None], v[None, None])
    torch.testing.assert_close(weights, torch.tensor([[[[1.0, 0.0], [0.25, 0.75]]]]))
    torch.testing.assert_close(
        mixed, torch.tensor([[[[4.0, 0.0, 1.0, 0.0], [7.0, 3.0, 1.0, 0.0]]]])
    )


@given(query_key_value())
def test_attention_is_the_causal_scaled_dot_product_attention_of_pytorch(qkv):
    right = F.scaled_dot_product_attention(*qkv, is_causal=True)
    mixed, _ = attention(*qkv)
    torch.testing.assert_close(mixed, right, atol=1e-5, rtol=1e-5)


@given(query_key_value())
def test_fused_attention_agrees_and_shows_no_weights(qkv):
    mixed, weights = fused_attention(*qkv)
    torch.testing.assert_close(mixed, attention(*qkv)[0], atol=1e-5, rtol=1e-5)
    assert weights is None


@given(query_key_value())
def test_the_rows_of_the_weights_sum_to_one_and_nothing_is_above_the_diagonal(qkv):
    _, weights = attention(*qkv)
    B, H, T, _ = qkv[0].shape
    assert weights.shape == (B, H, T, T)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, H, T))
    assert weights.min() >= 0
    assert torch.equal(weights.triu(1), torch.zeros(B, H, T, T))


@given(query_key_value())
def test_the_weights_are_the_ones_that_mix_the_values(qkv):
    mixed, weights = attention(*qkv)
    torch.testing.assert_close(
        torch.einsum("bhts,bhsd->bhtd", weights, qkv[2]), mixed, atol=1e-5, rtol=1e-5
    )


@given(query_key_value())
def test_the_gradient_through_attention_is_that_of_pytorch(qkv):
    ours = [x.clone().requires_grad_() for x in qkv]
    theirs = [x.clone().requires_grad_() for x in qkv]
    attention(*ours)[0].square().sum().backward()
    F.scaled_dot_product_attention(*theirs, is_causal=True).square().sum().backward()
    for mine, right in zip(ours, theirs):
        torch.testing.assert_close(mine.grad, right.grad, atol=1e-3, rtol=1e-4)


def test_huge_scores_and_a_single_token_give_finite_results():
    torch.manual_seed(0)
    q, k, v = (1e4 * torch.randn(1, 1, 5, 3) for _ in range(3))
    mixed, weights = attention(q, k, v)
    assert mixed.isfinite().all() and weights.isfinite().all()
    alone, weight = attention(*(x[:, :, :1] for x in (q, k, v)))
    assert torch.equal(alone, v[:, :, :1]) and weight.item() == 1


def test_attention_works_in_bfloat16_too():
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 2, 7, 4) for _ in range(3))
    mixed, weights = attention(q.bfloat16(), k.bfloat16(), v.bfloat16())
    assert mixed.dtype == weights.dtype == torch.bfloat16
    torch.testing.assert_close(mixed.float(), attention(q, k, v)[0], atol=0.05, rtol=0.05)


# ------------------------------------------------------------------------------ the model


@settings(max_examples=25)
@given(st.integers(1, 15), st.integers(0, 2**31), st.sampled_from([attention, fused_attention]))
def test_changing_a_later_token_never_moves_an_earlier_output(position, seed, attention_fn):
    torch.manual_seed(seed)
    model = GPT(SMALL, 30).eval()
    before = torch.randint(30, (1, 16))
    after = before.clone()
    after[0, position] = (before[0, position] + 7) % 30
    a, b = [model(ids, attention_fn)[0] for ids in (before, after)]
    torch.testing.assert_close(a[:, :position], b[:, :position], atol=1e-6, rtol=0)
    assert not torch.allclose(a[:, position], b[:, position], atol=1e-4)


def test_changing_the_first_token_moves_every_output(small_gpt):
    before = torch.randint(1, 30, (1, 16))
    after = before.clone()
    after[0, 0] = 0
    moved = (small_gpt(before)[0] - small_gpt(after)[0]).abs().amax(-1)
    assert (moved > 1e-4).all()


def test_the_model_computes_what_the_transformer_of_pytorch_computes(small_gpt):
    s, ids = SMALL, torch.randint(30, (3, 11))
    stack = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(
            s.n_embd,
            s.n_head,
            s.n_ff,
            dropout=0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        ),
        s.n_layer,
        enable_nested_tensor=False,
    ).eval()
    for theirs, ours in zip(stack.layers, small_gpt.blocks):
        three = [ours.query.weight, ours.key.weight, ours.value.weight]
        theirs.load_state_dict(
            {
                "self_attn.in_proj_weight": torch.cat(three),
                "self_attn.in_proj_bias": torch.zeros(3 * s.n_embd),
                "self_attn.out_proj.weight": ours.output.weight,
                "self_attn.out_proj.bias": torch.zeros(s.n_embd),
                "linear1.weight": ours.up.weight,
                "linear1.bias": torch.zeros(s.n_ff),
                "linear2.weight": ours.down.weight,
                "linear2.bias": torch.zeros(s.n_embd),
                "norm1.weight": ours.attention_norm.weight,
                "norm1.bias": ours.attention_norm.bias,
                "norm2.weight": ours.feed_forward_norm.weight,
                "norm2.bias": ours.feed_forward_norm.bias,
            }
        )
    x = small_gpt.token_embedding(ids) + small_gpt.position_embedding.weight[:11]
    mask = nn.Transformer.generate_square_subsequent_mask(11)
    x = F.layer_norm(
        stack(x, mask, is_causal=True), (s.n_embd,), small_gpt.norm.weight, small_gpt.norm.bias
    )
    right = x @ small_gpt.unembed.weight.T
    for attention_fn in (attention, fused_attention):
        torch.testing.assert_close(small_gpt(ids, attention_fn)[0], right, atol=1e-4, rtol=1e-4)


def test_the_attention_weights_of_all_blocks_are_returned_in_order(small_gpt):
    expected = []

    def spy(q, k, v):
        expected.append(attention(q, k, v)[1])
        assert q.shape == k.shape == v.shape == (2, 2, 7, 6)
        return attention(q, k, v)

    _, weights = small_gpt(torch.randint(30, (2, 7)), spy)
    assert len(weights) == 2
    assert all(torch.equal(a, b) for a, b in zip(weights, expected))


def test_the_default_settings_make_a_model_of_820_992_parameters():
    model = GPT(Settings(), 768)
    assert sum(p.numel() for p in model.parameters()) == 820_992
    # 768 x 128 twice for the tokens, 256 x 128 positions, then 3 blocks of 12 x 128 x 128 and norms
    assert 2 * 98_304 + 32_768 + 3 * (196_608 + 512) + 256 == 820_992


def test_an_untrained_model_finds_every_token_about_as_likely():
    torch.manual_seed(1)
    logits, _ = GPT(Settings(), 512)(torch.randint(512, (2, 256)))
    loss = F.cross_entropy(logits.flatten(0, 1), torch.randint(512, (512,)))
    assert abs(loss.item() - math.log(512)) < 0.1


def test_dropout_changes_the_logits_in_training_and_not_afterwards():
    torch.manual_seed(0)
    model = GPT(Settings(n_layer=1, n_head=1, n_embd=8, n_ff=8, n_ctx=8, dropout=0.5), 30)
    ids = torch.randint(30, (1, 8))
    assert not torch.equal(model.train()(ids)[0], model(ids)[0])
    assert torch.equal(model.eval()(ids)[0], model(ids)[0])


def test_dropout_falls_on_the_embeddings_and_on_what_each_half_of_a_block_adds():
    model = GPT(SMALL, 30)
    shapes = []
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.register_forward_hook(lambda _, given, __: shapes.append(given[0].shape))
    model(torch.randint(30, (3, 7)))
    assert shapes == [(3, 7, 12)] * 5  # once for the tokens, twice for each of two blocks
