"""Somebody to talk to, from a file of one's own: how it is read, recognized, refused and judged."""

import random
import re
from unittest import mock

import data
import sample_texts
from data import persona, snail
from data.persona import PairPersona, TopicPersona
from data.textfile import TextFile
from helpers import ROOT
from terrarium.errors import BadInput
from terrarium.run_checks import are_speakers
from terrarium.text import END

import pytest
from hypothesis import given
from hypothesis import strategies as st

PAIRS = """\
# Luna is the cat from next door.
speaker = Luna

who are you?\tI am Luna, a cat.
what are you?\tI am Luna, a cat.
tell me your name.\tI am Luna, a cat.
who are you?\tThe one on the roof.
where do you live\tOn the roof.
where is your home?\tOn the roof.
hello\tHello.
hi\tHello.
what do you eat?\tFish.
are you hungry?\tFish.
do you like dogs?\tOnly from above.
goodbye\tLeave the door open.
"""
TOPICS = """\
speaker = otto
place = under the bed / on the sofa

home
? where do you live? / where is your home
! in which place do you live
- I live {place}!
- My home is {place}.
+ It is warm there.

hello
? hello / hi / good day
- Hello.

food
? what do you eat / are you hungry / do you want a bone
- A bone, please.
+ Or two.

work
? what do you do / do you work
- I bark at the post.
"""
NAMES = """\
visitor = Mia / Tom

name told
? my name is {visitor}
! people call me {visitor}
- Hello, {visitor}.

name asked
? what is my name
! which name is mine
- You are {visitor}.
~ You have not told me.
"""


def pairs(text=PAIRS):
    return PairPersona(text, "cat.txt")


def topics(text=TOPICS):
    return TopicPersona(text, "dog.txt")


