"""Grow a tiny language model behind glass: train a small GPT and write down everything it does.

    python train.py                               the built-in stories, in minutes on a laptop
    python train.py --preset shakespeare          another row of PRESETS
    python train.py --dataset my_novel.txt        any UTF-8 text of yours
    python train.py --head my_head.py             with the attention that you wrote
    python train.py --resume runs/stories         go on where it was stopped
    torchrun --nproc-per-node 2 train.py          on several devices at once

1. Settings and presets, 2. Text to numbers, 3. Attention, 4. The model, 5. The optimizer,
6. Watching it learn, 7. Checkpoints, 8. Training. What no lesson is about is in plumbing.py.
Shapes: B batch, T time (position in the text), C channels (width), H heads, D size of a head,
V vocabulary. Left out on purpose: key/value cache, rotary positions, gated units, tied weights.
"""
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import data
import plumbing

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# --------------------------------------------------------------------------------------------------
# 1. Settings and presets: every number you may choose, and what it is for

@dataclass
class Settings:
    preset: str = "stories"  # the row of PRESETS that the other settings start from
    dataset: str = "stories"  # a corpus in data/, or the path of a UTF-8 text file
    out: str = ""  # the folder of the run; empty: runs/ and the name of preset or dataset
    head: str = ""  # a Python file with your own attention(q, k, v)
    device: str = "auto"  # cuda, mps or cpu
    precision: str = "auto"  # number format of the matrix products: float32 or bfloat16
    seed: int = 1  # decides the first weights, the batches, the dropout
    vocab_size: int = 512  # how many different tokens there are; 0: each character is one
    n_layer: int = 4  # blocks, one after the other
    n_head: int = 4  # attention heads in each block
    n_embd: int = 128  # numbers in the vector of a token: the width of the residual stream
    n_ff: int = 512  # neurons in a feed-forward layer
    n_ctx: int = 256  # context: the tokens that the model sees at once
    dropout: float = 0.0  # share of activations silenced at random, against learning by heart
    batch_size: int = 16  # rows of n_ctx tokens in a batch, over all devices together
    steps: int = 1000  # updates of the weights, one batch each
    warmup: int = 40  # steps until the learning rates are at their full height
    cooldown: float = 0.75  # the part of all steps, at the end, in which they fall to zero
    matrix_lr: float = 0.03  # learning rate of Muon, for the matrices in the blocks
    table_lr: float = 0.01  # learning rate of AdamW, for the embeddings of tokens and positions
    unembed_lr: float = 0.02  # learning rate of AdamW, for the unembedding and the norms
    token_std: float = 0.3  # how far apart the embeddings of the tokens start; positions: a third
    weight_decay: float = 0.1  # pull of the matrices towards zero
    watch_every: int = 100  # steps between two looks at what it writes; a snapshot is a look, too
    watch_tokens: int = 40  # tokens by which each prompt is continued
    temperature: float = 0.8  # 1 samples what the model believes, less plays safe
    snapshots: int = 20  # about how many copies of the weights are kept, at log-spaced steps


PRESETS = {  # what differs from the defaults above
    "stories": {},
    "shakespeare": dict(dataset="shakespeare", vocab_size=0, n_embd=192, n_ff=768, dropout=0.08,
                        steps=1850, matrix_lr=0.04, table_lr=0.02, unembed_lr=0.003, token_std=0.1),
    "tinystories-laptop": dict(dataset="tinystories", vocab_size=2048, n_layer=6, n_head=6,
                               n_embd=192, n_ff=768, steps=4000, unembed_lr=0.01),
    "tinystories": dict(dataset="tinystories", vocab_size=4096, n_layer=8, n_head=8, n_embd=320,
                        n_ff=1088, batch_size=64, steps=50_000, warmup=500, matrix_lr=0.02,
                        unembed_lr=0.01),
    "snail": dict(dataset="snail", vocab_size=1024, n_ctx=128, batch_size=32, steps=1300),
    "snail-big": dict(dataset="snail", vocab_size=2048, n_layer=6, n_head=6, n_embd=384, n_ff=768,
                      n_ctx=128, dropout=0.1, batch_size=64, steps=2000, matrix_lr=0.02),
    "smoke": dict(n_layer=2, n_head=2, n_embd=32, n_ff=64, n_ctx=64, batch_size=4, steps=20,
                  watch_every=10, watch_tokens=8, snapshots=3, warmup=5),
}

