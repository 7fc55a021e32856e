"""Pip, a small snail behind glass, who answers in short lowercase sentences.

    from data import snail
    corpus = snail.load()                    # .train and .validation: lists of conversations
    snail.check(" i eat lettuce.", "you: what do you eat?\\npip:")    # {"character": True, ...}
    python -m data.snail                     # how many there are, how many twice, and a few of them

All that is asked and answered is in snail.txt beside this file; it can be extended, or replaced,
by hand. A conversation has one to four turns. In more than a third of them the visitor tells Pip a
name or a favourite thing and asks for it later, so there is something to remember. Questions of the
validation part are worded as none of the training part: at least two words differ from any of the
same topic. Capital letters never occur.

Contents: 1. the book · 2. conversations · 3. judging a reply

Source: snail.txt, nothing else. Licence: MIT, like the rest of Terrarium.
"""

import re
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from data import Corpus
from terrarium.errors import BadInput

SPEAKERS = ("you", "pip")  # who begins a line, the visitor first
PROMPTS = (
    "you: hello\npip:",
    "you: what do you eat?\npip:",
    "you: what is the moon like?\npip:",
    "you: my name is mia\npip: hello, mia. i will keep your name in my shell.\n"
    "you: what is my name?\npip:",
    "you: tell me a joke\npip:",
)
MEMORIES = ("name", "favourite")  # what a visitor may tell, and ask for later
ASKING = re.compile(
    r"(what|how|do|does|did|are|is|am|can|could|why|where|when|who|which|have|has|"
    r"would|will|were|must|may|should|know|any)\b"
)
BEFORE = ("", "", "", "pip, ", "and ", "so, ")  # what people may say before a question


# ---------------------------------------------------------------------------------------------
# 1. The book


class Topic(NamedTuple):
    """What visitors say, what Pip answers; `unknown` replies if what is asked was never told."""

    questions: list
    held_out: list
    replies: list
    unknown: list
    tails: list


@cache
def book():
    """snail.txt as ({slot: its fillings}, {name: Topic})."""
    lines = (Path(__file__).parent / "snail.txt").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).strip()
    slots, topics = {}, {}
    for block in re.split(r"\n{2,}", text):
        first, *rest = block.splitlines()
        if " = " in first:
            pairs = (line.split(" = ", 1) for line in block.splitlines())
            slots.update((name, fillings.split(" / ")) for name, fillings in pairs)
        else:
            marked = {mark: [line[2:] for line in rest if line[0] == mark] for mark in "?!-~+"}
            questions, held_out = (" / ".join(marked[mark]).split(" / ") for mark in "?!")
            topics[first] = Topic(questions, held_out, *(marked[mark] for mark in "-~+"))
    inspect(slots, topics)
    return slots, topics


def inspect(slots, topics):
    """Raise BadInput for what somebody forgot who wrote into snail.txt."""
    needed = [f"{memory} {part}" for memory in MEMORIES for part in ("told", "asked")]
    for name in [*needed, *topics]:
        lines = topics.get(name, Topic([""], [""], [], [], []))
        for mark, some in zip("?!-", (lines.questions, lines.held_out, lines.replies)):
            if not any(some):
                raise BadInput(
                    f"snail.txt: the topic {name!r} needs a line that begins with {mark}."
                )
        used = set(re.findall(r"\{(\w+)\}", str(lines)))
        if unknown := sorted(used.difference(slots)):
            raise BadInput(
                f"snail.txt: the topic {name!r} uses the slot {unknown[0]!r}, which no "
                f"line fills ({unknown[0]} = one / two / three)."
            )


def plain_topics():
    """The topics that need no memory: all but "name told", "name asked" and the like."""
    return [name for name in book()[1] if " " not in name]


def fill(template, rng, known):
    """The template with every {slot} filled; `known` holds what stays the same all along."""
    slots, _ = book()
    return re.sub(r"\{(\w+)\}", lambda m: known.get(m[1]) or rng.choice(slots[m[1]]), template)


# ---------------------------------------------------------------------------------------------
# 2. Conversations


def a_name(rng):
    """A name from the list, or of two or three syllables: too many to be known by heart, so that
    a model has to learn to look back and copy."""
    slots, _ = book()
    if rng.random() < 0.5:
        return rng.choice(slots["visitor"])
    name = "".join(rng.choices(slots["syllable"], k=rng.randint(2, 3)))
    return a_name(rng) if name in slots["stranger"] else name


def plan(rng):
    """The names of the topics of a conversation of one to four turns."""
    turns, memory = rng.choices(plain_topics(), k=rng.randint(1, 4)), rng.choice(MEMORIES)
    if len(turns) > 1 and rng.random() < 0.5:
        told, asked = sorted(rng.sample(range(len(turns)), 2))
        turns[told], turns[asked] = f"{memory} told", f"{memory} asked"
    elif rng.random() < 0.1:  # only told, or asked for what was never told
        turns[rng.randrange(len(turns))] = f"{memory} {rng.choice(['told', 'asked'])}"
    return turns


def ask(question, rng, known):
    """A question as people type it: with or without a question mark, or something before it."""
    question = fill(question, rng, known)
    if not ASKING.match(question):
        return question
    return rng.choice(BEFORE) + question + rng.choice(["", "?"])


def answer(topic, rng, known, told=True):
    """A reply, and in seven of ten cases something more."""
    reply = rng.choice(topic.unknown if topic.unknown and not told else topic.replies)
    tail = " " + rng.choice(topic.tails) if topic.tails and rng.random() < 0.7 else ""
    return fill(reply + tail, rng, known)