@pytest.fixture
def write(tmp_path):
    """write(text): a file with it; its path."""

    def to_file(text, name="cat.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return to_file


def few(n=60):
    """Conversations that are made in no time."""
    return mock.patch.multiple(persona, CONVERSATIONS=n, MOST_CONVERSATIONS=n)


def turns(texts, other):
    """(question, reply) of each turn of some conversations."""
    found = []
    for text in texts:
        lines = text.split("\n")
        assert len(lines) in (2, 4, 6, 8)
        assert all(line.startswith("you: ") for line in lines[::2])
        assert all(line.startswith(f"{other}: ") for line in lines[1::2])
        heads = (len("you: "), len(f"{other}: "))
        found += [(a[heads[0] :], b[heads[1] :]) for a, b in zip(lines[::2], lines[1::2])]
    return found


def everything(corpus):
    return [*corpus.train, *corpus.validation]


# ---------------------------------------------------------------------------------------------
# Pairs


def test_a_file_of_pairs_becomes_conversations_of_one_to_four_turns():
    corpus = pairs().load()
    said = turns(corpus.train, "Luna")
    assert len(corpus.train) == 20_000 and len(corpus.validation) == 666 and corpus.has_documents
    assert {len(text.split("\n")) for text in corpus.train} == {2, 4, 6, 8}
    assert {reply for question, reply in said if question == "who are you?"} == {
        "I am Luna, a cat.",
        "The one on the roof.",
    }


def test_half_of_the_questions_are_learned_without_their_last_mark():
    asked = [question for question, _ in turns(pairs().load().train, "Luna")]
    assert 0.9 < asked.count("what do you eat") / asked.count("what do you eat?") < 1.1
    assert "where do you live" in asked and "where do you live?" not in asked  # as it is typed


def test_the_last_of_three_questions_with_the_same_answer_is_held_out():
    corpus = pairs().load()
    learned, held_out = (
        {persona.without_mark(question) for question, _ in turns(part, "Luna")}
        for part in corpus[:2]
    )
    assert held_out == {"tell me your name"} and len(learned) == 10
    assert not learned & held_out


def test_a_question_is_not_held_out_if_an_answer_would_never_be_learned():
    text = "".join(f"question {i}\tno\n" for i in range(12)) + "question 11\tyes\n"
    assert (
        pairs(text).plain["held_out"] == [] and "No question is held out" in pairs(text).load().note
    )


def test_without_three_wordings_validation_asks_the_same_questions_in_another_order():
    text = "".join(f"question {i}?\tanswer {i}\n" for i in range(10))
    luna = pairs(text)
    corpus = luna.load()
    assert not set(corpus.train) & set(corpus.validation) and len(corpus.validation) == 666
    asked = [
        prompt.split("\n")[-2].removeprefix("you: ").rstrip("?") for prompt in luna.eval_prompts()
    ]
    assert asked == [f"question {i}" for i in range(10)]


def test_the_note_counts_questions_answers_and_conversations():
    note = pairs().load().note
    assert "with Luna: 11 questions, 7 answers, 20,000 conversations." in note
    assert "Held-out questions: 1," in note
    assert "with otto: 11 questions, 4 topics, 20,000 conversations." in topics().load().note


def test_every_question_is_asked_at_least_once_and_of_many_there_are_more_conversations():
    text = "".join(f"question {i}\tanswer {i // 3}\n" for i in range(30_000))
    corpus = pairs(text).load()
    assert len(corpus.train) == 80_000
    assert len({question for question, _ in turns(corpus.train, "cat")}) == 20_000
    assert len({question for question, _ in turns(corpus.validation, "cat")}) == 10_000
    assert len(pairs(text).eval_prompts()) <= 300


def test_five_prompts_are_different_questions_of_the_corpus():
    for one in (pairs(), topics()):
        beginnings = {text.split(f"\n{one.SPEAKERS[1]}:")[0] for text in one.load().train}
        assert len(set(one.PROMPTS)) == 5
        assert {
            prompt.removesuffix(f"\n{one.SPEAKERS[1]}:") for prompt in one.PROMPTS
        } <= beginnings


def test_what_is_proposed_to_ask_has_been_learned_and_comes_by_topic():
    (of_pairs,) = pairs().what_to_ask()
    learned = {
        persona.without_mark(question) for question, _ in turns(pairs().load().train, "Luna")
    }
    assert of_pairs["name"] == "" and "what do you eat?" in of_pairs["questions"]
    assert {persona.without_mark(one) for one in of_pairs["questions"]} <= learned
    proposed = {topic["name"]: topic["questions"] for topic in snail.what_to_ask()}
    assert list(proposed)[:2] == ["name told", "name asked"] and "food" in proposed
    for name, questions in proposed.items():
        assert 0 < len(questions) <= persona.TO_ASK
        held_out = snail.PIP.any_of(snail.PIP.topics[name].held_out)
        for question in questions:
            assert "{" not in question and snail.PIP.topic_of(question) == name
            assert not re.fullmatch(held_out, question)


def test_braces_in_a_pair_are_braces():
    luna = pairs(PAIRS + "what is {x}?\tA set with {x} in it.\n")
    assert ("what is {x}", "A set with {x} in it.") in turns(luna.load().train, "Luna")


@pytest.mark.parametrize(
    "question, reply, kept",
    [
        ("what do you eat?", " Fish.", "grammar topic"),
        ("what do you eat", " Fish.\nyou: hello", "grammar topic"),
        ("what do you eat?", " Hello.", "grammar"),
        ("what do you eat?", " Fish. Hello.", ""),
        ("what do you eat?", "", ""),
        ("what are you?", " The one on the roof.", "grammar topic"),  # of another wording
        ("do you own a bicycle?", " Fish.", "grammar"),
    ],
)
def test_a_reply_to_a_pair_keeps_these_rules_and_no_others(question, reply, kept):
    found = pairs().check(reply, f"you: hello\nLuna: Hello.\nyou: {question}\nLuna:")
    assert " ".join(rule for rule, keeps in found.items() if keeps) == kept
    assert ("topic" in found) == (question != "do you own a bicycle?")


said_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
).map(str.strip)
questions = said_text.filter(lambda text: text and text[0] not in "#\ufeff")
files_of_pairs = st.lists(
    st.tuples(questions, said_text.filter(bool)),
    min_size=10,
    max_size=30,
    unique_by=lambda pair: persona.without_mark(pair[0]),
)


