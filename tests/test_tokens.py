"""The two texts of a run as ids: which are written, and which texts are too short."""

import hashlib
from types import SimpleNamespace

import data
import train
from data import Corpus
from terrarium.errors import BadInput
from terrarium.runs import RunFolder
from terrarium.text import END
from terrarium.tokens import count_pieces, parallel_map, write_tokens

import pytest


def test_the_stories_have_these_tokens_on_every_machine(tmp_path):
    s = train.Settings()
    run = RunFolder(tmp_path / "run").create()
    write_tokens(data.find("stories"), train.Tokenizer, s, run)
    hashes = [
        hashlib.sha256((run.path / name).read_bytes()).hexdigest()[:16]
        for name in ("tokens/train.bin", "tokens/validation.bin", "tokenizer.json")
    ]
    run.release()
    assert hashes == ["3519331570140ec5", "5ed9ee67884faa44", "85214025179ccb4b"]


@pytest.fixture
def write(tmp_path):
    """write(train, validation, n_ctx=4): what becomes of these documents; a RunFolder."""
    runs = []

    def written(train_text, validation, **different):
        s = train.Settings(**{**dict(n_ctx=4, vocab_size=0, dataset="mine"), **different})
        corpus = Corpus(train_text, validation, True, "a note")
        source = SimpleNamespace(load=lambda: corpus, PROMPTS=("a",) * 5)
        runs.append(RunFolder(tmp_path / "run").create())
        write_tokens(source, train.Tokenizer, s, runs[0])
        return runs[0]

    yield written
    for run in runs:
        run.release()


def test_every_document_is_written_between_end_tokens_with_facts_about_both_texts(write):
    run = write(["ab", "", "ba"], ["az"])
    assert run.read_tokenizer() == dict(vocab=[END, "a", "b", "z"], merges=[])  # z is held out
    assert run.read_tokens("train", 4, 0).tolist() == [0, 1, 2, 0, 0, 2, 1, 0]
    assert run.read_tokens("validation", 4, 0).tolist() == [0, 1, 3, 0]
    assert run.read_facts() == dict(
        dataset="mine",
        note="a note",
        prompts=["a"] * 5,
        vocab_size=4,
        train_characters=4,
        train_tokens=8,
        validation_characters=2,
        validation_tokens=4,
    )


def test_the_names_of_those_who_talk_are_a_fact(tmp_path):
    corpus = Corpus(["you: hello\nluna: hi"], ["you: hello"], True)
    source = SimpleNamespace(load=lambda: corpus, PROMPTS=("you",) * 5, SPEAKERS=("you", "luna"))
    source.what_to_ask = lambda: [dict(name="", questions=["hello"])]
    run = RunFolder(tmp_path / "run").create()
    write_tokens(source, train.Tokenizer, train.Settings(n_ctx=4, vocab_size=0), run)
    speakers, topics = (run.read_facts()[name] for name in ("speakers", "topics"))
    run.release()
    assert speakers == ["you", "luna"] and topics == source.what_to_ask()


def test_held_out_text_teaches_no_merges(write):
    tokenizer = write(["ab"], ["cdcdcdcd"], n_ctx=2, vocab_size=20).read_tokenizer()
    assert tokenizer["merges"] == [] and {*"abcd"} < {*tokenizer["vocab"]}


def test_the_entropy_is_that_of_held_out_documents_that_know_their_information(write):
    class Known(str):
        nats = 1.5

    run = write(["abab"], [Known("a"), Known("b")])
    assert run.read_facts()["entropy"] == pytest.approx(2 * 1.5 / 4)  # tokens that are predicted


@pytest.mark.parametrize(
    "text, different, words, others",
    [
        (["ab"], dict(n_ctx=9), ["4 tokens", "--n-ctx"], ["--vocab-size"]),
        (["abababab"], dict(n_ctx=5, vocab_size=9), ["--n-ctx", "--vocab-size 0"], []),
    ],
)
def test_a_text_of_too_few_tokens_is_refused_with_what_would_help(
    write, text, different, words, others
):
    with pytest.raises(BadInput) as error:
        write(text, ["ab"], **different)
    assert all(word in str(error.value) for word in words)
    assert not any(word in str(error.value) for word in others)


def test_pieces_are_counted_in_the_order_in_which_they_first_occur():
    counts = count_pieces(train.Tokenizer, ["tom ran", "ran tom tom"])
    assert list(counts.items()) == [("tom", 1), (" ran", 1), ("ran", 1), (" tom", 2)]


def test_blocks_of_a_text_are_worked_on_one_by_one_in_their_order():
    text = SimpleNamespace(blocks=lambda: iter([["a", "b"], ["c"]]))
    assert list(parallel_map("".join, text, "Reading")) == ["ab", "c"]
    assert list(parallel_map("".join, ["a", "b"], "Reading")) == ["ab"]  # all of it is one block
