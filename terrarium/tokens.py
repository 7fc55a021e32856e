"""The two texts of a run as ids: its tokenizer is learned, and every token written down."""

import multiprocessing
from collections import Counter
from functools import partial
from itertools import chain
from pathlib import Path

from data import Corpus
from terrarium.console import show_whitespace
from terrarium.errors import BadInput
from terrarium.text import normalize

import numpy as np
from tqdm import tqdm

SPLITS = ("train", "validation")
MOST_LEFT_OUT = 0.1  # of the characters of a text: with more, it is not that text any more
N_NEW_PROMPTS = 3  # of five: the others are those of its parent, to see what it forgets
NAMED = 8  # of the characters that a tokenizer lacks


def write_tokens(source, Tokenizer, s, run, parent=None, old_prompts=()):
    """Write tokenizer.json, tokens/*.bin and corpus.json. A run that goes on from another has its
    tokenizer already; `parent` is what corpus.json says about that one, and old_prompts are its.
    Raises BadInput."""
    corpus, prompts = source.load(), source.PROMPTS
    if parent:
        tokenizer = Tokenizer(**run.read_tokenizer())
        check_that_it_can_talk(source, tokenizer, s)
        corpus, prompts = respelled(corpus, prompts, tokenizer, s)
        prompts = [*prompts[:N_NEW_PROMPTS], *old_prompts][: len(prompts)]
    counts = {split: count_pieces(Tokenizer, getattr(corpus, split)) for split in SPLITS}
    if not parent:
        tokenizer = learn_tokenizer(counts, corpus, Tokenizer, s)
        run.write_json("tokenizer.json", dict(vocab=tokenizer.vocab, merges=tokenizer.merges))
    facts = dict(
        dataset=s.dataset,
        note=corpus.note,
        vocab_size=len(tokenizer.vocab),
        prompts=list(prompts),
    )
    if hasattr(source, "SPEAKERS"):
        facts["speakers"] = list(source.SPEAKERS)
    if hasattr(source, "what_to_ask"):
        facts["topics"] = source.what_to_ask()
    for split in SPLITS:
        facts[f"{split}_characters"] = sum(len(p) * n for p, n in counts[split].items())
        facts[f"{split}_tokens"] = write_ids(tokenizer, corpus, split, run)
    if facts["train_tokens"] < s.n_ctx + 2 or facts["validation_tokens"] < 2:
        raise too_few_tokens(facts, s)
    if hasattr(next(iter(corpus.validation)), "nats"):
        # What was chosen at random in the held-out documents: no model can predict that.
        nats = sum(document.nats for document in corpus.validation)
        facts["entropy"] = nats / (facts["validation_tokens"] - 1)
    if parent:
        facts["parent"] = parent
    run.write_json("corpus.json", facts)


def learn_tokenizer(counts, corpus, Tokenizer, s):
    """A tokenizer for a text, from the pieces of its two parts. Raises BadInput."""
    pieces = counts["train"].copy()
    # Held-out text teaches no merges, but each of its characters needs a token.
    pieces.update(dict.fromkeys(set("".join(counts["validation"])), 0))
    tokenizer = Tokenizer.train(pieces, corpus.has_documents, s.vocab_size)
    if len(tokenizer.vocab) > 2**16:
        raise BadInput(
            f"The text has {len(tokenizer.vocab):,} different characters, more than "
            "65,536: is it really text?"
        )
    return tokenizer


def too_few_tokens(facts, s):
    """Why a text cannot be learned from that is long enough in characters, and what to do."""
    if s.parent:
        return BadInput(
            f"The {facts['train_characters']:,} characters to learn from are only "
            f"{facts['train_tokens']:,} tokens, too few for the context of {s.n_ctx} that "
            f"{s.parent} has: choose a longer text."
        )
    if facts["train_tokens"] >= s.n_ctx + 2:
        return BadInput("What is held out for validation is a single token: choose a longer text.")
    enough = s.vocab_size and facts["train_characters"] > s.n_ctx + 1
    smaller = " --vocab-size 0 (each character is a token then)," if enough else ""
    return BadInput(
        f"The {facts['train_characters']:,} characters to learn from are only "
        f"{facts['train_tokens']:,} tokens, too few for a context of {s.n_ctx}: choose "
        f"a longer text,{smaller} or a smaller --n-ctx."
    )


def count_pieces(Tokenizer, documents):
    """A Counter of the pieces that occur in documents, in the order in which they first do."""
    counts = Counter()
    for some in parallel_map(partial(count_block, Tokenizer), documents, "Reading"):
        counts.update(some)
    return counts


def count_block(Tokenizer, documents):
    return Counter(chain.from_iterable(map(Tokenizer.pre_tokenize, documents)))


