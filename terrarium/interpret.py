"""What is inside a trained model, as numbers.

1. Tensors, 2. Heads, 3. Neurons, 4. Embeddings.
Shapes: T time, C channels, H heads, V vocabulary, L layers. Layers, heads and neurons count from 0,
as in the names of the tensors; head 2.1 is head 1 of layer 2.
"""

from statistics import NormalDist
from typing import NamedTuple

import train
from terrarium.batches import pad_batch

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
# 2. Heads: how much of a head's attention goes where a role says it should


def role_targets(ids):
    """{role: (T, T) of bool}: the tokens that a head of each role would look at."""
    T = len(ids)
    same = torch.tensor(ids)[:, None] == torch.tensor(ids)[None]
    earlier = same.tril(-1)
    first = torch.zeros(T, T, dtype=torch.bool)
    first[1:, 0] = True
    # Shifted by one column, a mark at an earlier token becomes one at the token after it.
    return {
        "previous token": torch.ones(T, T, dtype=torch.bool).tril(-1).triu(-1),
        "first token": first,
        "duplicate token": earlier,
        "induction": earlier.roll(1, dims=1).tril(-1),
    }  # what came after the same token


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


def uniform_attention(T):
    """Uniform attention (T, T): every token that may be looked at gets the same."""
    return torch.ones(T, T).tril() / torch.arange(1, T + 1)[:, None]


def roles(model, texts):
    """How well each head plays each role on some texts: {role: (L, H)}, and {role: chance}.

    A score is the mean fraction of attention that goes to a role's targets, over the positions that
    have any; chance is the score of uniform attention."""
    received, chance, positions = {}, {}, {}
    for ids in texts:
        weights, uniform = attention_weights(model, ids), uniform_attention(len(ids))
        for role, mask in role_targets(ids).items():
            received[role] = received.get(role, 0) + (weights * mask).sum((-2, -1))
            chance[role] = chance.get(role, 0) + (uniform * mask).sum().item()
            positions[role] = positions.get(role, 0) + mask.any(-1).sum().item()
    scores = {role: received[role] / max(positions[role], 1) for role in received}
    return scores, {role: chance[role] / max(positions[role], 1) for role in received}


class Role(NamedTuple):
    """What a head does most: the fraction of its attention that goes to the targets of a role
    (score), and that of uniform attention (chance). confidence is "clear" from a quarter of its
    attention on, "weak" below, and "none" below twice chance."""

    role: str
    score: float
    chance: float
    confidence: str


def best_role(scores, chance, layer, head):
    """The Role that a head plays furthest above chance."""
    role = max(scores, key=lambda role: (scores[role][layer, head] - chance[role]).item())
    score = scores[role][layer, head].item()
    confidence = "none" if score < 2 * chance[role] else "clear" if score >= 0.25 else "weak"
    return Role(role, score, chance[role], confidence)


def most_attended(model, texts, n=3):
    """The ids of up to n tokens that get more attention from each head than uniform attention would
    give them, most first: most_attended(...)[layer][head]."""
    excess = 0
    for ids in texts:
        more = (attention_weights(model, ids) - uniform_attention(len(ids))).sum(-2)  # (L, H, T)
        of_kind = F.one_hot(torch.tensor(ids), model.unembed.out_features)  # (T, V)
        excess = excess + more @ of_kind.float()  # (L, H, V)
    best = excess.topk(min(n, excess.shape[-1]))
    return [
        [[i for i, gain in zip(ids, gains) if gain > 0] for ids, gains in zip(*layer)]
        for layer in zip(best.indices.tolist(), best.values.tolist())
    ]


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
def ablation(model, texts):
    """What a head is worth: the loss of some texts in nats per token, and the loss with each head
    zero-ablated, (L, H)."""
    ids = pad_batch([text[:-1] for text in texts])
    targets = pad_batch([text[1:] for text in texts], filling=-100)

    def loss(x, layer):
        """Of a residual stream (B, T, C) that comes out of the layers before this one."""
        for block in model.blocks[layer:]:
            x, _ = block(x, train.fused_attention)
        logits = model.unembed(model.norm(x)).flatten(0, 1)
        return F.cross_entropy(logits, targets.flatten()).item()

    x = model.token_embedding(ids) + model.position_embedding.weight[: ids.shape[1]]
    full_loss, ablated_loss = loss(x, 0), []
    for layer, block in enumerate(model.blocks):
        ablated_loss.append(
            [loss(block(x, without_head(head))[0], layer + 1) for head in range(block.n_head)]
        )
        x, _ = block(x, train.fused_attention)
    return full_loss, torch.tensor(ablated_loss)


def without_head(ablated):
    """An attention in which one head adds nothing."""

    def attention_fn(q, k, v):
        mixed, weights = train.fused_attention(q, k, v)
        mixed[:, ablated] = 0
        return mixed, weights

    return attention_fn


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