# --------------------------------------------------------------------------------------------------
# 2. Text to numbers: pieces of text that occur often become tokens, and each token has a number

class Tokenizer:
    """Byte-pair encoding, from characters up. With nothing merged, each character is a token.

    `symbols` is the text of every token in the order of their ids, `merges` the pairs that were
    glued, in that order; `end` is the id between two documents, None if there is only one."""
    pieces = re.compile(r" ?\w+(?:'\w+)?| ?[^\w\s]+|\s").findall  # no token reaches across words

    def __init__(self, symbols, merges=()):
        self.symbols, self.merges = symbols, [tuple(pair) for pair in merges]
        self.ids = {symbol: i for i, symbol in enumerate(symbols)}
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.end = self.ids.get(data.END)
        self.known = {}  # pieces that were cut before: speed only

    @classmethod
    def learn(cls, counts, has_ends, vocab_size):
        """From {piece: how often}: glue the most frequent pair of neighbours, again and again."""
        words, often = [list(piece) for piece in counts], list(counts.values())  # characters
        symbols, merges = [data.END] * has_ends + sorted(set(chain(*counts))), []
        pairs, where = Counter(), defaultdict(set)

        def tally(i, sign):
            for pair in pairwise(words[i]):
                pairs[pair] += sign * often[i]
                where[pair].add(i)

        for i in range(len(words)):
            tally(i, +1)
        while pairs and len(symbols) < vocab_size:
            best = max(pairs, key=pairs.get)
            if pairs[best] < 2:
                break
            merges.append(best)
            symbols += {"".join(best)} - set(symbols)  # a + bc and ab + c make one token
            for i in sorted(where[best]):  # only these change; sorted: ties always fall alike
                tally(i, -1)
                words[i] = glue(words[i], best)
                tally(i, +1)
        return cls(symbols, merges)

    def encode(self, text):
        """Text -> list of ids. Raises BadInput for a character that was never in the corpus."""
        pieces = self.pieces(text)
        for piece in set(pieces).difference(self.known):
            self.known[piece] = self.cut(piece, text)
        return list(chain.from_iterable(map(self.known.__getitem__, pieces)))

    def cut(self, piece, text):
        """One piece of a text -> ids, by making the merges in the order they were learned in."""
        if not set(piece) <= self.ids.keys():
            place, unknown = next((i, c) for i, c in enumerate(text, 1) if c not in self.ids)
            raise data.BadInput(f"No token for {unknown!r}, character {place} of {text[:50]!r}: "
                                "it is never in the corpus. Leave it out.")
        parts = list(piece)
        while pair := min((p for p in pairwise(parts) if p in self.rank),
                          key=self.rank.get, default=None):
            parts = glue(parts, pair)
        return [self.ids[part] for part in parts]

    def decode(self, ids):
        return "".join(self.symbols[i] for i in ids)

def glue(parts, pair):
    """["t", "h", "e"] and ("t", "h") -> ["th", "e"]."""
    glued = []
    for part in parts:
        if glued and (glued[-1], part) == pair:
            glued[-1] += part
        else:
            glued.append(part)
    return glued

def draw_batch(tokens, end, s, step, rank=0, world=1):  # for process `rank` of `world`
    """A step's batch, a function of (seed, step): ids and the ids that follow, (B / world, T)."""
    numbers = step * s.batch_size + np.arange(s.batch_size)[rank::world]  # of rows since step 0
    # Steps of the golden section visit a text evenly, as a sunflower sets its seeds.
    turns = np.random.default_rng(s.seed).random() + numbers * (5**0.5 - 1) / 2
    places = (turns % 1 * (len(tokens) - s.n_ctx)).astype(int)
    starts = [row_start(tokens, place, end, s.n_ctx) for place in places]
    rows = np.stack([tokens[i : i + s.n_ctx + 1] for i in starts]).astype(np.int64)
    return torch.from_numpy(rows[:, :-1]), torch.from_numpy(rows[:, 1:])

def row_start(tokens, place, end, n_ctx):
    """A place's row begins at the end token before its document, unless that is out of reach."""
    back = tokens[max(0, place - n_ctx + 1) : place + 1]
    ends = [] if end is None else np.flatnonzero(back == end)
    return place - len(back) + 1 + ends[-1] if len(ends) else place

