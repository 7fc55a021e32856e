"""Pip the snail: what is in the corpus, what is held out of it, and who judges the replies."""

import re
from pathlib import Path
from random import Random

import data
import train
from data import snail
from data.persona import TopicPersona
from helpers import ROOT, SMALL
from terrarium.errors import BadInput
from terrarium.files import read_json
from terrarium.screen import Screen
from terrarium.tokens import count_block

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

TEXT = (ROOT / "data" / "snail.txt").read_text("utf-8")
SLOTS, TOPICS = snail.PIP.slots, snail.PIP.topics


@pytest.fixture(scope="module")
def corpus():
    return snail.load()


def lines(documents, speaker):
    return [line for text in documents for line in text.splitlines() if line.startswith(speaker)]


def bare(question):
    """A question without what may be said before it, and without its mark."""
    return re.sub(r"^(pip, |and |so, )", "", question.removeprefix("you: ")).rstrip("?")


# ---------------------------------------------------------------------------------------------
# The corpus


def test_there_are_sixty_topics_and_sixty_thousand_conversations(corpus):
    asked = {snail.PIP.topic_of(bare(line)) for line in lines(corpus.train, "you: ")}
    assert asked == set(TOPICS) and len(asked) == 60 + len(
        ["name told", "name asked", "favourite told", "favourite asked"]
    )
    assert len(corpus.train) == 60_000 and len(corpus.validation) == 2_000 and corpus.has_documents


def test_the_note_counts_duplicates_and_distinct_replies_as_they_are(corpus):
    replies = lines(corpus.train, "pip: ")
    assert len(set(replies)) >= 40_000
    assert corpus.note == (
        f"60,000 conversations, {60_000 - len(set(corpus.train)):,} of them "
        f"exact duplicates; {len(replies):,} replies, {len(set(replies)):,} of "
        "them distinct"
    )


def test_the_note_is_shown_before_training_begins(corpus, train_here, monkeypatch, capsys):
    few = corpus._replace(train=corpus.train[:300], validation=corpus.validation[:30])
    monkeypatch.setattr(snail, "load", lambda: few)
    monkeypatch.setattr(Screen, "advance", lambda *_: 1 / 0)  # it is enough to come here
    with pytest.raises(ZeroDivisionError):
        train_here(*SMALL, "--dataset", "snail")
    said = capsys.readouterr().out
    assert re.search(r"\n +60,000 conversations, \d+ of them exact duplicates; ", said)


def test_no_held_out_question_is_worded_as_a_training_question(corpus):
    """Compared without names and favourite things, and without "pip, " before or "?" behind."""
    slots = "|".join(SLOTS["favourite"] + SLOTS["food"])

    def wordings(part):
        lines_of_part = (bare(line) for line in lines(part, "you: "))
        named = ((line, snail.PIP.name_told(line)) for line in lines_of_part)
        return {
            re.sub(rf"\b({slots})\b", "_", line.replace(name, "_") if name else line)
            for line, name in named
        }

    learned, held_out = wordings(corpus.train), wordings(corpus.validation)
    assert len(learned) > 750 and len(held_out) > 180
    assert not learned & held_out


