"""The files of an export: what was watched, and what the weights say.

1. Weights, 2. What was watched, 3. What the weights say, 4. The code that ran, 5. All files.
"""
import ast
import base64
import contextlib
import dataclasses
import hashlib
import os
import re
from functools import partial
from pathlib import Path

import train
from terrarium import run_checks
from terrarium.baselines import baselines
from terrarium.errors import BadInput, resume_command
from terrarium.generation import generate_batch
from terrarium.interpret import (
    ablation,
    attention_entropy,
    best_role,
    cosine_baseline,
    direct_logit_effect,
    max_activating_examples,
    most_attended,
    neuron_activations,
    pca,
    rare_and_strong,
    roles,
)
from terrarium.milestones import Sample, find_milestones, learn_language
from terrarium.replay import replay
from terrarium.rules import eval_prompts, rule_accuracy
from terrarium.text import END
from terrarium.web.publish import FORMAT, write_bytes, write_json
from terrarium.web.quantize import quantize

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

SAMPLES = 32  # texts that are written at each step to see which rules they keep
POINTS = 1500  # of a curve: more are averaged


# --------------------------------------------------------------------------------------------------
# 1. Weights, and what a page has to compute with them

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
    in nats per token. None if that text is gone."""
    try:
        ids = run.unseen()[0]
    except BadInput as reason:
        run.missing["held-out text"] = str(reason)
        return None
    loss = train.evaluate(run.last, ids, [(0, len(ids) - 1)], train.attention)
    return dict(ids=ids, loss=round(loss, 5))


# --------------------------------------------------------------------------------------------------
# 2. What was watched

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
    return baselines(tokens[:5_000_000], held_out[:500_000], len(run.symbols),
                             run.facts.get("floor"))


def film(run, log, heads):
    """What all looks wrote: ids and probabilities, skills by step, and the moments that count."""
    told = what_was_written(run)
    skills = skills_by_step(run)
    return dict(told, skills=skills,
                moments=milestones(run, log.get("compare", {}), heads, skills))


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
    prompts, n_tokens, _ = eval_prompts(run.corpus, run.tokenizer, run.s)
    if not prompts:
        return None
    prompts = prompts[:: max(1, len(prompts) // SAMPLES)][:SAMPLES]
    rows, shares = [run.cut(prompt) for prompt in prompts], {}
    for step in run.steps:
        model = run.models[step] if step in run.models else quantize(run.at(step), run.kind)[2]
        written = generate_batch(model, rows, n_tokens, run.s.n_ctx, run.tokenizer.end,
                                        run.s.temperature)
        texts = [run.tokenizer.decode(row).replace(END, "") for row in written]
        kept, asked = rule_accuracy(run.corpus.check, prompts, texts)
        for rule, share in kept.items():
            shares.setdefault(rule, []).append(round(share, 3))
    return dict(steps=run.steps, shares=shares, samples=dict(asked))


def milestones(run, losses, heads, skills):
    looks = [Sample(step, run.log.get(step, {}).get("validation_loss"),
                          [(prompt["prompt"], "".join(t["token"] for t in prompt["tokens"]))
                           for prompt in look["prompts"]]) for step, look in run.looks.items()]
    others = [*(role_moments(heads) if heads else ()), *skill_moments(skills or {})]
    try:
        text = run.text(600_000)
    except BadInput as reason:
        run.missing["moments"], text = str(reason), ""
    return find_milestones(looks, learn_language(text), losses, others)


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
# 3. What the weights say

def heads(run):
    """What each head does, by snapshot: scores of its roles, what it costs to switch it off, how
    widely it looks (nats), and the ids it likes; `watched` as `widths`. Lists are (L, H); losses in
    nats per token."""
    texts = run.unseen()
    found = dict(steps=run.kept, texts=len(texts), tokens=sum(map(len, texts)), scores=[],
                 loss=[], without=[], entropy=[])
    for model in run.models.values():
        scores, found["chance"] = roles(model, texts)
        loss, without = ablation(model, texts)
        found["scores"].append({role: numbers(score, 3) for role, score in scores.items()})
        found["loss"].append(round(loss, 4))
        found["without"].append(numbers(without, 4))
        found["entropy"].append(numbers(attention_entropy(model, texts), 3))
    # `scores` and `chance` are now those of the last model.
    found["labels"] = [[best_role(scores, found["chance"], layer, head)[0]
                        for head in range(run.s.n_head)] for layer in range(run.s.n_layer)]
    return dict(found, likes=most_attended(run.last, texts), watched=widths(run))


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
        fired = neuron_activations(run.last, layer, texts)
        found.append([dict(neuron=j, often=round((fired[:, j] > 0.1).float().mean().item(), 4),
                           speaks_for=direct_logit_effect(run.last, layer, j),
                           fires=[dict(strength=round(strength, 2), before=before[-24:],
                                       token=token[0], after=after[:8]) for
                                  strength, before, token, after in
                                  max_activating_examples(fired[:, j], texts)])
                      for j in rare_and_strong(fired, each)])
    return dict(step=run.kept[-1], tokens=sum(map(len, texts)), layers=found)


def embeddings(run, most=1000, near=7):
    """Token embeddings on a plane that is the same at all steps (the two directions in which the
    last ones differ most), and which lie closest by at the end."""
    last = run.last.token_embedding.weight.detach()
    if len(last) < 2:
        raise BadInput("A model with a single token has no neighbours: train on another text.")
    ids = frequent(run, most)
    two, mean, shares = pca(last[ids])
    points = [numbers((model.token_embedding.weight.detach()[ids] - mean) @ two, 3)
              for model in run.models.values()]
    by_itself, by_chance = cosine_baseline(last)
    unit = F.normalize(last, dim=1)
    cosines = unit[ids] @ unit.T  # (ids, V)
    cosines[range(len(ids)), ids] = -torch.inf  # a token is not its own neighbour
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
    made = replay(run)
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
# 4. The code that ran

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
# 5. All files

def numbers(tensor, digits):
    """A tensor as lists of rounded numbers."""
    return np.round(tensor.detach().double().numpy(), digits).tolist()


def significant(x, digits=5):
    return float(f"{float(x):.{digits}g}")


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
