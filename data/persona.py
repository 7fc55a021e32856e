"""Somebody to talk to, made from a text file of yours: `python train.py --dataset luna.txt`.

The file is UTF-8 text in one of two formats. In both, lines that begin with # are left out, and a
line `speaker = luna` names the one who answers; without it, that is the name of the file. Whoever
asks is called `you`. Ten questions are needed, and a hundred are better.

1. A question and its answer in each line, with a TAB between them:

    what is your name?	I am Luna.
    who are you?	I am Luna.
    who are you?	The cat from next door.

   A question may have several answers, and an answer several questions (its wordings). Of an answer
   with three or more questions, the last one is held out: it is asked only in validation. In half
   of the cases a question is learned without its last mark, so that nobody has to type it.

2. Topics, with an empty line between them. `data/snail.txt` is a long example:

    place = under the table / on the roof

    home
    ? where do you live / where is your home
    ! in which place do you live
    - I live {place}.
    + It is warm there.

   The first line of a topic is its name. Then come questions (?), those that are held out (!),
   replies (-), and what may be added to any of them (+); " / " separates what stands in one line.
   Any {place} is filled with one of the texts of the line `place = ...`, which is called a slot. Of
   a topic without ! that has three or more questions, the last one is held out.

   Four topics let it remember. In "name told" a {visitor} says a name, and in "name asked" asks for
   it; its replies ~ are for those who never told it. Names are taken from the slot visitor, or put
   together of the slot syllable; those of the slot stranger are kept for the end of the training.
   "favourite told" and "favourite asked" do the same with the slot favourite.

A file of more than 2 MB, or with the mark <|endoftext|> in it, is never read in this way: it stays
a text. So does one in which fewer than four of five lines have one of these formats.

Contents: 1. lines of a file · 2. conversations · 3. pairs · 4. topics · 5. recognizing a file
"""

import re
from collections import Counter
from functools import cached_property
from itertools import chain, groupby
from pathlib import Path
from random import Random
from typing import NamedTuple

from data import Corpus, as_everywhere, inspect
from terrarium.console import CONTROL
from terrarium.errors import BadInput
from terrarium.text import END

VISITOR = "you"
SPEAKER = re.compile(r"speaker\s*=(.*)", re.IGNORECASE)
ALMOST_SPEAKER = re.compile(r"(?:name|speaker)\s*[:=]\s*(\S.{0,39})", re.IGNORECASE)
LONGEST_NAME = 40  # characters of a speaker's name
FEWEST_QUESTIONS = 10
OR_TEXT = f"(If it is another text, put {END} between its parts, and it is read as such.)"
CONVERSATIONS, MOST_CONVERSATIONS = 20_000, 100_000  # a default training sees about 30,000
FEW_HELD_OUT = 20  # questions: with fewer, those that were taught are asked at the end, too
TO_ASK, MOST_TOPICS = 4, 100  # what a page proposes: questions of each topic, and topics
MOST_ASKED = 300  # questions at the end of a training: more would take minutes
FINAL_MARKS = re.compile(r"[?.？。؟\s]+$")
BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # what splitlines takes for line ends


# ---------------------------------------------------------------------------------------------
# 1. Lines of a file


class Line(NamedTuple):
    number: int  # counted from 1, as editors do
    text: str


def lines_of(text):
    """The lines of a text but those that begin with #."""
    lines = enumerate(BREAKS.sub(" ", text).split("\n"), 1)
    return [Line(number, line) for number, line in lines if not line.startswith("#")]


def is_speaker(line):
    return "\t" not in line.text and SPEAKER.fullmatch(line.text) is not None


def speaker_of(lines, file):
    """Who answers, as a line says it, or else the name of the file. Raises BadInput."""
    named = [line for line in lines if is_speaker(line)]
    if not named:
        return name_from(file)
    if len(named) > 1:
        raise BadInput(
            f"{file}, line {named[1].number}: a speaker is named in line {named[0].number} "
            "already. Remove one of these lines."
        )
    name = SPEAKER.fullmatch(named[0].text)[1].strip()
    if not 0 < len(name) <= LONGEST_NAME or ":" in name or CONTROL.search(name) or is_you(name):
        raise BadInput(
            f"{file}, line {named[0].number}: {name!r} cannot be the name of a speaker. Choose "
            f"one of 1 to {LONGEST_NAME} characters without a colon, and other than {VISITOR!r}."
        )
    return name


