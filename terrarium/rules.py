"""The rules of a corpus that a model has learned: what it is asked, and how often it keeps them."""

from collections import Counter
from typing import NamedTuple

from terrarium.text import END, normalize


class Exam(NamedTuple):
    """What a model wrote at the end: its texts, how many prompts it got and how many were left out;
    metrics: {"rule_accuracy": {rule: fraction}}, and asked, {rule: of how many texts}, if there are
    rules.
    """

    texts: list
    n_prompts: int
    left_out: int
    metrics: dict
    asked: dict


def examine(corpus, tokenizer, s, write):
    """Ask a model everything that its corpus asks. write(prompts, n_tokens) -> rows of ids."""
    prompts, n_tokens, left_out = eval_prompts(corpus, tokenizer, s)
    rows = write(prompts or readable(corpus.PROMPTS, tokenizer), n_tokens)
    texts = [tokenizer.decode(row).replace(END, "") for row in rows]
    if not hasattr(corpus, "check") or not prompts:
        return Exam(texts, len(prompts), left_out, {}, {})
    accuracy, asked = rule_accuracy(corpus.check, prompts, texts)
    return Exam(texts, len(prompts), left_out, dict(rule_accuracy=accuracy), asked)


def eval_prompts(corpus, tokenizer, s):
    """The prompts that test a model at the end, how many tokens it may add to each, and how many
    prompts are left out: those that leave less than half of the context for an answer."""
    if not hasattr(corpus, "eval_prompts"):
        prompts = corpus.PROMPTS
        if hasattr(corpus, "check"):  # without an end token, no text can begin from nothing
            prompts = prompts * 40 if tokenizer.end is None else [""] * 200
        return readable(prompts, tokenizer), s.n_ctx, 0
    asked = readable(corpus.eval_prompts(), tokenizer)
    longest = s.n_ctx // 2 - (tokenizer.end is not None)  # the end token comes first
    prompts = [prompt for prompt in asked if len(tokenizer.encode(prompt)) <= longest]
    n_tokens = max(64, getattr(corpus, "longest_reply", 0)) if s.vocab_size >= 512 else s.n_ctx
    return prompts, n_tokens, len(asked) - len(prompts)


def readable(prompts, tokenizer):
    """Prompts in the characters that a tokenizer knows: a name may have a letter that never
    occurred, and the tokenizer may be that of another text."""
    return [normalize(prompt, tokenizer.ids, drop=True) for prompt in prompts]


def rule_accuracy(check, prompts, texts):
    """The fraction of texts that follow each rule, and all that apply; of how many texts."""
    kept = [check(text[len(prompt) :], prompt) for prompt, text in zip(prompts, texts)]
    kept = [{**rules, "all": all(rules.values())} for rules in kept]
    asked = Counter(rule for rules in kept for rule in rules)
    names = sorted(asked, key="all".__eq__)  # in the order of the corpus, "all" at the end
    return {rule: sum(k.get(rule, False) for k in kept) / asked[rule] for rule in names}, asked
