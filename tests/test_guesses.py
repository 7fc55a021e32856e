"""Places in held-out text where somebody guesses the next token, against PyTorch."""

import json

from terrarium.baselines import Counts
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.guesses import QUESTIONS, positions
from terrarium.web.quantize import quantize

import pytest
import torch


def test_each_guess_offers_what_came_and_what_the_model_finds_likeliest(smoke, smoke_run):
    run = Run(smoke_run)
    model = quantize(run.at(run.steps[-1]), "int8")[2]
    counts = Counts(run.tokens("train"), len(run.vocab))
    passages = json.loads((smoke / "guesses.json").read_text())["passages"]
    held_out = "".join(run.vocab[i] for i in run.tokens("validation"))
    assert 4 <= len(passages) <= 8
    for ids, questions in (one.values() for one in passages):
        assert "".join(run.vocab[i] for i in ids) in held_out
        for position, candidates in (one.values() for one in questions):
            found = [one["id"] for one in candidates]
            with torch.inference_mode():
                order = model(torch.tensor([ids[:position]]))[0][0, -1].argsort(descending=True)
            likely = [i for i in order.tolist() if i != ids[position]][:4]
            assert found == sorted([ids[position], *likely])
            for one in candidates:
                assert one["unigram"] == pytest.approx(counts.unigram[one["id"]], rel=1e-3)


def test_somebody_s_own_text_is_quoted_no_further_than_in_the_check(tale_export):
    check = json.loads((tale_export / "check.json").read_text())
    passages = json.loads((tale_export / "guesses.json").read_text())["passages"]
    for one in passages:
        assert check["held_out"]["ids"][: len(one["ids"])] == one["ids"]


@pytest.mark.parametrize(
    "text, asked",
    [
        ("The cat sat on the mat. It was a big mat.", str.isalpha),
        ("12+7=19\n30-4=26\n5+5=10\n81-9=72\n", lambda one: not one.isspace()),
    ],
)
def test_a_letter_is_guessed_or_in_a_text_without_letters_any_other_mark(text, asked):
    vocab = sorted(set(text))
    found = positions(vocab, [vocab.index(one) for one in text])
    assert len(found) == QUESTIONS
    assert all(asked(text[i]) for i in found)


def test_the_end_of_a_document_is_nothing_to_guess():
    vocab = [END, *"0123456789"]
    ids = [0, *range(1, 9), 0]
    assert positions(vocab, ids) == [8]
