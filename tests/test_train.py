"""The loss, the update, the sampling and the learning rate, against the plainest way to compute each."""

import json
import math
from collections import Counter
from functools import partial
from types import SimpleNamespace

import data
import train
from helpers import TINY, batch_of, documents, learn
from train import (
    GPT,
    Muon,
    Settings,
    Tokenizer,
    attention,
    evaluate,
    fused_attention,
    generate,
    lr_multiplier,
    make_optimizers,
    newton_schulz,
    windows,
)

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def words():
    """A tokenizer with an end token, and a model of it whose guesses are far from even."""
    text = "the cat sat on the mat. the dog ran to the cat. "
    tokenizer = Tokenizer.train(Counter(Tokenizer.pre_tokenize(text * 3)), True, 40)
    torch.manual_seed(3)
    model = GPT(Settings(**TINY), len(tokenizer.vocab))
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.4)
    return tokenizer, model.eval()


# ------------------------------------------------------------------------------ the loss


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.integers(1, 12))
def test_windows_of_documents_predict_each_token_once_and_never_look_across_an_end(lengths, n_ctx):
    tokens = documents(lengths)
    spans = windows(tokens, 0, n_ctx)
    targets = [i for a, b in spans for i in range(a + 1, b + 1)]
    assert targets == list(range(1, len(tokens)))
    assert all(1 <= b - a <= n_ctx and 0 not in tokens[a + 1 : b] for a, b in spans)


@given(st.integers(2, 100), st.integers(1, 12))
def test_windows_of_one_long_text_predict_each_token_but_the_first_once(length, n_ctx):
    spans = windows(np.zeros(length, np.uint16), None, n_ctx)
    assert [i for a, b in spans for i in range(a + 1, b + 1)] == list(range(1, length))
    assert all(1 <= b - a <= n_ctx for a, b in spans)


def test_windows_of_a_small_text_are_these():
    tokens = np.array([0, 5, 6, 7, 0, 8, 0], np.uint16)
    assert windows(tokens, 0, 3) == [(0, 3), (3, 4), (4, 6)]
    assert windows(tokens, None, 4) == [(0, 4), (4, 6)]


@pytest.mark.parametrize("attend", [attention, fused_attention])
def test_evaluate_is_the_mean_cross_entropy_of_each_token_given_its_window(words, attend):
    _, model = words
    tokens = documents([3, 11, 1, 25, 7] * 10) % 20
    spans = windows(tokens, 0, 8)
    assert len(spans) > 2 * 32  # more than one batch of them
    losses = []
    for a, b in spans:
        logits = model(torch.tensor(tokens[a:b].astype(int))[None])[0][0]
        losses += F.cross_entropy(
            logits, torch.tensor(tokens[a + 1 : b + 1].astype(int)), reduction="none"
        ).tolist()
    assert len(losses) == len(tokens) - 1
    assert evaluate(model, tokens, spans, attend) == pytest.approx(sum(losses) / len(losses), 1e-5)


def test_evaluate_switches_dropout_off_and_leaves_the_random_numbers_alone():
    torch.manual_seed(0)
    model = GPT(Settings(**TINY, dropout=0.5), 41).train()
    tokens = documents([10] * 5)
    state = torch.get_rng_state()
    once = evaluate(model, tokens, windows(tokens, 0, 8))
    assert once == evaluate(model, tokens, windows(tokens, 0, 8))
    assert torch.equal(state, torch.get_rng_state())


# ------------------------------------------------------------------------------ the optimizer


def test_every_parameter_is_in_exactly_one_optimizer():
    model = GPT(Settings(), 512)
    muon, adam = make_optimizers(model, Settings())
    held = [p for o in (muon, adam) for group in o.param_groups for p in group["params"]]
    assert sorted(map(id, held)) == sorted(map(id, model.parameters()))
    names = {id(p): name for name, p in model.named_parameters()}
    assert len(muon.param_groups[0]["params"]) == 3 * 6
    assert all(
        names[id(p)].startswith("blocks.") and "norm" not in names[id(p)]
        for p in muon.param_groups[0]["params"]
    )


def test_a_run_shorter_than_its_warmup_never_uses_the_full_learning_rate():
    assert lr_multiplier(0, Settings(steps=1, warmup=0)) == 1
    assert lr_multiplier(2, Settings(steps=5, warmup=29)) == 0.1


