"""What a run's files may hold. A run may come from anybody, and may have been damaged on its way:
whatever would end in an error, a wrong number or an endless computation is found here, before it
is used. Each function raises Unfit with the reason.
"""

import io
import json
import math
import zipfile

import numpy as np
import torch

MOST = 2**53  # of a whole number; beyond it, other programs no longer count exactly


class Unfit(ValueError):
    """Why the content of a file cannot be what train.py wrote."""


def require(fits, reason):
    if not fits:
        raise Unfit(reason)


# ------------------------------------------------------------------------------ JSON


def strict_json(content):
    """Bytes -> what they say as JSON: UTF-8, and every number a finite one."""
    try:
        return json.loads(
            content.decode(), parse_constant=no_number, parse_float=finite, parse_int=whole_number
        )
    except RecursionError:
        raise Unfit("its lists are nested too deeply") from None


def no_number(word):
    raise Unfit(f"{word} is not a number")


def finite(digits):
    number = float(digits)
    require(math.isfinite(number), f"{digits[:20]} is too large a number")
    return number


def whole_number(digits):
    require(len(digits) < 20 and abs(int(digits)) < MOST, f"{digits[:20]} is too large a number")
    return int(digits)


def is_whole(value, least=0):
    return type(value) is int and value >= least


def is_number(value, least=-math.inf, most=math.inf):
    return type(value) in (int, float) and least <= value <= most


def is_text(value):
    """Whether a value is text that can be written to a file: JSON may hold halves of characters."""
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


# ------------------------------------------------------------------------------ the small files


def check_settings_types(kept, fields):
    """Whether each setting is of the type of its default."""
    for field in fields:
        value, default = kept[field.name], field.default
        if isinstance(default, str):
            fits = is_text(value)
        elif isinstance(default, float):
            fits = is_number(value)
        elif type(default) is int:
            fits = type(value) is int
        else:
            fits = type(value) is type(default)
        require(
            fits, f"{field.name} is {str(value)[:20]!r}, and not of type {type(default).__name__}"
        )


def check_tokenizer(found):
    require(
        isinstance(found, dict) and found.keys() == {"vocab", "merges"},
        "it holds no vocab and merges",
    )
    vocab, merges = found["vocab"], found["merges"]
    require(
        isinstance(vocab, list)
        and all(is_text(one) and one for one in vocab)
        and 0 < len(set(vocab)) == len(vocab) <= 2**16,
        "its vocab is no list of tokens",
    )
    known = set(vocab)
    require(
        isinstance(merges, list)
        and all(
            isinstance(pair, list)
            and len(pair) == 2
            and all(isinstance(part, str) for part in pair)
            and {*pair, "".join(pair)} <= known
            for pair in merges
        ),
        "its merges make other tokens",
    )


def check_facts(facts):
    require(isinstance(facts, dict), "it holds no facts about a text")
    for name in (
        "vocab_size",
        "train_tokens",
        "validation_tokens",
        "train_characters",
        "validation_characters",
    ):
        require(is_whole(facts.get(name), 1), f"{name} is not a number above zero")
    for name in ("dataset", "note"):
        require(is_text(facts.get(name)), f"{name} is no text")
    if "parent" in facts:
        check_parent(facts["parent"])
    require("entropy" not in facts or is_number(facts["entropy"], 0), "entropy is not a number")
    prompts = facts.get("prompts")
    require(
        isinstance(prompts, list) and prompts and all(map(is_text, prompts)), "it names no prompts"
    )
    require(
        "speakers" not in facts or are_speakers(facts["speakers"]), "its speakers have no names"
    )
    require("topics" not in facts or are_topics(facts["topics"]), "its topics have no questions")


def are_topics(topics):
    """Whether these are topics, with the questions of each that a page proposes."""
    return isinstance(topics, list) and all(
        isinstance(topic, dict)
        and topic.keys() == {"name", "questions"}
        and is_text(topic["name"])
        and isinstance(topic["questions"], list)
        and topic["questions"]
        and all(map(is_text, topic["questions"]))
        for topic in topics
    )


