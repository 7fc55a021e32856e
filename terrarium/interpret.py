"""What is inside a trained model, as numbers.

1. Tensors, 2. Heads, 3. Neurons, 4. Embeddings.
Shapes: T time, C channels, H heads, V vocabulary, L layers. Layers, heads and neurons count from 0,
as in the names of the tensors; head 2.1 is head 1 of layer 2.
"""

import math
from functools import partial
from random import Random
from statistics import NormalDist
from typing import NamedTuple

import train

import torch
import torch.nn.functional as F

# --------------------------------------------------------------------------------------------------
# 1. Tensors

MEANING = {  # what a tensor is for, by the last word of its name
    "token_embedding": "a row for each token: what it starts as",
    "position_embedding": "a row for each position, added to its token's",
    "attention_norm": "scales what the heads read",
    "query": "what a token looks for, in all heads",
    "key": "what a token can be found by",
    "value": "what a token passes on when it is looked at",
    "output": "combines the results of the heads",
    "feed_forward_norm": "scales what the neurons read",
    "up": "a row for each neuron: what activates it",
    "down": "a column for each neuron: what it then adds",
    "norm": "scales what the unembedding reads",
    "unembed": "a row for each token: what makes it likely next",
}


# --------------------------------------------------------------------------------------------------
# 2. Heads: the role of a head, if it has one; what it attends to, and what it is good for

ROLES = ("induction", "duplicate token", "previous token", "first token")  # the most telling first
MIN_SCORE = 0.25  # of its attention: the least that a head gives to the targets of its role
TIMES_CHANCE = 2  # and at least so many times what uniform attention gives them
MIN_GAIN = math.log(2)  # nats per token: the right token is twice as likely the second time
CLEAR = 0.5  # of its attention: from here on a role is clear

# Random tokens before they are repeated; with fewer than the second number, chance does too well.
LONGEST = 25
SHORTEST = 8
MIN_OCCURRENCES = 5  # of a token, before a mean over them says something
NOTICEABLE = 0.005  # of attention, or nats: less is rounded to nothing


class Role(NamedTuple):
    """What a head does: the mean fraction of its attention that goes to the targets of a role
    (score), and that of uniform attention (chance). confidence is "clear" from half of its
    attention on, "weak" below, and "none" for a head without a role, which most heads are."""

    role: str | None
    score: float | None
    chance: float | None
    confidence: str


def passes(role, score, chance, gain):
    """Whether a head with this score has a role.

    A quarter of all attention, over hundreds of positions, is more than a head gives to one token
    at each of them by accident; twice chance counts where texts are so short that chance is near a
    quarter. Induction also has to show in what is predicted: see repeat_gain."""
    has_use = role != "induction" or gain >= MIN_GAIN
    return score >= max(MIN_SCORE, TIMES_CHANCE * chance) and has_use


def best_role(scores, chance, gain, layer, head):
    """The Role of a head. Of several, the most telling one: a head that copies rests at the first
    token where there is nothing to copy, and then has both roles."""
    for role in (role for role in ROLES if role in scores):
        score = scores[role][layer, head].item()
        if passes(role, score, chance[role], gain):
            return Role(role, score, chance[role], "clear" if score >= CLEAR else "weak")
    return Role(None, None, None, "none")


def role_scores(model, texts, start):
    """How well each head plays each role: {role: (L, H)}, and {role: chance}. Each is measured on
    what only that role does well. start: the ids that a text begins with, [end token] or []."""
    by_position, chance = position_scores(model, texts)
    by_content, chance_of_content = content_scores(model, start)
    return {**by_content, **by_position}, {**chance_of_content, **chance}


def position_scores(model, texts):
    """Previous and first token, on texts; the first query is the third token of a text, for which
    the two are different. Nothing without such a token."""
    received, chance, n = {"previous token": 0, "first token": 0}, 0, 0
    for ids in texts:
        weights = attention_weights(model, ids)
        queries = torch.arange(len(ids))[2:]
        received["previous token"] += weights[..., queries, queries - 1].sum(-1)
        received["first token"] += weights[..., queries, 0].sum(-1)
        chance += (1 / (queries + 1)).sum().item()
        n += len(queries)
    if not n:
        return {}, {}
    return {role: total / n for role, total in received.items()}, dict.fromkeys(
        received, chance / n
    )


