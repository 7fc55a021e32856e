"""Milestones: when something clicked, on texts that can be checked by eye."""

import subprocess
import sys

from helpers import PATIENCE, ROOT
from terrarium.milestones import (
    LIMIT,
    Sample,
    at_least,
    choose_criteria,
    draw_sample,
    find_milestones,
    learn_language,
    least_texts,
    odds_of_staying,
    rule_step,
    sentences,
    since,
    unigram_probs,
)
from terrarium.text import END
from train import Tokenizer

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

TEXT = (
    'Tom saw a small dog. The dog ran to Tom and Anna. "I like this dog," said Anna. '
    f"Then Tom and Anna went home.{END}"
) * 6
LANGUAGE = learn_language(TEXT)
NO_LUCK = dict(uniform=[Sample(0, None, [("", "xyz")])], unigram=[Sample(0, None, [("", "xyz")])])


def sample(step, *continuations, prompt="", loss=None):
    return Sample(step, loss, [(prompt, continuation) for continuation in continuations])


def find(samples, losses=None, others=(), language=LANGUAGE):
    criteria = choose_criteria(language, NO_LUCK, len(samples))
    return find_milestones(samples, language, losses or {}, criteria, others)


def shown(step, *continuations, prompt=""):
    """A sample, and three more that show the same."""
    return [sample(step + later, *continuations, prompt=prompt) for later in range(4)]


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
    found = find(shown(7, "", continuation))
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
    assert kind not in kinds(find(shown(7, continuation)))


def test_a_sentence_may_begin_in_the_prompt_but_for_one_that_is_the_model_s_own():
    samples = shown(7, f"saw a small dog.{END}", prompt="Tom ")
    assert find(samples) == [dict(kind="ending", step=7, prompt=0, text="Tom saw a small dog.")]


@pytest.mark.parametrize(
    "kind, prompt, continuation",
    [
        ("ending", "Tom saw a small dog.", END),
        ("ending", "Tom saw a small dog.", f" {END}"),
        ("name", "Tom saw a small dog. The dog ran to Tom and Anna.", " x"),
        ("name", "Tom saw a small dog. The dog ran to Tom", " and Anna."),
        ("name", "Tom saw a small dog. The dog ran to To", "m and Anna."),
    ],
)
def test_what_stands_in_the_prompt_is_not_credited_to_the_model(kind, prompt, continuation):
    assert kind not in kinds(find(shown(7, continuation, prompt=prompt)))


def test_a_name_may_be_that_of_the_prompt_if_the_model_writes_it_again():
    for prompt in ("Tom ", "Tom saw a small dog.", "Tom saw a small dog. The dog "):
        whole = "Tom saw a small dog. The dog ran to Tom and Anna."
        found = find(shown(7, whole.removeprefix(prompt), prompt=prompt))
        assert dict(kind="name", step=7, prompt=0, text="Tom") in found, prompt


def test_quotes_and_endings_count_only_where_the_text_has_them():
    plain = learn_language("I like this dog, said Anna.")
    samples = shown(7, f'"I like this dog," said Anna.{END}')
    assert kinds(find(samples)) == ["sentence", "quotes", "ending"]
    assert kinds(find(samples, language=plain)) == ["sentence"]


# ---------------------------------------------------------------------------------------------
# What stays

SHOWS = " x. The dog ran to Tom and Anna. Then"


def steps_of(pattern):
    """The steps of the milestones of samples that show a sentence where there is a 1."""
    samples = [sample(i, SHOWS if one == "1" else "x") for i, one in enumerate(pattern)]
    return [milestone["step"] for milestone in find(samples)]


@pytest.mark.parametrize(
    "pattern, steps",
    [
        ("01111", [1]),
        ("01011", [1]),
        ("01101", [1]),
        ("01110", [1]),
        ("0111", [1]),  # two later ones are enough
        ("0100111000", [4]),  # the first was luck
        ("010011", []),
        ("010010010", []),
        ("01", []),  # nothing came after it
        ("011", []),
        ("10000", []),
        ("1000111", [4]),  # what random weights did was luck
        ("1111", []),  # it could do that before it learned anything
        ("", []),
    ],
)
def test_what_is_shown_has_to_be_shown_by_two_of_the_next_three_samples(pattern, steps):
    assert steps_of(pattern) == steps


