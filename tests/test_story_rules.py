"""site/app/story-rules.js: the page judges a story as data/stories.py does, and shows where it breaks a rule."""

import json
import re

from data import stories
from helpers import ROOT
from terrarium.web import pages

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CHECK = """async (texts) => {
  const { check } = await import("/app/story-rules.js");
  return texts.map(check);
}"""
JUDGE = CHECK.replace("check", "judge")
EVIDENCE = """async ([text, rule]) => {
  const { evidence } = await import("/app/story-rules.js");
  return evidence(text, rule).map(([start, end]) => text.slice(start, end));
}"""
STORY = (
    "Once upon a time there was a kind girl named Mia. One day, she went to the park. "
    "She had a red ball with her. She put it under the bench and went to play.\n"
    "Later, she could not find the ball. Mia felt sad. Just then, her mum came to the park. "
    '"Where did you put your ball?" asked Mum.\n'
    "They looked under the bench, and there was the red ball! "
    '"Thank you, Mum," said Mia. Now she felt happy. Mia and Mum gave each other a big hug.'
)
# A browser may know letters of a newer Unicode than Python does.
ANY = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=60)
STORIES = st.integers(0, 2000).map(lambda seed: str(stories.generate(seed)))
WORDS = st.sampled_from(
    re.findall(r"\w+|[^\w ]", " ".join(map(stories.generate, range(50)))) + [" ", "\n", "Wobo"]
)


@st.composite
def spoiled_stories(draw):
    """A story in which some sentences are those of others, and some words have changed."""
    first, second = draw(STORIES), draw(STORIES)
    both = zip(*[[a + b for a, b in stories.split_sentences(one)] for one in (first, second)])
    mixed = draw(st.booleans())
    text = "".join(draw(st.sampled_from(pair)) if mixed else pair[0] for pair in both)
    parts = re.findall(r"\w+|\W", text)
    for _ in range(draw(st.integers(0, 3))):
        i = draw(st.integers(0, len(parts) - 1))
        parts[i] = draw(WORDS | ANY | st.just(""))
    return "".join(parts)[: draw(st.none() | st.integers(0, 400))]


def verdicts(texts):
    return [stories.check(text) for text in texts]


@settings(max_examples=60)
@given(texts=st.lists(spoiled_stories() | ANY, min_size=1, max_size=10))
def test_any_text_is_judged_by_the_page_as_by_train_py(engine, texts):
    assert engine(CHECK, texts) == verdicts(texts)


def test_stories_of_every_plot_and_opening_keep_all_rules(engine):
    texts = [str(stories.generate(seed)) for seed in range(300)]
    starts = {text[:9] for text in texts}
    assert len(starts) > 10
    judged = engine(CHECK, texts)
    assert all(all(rules.values()) for rules in judged)
    assert [*judged[0]] == [*stories.RULES]


def test_what_the_exported_model_wrote_at_each_age_is_judged_alike(engine):
    folder = ROOT / "site" / "exported" / "stories"
    written = json.loads((folder / "samples.json").read_text("utf-8"))
    vocab = json.loads((folder / "manifest.json").read_text("utf-8"))["tokenizer"]["vocab"]
    texts = [
        "".join(vocab[i] for i in prompt[1:] + one["ids"]).replace("<|endoftext|>", "")
        for sample in written["samples"]
        for prompt, one in zip(written["prompt_ids"], sample["continuations"])
    ]
    expected = verdicts(texts)
    assert len(texts) > 50
    assert engine(CHECK, texts) == expected
    assert {one["spelling"] for one in expected} == {True, False}  # both, or it would tell nothing


@pytest.mark.parametrize(
    ("rule", "before", "after", "where"),
    [
        ("spelling", "a kind girl", "a kimd girl", ["kimd"]),
        ("grammar", "Mia felt sad.", "Mia sad felt.", ["Mia sad felt."]),
        ("quotes", 'ball?" asked', "ball? asked", ['"Where did you put your ball? asked Mum.']),
        ("name", "said Mia", "said Tom", ["Tom"]),
        ("pronoun", "Now she felt", "Now he felt", ["he"]),
        ("object", "find the ball", "find the drum", ["drum"]),
        ("place", "came to the park", "came to the zoo", ["zoo"]),
        ("feeling", "felt sad", "felt happy", ["happy"]),
        ("ending", " Mia and Mum gave each other a big hug.", "", ["Now she felt happy."]),
    ],
)
def test_one_sees_what_in_a_story_breaks_a_rule(engine, rule, before, after, where):
    assert STORY.count(before) == 1
    spoiled = STORY.replace(before, after)
    assert not engine(CHECK, [spoiled])[0][rule]
    assert engine(EVIDENCE, [spoiled, rule]) == where
    assert engine(CHECK, [STORY])[0][rule]


@settings(max_examples=60)
@given(texts=st.lists(spoiled_stories() | ANY, min_size=1, max_size=10))
def test_what_can_be_judged_is_judged_as_by_train_py(engine, texts):
    for judged, expected in zip(engine(JUDGE, texts), verdicts(texts), strict=True):
        assert [*judged] == [*expected]
        for rule, kept in judged.items():
            assert kept == expected[rule] or (kept is None and not expected[rule])


def test_good_english_that_is_in_no_story_breaks_no_rule_that_cannot_be_judged(engine):
    text = "There was an owl named Zorbi. Zorbi lived in a clock. Every night Zorbi read the map."
    judged = engine(JUDGE, [text])[0]
    assert [rule for rule, kept in judged.items() if kept is False] == ["spelling", "grammar"]
    assert [judged[rule] for rule in ("quotes", "name", "pronoun", "feeling")] == [None] * 4


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("name", "said Mia", "said Tom"),
        ("pronoun", "Now she felt", "Now he felt"),
        ("object", "find the ball", "find the drum"),
        ("place", "came to the park", "came to the zoo"),
        ("feeling", "felt sad", "felt happy"),
        ("ending", " Mia and Mum gave each other a big hug.", ""),
        ("quotes", 'ball?" asked', "ball? asked"),
    ],
)
def test_a_story_of_known_sentences_is_said_to_break_a_rule(engine, rule, before, after):
    assert engine(JUDGE, [STORY.replace(before, after)])[0][rule] is False
    assert all(engine(JUDGE, [STORY])[0].values())


def test_where_something_is_missing_nothing_is_pointed_at(engine):
    assert engine(EVIDENCE, ["The boy was very kind.", "object"]) == []
    assert engine(EVIDENCE, ["", "ending"]) == []


def test_the_page_has_the_grammar_of_data_stories():
    held = (pages.SITE / pages.GRAMMAR).read_text("utf-8")
    assert held == pages.story_grammar(), "type: python -m terrarium.web.pages"
