"""Turn a run into files that the pages in site/ show: what was watched, and the weights themselves.

    python export_for_web.py                       the newest run, into site/exported/
    python export_for_web.py --serve               and open the site on this machine
    python export_for_web.py runs/stories runs/snail      several, side by side
    python export_for_web.py --steps 0 100 1000    only these steps, however many there are
    python export_for_web.py --out my_site         a whole site in another folder, to put online

A run may be finished, stopped, or still going on; export it again whenever you like. --out wants a
new folder, an empty one, or a site that this command has made: files of yours are never replaced.
What is written, and where each number comes from:

    manifest.json       settings, tokenizer, what files there are, what is missing and why
    log.json            losses by step, and what to compare them with
    film.json           what the five prompts became at every look, skills, the moments that count
    steps/NNNNNN.json   a look: tokens, probabilities, ten likeliest, attention, entropy
    weights/NNNNNN.bin  the weights after some steps, in 8 or 16 bits
    check.json          what the page has to compute as PyTorch does: a prompt, and a loss
    logits/NNNNNN.json  PyTorch's logits behind that prompt, from the weights after some steps
    heads.json  neurons.json  embeddings.json  update.json  code.json      see the functions
"""
import terrarium.python_check  # noqa: F401  an old Python or PyTorch gets a sentence

import argparse
import ast
import base64
import contextlib
import dataclasses
import hashlib
import os
import re
import unicodedata
from functools import partial
from pathlib import Path, PurePosixPath

import data
import inside
import moments
import plumbing
import train
from data import BadInput
from terrarium import run_checks
from terrarium.console import ArgumentParser, command, say
from terrarium.errors import resume_command
from terrarium.web.publish import (
    FORMAT,
    check_site,
    explained,
    json_bytes,
    publish,
    read_manifest,
    recover,
    write_bytes,
    write_json,
)
from terrarium.web.serve import serve

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

SITE = Path(__file__).parent / "site"
WEIGHTS = 6_000_000  # bytes of weights that go along, if nobody says which steps
FEWEST = 6  # steps with weights, however large they are
LOOKS = 60  # files in steps/, if nobody says which
TEXTS = 10  # pieces of held-out text that heads are tried on
SAMPLES = 32  # texts that are written at each step to see which rules they keep
POINTS = 1500  # of a curve: more are averaged
RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt")
                                          for digit in range(10))}  # no folder's name on Windows

# --------------------------------------------------------------------------------------------------
# 1. A run that is read