@given(files_of_pairs, st.integers(0, 10))
def test_any_pairs_make_conversations_that_the_judge_accepts(written, n_others):
    answers = [answer for _, answer in written]
    more = [(question, answers[n_others % len(answers)]) for question, _ in written[:n_others]]
    text = "".join(f"{question}\t{answer}\n" for question, answer in written + more)
    given_to = {}
    for question, answer in written + more:
        given_to.setdefault(persona.without_mark(question), set()).add(answer)
    with few():
        luna = pairs(text)
        for conversation in everything(luna.load()):
            assert all(luna.check(conversation).values())
            for question, reply in turns([conversation], "cat"):
                assert reply in given_to[persona.without_mark(question)]


def test_where_few_are_held_out_the_questions_that_were_taught_are_judged_by_themselves():
    luna = pairs()
    prompts = luna.eval_prompts()
    assert len(prompts) == 11  # all that the file has
    rules = {rule for prompt in prompts for rule in luna.check(" I am Luna.", prompt)}
    assert rules == {"grammar", "topic", "new wording"}
    many = "".join(f"question {i}\tanswer {i // 3}\n" for i in range(60))
    assert len(pairs(many).eval_prompts()) == 20
    assert "new wording" not in pairs(many).check(" answer 0", "you: question 2\ncat:")
    assert pairs(many).check(" answer 0", "you: question 2\ncat:")["topic"]


def test_a_reply_is_judged_by_its_words_whatever_its_capitals_and_marks():
    text = "".join(f"Is it number {i}?\tIt's No. {i}!\n" for i in range(10))
    assert pairs(text).check(" it s no 7", "you: is it number 7\ncat:") == dict(
        grammar=True, topic=True
    )
    assert not pairs(text).check(" it s no 8", "you: is it number 7\ncat:")["topic"]


@pytest.mark.parametrize("line", ["name = Grumm", "Speaker: Grumm", "name:Grumm"])
def test_a_name_that_is_written_in_another_way_is_told_how(line):
    text = "".join(f"is it number {i}?\tIt is {i}.\n" for i in range(10))
    with pytest.raises(BadInput, match="write: speaker = Grumm"):
        pairs(f"{line}\n{text}")


@given(st.text(max_size=100), st.sampled_from(["", "you: hello\nLuna:", "you: who are you"]))
def test_any_text_can_be_judged(text, prompt):
    for one in (pairs(), topics(TOPICS + "\n" + NAMES)):
        assert "grammar" in one.check(text, prompt)


# ---------------------------------------------------------------------------------------------
# Topics


def test_topics_hold_out_what_they_mark_or_else_the_last_of_three_questions():
    otto = topics()
    held_out = {name: topic.held_out for name, topic in otto.topics.items()}
    assert held_out == dict(
        home=["in which place do you live"],
        hello=["good day"],
        food=["do you want a bone"],
        work=[],
    )
    asked = {otto.bare(question) for question, _ in turns(otto.load().validation, "otto")}
    assert asked == {"in which place do you live", "good day", "do you want a bone"}


def test_capital_letters_and_exclamation_marks_are_kept():
    replies = {reply for _, reply in turns(topics().load().train, "otto")}
    assert {"I live under the bed!", "Hello.", "A bone, please. Or two."} <= replies


def test_a_question_of_a_topic_is_learned_with_and_without_its_mark_and_with_words_before_it():
    asked = {question for question, _ in turns(topics().load().train, "otto")}
    for question in ("where do you live", "where is your home"):
        assert {question, f"{question}?", f"and {question}", f"otto, {question}?"} <= asked
    assert "hello?" not in asked


