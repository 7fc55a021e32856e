"""Training in a page: ours, jax-js and tfjs, and PyTorch outside of it. Milliseconds of an update.

    pip install playwright==1.65.2                    and Chromium, such as Debian's package
    npm install --no-package-lock --prefix tests/bench
    python tests/bench/training.py                    three sizes, two minutes
    python tests/bench/training.py --only ours,jax    PyTorch always takes part
    python tests/bench/training.py --size 0           the smallest alone

All train the same GPT from the same weights on the same batches, with AdamW, in float32 and on one
thread each. They take turns, so that anything else the machine does slows all of them; a ratio is the
median over the rounds. Before that, the losses of the first updates have to agree. The page is in
browser/; training-jax.js and training-tfjs.js say what was tried to make them faster.

Beside it stands what no training on one thread of a page can exceed: the operations a second of a loop
that only multiplies and adds (browser/madd.c), in two instructions or in one.
"""

import argparse
import base64
import statistics
import sys
import time
from pathlib import Path

import common
import helpers
import train

import numpy as np
import torch
import torch.nn.functional as F
from playwright.sync_api import sync_playwright

SIZES = (
    dict(n_layer=2, n_embd=64, n_ff=256, n_ctx=64, batch_size=16, vocab_size=65),
    dict(n_layer=3, n_embd=96, n_ff=384, n_ctx=128, batch_size=8, vocab_size=256),
    dict(n_layer=4, n_embd=128, n_ff=512, n_ctx=128, batch_size=8, vocab_size=512),
)
LEARNING = dict(
    rate=0.003, beta1=0.9, beta2=0.99, epsilon=1e-8, weight_decay=0.1, max_norm=1.0
)  # of AdamW; only the matrices of the blocks decay, and longer gradients are cut to max_norm
BATCHES = 8
TOLERANCE = 1e-4  # nats: how far the losses of the first updates may lie apart
ROUNDS, SECONDS = 9, 0.4  # in each round each of them has a turn that is as long at least
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


def operations(s):
    """Of the matrix products of one update. A multiplication and an addition for each weight of a
    matrix and each token; in attention, for each pair of a token and one that it sees, C for the
    score and C for the mixture. The way back costs twice as much: the gradients of what went in, and
    of the weights. Not counted is all else, such as the norms, GELU, softmax and AdamW."""
    tokens = s.batch_size * s.n_ctx
    weights = s.n_layer * (4 * s.n_embd**2 + 2 * s.n_embd * s.n_ff) + s.n_embd * s.vocab_size
    pairs = s.n_layer * s.batch_size * s.n_ctx * (s.n_ctx + 1) // 2
    return 3 * 2 * (tokens * weights + pairs * 2 * s.n_embd)


def draw_batches(s):
    """Ids and the ids that follow them, (B, T): each token is 0 to 3 after the last one."""
    rng = np.random.default_rng(s.seed)
    for _ in range(BATCHES):
        starts = rng.integers(s.vocab_size, size=(s.batch_size, 1))
        steps = rng.integers(4, size=(s.batch_size, s.n_ctx + 1))
        ids = (starts + steps.cumsum(1)) % s.vocab_size
        yield dict(ids=ids[:, :-1].astype(np.int32), targets=ids[:, 1:].astype(np.int32))


def in_base64(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def task(s, size, model, batches):
    """What a page has to know, as JSON."""
    return dict(
        settings=dict(size, n_head=s.n_head),
        learning=LEARNING,
        weights={
            name: dict(shape=list(p.shape), data=in_base64(p.detach().numpy()))
            for name, p in model.named_parameters()
        },
        batches=[{key: in_base64(ids) for key, ids in batch.items()} for batch in batches],
    )


class InPage:
    """One of the libraries, which browser/training-<name>.js calls."""

    def __init__(self, name, page):
        self.name = name
        self.page = page

    def begin(self, given):
        return self.page.evaluate("([name, task]) => begin(name, task)", [self.name, given])

    def learn(self, seconds):
        return self.page.evaluate("([name, s]) => learn(name, s)", [self.name, seconds])


class InTorch:
    """train.GPT on one thread. As a part of the speed of this, with 112 K parameters: attention that
    stores its weights 0.75, AdamW that is not fused 0.9. torch.compile is 1.08 times as fast, after
    44 s, and is not used by train.py on a CPU."""

    def __init__(self, model, batches):
        self.model = model
        self.batches = [[torch.from_numpy(ids).long() for ids in b.values()] for b in batches]
        self.steps = 0
        decays = {name: p.ndim == 2 and "blocks" in name for name, p in model.named_parameters()}
        groups = [
            dict(
                params=[p for name, p in model.named_parameters() if decays[name] is decay],
                weight_decay=LEARNING["weight_decay"] * decay,
            )
            for decay in (True, False)
        ]
        betas = (LEARNING["beta1"], LEARNING["beta2"])
        self.optimizer = torch.optim.AdamW(
            groups, lr=LEARNING["rate"], betas=betas, eps=LEARNING["epsilon"], fused=True
        )

    def step(self):
        ids, targets = self.batches[self.steps % BATCHES]
        self.steps += 1
        logits, _ = self.model(ids, train.fused_attention)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), LEARNING["max_norm"])
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def begin(self, _):
        return [self.step() for _ in range(BATCHES)]

    def learn(self, seconds):
        times, start = [], time.perf_counter()
        now = start
        while now - start < seconds:
            self.step()
            times.append(1000 * (time.perf_counter() - now))
            now = time.perf_counter()
        return times


