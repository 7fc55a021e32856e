"""What an export says about the training text: how much of it the model has copied, and the text
itself, as much as goes along. See terrarium/copied.py for what counts as copied.
"""

from itertools import groupby
from typing import NamedTuple

from terrarium.copied import BLOCK, BOUNDARY, Units, blocks, copied_words, cut, search, words_of
from terrarium.text import END

import numpy as np
from tqdm import tqdm

# --------------------------------------------------------------------------------------------------
# 1. What was copied

HELD_OUT = 100  # pieces of text that the model never saw
BY_CHANCE = 0.05  # of the words of held-out text may stand in spans that count as copied
FEWEST = 2  # words that a copy has at least


class Written(NamedTuple):
    """What was written after a prompt at a step, or held out: its tokens without the end token,
    and whether it came to an end."""

    step: int
    prompt: int
    tokens: list
    is_over: bool
    units: Units

    @property
    def text(self):
        return "".join(self.tokens)


def written(tokens, before, step=None, prompt=None):
    """The same from tokens as they were written after a text."""
    is_over = END in tokens
    tokens = tokens[: tokens.index(END)] if is_over else tokens
    units = cut("".join(tokens), before, not is_over)
    return Written(step, prompt, tokens, is_over, units)


def copied(run):
    """The spans of all samples that stand in the training text, beside those of held-out text; see
    copied.json in docs/formats.md. Raises BadInput."""
    samples = list(samples_of(run))
    held_out = list(held_out_pieces(run, run.s.sample_tokens))
    units = [one.units for one in samples + held_out]
    found = search(units, with_progress(blocks(run), len(run.tokens("train"))))
    spans = [list(found.spans(i)) for i in range(len(units))]
    ours, unseen = spans[: len(samples)], spans[len(samples) :]
    least = least_words(held_out, unseen)
    return dict(
        least_words=least,
        by_chance=BY_CHANCE,
        searched_characters=found.n_characters,
        searched_documents=max(1, found.document),
        held_out=dict(
            n_texts=len(held_out),
            **totals(held_out, unseen, least),
            longest=longest(held_out, unseen),
        ),
        samples=list(by_step(samples, ours, least)),
        longest=longest(samples, ours),
    )