# --------------------------------------------------------------------------------------------------
# 3. Attention: the one thing you write

def attention(q, k, v):
    """softmax(q kᵀ / √D) v, with a causal mask: no token sees a later one.

    q, k, v: (B, H, T, D) -> each token's mixture of values (B, H, T, D), weights (B, H, T, T)."""
    T, D = q.shape[-2:]
    scores = (q / D**0.5) @ k.transpose(-2, -1)  # (B, H, T, D) -> (B, H, T, T)
    mask = torch.full((T, T), -math.inf, dtype=scores.dtype, device=q.device).triu(1)
    weights = (scores + mask).softmax(dim=-1)  # above the diagonal: minus infinity, so weight 0
    return weights @ v, weights  # (B, H, T, T) -> (B, H, T, D)

def fused_attention(q, k, v):
    """The same in one call that never stores the weights: often faster, but nothing to see."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True), None

# --------------------------------------------------------------------------------------------------
# 4. The model: a plain GPT

class Block(nn.Module):
    """Attention mixes tokens, an MLP works on each; both add to the residual stream (B, T, C)."""

    def __init__(self, s):
        super().__init__()
        self.n_head, self.dropout = s.n_head, plumbing.Dropout(s.dropout)
        self.attention_norm = nn.LayerNorm(s.n_embd)
        self.query = nn.Linear(s.n_embd, s.n_embd, bias=False)  # what does a token look for?
        self.key = nn.Linear(s.n_embd, s.n_embd, bias=False)  # what can it be found by?
        self.value = nn.Linear(s.n_embd, s.n_embd, bias=False)  # what does it hand on?
        self.output = nn.Linear(s.n_embd, s.n_embd, bias=False)
        self.feed_forward_norm = nn.LayerNorm(s.n_embd)
        self.up = nn.Linear(s.n_embd, s.n_ff, bias=False)
        self.down = nn.Linear(s.n_ff, s.n_embd, bias=False)

    def forward(self, x, attend):
        normed = self.attention_norm(x)
        q, k, v = (layer(normed).unflatten(-1, (self.n_head, -1)).transpose(1, 2)
                   for layer in (self.query, self.key, self.value))  # (B, T, C) -> (B, H, T, D)
        mixed, weights = attend(q, k, v)
        x = x + self.dropout(self.output(mixed.transpose(1, 2).flatten(2)))  # back to (B, T, C)
        neurons = F.gelu(self.up(self.feed_forward_norm(x)))  # (B, T, C) -> (B, T, n_ff)
        return x + self.dropout(self.down(neurons)), weights

class GPT(nn.Module):
    """Ids (B, T) -> logits of what comes next (B, T, V), and each block's attention weights."""

    def __init__(self, s, vocab_size):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, s.n_embd)
        self.position_embedding = nn.Embedding(s.n_ctx, s.n_embd)
        self.dropout = plumbing.Dropout(s.dropout)
        self.blocks = nn.ModuleList(Block(s) for _ in range(s.n_layer))
        self.norm = nn.LayerNorm(s.n_embd)
        self.unembed = nn.Linear(s.n_embd, vocab_size, bias=False)
        start = dict(token_embedding=s.token_std, position_embedding=s.token_std / 3,
                     query=0.04, key=0.04)  # heads can tell tokens apart from the first step
        for name, p in self.named_parameters():  # such as blocks.0.query.weight
            if p.ndim == 2:  # the norms begin as torch has them: they change nothing
                nn.init.normal_(p, std=start.get(name.split(".")[-2], 0.02))

    def forward(self, ids, attend=attention):
        positions = torch.arange(ids.shape[1], device=ids.device)
        x = self.dropout(self.token_embedding(ids) + self.position_embedding(positions))
        seen = []  # attention weights (B, H, T, T) of each block, None if they are not stored
        for block in self.blocks:
            x, weights = block(x, attend)
            seen.append(weights)
        return self.unembed(self.norm(x)), seen

# --------------------------------------------------------------------------------------------------
# 5. The optimizer: how a mistake becomes a change of the weights