def converse(rng, phrasings):
    """One conversation; `phrasings` is "questions" or "held_out"."""
    slots, topics = book()
    known = {"visitor": a_name(rng), "favourite": rng.choice(slots["favourite"])}
    turns, lines = plan(rng), []
    for i, name in enumerate(turns):
        question = ask(rng.choice(getattr(topics[name], phrasings)), rng, known)
        told = name.replace("asked", "told") in turns[:i]
        lines += [f"you: {question}", f"pip: {answer(topics[name], rng, known, told)}"]
    return "\n".join(lines)


def load(conversations=60_000, seed=1):
    """A Corpus of conversations, the same on every machine; a thirtieth more is held out."""
    rng = Random(seed)
    train = [converse(rng, "questions") for _ in range(conversations)]
    validation = [converse(rng, "held_out") for _ in range(conversations // 30)]
    replies = [line for text in train for line in text.splitlines() if line.startswith("pip: ")]
    note = (
        f"{len(train):,} conversations, {len(train) - len(set(train)):,} of them exact "
        f"duplicates; {len(replies):,} replies, {len(set(replies)):,} of them distinct"
    )
    return Corpus(train, validation, True, note)


# ---------------------------------------------------------------------------------------------
# 3. Judging a reply


def eval_prompts(names=100):
    """Prompts that end where Pip has to answer a question worded as none of the training part is:
    each topic in each of its held-out wordings, then conversations in which a visitor says a name
    and asks for it: `names` with names from the list, and one with each stranger's."""
    slots, topics = book()
    rng, prompts = Random(0), []
    for name in plain_topics():
        prompts += [f"you: {ask(question, rng, {})}\npip:" for question in topics[name].held_out]
    for visitor in rng.choices(slots["visitor"], k=names) + slots["stranger"]:
        known = {"visitor": visitor}
        told, asked = (
            ask(rng.choice(topics[name].held_out), rng, known)
            for name in ("name told", "name asked")
        )
        hello = answer(topics["name told"], rng, known)
        prompts.append(f"you: {told}\npip: {hello}\nyou: {asked}\npip:")
    return prompts


def check(text, prompt=""):
    """Which of the rules that apply the reply after a prompt keeps: {rule: bool}.

    character  its words are Pip's or a visitor's name, and its sentences as short as Pip's
    grammar    it is a reply of snail.txt with any fillings, alone or with something added
    topic      it begins with a reply to what was asked; left out if that is no known question
    recall     it names the visitor, and nobody else; only where a name was told and is asked for
    new name   the same for a name that never was in the training part

    Without a prompt, the first reply of a conversation is judged.
    """
    lines = (prompt + text).splitlines()
    last = max(len(prompt.splitlines()), 2)
    *before, question, reply = [line.partition(":")[2].strip() for line in [*lines, "", ""][:last]]
    topic, told = topic_of(question), list(filter(None, map(name_told, [*before, question])))
    kept = dict(character=in_character(reply, told), grammar=bool(any_reply().fullmatch(reply)))
    if topic:
        kept["topic"] = bool(openings()[topic].match(reply))
    if topic == "name asked" and told:
        rule = "new name" if told[-1] in book()[0]["stranger"] else "recall"
        kept[rule] = told[-1] in words(reply) and names_in(reply) <= {told[-1]}
    return kept


def words(text):
    return re.findall(r"\w+", text)


def in_character(reply, names):
    sentences = re.split(r"(?<=[.?]) ", reply)
    return (
        set(re.findall(r"\w+|[^\w\s]", reply)) <= lexicon() | set(names)
        and reply[-1:] in (".", "?")
        and max(len(sentence.split()) for sentence in sentences) <= 20
    )


@cache
def lexicon():
    """Every word and mark in any reply."""
    slots, topics = book()
    texts = [
        text for topic in topics.values() for text in topic.replies + topic.unknown + topic.tails
    ] + [text for fillings in slots.values() for text in fillings]
    return frozenset(re.findall(r"\w+|[^\w\s]", re.sub(r"\{\w+\}", "", " ".join(texts))))


def topic_of(question):
    """The topic of a question of snail.txt, in training or held-out words; None for any other."""
    for start in sorted(set(BEFORE), key=len, reverse=True):
        question = question.removeprefix(start)
    question = question.removesuffix("?")
    return next((name for name, known in questions().items() if known.fullmatch(question)), None)


def name_told(line):
    """The name in a line in which a visitor tells it, None in any other."""
    if topic_of(line) == "name told":
        return next(filter(None, questions()["name told"].fullmatch(line).groups()))


def names_in(text):
    slots, _ = book()
    return set(words(text)).intersection(slots["visitor"] + slots["stranger"])


def any_of(templates):
    """A regular expression for some templates with their slots filled in any way."""
    slots, _ = book()

    def pattern(template):
        literals_and_slots = enumerate(re.split(r"\{(\w+)\}", template))
        return "".join(
            fillings(part) if i % 2 else re.escape(part) for i, part in literals_and_slots
        )

    def fillings(slot):
        return r"(\w+)" if slot == "visitor" else any_of(slots[slot])  # anybody may visit

    return f"(?:{'|'.join(map(pattern, templates))})"


@cache
def questions():
    return {
        name: re.compile(any_of(topic.questions + topic.held_out))
        for name, topic in book()[1].items()
    }


@cache
def openings():
    return {
        name: re.compile(any_of(topic.replies + topic.unknown) + r"(?= |$)")
        for name, topic in book()[1].items()
    }


@cache
def any_reply():
    topics = book()[1].values()
    replies = [reply for topic in topics for reply in topic.replies + topic.unknown]
    tails = [tail for topic in topics for tail in topic.tails]
    return re.compile(f"{any_of(replies)}(?: {any_of(tails)})?")


if __name__ == "__main__":
    corpus = load()
    print(corpus.note, *corpus.train[:12], sep="\n\n")