def test_without_memories_nothing_is_told_and_nothing_remembered():
    assert topics().memories == [] and len(topics().eval_prompts()) == 11
    assert {"recall", "new name"}.isdisjoint(topics().check(" Hello.", "you: hello\notto:"))


def test_one_memory_may_come_without_the_other():
    otto = topics(TOPICS + "\n" + NAMES)
    assert otto.memories == ["name"] and len(otto.eval_prompts()) == 111
    prompt = "you: my name is Ida\notto: Hello, Ida.\nyou: what is my name?\notto:"
    assert otto.check(" You are Ida.", prompt)["recall"]
    assert not otto.check(" You are Tom.", prompt)["recall"]


@pytest.mark.parametrize("text", [TOPICS, TOPICS + "\n" + NAMES])
def test_conversations_of_topics_keep_their_own_rules(text):
    otto = topics(text)
    with few(2000):
        for conversation in everything(otto.load()):
            assert all(otto.check(conversation).values()), conversation


def test_a_copy_of_the_snail_is_the_snail(write):
    copy = data.find(str(write((ROOT / "data" / "snail.txt").read_text("utf-8"))))
    assert copy.SPEAKERS == snail.SPEAKERS and copy.topics == snail.PIP.topics
    assert copy.eval_prompts() == snail.eval_prompts()
    rng = random.Random(5)
    assert copy.converse(rng, "held_out") == snail.PIP.converse(random.Random(5), "held_out")


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("- Hello.\n", "", "dog.txt: the topic 'hello' needs a line that begins with -."),
        ("? hello / hi / good day\n", "", "the topic 'hello' needs a line that begins with ?."),
        (
            "- Hello.",
            "Hello.",
            "dog.txt, line 13, 'Hello.': it begins with none of ? ! - ~ + (before",
        ),
        (
            "\nfood\n",
            "food\n",
            "line 14, 'food': it begins with none of ? ! - ~ + (before the name",
        ),
        (
            "food\n",
            "",
            "line 15, '? what do you eat / are you hungry / do ': the line above it should be",
        ),
        ("food\n", "hello\n", "line 15, 'hello': there is a topic 'hello' already."),
        (
            "place =",
            "spot =",
            "the topic 'home' uses the slot 'place', which no line fills (place =",
        ),
        ("place = ", "place = on {it} / ", "the slot 'place' has 'on {it}', and no slot may use"),
        (
            "speaker = otto",
            "my dog = otto",
            "line 1, 'my dog = otto': a slot is written like place =",
        ),
        ("- Hello.", "- Hello.\n~ Who?", "'hello' remembers nothing, so it has no use for lines"),
        (
            "? hello",
            "? do you work / hello",
            "'work' asks 'do you work', and so does the topic 'hello'",
        ),
        ("name told", "name said", "the topic 'name asked' needs a topic 'name told'."),
        ("name asked", "name wanted", "the topic 'name told' needs a topic 'name asked'."),
        ("visitor = ", "guest = ", "the topic 'name told' needs the slot visitor (visitor = one /"),
        (
            "~ You have not told me.\n",
            "",
            "'name asked' needs a line that begins with ~, if nothing",
        ),
        ("my name is {visitor}", "guess", "the topic 'name told' needs a {visitor} in 'guess'."),
        ("You are {visitor}.", "Guess.", "the topic 'name asked' needs a {visitor} in 'Guess.'."),
        ("Mia / ", "Mary Ann / ", "the name 'Mary Ann' of a visitor is not a single word."),
    ],
)
def test_what_somebody_forgot_in_a_topic_is_named(old, new, says):
    text = TOPICS + "\n" + NAMES
    assert text.count(old) == 1
    with pytest.raises(BadInput) as error:
        topics(text.replace(old, new))
    assert says in str(error.value) and str(error.value)[-1] in ".)"


