"""What is inside a trained model, as numbers: show_model.py prints them, export_for_web.py writes
them into files.

1. A run, 2. Generating with a memory, 3. What heads do, 4. What neurons do, 5. Embeddings,
6. One update.
Shapes: T time, C channels, H heads, D size of a head, V vocabulary, L layers. Layers, heads and
neurons count from 0, as in the names of the tensors; head 2.1 is head 1 of layer 2.
"""
import dataclasses
from pathlib import Path
from statistics import NormalDist

import data
import plumbing
import train
from data import END, BadInput
from terrarium import run_checks
from terrarium.runs import RunFolder
from terrarium.text import normalize

import torch
import torch.nn.functional as F

# --------------------------------------------------------------------------------------------------
# 1. A run: settings, tokenizer, and the weights at any step that was kept

MEANING = {  # what a tensor is for, by the last word of its name
    "token_embedding": "a row for each token: what it starts as",
    "position_embedding": "a row for each place, added to its token's",
    "attention_norm": "scales what the heads read",
    "query": "what a token looks for, in all heads",
    "key": "what a token can be found by",
    "value": "what a token hands on when looked at",
    "output": "joins what the heads bring",
    "feed_forward_norm": "scales what the neurons read",
    "up": "a row for each neuron: what makes it fire",
    "down": "a column for each neuron: what it then writes",
    "norm": "scales what the last step reads",
    "unembed": "a row for each token: what calls for it as the next",
}