def is_you(name):
    return name.casefold() == VISITOR


def name_from(file):
    """A file's name as that of a speaker: "my persona" for my_persona.txt."""
    words = re.sub(r"[_:\s]+", " ", CONTROL.sub(" ", Path(file).stem))
    name = words[:LONGEST_NAME].strip()
    return "persona" if not name or is_you(name) else name


# ---------------------------------------------------------------------------------------------
# 2. Conversations


class Topic(NamedTuple):
    """What visitors say, and what is answered; `unknown`: if what is asked for was never told."""

    questions: list
    held_out: list
    replies: list
    unknown: list = ()
    tails: list = ()


class Persona:
    """Somebody who answers: the names that a corpus module has, for a file of one's own.

    Attributes: file, its name; SPEAKERS, the visitor first; topics, {name: Topic}; memories, what a
    visitor may tell and ask for later; plain, {"questions" or "held_out": names of the topics that
    need no memory and have such questions}; n_questions. What differs between the two formats are
    read_topics, what_is_answered, ask, answer and judge."""

    memories = ()

    def __init__(self, text, file):
        lines = lines_of(text)
        self.file = file
        self.SPEAKERS = (VISITOR, speaker_of(lines, file))
        self.topics = self.read_topics([line for line in lines if not is_speaker(line)])
        of_memories = {f"{memory} {part}" for memory in self.memories for part in ("told", "asked")}
        self.plain = {
            part: [
                name
                for name, topic in self.topics.items()
                if name not in of_memories and getattr(topic, part)
            ]
            for part in ("questions", "held_out")
        }
        self.n_questions = sum(len(t.questions) + len(t.held_out) for t in self.topics.values())
        if self.n_questions < FEWEST_QUESTIONS:
            raise BadInput(
                f"{file} seems to be a list of questions and answers. It has {self.n_questions}, "
                f"and at least {FEWEST_QUESTIONS} questions are needed. {OR_TEXT}"
            )
        if not self.plain["questions"]:
            raise BadInput(f"{file} needs a topic besides those that remember something.")

    def load(self):
        return self.corpus

    @cached_property
    def corpus(self):
        """Every question alone, so that none is missing, and then conversations by chance."""
        rng = Random(1)
        train = self.exchanges(rng, "questions")
        n = min(max(CONVERSATIONS, 4 * len(train)), MOST_CONVERSATIONS)
        train += [self.converse(rng, "questions") for _ in range(n - len(train))]
        if self.plain["held_out"]:
            validation = self.exchanges(rng, "held_out")
            validation += [self.converse(rng, "held_out") for _ in range(n // 30 - len(validation))]
        else:
            validation = self.other_conversations(rng, train, n // 30)
        return Corpus(train, validation, True, self.note(len(train)))

    def other_conversations(self, rng, train, n):
        """So many conversations of questions that are known, but in an order that is not."""
        made, learned = [self.converse(rng, "questions") for _ in range(10 * n)], set(train)
        return ([text for text in made if text not in learned] or made)[:n]

    def note(self, n_conversations):
        held_out = sum(len(self.topics[name].held_out) for name in self.plain["held_out"])
        asked = (
            f"Held-out questions: {held_out:,}, asked in validation only."
            if held_out
            else "No question is held out, since none has three wordings."
        )
        return (
            f"Read as conversations with {self.SPEAKERS[1]}: {self.n_questions:,} questions, "
            f"{self.what_is_answered()}, {n_conversations:,} conversations. {asked} The "
            "validation loss stays high even if all answers are right: it counts the questions, "
            "too, and which one comes next is chance."
        )

    def exchanges(self, rng, part):
        """A conversation of one turn for each question; nothing was told before it."""
        return [
            self.turn(topic, question, rng, self.what_may_be_told(rng), told=False)
            for topic in self.topics.values()
            for question in getattr(topic, part)
        ]

    def converse(self, rng, part):
        """One conversation; `part` is "questions" or "held_out"."""
        known, turns, lines = self.what_may_be_told(rng), self.plan(rng, part), []
        for i, name in enumerate(turns):
            topic = self.topics[name]
            question = rng.choice(getattr(topic, part) or topic.questions)
            told = name.replace("asked", "told") in turns[:i]
            lines.append(self.turn(topic, question, rng, known, told))
        return "\n".join(lines)

    def turn(self, topic, question, rng, known, told):
        you, other = self.SPEAKERS
        asked = self.ask(question, rng, known)
        return f"{you}: {asked}\n{other}: {self.answer(topic, rng, known, told)}"

    def plan(self, rng, part):
        """The names of the topics of a conversation of one to four turns."""
        turns = rng.choices(self.plain[part], k=rng.randint(1, 4))
        if not self.memories:
            return turns
        memory = rng.choice(self.memories)
        if len(turns) > 1 and rng.random() < 0.5:
            told, asked = sorted(rng.sample(range(len(turns)), 2))
            turns[told], turns[asked] = f"{memory} told", f"{memory} asked"
        elif rng.random() < 0.1:  # only told, or asked for what was never told
            turns[rng.randrange(len(turns))] = f"{memory} {rng.choice(['told', 'asked'])}"
        return turns

    def what_may_be_told(self, rng):
        """{slot: its filling} for what stays the same in all of a conversation."""
        return {}

    def prompt(self, question):
        you, other = self.SPEAKERS
        return f"{you}: {question}\n{other}:"

    @cached_property
    def PROMPTS(self):
        """Five questions from topics far apart, which all are in the corpus."""
        alone = self.exchanges(Random(1), "questions")
        chosen = (alone[len(alone) * i // 5] for i in range(5))
        return tuple(f"{text.splitlines()[0]}\n{self.SPEAKERS[1]}:" for text in chosen)

    def what_to_ask(self):
        """A few questions of each topic, for somebody who wonders what to ask: a list of
        dict(name, questions). What may be told, and asked for later, comes first."""
        remembered = [f"{memory} {part}" for memory in self.memories for part in ("told", "asked")]
        names = [*remembered, *(name for name in self.topics if name not in remembered)]
        rng = Random(1)
        return [
            dict(name=name, questions=self.proposals(self.topics[name].questions[:TO_ASK], rng))
            for name in names[:MOST_TOPICS]
            if self.topics[name].questions
        ]

    @cached_property
    def longest_reply(self):
        """How many characters the longest reply of the corpus has: a judge waits for all of it."""
        replies = (text.splitlines()[1::2] for text in self.corpus.train)
        return max(map(len, chain.from_iterable(replies)))

    def eval_prompts(self):
        """Prompts that end where a question has to be answered: those that are held out and, if
        they are few, the others, too; some from all over, if there are very many."""
        return self.eval_questions(Random(0))

    def eval_questions(self, rng):
        questions = self.plain_questions("held_out")
        if self.few_are_held_out:
            questions = self.plain_questions("questions") + questions
        some = questions[:: len(questions) // MOST_ASKED + 1]
        return [self.prompt(self.ask(question, rng, {})) for question in some]

    def plain_questions(self, part):
        topics = (self.topics[name] for name in self.plain[part])
        return [question for topic in topics for question in getattr(topic, part)]

    @cached_property
    def few_are_held_out(self):
        return len(self.plain_questions("held_out")) < FEW_HELD_OUT

    def rule_of(self, is_held_out):
        """What the rule is called that a reply is about what was asked. Where a persona is asked
        both, the questions that it was taught have a rule of their own."""
        return "new wording" if is_held_out and self.few_are_held_out else "topic"

    def check(self, text, prompt=""):
        """Which of the rules that apply the reply after a prompt keeps: {rule: bool}. `judge` says
        which there are. Without a prompt, the first reply of a conversation is judged."""
        lines = (prompt + text).splitlines()
        last = max(len(prompt.splitlines()), 2)
        said = [line.partition(":")[2].strip() for line in [*lines, "", ""][:last]]
        *before, question, reply = said
        return self.judge(before, question, reply)


# ---------------------------------------------------------------------------------------------
# 3. Pairs of a question and an answer


def pair(line):
    """(question, answer) of a line that has both, with one TAB between them, or else None."""
    question, *answers = line.text.rstrip().split("\t")
    if len(answers) == 1 and question.strip() and answers[0].strip():
        return question.strip(), answers[0].strip()


def words(text):
    return re.findall(r"\w+", text)


def without_mark(question):
    """A question without its last ? or full stop."""
    return FINAL_MARKS.sub("", question) or question


def bare_words(text):
    """A text without its capitals and marks, which a model may write in another way."""
    return " ".join(words(text.casefold())) or text.strip()


class PairPersona(Persona):
    """A persona whose file has a question and its answer in each line.

    A topic is what has the same answers. Attributes: answers, {question without its mark: its
    answers}; written, {question without its mark: as it stands in the file}."""

    def read_topics(self, lines):
        self.answers, self.written = {}, {}
        for line in lines:
            if not line.text.strip():
                continue
            if not pair(line):
                raise self.no_pair(line)
            question, answer = pair(line)
            bare = without_mark(question)
            self.written.setdefault(bare, question)
            answers = self.answers.setdefault(bare, [])
            answers += [answer] * (answer not in answers)

        held_out, topics = self.held_out_questions(), {}
        for question, answers in self.answers.items():
            topic = topics.setdefault("\t".join(sorted(answers)), Topic([], [], answers))
            (topic.held_out if question in held_out else topic.questions).append(question)
        return topics

    def no_pair(self, line):
        question, *answers = line.text.rstrip().split("\t")
        if "\t" not in line.text:
            lacks = "lacks a TAB"
        elif len(answers) > 1:
            lacks = f"has {len(answers)} TABs"
        else:
            lacks = "lacks an answer" if question.strip() else "lacks a question"
        remedy = "in each line, a question, one TAB and an answer are expected"
        if named := ALMOST_SPEAKER.match(line.text):
            remedy = f"to name who answers, write: speaker = {named[1].strip()}"
        excerpt = repr(line.text.strip()[:40])
        return BadInput(f"{self.file}, line {line.number}, {excerpt}, {lacks}: {remedy}. {OR_TEXT}")

    @cached_property
    def wordings(self):
        """{answer: the questions that have it}."""
        found = {}
        for question, answers in self.answers.items():
            for answer in answers:
                found.setdefault(answer, []).append(question)
        return found

    def held_out_questions(self):
        """The last question of each answer that has three or more. One that has other answers,
        too, is held out only if two questions are left of each of them."""
        found = set()
        left = Counter({answer: len(questions) for answer, questions in self.wordings.items()})
        for questions in self.wordings.values():
            last = questions[-1]
            if last not in found and all(left[answer] > 2 for answer in self.answers[last]):
                found.add(last)
                left.subtract(self.answers[last])
        return found

    def what_is_answered(self):
        return f"{len(self.wordings):,} answers"

    def ask(self, question, rng, known):
        """A question as it is written, or without its last mark."""
        return rng.choice([self.written[question], question])

    def answer(self, topic, rng, known, told=True):
        return rng.choice(topic.replies)

    def what_to_ask(self):
        """One question of each topic. Topics of pairs have no names, so all of them are one."""
        topics = list(self.topics.values())[:MOST_TOPICS]
        questions = [self.written[one] for topic in topics for one in topic.questions[:1]]
        return [dict(name="", questions=questions)]

    def judge(self, before, question, reply):
        """Which rules a reply keeps, whatever its capitals and marks: {rule: bool}.

        grammar      it is one of the answers
        topic        it is an answer to this question, or to one that shares an answer with it; left
                     out if that is no known question
        new wording  the same for a question that is held out, if few are
        """
        kept = dict(grammar=bare_words(reply) in self.bare_answers)
        asked = self.bare_questions.get(bare_words(question), ())
        if asked:
            answers = {answer for one in asked for answer in self.answers[one]}
            alike = {one for answer in answers for one in self.wordings[answer]}
            right = {bare_words(answer) for one in alike for answer in self.answers[one]}
            held_out = set(self.plain_questions("held_out"))
            kept[self.rule_of(held_out.issuperset(asked))] = bare_words(reply) in right
        return kept

    @cached_property
    def bare_answers(self):
        return {bare_words(answer) for answer in self.wordings}

    @cached_property
    def bare_questions(self):
        """{question without capitals and marks: the questions that are written so}."""
        found = {}
        for question in self.answers:
            found.setdefault(bare_words(question), []).append(question)
        return found


# ---------------------------------------------------------------------------------------------
# 4. Topics

MEMORIES = {"name": "visitor", "favourite": "favourite"}  # and the slot that each of them needs
SLOT = re.compile(r"\{(\w+)\}")
MARKS = {  # how a line of a topic begins, and what it then is
    "?": "questions",
    "!": "held_out",
    "-": "replies",
    "~": "unknown",
    "+": "tails",
}
ASKING = re.compile(
    r"(what|how|do|does|did|are|is|am|can|could|why|where|when|who|which|have|has|"
    r"would|will|were|must|may|should|know|any)\b",
    re.IGNORECASE,
)
LONGEST_SENTENCE = 20  # words, unless there is a longer one in the file


def blocks(lines):
    """Lists of lines, with empty lines between them."""
    for is_empty, some in groupby(lines, lambda line: not line.text.strip()):
        if not is_empty:
            yield list(some)


def is_slot(line):
    return line.text[0] not in MARKS and " = " in line.text


def parts(texts):
    """What stands in some texts, with " / " between."""
    return [part.strip() for text in texts for part in text.split(" / ") if part.strip()]


class TopicPersona(Persona):
    """A persona whose file has topics. Attributes: slots, {name: what it may be filled with}."""

    # Reading ---------------------------------------------------------------------------------

    def read_topics(self, lines):
        self.slots, topics = {}, {}
        for block in blocks(lines):
            if is_slot(block[0]):
                self.slots.update(map(self.read_slot, block))
                continue
            name = block[0].text.strip()
            if name[0] in MARKS:
                raise self.wrong(block[0], "the line above it should be the name of a topic")
            if name in topics:
                raise self.wrong(block[0], f"there is a topic {name!r} already")
            topics[name] = self.read_topic(block[1:])
        self.memories = [name for name in MEMORIES if self.has_memory(name, topics)]
        for name, topic in topics.items():
            self.inspect(name, topic)
        self.inspect_slots()
        self.refuse_doubles(topics)
        return topics

    def read_slot(self, line):
        name, is_there, fillings = line.text.partition(" = ")
        if not is_there or not re.fullmatch(r"\w+", name.strip()) or not parts([fillings]):
            raise self.wrong(line, "a slot is written like place = on the roof / at home")
        return name.strip(), parts([fillings])

    def read_topic(self, lines):
        marked = {mark: [] for mark in MARKS}
        for line in lines:
            if line.text[0] not in MARKS:
                raise self.wrong(
                    line,
                    f"it begins with none of {' '.join(MARKS)} (before the name of a topic, leave "
                    "a line empty)",
                )
            marked[line.text[0]].append(line.text[1:].strip())
        questions, held_out = (list(dict.fromkeys(parts(marked[mark]))) for mark in "?!")
        if not held_out and len(questions) > 2:
            held_out = [questions.pop()]
        replies = ([text for text in marked[mark] if text] for mark in "-~+")
        return Topic(questions, held_out, *replies)

    def wrong(self, line, why):
        return BadInput(f"{self.file}, line {line.number}, {line.text[:40]!r}: {why}.")

    def topic_needs(self, name, what):
        return BadInput(f"{self.file}: the topic {name!r} {what}.")

    def has_memory(self, memory, topics):
        """Whether there are the two topics of a memory, and its slot. Raises BadInput for half."""
        told, asked, slot = f"{memory} told", f"{memory} asked", MEMORIES[memory]
        for name, other in ((told, asked), (asked, told)):
            if name in topics and other not in topics:
                raise self.topic_needs(name, f"needs a topic {other!r}")
        if told not in topics:
            return False
        if slot not in self.slots:
            raise self.topic_needs(told, f"needs the slot {slot} ({slot} = one / two / three)")
        if not topics[asked].unknown:
            raise self.topic_needs(asked, "needs a line that begins with ~, if nothing was told")
        needed = topics[told].questions + topics[told].held_out + topics[asked].replies
        if lacking := [text for text in needed if f"{{{slot}}}" not in text]:
            name = asked if lacking[0] in topics[asked].replies else told
            raise self.topic_needs(name, f"needs a {{{slot}}} in {lacking[0]!r}")
        return True

    def inspect(self, name, topic):
        """Raise BadInput for what somebody forgot in a topic."""
        for mark, some in zip("?-", (topic.questions, topic.replies)):
            if not some:
                raise self.topic_needs(name, f"needs a line that begins with {mark}")
        if topic.unknown and name not in [f"{memory} asked" for memory in self.memories]:
            raise self.topic_needs(name, "remembers nothing, so it has no use for lines with ~")
        used = set(SLOT.findall(" ".join(chain.from_iterable(topic))))
        if unknown := sorted(used.difference(self.slots)):
            raise self.topic_needs(
                name,
                f"uses the slot {unknown[0]!r}, which no line fills ({unknown[0]} = one / two / "
                "three)",
            )

    def inspect_slots(self):
        """Raise BadInput for what cannot be filled in, or not be recognized as a name."""
        for name, fillings in self.slots.items():
            if nested := [text for text in fillings if SLOT.search(text)]:
                raise BadInput(
                    f"{self.file}: the slot {name!r} has {nested[0]!r}, and no slot may use "
                    "another one."
                )
        names = self.slots.get("visitor", []) + self.slots.get("stranger", [])
        long = [name for name in names if not re.fullmatch(r"\w+", name)]
        if "name" in self.memories and long:
            raise BadInput(f"{self.file}: the name {long[0]!r} of a visitor is not a single word.")

    def refuse_doubles(self, topics):
        """Raise BadInput for a question that two topics have, or that is held out and is not."""
        where = {}
        for name, topic in topics.items():
            for part in ("questions", "held_out"):
                for question in getattr(topic, part):
                    first = where.setdefault(self.bare(question), (name, part))
                    if first != (name, part):
                        raise self.topic_needs(
                            name,
                            f"asks {question!r}, and so does the topic {first[0]!r}: a question "
                            "belongs to one topic, and there to ? or to !",
                        )

    # Conversations ---------------------------------------------------------------------------

    def what_is_answered(self):
        return f"{len(self.topics):,} topics"

    def what_may_be_told(self, rng):
        known = {}
        if "name" in self.memories:
            known["visitor"] = self.a_name(rng)
        if "favourite" in self.memories:
            known["favourite"] = rng.choice(self.slots["favourite"])
        return known

    def a_name(self, rng):
        """A name from the list, or of two or three syllables: too many to be known by heart, so
        that a model has to learn to look back and copy."""
        syllables, strangers = self.slots.get("syllable"), self.slots.get("stranger", [])
        if not syllables or rng.random() < 0.5:
            return rng.choice(self.slots["visitor"])
        name = "".join(rng.choices(syllables, k=rng.randint(2, 3)))
        return self.a_name(rng) if name in strangers else name

    def fill(self, template, rng, known):
        """The template with every {slot} filled; `known` holds what stays the same all along."""
        return SLOT.sub(lambda m: known.get(m[1]) or rng.choice(self.slots[m[1]]), template)

    @property
    def before(self):
        """What people may say before a question."""
        return ("", "", "", f"{self.SPEAKERS[1]}, ", "and ", "so, ")

    def ask(self, question, rng, known):
        """A question as people type it: with or without a question mark, or something before it."""
        question = self.fill(question, rng, known)
        if not ASKING.match(question) and not question.endswith("?"):
            return question
        start = rng.choice(self.before) if ASKING.match(question) and question[0].islower() else ""
        return start + question.removesuffix("?") + rng.choice(["", "?"])

    def proposals(self, questions, rng):
        """Questions with something in their slots."""
        return [self.fill(question, rng, {}) for question in questions]

    def answer(self, topic, rng, known, told=True):
        """A reply, and in seven of ten cases something more."""
        reply = rng.choice(topic.unknown if topic.unknown and not told else topic.replies)
        tail = " " + rng.choice(topic.tails) if topic.tails and rng.random() < 0.7 else ""
        return self.fill(reply + tail, rng, known)

    # Judging a reply -------------------------------------------------------------------------

    def eval_prompts(self, names=100):
        """Questions, each worded as none of the training part is if there are such; then
        conversations in which a visitor says a name and asks for it: `names` with names from the
        list, and one with each stranger's."""
        rng = Random(0)
        prompts = self.eval_questions(rng)
        if "name" not in self.memories:
            return prompts
        name_told, name_asked = self.topics["name told"], self.topics["name asked"]
        visitors = rng.choices(self.slots["visitor"], k=names) + self.slots.get("stranger", [])
        for visitor in visitors:
            known = {"visitor": visitor}
            told, asked = (
                self.ask(rng.choice(topic.held_out or topic.questions), rng, known)
                for topic in (name_told, name_asked)
            )
            hello = self.answer(name_told, rng, known)
            prompts.append(f"{self.prompt(told)} {hello}\n{self.prompt(asked)}")
        return prompts

    def judge(self, before, question, reply):
        """Which rules a reply keeps: {rule: bool}.

        character  its words are those of the file or a visitor's name, and its sentences as short
        grammar    it is a reply of the file with any fillings, alone or with something added
        topic      it begins with a reply to what was asked; left out if that is no known question
        new wording  the same for a question that is held out, if few are
        recall     it names the visitor, and nobody else; only where a name was told and is asked
        new name   the same for a name that never was in the training part
        """
        topic = self.topic_of(question)
        told = list(filter(None, map(self.name_told, [*before, question])))
        kept = dict(
            character=self.in_character(reply, told),
            grammar=bool(self.any_reply.fullmatch(reply)),
        )
        if topic:
            is_held_out = self.bare(question) in map(self.bare, self.topics[topic].held_out)
            kept[self.rule_of(is_held_out)] = bool(self.openings[topic].match(reply))
        if topic == "name asked" and told and "name" in self.memories:
            rule = "new name" if told[-1] in self.slots.get("stranger", []) else "recall"
            kept[rule] = told[-1] in words(reply) and self.names_in(reply) <= {told[-1]}
        return kept

    def in_character(self, reply, names):
        return (
            set(re.findall(r"\w+|[^\w\s]", reply)) <= self.lexicon | set(names)
            and (not self.endings or reply[-1:] in self.endings)
            and longest_sentence(reply) <= self.longest_sentence
        )

    @cached_property
    def templates(self):
        """Every reply and tail."""
        return [
            text
            for topic in self.topics.values()
            for text in (*topic.replies, *topic.unknown, *topic.tails)
        ]

    @cached_property
    def lexicon(self):
        """Every word and mark in any reply."""
        texts = [*self.templates, *chain.from_iterable(self.slots.values())]
        return frozenset(re.findall(r"\w+|[^\w\s]", SLOT.sub("", " ".join(texts))))

    @cached_property
    def endings(self):
        """The marks that replies end with; none if some end without, such as in a slot."""
        found = {text[-1] for text in self.templates}
        return set() if "}" in found or any(map(str.isalnum, found)) else found

    @cached_property
    def longest_sentence(self):
        """How many words the longest sentence has, each slot filled with its longest text."""
        longest = {
            slot: max(fillings, key=lambda text: len(text.split()))
            for slot, fillings in self.slots.items()
        }
        filled = (SLOT.sub(lambda m: longest[m[1]], text) for text in self.templates)
        return max(LONGEST_SENTENCE, *map(longest_sentence, filled))

    def bare(self, question):
        """A question without what people may say before it, and without a question mark."""
        for start in sorted(set(self.before), key=len, reverse=True):
            question = question.removeprefix(start)
        return question.removesuffix("?")

    def topic_of(self, question):
        """The topic of a question of the file, in training or held-out words; None for others."""
        question = self.bare(question)
        found = (name for name, known in self.questions.items() if known.fullmatch(question))
        return next(found, None)

    def name_told(self, line):
        """The name in a line in which a visitor tells it, None in any other."""
        if self.topic_of(line) == "name told" and "name" in self.memories:
            told = self.questions["name told"].fullmatch(self.bare(line))
            return next(filter(None, told.groups()))

    def names_in(self, text):
        names = self.slots["visitor"] + self.slots.get("stranger", [])
        return set(words(text)).intersection(names)

    def any_of(self, templates):
        """A regular expression for some templates with their slots filled in any way."""

        def pattern(template):
            literals_and_slots = enumerate(SLOT.split(template))
            return "".join(
                fillings(part) if i % 2 else re.escape(part) for i, part in literals_and_slots
            )

        def fillings(slot):  # anybody may visit
            if slot == "visitor" and "name" in self.memories:
                return r"(\w+)"
            return f"(?:{'|'.join(map(re.escape, self.slots[slot]))})"

        return f"(?:{'|'.join(map(pattern, templates))})"

    @cached_property
    def questions(self):
        return {
            name: re.compile(self.any_of(map(self.bare, [*topic.questions, *topic.held_out])))
            for name, topic in self.topics.items()
        }

    @cached_property
    def openings(self):
        return {
            name: re.compile(
                self.any_of([*topic.replies, *topic.unknown])
                + (r"(?= |$)" if topic.tails else "$")  # a tail may follow
            )
            for name, topic in self.topics.items()
        }

    @cached_property
    def any_reply(self):
        topics = self.topics.values()
        replies = [reply for topic in topics for reply in (*topic.replies, *topic.unknown)]
        tails = [tail for topic in topics for tail in topic.tails]
        return re.compile(f"{self.any_of(replies)}(?: {self.any_of(tails)})?")


def longest_sentence(text):
    """How many words the longest sentence of a text has."""
    return max(len(sentence.split()) for sentence in re.split(r"(?<=[.?]) ", text))


# ---------------------------------------------------------------------------------------------
# 5. Recognizing a file

EXCERPT = 2**16  # bytes that are looked at
LARGEST = 2 * 2**20  # bytes of a persona; a larger file is a text, or a table of two columns
MOST_LINES = 0.8  # of the lines have the format; if so, the first one that has not is named
FEWEST_PAIRS = 5  # with fewer of them, it may be a short list of anything
TIME = re.compile(r"\d:\d\d")


def read(path):
    """The persona that a file describes; None for any other file, or none. Raises BadInput."""
    if not Path(path).is_file() or Path(path).stat().st_size > LARGEST:
        return None
    with open(path, "rb") as file:
        beginning = file.read(EXCERPT)
    if len(beginning) == EXCERPT:  # its last line may be cut off
        beginning = beginning.rpartition(b"\n")[0]
    kind = kind_of(as_everywhere(beginning.decode("utf-8", "ignore"), is_beginning=True))
    if not kind:
        return None
    size, has_documents = inspect(Path(path), of_any_length=True)
    if has_documents:
        return None
    text = Path(path).read_bytes()[:size].decode("utf-8")
    return kind(as_everywhere(text, is_beginning=True), str(path))


def kind_of(beginning):
    """The class of the persona that a text seems to describe which begins so, or None."""
    lines = [line for line in lines_of(beginning) if not is_speaker(line)]
    if has_topics(lines):
        return TopicPersona
    return PairPersona if has_pairs(lines) else None


def has_pairs(lines):
    """Whether most lines are a question and an answer, and not a log, or a table of two columns:
    there are letters on both sides, no times, and more than a few different questions."""
    lines = [line for line in lines if line.text.strip()]
    pairs = [found for found in map(pair, lines) if found]
    spoken = [
        question
        for question, answer in pairs
        if has_letters(question) and has_letters(answer) and not TIME.search(question)
    ]
    return (
        len(pairs) >= FEWEST_PAIRS
        and len(pairs) >= MOST_LINES * len(lines)
        and len(spoken) >= MOST_LINES * len(pairs)
        and len(set(spoken)) >= len(spoken) / 5
    )


def has_letters(text):
    return any(map(str.isalpha, text))


def has_topics(lines):
    """Whether there is a name with a question below it, and most lines are slots or have marks."""
    topics = [block for block in blocks(lines) if not is_slot(block[0])]
    marked = sum(line.text[0] in MARKS for block in topics for line in block)
    named = sum(block[0].text[0] not in MARKS for block in topics)
    n_lines = sum(map(len, topics))
    asked = any(line.text.startswith("? ") for block in topics for line in block[1:2])
    return asked and marked >= n_lines / 2 and marked + named >= MOST_LINES * n_lines