class Source(inside.Run):
    """A run, and which of its steps go along. Attributes: name, log, looks, shown, kept, missing.

    log: {step: line}; looks: {step: trace} of all looks; shown: the steps of the looks that get a
    file; kept: the steps whose weights go along; missing: {what: why}; reached: the last step."""

    def __init__(self, folder, kind, wanted=None):
        super().__init__(folder)
        self.name, self.kind, self.missing = web_name(self.folder), kind, {}
        self.log, self.looks = self.read_log(), self.read_samples()
        if not self.looks:
            raise BadInput(f"{self.folder}/attention holds none of the looks that traces.jsonl "
                           "tells of: put that folder back, or train again.")
        if not self.log and len(self.looks) > 1:  # the first look comes before the first log
            raise self.files.damaged("log.jsonl", "it is not there")
        self.reached = max([*self.log, *self.steps])
        if self.corpus is None and self.had_rules():
            self.missing["skills"] = (f"There is no data/{self.s.dataset}.py, which knows the "
                                      "source and the rules of its text: put it back, and export "
                                      "again.")
        size = len(pack(self.model, kind)[0])
        if wanted is None:
            self.kept = evenly(self.steps, max(FEWEST, WEIGHTS // size))
            self.shown = evenly(list(self.looks), LOOKS)
        else:
            self.kept = [step for step in self.steps if step in wanted]
            self.shown = [step for step in self.looks if step in wanted]
            self.refuse(wanted)
        self.packed = {step: pack(self.at(step), kind) for step in self.kept}
        self.models = {step: twin for step, (_, _, twin) in self.packed.items()}
        self.last = self.models[self.kept[-1]]

    def refuse(self, wanted):
        """Raise BadInput for steps that were not watched, and if no weights would go along."""
        if unknown := set(wanted) - set(self.looks):
            raise BadInput(f"{self.folder} was not watched at step {min(unknown)}: choose --steps "
                           f"from {', '.join(map(str, self.looks))}.")
        if not self.kept:
            raise BadInput(f"Of none of these steps the weights were kept: add at least one of "
                           f"{', '.join(map(str, self.steps))} to --steps.")

    def had_rules(self):
        """Whether its corpus could say, at the end of the training, which rules it had learned."""
        try:
            return "skills" in self.files.read_json("metrics.json")
        except BadInput:
            return False

    def read_log(self):
        """{step: line} of log.jsonl. Raises BadInput."""
        lines = self.files.read_lines("log.jsonl")
        with self.files.intact("log.jsonl"):
            run_checks.check_log(lines)
        return {line["step"]: line for line in lines}

    def read_samples(self):
        """{step: line} of traces.jsonl, where the attention is there, too. Raises BadInput."""
        lines = self.files.read_lines("traces.jsonl")
        with self.files.intact("traces.jsonl"):
            run_checks.check_traces(lines, self.symbols, self.prompts, self.s)
        samples = {line["step"]: line for line in lines
                   if self.files.has(f"attention/{line['step']:06}.npz")}
        gone = [line["step"] for line in lines[:-1] if line["step"] not in samples]
        if gone:  # that of the last line may be still to come
            self.missing["samples"] = (f"{self.folder}/attention lacks the files of the steps "
                                       f"{', '.join(map(str, gone))}: put them back from a copy, "
                                       "and export again.")
        return samples

    def attention(self, step):
        """The arrays of a sample: of each prompt i, weights_i and entropy_i. Raises BadInput."""
        prompts = self.looks[step]["prompts"]
        rows = [len(one["given"]) + len(one["tokens"]) for one in prompts]
        return self.files.read_attention(step, rows, self.s)

    def unseen(self):
        """Ids of some held-out texts, of two tokens at least. Raises BadInput."""
        texts = [text for text in self.held_out(TEXTS) if len(text) > 1]
        if not texts:
            raise BadInput(f"In a context of {self.s.n_ctx}, no held-out text has two tokens, so "
                           "that no head can be tried: train with a larger --n-ctx.")
        return texts

    def text(self, n):
        """The beginning of the text that it learned from, n tokens."""
        return self.tokenizer.decode(self.tokens("train")[:n])

    def cut(self, text):
        """The ids of a text that may be longer than the context, as train.py cuts them."""
        start = [] if self.tokenizer.end is None else [self.tokenizer.end]
        return train.leave_room(start + self.tokenizer.encode(text), self.s.n_ctx)

    def ids_of(self, symbols):
        return [self.tokenizer.ids[symbol] for symbol in symbols]


def web_name(folder):
    """The name of a run in addresses: letters, digits, - and _ only. Where that loses what tells
    names apart, such as all of a Chinese one, a hash of the real name is added."""
    real = real_name(folder)
    name = re.sub(r"[^\w-]+", "-", real, flags=re.ASCII).strip("-")
    lossy = not real.isascii() or not name or len(name) > 80 or name.casefold() in RESERVED
    return with_hash(name or "run", real) if lossy else name


def with_hash(name, real):
    return f"{name[:70]}-{hashlib.sha256(real.encode(errors='surrogatepass')).hexdigest()[:8]}"


def real_name(folder):
    """What a folder is called; the same on systems that store é as two characters."""
    return unicodedata.normalize("NFC", folder.resolve().name)


def evenly(steps, n):
    """At most n of some steps, the first and the last among them, evenly in their order."""
    if len(steps) <= n:
        return list(steps)
    return [steps[round(i * (len(steps) - 1) / (n - 1))] for i in range(n)]


# --------------------------------------------------------------------------------------------------
# 2. Weights: fewer bits for each

def pack(model, kind):
    """(bytes, a description of each tensor in them, the model that a reader of them gets).

    int8: a matrix has a byte for each weight and a scale for each row, the largest weight of which
    becomes 127; float16: two bytes for each. The few numbers of the norms keep their four bytes."""
    content, described, read = bytearray(), [], {}

    def put(array):
        content.extend(b"\0" * (-len(content) % 4))  # where JavaScript can begin to read
        content.extend(array.tobytes())
        return len(content) - array.nbytes

    for name, p in model.state_dict().items():
        w = p.float().cpu().numpy().astype("<f4")
        one = dict(name=name, shape=list(w.shape), type="float32" if w.ndim == 1 else kind)
        if w.ndim == 1:
            one["offset"], back = put(w), w
        elif kind == "float16":
            one["offset"], back = put(w.astype("<f2")), w.astype("<f2").astype("<f4")
        else:
            scales = (np.abs(w).max(1, keepdims=True) / 127).clip(1e-12).astype("<f4")
            whole = np.round(w / scales).astype("i1")
            one["offset"], one["scales"], back = put(whole), put(scales), whole * scales
        described.append(one)
        read[name] = torch.from_numpy(np.ascontiguousarray(back))
    twin = train.GPT(plain_settings(model), len(read["unembed.weight"])).eval()
    twin.load_state_dict(read)
    return bytes(content), described, twin


def plain_settings(model):
    """What a model has to be made with again, read from its tensors."""
    up = model.blocks[0].up.weight
    return dataclasses.replace(train.Settings(), n_layer=len(model.blocks), n_embd=up.shape[1],
                               n_ff=up.shape[0], n_head=model.blocks[0].n_head,
                               n_ctx=len(model.position_embedding.weight))


def write_weights(run, folder):
    """weights/NNNNNN.bin. Returns what the manifest says of them."""
    snapshots = []
    for step in run.kept:
        content, described, _ = run.packed[step]
        file = f"weights/{step:06}.bin"
        write_bytes(folder / file, content)
        snapshots.append(dict(step=step, file=file, sha256=hashlib.sha256(content).hexdigest()))
    return dict(type=run.kind, bytes=len(content), tensors=described), snapshots


@torch.inference_mode()
def write_logits(run, folder):
    """logits/NNNNNN.json: for each snapshot, what follows the first prompt, (V,), by PyTorch."""
    ids = torch.tensor([run.cut(run.prompts[0])])
    for step, model in run.models.items():
        write_json(folder / f"logits/{step:06}.json", numbers(model(ids)[0][0, -1], 5))


def check(run):
    """The prompt whose logits are in logits/, and how far off a page may be."""
    return dict(ids=run.cut(run.prompts[0]), tolerance=1e-4, held_out=held_out(run))


def held_out(run):
    """A text that it never learned from, as ids (at most n_ctx), and its loss by the last weights,
    in nats a token. None if that text is gone."""
    try:
        ids = run.unseen()[0]
    except BadInput as reason:
        run.missing["held-out text"] = str(reason)
        return None
    loss = train.evaluate(run.last, ids, [(0, len(ids) - 1)], train.attention)
    return dict(ids=ids, loss=round(loss, 5))


# --------------------------------------------------------------------------------------------------
# 3. What was watched

def log(run):
    """Curves by step, long ones thinned out to POINTS means, and losses to compare with."""
    compared = {name: round(loss, 4) for name, loss in compare(run).items()}
    return dict(curves(run.log.values()), compare=compared)


def curves(log):
    lines = [line for line in log if "loss" in line]
    each = max(1, -(-len(lines) // POINTS))
    groups = [lines[i : i + each] for i in range(0, len(lines), each)]
    names = ("loss", "lr_multiplier", "gradient_norm", "tokens_per_second", "seconds")
    looked = [line for line in log if "validation_loss" in line]
    return dict(each=each, steps=[group[0]["step"] for group in groups],
                **{name: [significant(np.mean([line[name] for line in group]))
                          for group in groups] for name in names},
                validation=dict(steps=[line["step"] for line in looked],
                                loss=[round(line["validation_loss"], 4) for line in looked]))


def compare(run):
    """Losses to compare with, fewer if the text is gone."""
    try:
        tokens, held_out = run.tokens("train"), run.tokens("validation")
    except BadInput as reason:
        run.missing["baselines"] = str(reason)
        tokens, held_out = (), ()
    return moments.baselines(tokens[:5_000_000], held_out[:500_000], len(run.symbols),
                             run.facts.get("floor"))


def film(run, log, heads):
    """What all looks wrote: ids and probabilities, skills by step, and the moments that count."""
    told = what_was_written(run)
    skills = skills_by_step(run)
    return dict(told, skills=skills,
                moments=find_moments(run, log.get("compare", {}), heads, skills))


def what_was_written(run):
    first = next(iter(run.looks.values()))
    frames = [dict(step=step, continued=[dict(ids=run.ids_of(token["token"] for token in
                                                             prompt["tokens"]),
                                              p=[round(token["p"], 3) for token in
                                                 prompt["tokens"]])
                                         for prompt in look["prompts"]])
              for step, look in run.looks.items()]
    return dict(temperature=first["temperature"],
                prompts=[dict(text=prompt["prompt"], given=run.ids_of(prompt["given"]))
                         for prompt in first["prompts"]],
                frames=frames)


def skills_by_step(run):
    """The share of written texts that keep each rule of the corpus, by step; None without rules,
    or if the context is too small for all questions."""
    if not hasattr(run.corpus, "check"):
        return None
    prompts, n_tokens, _ = plumbing.examination(run.corpus, run.tokenizer, run.s)
    if not prompts:
        return None
    prompts = prompts[:: max(1, len(prompts) // SAMPLES)][:SAMPLES]
    rows, shares = [run.cut(prompt) for prompt in prompts], {}
    for step in run.steps:
        model = run.models[step] if step in run.models else pack(run.at(step), run.kind)[2]
        written = inside.write_together(model, rows, n_tokens, run.s.n_ctx, run.tokenizer.end,
                                        run.s.temperature)
        texts = [run.tokenizer.decode(row).replace(data.END, "") for row in written]
        kept, asked = plumbing.skills(run.corpus.check, prompts, texts)
        for rule, share in kept.items():
            shares.setdefault(rule, []).append(round(share, 3))
    return dict(steps=run.steps, shares=shares, samples=dict(asked))


def find_moments(run, losses, heads, skills):
    looks = [moments.Look(step, run.log.get(step, {}).get("validation_loss"),
                          [(prompt["prompt"], "".join(t["token"] for t in prompt["tokens"]))
                           for prompt in look["prompts"]]) for step, look in run.looks.items()]
    others = [*(role_moments(heads) if heads else ()), *skill_moments(skills or {})]
    try:
        text = run.text(600_000)
    except BadInput as reason:
        run.missing["moments"], text = str(reason), ""
    return moments.find(looks, moments.learn_language(text), losses, others)


def role_moments(heads):
    """For each role, the first snapshot at which a head gives it half of its attention."""
    for role in heads["chance"]:
        for step, scores in zip(heads["steps"], heads["scores"]):
            best = np.array(scores[role])
            if best.max() >= max(0.5, 2 * heads["chance"][role]):
                layer, head = np.unravel_index(best.argmax(), best.shape)
                yield dict(kind="head", step=step, prompt=None, text=None, role=role,
                           head=f"{layer}.{head}", share=float(best.max()))
                break


def skill_moments(skills):
    """For each rule, the first snapshot at which most of what is written keeps it."""
    for rule, shares in skills.get("shares", {}).items():
        found = [(step, share) for step, share in zip(skills["steps"], shares) if share > 0.5]
        if found and found[0][0] > 0:
            yield dict(kind="skill", step=found[0][0], prompt=None, text=None, rule=rule,
                       share=found[0][1])


def write_steps(run, folder):
    """steps/NNNNNN.json, a file for each look that is shown."""
    for step in run.shown:
        seen = run.attention(step)
        prompts = [one_prompt(run, prompt, seen[f"weights_{i}"], seen[f"entropy_{i}"])
                   for i, prompt in enumerate(run.looks[step]["prompts"])]
        write_json(folder / f"steps/{step:06}.json", dict(
            step=step, temperature=run.looks[step]["temperature"], prompts=prompts))


def one_prompt(run, prompt, weights, entropy):
    """tokens: [id, probability, [[id, probability] of the ten likeliest]] of each new one.

    attention: the lower triangles of (L, H, T, T), row by row, 255 for all of it, as base64;
    entropy: (L, H, T) in nats."""
    lower = np.tril_indices(weights.shape[-1])
    return dict(given=run.ids_of(prompt["given"]),
                tokens=[[run.tokenizer.ids[token["token"]], token["p"],
                         [[run.tokenizer.ids[symbol], p] for symbol, p in token["top"]]]
                        for token in prompt["tokens"]],
                attention=base64.b64encode(weights[(..., *lower)].tobytes()).decode(),
                entropy=np.round(entropy.astype(float), 2).tolist())


# --------------------------------------------------------------------------------------------------
# 4. What the weights say

def heads(run):
    """What each head does, by snapshot: scores of its roles, what it costs to switch it off, how
    widely it looks (nats), and the ids it likes; `watched` as `widths`. Lists are (L, H); losses in
    nats a token."""
    texts = run.unseen()
    found = dict(steps=run.kept, texts=len(texts), tokens=sum(map(len, texts)), scores=[],
                 loss=[], without=[], entropy=[])
    for model in run.models.values():
        scores, found["chance"] = inside.roles(model, texts)
        loss, without = inside.ablation(model, texts)
        found["scores"].append({role: numbers(score, 3) for role, score in scores.items()})
        found["loss"].append(round(loss, 4))
        found["without"].append(numbers(without, 4))
        found["entropy"].append(numbers(inside.mean_entropy(model, texts), 3))
    # `scores` and `chance` are now those of the last model.
    found["labels"] = [[inside.best_role(scores, found["chance"], layer, head)[0]
                        for head in range(run.s.n_head)] for layer in range(run.s.n_layer)]
    return dict(found, likes=inside.preferred(run.last, texts), watched=widths(run))


def widths(run):
    """How widely each head looked at every look, the mean over the prompts: (L, H) in nats; and how
    widely if it had looked evenly."""
    found, even = [], []
    for step in run.looks:
        seen = run.attention(step)
        rows = [seen[f"entropy_{i}"].astype(float) for i in range(len(run.prompts))]
        found.append(np.round(np.concatenate(rows, -1).mean(-1), 3).tolist())
        seen = np.concatenate([np.arange(row.shape[-1]) + 1 for row in rows])  # places to look at
        even.append(round(float(np.log(seen).mean()), 3))
    return dict(steps=list(run.looks), entropy=found, even=even)


def neurons(run, each=8):
    """Of each layer, neurons that fire rarely but strongly: where, and what they speak for."""
    texts, found = run.held_out(60), []
    for layer in range(run.s.n_layer):
        fired = inside.firings(run.last, layer, texts)
        found.append([dict(neuron=j, often=round((fired[:, j] > 0.1).float().mean().item(), 4),
                           speaks_for=inside.promoted(run.last, layer, j),
                           fires=[dict(strength=round(strength, 2), before=before[-24:],
                                       token=token[0], after=after[:8]) for
                                  strength, before, token, after in
                                  inside.strongest(fired[:, j], texts)])
                      for j in inside.rare_and_strong(fired, each)])
    return dict(step=run.kept[-1], tokens=sum(map(len, texts)), layers=found)


def embeddings(run, most=1000, near=7):
    """Token embeddings on a plane that is the same at all steps (the two directions in which the
    last ones differ most), and which lie closest by at the end."""
    last = run.last.token_embedding.weight.detach()
    if len(last) < 2:
        raise BadInput("A single kind of token has no neighbours: train on another text.")
    ids = frequent(run, most)
    two, mean, shares = inside.plane(last[ids])
    points = [numbers((model.token_embedding.weight.detach()[ids] - mean) @ two, 3)
              for model in run.models.values()]
    by_itself, by_chance = inside.typical(last)
    unit = F.normalize(last, dim=1)
    cosines = unit[ids] @ unit.T  # (ids, V)
    cosines[range(len(ids)), ids] = -torch.inf  # nobody is a neighbour of its own
    cosines, nearest = cosines.topk(min(near, len(last) - 1))
    neighbours = [[[i, round(cosine, 3)] for i, cosine in zip(*pair)]
                  for pair in zip(nearest.tolist(), cosines.tolist())]
    return dict(steps=run.kept, ids=ids, points=points, shown=numbers(shares, 4),
                neighbours=neighbours, typical=round(by_itself, 3), by_chance=round(by_chance, 3))


def frequent(run, most):
    """The ids that occur most often in the text, most first."""
    often = np.bincount(run.tokens("train")[:2_000_000], minlength=len(run.symbols))
    return np.argsort(-often, kind="stable")[:most].tolist()


def update(run, context=24, shown=12):
    """One update unrolled: of the first row of its batch, the place that gained most by it."""
    made = inside.replay(run)
    before, after = made["before"], made["after"]
    ids, targets = made["ids"][:1], made["targets"][0]
    with torch.inference_mode():
        old, new = (model(ids)[0][0].log_softmax(-1) for model in (before, after))  # (T, V)
    p, q, places = old.exp(), new.exp(), torch.arange(len(targets))
    gained = (new - old)[places, targets.clamp_min(0)]
    gained[: min(8, len(gained) - 1)] = -torch.inf  # with some words before it
    gained[targets < 0] = -torch.inf  # it did not count: nothing was learned from it
    place = int(gained.argmax())
    target = int(targets[place])
    start = max(0, place + 1 - context)
    likely = [i for i in p[place].topk(min(shown, p.shape[1])).indices.tolist() if i != target]
    return dict(
        **{name: made[name] for name in ("step", "loss", "gradient_norm", "lr_multiplier", "gap")},
        context=ids[0, start : place + 1].tolist(), target=target,
        tokens=[dict(id=i, before=significant(p[place, i]), after=significant(q[place, i]),
                     p_minus_y=significant(p[place, i] - float(i == target)))
                for i in [target, *likely]],
        moved=moved(before, after))


def moved(before, after):
    """How far each tensor moved, of all its length, and the rows that moved most and least."""
    found, old = [], before.state_dict()
    for name, new in after.state_dict().items():
        change = new - old[name]
        one = dict(name=name, length=significant(old[name].norm()),
                   change=significant(change.norm()))
        if name in ("token_embedding.weight", "unembed.weight"):
            rows = change.norm(dim=1)
            most = rows.topk(min(8, len(rows))).indices.tolist()
            one.update(rows=[[i, significant(rows[i])] for i in most],
                       still=int((rows == 0).sum()), of=len(rows))
        found.append(one)
    return found


# --------------------------------------------------------------------------------------------------
# 5. The code that ran

def code(run):
    """The sections of train.py as it was when the run began, with the numbers of their lines."""
    kept = run.files.has("train.py")
    if not kept:
        run.missing["train.py"] = (f"{run.folder}/train.py is missing, so that the one of today is "
                                   "shown: train again to see the one that ran.")
    content = run.files.read("train.py") if kept else Path(train.__file__).read_bytes()
    with run.files.intact("train.py"):
        source = content.decode()
        shown = dict(sections=sections(source), functions=functions(source))
    if not run.files.has("head.py"):
        return dict(kept=kept, **shown, head=None)
    content = run.files.read("head.py")
    with run.files.intact("head.py"):
        return dict(kept=kept, **shown, head=content.decode())


def sections(source):
    """[{title, first, lines}]: each begins with a dashed rule and a numbered title."""
    lines = source.removesuffix("\n").split("\n")  # as Python counts them
    starts = [i for i, line in enumerate(lines) if re.match(r"# \d+\. ", line) and i
              and set(lines[i - 1]) == {"#", " ", "-"}]
    return [dict(title=lines[a].removeprefix("# "), first=a + 1, lines=lines[a:b])
            for a, b in zip(starts, [start - 1 for start in starts[1:]] + [len(lines)])]


def functions(source):
    """{name: [first line, last line]} of every function and class, methods as Class.method; what
    decorates them belongs to them."""
    found = {}

    def visit(node, inside_of=""):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                first = min(one.lineno for one in (child, *child.decorator_list))
                found[inside_of + child.name] = [first, child.end_lineno]
                visit(child, f"{inside_of}{child.name}.")

    visit(ast.parse(source))
    return found


# --------------------------------------------------------------------------------------------------
# 6. Files

def numbers(tensor, digits):
    """A tensor as lists of rounded numbers."""
    return np.round(tensor.detach().double().numpy(), digits).tolist()


def significant(x, digits=5):
    return float(f"{float(x):.{digits}g}")


def export(run, site, corpus=False):
    """Write a run into site/exported/<name>, all of it or nothing. Returns its folder."""
    run.name = free_name(run.folder, site / "exported")
    pages = None if is_own(site) else SITE
    return publish(site, run.name, lambda folder: write_all(run, folder, corpus), pages)


def is_own(site):
    """Is this the site beside this script, which has its pages already?"""
    return os.path.realpath(site) == os.path.realpath(SITE)


def free_name(folder, exported):
    """The name of a run in addresses, and another one if the export of a different folder has it.
    Some disks do not tell capitals from small letters, so neither does this."""
    name = web_name(folder)
    for other in exported.glob("[!.]*"):
        if other.name.casefold() == name.casefold() and not is_export_of(other, folder, name):
            return with_hash(name, real_name(folder))
    return name


def is_export_of(other, folder, name):
    """Is a folder in exported/ an export of this run, or of an earlier one in its place?"""
    known = read_manifest(other).get("folder")
    if isinstance(known, str) and PurePosixPath(known).name:
        return unicodedata.normalize("NFC", PurePosixPath(known).name) == real_name(folder)
    return other.name == name


def write_all(run, folder, corpus):
    """Every file of an export; what cannot be made is named in the manifest, with the reason."""
    done = {}

    def attempt(name, compute):
        """A file that cannot be made is left out, and the manifest says why."""
        bar.set_postfix_str(name, refresh=True)
        try:
            done[name] = compute()
            write_json(folder / f"{name}.json", done[name])
        except BadInput as reason:
            run.missing[name] = str(reason)
        bar.update()

    with tqdm(total=9 + corpus, desc=run.name, unit="file", leave=False, disable=None) as bar:
        weights, snapshots = write_weights(run, folder)
        write_logits(run, folder)
        write_steps(run, folder)
        bar.update()
        attempt("check", partial(check, run))
        attempt("log", partial(log, run))
        attempt("heads", partial(heads, run))
        attempt("film", lambda: film(run, done.get("log", {}), done.get("heads")))
        for name, compute in dict(neurons=neurons, embeddings=embeddings, update=update,
                                  code=code).items():
            attempt(name, partial(compute, run))
        if corpus:
            attempt("corpus", lambda: dict(text=run.text(5_000_000)))
        run.manifest = manifest(run, folder, weights, snapshots)
        write_json(folder / "manifest.json", run.manifest)


def manifest(run, folder, weights, snapshots):
    """What there is, and what a page has to know before it shows anything."""
    files = {path.relative_to(folder).as_posix(): dict(
        bytes=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*.json"))}
    return dict(
        format=FORMAT, name=run.name, folder=shown_folder(run.folder),
        settings=dataclasses.asdict(run.s), corpus=run.facts,
        source=((run.corpus and run.corpus.__doc__) or "").split("\n")[0],
        speakers=getattr(run.corpus, "SPEAKERS", None), prompts=run.prompts,
        parameters=sum(p.numel() for p in run.last.parameters()),
        step=run.reached, finished=run.reached >= run.s.steps, metrics=metrics(run),
        tokenizer=dict(symbols=run.symbols, merges=run.tokenizer.merges),
        weights=weights, snapshots=snapshots, watched=list(run.looks), shown=run.shown,
        files=files, missing=run.missing)


def shown_folder(folder):
    """Where a run is, as somebody types it here; None for a name that no page can show."""
    with contextlib.suppress(OSError, ValueError):  # on Windows, perhaps on another drive
        folder = Path(os.path.relpath(folder))
    try:
        folder.as_posix().encode()
    except UnicodeEncodeError:
        return None
    return folder.as_posix()


def metrics(run):
    """What train.py wrote at the end; None if that is gone, or still to come."""
    try:
        found = run.files.read_json("metrics.json")
        with run.files.intact("metrics.json"):
            run_checks.check_metrics(found)
        return found
    except BadInput:
        if run.reached >= run.s.steps:
            run.missing["metrics"] = (f"{run.folder}/metrics.json, with which a training ends, is "
                                      "missing or damaged. To write it again: "
                                      + resume_command(run.folder, run.s.head))


# --------------------------------------------------------------------------------------------------
# 7. The command

def main():
    args = arguments()
    site = Path(args.out)
    with explained(site):
        check_arguments(args, site)
    recover(site)
    names = []
    for folder in dict.fromkeys(map(Path, args.runs + args.named)) or [""]:
        seconds = plumbing.seconds_for(
            lambda folder=folder: names.append(report(folder, args, site)))
        say(f"  in {plumbing.duration(seconds)}")
    if args.serve:
        serve(site, args.port, names[0])
    else:
        out = () if is_own(site) else ("--out", site)
        serve_here = command("python", "export_for_web.py", "--serve", *out)
        say(f"To see it: {serve_here}, or any server of files: "
            f"{command('python', '-m', 'http.server', '-d', site)}")


def check_arguments(args, site):
    """Refuse what cannot work, before anything is written."""
    if blocking := [path for path in (site, *site.parents) if path.is_file()]:
        raise BadInput(f"{blocking[0]} is a file: --out wants a folder.")
    if Path(os.path.realpath(SITE)) in Path(os.path.realpath(site)).parents:
        raise BadInput(f"{site} lies in {SITE}, which is copied there: choose another --out.")
    if not 0 <= args.port < 2**16:
        raise BadInput(f"There is no port {args.port}: --port goes from 0 to 65535.")
    taken = {}
    for folder in args.runs + args.named:
        plumbing.kept_settings(train.Settings, Path(folder))
        other = taken.setdefault(real_name(Path(folder)), folder)
        if Path(other).resolve() != Path(folder).resolve():
            raise BadInput(f"{other} and {folder} would both become exported/"
                           f"{web_name(Path(folder))}: rename one of these folders.")
    check_site(site, None if is_own(site) else SITE)


def arguments():
    parser = ArgumentParser(description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", metavar="RUN", type=os.path.expanduser,
                        help="folders (the newest in runs/)")
    parser.add_argument("--run", action="append", dest="named", default=[], metavar="RUN",
                        type=os.path.expanduser,
                        help="the same, as train.py prints it")
    parser.add_argument("--serve", action="store_true", help="show the site on this machine")
    parser.add_argument("--port", type=int, default=8000, help="to serve it at (8000, or the next "
                        "one that is free)")
    parser.add_argument("--out", default=str(SITE), type=os.path.expanduser,
                        help="the folder of the site (site)")
    parser.add_argument("--weights", choices=("int8", "float16"), default="int8",
                        help="bits of a weight (int8)")
    parser.add_argument("--steps", type=int, nargs="+", help="what goes along (all looks, at most "
                        f"{LOOKS}; weights up to {WEIGHTS / 1e6:.0f} MB)")
    parser.add_argument("--corpus", action="store_true", help="also the text that it learned from")
    return parser.parse_args()


def report(folder, args, site):
    """Export a run and say what became of it. Returns its name in addresses."""
    run = Source(folder, args.weights, args.steps)
    before = read_manifest(site / "exported" / free_name(run.folder, site / "exported"))
    place, now = export(run, site, args.corpus), run.manifest
    sizes = sizes_of(now)
    state = ("all" if now["finished"] else f"so far {now['step']:,} of") + f" {run.s.steps:,}"
    say(f"{run.folder} ({state} steps) is in {place}: {sum(sizes.values()) / 1e6:.1f} MB")
    for part, size in sorted(sizes.items(), key=lambda item: -item[1]):
        say(f"  {size / 1e6:6.2f} MB  {part}")
    say(f"  {len(run.shown)} of {len(run.looks)} looks; weights of the steps "
        f"{', '.join(map(str, run.kept))}")
    for name, reason in now["missing"].items():
        say(f"  without {name}: {reason}")
    if others := differences(before, now):
        say(f"  In its place was another run of that name ({', '.join(others)} differed): rename "
            "a folder to have both.")
    return run.name


def sizes_of(manifest):
    """{file or folder: bytes} of an export. Its own folder may be another export's by now."""
    sizes = {"manifest.json": len(json_bytes(manifest)),
             "weights": manifest["weights"]["bytes"] * len(manifest["snapshots"])}
    for path, file in manifest["files"].items():
        part = path.split("/")[0]
        sizes[part] = sizes.get(part, 0) + file["bytes"]
    return sizes


def differences(before, now):
    """What tells two runs from each other, by their manifests; nothing if there was none before."""
    pairs = [*now["settings"].items(), ("text", now["corpus"])]
    settings = before.get("settings")  # of a manifest that may have been damaged
    known = dict(settings if isinstance(settings, dict) else {}, text=before.get("corpus"))
    return [name for name, value in pairs if before and known.get(name) != value]


if __name__ == "__main__":
    plumbing.run(main)