def are_speakers(names):
    """Whether these are two names, each of which can begin a line "name: what is said"."""
    return (
        isinstance(names, list)
        and len(names) == 2
        and all(is_text(name) and name.strip() and len(name) <= 100 for name in names)
        and not any(":" in name or name.splitlines() != [name] for name in names)
        and names[0] != names[1]
    )


def check_parent(parent):
    """What is known about the run that this one goes on from."""
    require(
        isinstance(parent, dict) and parent.keys() == {"name", "step", "dataset"},
        "its parent holds something else than name, step and dataset",
    )
    require(is_text(parent["name"]) and is_text(parent["dataset"]), "its parent has no name")
    require(is_whole(parent["step"]), "its parent has no step")


def check_tokens(tokens, vocab_size, end):
    require(len(tokens) > 1, "it holds no tokens")
    require(int(tokens.max()) < vocab_size, "it has ids beyond the vocabulary")
    require(
        end is None or tokens[0] == tokens[-1] == end, "it does not begin and end with an end token"
    )


def check_log(lines):
    lines = list(lines)
    steps = [check_log_line(line) for line in lines]
    require(steps == sorted(set(steps)), "its steps are not in order")
    of_parent = ["parent_validation_loss" in line for line in lines if "validation_loss" in line]
    require(all(of_parent) or not any(of_parent), "it has losses of a parent at some samples only")


def check_log_line(line):
    """The step of a line, which holds nothing but numbers."""
    require(isinstance(line, dict) and is_whole(line.get("step")), "a line has no step")
    # Losses, norms, rates, speeds and times: none of them is ever below zero.
    require(
        all(is_number(value, 0) for value in line.values()),
        "a line holds something else than numbers from zero on",
    )
    require("seconds" in line, "a line has no seconds")
    require(line.get("lr_multiplier", 0) <= 1, "a learning rate is above its full height")
    learned = {"loss", "gradient_norm", "lr_multiplier", "tokens_per_second"}
    require(not learned & line.keys() or learned <= line.keys(), "a line lacks numbers")
    return line["step"]


def check_samples(lines, vocab, prompts, s):
    known = set(vocab)
    for line in lines:
        require(isinstance(line, dict) and is_whole(line.get("step")), "a line has no step")
        require(is_number(line.get("temperature"), 0), "a line has no temperature")
        found = line.get("continuations")
        require(
            isinstance(found, list)
            and all(isinstance(one, dict) for one in found)
            and [one.get("prompt") for one in found] == prompts,
            "its prompts are not those of corpus.json",
        )
        for continuation in found:
            check_continuation(continuation, known, s.n_ctx)
    steps = [line["step"] for line in lines]
    require(steps == sorted(set(steps)), "its steps are not in order")


def check_continuation(continuation, known, n_ctx):
    """One prompt of a line of traces.jsonl, and how it was continued."""
    prompt, tokens = continuation.get("prompt_tokens"), continuation.get("tokens")
    require(
        isinstance(prompt, list)
        and isinstance(tokens, list)
        and 0 < len(prompt)
        and len(prompt) + len(tokens) <= n_ctx,
        "a prompt does not fit the context",
    )
    require(
        all(isinstance(token, str) and token in known for token in prompt),
        "it has tokens that tokenizer.json lacks",
    )
    for token in tokens:
        require(
            isinstance(token, dict)
            and isinstance(token.get("top"), list)
            and all(isinstance(pair, list) and len(pair) == 2 for pair in token["top"]),
            "a token lacks its likeliest ones",
        )
        for text, p in [(token.get("token"), token.get("p")), *token["top"]]:
            require(
                isinstance(text, str) and text in known, "it has tokens that tokenizer.json lacks"
            )
            require(is_number(p, 0, 1), "a probability is not between 0 and 1")


def check_metrics(metrics):
    require(isinstance(metrics, dict), "it holds no numbers")
    accuracy = metrics.get("rule_accuracy", {})
    require(
        isinstance(accuracy, dict) and all(is_number(one, 0, 1) for one in accuracy.values()),
        "the accuracy of a rule is not between 0 and 1",
    )
    if "band" in metrics:
        check_band(metrics["band"])
    numbers = [value for name, value in metrics.items() if name not in ("rule_accuracy", "band")]
    require(all(map(is_number, numbers)), "it holds something else than numbers")
    require("validation_loss" in metrics, "it has no validation loss")