def steps_of(Muon, *precision, steps, resumed_at=None):
    """Square, wide and tall matrices after some steps along the same gradients."""
    torch.manual_seed(0)
    shapes = [(16, 16), (40, 16), (16, 40), (16, 16), (40, 16)]
    matrices = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    make = partial(Muon, matrices, *precision, lr=0.05, weight_decay=0.1, momentum=0.85)
    muon = make()
    for step in range(steps):
        for matrix in matrices:
            matrix.grad = torch.randn(matrix.shape) + matrix.detach()
        if step == resumed_at:
            kept, muon = muon.state_dict(), make()
            muon.load_state_dict(kept)
        muon.step()
    return matrices


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_muon_takes_the_steps_of_torchs_own_but_for_rounding(precision, monkeypatch):
    monkeypatch.setattr(
        Muon, "normalize_rows", lambda self, changes, state: changes
    )  # which is more
    for own, torchs in zip(steps_of(Muon, precision, steps=5), steps_of(torch.optim.Muon, steps=5)):
        torch.testing.assert_close(own, torchs, atol=0.01, rtol=0)


@given(st.integers(0, 999))
def test_rows_that_changed_more_than_others_lately_change_less_and_all_together_as_much(seed):
    torch.manual_seed(seed)
    p = torch.nn.Parameter(torch.zeros(5, 8))
    muon, state = Muon([p], "float32", lr=1, momentum=0, weight_decay=0), {}
    loud = torch.randn(5, 8) * torch.tensor([1, 1, 1, 1, 10.0])[:, None]
    [first] = muon.normalize_rows(loud[None], state)
    assert first.norm().item() == pytest.approx(loud.norm().item(), rel=1e-5)
    torch.testing.assert_close(first.norm(dim=1), first.norm().expand(5) / 5**0.5)
    even = torch.randn(5, 8)
    even /= even.norm(dim=1, keepdim=True)
    [second] = muon.normalize_rows(even[None], state)
    assert second.norm().item() == pytest.approx(even.norm().item(), rel=1e-5)
    assert second[4].norm() < second[:4].norm(dim=1).min() / 2
    torch.testing.assert_close(F.normalize(second), even)  # each in its own direction


def test_the_first_step_moves_each_row_equally_far_however_large_its_gradient():
    torch.manual_seed(1)
    p = torch.nn.Parameter(torch.zeros(6, 9))
    p.grad = torch.randn(6, 9) * torch.logspace(-3, 0, 6)[:, None]
    Muon([p], "float32", lr=0.1, momentum=0.85, weight_decay=0).step()
    torch.testing.assert_close(p.norm(dim=1), p.norm().expand(6) / 6**0.5)


def test_matrices_of_one_shape_do_not_disturb_each_other():
    torch.manual_seed(2)
    gradients = torch.randn(2, 3, 5, 7) * torch.tensor([0.1, 1, 10])[:, None, None]
    together, alone = ([torch.nn.Parameter(torch.ones(5, 7)) for _ in range(3)] for _ in range(2))
    settings = dict(lr=0.1, momentum=0.8, weight_decay=0.1)
    optimizers = [Muon(some, "float32", **settings) for some in (together, *([p] for p in alone))]
    for of_a_step in gradients:
        for p, q, gradient in zip(together, alone, of_a_step):
            p.grad, q.grad = gradient.clone(), gradient.clone()
        for optimizer in optimizers:
            optimizer.step()
    for p, q in zip(together, alone):
        torch.testing.assert_close(p, q)


def test_a_row_without_a_gradient_stays_where_it_is():
    p = torch.nn.Parameter(torch.ones(3, 4))
    muon = Muon([p], "float32", lr=1, momentum=0.5, weight_decay=0)
    for gradient in (torch.zeros(3, 4), torch.eye(3, 4) * torch.tensor([1, 1, 0.0])[:, None]):
        p.grad = gradient
        muon.step()
    assert p[2].tolist() == [1] * 4 and p.isfinite().all() and (p[:2] != 1).any()


class ExactMuon(Muon):
    def __init__(self, matrices, **settings):
        super().__init__(matrices, "float32", **settings)
        self.dtype = torch.float64


def test_muon_computes_its_products_in_the_format_it_is_told():
    exact = steps_of(ExactMuon, steps=5)
    off = {
        precision: max(
            (own - right).abs().max().item()
            for own, right in zip(steps_of(Muon, precision, steps=5), exact)
        )
        for precision in ("float32", "bfloat16")
    }
    assert off["float32"] < 1e-5 < 1e-4 < off["bfloat16"]


