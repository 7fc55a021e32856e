"""The textbook recipe against ours: the same model, the same text, the same validation loss.

    python tests/bench/race.py [ROUNDS]    bar: 6.5 times (aim 8) in float32, 9 (aim 12) in bfloat16

Both train a GPT of 4 layers, 4 heads, width 128 and context 64 on tinyshakespeare, by the letter.
The textbook starts from 0.02 everywhere and takes 2,000 steps of AdamW in float32 with batches of
12; ours is GPT and `update` of train.py as they stand. They take turns, so that a busy moment of
the machine slows both down alike. Training is timed, evaluation is not. Ours wins only if its loss is
no higher than that of the textbook.
"""

import math
import statistics
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)
import data
import train
from terrarium.batches import make_batches
from terrarium.devices import Devices
from terrarium.runs import RunFolder, prepare, read_tokens

import numpy as np
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

SLICES = 20


def textbook_rate(step, s, full=1e-3, least=1e-4):
    """A climb over `warmup` steps, then half a cosine wave from `full` down to `least`."""
    if step < s.warmup:
        return full * (step + 1) / s.warmup
    share = (step - s.warmup) / (s.steps - s.warmup)
    return least + (full - least) * (1 + math.cos(math.pi * share)) / 2


def textbook(s, batches):
    """Trains; yields the model after each step."""
    model = seeded_model(s)
    for p in model.parameters():
        if p.ndim == 2:
            torch.nn.init.normal_(p, std=0.02)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    for step, (ids, targets, _) in zip(range(s.steps), batches):
        optimizer.param_groups[0]["lr"] = textbook_rate(step, s)
        logits, _ = model(ids, train.fused_attention)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield model


def ours(s, batches):
    """Trains; yields the model after each step."""
    model = seeded_model(s)
    devices, optimizers = Devices(s), train.make_optimizers(model, s)
    training_model = devices.wrap(model)
    attend = train.fused_attention if devices.fused_is_better else train.attention
    for step, batch in zip(range(s.steps), batches):
        train.update(training_model, optimizers, batch, s, step, attend, devices)
        yield model


def seeded_model(s):
    torch.manual_seed(s.seed)
    return train.GPT(s, 65)


def race(draw_batches):
    """Both recipes, by turns: {name: seconds}, {name: model}."""
    runners = dict(
        textbook=textbook(TEXTBOOK, draw_batches(TEXTBOOK)), ours=ours(OURS, draw_batches(OURS))
    )
    steps = dict(textbook=TEXTBOOK.steps // SLICES, ours=OURS.steps // SLICES)
    taken, models = Counter(), {}
    for _ in range(SLICES):
        for name, runner in runners.items():
            start = time.perf_counter()
            *_, models[name] = islice(runner, steps[name])
            taken[name] += time.perf_counter() - start
    return taken, models


def read_texts():
    """The ids to learn from, and those to validate on."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(folder)
        run.lock()
        prepare(run, data.find("shakespeare"), train.Tokenizer, TEXTBOOK)
        run.release()
        return map(np.array, read_tokens(Path(folder)))


def main(rounds):
    tokens, held_out = read_texts()

    def draw_batches(s):
        devices = Devices(s)
        windows = train.windows(tokens, None, s.n_ctx)
        for step, some in enumerate(make_batches(windows, None, s, devices)):
            yield train.draw_batch(tokens, some, s, step, devices)

    spans = train.windows(held_out, None, TEXTBOOK.n_ctx)
    ratios = []
    for number in range(1, rounds + 1):
        taken, models = race(draw_batches)
        ratios.append(taken["textbook"] / taken["ours"])
        for name, s in (("textbook", TEXTBOOK), ("ours", OURS)):
            loss = train.evaluate(models[name], held_out, spans)
            print(
                f"{name:8} {s.steps:5,} steps in {taken[name]:5.1f} s: validation loss {loss:.4f}"
            )
        print(f"round {number}: {ratios[-1]:.1f} times faster", flush=True)
    print(f"{statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
