"""The textbook recipe against ours: the same model, the same text, the same validation loss.

    python tests/bench/race.py             bar: 7 times faster, aim: 10

Both train a GPT of 4 layers, 4 heads, width 128 and context 64 on tinyshakespeare, by the letter.
The textbook starts from 0.02 everywhere and takes 2,000 steps of AdamW in float32 with batches of
12; ours is GPT and `update` of train.py as they stand. Only training is timed, not evaluation. Ours
has to end at or below its loss.
"""

import math
import tempfile
import time
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)
import data
import train
from terrarium.batches import row_spans
from terrarium.devices import Devices
from terrarium.runs import RunFolder, prepare, read_tokens

import torch
import torch.nn.functional as F

SHAPE = dict(
    dataset="shakespeare", vocab_size=0, n_layer=4, n_head=4, n_embd=128, n_ff=512, n_ctx=64
)
TEXTBOOK = train.Settings(**SHAPE, precision="float32", batch_size=12, steps=2000, warmup=100)
OURS = train.Settings(
    **SHAPE,
    batch_size=24,
    steps=200,
    warmup=5,
    cooldown=0.5,
    matrix_lr=0.05,
    embedding_lr=0.05,
    unembedding_lr=0.004,
    embedding_std=0.1,
    weight_decay=0,
)


def textbook_rate(step, s, full=1e-3, least=1e-4):
    """A climb over `warmup` steps, then half a cosine wave from `full` down to `least`."""
    if step < s.warmup:
        return full * (step + 1) / s.warmup
    share = (step - s.warmup) / (s.steps - s.warmup)
    return least + (full - least) * (1 + math.cos(math.pi * share)) / 2


def textbook(model, s, batches):
    for p in model.parameters():
        if p.ndim == 2:
            torch.nn.init.normal_(p, std=0.02)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    for step in range(s.steps):
        ids, targets, _ = batches(s, step)
        optimizer.param_groups[0]["lr"] = textbook_rate(step, s)
        logits, _ = model(ids, train.fused_attention)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def ours(model, s, batches):
    devices, optimizers = Devices(s), train.make_optimizers(model, s)
    attend = train.fused_attention if devices.fused_is_better else train.attention
    for step in range(s.steps):
        train.update(model, optimizers, batches(s, step), s, step, attend, devices)


def main():
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(folder)
        run.lock()
        prepare(run, data.find("shakespeare"), train.Tokenizer, TEXTBOOK)
        tokens, held_out = map(train.np.array, read_tokens(Path(folder)))
    spans = train.windows(held_out, None, TEXTBOOK.n_ctx)
    rows = row_spans(train.windows(tokens, None, TEXTBOOK.n_ctx), len(tokens), None, TEXTBOOK.n_ctx)
    taken = {}
    for name, recipe, s in (("textbook", textbook, TEXTBOOK), ("ours", ours, OURS)):
        torch.manual_seed(s.seed)
        model = train.GPT(s, 65)
        start = time.perf_counter()
        recipe(model, s, lambda s, step: train.draw_batch(tokens, rows, s, step))
        taken[name] = time.perf_counter() - start
        loss = train.evaluate(model, held_out, spans)
        print(f"{name:8} {s.steps:5,} steps in {taken[name]:5.1f} s: validation loss {loss:.4f}")
    print(f"{taken['textbook'] / taken['ours']:.1f} times faster")


if __name__ == "__main__":
    main()