def write_ids(tokenizer, corpus, split, run):
    """Write tokens/<split>.bin, two bytes an id: an end token, then every document and its own. How
    many ids these are."""
    between = tokenizer.start if corpus.has_documents else []  # else its blocks are one text
    if corpus.has_documents and tokenizer.end is None:  # that of a parent which knows no documents
        between = [tokenizer.ids["\n"]] * 2 if "\n" in tokenizer.ids else []
    encode = partial(encode_documents, tokenizer, between)
    with run.writing(f"tokens/{split}.bin") as file:
        file.write(np.array(tokenizer.start, np.uint16))
        for ids in parallel_map(encode, getattr(corpus, split), "Encoding"):
            file.write(ids)
        if not corpus.has_documents:
            file.write(np.array(tokenizer.start, np.uint16))
        return file.size // 2


def encode_documents(tokenizer, between, documents):
    """All ids of some documents in one row (N,), the ids `between` after each."""
    return np.array([i for d in documents for i in tokenizer.encode(d) + between], np.uint16)


def parallel_map(function, documents, saying):
    """Yield function(block) for each block of a text, in order; a large text uses all cores."""
    blocks = list(documents.blocks()) if hasattr(documents, "blocks") else [documents]
    bar = partial(
        tqdm, total=len(blocks), desc=saying, unit="block", leave=False, disable=None, delay=3
    )
    if len(blocks) < 32:  # done before a second process has even started
        yield from bar(map(function, blocks))
        return
    with multiprocessing.get_context("spawn").Pool() as pool:
        yield from bar(pool.imap(function, blocks))


# A text for the tokenizer of another one ---------------------------------------------------------


class Respelled:
    """An iterable of documents, each spelled with the characters that a tokenizer knows."""

    def __init__(self, documents, known):
        self.documents, self.known = documents, known

    def blocks(self):
        """Yield parts of this one, as large as those of a file."""
        parts = self.documents.blocks() if hasattr(self.documents, "blocks") else [self.documents]
        return (Respelled(part, self.known) for part in parts)

    def __iter__(self):
        # Plain strings: what a document knows about itself is no longer true of it.
        readable = (str(normalize(text, self.known, drop=True)) for text in self.documents)
        return filter(None, readable)


def respelled(corpus, prompts, tokenizer, s):
    """A corpus and its prompts in the characters that a tokenizer knows, and what had to change in
    its note. Raises BadInput if too much of it would be lost."""
    known = frozenset(tokenizer.ids)
    counts = sum((count_characters(getattr(corpus, split)) for split in SPLITS), Counter())
    lost = Counter({c: n for c, n in counts.items() if c not in known})
    if not lost:
        return corpus, prompts
    left_out = Counter({c: n for c, n in lost.items() if not normalize(c, known, drop=True)})
    prompts = [normalize(prompt, known, drop=True) for prompt in prompts]
    prompts = [prompt for prompt in prompts if prompt.strip()]
    if left_out.total() > MOST_LEFT_OUT * counts.total() or not prompts:
        examples = " ".join(c for c, _ in left_out.most_common(5))
        fraction = left_out.total() / counts.total()
        raise BadInput(
            f"{fraction:.0%} of the characters of {s.dataset} do not occur in the text that "
            f"{s.parent} learned from, such as {examples}: train a new model on it, without --from."
        )
    parent = Path(s.parent).resolve().name
    changed = f"{parent} has no token for some of its characters: {in_words(lost, known)}."
    note = corpus.note + "." * (corpus.note[-1:] not in (".", ""))
    corpus = Corpus(
        Respelled(corpus.train, known),
        Respelled(corpus.validation, known),
        corpus.has_documents,
        f"{note} {changed}".strip(),
    )
    return corpus, (prompts * 5)[:5]


def check_that_it_can_talk(source, tokenizer, s):
    """Raise BadInput for a conversation, if a tokenizer cannot write how its lines begin."""
    speakers = getattr(source, "SPEAKERS", ())
    beginnings = "".join(f"\n{speaker}:" for speaker in speakers)
    lacking = [c for c in ("\n", ":") if c in beginnings and c not in tokenizer.ids]
    if lacking:
        raise BadInput(
            f"{s.parent} has no token for {' and '.join(map(quoted, lacking))}, and the lines of a "
            f"conversation such as {s.dataset} need it to say who talks. Go on from a run that "
            "talks (python train.py --preset snail), or train a new one, without --from."
        )


def quoted(character):
    return f"'{show_whitespace(character)}'"


def count_characters(documents):
    counts = Counter()
    for document in documents:
        counts.update(document)
    return counts


def in_words(lost, known):
    """How characters without a token are read: the most frequent ones."""
    named = []
    for character, n in lost.most_common(NAMED):
        spelling = normalize(character, known, drop=True)
        how = f"is read as {quoted(spelling)}" if spelling else "is left out"
        named.append(f"{quoted(character)} ({n:,} times) {how}")
    others = (
        [f"{len(lost) - NAMED} others are read as similar ones or left out"]
        if len(lost) > NAMED
        else []
    )
    return ", ".join(named + others)