def compare(trainers, given):
    """Nobody is timed who does not learn the same. -> how far each one's losses are from PyTorch's"""
    losses = {name: trainer.begin(given) for name, trainer in trainers.items()}
    differences = {
        name: max(abs(a - b) for a, b in zip(found, losses["torch"]))
        for name, found in losses.items()
    }
    for name, difference in differences.items():
        assert difference < TOLERANCE, f"The losses of {name} are off by {difference:.0e}."
    return differences


def measure(trainers):
    """-> {name: milliseconds of an update in each round}"""
    for trainer in trainers.values():
        trainer.learn(2 * SECONDS)  # browsers compile in two steps
    times = {name: [] for name in trainers}
    for _ in range(ROUNDS):
        for name, trainer in trainers.items():
            times[name].append(statistics.median(trainer.learn(SECONDS)))
    return times


def report(s, times, differences, limits):
    n_tokens, n_operations = s.batch_size * s.n_ctx, operations(s)
    for name, own in times.items():
        milliseconds = statistics.median(own)
        rate = 1000 * n_operations / milliseconds
        reached = ", ".join(f"{100 * rate / limit:.0f}% of {key}" for key, limit in limits.items())
        print(
            f"  {name:5} {milliseconds:7.1f} ms ({min(own):.1f} to {max(own):.1f} in {len(own)} "
            f"rounds), {1000 * n_tokens / milliseconds:7,.0f} tokens/s, {rate / 1e9:4.1f} Gflop/s: "
            f"{reached}; losses off by {differences[name]:.0e}",
            flush=True,
        )
    first, *others = times
    for name in others:
        ratios = [b / a for a, b in zip(times[first], times[name])]
        print(
            f"  {first} is {statistics.median(ratios):.2f} times as fast as {name} "
            f"({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


def opened(browser, address):
    page = browser.new_page()
    page.on("pageerror", lambda error: print(error, file=sys.stderr))
    page.goto(f"{address}/tests/bench/browser/training.html")
    page.wait_for_function("window.begin && window.madd")
    return page


def race(browser, address, size, names):
    s = train.Settings(**size)
    torch.manual_seed(s.seed)
    model = train.GPT(s, s.vocab_size)
    batches = list(draw_batches(s))
    given = task(s, size, model, batches)
    page = opened(browser, address)
    limits = page.evaluate("madd()")
    trainers = {name: InPage(name, page) for name in names}
    trainers["torch"] = InTorch(model, batches)
    n_parameters = sum(p.numel() for p in model.parameters())
    print(
        f"{n_parameters:,} parameters, {s.batch_size} rows of {s.n_ctx} tokens, "
        f"{operations(s) / 1e6:,.0f} Mflop an update; the page reaches "
        + ", ".join(f"{limit / 1e9:.1f} Gflop/s ({key})" for key, limit in limits.items()),
        flush=True,
    )
    differences = compare(trainers, given)
    report(s, measure(trainers), differences, limits)
    page.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="ours,jax,tfjs", help="names, with commas between them")
    parser.add_argument("--size", type=int, choices=range(len(SIZES)))
    given = parser.parse_args()
    torch.set_num_threads(1)
    names = given.only.split(",")
    if not (Path(__file__).parent / "node_modules" / "@jax-js").exists():
        sys.exit("jax-js is missing: npm install --no-package-lock --prefix tests/bench")
    chromium = helpers.chromium() or sys.exit("There is no Chromium: install it.")
    sizes = SIZES if given.size is None else [SIZES[given.size]]
    with helpers.served(common.repository) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for size in sizes:
            race(browser, address, size, names)
        browser.close()


if __name__ == "__main__":
    main()
