"""Generating with a key/value cache: linear in the length, not quadratic. One text at a time is
sampled as the pages sample theirs: see docs/sampling.md.

Shapes: B rows, T time, H heads, D size of a head, V vocabulary.
"""

from terrarium.batches import leave_room, pad_batch
from terrarium.errors import BadInput
from terrarium.row_threads import one_core_if_small

import torch
import torch.nn.functional as F

BITS = 2**32 - 1  # of the numbers that random_numbers counts with


class KVCache:
    """The key/value cache of a block: an attention for new tokens, which also see the old ones."""

    def __init__(self):
        self.kv, self.length = None, 0  # keys and values (2, B, H, room, D), tokens in them

    def __call__(self, q, k, v):
        """q, k, v of the new tokens (B, H, T, D) -> what each of them takes over (B, H, T, D)."""
        first, self.length = self.length, self.length + q.shape[2]
        if self.kv is None or self.length > self.kv.shape[3]:
            old = self.kv  # room for twice as many: copied seldom, speed only
            self.kv = q.new_zeros(2, *q.shape[:2], 2 * self.length, q.shape[3])
            if first:
                self.kv[:, :, :, :first] = old[:, :, :, :first]
        self.kv[:, :, :, first : self.length] = torch.stack([k, v])
        keys, values = self.kv[:, :, :, : self.length]
        sees = torch.ones(q.shape[2], self.length, dtype=torch.bool, device=q.device).tril(first)
        return F.scaled_dot_product_attention(q, keys, values, attn_mask=sees), None


def next_logits(model, new, start, caches):
    """The logits (V,) of what follows the new ids, which stand at the positions from `start` on."""
    positions = torch.arange(start, start + len(new))
    x = (model.token_embedding(torch.tensor(new)) + model.position_embedding(positions))[None]
    for block, cache in zip(model.blocks, caches):
        x, _ = block(x, cache)
    return model.unembed(model.norm(x))[0, -1]


def sampling_probs(logits, temperature=1.0, top_k=0, top_p=1.0):
    """Logits (V,) -> the probabilities to sample with (V,): the likeliest k tokens, and of those
    the likeliest until their sum reaches p. Temperature 0 leaves the likeliest; top_k 0, all.

    Raises BadInput for settings that leave nothing."""
    if not (temperature >= 0 and top_k >= 0 and 0 < top_p <= 1):
        raise BadInput(
            f"Temperature {temperature}, top-k {top_k}, top-p {top_p}: the first two "
            "have to be at least 0, top-p above 0 and at most 1."
        )
    if temperature < 1e-6:  # what is smaller would overflow
        return F.one_hot(logits.argmax(), len(logits)).float()
    p, order = (logits / temperature).softmax(-1).sort(descending=True)
    if top_k:
        p[min(top_k, len(p)) :] = 0
        p /= p.sum()
    outside = p.cumsum(0) - p >= top_p
    outside[0] = False  # the likeliest stays, even for a top_p that 32 bits round to 0
    p[outside] = 0
    return torch.zeros_like(p).scatter(0, order, p / p.sum())


def random_numbers(seed):
    """Numbers from 0 to 1, 1 excluded, that follow from a seed, without end: those of makeRng in
    site/engine/sample.js. A counter goes up by a large odd number, and its bits are mixed."""
    counter = seed * 0x9E3779B1 & BITS
    while True:
        counter = counter + 0x9E3779B9 & BITS
        bits = (counter ^ counter >> 16) * 0x85EBCA6B & BITS
        bits = (bits ^ bits >> 13) * 0xC2B2AE35 & BITS
        yield (bits ^ bits >> 16) / 2**32


def pick(p, number):
    """The first id at which the sum of the probabilities (V,) exceeds a number from 0 to 1. Where
    rounding leaves the sum of all below it: the last id that is possible."""
    sums = p.double().cumsum(0)
    first = torch.searchsorted(sums, number, right=True).item()
    return min(first, p.nonzero()[-1].item())


def stream(run, text, model=None, tokens=None, seed=1, **how):
    """Continue a text: yields (id, the probabilities of all tokens (V,) at temperature 1) for each
    token, until the end token (which comes last), a full context, or so many tokens.

    Raises BadInput."""
    if tokens is not None and tokens < 0:
        raise BadInput(f"--tokens {tokens} makes no sense: at least 0.")
    sampling_probs(torch.zeros(1), **how)  # refuses before anything is printed
    return sample(run, run.ids(text), model or run.model, tokens, seed, how)


@torch.inference_mode()
def sample(run, ids, model, tokens, seed, how):
    numbers = random_numbers(seed)
    caches, done = [KVCache() for _ in model.blocks], 0
    for _ in range(run.s.n_ctx - len(ids) if tokens is None else tokens):
        if len(ids) == run.s.n_ctx:
            return
        logits = next_logits(model, ids[done:], done, caches)
        done = len(ids)
        ids.append(pick(sampling_probs(logits, **how), next(numbers)))
        yield ids[-1], logits.softmax(-1)
        if ids[-1] == run.tokenizer.end:
            return


@torch.inference_mode()
def generate_batch(model, rows, n_tokens, n_ctx, end, temperature=1.0, seed=1):
    """Continue rows of ids by sampling, all at once, until the end token, n_ctx or n_tokens more.

    At each position, every row takes one token: of its own as long as it has any, then a sampled
    one. So rows of all lengths share one cache, and nothing is filled in."""
    rows, given = [list(row) for row in rows], [len(row) for row in rows]
    caches, rng = [KVCache() for _ in model.blocks], torch.Generator().manual_seed(seed)
    device = model.unembed.weight.device
    for position in range(n_ctx - 1):
        now = torch.tensor([[row[min(position, len(row) - 1)]] for row in rows], device=device)
        x = model.token_embedding(now) + model.position_embedding.weight[position]
        for block, cache in zip(model.blocks, caches):
            x, _ = block(x, cache)
        p = (model.unembed(model.norm(x))[:, 0].cpu() / temperature).softmax(-1)  # (B, V)
        picks, going = torch.multinomial(p, 1, generator=rng)[:, 0].tolist(), False
        for row, length, pick in zip(rows, given, picks):
            over = len(row) > length and row[-1] == end
            if position + 1 == len(row) and not over and len(row) < length + n_tokens:
                row.append(pick)
            going = going or position + 1 < len(row)
        if not going:
            break
    return rows


def generate_cached(model, tokenizer, prompts, s, n_tokens, seed, attention_fn=None):
    """What `generate` of train.py writes, by other random numbers, and nothing about what else it
    could have written: (rows, None). The cache is an attention of its own."""
    model.eval()
    rows = [leave_room(tokenizer.start + tokenizer.encode(prompt), s.n_ctx) for prompt in prompts]
    with one_core_if_small(model, len(rows)):
        rows = generate_batch(model, rows, n_tokens, s.n_ctx, tokenizer.end, s.temperature, seed)
    return rows, None


@torch.inference_mode()
def next_token_probs(model, ids, n=5):
    """The n likeliest tokens after some others: [(id, probability)]."""
    top = model(torch.tensor([ids]))[0][0, -1].softmax(-1)
    top = top.topk(min(n, len(top)))
    return list(zip(top.indices.tolist(), top.values.tolist()))


@torch.inference_mode()
def attention_weights(model, rows, attention_fn):
    """Where each head looks in rows of ids: the weights (B, H, T, T) of each layer."""
    _, weights = model(pad_batch(rows).to(model.unembed.weight.device), attention_fn)
    return weights