def test_muon_goes_on_from_a_checkpoint_as_if_nothing_had_happened():
    for straight, resumed in zip(
        steps_of(Muon, "float32", steps=5), steps_of(Muon, "float32", steps=5, resumed_at=2)
    ):
        assert torch.equal(straight, resumed)


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 999))
def test_newton_schulz_keeps_the_directions_of_a_matrix_and_makes_them_about_alike(
    rows, columns, seed
):
    torch.manual_seed(seed)
    x = torch.randn(rows, columns, dtype=torch.float64)
    # None is too small to begin with: five rounds raise it only so far.
    values = torch.linspace(0.2, 3, min(rows, columns), dtype=torch.float64)
    left, _, right = torch.linalg.svd(x, full_matrices=False)
    alone = newton_schulz((left * values @ right)[None])
    among_others, other = newton_schulz(torch.stack([left * values @ right, x]))
    torch.testing.assert_close(among_others, alone[0], atol=1e-12, rtol=0)
    torch.testing.assert_close(other, newton_schulz(x[None])[0], atol=1e-12, rtol=0)
    changed = alone[0]
    assert changed.shape == (rows, columns)
    in_those_directions = left.T @ changed @ right.T
    singular = in_those_directions.diagonal()
    torch.testing.assert_close(in_those_directions, singular.diag(), atol=1e-9, rtol=0)
    assert singular.min() > 0.6 and singular.max() < 1.3


def test_an_update_is_cross_entropy_clipped_and_given_to_muon_and_adam():
    s = Settings(
        **TINY, steps=1000, warmup=3, matrix_lr=0.02, embedding_lr=0.003, unembedding_lr=0.001
    )
    torch.manual_seed(0)
    ours, theirs = GPT(s, 41), GPT(s, 41)
    for p in ours.parameters():
        torch.nn.init.normal_(p, std=0.4)  # so that there is something to clip
    theirs.load_state_dict(ours.state_dict())
    optimizers = make_optimizers(ours, s)
    muon, adam = make_optimizers(theirs, s)
    assert isinstance(muon, Muon) and isinstance(adam, torch.optim.AdamW)
    for step in range(3):
        batch = batch_of(documents([20] * 10), 0, s, step)
        loss, size = train.update(ours, optimizers, batch, s, step, attention, NO_DEVICES)
        right = F.cross_entropy(theirs(batch[0])[0].reshape(-1, 41), batch[1].reshape(-1))
        theirs.zero_grad()
        right.backward()
        norm = sum(p.grad.square().sum() for p in theirs.parameters()).sqrt().item()
        assert loss.item() == pytest.approx(right.item(), rel=1e-5)
        assert size.item() == pytest.approx(norm, rel=1e-4)
        assert step > 0 or norm > 1
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        muon.param_groups[0]["lr"] = 0.02 * (step + 1) / 4
        adam.param_groups[0]["lr"] = 0.003 * (step + 1) / 4  # the two embeddings
        adam.param_groups[1]["lr"] = 0.001 * (step + 1) / 4  # the unembedding and the norms
        muon.step()
        adam.step()
    for p, right in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(p, right, atol=1e-6, rtol=1e-5)


NO_DEVICES = SimpleNamespace(
    device=torch.device("cpu"),
    autocast=torch.enable_grad,
    parts=lambda *batch: [batch],
    rank=0,
    world=1,
)


def loss_with_dropout(step, seed=1, rank=0, world=1):
    """Of an update of one model on one batch, drawn for this step; only dropout differs."""
    s = Settings(**TINY, dropout=0.5, seed=seed)
    torch.manual_seed(0)
    model, tokens = GPT(s, 41), documents([20] * 10)
    batch = batch_of(tokens, 0, Settings(**TINY), 0)
    torch.randn(step + 3)  # whatever was drawn before
    batch_of(tokens, 0, s, step, rank, world)
    return train.update(model, make_optimizers(model, s), batch, s, step, attention, NO_DEVICES)[
        0
    ].item()


def test_dropout_is_a_function_of_seed_and_step():
    assert loss_with_dropout(7) == loss_with_dropout(7)
    assert len({loss_with_dropout(7), loss_with_dropout(8), loss_with_dropout(7, seed=2)}) == 3


def test_processes_that_share_a_step_drop_different_activations():
    losses = {loss_with_dropout(step, rank=rank, world=2) for step in (6, 7) for rank in (0, 1)}
    assert len(losses) == 4


# ------------------------------------------------------------------------------ a whole run


