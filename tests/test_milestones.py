"""Milestones: when something clicked, on texts that can be checked by eye."""

import subprocess
import sys

from helpers import PATIENCE, ROOT
from terrarium.milestones import Sample, find_milestones, learn_language, sentences
from terrarium.text import END

import pytest
from hypothesis import given
from hypothesis import strategies as st

TEXT = (
    'Tom saw a small dog. The dog ran to Tom and Anna. "I like this dog," said Anna. '
    f"Then Tom and Anna went home.{END}"
) * 6
LANGUAGE = learn_language(TEXT)


def sample(step, *continuations, prompt="", loss=None):
    return Sample(step, loss, [(prompt, continuation) for continuation in continuations])


def find(samples, losses=None, others=()):
    return find_milestones(samples, LANGUAGE, losses or {}, others)


def kinds(found):
    return [milestone["kind"] for milestone in found]


# ---------------------------------------------------------------------------------------------
# What a text teaches


def test_a_name_is_a_word_that_is_never_seen_without_its_capital():
    text = "We saw Will there. He will go. She saw Anna and the USA. I think I am Anna. Bo is Bo's."
    assert learn_language(text).names == {"Anna"}  # Bo's stands in a sentence once
    assert LANGUAGE.names == {"Tom", "Anna"}


def test_words_are_neighbours_in_a_sentence_and_the_first_one_follows_nothing():
    learned = learn_language("A dog ran. It ran")
    assert learned.words == {"A", "dog", "ran"}  # what has no full stop is no sentence
    assert learned.threes == {("", "A", "dog"), ("A", "dog", "ran")}


def test_a_text_has_quotes_if_it_has_more_than_ten_marks():
    assert not learn_language('"' * 10).has_quotes
    assert learn_language('"' * 11).has_quotes


@pytest.mark.parametrize(
    "text, expected",
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('She said, "No." He left...  "Why?!" And', ['She said, "No."', "He left...", '"Why?!"']),
        (f"An end.{END}A start. ", ["An end.", "A start."]),
        (f"No full stop{END}A start.", ["No full stop A start."]),
        (" . ?! \n A. ", ["A."]),
        ("12 3 45", []),
        ("我爱北京。", []),
        ("...", []),
        ("", []),
    ],
)
def test_a_sentence_goes_from_one_full_stop_to_the_next(text, expected):
    assert sentences(text) == expected


@given(st.text(st.sampled_from('ab .!?"\n'), max_size=30))
def test_all_letters_before_the_last_full_stop_are_in_a_sentence(text):
    whole = text[: 1 + max(text.rfind(mark) for mark in ".!?")]
    found = sentences(text)
    assert "".join(found).count("a") == whole.count("a")
    assert "".join(found).count("b") == whole.count("b")
    assert all(one == one.strip() and one.strip('"')[-1] in ".!?" for one in found)


@pytest.mark.parametrize("text", ["7", "the cat sat on the mat\\n", "我爱"])
def test_a_long_text_without_a_full_stop_is_read_in_a_moment(text):
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"from terrarium.milestones import learn_language;learn_language('{text}' * 100_000)",
        ],
        cwd=ROOT,
        check=True,
        timeout=PATIENCE,
    )


# ---------------------------------------------------------------------------------------------
# Signs in what a model wrote


@pytest.mark.parametrize(
    "kind, continuation, text",
    [
        ("words", "s like Tom ran small home, Tom sa", "like Tom ran small home"),
        ("sentence", " cat. The dog ran to Tom and Anna. Then", "The dog ran to Tom and Anna."),
        ("quotes", ' he said "I like this dog," T', '"I like this dog,"'),
        ("name", " Tom saw a small dog. The dog ran to Tom and Anna. a", "Tom"),
        ("ending", f"Then Tom and Anna went home.{END}", "Then Tom and Anna went home."),
    ],
)
def test_each_sign_is_seen_with_what_shows_it(kind, continuation, text):
    found = find([sample(7, "", continuation)])
    assert dict(kind=kind, step=7, prompt=1, text=text) in found


