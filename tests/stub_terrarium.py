"""All that train.py needs of terrarium/ to learn: a text, and a place for what it reports."""
import json
import sys
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace

import torch

TEXT = "".join(f"Tom saw a {animal}. The {animal} saw Tom. " for animal in ("cat", "dog", "bee"))
told = dict(validation_losses=[])


def module(name, **content):
    sys.modules[f"terrarium.{name}"] = made = ModuleType(name)
    vars(made).update(content)
    setattr(sys.modules["terrarium"], name, made)


def make_batches(windows, end, s, devices):
    while True:
        yield [windows[i] for i in torch.randint(len(windows), (s.batch_size,))]


def pad_batch(rows, filling=0, length=None):
    longest = max(map(len, rows))
    return torch.tensor([[*map(int, row), *[filling] * (longest - len(row))] for row in rows])


def last_logits(model, rows, attention_fn):
    logits, _ = model(pad_batch(rows), attention_fn)
    return torch.stack([logits[i, len(row) - 1] for i, row in enumerate(rows)])


class Recorder:
    def __init__(self, run, s, *rest):
        self.s = s
    steps = lambda self, batches: zip(range(self.s.steps + 1), batches)
    is_sampled = lambda self, step: step % 20 == 0
    is_last = lambda self, step: step == self.s.steps
    check_losses = lambda self, losses: list(losses)
    update = lambda self, step, *numbers: None
    finish = lambda self: True

    def sample(self, step, losses, tokenizer, rows, top_probs, weights):
        told["validation_losses"] += losses
        told["text"] = tokenizer.decode(rows[0])

    def report(self, loss, exam):
        print(json.dumps(dict(told, loss=loss)))


def go(train):
    counts = dict.fromkeys(train.Tokenizer.pre_tokenize(TEXT), 9)
    tokenizer = train.Tokenizer.train(counts, False, 30)
    texts = [tokenizer.encode(TEXT * n) for n in (20, 2)]
    sys.modules["terrarium.runs"].read_tokens = lambda path: texts
    facts = dict(prompts=["Tom"], validation_tokens=len(texts[1]), validation_characters=200)
    parts = dict(vocab=tokenizer.vocab, merges=tokenizer.merges)
    run = SimpleNamespace(path="", read_tokenizer=lambda: parts, read_facts=lambda: facts)
    devices = SimpleNamespace(device="cpu", rank=0, world=1, fused_is_better=True,
                              autocast=nullcontext, wrap=lambda m: m, parts=lambda *batch: [batch])
    s = train.Settings(n_layer=2, n_embd=32, n_head=2, n_ff=64, n_ctx=16, steps=80, warmup=5)
    train.grow(s, run, None, None, devices)


sys.modules["terrarium"] = ModuleType("terrarium")
module("python_check"), module("runs"), module("rules", examine=lambda *rest: None)
module("batches", make_batches=make_batches, last_logits=last_logits, pad_batch=pad_batch,
       leave_room=lambda row, n: row[:n], row_length=lambda *rest: None)
module("devices", Devices=None), module("typed_head")
module("errors", explained=lambda train: train, no_token=None)
module("generation", attention_weights=lambda *rest: None, generate_cached=None)
module("rehearsal", rehearse=lambda *rest: None), module("seeds")
module("self_check", compare_with_cpu=lambda *rest: None)
module("main"), module("recorder", Recorder=Recorder)
bar = SimpleNamespace(update=lambda: None, close=lambda: None)
module("progress", progress=lambda doing, work, unit: bar if isinstance(work, int) else work)
settings = dict(precision="float32", sample_tokens=20, parent="", lora=0, freeze=0)
module("settings", RunSettings=type("RunSettings", (), settings), read_settings=None, run_name=None)
module("text", END="<end>", PUNCTUATION=r"[^\w\s]", WORD=r"\w+")
