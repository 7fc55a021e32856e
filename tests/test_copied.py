"""What stands word for word in the training text, against a plain look into that text."""

from terrarium import copied
from terrarium.copied import BOUNDARY, copied_words, cut, search, units_of, words_of

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

WORDS = ["a", "cat", "sat", "don't", "猫", "犬", "e\u0301t", "😀", ",", ".", " ", "  ", "\n", "'"]
texts = st.lists(st.sampled_from(WORDS), max_size=14).map("".join)


def slow_spans(text, documents, prompt=""):
    """The same by trying every part of a text: {(start, length): occurrences}."""
    units = cut(text, prompt)
    starts, ends = units.starts, units.starts + np.array([len(one) for one in units.texts], int)
    edges = [{0, *np.cumsum([len(one) for one in copied.UNIT.findall(d)])} for d in documents]

    def occurrences(part):
        return sum(
            document.startswith(part, at) and at + len(part) in edge
            for document, edge in zip(documents, edges)
            for at in edge
        )

    found, end = {}, 0
    for i, start in enumerate(starts):
        longest = 0
        if not units.is_word[i]:
            continue
        for j in range(i, len(starts)):
            if not units.texts[j].isspace() and occurrences(text[start : ends[j]]):
                longest = ends[j]
        if longest > end:
            part = text[start:longest]
            found[int(start), len(part)] = occurrences(part)
            end = longest
    return found


@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=3), st.data())
def test_the_spans_are_those_that_a_plain_look_into_the_text_finds(documents, written, data):
    whole = "".join(BOUNDARY + document for document in documents) + BOUNDARY
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)])]
    found = search([cut(text) for text in written], parts)
    for i, text in enumerate(written):
        spans = list(found.spans(i))
        expected = slow_spans(text, documents)
        assert {(one.start, one.length): one.occurrences for one in spans} == expected
        for one in spans:
            part = text[one.start : one.start + one.length]
            assert documents[one.document].startswith(part, one.offset)
            assert one.words == len(copied.UNIT.findall(part)) - sum(
                not copied.IS_WORD.match(unit) for unit in copied.UNIT.findall(part)
            )
    assert found.n_characters == sum(map(len, documents))
    assert found.document == len(documents)


def test_no_span_crosses_the_end_of_a_document():
    found = search([cut("the cat sat")], ["\0the cat\0 sat\0"])
    assert [(one.start, one.length) for one in found.spans(0)] == [(0, 7), (8, 3)]


def test_a_word_may_lie_across_two_parts_of_the_text():
    parts = ["\0I do", "n", "'", "t kn", "ow\0"]
    (span,) = search([cut("I don't know")], parts).spans(0)
    assert (span.words, span.length, span.occurrences) == (3, 12, 1)
    assert list(search([cut("t know don")], parts).spans(0))[0].words == 1


def test_a_text_without_documents_is_one_document():
    found = search([cut("sat on")], ["the cat ", "sat", " on a mat, sat on"])
    (span,) = found.spans(0)
    assert span == (0, 6, 2, 0, 8, 2)


@given(st.lists(st.one_of(texts, st.text(max_size=5)), max_size=5))
def test_a_text_has_the_same_units_and_words_in_however_many_parts_it_comes(parts):
    units = copied.UNIT.findall("".join(parts))
    assert units_of("".join(parts)) == units
    words = {unit for unit in units if copied.IS_WORD.match(unit)}
    assert set().union(*words_of(parts)) == words


def test_half_a_word_at_either_end_is_no_word():
    units = cut("at on the ma", prompt="The cat s", is_cut_off=True)
    assert [one for one in units.texts if not one.isspace()] == ["on", "the"]
    assert cut(" a cat", "The").texts == [" ", "a", " ", "cat"]


def test_words_in_several_spans_count_once():
    text = cut("one two three four five")
    found = search([text], ["\0one two three four\0three four five\0"])
    spans = list(found.spans(0))
    assert [one.words for one in spans] == [4, 3]
    assert [copied_words(text, spans, least) for least in (2, 4, 5)] == [5, 4, 0]