# ---------------------------------------------------------------------------------------------
# Who answers


@pytest.mark.parametrize(
    "file, name",
    [
        ("luna.txt", "luna"),
        ("my_persona.txt", "my persona"),
        ("/home/me/Mr. Fox.tsv", "Mr. Fox"),
        ("a:b\nc\x1b[2J.txt", "a b c [2J"),
        ("n" * 99, "n" * 40),
        ("_.txt", "persona"),
        ("You.txt", "persona"),
        ("\udcff.txt", "persona"),
    ],
)
def test_without_a_line_that_says_it_the_file_names_who_answers(file, name):
    assert persona.name_from(file) == name and are_speakers(["you", name])
    with few():
        assert PairPersona(PAIRS.replace("speaker = Luna\n", ""), file).SPEAKERS == ("you", name)


@pytest.mark.parametrize("name", ["", "you", "YOU", "a:b", "a\x1b[2J", "\u202eanul", "n" * 41])
def test_a_name_that_cannot_begin_a_line_is_refused(name):
    with pytest.raises(BadInput, match="^cat.txt, line 2: .* cannot be the name of a speaker"):
        pairs(PAIRS.replace("Luna\n", f"{name}\n", 1))


def test_a_second_speaker_is_refused():
    with pytest.raises(BadInput, match="line 17: a speaker is named in line 2 already"):
        pairs(PAIRS + "\nSpeaker = Otto\n")


# ---------------------------------------------------------------------------------------------
# Which files are personas

NAME = ["anna", "ben", "cleo"]
OTHER_FILES = {
    "a table of three columns": "".join(f"word {i}\tmot {i}\tWort {i}\n" for i in range(200)),
    "a table with a number in front": "".join(f"{i}\tThis is text {i}.\n" for i in range(200)),
    "how often each word occurs": "".join(f"word{i}\t{9 * i}\n" for i in range(200)),
    "who said what": "".join(f"{NAME[i % 3]}\tThis is line {i}.\n" for i in range(200)),
    "a chat with times": "".join(f"Jan 01 10:{i:02} <b>\tline {i} x\n" for i in range(60)),
    "a log": "".join(f"2024-03-01 10:00:{i:02}\tstarted {i}\n" for i in range(60)),
    "Markdown": "# Shopping\n\nFor the week:\n\n- bread\n- milk\n- what else?\n\n" * 30,
    "a list of tasks": "To do\n- buy bread\n- sleep\n+ read\n\n" * 40,
    "source code": "def f(x):\n\tif x:\n\t\treturn x\n\treturn 2 * x\n\n\n" * 40,
    "a Makefile": "all: a b\n\tcc -o all a b\n\na: a.c\n\tcc -c a.c\n\n" * 30,
    "settings": "speed = slow / fast\nname = snail\ncolour = brown\n\n" * 40,
    "questions of an exam": "Names\n? Who is it\n\nThe text that comes next goes on.\n" * 40,
    "a play": "".join(f"ANNA.\nIs it {i}?\nBEN.\nIt is {i + 1}.\n\n" for i in range(99)),
    "pairs in half of the lines": "".join(
        f"is it {i}?\tyes, {i}\nand then {i}\n" for i in range(99)
    ),
    "pairs with END marks": PAIRS * 4 + END + "\n" + PAIRS,
    "topics with END marks": TOPICS * 4 + END + "\n" + TOPICS,
}


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_other_files_stay_texts(write, kind):
    assert persona.read(write(OTHER_FILES[kind])) is None
    assert isinstance(data.find(str(write(OTHER_FILES[kind]))), TextFile)


def test_no_text_that_people_asked_about_is_taken_for_a_persona(write):
    for kind, content in sample_texts.by_kind().items():
        assert persona.kind_of(content.decode("utf-8", "ignore")) is None, kind
    for kind, text in sample_texts.by_script().items():
        assert persona.kind_of(text) is None, kind


