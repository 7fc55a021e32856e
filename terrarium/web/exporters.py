"""The files of an export; docs/formats.md says what each key in them means.

1. Weights, 2. Samples and curves, 3. What the weights say, 4. The code that ran, 5. All files.
"""

import ast
import base64
import contextlib
import dataclasses
import hashlib
import os
import re
from functools import partial
from itertools import pairwise
from pathlib import Path

import train
from terrarium import __version__, run_checks
from terrarium.baselines import baselines
from terrarium.errors import BadInput, resume_command
from terrarium.generation import generate_batch
from terrarium.interpret import (
    MIN_GAIN,
    MIN_SCORE,
    TIMES_CHANCE,
    ablated_losses,
    ablated_repeat_gain,
    affordable,
    attention_entropy,
    best_role,
    cosine_baseline,
    direct_logit_effect,
    max_activating_examples,
    most_attended,
    most_missed,
    neuron_activations,
    passes,
    pca,
    rare_and_strong,
    repeat_gain,
    role_scores,
    token_losses,
    uniform_entropy,
)
from terrarium.milestones import (
    DETECTORS,
    LIMIT,
    N_DRAWS,
    Sample,
    choose_criteria,
    draw_sample,
    find_milestones,
    learn_language,
    least_texts,
    rule_step,
    unigram_probs,
)
from terrarium.replay import replay
from terrarium.row_threads import one_core_if_small
from terrarium.rules import eval_prompts, rule_accuracy
from terrarium.settings import PATHS
from terrarium.text import END
from terrarium.web.guesses import guesses
from terrarium.web.publish import FORMAT, write_bytes, write_json
from terrarium.web.training_text import copied, in_manifest, training_slice, training_text
from terrarium.web.weight_paths import weight_paths

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

TEXTS = 32  # how many are written at each snapshot, to see which rules they follow
DESCRIBED = 40  # held-out texts on which what a head is good for is measured
POINTS = 1500  # of a curve: more are averaged


# --------------------------------------------------------------------------------------------------
# 1. Weights, and what a page has to compute with them


def write_weights(run, folder):
    """weights/NNNNNN.bin. Returns what the manifest says of them."""
    snapshots = []
    for step in run.snapshot_steps:
        content, described, _ = run.quantized[step]
        file = f"weights/{step:06}.bin"
        write_bytes(folder / file, content)
        snapshots.append(dict(step=step, file=file, sha256=hashlib.sha256(content).hexdigest()))
    return dict(type=run.weight_type, bytes=len(content), tensors=described), snapshots


@torch.inference_mode()
def write_logits(run, folder):
    """logits/NNNNNN.json: for each snapshot, what follows the first prompt, (V,), by PyTorch."""
    ids = torch.tensor([run.encode_prompt(run.prompts[0])])
    for step, model in run.models.items():
        write_json(folder / f"logits/{step:06}.json", numbers(model(ids)[0][0, -1], 5))


def check(run):
    """The prompt whose logits are in logits/, and how far off a page may be."""
    return dict(ids=run.encode_prompt(run.prompts[0]), tolerance=1e-4, held_out=held_out(run))


def held_out(run):
    """A text that it never learned from, as ids (at most n_ctx), and its loss by the last weights,
    in nats per token. None if that text is gone."""
    try:
        ids = run.held_out_texts()[0]
    except BadInput as reason:
        run.missing["held-out text"] = str(reason)
        return None
    loss = train.evaluate(run.last, ids, [(0, len(ids) - 1)], train.attention)
    return dict(ids=ids, loss=round(loss, 5))


# --------------------------------------------------------------------------------------------------
# 2. Samples and curves


def log(run):
    """Curves by step, long ones thinned out to POINTS means, and losses to compare with."""
    compared = {name: round(loss, 4) for name, loss in compare(run).items()}
    return dict(curves(run.log.values()), baselines=compared)