def content_scores(model, start):
    """Induction and duplicate token, in the second copy of random tokens: there is nothing that
    goes with frequent words, and nothing to know but what came before. Nothing in a context that
    is too small for it."""
    sequences = repeated_tokens(model, start)
    if not sequences:
        return {}, {}
    induction, duplicate, chance, n = 0, 0, 0, 0
    for ids, length in sequences:
        weights = attention_weights(model, ids)
        queries = torch.arange(len(ids) - length, len(ids))
        duplicate += weights[..., queries, queries - length].sum(-1)
        # What followed the first copy of the query's token.
        induction += weights[..., queries, queries - length + 1].sum(-1)
        chance += (1 / (queries + 1)).sum().item()
        n += length
    scores = {"induction": induction / n, "duplicate token": duplicate / n}
    return scores, dict.fromkeys(scores, chance / n)


def repeated_tokens(model, start, n_sequences=20, seed=1):
    """[(ids, length)]: start, then random tokens, all different, then the same ones again. Their
    lengths differ, so that no head passes by looking a fixed number of tokens back."""
    vocab_size, n_ctx = model.unembed.out_features, len(model.position_embedding.weight)
    tokens = [i for i in range(vocab_size) if i not in start]
    longest = min(LONGEST, (n_ctx - len(start)) // 2, len(tokens))
    if longest < SHORTEST:
        return []
    rng = Random(seed)
    sequences = []
    for i in range(n_sequences):
        tokens_once = rng.sample(tokens, longest - i % 4)
        sequences.append((start + tokens_once * 2, len(tokens_once)))
    return sequences


def repeat_gain(model, start):
    """How much better repeated random tokens are predicted the second time, in nats per token; 0
    in a context that is too small for it."""
    sequences = repeated_tokens(model, start)
    if not sequences:
        return 0.0
    return gain(token_losses(model, [ids for ids, _ in sequences]), sequences, start).item()


def ablated_repeat_gain(model, start):
    """The same with each head zero-ablated, (L, H): without a head that copies, it is lower."""
    sequences = repeated_tokens(model, start)
    if not sequences:
        return torch.zeros(len(model.blocks), model.blocks[0].n_head)
    return gain(ablated_losses(model, [ids for ids, _ in sequences]), sequences, start)


def gain(losses, sequences, start):
    """The mean loss in the first copies minus that in the second, from token losses (..., N)."""
    # Which copy each predicted token is in; 0 where a copy begins, for nothing foretells that.
    copies = []
    for _, length in sequences:
        copy_of = [0] * len(start) + [0] + [1] * (length - 1) + [0] + [2] * (length - 1)
        copies += copy_of[1:]
    copies = torch.tensor(copies)
    return losses[..., copies == 1].mean(-1) - losses[..., copies == 2].mean(-1)


@torch.inference_mode()
def attention_weights(model, ids):
    """Of every head over some tokens, (L, H, T, T)."""
    return torch.cat(model(torch.tensor([ids]))[1])


def attention_entropy(model, texts):
    """The mean entropy of each head's attention on some texts, in nats: 0 if it always looks at one
    token. (L, H)"""
    total, positions = 0, 0
    for ids in texts:
        weights = attention_weights(model, ids)
        total = total - (weights * weights.clamp_min(1e-9).log()).sum((-2, -1))
        positions += len(ids)
    return total / positions


def uniform_entropy(texts):
    """What attention_entropy would be if every head looked at all tokens equally."""
    visible = torch.cat([torch.arange(len(ids)) + 1 for ids in texts])  # of each token
    return visible.log().mean().item()


def uniform_attention(T):
    """Uniform attention (T, T): every token that may be looked at gets the same."""
    return torch.ones(T, T).tril() / torch.arange(1, T + 1)[:, None]


class Attended(NamedTuple):
    """A token, the fraction of a head's attention that goes to it wherever it occurs, and the
    fraction that uniform attention would give it."""

    id: int
    fraction: float
    uniform_fraction: float


def most_attended(model, texts, n=3):
    """Up to n tokens that get noticeably more attention from each head than uniform attention would
    give them, the largest difference first: most_attended(...)[layer][head], a list of Attended."""
    received, uniform = 0, 0
    for ids in texts:
        of_kind = F.one_hot(torch.tensor(ids), model.unembed.out_features).float()  # (T, V)
        received = received + attention_weights(model, ids).sum(-2) @ of_kind  # (L, H, V)
        uniform = uniform + uniform_attention(len(ids)).sum(-2) @ of_kind  # (V,)
    received, uniform = received / uniform.sum(), uniform / uniform.sum()

    def of_head(fractions):
        excess, ids = (fractions - uniform).topk(min(n, len(uniform)))
        return [
            Attended(i, fractions[i].item(), uniform[i].item())
            for i, more in zip(ids.tolist(), excess.tolist())
            if more >= NOTICEABLE
        ]

    return [[of_head(fractions) for fractions in layer] for layer in received]


def strongest_attention(model, layer, head, texts, n=5):
    """The n largest weights that a head gives to an earlier token, each between different tokens:
    (weight, the ids from the key to the query)."""
    found = []
    for ids in texts:
        weights = attention_weights(model, ids)[layer, head].tril(-1)
        weights[:, 0] = 0  # at the start of a text heads rest, when there is nothing to find
        largest, indices = weights.flatten().topk(min(20, weights.numel()))
        for weight, index in zip(largest.tolist(), indices.tolist()):
            query, key = divmod(index, len(ids))
            if key < query:
                found.append((weight, ids[key : query + 1]))
    by_pair = {}
    for weight, between in sorted(found):  # the largest of a pair comes last, and stays
        by_pair[between[0], between[-1]] = (weight, between)
    return sorted(by_pair.values(), reverse=True)[:n]


@torch.inference_mode()
def token_losses(model, texts):
    """The loss at every token of some texts but the first of each, in nats, (N,)."""
    losses = []
    for ids in texts:
        losses.append(losses_after(model, embedded(model, ids), 0, ids)[0])
    return torch.cat(losses)


@torch.inference_mode()
def ablated_losses(model, texts):
    """The same with each head zero-ablated, (L, H, N)."""
    n_head = model.blocks[0].n_head
    losses = []
    for ids in texts:
        x, of_layers = embedded(model, ids), []
        for layer, block in enumerate(model.blocks):
            changed, _ = block(x, partial(without_each_head, n_head))  # a row for each head
            of_layers.append(losses_after(model, changed, layer + 1, ids))
            x, _ = block(x, train.fused_attention)
        losses.append(torch.stack(of_layers))
    return torch.cat(losses, -1)


def embedded(model, ids):
    """The residual stream (1, T, C) before the first layer, of all tokens that predict another."""
    tokens = model.token_embedding(torch.tensor([ids[:-1]]))
    return tokens + model.position_embedding.weight[: len(ids) - 1]


def losses_after(model, x, layer, ids):
    """The losses (B, T) of residual streams (B, T, C) that come out of the layers before this
    one."""
    for block in model.blocks[layer:]:
        x, _ = block(x, train.fused_attention)
    logits = model.unembed(model.norm(x)).transpose(1, 2)  # (B, V, T)
    targets = torch.tensor(ids[1:]).expand(len(x), -1)
    return F.cross_entropy(logits, targets, reduction="none")


def without_each_head(n_head, q, k, v):
    """Attention of one row of tokens that makes a row for each head, in which that head adds
    nothing."""
    mixed, weights = train.fused_attention(q, k, v)
    mixed = mixed.repeat(n_head, 1, 1, 1)  # (1, H, T, D) -> (H, H, T, D)
    heads = range(n_head)
    mixed[heads, heads] = 0  # row i lacks head i
    return mixed, weights


def affordable(model, texts, limit=1e11, fewest=3):
    """Some of these texts, from all parts of the list: as many as can be read without each head in
    a few seconds. limit: heads times parameters times tokens."""
    n_heads = len(model.blocks) * model.blocks[0].n_head
    n_tokens = sum(map(len, texts))
    cost = n_heads * sum(p.numel() for p in model.parameters()) * n_tokens
    n = max(fewest, int(len(texts) * min(1, limit / max(cost, 1))))
    return texts[:: math.ceil(len(texts) / n)]


class Missed(NamedTuple):
    """A token, how much its mean loss rises without a head, in nats, and how often it occurs."""

    id: int
    loss_rise: float
    occurrences: int


def most_missed(texts, rises, n=3):
    """Up to n tokens whose mean loss rises most without a head, from its rise at every token but
    the first of each text (N,); only tokens that occur often enough. A list of Missed."""
    targets = torch.tensor([i for ids in texts for i in ids[1:]])
    kinds, of_kind, occurrences = targets.unique(return_inverse=True, return_counts=True)
    means = torch.zeros(len(kinds)).index_add(0, of_kind, rises) / occurrences
    means[occurrences < MIN_OCCURRENCES] = 0
    most, indices = means.topk(min(n, len(kinds)))
    return [
        Missed(kinds[i].item(), rise, occurrences[i].item())
        for i, rise in zip(indices.tolist(), most.tolist())
        if rise >= NOTICEABLE
    ]


# --------------------------------------------------------------------------------------------------
# 3. Neurons: what activates them, and which tokens they make more likely


@torch.inference_mode()
def neuron_activations(model, layer, texts):
    """The activation of each neuron of a layer at each token: (tokens of all texts, n_ff)."""
    activations = []
    hook = model.blocks[layer].up.register_forward_hook(
        lambda module, given, out: activations.append(F.gelu(out)[0])
    )
    try:
        for ids in texts:
            model(torch.tensor([ids]))
    finally:
        hook.remove()
    return torch.cat(activations)


def rare_and_strong(activations, n=5):
    """The n neurons whose strongest activation stands out most from their others, in standard
    deviations."""
    peaks = (activations.max(0).values - activations.mean(0)) / (activations.std(0) + 1e-6)
    return peaks.topk(min(n, len(peaks))).indices.tolist()


def max_activating_examples(activations, texts, n=5):
    """The n strongest activations of one neuron (tokens,), each after different words:
    (activation, the ids before, the id at which it is active, the ids after)."""
    where = [(ids, i) for ids in texts for i in range(len(ids))]
    found = {}
    for index in activations.argsort(descending=True).tolist():
        ids, i = where[index]
        last_words = tuple(ids[max(0, i - 3) : i + 1])
        if last_words not in found:
            found[last_words] = (activations[index].item(), ids[:i], ids[i : i + 1], ids[i + 1 :])
        if len(found) == n:
            break
    return list(found.values())


@torch.inference_mode()
def direct_logit_effect(model, layer, neuron, n=5):
    """The ids of the n tokens whose logits a neuron raises most when it is active, on its own."""
    written = model.blocks[layer].down.weight[:, neuron]  # (C,)
    written = model.norm.weight * (written - written.mean())  # as the last norm lets it through
    raised = model.unembed.weight @ written  # (V,)
    return raised.topk(min(n, len(raised))).indices.tolist()


# --------------------------------------------------------------------------------------------------
# 4. Embeddings: directions in which tokens lie


def nearest(vectors, direction):
    """All ids with their cosines to a direction (C,), the nearest first. vectors: (V, C)."""
    cosines = F.cosine_similarity(vectors, direction[None])
    return [(i, cosines[i].item()) for i in cosines.argsort(descending=True).tolist()]


def cosine_baseline(vectors):
    """The mean cosine of any two of V vectors (V, C), and that of the nearest of V random vectors:
    what lies below it means nothing."""
    unit = F.normalize(vectors, dim=1)
    cosines = (unit @ unit.T)[torch.ones(len(unit), len(unit)).triu(1).bool()]
    random_cosines = NormalDist(cosines.mean().item(), max(cosines.std(correction=0).item(), 1e-9))
    return random_cosines.mean, random_cosines.inv_cdf(1 - 1 / len(unit))


def pca(vectors):
    """The two directions (C, 2) in which vectors (V, C) differ most, their mean (C,), and the
    fraction of the variance that each of the two explains (2,). Principal components."""
    mean = vectors.mean(0)
    _, singular_values, directions = torch.linalg.svd(vectors - mean, full_matrices=False)
    plane = directions[:2].T
    largest = plane.gather(0, plane.abs().argmax(0)[None])
    plane = plane * largest.sign()  # or each run may mirror the map
    return plane, mean, singular_values[:2] ** 2 / (singular_values**2).sum()
