"""What is inside a trained model, as numbers.

1. Tensors, 2. What heads do, 3. What neurons do, 4. Embeddings.
Shapes: T time, C channels, H heads, V vocabulary, L layers. Layers, heads and neurons count from 0,
as in the names of the tensors; head 2.1 is head 1 of layer 2.
"""
from statistics import NormalDist

import train
from terrarium.arithmetic import pad_batch

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
# 2. What heads do: how much of a head's attention goes where a role says it should

def role_targets(ids):
    """{role: (T, T) of bool}: the tokens that a head of each role would look at."""
    T = len(ids)
    same = torch.tensor(ids)[:, None] == torch.tensor(ids)[None]
    earlier = same.tril(-1)
    first = torch.zeros(T, T, dtype=torch.bool)
    first[1:, 0] = True
    # Shifted by one column, a mark at an earlier token becomes one at the token after it.
    return {"previous token": torch.ones(T, T, dtype=torch.bool).tril(-1).triu(-1),
            "first token": first,
            "same token": earlier,
            "induction": earlier.roll(1, dims=1).tril(-1)}  # what came after the same token


@torch.inference_mode()
def attention_weights(model, ids):
    """Of every head over some tokens, (L, H, T, T)."""
    return torch.cat(model(torch.tensor([ids]))[1])


def attention_entropy(model, texts):
    """The mean entropy of each head's attention on some texts, in nats: 0 if it always looks at one
    token. (L, H)"""
    total, places = 0, 0
    for ids in texts:
        weights = attention_weights(model, ids)
        total = total - (weights * weights.clamp_min(1e-9).log()).sum((-2, -1))
        places += len(ids)
    return total / places


def uniform_attention(T):
    """Uniform attention (T, T): every token that may be looked at gets the same."""
    return torch.ones(T, T).tril() / torch.arange(1, T + 1)[:, None]


def roles(model, texts):
    """How well each head plays each role on some texts: {role: (L, H)}, and {role: chance}.

    A score is the mean fraction of attention that goes to a role's targets, over the positions that
    have any; chance is the score of uniform attention."""
    got, chance, places = {}, {}, {}
    for ids in texts:
        weights, even = attention_weights(model, ids), uniform_attention(len(ids))
        for role, mask in role_targets(ids).items():
            got[role] = got.get(role, 0) + (weights * mask).sum((-2, -1))
            chance[role] = chance.get(role, 0) + (even * mask).sum().item()
            places[role] = places.get(role, 0) + mask.any(-1).sum().item()
    return ({role: got[role] / max(places[role], 1) for role in got},
            {role: chance[role] / max(places[role], 1) for role in got})


def best_role(scores, chance, layer, head):
    """(label, score, chance) of the role that a head plays furthest above chance. The label is in
    brackets below a quarter of its attention, and "no clear role" below twice chance."""
    role = max(scores, key=lambda role: (scores[role][layer, head] - chance[role]).item())
    score, even = scores[role][layer, head].item(), chance[role]
    label = "no clear role" if score < 2 * even else role if score >= 0.25 else f"({role})"
    return label, score, even


def most_attended(model, texts, n=3):
    """The ids of up to n tokens that get more attention from each head than uniform attention would
    give them, most first: most_attended(...)[layer][head]."""
    excess = 0
    for ids in texts:
        more = (attention_weights(model, ids) - uniform_attention(len(ids))).sum(-2)  # (L, H, T)
        of_kind = F.one_hot(torch.tensor(ids), model.unembed.out_features)  # (T, V)
        excess = excess + more @ of_kind.float()  # (L, H, V)
    best = excess.topk(min(n, excess.shape[-1]))
    return [[[i for i, gain in zip(ids, gains) if gain > 0] for ids, gains in zip(*layer)]
            for layer in zip(best.indices.tolist(), best.values.tolist())]