def curves(log):
    """What was logged, as columns. A point of a long curve is the mean of several steps, and stands
    at the first of them."""
    lines = [line for line in log if "loss" in line]
    size = max(1, -(-len(lines) // POINTS))
    groups = [lines[i : i + size] for i in range(0, len(lines), size)]
    names = ("loss", "lr_multiplier", "gradient_norm", "tokens_per_second", "seconds")
    means = {
        name: [significant(np.mean([line[name] for line in group])) for group in groups]
        for name in names
    }
    validated = [line for line in log if "validation_loss" in line]
    validation = dict(
        sampled_steps=[line["step"] for line in validated],
        loss=[round(line["validation_loss"], 4) for line in validated],
    )
    if any("parent_validation_loss" in line for line in validated):
        validation["parent_loss"] = [round(line["parent_validation_loss"], 4) for line in validated]
    return dict(
        steps_per_point=size,
        point_steps=[group[0]["step"] for group in groups],
        **means,
        validation=validation,
    )


def compare(run):
    """Losses to compare with, fewer if the text is gone."""
    try:
        tokens, held_out = run.tokens("train"), run.tokens("validation")
    except BadInput as reason:
        run.missing["baselines"] = str(reason)
        tokens, held_out = (), ()
    return baselines(
        tokens[:5_000_000], held_out[:500_000], len(run.vocab), run.facts.get("entropy")
    )


def samples(run, log, heads):
    """What was written at every sample, which rules it followed, and the milestones."""
    accuracy = rule_accuracy_by_step(run)
    reached, chance = milestones(run, log.get("baselines", {}), heads, accuracy)
    return dict(continuations(run), rule_accuracy=accuracy, milestones=reached, chance=chance)


def continuations(run):
    """How each sample continued the prompts: ids and probabilities."""
    first = next(iter(run.samples.values()))
    written = [
        dict(
            step=step,
            continuations=[
                ids_and_probabilities(run, one["tokens"]) for one in sample["continuations"]
            ],
        )
        for step, sample in run.samples.items()
    ]
    return dict(
        temperature=first["temperature"],
        prompt_ids=[run.ids_of(one["prompt_tokens"]) for one in first["continuations"]],
        samples=written,
    )


def ids_and_probabilities(run, tokens):
    return dict(
        ids=run.ids_of(token["token"] for token in tokens),
        p=[round(token["p"], 3) for token in tokens],
    )


def rule_accuracy_by_step(run):
    """The fraction of written texts that follow each rule of the corpus, by step; None without
    rules, or if the context is too small for all questions."""
    if not hasattr(run.corpus, "check"):
        return None
    prompts, n_tokens = rule_prompts(run)
    if not prompts:
        return None
    rows, by_rule = [run.encode_prompt(prompt) for prompt in prompts], {}
    for step in run.steps:
        model = run.exported_model(step)
        with one_core_if_small(model, len(rows)):  # speed only
            written = generate_batch(
                model, rows, n_tokens, run.s.n_ctx, run.tokenizer.end, run.s.temperature
            )
        texts = [run.tokenizer.decode(row).replace(END, "") for row in written]
        accuracy, n_texts = rule_accuracy(run.corpus.check, prompts, texts)
        for rule, fraction in accuracy.items():
            by_rule.setdefault(rule, []).append(round(fraction, 3))
    return dict(snapshot_steps=run.steps, accuracy=by_rule, n_texts=dict(n_texts))


def rule_prompts(run):
    """TEXTS prompts from all over those that test a model, and how many tokens follow each."""
    prompts, n_tokens, _ = eval_prompts(run.corpus, run.tokenizer, run.s)
    return prompts[:: max(1, len(prompts) // TEXTS)][:TEXTS], n_tokens


def milestones(run, losses, heads, accuracy):
    """What find_milestones finds in the samples, and the milestones of heads and rules; and what
    chance would reach. Without the text, nobody knows that: then there are those of heads and
    losses only."""
    try:
        language = learn_language(run.text(600_000))
        criteria, rules, chance = against_chance(run, language, accuracy or {})
    except BadInput as reason:
        run.missing["milestones"] = str(reason)
        language, criteria, rules, chance = None, {}, (), None
    found = [
        Sample(
            step,
            run.log.get(step, {}).get("validation_loss"),
            [
                (one["prompt"], "".join(token["token"] for token in one["tokens"]))
                for one in sample["continuations"]
            ],
        )
        for step, sample in run.samples.items()
    ]
    others = [*(role_milestones(heads) if heads else ()), *rules]
    reached = find_milestones(found, language, losses, criteria, others)
    if "parent" in run.facts:
        reached = without_those_of_parent(reached, list(run.samples))
    return reached, chance


def without_those_of_parent(reached, sampled_steps):
    """What its parent could do already is no milestone of a run. A single sample may miss it, so
    what the first three samples show in a text is taken for something that the parent could do."""
    third = sampled_steps[:3][-1]
    return [one for one in reached if one["step"] > (third if one["kind"] in DETECTORS else 0)]


def against_chance(run, language, accuracy):
    """The criteria for texts, the milestones of rules, and what is exported of both: how often
    tokens that are drawn at random, without a model, would do the same."""
    ways = dict(
        uniform=None,
        unigram=unigram_probs(run.tokens("train")[:5_000_000], len(run.vocab), run.s.temperature),
    )
    lengths = new_tokens(run, run.prompts, run.s.sample_tokens)
    drawn = {}
    for way, p in ways.items():
        rng = np.random.default_rng(1)
        drawn[way] = [
            draw_sample(run.tokenizer, run.prompts, lengths, p, rng) for _ in range(N_DRAWS)
        ]
    criteria = choose_criteria(language, drawn, len(run.samples))
    rules = rule_criteria(run, accuracy, ways)
    chance = dict(
        limit=LIMIT,
        n_samples=len(run.samples),
        n_draws=N_DRAWS,
        texts={kind: exported_criterion(one) for kind, one in criteria.items()},
        rules=rules,
    )
    return criteria, list(rule_milestones(accuracy, rules)), chance


def exported_criterion(criterion):
    odds = dict(uniform=criterion.uniform, unigram=criterion.unigram, is_used=criterion.is_used)
    return odds if criterion.n_words is None else dict(odds, n_words=criterion.n_words)


def new_tokens(run, prompts, n_tokens):
    """How many tokens have room after each prompt, n_tokens at most."""
    return [min(n_tokens, run.s.n_ctx - len(run.encode_prompt(prompt))) for prompt in prompts]


def rule_criteria(run, accuracy, ways):
    """For each rule: how often texts of random tokens keep it, and how many texts of a snapshot
    have to keep it to show that most do, and not by chance; None if that cannot be shown."""
    if not accuracy:
        return {}
    prompts, n_tokens = rule_prompts(run)
    prompts, kept = prompts * 4, {}
    lengths = new_tokens(run, prompts, n_tokens)
    for way, p in ways.items():
        drawn = draw_sample(run.tokenizer, prompts, lengths, p, np.random.default_rng(1))
        texts = [(prompt + continuation).replace(END, "") for prompt, continuation in drawn.texts]
        kept[way], _ = rule_accuracy(run.corpus.check, prompts, texts)
    found = {}
    for rule, n_texts in accuracy["n_texts"].items():
        drawn = {way: round(fractions.get(rule, 0), 3) for way, fractions in kept.items()}
        most = max(0.5, *drawn.values())
        least = least_texts(n_texts, most, len(accuracy["snapshot_steps"]))
        found[rule] = dict(**drawn, n_texts=n_texts, least=least)
    return found


def role_milestones(heads):
    """For each role, the first snapshot at which a head passes its test, and the best of them."""
    for role in heads["uniform_scores"]:
        for i, step in enumerate(heads["snapshot_steps"]):
            of_role = np.array(heads["scores"][i][role])
            layer, head = np.unravel_index(of_role.argmax(), of_role.shape)
            if has_role(heads, role, i, layer, head):
                yield dict(
                    kind="head",
                    step=step,
                    prompt=None,
                    text=None,
                    role=role,
                    head=f"{layer}.{head}",
                    weight=float(of_role.max()),
                )
                break


def has_role(heads, role, i, layer, head):
    """Whether a head passes the test of a role at the i-th snapshot."""
    score, chance = heads["scores"][i][role][layer][head], heads["uniform_scores"][role]
    return passes(role, score, chance, heads["repeat_gain"][i])


def rule_milestones(accuracy, rules):
    """For each rule, the first snapshot from which on most of what is written follows it."""
    for rule, criterion in rules.items():
        fractions = accuracy["accuracy"][rule]
        if criterion["least"] is None:
            continue
        least = round(criterion["least"] / criterion["n_texts"], 3)
        most = max(0.5, criterion["uniform"], criterion["unigram"])
        i = rule_step(fractions, least, most)
        if i is not None and fractions[0] <= most:  # otherwise it began with it
            yield dict(
                kind="rule",
                step=accuracy["snapshot_steps"][i],
                prompt=None,
                text=None,
                rule=rule,
                accuracy=fractions[i],
            )


def write_steps(run, folder):
    """steps/NNNNNN-P.json, a file for each exported sample and prompt: a page shows one of them."""
    for step in run.exported_steps:
        sample, arrays = run.samples[step], run.attention(step)
        for i, one in enumerate(sample["continuations"]):
            shown = continuation(run, one, arrays[f"weights_{i}"], arrays[f"entropy_{i}"])
            write_json(
                folder / f"steps/{step:06}-{i}.json",
                dict(step=step, temperature=sample["temperature"], prompt=i, **shown),
            )


def continuation(run, recorded, weights, entropy):
    """A prompt, what was written after it, and where each head looked.

    attention: the lower triangles of (L, H, T, T), row by row, 255 for a weight of 1, as base64;
    attention_entropy: (L, H, T) in nats."""
    lower = np.tril_indices(weights.shape[-1])
    return dict(
        prompt_ids=run.ids_of(recorded["prompt_tokens"]),
        tokens=[token_with_top(run, token) for token in recorded["tokens"]],
        attention=base64.b64encode(weights[(..., *lower)].tobytes()).decode(),
        attention_entropy=np.round(entropy.astype(float), 2).tolist(),
    )


def token_with_top(run, token):
    ids = run.tokenizer.ids
    return dict(
        id=ids[token["token"]], p=token["p"], top=[[ids[symbol], p] for symbol, p in token["top"]]
    )


# --------------------------------------------------------------------------------------------------
# 3. What the weights say


def heads(run):
    """What each head does, by snapshot: how well it does in the tests of each role, the loss
    without it, and the entropy of its attention; and what it does at the end. Lists are (L, H);
    losses and entropies in nats."""
    texts, start = affordable(run.last, run.held_out_texts()), run.tokenizer.start
    found = dict(
        snapshot_steps=run.snapshot_steps,
        n_texts=len(texts),
        n_tokens=sum(map(len, texts)),
        scores=[],
        repeat_gain=[],
        loss=[],
        ablated_loss=[],
        attention_entropy=[],
        uniform_entropy=round(uniform_entropy(texts), 3),
    )
    with one_core_if_small(run.last, max(map(len, texts))):
        for model in run.models.values():
            scores, chance = role_scores(model, texts, start)
            found["scores"].append({role: numbers(score, 3) for role, score in scores.items()})
            found["repeat_gain"].append(round(repeat_gain(model, start), 3))
            found["loss"].append(round(token_losses(model, texts).mean().item(), 4))
            found["ablated_loss"].append(numbers(ablated_losses(model, texts).mean(-1), 4))
            found["attention_entropy"].append(numbers(attention_entropy(model, texts), 3))
        last_gain = numbers(ablated_repeat_gain(run.last, start), 3)
        described = description(run)
    found["uniform_scores"] = chance
    required = dict(score=MIN_SCORE, times_chance=TIMES_CHANCE, repeat_gain=round(MIN_GAIN, 3))
    return dict(
        found,
        required=required,
        roles=final_roles(run, found),
        ablated_repeat_gain=last_gain,
        described=described,
        sampled=sampled_entropy(run),
    )


def final_roles(run, heads):
    """The role of each head at the end, (L, H), and since which snapshot it has had it."""
    scores = {role: torch.tensor(score) for role, score in heads["scores"][-1].items()}
    chance, gain = heads["uniform_scores"], heads["repeat_gain"][-1]
    return [
        [
            exported_role(heads, best_role(scores, chance, gain, layer, head), layer, head)
            for head in range(run.s.n_head)
        ]
        for layer in range(run.s.n_layer)
    ]


def exported_role(heads, role, layer, head):
    """A Role of a head; all of it is None but the confidence if the head has none."""
    if role.role is None:
        return dict(role._asdict(), since_step=None)
    since = None
    for i, step in enumerate(heads["snapshot_steps"]):
        if not has_role(heads, role.role, i, layer, head):
            since = None
        elif since is None:
            since = step
    return dict(rounded(role), since_step=since)


def description(run):
    """What each head attends to at the end, and which tokens are predicted worse without it; on
    more texts than at every snapshot, because most tokens are rare. (L, H)"""
    texts = affordable(run.last, run.held_out_texts(DESCRIBED), limit=5e11)
    rises = ablated_losses(run.last, texts) - token_losses(run.last, texts)  # (L, H, N)
    return dict(
        n_texts=len(texts),
        n_tokens=sum(map(len, texts)),
        most_attended=[
            [[rounded(one) for one in head] for head in layer]
            for layer in most_attended(run.last, texts)
        ],
        most_missed=[
            [[rounded(one) for one in most_missed(texts, head)] for head in layer]
            for layer in rises
        ],
    )


def rounded(found):
    """A named tuple as an object, its numbers rounded."""
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in found._asdict().items()
    }


def sampled_entropy(run):
    """The entropy of each head's attention at every sample, the mean over the prompts: (L, H) in
    nats; and that of uniform attention."""
    found, uniform = [], []
    for step in run.samples:
        arrays = run.attention(step)
        rows = [arrays[f"entropy_{i}"].astype(float) for i in range(len(run.prompts))]
        found.append(np.round(np.concatenate(rows, -1).mean(-1), 3).tolist())
        visible = np.concatenate([np.arange(row.shape[-1]) + 1 for row in rows])  # of each token
        uniform.append(round(float(np.log(visible).mean()), 3))
    return dict(sampled_steps=list(run.samples), attention_entropy=found, uniform=uniform)


def neurons(run, n=8):
    """Of each layer, n neurons that are active rarely but strongly: where, and which tokens they
    make more likely."""
    texts, found = run.held_out(60), []
    for layer in range(run.s.n_layer):
        activations = neuron_activations(run.last, layer, texts)
        found.append(
            [
                neuron(run, layer, j, activations[:, j], texts)
                for j in rare_and_strong(activations, n)
            ]
        )
    return dict(step=run.snapshot_steps[-1], n_tokens=sum(map(len, texts)), layers=found)


def neuron(run, layer, j, activations, texts):
    """One neuron, from its activations at all tokens of the texts (N,)."""
    examples = [
        dict(activation=round(activation, 2), before=before[-24:], token=token[0], after=after[:8])
        for activation, before, token, after in max_activating_examples(activations, texts)
    ]
    active_fraction = (activations > 0.1).float().mean().item()
    return dict(
        neuron=j,
        active_fraction=round(active_fraction, 4),
        direct_logit_effect=direct_logit_effect(run.last, layer, j),
        examples=examples,
    )


def embeddings(run, most=1000, n_neighbours=7):
    """Token embeddings on a plane that is the same at all steps (the two directions in which the
    last ones differ most), and the nearest neighbours of each at the end."""
    last = run.last.token_embedding.weight.detach()
    if len(last) < 2:
        raise BadInput("A model with a single token has no neighbours: train on another text.")
    ids = frequent(run, most)
    plane, mean, explained_variance = pca(last[ids])
    points = [
        numbers((model.token_embedding.weight.detach()[ids] - mean) @ plane, 3)
        for model in run.models.values()
    ]
    mean_cosine, chance_cosine = cosine_baseline(last)
    unit = F.normalize(last, dim=1)
    cosines = unit[ids] @ unit.T  # (ids, V)
    cosines[range(len(ids)), ids] = -torch.inf  # a token is not its own neighbour
    cosines, nearest = cosines.topk(min(n_neighbours, len(last) - 1))
    neighbours = [
        [[i, round(cosine, 3)] for i, cosine in zip(*pair)]
        for pair in zip(nearest.tolist(), cosines.tolist())
    ]
    return dict(
        snapshot_steps=run.snapshot_steps,
        ids=ids,
        points=points,
        explained_variance=numbers(explained_variance, 4),
        neighbours=neighbours,
        mean_cosine=round(mean_cosine, 3),
        chance_cosine=round(chance_cosine, 3),
    )


def frequent(run, most):
    """The ids that occur most often in the text, most first."""
    often = np.bincount(run.tokens("train")[:2_000_000], minlength=len(run.vocab))
    return np.argsort(-often, kind="stable")[:most].tolist()


def update(run, context=24, n_candidates=12):
    """One update unrolled: of the first row of its batch, the position that gained most by it."""
    made = replay(run)
    ids, targets = made["ids"][:1], made["targets"][0]
    with torch.inference_mode():
        before, after = (
            model(ids)[0][0].log_softmax(-1) for model in (made["before"], made["after"])
        )  # (T, V) each
    position = most_gained(before, after, targets)
    target = int(targets[position])
    p_before, p_after = before[position].exp(), after[position].exp()  # (V,)
    likely = p_before.topk(min(n_candidates, len(p_before))).indices.tolist()
    candidates = [
        dict(
            id=i,
            p_before=significant(p_before[i]),
            p_after=significant(p_after[i]),
            p_minus_y=significant(p_before[i] - float(i == target)),
        )
        for i in [target, *(i for i in likely if i != target)]
    ]
    start = max(0, position + 1 - context)
    return dict(
        **{
            name: made[name]
            for name in ("step", "loss", "gradient_norm", "lr_multiplier", "max_abs_diff")
        },
        context=ids[0, start : position + 1].tolist(),
        target=target,
        candidates=candidates,
        weight_deltas=weight_deltas(made["before"], made["after"]),
    )


def most_gained(before, after, targets):
    """The position whose target gained most probability; log probabilities (T, V), targets (T,)."""
    gained = (after - before)[torch.arange(len(targets)), targets.clamp_min(0)]
    gained[: min(8, len(gained) - 1)] = -torch.inf  # with some words before it
    gained[targets < 0] = -torch.inf  # it did not count: nothing was learned from it
    return int(gained.argmax())


def weight_deltas(before, after):
    """How far each tensor moved, of all its length, and the rows that moved most and not at all."""
    found, old = [], before.state_dict()
    for name, new in after.state_dict().items():
        delta = new - old[name]
        one = dict(
            name=name, norm=significant(old[name].norm()), delta_norm=significant(delta.norm())
        )
        if name in ("token_embedding.weight", "unembed.weight"):
            rows = delta.norm(dim=1)
            most = rows.topk(min(8, len(rows))).indices.tolist()
            one.update(
                rows=[[i, significant(rows[i])] for i in most],
                unchanged_rows=int((rows == 0).sum()),
                n_rows=len(rows),
            )
        found.append(one)
    return found


# --------------------------------------------------------------------------------------------------
# 4. The code that ran


def code(run):
    """The sections of train.py as it was when the run began, with the numbers of their lines."""
    from_run = run.files.has("train.py")
    if not from_run:
        run.missing["train.py"] = (
            f"{run.folder}/train.py is missing, so that the one of today is "
            "shown: train again to see the one that ran."
        )
    content = run.files.read("train.py") if from_run else Path(train.__file__).read_bytes()
    with run.files.intact("train.py"):
        source = content.decode()
        shown = dict(sections=sections(source), functions=functions(source))
    if not run.files.has("head.py"):
        return dict(from_run=from_run, **shown, head=None)
    content = run.files.read("head.py")
    with run.files.intact("head.py"):
        return dict(from_run=from_run, **shown, head=content.decode())


def sections(source):
    """[{title, first_line, lines}]: each begins with a numbered title and a dashed rule."""
    lines = source.removesuffix("\n").split("\n")  # as Python counts them
    titles = {
        i: found[1]
        for i, line in enumerate(lines)
        if (found := re.fullmatch(r"# (\d+\. .*?) -{3,}", line))
    }
    return [
        dict(title=titles[a], first_line=a + 1, lines=lines[a:b])
        for a, b in pairwise([*titles, len(lines)])
    ]


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


def write_all(run, folder, corpus, text=True):
    """Every file of an export; what cannot be made is named in the manifest, with the reason.
    `text`: with the text that pages search, unless it is somebody's own; `corpus`: with the
    training text, whoever wrote it."""
    done = {}
    text = text and (run.corpus is not None or corpus)

    def attempt(name, compute):
        """A file that cannot be made is left out, and the manifest says why."""
        bar.set_postfix_str(name, refresh=True)
        try:
            done[name] = compute()
            write_json(folder / f"{name}.json", done[name])
        except BadInput as reason:
            run.missing[name] = str(reason)
        bar.update()

    with tqdm(
        total=12 + text + corpus, desc=run.name, unit="file", leave=False, disable=None
    ) as bar:
        weights, snapshots = write_weights(run, folder)
        write_logits(run, folder)
        write_steps(run, folder)
        bar.update()
        attempt("check", partial(check, run))
        attempt("log", partial(log, run))
        attempt("heads", partial(heads, run))
        attempt("samples", lambda: samples(run, done.get("log", {}), done.get("heads")))
        for name, compute in dict(
            copied=copied,
            guesses=guesses,
            neurons=neurons,
            embeddings=embeddings,
            update=update,
            weight_paths=weight_paths,
            code=code,
        ).items():
            attempt(name, partial(compute, run))
        if text:
            attempt("training_text", partial(training_text, run))
            part = training_slice(done["training_text"]) if "training_text" in done else None
            if part:
                write_json(folder / "training_slice.json", part)
        elif run.corpus:
            run.missing["training_text"] = "It was left out, because of --no-text."
        if corpus:
            attempt("corpus", lambda: dict(text=run.text(5_000_000)))
        run.manifest = manifest(run, folder, weights, snapshots, done.get("training_text"))
        write_json(folder / "manifest.json", run.manifest)


def manifest(run, folder, weights, snapshots, text):
    """What there is, and what a page has to know before it shows anything."""
    files = {
        path.relative_to(folder).as_posix(): dict(
            bytes=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in sorted(folder.rglob("*.json"))
    }
    return dict(
        format=FORMAT,
        version=__version__,
        name=run.name,
        folder=shown_folder(run.folder),
        settings=without_folders(dataclasses.asdict(run.s)),
        corpus=without_folders(
            {name: fact for name, fact in run.facts.items() if name != "topics"}
        ),
        source=((run.corpus and run.corpus.__doc__) or "").split("\n")[0],
        training_text=text and in_manifest(text),
        speakers=run.speakers,
        topics=topics(run),
        prompts=run.prompts,
        parameters=sum(p.numel() for p in run.last.parameters()),
        step=run.last_step,
        finished=run.last_step >= run.s.steps,
        metrics=metrics(run),
        tokenizer=dict(vocab=run.vocab, merges=run.tokenizer.merges),
        weights=weights,
        snapshots=snapshots,
        sampled_steps=list(run.samples),
        exported_steps=run.exported_steps,
        files=files,
        missing=run.missing,
    )


def topics(run):
    """What one may ask somebody who answers; None for a text that is no conversation, or if nobody
    knows it: older runs do not name it, but the module of their corpus does."""
    if run.speakers is None:
        return None
    if "topics" in run.facts:
        return run.facts["topics"]
    return run.corpus.what_to_ask() if hasattr(run.corpus, "what_to_ask") else None


def without_folders(known):
    """The same settings or facts, but without the folders that files were in, since those say how
    somebody's disk is arranged. A path that begins in the working directory is kept."""
    shown = {**known}
    for name in PATHS:
        if isinstance(known.get(name), str) and Path(known[name]).is_absolute():
            shown[name] = Path(known[name]).name
        elif isinstance(known.get(name), dict):
            shown[name] = without_folders(known[name])
    return shown


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
        if run.last_step >= run.s.steps:
            run.missing["metrics"] = (
                f"{run.folder}/metrics.json, with which a training ends, is "
                "missing or damaged. To write it again: " + resume_command(run.folder, run.s.head)
            )