def test_the_loss_falls_on_the_stories(train_here):
    s = train_here("--preset", "smoke", "--precision", "float32", "--steps", 60)
    log = [json.loads(line) for line in open(f"{s.out}/log.jsonl", encoding="utf-8")]
    assert abs(log[0]["loss"] - math.log(768)) < 0.1  # every token about as likely
    assert log[-1]["validation_loss"] < log[0]["validation_loss"] - 1
    assert max(line["loss"] for line in log[50:60]) < log[0]["loss"] - 0.8


def test_one_seed_gives_one_model_and_another_seed_another(train_here, folder):
    tale = "\n".join(data.find("stories").generate(seed) for seed in range(20))
    (folder / "tale.txt").write_text(tale, "utf-8")

    def weights(name, seed):
        train_here(
            "--preset",
            "smoke",
            "--precision",
            "float32",
            "--dropout",
            0.1,
            "--vocab-size",
            0,
            "--seed",
            seed,
            "--dataset",
            "tale.txt",
            "--out",
            name,
        )
        return torch.load(f"{name}/checkpoint.pt", weights_only=True)["model"]

    first, again, other = weights("first", 1), weights("again", 1), weights("other", 2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(not torch.equal(first[name], other[name]) for name in first)


# ------------------------------------------------------------------------------ sampling


def naive(model, tokenizer, prompt, n_tokens, n_ctx):
    """The likeliest continuation of one prompt, one token at a time; with each the full softmax."""
    row, beliefs = [tokenizer.end, *tokenizer.encode(prompt)], []
    while len(beliefs) < n_tokens and len(row) < n_ctx:
        with torch.inference_mode():
            beliefs.append(model(torch.tensor([row]))[0][0, -1].softmax(-1))
        row.append(beliefs[-1].argmax().item())
        if row[-1] == tokenizer.end:
            break
    return row, beliefs


PROMPTS = ["the cat", "", "the dog ran to", "mat"]


def sample(words, prompts, n_tokens=6, temperature=1.0, seed=0, n_ctx=8, **different):
    tokenizer, model = words
    s = Settings(**{**TINY, "n_ctx": n_ctx}, temperature=temperature)
    return generate(model, tokenizer, prompts, s, n_tokens, seed, **different)


@pytest.mark.parametrize("attend", [attention, fused_attention])
def test_at_a_tiny_temperature_it_writes_the_likeliest_tokens(words, attend):
    tokenizer, model = words
    rows, thoughts = sample(words, PROMPTS, temperature=1e-6, attention_fn=attend)
    for prompt, row, mine in zip(PROMPTS, rows, thoughts):
        right, beliefs = naive(model, tokenizer, prompt, 6, 8)
        assert row == right and len(mine) == len(beliefs)
        for (pick, p, top, ps), belief in zip(mine, beliefs):
            assert pick == belief.argmax()
            assert p == pytest.approx(belief.max().item(), abs=1e-5)
            torch.testing.assert_close(ps, belief.topk(10).values, atol=1e-5, rtol=0)
            torch.testing.assert_close(belief[top], ps, atol=1e-5, rtol=0)


def test_prompts_of_different_lengths_do_not_disturb_each_other(words):
    tokenizer, model = words
    rows, thoughts = sample(words, PROMPTS)
    for prompt, row, mine in zip(PROMPTS, rows, thoughts):
        given = 1 + len(tokenizer.encode(prompt))
        for i, (pick, p, top, ps) in enumerate(mine):
            with torch.inference_mode():
                alone = model(torch.tensor([row[: given + i]]))[0][0, -1].softmax(-1)
            assert p == pytest.approx(alone[pick].item(), abs=1e-5)
            torch.testing.assert_close(ps, alone[top], atol=1e-5, rtol=0)
            assert pick == row[given + i]


def always(token, vocab_size):
    """A model that is sure of one token, whatever it reads."""
    return Pretended(
        lambda ids, attend: (F.one_hot(torch.full(ids.shape, token), vocab_size) * 50.0, [])
    )


class Pretended(torch.nn.Module):
    """A model that answers with a function."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.unembed = answer, torch.nn.Linear(1, 1)

    def forward(self, ids, attend):
        return self.answer(ids, attend)


def test_it_stops_behind_the_end_token_and_the_other_prompts_go_on(words):
    tokenizer, _ = words
    s, size = Settings(**TINY), len(tokenizer.vocab)
    rows, thoughts = generate(always(0, size), tokenizer, ["the cat", ""], s, 5, 0)
    assert rows == [[0, *tokenizer.encode("the cat"), 0], [0, 0]]
    assert [len(t) for t in thoughts] == [1, 1]

    def ends_the_second(ids, attend):
        logits = always(3, size)(ids, attend)[0]
        if len(ids) == 2:
            logits[1] = always(0, size)(ids, attend)[0][1]
        return logits, []

    rows, _ = generate(Pretended(ends_the_second), tokenizer, ["", ""], s, 4, 0)
    assert rows == [[0, 3, 3, 3, 3], [0, 0]]


def test_it_never_writes_more_than_the_context_holds_or_than_it_was_asked_for(words):
    tokenizer, _ = words
    model = always(3, len(tokenizer.vocab))
    short = "the cat"
    long = "the cat sat on the mat. the dog ran to the cat."
    rows, thoughts = generate(model, tokenizer, [short, long], Settings(**TINY), 50, 0)
    given = [0, *tokenizer.encode(short)]
    assert rows[0] == given + [3] * (8 - len(given))
    assert rows[1] == [0, *tokenizer.encode(long)][:4] + [3] * 4  # cut, to leave room
    assert [len(some) for some in thoughts] == [8 - len(given), 4]
    rows, _ = generate(model, tokenizer, [""], Settings(**TINY), 2, 0)
    assert rows == [[0, 3, 3]]


def test_a_text_without_an_end_token_is_continued_too():
    tokenizer = Tokenizer.train(Counter(["abc"]), False, 0)
    rows, thoughts = generate(always(2, 3), tokenizer, ["ab"], Settings(**TINY), 3, 0)
    assert rows == [[0, 1, 2, 2, 2]]
    assert [len(top) for _, _, top, _ in thoughts[0]] == [3, 3, 3]  # there are no ten


def test_samples_depend_on_their_seed_alone_and_follow_the_probabilities_of_the_temperature(words):
    rows = [sample(words, ["the"] * 50, seed=seed)[0] for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]
    tokenizer, model = words
    prompt = [0, *tokenizer.encode("the")]
    with torch.inference_mode():
        right = (model(torch.tensor([prompt]))[0][0, -1] / 0.5).softmax(-1)
    rows, _ = sample(words, ["the"] * 4000, n_tokens=1, temperature=0.5)
    counts = torch.bincount(torch.tensor([row[-1] for row in rows]), minlength=len(right))
    sigma = (4000 * right * (1 - right)).sqrt()
    assert ((counts - 4000 * right).abs() < 5 * sigma + 1).all()


def test_a_prompt_that_fills_the_context_leaves_room_to_write(tmp_path):
    tokenizer = learn("Once upon a time there was a snail. " * 9, 0)
    s = train.Settings(n_layer=1, n_head=1, n_embd=8, n_ff=8, n_ctx=16)
    model = train.GPT(s, len(tokenizer.vocab))
    rows, thoughts = train.generate(model, tokenizer, ["Once upon a time there", "Once"], s, 8, 0)
    assert [len(some) for some in thoughts] == [8, 8]
    assert tokenizer.decode(rows[0]).startswith("Once upo")


# ------------------------------------------------------------------------------ the learning rate


@given(
    steps=st.integers(1, 10_000),
    warmup=st.integers(0, 12_000),
    cooldown=st.floats(0.001, 1),
    data=st.data(),
)
def test_the_learning_rate_is_a_share_and_never_negative(steps, warmup, cooldown, data):
    s = train.Settings(steps=steps, warmup=warmup, cooldown=cooldown)
    step = data.draw(st.integers(0, steps))
    assert 0 <= train.lr_multiplier(step, s) <= 1
    assert (train.lr_multiplier(step, s) == 0) == (step == steps)


@given(steps=st.integers(2, 500), share=st.floats(0, 1), cooldown=st.floats(0.05, 1))
def test_the_learning_rate_climbs_stays_at_one_and_falls_over_its_cooldown(steps, share, cooldown):
    top = int((1 - cooldown) * steps)
    s = train.Settings(steps=steps, warmup=int(share * top), cooldown=cooldown)
    rates = [train.lr_multiplier(step, s) for step in range(steps + 1)]
    assert rates[: s.warmup + 1] == sorted(set(rates[: s.warmup + 1]))
    assert rates[s.warmup : top + 1] == pytest.approx([1] * (top + 1 - s.warmup))
    falling = rates[top + 1 :]
    assert falling == pytest.approx(
        [(steps - i) / steps / cooldown for i in range(top + 1, steps + 1)]
    )
    assert falling == sorted(set(falling), reverse=True) and rates[-1] == 0


def test_the_learning_rate_of_four_steps_of_warmup_and_sixteen_in_all():
    s = train.Settings(steps=16, warmup=4, cooldown=0.5)
    assert [train.lr_multiplier(step, s) for step in range(17)] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0]
    )