def test_a_file_with_questions_and_answers_is_found_by_its_path(write):
    assert isinstance(data.find(str(write(PAIRS))), PairPersona)
    assert isinstance(data.find(str(write(TOPICS))), TopicPersona)
    assert "persona" not in data.names()


def test_the_ends_of_lines_and_of_files_make_no_difference(write):
    first = data.find(str(write(PAIRS))).load()
    for text in (
        PAIRS.replace("\n", "\r\n"),
        PAIRS.replace("\n", "\r"),
        "\ufeff" + PAIRS,
        PAIRS + "\0" * 100,
        PAIRS.removesuffix("\n"),
        PAIRS.replace("\tFish.", "\tFish. \t"),
        PAIRS.replace("\nhello", "\n\n \n#\n hello"),
    ):
        assert data.find(str(write(text))).load() == first


def test_a_large_file_is_not_read_to_find_out(write, monkeypatch):
    path = write(PAIRS)
    monkeypatch.setattr(persona, "LARGEST", len(PAIRS) - 1)
    monkeypatch.setattr("builtins.open", pytest.fail)
    assert persona.read(path) is None


def test_only_the_beginning_of_a_file_decides_and_its_last_line_may_be_cut_off(write, monkeypatch):
    monkeypatch.setattr(persona, "EXCERPT", PAIRS.index("hello") + 3)
    assert isinstance(persona.read(write(PAIRS)), PairPersona)


@pytest.mark.parametrize(
    "old, new, says",
    [
        (
            "hello\t",
            "hello ",
            "cat.txt, line 10, 'hello Hello.', lacks a TAB: in each line, a question",
        ),
        (
            "hello\tHello.",
            "hello\t\t Hello.",
            "line 10, 'hello\\t\\t Hello.', has 2 TABs: in each line",
        ),
        ("hello\tHello.", "hello\t", "line 10, 'hello', lacks an answer: in each line"),
        ("hello\tHello.", "\tHello.", "line 10, 'Hello.', lacks a question: in each line"),
    ],
)
def test_a_line_that_is_no_pair_among_many_that_are_is_named(write, old, new, says):
    with pytest.raises(BadInput) as error:
        data.find(str(write(PAIRS.replace(old, new))))
    assert says in str(error.value) and f"put {END} between its parts" in str(error.value)


@pytest.mark.parametrize("n", [5, 9])
def test_fewer_than_ten_questions_are_too_few(write, n):
    text = "".join(f"question {i}?\tanswer {i}\n" for i in range(n))
    with pytest.raises(BadInput, match=f"questions and answers. It has {n}, and at least 10"):
        data.find(str(write(text)))
    with pytest.raises(BadInput, match=r"at least 1,000 are needed"):
        data.find(str(write(text[:40])))


@pytest.mark.parametrize(
    "content, says",
    [
        (PAIRS.encode() + b"caf\xe9\tyes\n", "not UTF-8"),
        (PAIRS.encode() + b"\xe8\xa0", "cut off"),
        (PAIRS.replace("Fish", "F\0sh").encode(), "is zero"),
        (PAIRS.encode("utf-16"), "UTF-16"),
        (b"%PDF-1.7\n" + PAIRS.encode(), "PDF"),
    ],
)
def test_a_persona_in_a_bad_file_is_refused_as_any_text(tmp_path, content, says):
    (tmp_path / "cat.txt").write_bytes(content)
    with pytest.raises(BadInput, match=says):
        data.find(str(tmp_path / "cat.txt"))


def test_a_persona_that_cannot_be_read_ends_with_a_sentence_and_code_2(run_train, folder):
    (folder / "cat.txt").write_text(PAIRS.replace("hello\t", "hello "), "utf-8")
    done = run_train("--preset", "smoke", "--dataset", "cat.txt")
    assert done.returncode == 2 and re.search("line 10, 'hello Hello.', lacks a TAB", done.stderr)
    assert not (folder / "runs").exists()