def longest_looks(model, layer, head, texts, n=5):
    """Where a head looks hardest at an earlier token, n times, each time between other kinds of
    token: (share, the ids from the token that is seen to the one that looks)."""
    looks = []
    for ids in texts:
        weights = attention_weights(model, ids)[layer, head].tril(-1)
        weights[:, 0] = 0  # at the start of a text heads rest, when there is nothing to find
        shares, places = weights.flatten().topk(min(20, weights.numel()))
        for share, place in zip(shares.tolist(), places.tolist()):
            looking, seen = divmod(place, len(ids))
            if seen < looking:
                looks.append((share, ids[seen : looking + 1]))
    kinds = {}
    for share, between in sorted(looks):  # the hardest of a kind comes last, and stays
        kinds[between[0], between[-1]] = (share, between)
    return sorted(kinds.values(), reverse=True)[:n]


@torch.inference_mode()
def ablation(model, texts):
    """What a head is worth: the loss of some texts in nats per token, and the loss with each head
    zero-ablated, (L, H)."""
    ids = pad_batch([text[:-1] for text in texts], "cpu")
    wanted = pad_batch([text[1:] for text in texts], "cpu", filling=-100)

    def loss(x, layer):
        """Of a residual stream (B, T, C) that comes out of the layers before this one."""
        for block in model.blocks[layer:]:
            x, _ = block(x, train.fused_attention)
        logits = model.unembed(model.norm(x)).flatten(0, 1)
        return F.cross_entropy(logits, wanted.flatten()).item()

    x = model.token_embedding(ids) + model.position_embedding.weight[: ids.shape[1]]
    whole_loss, without = loss(x, 0), []
    for layer, block in enumerate(model.blocks):
        without.append([loss(block(x, without_head(head))[0], layer + 1)
                        for head in range(block.n_head)])
        x, _ = block(x, train.fused_attention)
    return whole_loss, torch.tensor(without)


def without_head(silent):
    """An attention in which one head adds nothing."""
    def attend(q, k, v):
        mixed, weights = train.fused_attention(q, k, v)
        mixed[:, silent] = 0
        return mixed, weights
    return attend


# --------------------------------------------------------------------------------------------------
# 3. What neurons do: what makes them fire, and what they speak for

@torch.inference_mode()
def neuron_activations(model, layer, texts):
    """How strongly each neuron of a layer fires at each token: (tokens of all texts, n_ff)."""
    caught = []
    hook = model.blocks[layer].up.register_forward_hook(
        lambda module, given, out: caught.append(F.gelu(out)[0]))
    try:
        for ids in texts:
            model(torch.tensor([ids]))
    finally:
        hook.remove()
    return torch.cat(caught)


def rare_and_strong(fired, n=5):
    """The n neurons whose strongest firing stands out most from their others, by deviations."""
    peaks = (fired.max(0).values - fired.mean(0)) / (fired.std(0) + 1e-6)
    return peaks.topk(min(n, len(peaks))).indices.tolist()


def max_activating_examples(fired, texts, n=5):
    """The n strongest activations of one neuron (tokens,), each after different words:
    (how strong, the ids before, the id at which it is active, the ids after)."""
    where = [(ids, i) for ids in texts for i in range(len(ids))]
    found = {}
    for place in fired.argsort(descending=True).tolist():
        ids, i = where[place]
        last_words = tuple(ids[max(0, i - 3) : i + 1])
        if last_words not in found:
            found[last_words] = (fired[place].item(), ids[:i], ids[i : i + 1], ids[i + 1:])
        if len(found) == n:
            break
    return list(found.values())


@torch.inference_mode()
def direct_logit_effect(model, layer, neuron, n=5):
    """The ids of the n tokens whose logits a firing neuron raises most, on its own."""
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
    spread = NormalDist(cosines.mean().item(), max(cosines.std(correction=0).item(), 1e-9))
    return spread.mean, spread.inv_cdf(1 - 1 / len(unit))


def pca(vectors):
    """The two directions (C, 2) in which vectors (V, C) differ most, their mean (C,), and the
    share of all differences that each of the two shows (2,). Principal components."""
    mean = vectors.mean(0)
    _, spread, directions = torch.linalg.svd(vectors - mean, full_matrices=False)
    two = directions[:2].T
    two = two * two.gather(0, two.abs().argmax(0)[None]).sign()  # or each run may mirror the map
    return two, mean, spread[:2] ** 2 / (spread**2).sum()