@given(st.text(st.sampled_from("01"), min_size=1, max_size=9), st.text("0", max_size=5))
def test_a_sample_that_shows_nothing_is_no_milestone_and_what_follows_it_is_looked_at(a, zeros):
    found = steps_of("0" + a)
    assert all(("0" + a)[step] == "1" for step in found)
    # Behind three samples that show nothing, all begins anew.
    later = [step + len(zeros) + 3 for step in found]
    assert steps_of("000" + zeros + "0" + a) == later


def test_a_milestone_points_at_the_first_prompt_that_shows_it():
    found = find([sample(0, "x", "y"), sample(3, "x", SHOWS), *shown(8, SHOWS, SHOWS)])
    assert [(milestone["kind"], milestone["step"], milestone["prompt"]) for milestone in found] == [
        ("sentence", 3, 1)
    ]


def test_what_looks_earlier_showed_does_not_help_a_later_one():
    halves = [sample(1, "x. The dog ran to"), sample(2, " Tom and Anna. Then")]
    assert find(halves * 4) == []


@pytest.mark.parametrize(
    "holds, index",
    [([], None), ([True], 0), ([False, True, True], 1), ([True, False, True], 2), ([False], None)],
)
def test_since_is_from_where_on_something_holds_to_the_end(holds, index):
    assert since(holds) == index


@given(st.lists(st.sampled_from([0, 0.25, 0.5, 0.53125, 0.75, 1]), max_size=8))
def test_a_rule_stays_above_one_half_from_its_step_on_and_not_from_an_earlier_one(fractions):
    i = rule_step(fractions, 0.75, 0.5)
    good = [
        j for j, one in enumerate(fractions) if one >= 0.75 and all(x > 0.5 for x in fractions[j:])
    ]
    assert i == (min(good) if good else None)


# ---------------------------------------------------------------------------------------------
# What chance would reach


def test_how_likely_luck_is_to_stay_is_counted_over_all_samples_of_a_run():
    assert odds_of_staying(0, 25) == 0
    assert odds_of_staying(0.5, 1) == 0.25  # shown, and by two or three of the next three
    assert odds_of_staying(0.05, 25) == pytest.approx(0.0090625)
    assert odds_of_staying(0.05, 50) == pytest.approx(2 * 0.0090625)
    assert odds_of_staying(1, 25) == 1


def test_luck_stays_as_often_as_it_says():
    rng = np.random.default_rng(1)
    runs = rng.random((4000, 12)) < 0.1
    reached = sum(
        any(run[i] and run[i + 1 : i + 4].sum() >= 2 for i in range(len(run))) for run in runs
    )
    # At most as often, and not by much: what stays at one sample may stay at the next one, too.
    assert 0.4 < reached / 4000 / odds_of_staying(0.1, 12) < 1.1


def drawn(texts):
    samples = [Sample(0, None, [("", text)]) for text in texts]
    return dict(uniform=samples, unigram=[Sample(0, None, [("", "x")])])


def test_a_sign_that_random_tokens_show_too_often_is_not_used():
    for texts, odds, is_used in (
        ([SHOWS, "x"], 0.5, False),
        (["x"] * 99 + [SHOWS], 0.01, True),
        (["x"] * 4, 0, True),
    ):
        criterion = choose_criteria(LANGUAGE, drawn(texts), 25)["sentence"]
        assert (criterion.uniform, criterion.unigram, criterion.is_used) == (odds, 0, is_used)
        criteria = choose_criteria(LANGUAGE, drawn(texts), 25)
        found = find_milestones(shown(3, SHOWS), LANGUAGE, {}, criteria)
        assert ("sentence" in kinds(found)) == is_used


@pytest.mark.parametrize(
    "lucky, n_words, is_used", [(4, 5, True), (5, 8, True), (8, 12, True), (12, 12, False)]
)
def test_so_many_real_words_are_asked_for_that_random_tokens_seldom_have_them(
    lucky, n_words, is_used
):
    language = learn_language("A small puppy.")
    row = "s " + "small puppy " * 6
    luck = "s " + " ".join((["small", "puppy"] * 6)[:lucky]) + " s"
    criterion = choose_criteria(language, drawn([luck]), 25)["words"]
    assert (criterion.n_words, criterion.is_used) == (n_words, is_used)
    criteria = choose_criteria(language, drawn([luck]), 25)
    found = find_milestones(shown(3, row + "s"), language, {}, criteria)
    assert ("words" in kinds(found)) == is_used
    found = find_milestones(shown(3, luck), language, {}, criteria)
    assert "words" not in kinds(found)