def words_changed(a, b):
    """How many words have to be changed, added or taken away to make one text the other."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
        before = row
    return before[-1]


def test_held_out_questions_are_at_least_two_words_away_from_all_others_of_their_topic():
    assert words_changed("how is the fern".split(), "how is that old fern".split()) == 2
    for topic in TOPICS.values():
        for new in topic.held_out:
            for old in topic.questions:
                assert words_changed(new.split(), old.split()) >= 2, (new, old)


def test_every_topic_is_asked_for_in_new_words_too():
    for topic in TOPICS.values():
        assert len(topic.questions) >= 10 and len(topic.held_out) >= 3
        assert len(topic.replies) >= 5 and len(topic.tails) >= 2


def test_capital_letters_never_occur(corpus):
    for text in (*corpus.train, *corpus.validation, *snail.PROMPTS, *snail.eval_prompts()):
        assert text == text.lower()


def test_a_model_has_no_token_for_a_capital_and_says_so(corpus):
    counts = count_block(train.Tokenizer, corpus.train[:2000])
    tokenizer = train.Tokenizer.train(counts, True, 300)
    tokenizer.encode("hello, pip")
    with pytest.raises(BadInput, match="No token for 'H', character 1 of 'Hello, Pip'"):
        tokenizer.encode("Hello, Pip")


def test_a_conversation_has_one_to_four_turns_and_the_visitor_begins(corpus):
    turns = {len(text.splitlines()) for text in corpus.train}
    assert turns == {2, 4, 6, 8}
    for text in corpus.train[:5000]:
        speakers = [line.split(": ")[0] for line in text.splitlines()]
        assert speakers == ["you", "pip"] * (len(speakers) // 2)


def test_what_is_asked_for_was_told_before_or_pip_says_it_does_not_know(corpus):
    asked = 0
    for text in corpus.train[:10_000]:
        said = text.splitlines()
        for i in range(0, len(said), 2):
            topic = snail.PIP.topic_of(said[i].removeprefix("you: "))
            if topic not in ("name asked", "favourite asked"):
                continue
            asked += 1
            slot = {"name asked": "visitor", "favourite asked": "favourite"}[topic]
            tell = [
                line
                for line in said[:i:2]
                if snail.PIP.topic_of(line.removeprefix("you: ")) == topic.replace("asked", "told")
            ]
            told = [thing for thing in SLOTS[slot] for line in tell if thing in line]
            if topic == "name asked" and tell:
                told = [snail.PIP.name_told(tell[-1].removeprefix("you: "))]
            if tell:
                assert max(told, key=len) in said[i + 1]
            else:
                assert re.search("do(es)? not know|not told me|i looked in my shell", said[i + 1])
    assert asked > 1500


def test_the_corpus_is_the_same_each_time_and_another_seed_makes_another(corpus):
    assert snail.load(300) == snail.load(300) != snail.load(300, seed=2)
    assert snail.load(300).train == corpus.train[:300]


@given(st.integers(0, 10**9), st.sampled_from(["questions", "held_out"]))
def test_pip_keeps_its_own_rules(seed, phrasings):
    text = snail.PIP.converse(Random(seed), phrasings)
    kept = snail.check(text)
    assert all(kept.values()) and {"character", "grammar", "topic"} <= kept.keys()
    assert "{" not in text and "  " not in text


# ---------------------------------------------------------------------------------------------
# The judge

HELLO = "you: my name is mia\npip: hello, mia. i will keep your name in my shell.\n"


@pytest.mark.parametrize(
    "prompt, reply, kept",
    [
        (
            "you: what do you eat?\npip:",
            " i eat lettuce. small bites, slowly.",
            "character grammar topic",
        ),
        (
            "you: what do you eat?\npip:",
            " i eat lettuce. small bites, slowly. please nothing salty.",
            "character grammar topic",
        ),
        ("you: what do you eat?\npip:", " i eat stars. small bites, slowly.", "character"),
        (
            "you: what do you eat?\npip:",
            " i eat lettuce. small bites, slowly. please the the.",
            "character topic",
        ),
        ("you: what do you eat?\npip:", " the moon is a shell in the sky.", "character grammar"),
        ("you: what do you eat?\npip:", " I eat lettuce. small bites, slowly.", ""),
        ("you: what do you eat?\npip:", " i eat pizza.", ""),
        ("you: what do you eat?\npip:", " i eat", ""),
        ("you: what do you eat?\npip:", "", ""),
        (
            "you: what do you eat?\npip:",
            " i eat lettuce. small bites, slowly.\nyou: zzz",
            "character grammar topic",
        ),
        (
            "you: and what was your last meal\npip:",
            " dinner is cabbage, served in the corner.",
            "character grammar topic",
        ),
        (
            "you: do you own a bicycle?\npip:",
            " i eat lettuce. small bites, slowly.",
            "character grammar",
        ),
        (
            HELLO + "you: what is my name?\npip:",
            " your name is mia.",
            "character grammar topic recall",
        ),
        (HELLO + "you: what is my name?\npip:", " your name is tom.", "character grammar topic"),
        (
            HELLO + "you: what is my name?\npip:",
            " i do not know your name yet. tell me.",
            "character grammar topic",
        ),
        (
            HELLO + "you: what is my name?\npip:",
            " mia, of course. i forget slowly.",
            "character grammar topic recall",
        ),
        (HELLO + "you: what is my name?\npip:", " your name is mia tom.", "character"),
        (HELLO + "you: what is my name?\npip:", " your name is miaow.", "grammar topic"),
        (HELLO + "you: what is my name?\npip:", " mia, of course. i forget slow", "recall"),
        (
            HELLO.replace("mia", "zora") + "you: what is my name?\npip:",
            " your name is zora.",
            "character grammar topic new name",
        ),
        (
            HELLO.replace("mia", "zora") + "you: what is my name?\npip:",
            " your name is zo.",
            "grammar topic",
        ),
        ("you: what do you eat?\npip:", " " + "i eat lettuce and " * 6 + "pears.", ""),
        ("you: what do you eat?\npip:", " i eat lettuce. small bites, slowly.no.", "character"),
        ("you: what do you eat?\npip:", " " + "the moss is damp and " * 5 + "so am i.", ""),
        (
            "you: what is my name?\npip:",
            " i do not know your name yet. tell me.",
            "character grammar topic",
        ),
    ],
)
def test_a_reply_keeps_these_rules_and_no_others(prompt, reply, kept):
    assert " ".join(rule for rule, keeps in snail.check(reply, prompt).items() if keeps) == kept


def test_recall_is_asked_only_where_a_name_was_told():
    assert "recall" in snail.check(" you are mia.", HELLO + "you: what is my name?\npip:")
    assert "recall" not in snail.check(" you are mia.", "you: what is my name?\npip:")
    assert "topic" not in snail.check(" i eat.", "you: do you own a bicycle?\npip:")


@given(st.text(max_size=200), st.sampled_from(["", "you: hello\npip:", HELLO]))
def test_any_text_can_be_judged(text, prompt):
    assert {"character", "grammar"} <= snail.check(text, prompt).keys()


def test_the_examination_asks_each_topic_in_held_out_words_and_a_hundred_names():
    prompts = snail.eval_prompts()
    questions = [prompt.splitlines()[-2] for prompt in prompts]
    topics = [snail.PIP.topic_of(question.removeprefix("you: ")) for question in questions]
    assert set(topics) == set(TOPICS) - {"name told", "favourite told", "favourite asked"}
    assert topics.count("name asked") == 100 + len(SLOTS["stranger"])
    learned = {question for topic in TOPICS.values() for question in topic.questions}
    assert not {bare(question) for question in questions} & learned


def small_training(corpus, train_here, monkeypatch, *flags):
    """metrics.json of a smoke run on a part of the corpus; `flags` change it."""
    few = corpus._replace(train=corpus.train[:300], validation=corpus.validation[:30])
    monkeypatch.setattr(snail, "load", lambda: few)
    s = train_here(*SMALL, "--dataset", "snail", *flags)
    return read_json(Path(s.out) / "metrics.json")


@pytest.mark.parametrize("n_ctx", [40, 128])
def test_a_model_is_asked_what_leaves_half_of_its_context_for_the_answer_and_nothing_else(
    n_ctx, corpus, train_here, monkeypatch, capsys
):
    judged, check = [], snail.check
    monkeypatch.setattr(
        snail, "check", lambda text, prompt: judged.append(prompt) or check(text, prompt)
    )
    metrics = small_training(corpus, train_here, monkeypatch, "--n-ctx", n_ctx)
    tokenizer = train.Tokenizer(**read_json(Path("runs/snail/tokenizer.json")))
    short = [one for one in snail.eval_prompts() if 1 + len(tokenizer.encode(one)) <= n_ctx / 2]
    assert judged == short and len(metrics["rule_accuracy"]) >= 3
    left_out = len(snail.eval_prompts()) - len(short)
    said = f"{left_out} of {len(snail.eval_prompts())} questions" in capsys.readouterr().out
    assert said == (left_out > 0) == (n_ctx == 40)


def test_no_rule_is_checked_if_no_question_fits(corpus, train_here, monkeypatch, capsys):
    assert "rule_accuracy" not in small_training(corpus, train_here, monkeypatch, "--n-ctx", 8)
    n = len(snail.eval_prompts())
    assert f"{n} of {n} questions" in capsys.readouterr().out


def test_texts_are_written_in_float32_also_those_that_are_judged(corpus, train_here, monkeypatch):
    formats, forward = [], train.GPT.forward

    def noted(model, ids, *attend):
        formats.append((model.training, torch.is_autocast_enabled("cpu")))
        return forward(model, ids, *attend)

    monkeypatch.setattr(train.GPT, "forward", noted)
    small_training(corpus, train_here, monkeypatch, "--precision", "bfloat16")
    assert set(formats) == {(True, True), (False, False)}  # what learns, and what writes


@pytest.mark.parametrize(
    "preset, low, high", [("snail", 1e6, 1.1e6), ("snail-big", 8.65e6, 8.75e6)]
)
def test_the_presets_have_about_as_many_parameters_as_they_are_said_to(corpus, preset, low, high):
    s = train.Settings(**train.PRESETS[preset])
    counts = count_block(train.Tokenizer, corpus.train)
    vocabulary = train.Tokenizer.train(counts, True, s.vocab_size).vocab
    assert low < sum(p.numel() for p in train.GPT(s, len(vocabulary)).parameters()) < high
    assert data.find(s.dataset) is snail


# ---------------------------------------------------------------------------------------------
# Names, and a book of one's own


def test_half_of_the_visitors_have_names_of_syllables_and_strangers_never_come(corpus):
    names = [
        name
        for line in lines(corpus.train, "you: ")
        if (name := snail.PIP.name_told(line.removeprefix("you: ")))
    ]
    assert len(names) > 10_000
    listed = sum(name in SLOTS["visitor"] for name in names)
    assert 0.2 < listed / len(names) < 0.6
    assert len(set(names)) > 5000
    assert not set(names) & set(SLOTS["stranger"])


@pytest.mark.parametrize(
    "old, new, says",
    [
        (
            "! what kind of food",
            "what kind of food",
            "begins with none of ? ! - ~ + (before the name of a topic, leave a line empty).",
        ),
        (
            "- i eat {food}. small",
            "- i eat {fodo}. small",
            "the topic 'food' uses the slot 'fodo', which no line fills (fodo = one / two",
        ),
        ("name told\n", "name said\n", "the topic 'name asked' needs a topic 'name told'."),
    ],
)
def test_what_is_forgotten_in_snail_txt_is_named(old, new, says):
    assert TEXT.count(old) == 1
    with pytest.raises(BadInput) as error:
        TopicPersona(TEXT.replace(old, new), "snail.txt")
    assert str(error.value).startswith("snail.txt") and says in str(error.value)


def test_a_topic_may_do_without_tails():
    brief = TopicPersona(re.sub(r"(?m)^\+.*\n", "", TEXT), "snail.txt")
    assert brief.converse(Random(1), "questions").startswith("you: ")