def check_band(band):
    """Between which losses runs ended that differ only in their seed."""
    require(
        isinstance(band, dict) and band.keys() == {"low", "high", "runs", "of"},
        "its band holds something else than low, high, runs and of",
    )
    low, high = band["low"], band["high"]
    require(
        is_number(low, 0) and is_number(high, low) and math.isfinite(high),
        "its band does not go from one loss up to another",
    )
    require(is_whole(band["runs"], 2), "its band is one of fewer than two runs")
    require(band["of"] in ("preset", "seeds"), "its band is neither of a preset nor of seeds")


# ------------------------------------------------------------------------------ tensors


def check_zip(content, most):
    """Whether a zip file unpacks to so many bytes at most. Its checksums need no look: the hash of
    the whole file was compared."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        require(sum(one.file_size for one in packed.infolist()) <= most, "it unpacks to too much")


def parameters(s, vocab_size):
    """How many numbers a model of these settings learns."""
    block = 4 * s.n_embd**2 + 2 * s.n_embd * s.n_ff + 4 * s.n_embd
    return (2 * vocab_size + s.n_ctx + 2) * s.n_embd + s.n_layer * block


def check_weights(tensors, s, vocab_size):
    """Whether they are as many as the settings promise, before a model of that size is made."""
    require(
        isinstance(tensors, dict)
        and all(isinstance(name, str) and torch.is_tensor(one) for name, one in tensors.items()),
        "it holds no tensors",
    )
    numbers = sum(one.untyped_storage().nbytes() // 4 for one in tensors.values())
    require(numbers == parameters(s, vocab_size), "settings.json tells of a model of another size")
    require(all_finite(tensors), "a weight is not a number")


def all_finite(tensors):
    """Whether no number is infinite, or none: their sum would be, too (in a fifth of the time)."""
    return math.isfinite(sum(one.sum(dtype=torch.float64).item() for one in tensors.values()))


def check_checkpoint(checkpoint, s):
    require(
        isinstance(checkpoint, dict)
        and checkpoint.keys() == {"step", "log", "belongs_to", "model", "optimizers"},
        "it lacks a part",
    )
    require(
        is_whole(checkpoint["step"]) and checkpoint["step"] <= s.steps,
        "its step is beyond the last one",
    )
    require(all_finite(checkpoint["model"]), "a weight is not a number")
    require(isinstance(checkpoint["log"], dict), "it has no log")
    check_log(checkpoint["log"].values())
    require(
        list(checkpoint["log"]) == [line["step"] for line in checkpoint["log"].values()],
        "its log is not in order",
    )


def check_optimizer(optimizer, state):
    """Whether a state fits an optimizer: its groups, and a tensor's size for each average in it."""
    fresh = optimizer.state_dict()["param_groups"]
    require(
        isinstance(state, dict) and len(state.get("param_groups", ())) == len(fresh),
        "an optimizer's groups differ",
    )
    for group, kept in zip(fresh, state["param_groups"]):
        require(
            {name: type(value) for name, value in kept.items()}
            == {name: type(value) for name, value in group.items()}
            and kept["params"] == group["params"]
            and is_number(kept["full_lr"]),
            "an optimizer's groups differ",
        )
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for index, averages in state["state"].items():
        shape = parameters[index].shape
        alike = sum(p.shape == shape for p in parameters)  # Muon stacks their averages
        of_muon = dict(momentum=(alike, *shape), second_moment=(alike, shape[0], 1))
        for name, average in averages.items():
            right = (of_muon[name],) if name in of_muon else ((), shape)
            require(average.shape in right, "an optimizer's averages are of another size")


def check_attention(arrays, rows, s):
    """Whether arrays hold weights (L, H, T, T) and entropies (L, H, T) of rows of T tokens."""
    for i, T in enumerate(rows):
        weights, entropy = arrays[f"weights_{i}"], arrays[f"entropy_{i}"]
        require(
            weights.dtype == np.uint8
            and weights.shape == (s.n_layer, s.n_head, T, T)
            and entropy.dtype == np.float16
            and entropy.shape == (s.n_layer, s.n_head, T)
            and np.isfinite(entropy).all(),
            "its weights are those of other rows",
        )
