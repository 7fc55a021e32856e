"""Pip, a small snail behind glass, who answers in short lowercase sentences.

    from data import snail
    corpus = snail.load()                    # .train and .validation: lists of conversations
    snail.check(" i eat lettuce.", "you: what do you eat?\\npip:")    # {"character": True, ...}
    python -m data.snail                     # how many there are, how many twice, and a few of them

All that is asked and answered is in snail.txt beside this file; it can be extended, or replaced,
by hand. A conversation has one to four turns. In more than a third of them the visitor tells Pip a
name or a favourite thing and asks for it later, so there is something to remember. Questions of the
validation part are worded as none of the training part: at least two words differ from any of the
same topic. Capital letters never occur. How conversations are made of the file, and how replies are
judged, is in persona.py.

Source: snail.txt, nothing else. Licence: MIT, like the rest of Terrarium.
"""

from pathlib import Path
from random import Random

from data import Corpus
from data.persona import TopicPersona

PIP = TopicPersona((Path(__file__).parent / "snail.txt").read_text("utf-8"), "snail.txt")
SPEAKERS = PIP.SPEAKERS  # who begins a line, the visitor first
CREDIT = "Terrarium, made of data/snail.txt"
LICENCE = "MIT"
PROMPTS = (
    "you: hello\npip:",
    "you: what do you eat?\npip:",
    "you: what is the moon like?\npip:",
    "you: my name is mia\npip: hello, mia. i will keep your name in my shell.\n"
    "you: what is my name?\npip:",
    "you: tell me a joke\npip:",
)
eval_prompts, check, what_to_ask = PIP.eval_prompts, PIP.check, PIP.what_to_ask


def load(conversations=60_000, seed=1):
    """A Corpus of conversations, the same on every machine; a thirtieth more is held out."""
    rng = Random(seed)
    train = [PIP.converse(rng, "questions") for _ in range(conversations)]
    validation = [PIP.converse(rng, "held_out") for _ in range(conversations // 30)]
    replies = [line for text in train for line in text.splitlines() if line.startswith("pip: ")]
    note = (
        f"{len(train):,} conversations, {len(train) - len(set(train)):,} of them exact "
        f"duplicates; {len(replies):,} replies, {len(set(replies)):,} of them distinct"
    )
    return Corpus(train, validation, True, note)


if __name__ == "__main__":
    corpus = load()
    print(corpus.note, *corpus.train[:12], sep="\n\n")