class Run:
    """A folder that train.py wrote (without a name, the newest in runs/), at one of its steps.

    Attributes: folder, files (what reads them), steps, step, s (the settings), tokenizer, symbols,
    facts (about its text), prompts, corpus (its module in data/, or None), model. Whatever is read
    is checked, for a run may be damaged, or come from anybody; nothing outside of it is opened."""

    def __init__(self, folder="", step=None):
        self.folder = Path(folder or newest())
        self.files, self.texts = RunFolder(self.folder), {}
        self.s = plumbing.kept_settings(train.Settings, self.folder)
        self.steps = self.files.steps("snapshots", ".pt")
        if not self.steps:
            raise BadInput(f"{self.folder} has no snapshots yet: wait until its first step is "
                           "done.")
        self.tokenizer = train.Tokenizer(**self.files.read_tokenizer())
        self.symbols = self.tokenizer.symbols
        self.facts = self.files.read_facts()
        self.prompts = self.facts["prompts"]
        self.corpus = data.find(self.s.dataset) if self.s.dataset in data.names() else None
        self.step = self.steps[-1] if step is None else step
        self.model = self.at(self.step)

    def at(self, step):
        """The model as it was after so many steps, on the CPU. Raises BadInput."""
        if step not in self.steps:
            raise BadInput(f"The weights of step {step} were not kept. Choose --step from "
                           f"{', '.join(map(str, self.steps))}.")
        name = f"snapshots/{step:06}.pt"
        tensors = self.files.read_tensors(name)
        with self.files.intact(name):
            run_checks.check_weights(tensors, self.s, len(self.symbols))
            model = train.GPT(self.s, len(self.symbols)).eval()
            model.load_state_dict(tensors)
        return model

    def tokens(self, split):
        """The ids of the text that it learned from ("train") or did not ("validation")."""
        if split not in self.texts:  # checked once: it may be large
            self.texts[split] = self.files.read_tokens(split, len(self.symbols), self.tokenizer.end)
        return self.texts[split]

    def check(self, **numbers):
        """Raise BadInput for a layer, head or neuron that this model does not have."""
        counts = dict(layer=self.s.n_layer, head=self.s.n_head, neuron=self.s.n_ff)
        for name, number in numbers.items():
            if not 0 <= number < counts[name]:
                raise BadInput(f"There is no {name} {number} in this model: --{name} goes from 0 "
                               f"to {counts[name] - 1}.")

    def normalize(self, text):
        """What somebody typed, in the spelling of the corpus: its accents, quotes and the like."""
        return normalize(text, self.tokenizer.ids)

    def readable(self, text):
        """What the model has tokens for, in the spelling of the corpus; other characters go."""
        return normalize(text, self.tokenizer.ids, drop=True)

    def ids(self, text):
        """A text as the model reads it: after an end token, if there is one. Raises BadInput."""
        start = [] if self.tokenizer.end is None else [self.tokenizer.end]
        ids = start + self.tokenizer.encode(self.normalize(text))
        if not 0 < len(ids) <= self.s.n_ctx:
            raise BadInput(f"The text has {len(ids)} tokens, and this model sees 1 to "
                           f"{self.s.n_ctx} at once: choose another text.")
        return ids

    def token(self, word):
        """The id of a word that is one token, best with the space before it; also as it is printed
        here, such as ·Mum or (end). Raises BadInput."""
        word = word.replace("·", " ").replace("(end)", END)
        for symbol in (f" {word}", word, f" {self.normalize(word)}", self.normalize(word)):
            if word and symbol in self.tokenizer.ids:
                return self.tokenizer.ids[symbol]
        alike = [s.strip() for s in self.symbols if s.strip().lower() == word.strip().lower()]
        raise BadInput(f"{word!r} is not one token here: " + (
            f"did you mean {alike[0]!r}?" if alike and word else
            "choose a word that is frequent in the corpus (the last merges are such)."))

    def words(self, *ids):
        """Tokens side by side, their spaces and line ends to be seen."""
        return "  ".join(plumbing.visible(self.symbols[i]) for i in ids)

    def line(self, ids):
        """The text of some tokens on one line, without end tokens."""
        return self.tokenizer.decode(ids).replace(END, "").replace("\n", " / ")

    def beginning(self):
        """The first prompt of the run, cut to half of the context."""
        ids = self.tokenizer.encode(self.prompts[0])
        return self.tokenizer.decode(ids[: max(1, self.s.n_ctx // 2)])

    def held_out(self, n):
        """The ids of about n pieces of text that the model was not trained on, evenly chosen."""
        tokens = self.tokens("validation")
        spans = plumbing.windows(tokens, self.tokenizer.end, self.s.n_ctx)
        return [tokens[a:b].tolist() for a, b in spans[:: len(spans) // n + 1]]


def newest():
    """The folder of the run in runs/ that has been in training last. Raises BadInput."""
    runs = [path.parent for path in Path("runs").glob("*/snapshots")
            if RunFolder(path.parent).steps("snapshots", ".pt")]
    if not runs:
        raise BadInput("There is no run in runs/ yet: train a model first (python train.py), "
                       "or name the folder of one (--run).")
    return max(runs, key=lambda run: (run / "snapshots").stat().st_mtime)


# --------------------------------------------------------------------------------------------------
# 2. Generating, with a memory for what was computed before: linear in the length, not quadratic

class Memory:
    """The key/value cache of a block: an attention for new tokens, which also see the old ones."""

    def __init__(self):
        self.kept, self.length = None, 0  # keys and values (2, B, H, room, D), tokens in them

    def __call__(self, q, k, v):
        """q, k, v of the new tokens (B, H, T, D) -> what each of them takes over (B, H, T, D)."""
        first, self.length = self.length, self.length + q.shape[2]
        if self.kept is None or self.length > self.kept.shape[3]:
            old = self.kept  # room for twice as many: copied seldom, speed only
            self.kept = q.new_zeros(2, *q.shape[:2], 2 * self.length, q.shape[3])
            if first:
                self.kept[:, :, :, :first] = old[:, :, :, :first]
        self.kept[:, :, :, first : self.length] = torch.stack([k, v])
        keys, values = self.kept[:, :, :, : self.length]
        sees = torch.ones(q.shape[2], self.length, dtype=torch.bool).tril(first)
        return F.scaled_dot_product_attention(q, keys, values, attn_mask=sees), None


def next_logits(model, new, start, memories):
    """The logits (V,) of what follows the new ids, which stand at the places from `start` on."""
    places = torch.arange(start, start + len(new))
    x = (model.token_embedding(torch.tensor(new)) + model.position_embedding(places))[None]
    for block, memory in zip(model.blocks, memories):
        x, _ = block(x, memory)
    return model.unembed(model.norm(x))[0, -1]


def shares(logits, temperature=1.0, top_k=0, top_p=1.0):
    """Logits (V,) -> the probabilities to sample with (V,): the likeliest k tokens, and of those
    the likeliest until their sum reaches p. Temperature 0 leaves the likeliest; top_k 0, all.

    Raises BadInput for settings that leave nothing."""
    if not (temperature >= 0 and top_k >= 0 and 0 < top_p <= 1):
        raise BadInput(f"Temperature {temperature}, top-k {top_k}, top-p {top_p}: the first two "
                       "have to be at least 0, top-p above 0 and at most 1.")
    if temperature < 1e-6:  # what is smaller would overflow
        return F.one_hot(logits.argmax(), len(logits)).float()
    p, order = (logits / temperature).softmax(-1).sort(descending=True)
    if top_k:
        p[min(top_k, len(p)):] = 0
        p /= p.sum()
    outside = p.cumsum(0) - p >= top_p
    outside[0] = False  # the likeliest stays, even for a top_p that 32 bits round to 0
    p[outside] = 0
    return torch.zeros_like(p).scatter(0, order, p / p.sum())


def stream(run, text, model=None, tokens=None, seed=1, **how):
    """Continue a text: yields (id, what the model believed (V,) at temperature 1), token by token,
    until the end token (which comes last), a full context, or so many tokens. Raises BadInput."""
    if tokens is not None and tokens < 0:
        raise BadInput(f"--tokens {tokens} makes no sense: at least 0.")
    shares(torch.zeros(1), **how)  # refuses before anything is printed
    return sample(run, run.ids(text), model or run.model, tokens, seed, how)


@torch.inference_mode()
def sample(run, ids, model, tokens, seed, how):
    dice = torch.Generator().manual_seed(seed % 2**63)
    memories, done = [Memory() for _ in model.blocks], 0
    for _ in range(run.s.n_ctx - len(ids) if tokens is None else tokens):
        if len(ids) == run.s.n_ctx:
            return
        logits = next_logits(model, ids[done:], done, memories)
        done = len(ids)
        ids.append(torch.multinomial(shares(logits, **how), 1, generator=dice).item())
        yield ids[-1], logits.softmax(-1)
        if ids[-1] == run.tokenizer.end:
            return


@torch.inference_mode()
def write_together(model, rows, n_tokens, n_ctx, end, temperature=1.0, seed=1):
    """Continue rows of ids by sampling, all at once, until the end token, n_ctx or n_tokens more.

    At each place, every row takes one token: of its own as long as it has any, then a sampled
    one. So rows of all lengths share one memory, and nothing is filled in."""
    rows, given = [list(row) for row in rows], [len(row) for row in rows]
    memories, dice = [Memory() for _ in model.blocks], torch.Generator().manual_seed(seed)
    for place in range(n_ctx - 1):
        now = torch.tensor([row[min(place, len(row) - 1)] for row in rows])[:, None]  # (B, 1)
        x = model.token_embedding(now) + model.position_embedding.weight[place]
        for block, memory in zip(model.blocks, memories):
            x, _ = block(x, memory)
        p = (model.unembed(model.norm(x))[:, 0] / temperature).softmax(-1)  # (B, V)
        picks, going = torch.multinomial(p, 1, generator=dice)[:, 0].tolist(), False
        for row, length, pick in zip(rows, given, picks):
            over = len(row) > length and row[-1] == end
            if place + 1 == len(row) and not over and len(row) < length + n_tokens:
                row.append(pick)
            going = going or place + 1 < len(row)
        if not going:
            break
    return rows


@torch.inference_mode()
def believed(model, ids, n=5):
    """The n likeliest tokens after some others: [(id, probability)]."""
    top = model(torch.tensor([ids]))[0][0, -1].softmax(-1)
    top = top.topk(min(n, len(top)))
    return list(zip(top.indices.tolist(), top.values.tolist()))


# --------------------------------------------------------------------------------------------------
# 3. What heads do: how much of a head's attention goes where a role says it should

def targets(ids):
    """{role: (T, T) of bool}: the places that a token of each role would look at."""
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


def mean_entropy(model, texts):
    """How widely each head looks on some texts, in nats: 0 if always at one place. (L, H)"""
    total, places = 0, 0
    for ids in texts:
        weights = attention_weights(model, ids)
        total = total - (weights * weights.clamp_min(1e-9).log()).sum((-2, -1))
        places += len(ids)
    return total / places


def even_weights(T):
    """The attention (T, T) of a head that looks alike at all it may see."""
    return torch.ones(T, T).tril() / torch.arange(1, T + 1)[:, None]


def roles(model, texts):
    """How well each head plays each role on some texts: {role: (L, H)}, and {role: chance}.

    A score is the mean share of attention that goes to a role's targets, over the places that have
    any; chance is the score of a head that looks evenly at all it may see."""
    got, chance, places = {}, {}, {}
    for ids in texts:
        weights, even = attention_weights(model, ids), even_weights(len(ids))
        for role, mask in targets(ids).items():
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


def preferred(model, texts, n=3):
    """The ids of up to n kinds of token that get more attention from each head than if it looked
    evenly at all it may see, most first: preferred(...)[layer][head]."""
    excess = 0
    for ids in texts:
        more = (attention_weights(model, ids) - even_weights(len(ids))).sum(-2)  # (L, H, T)
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
    """What is lost without a head: the loss of texts in nats a token as the model is, and the loss
    of each head that brings nothing instead of what it saw, (L, H)."""
    ids = plumbing.padded([text[:-1] for text in texts], "cpu")
    wanted = plumbing.padded([text[1:] for text in texts], "cpu", filling=-100)

    def loss(x, layer):
        """Of a residual stream (B, T, C) that comes out of the layers before this one."""
        for block in model.blocks[layer:]:
            x, _ = block(x, train.fused_attention)
        logits = model.unembed(model.norm(x)).flatten(0, 1)
        return F.cross_entropy(logits, wanted.flatten()).item()

    x = model.token_embedding(ids) + model.position_embedding.weight[: ids.shape[1]]
    whole_loss, without = loss(x, 0), []
    for layer, block in enumerate(model.blocks):
        without.append([loss(block(x, silencing(head))[0], layer + 1)
                        for head in range(block.n_head)])
        x, _ = block(x, train.fused_attention)
    return whole_loss, torch.tensor(without)


def silencing(silent):
    """An attention in which one head brings nothing."""
    def attend(q, k, v):
        mixed, weights = train.fused_attention(q, k, v)
        mixed[:, silent] = 0
        return mixed, weights
    return attend


# --------------------------------------------------------------------------------------------------
# 4. What neurons do: what makes them fire, and what they speak for

@torch.inference_mode()
def firings(model, layer, texts):
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


def strongest(fired, texts, n=5):
    """Where one neuron (tokens,) fires most, n times, each time behind other words:
    (how strongly, the ids before, the one at which it fires, the ids after)."""
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
def promoted(model, layer, neuron, n=5):
    """The ids of the n tokens whose logits a firing neuron raises most, on its own."""
    written = model.blocks[layer].down.weight[:, neuron]  # (C,)
    written = model.norm.weight * (written - written.mean())  # as the last norm lets it through
    raised = model.unembed.weight @ written  # (V,)
    return raised.topk(min(n, len(raised))).indices.tolist()


# --------------------------------------------------------------------------------------------------
# 5. Embeddings: directions in which tokens lie

def nearest(vectors, direction):
    """All ids with their cosines to a direction (C,), the nearest first. vectors: (V, C)."""
    cosines = F.cosine_similarity(vectors, direction[None])
    return [(i, cosines[i].item()) for i in cosines.argsort(descending=True).tolist()]


def typical(vectors):
    """The mean cosine of any two of V vectors (V, C), and what the nearest of V would have if they
    were strewn at random around it: what no relation looks like."""
    unit = F.normalize(vectors, dim=1)
    cosines = (unit @ unit.T)[torch.ones(len(unit), len(unit)).triu(1).bool()]
    spread = NormalDist(cosines.mean().item(), max(cosines.std(correction=0).item(), 1e-9))
    return spread.mean, spread.inv_cdf(1 - 1 / len(unit))


def plane(vectors):
    """The two directions (C, 2) in which vectors (V, C) differ most, their mean (C,), and the
    share of all differences that each of the two shows (2,). Principal components."""
    mean = vectors.mean(0)
    _, spread, directions = torch.linalg.svd(vectors - mean, full_matrices=False)
    two = directions[:2].T
    two = two * two.gather(0, two.abs().argmax(0)[None]).sign()  # or each run may mirror the map
    return two, mean, spread[:2] ** 2 / (spread**2).sum()


# --------------------------------------------------------------------------------------------------
# 6. One update: a step of the training, made once more and looked at from all sides

MOST = 2**32  # activations that an update may keep for the way back: 16 GB


def replay(run, last=16, work=2.4e11):
    """Train from the beginning again, as train.py did, up to a snapshot within reach; the last
    update before it is what is returned.

    last, work: how many steps, and multiplications, this may take; one step at least. Counted, not
    timed, so that the same run always gives the same update.
    -> dict(step, ids (B, T), targets (B, T), before, after (models), loss, gradient_norm,
    lr_multiplier, gap: how far the weights are from those that the run itself kept)."""
    s = dataclasses.replace(run.s, device="cpu")
    if s.batch_size * s.n_ctx * (len(run.symbols) + s.n_layer * (8 * s.n_embd + s.n_ff)) > MOST:
        raise BadInput(f"An update of {run.folder} learns from {s.batch_size * s.n_ctx:,} tokens "
                       "at once, too many to make it once more here.")
    tokens = run.tokens("train")
    rows = plumbing.row_spans(tokens, run.tokenizer.end, s.n_ctx)
    devices = plumbing.Devices(s, alone=True)
    attend = train.fused_attention if devices.fused_is_better else train.attention
    before, model = run.at(0), run.at(0)
    optimizers = train.make_optimizers(model, s)
    # Each weight is used for each token, once on the way forward and twice on the way back.
    each = 3 * sum(p.numel() for p in model.parameters()) * s.batch_size * s.n_ctx
    goal = max([step for step in run.steps if 0 < step <= min(last, work / each)], default=1)
    for step in range(goal):
        before.load_state_dict(model.state_dict())
        batch = train.draw_batch(tokens, rows, s, step)
        loss, norm = train.update(model, optimizers, batch, s, step, attend, devices)
    gap = None
    if goal in run.steps:
        kept = run.at(goal).state_dict()
        gap = max((kept[name] - p).abs().max().item() for name, p in model.state_dict().items())
    return dict(step=step, ids=batch[0], targets=batch[1], before=before.eval(),
                after=model.eval(), loss=loss.item(), gradient_norm=norm.item(),
                lr_multiplier=train.lr_multiplier(step, s), gap=gap)