def with_progress(parts, n_tokens):
    """The same parts, with a bar where that takes long: a gigabyte takes four minutes."""
    n_parts = -(-n_tokens // BLOCK)
    return tqdm(
        parts,
        total=n_parts,
        desc="Looking for copies",
        unit="block",
        leave=False,
        disable=None,
        delay=3,
    )


def samples_of(run):
    """Everything that was sampled, as Written."""
    for step, sample in run.samples.items():
        for prompt, one in enumerate(sample["continuations"]):
            tokens = [token["token"] for token in one["tokens"]]
            yield written(tokens, one["prompt"], step, prompt)


def held_out_pieces(run, n_tokens):
    """Texts that the model never saw, as long as its own: each from where it would have begun to
    write, after as many tokens as a prompt usually has."""
    skipped = int(np.median([len(run.encode_prompt(prompt)) for prompt in run.prompts]))
    for ids in run.held_out(HELD_OUT):
        tokens = [run.vocab[i] for i in ids]
        before = "".join(tokens[:skipped]).split(END)[-1]
        yield written(tokens[skipped : skipped + n_tokens], before)


def least_words(held_out, spans):
    """The fewest words in a row that count as copied: hardly any words of held-out text stand in
    spans of so many."""
    least = FEWEST
    while True:
        found = totals(held_out, spans, least)
        if found["copied_words"] <= BY_CHANCE * found["n_words"]:
            return least
        least += 1


def totals(texts, spans, least):
    """How many words some texts have, how many of these are copied, and how long the longest span
    of each is: at most, and on average."""
    longest = [max((one.words for one in those), default=0) for those in spans]
    return dict(
        n_words=sum(int(one.units.is_word.sum()) for one in texts),
        copied_words=sum(copied_words(one.units, those, least) for one, those in zip(texts, spans)),
        longest_words=max(longest, default=0),
        mean_longest_words=round(sum(longest) / max(1, len(longest)), 2),
    )


def by_step(samples, spans, least):
    """What was copied at each step, and after each prompt."""
    pairs = list(zip(samples, spans))
    for step, group in groupby(pairs, key=lambda pair: pair[0].step):
        group = list(group)
        yield dict(
            step=step,
            **totals(*zip(*group), least),
            continuations=[continuation(*pair, least) for pair in group],
        )


def continuation(sample, spans, least):
    """What was copied in a sample: the spans that count as copies, and in any case the longest."""
    found = totals([sample], [spans], least)
    shown = min(least, found["longest_words"])
    del found["mean_longest_words"]  # of a single text, it is the same
    return dict(found, spans=[one._asdict() for one in spans if one.words >= shown])


def longest(texts, spans):
    """The longest span of all, of several the one that was written last; None if there is none."""
    every = [(one, span) for one, its_spans in zip(texts, spans) for span in its_spans]
    if not every:
        return None
    one, span = max(reversed(every), key=lambda pair: pair[1].words)
    found = dict(text=one.text[span.start : span.start + span.length], **span._asdict())
    return found if one.step is None else dict(step=one.step, prompt=one.prompt, **found)


# --------------------------------------------------------------------------------------------------
# 2. The text itself

MOST = 2_000_000  # characters of it that go along
SLICE = (
    200_000  # characters that a page learns from: what a small model gets through within minutes
)
MOST_OF_WORDS = 150_000  # characters of words that stand only in the rest: about 50 KB, compressed
MEASURED = 31  # windows: a page computes the loss on all of them, while somebody waits


def training_text(run, most=MOST):
    """The training text, or its beginning: whole documents, of `most` characters in all, and what
    has to be said of a text that somebody else has made; and held-out text to compare with. Raises
    BadInput."""
    documents = list(first_documents(blocks(run), most))
    n_characters = sum(map(len, documents))
    all_characters = max(run.facts["train_characters"], n_characters)
    return dict(
        credit=getattr(run.corpus, "CREDIT", ""),
        licence=getattr(run.corpus, "LICENCE", ""),
        changes=changes(run.facts.get("note", ""), n_characters < all_characters),
        characters=n_characters,
        all_characters=all_characters,
        documents=documents,
        other_words=other_words(run, documents) if n_characters < all_characters else [],
        held_out=list(filter(None, map(whole_words, held_out_pieces(run, run.s.n_ctx)))),
        # As they are cut for the validation loss, or a page would measure another loss than that.
        held_out_ids=run.held_out(MEASURED, following=1),
    )


def training_slice(text, most=SLICE):
    """The beginning of what `training_text` returns, for a page to learn from; None if that is no
    longer than `most` characters."""
    if text["characters"] <= most:
        return None
    return dict(documents=list(first_documents([BOUNDARY.join(text["documents"])], most)))


def other_words(run, documents, most=MOST_OF_WORDS):
    """The words that stand in the training text, but not in these documents: with them, a page can
    tell which words of a text are nowhere in it. None if they have more than `most` characters."""
    here = set().union(*words_of([BOUNDARY.join(documents)]))
    others = set()
    for words in words_of(blocks(run)):
        others |= words - here
        if sum(map(len, others)) > most:
            return None
    return sorted(others)


def whole_words(piece):
    """A text without the halves of words at its ends."""
    return "".join(piece.units.texts)


def changes(note, is_part):
    """What is different from the text as it was published."""
    found = [
        "As the model read it: documents without the spaces around them, lines with one end mark."
    ]
    if note:
        found.append(note)
    if is_part:
        found.append("Only the beginning is here.")
    return " ".join(found)


def first_documents(parts, most):
    """Yield documents until they have `most` characters; of a first one that is longer, what has
    room, up to a space."""
    n_characters = 0
    for document in documents_of(parts, most):
        if n_characters + len(document) > most:
            if not n_characters:
                yield document[:most].rsplit(maxsplit=1)[0]
            return
        yield document
        n_characters += len(document)


def documents_of(parts, most):
    """Yield the documents of a text that comes in parts; one that is longer than `most` characters
    ends somewhere behind them."""
    text = ""
    for part in parts:
        *complete, text = (text + part).split(BOUNDARY)
        yield from filter(None, complete)
        if len(text) > most:
            break
    if text:
        yield text


def in_manifest(text):
    """How much of the training text goes along."""
    return dict(
        characters=text["characters"],
        all_characters=text["all_characters"],
        n_documents=len(text["documents"]),
        credit=text["credit"],
        licence=text["licence"],
    )