def make_optimizers(model, s):
    """Muon for the matrices in the blocks: momentum, orthogonalized, moves all directions alike.
    AdamW for all the rest: the embeddings, the norms and the unembedding."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    tables = [model.token_embedding.weight, model.position_embedding.weight]
    rest = [model.unembed.weight, *(p for p in model.parameters() if p.ndim == 1)]
    groups = [dict(params=tables, lr=s.table_lr), dict(params=rest, lr=s.unembed_lr)]
    return [plumbing.Muon(matrices, s.precision, lr=s.matrix_lr, momentum=0.85,
                          weight_decay=s.weight_decay),
            torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0, fused=True)]

def lr_multiplier(step, s):
    """The share (0 to 1) of each learning rate in a step: it climbs, stays, then falls to zero."""
    return min((step + 1) / (s.warmup + 1), 1, (1 - step / s.steps) / s.cooldown)

def update(model, optimizers, batch, s, step, attend, devices):
    """Predict, compare, find out what each weight had to do with it, and change them all a little.

    `model` may be compiled or copied to several devices. -> loss (nats a token), gradient norm."""
    model.train()  # switches dropout on, as eval() switches it off
    torch.manual_seed((s.seed * 1_000_003 + step) * devices.world + devices.rank)  # for dropout
    ids, targets = (part.to(devices.device) for part in batch)
    with devices.autocast():
        logits, _ = model(ids, attend)  # (B, T, V); softmax would make them probabilities
        loss = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())  # (B T, V), (B T)
    loss.backward()  # fills the .grad of every parameter: how the loss changes with it
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # one wild batch must not spoil all
    for optimizer in optimizers:
        for group in optimizer.param_groups:  # full_lr is set once, since lr is overwritten
            group["lr"] = lr_multiplier(step, s) * group.setdefault("full_lr", group["lr"])
        optimizer.step()
        optimizer.zero_grad()  # the next backward() would add to these
    return loss.detach(), norm

# --------------------------------------------------------------------------------------------------
# 6. Watching it learn: what it writes, what else it considered, and where it looked

@torch.inference_mode()
def generate(model, tokenizer, prompts, s, n_tokens, seed, attend=fused_attention):
    """Continue prompts (cut to n_ctx) by sampling, until the end token, n_ctx or n_tokens more.

    Returns the rows of ids, and for each new token of each row what the model thought: (id, its
    probability, the ten likeliest ids, their probabilities), all at temperature 1."""
    model.eval()
    start = [] if tokenizer.end is None else [tokenizer.end]
    rows = [(start + tokenizer.encode(prompt))[: s.n_ctx] for prompt in prompts]
    thoughts = [[] for _ in rows]
    dice, device = torch.Generator().manual_seed(seed), model.unembed.weight.device
    for _ in range(n_tokens):
        going = [i for i, row in enumerate(rows) if len(row) < s.n_ctx
                 and not (thoughts[i] and row[-1] == tokenizer.end)]
        if not going:
            break
        logits, _ = model(plumbing.padded([rows[i] for i in going], device), attend)
        last = torch.stack([logits[j, len(rows[i]) - 1] for j, i in enumerate(going)]).cpu()
        picks = torch.multinomial((last / s.temperature).softmax(-1), 1, generator=dice)  # (B, 1)
        believed = last.softmax(-1)  # (B, V)
        top, p = believed.topk(min(10, last.shape[1])), believed.gather(1, picks)
        for j, i in enumerate(going):
            rows[i].append(picks[j].item())
            thoughts[i].append((picks[j].item(), p[j].item(), top.indices[j], top.values[j]))
    return rows, thoughts

@torch.inference_mode()
def evaluate(model, tokens, spans, attend=fused_attention):
    """The mean loss over windows of the tokens, in nats a token; targets of -100 do not count."""
    model.eval()
    total, device = 0.0, model.unembed.weight.device
    for some in (spans[i : i + 32] for i in range(0, len(spans), 32)):
        ids = plumbing.padded([tokens[a:b] for a, b in some], device)
        targets = plumbing.padded([tokens[a + 1 : b + 1] for a, b in some], device, filling=-100)
        logits = model(ids, attend)[0].flatten(0, 1)
        total += F.cross_entropy(logits, targets.flatten(), reduction="sum").item()
    return total / sum(b - a for a, b in spans)

# --------------------------------------------------------------------------------------------------
# 7. Checkpoints: everything needed to go on as if nothing had happened

def save(folder, model, optimizers, step, log):
    """log.jsonl and checkpoint.pt, each written aside and renamed: a crash leaves no half file."""
    plumbing.write_lines(folder / "log.jsonl", log.values())
    plumbing.write_tensors(folder / "checkpoint.pt", dict(
        step=step, log=log, model=model.state_dict(),
        optimizers=[optimizer.state_dict() for optimizer in optimizers]))

def restore(folder, model, optimizers, device):
    """Put model and optimizers back to where the run stopped; returns that step and its log."""
    if not (folder / "checkpoint.pt").exists():
        return 0, {}
    kept = torch.load(folder / "checkpoint.pt", map_location=device, weights_only=True)
    model.load_state_dict(kept["model"])
    for optimizer, state in zip(optimizers, kept["optimizers"]):
        optimizer.load_state_dict(state)
    return kept["step"], kept["log"]

# --------------------------------------------------------------------------------------------------
# 8. Training: draw a batch, update, now and then watch

def train(s):
    """One run, from text to metrics.json. Raises BadInput, also for a loss that is no number."""
    corpus, folder, devices = data.find(s.dataset), Path(s.out), plumbing.Devices(s)
    head = plumbing.load_head(s.head) if s.head else None
    shown, quick = head or attention, head or fused_attention  # with weights to see, or faster
    attend = quick if devices.fused_is_better else shown
    devices.first_alone(lambda: plumbing.prepare(corpus, Tokenizer, s, folder))  # learn, encode
    tokenizer = Tokenizer(**plumbing.read_json(folder / "tokenizer.json"))
    tokens, held_out = plumbing.read_tokens(folder)
    spans = plumbing.windows(held_out, tokenizer.end, s.n_ctx)
    torch.manual_seed(s.seed)
    model = GPT(s, len(tokenizer.symbols)).to(devices.device)
    optimizers = make_optimizers(model, s)
    kept_steps = plumbing.snapshot_steps(s)

    def one_step(model, optimizers, step):
        batch = draw_batch(tokens, tokenizer.end, s, step, devices.rank, devices.world)
        return update(model, optimizers, batch, s, step, attend, devices)

    def watch(step):
        loss = evaluate(model, held_out, spans[:: len(spans) // 32 + 1], quick)  # a sample
        log[step]["validation_loss"] = plumbing.finite(loss, step, folder)
        rows, thoughts = generate(model, tokenizer, corpus.PROMPTS, s, s.watch_tokens, step, quick)
        with torch.inference_mode():  # once more, with attention that shows its weights
            _, weights = model(plumbing.padded(rows, devices.device), shown)
        plumbing.write_watch(folder, step, s, tokenizer, corpus.PROMPTS, rows, thoughts, weights)
        if step in kept_steps:
            plumbing.write_tensors(folder / "snapshots" / f"{step:06}.pt", model.state_dict())
        save(folder, model, optimizers, step, log)
        screen.watched(log[step], tokenizer.decode(rows[0]))
        log[step]["watch_seconds"] = clock.lap()

    screen = plumbing.Screen(s, devices, model, one_step, make_optimizers)
    first, log = restore(folder, model, optimizers, devices.device)
    step_model, clock = devices.wrap(model), plumbing.Clock(log)
    stop, stopping = plumbing.StopOnCtrlC(), False
    for step in range(first, s.steps + 1):  # the last round only watches
        log[step] = dict(step=step, seconds=clock.seconds())
        if devices.rank == 0 and (step % s.watch_every == 0 or step in kept_steps):
            watch(step)
        if step == s.steps or stopping:
            break
        loss, norm = one_step(step_model, optimizers, step)
        loss, stopping = devices.agree(loss, stop.asked)
        log[step].update(loss=plumbing.finite(loss, step, folder), gradient_norm=norm.item(),
                         lr_multiplier=lr_multiplier(step, s),
                         tokens_per_second=round(s.batch_size * s.n_ctx / clock.lap()))
        screen.advance(log[step])
    if devices.rank == 0:
        save(folder, model, optimizers, step, log)
        screen.stopped(step, log, corpus, tokenizer,
                       lambda: evaluate(model, held_out, spans, quick),
                       lambda prompts, n: generate(model, tokenizer, prompts, s, n, 0, quick))


if __name__ == "__main__":
    plumbing.run(lambda: train(plumbing.read_settings(Settings, PRESETS)))