def test_tokens_are_drawn_as_often_as_they_occur_and_more_so_when_it_is_cold():
    ids = np.array([0, 1, 1, 3, 3, 3, 3])
    np.testing.assert_allclose(unigram_probs(ids, 4, 1.0), [1 / 7, 2 / 7, 0, 4 / 7])
    np.testing.assert_allclose(unigram_probs(ids, 4, 0.5), [1 / 21, 4 / 21, 0, 16 / 21])
    np.testing.assert_allclose(unigram_probs(ids, 4, 1e-6), [0, 0, 0, 1])


def test_a_sample_without_a_model_ends_at_an_end_token_or_at_its_length():
    tokenizer = Tokenizer([END, "a", "b"])
    rng = np.random.default_rng(1)
    only_b = draw_sample(tokenizer, ["P", "Q"], [3, 0], [0, 0, 1], rng)
    assert only_b.texts == [("P", "bbb"), ("Q", "")]
    assert draw_sample(tokenizer, ["P"], [3], [1, 0, 0], rng).texts == [("P", END)]
    texts = [draw_sample(tokenizer, [""], [9], None, rng).texts[0][1] for _ in range(200)]
    assert all(text.endswith(END) or len(text) == 9 for text in texts)
    assert all(END not in text.removesuffix(END) for text in texts)
    ends = np.mean([text == END for text in texts])
    assert 0.2 < ends < 0.5  # a third


def test_of_few_texts_more_have_to_keep_a_rule():
    assert at_least(2, 2, 0.5) == 0.25 and at_least(0, 3, 0.2) == pytest.approx(1)
    assert at_least(24, 32, 0.5) == pytest.approx(0.0035, abs=1e-4)
    assert [least_texts(n, 0.5, 19) for n in (0, 5, 6, 8, 12, 32)] == [None, None, None, 8, 11, 24]
    assert least_texts(7, 0.5, 1) == 7 and least_texts(7, 0.5, 2) is None  # more steps, more luck
    assert least_texts(32, 0.9, 19) is None and least_texts(32, 1.0, 19) is None


def test_a_coin_reaches_a_rule_in_at_most_so_many_runs():
    rng, least = np.random.default_rng(1), least_texts(32, 0.5, 19)
    runs = rng.binomial(32, 0.5, (5000, 19)) / 32
    reached = sum(rule_step(run.tolist(), least / 32, 0.5) is not None for run in runs)
    assert 0 < reached / 5000 <= 1.3 * LIMIT


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


def test_a_loss_that_rises_above_a_baseline_again_has_not_passed_it_yet():
    samples = [sample(i, loss=loss) for i, loss in enumerate([3, 1, 2.5, 1, 1])]
    assert [one["step"] for one in find(samples, dict(unigram=2.0))] == [3]
    assert find([*samples, sample(5, loss=2.0)], dict(unigram=2.0)) == []
    assert [one["step"] for one in find([*samples, sample(5)], dict(unigram=2.0))] == [3]


def test_milestones_are_in_the_order_of_their_steps_wherever_they_were_found():
    others = [dict(kind="head", step=9), dict(kind="rule", step=2)]
    samples = [sample(4, loss=1.5), *shown(5, "x. The dog ran to Tom and Anna. Then")]
    assert [(one["kind"], one["step"]) for one in find(samples, dict(unigram=2.0), others)] == [
        ("rule", 2),
        ("unigram", 4),
        ("sentence", 5),
        ("head", 9),
    ]


@given(st.text(max_size=60), st.text(max_size=20), st.lists(st.text(max_size=60), max_size=3))
def test_no_text_is_too_strange(text, prompt, continuations):
    samples = [sample(0), *shown(1, *continuations, prompt=prompt)]
    for language in (learn_language(text), LANGUAGE):
        for one in find(samples, language=language):
            assert one["text"] in prompt + continuations[one["prompt"]].replace(END, " ")
