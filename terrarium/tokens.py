"""The two texts of a run as ids: its tokenizer is learned, and every token written down."""

import multiprocessing
from collections import Counter
from functools import partial
from itertools import chain

from terrarium.errors import BadInput

import numpy as np
from tqdm import tqdm

SPLITS = ("train", "validation")


def write_tokens(source, Tokenizer, s, run):
    corpus = source.load()
    counts = {split: count_pieces(Tokenizer, getattr(corpus, split)) for split in SPLITS}
    # Held-out text teaches no merges, but each of its characters needs a token.
    counts["train"].update(dict.fromkeys(set("".join(counts["validation"])), 0))
    tokenizer = Tokenizer.train(counts["train"], corpus.has_documents, s.vocab_size)
    if len(tokenizer.vocab) > 2**16:
        raise BadInput(
            f"The text has {len(tokenizer.vocab):,} different characters, more than "
            "65,536: is it really text?"
        )
    facts = dict(
        dataset=s.dataset,
        note=corpus.note,
        vocab_size=len(tokenizer.vocab),
        prompts=list(source.PROMPTS),
    )
    if hasattr(source, "SPEAKERS"):
        facts["speakers"] = list(source.SPEAKERS)
    for split in SPLITS:
        facts[f"{split}_characters"] = sum(len(p) * n for p, n in counts[split].items())
        facts[f"{split}_tokens"] = write_ids(
            tokenizer, getattr(corpus, split), run, f"tokens/{split}.bin"
        )
    if facts["train_tokens"] < s.n_ctx + 2 or facts["validation_tokens"] < 2:
        raise too_few_tokens(facts, s)
    if hasattr(next(iter(corpus.validation)), "nats"):
        # What was chosen at random in the held-out documents: no model can predict that.
        nats = sum(document.nats for document in corpus.validation)
        facts["entropy"] = nats / (facts["validation_tokens"] - 1)
    run.write_json("tokenizer.json", dict(vocab=tokenizer.vocab, merges=tokenizer.merges))
    run.write_json("corpus.json", facts)


def too_few_tokens(facts, s):
    """Why a text cannot be learned from that is long enough in characters, and what to do."""
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


def write_ids(tokenizer, documents, run, name):
    """Every document and its end token, two bytes an id, after one end token; how many ids."""
    with run.writing(name) as file:
        file.write(np.array(tokenizer.start, np.uint16))
        for ids in parallel_map(partial(encode_documents, tokenizer), documents, "Encoding"):
            file.write(ids)
        return file.size // 2


def encode_documents(tokenizer, documents):
    """All ids of some documents in one row (N,), each followed by its end token."""
    return np.array(
        [i for d in documents for i in tokenizer.encode(d) + tokenizer.start], np.uint16
    )


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