@pytest.mark.parametrize(
    "kind, continuation",
    [
        ("words", "s like Tom ran small hom, Tom sa"),  # a word that the text has not
        ("words", "Tom like Tom ran small home"),  # the outer ones may be cut
        ("words", "s Tom saw a dog ran to a d"),  # short ones come by chance
        ("sentence", "dog ran to Tom and Anna. Then"),  # it begins elsewhere
        ("sentence", "x. The dog ran to Tom and Anna"),  # it does not end
        ("sentence", "x. The dog ran home."),  # not five words
        ("sentence", "x. The dog ran to Tom and went home."),  # nobody does "Tom and went"
        ("quotes", 'said "I like dog," T'),  # "like dog" is not in the text
        ("quotes", 'said "this dog," T'),  # two words
        ("quotes", 'said "I like this dog'),
        ("quotes", 'said "I like\nthis dog."'),
        ("name", " Tom saw a small dog. Then Anna ran home."),
        ("name", " Tom saw a small dog. Tom ran small like Anna."),  # no sense
        ("name", " Tom saw small dog a. The dog ran to Tom and Anna."),
        ("name", " The dog ran to a small dog. The dog ran to a small dog."),  # dog is no name
        ("ending", "Then Tom and Anna went home."),
        (
            "ending",
            f"Then Tom and Anna went home. Then{END}",
        ),  # it ends in the middle of another one
        ("ending", f"Then Anna like home Tom and.{END}"),
        ("ending", END),
    ],
)
def test_what_comes_close_to_a_sign_is_none(kind, continuation):
    assert kind not in kinds(find([sample(7, continuation)]))


def test_a_sentence_may_begin_in_the_prompt_but_for_one_that_is_the_model_s_own():
    samples = [sample(7, f"saw a small dog.{END}", prompt="Tom ")]
    assert find(samples) == [dict(kind="ending", step=7, prompt=0, text="Tom saw a small dog.")]


def test_quotes_count_only_where_the_text_has_them():
    plain = learn_language("I like this dog.")
    assert find_milestones([sample(7, '"I like this dog."')], plain, {}) == []


def test_a_milestone_is_at_the_first_sample_that_shows_it_with_its_first_prompt():
    shows = " x. The dog ran to Tom and Anna. Then"
    found = find([sample(0, "x", "y"), sample(3, "x", shows), sample(8, shows, shows)])
    assert [(milestone["kind"], milestone["step"], milestone["prompt"]) for milestone in found] == [
        ("sentence", 3, 1)
    ]


def test_what_random_weights_can_do_is_no_milestone():
    shows = " x. The dog ran to Tom and Anna. Then"
    assert find([sample(0, shows), sample(3, "x"), sample(8, shows)]) == []


def test_what_looks_earlier_showed_does_not_help_a_later_one():
    halves = [sample(1, "x. The dog ran to"), sample(2, " Tom and Anna. Then")]
    assert find(halves) == []


# ---------------------------------------------------------------------------------------------
# Losses


def test_a_loss_passes_a_baseline_below_it_and_the_entropy_within_five_percent():
    losses = dict(uniform=3.0, unigram=2.0, bigram=1.0, entropy=0.5)
    samples = [
        sample(0),
        sample(1, loss=2.0),
        sample(2, loss=1.99),
        sample(3, loss=1.0),
        sample(4, loss=0.99),
        sample(5, loss=0.526),
        sample(6, loss=0.524),
        sample(7, loss=0.1),
    ]
    assert find(samples, losses) == [
        dict(kind=kind, step=step, prompt=None, text=None)
        for kind, step in (("unigram", 2), ("bigram", 4), ("entropy", 6))
    ]


def test_milestones_are_in_the_order_of_their_steps_wherever_they_were_found():
    others = [dict(kind="head", step=9), dict(kind="rule", step=2)]
    samples = [sample(4, loss=1.5), sample(5, "x. The dog ran to Tom and Anna. Then")]
    assert [(one["kind"], one["step"]) for one in find(samples, dict(unigram=2.0), others)] == [
        ("rule", 2),
        ("unigram", 4),
        ("sentence", 5),
        ("head", 9),
    ]


@given(st.text(max_size=60), st.text(max_size=20), st.lists(st.text(max_size=60), max_size=3))
def test_no_text_is_too_strange(text, prompt, continuations):
    samples = [sample(0), sample(1, *continuations, prompt=prompt)]
    for language in (learn_language(text), LANGUAGE):
        for one in find_milestones(samples, language, {}):
            assert one["text"] in prompt + continuations[one["prompt"]].replace(END, " ")
