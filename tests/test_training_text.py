"""What an export says of the training text, against that text."""

from terrarium.copied import IS_WORD, UNIT, cut, search
from terrarium.files import read_json
from terrarium.text import END
from terrarium.web.exported_run import ExportedRun
from terrarium.web.training_text import (
    MOST,
    first_documents,
    least_words,
    other_words,
    training_slice,
    training_text,
    written,
)

import pytest


@pytest.fixture(scope="module")
def run(tale_run):
    return ExportedRun(tale_run, "int8")


def test_a_text_that_came_to_an_end_keeps_its_last_word():
    assert written(["at", " on", END], "The cat s").units.texts == [" ", "on"]
    assert written([" a", " cat"], "The").units.texts == [" ", "a", " "]


def test_the_export_lists_what_stands_in_the_text(run, tale_export):
    exported = read_json(tale_export / "copied.json")
    documents = read_json(tale_export / "training_text.json")["documents"]
    assert [one["step"] for one in exported["samples"]] == list(run.samples)
    n_spans = 0
    for sample, line in zip(exported["samples"], run.samples.values()):
        for one, recorded in zip(sample["continuations"], line["continuations"]):
            text = "".join(token["token"] for token in recorded["tokens"]).removesuffix(END)
            for span in one["spans"]:
                part = text[span["start"] : span["start"] + span["length"]]
                assert documents[span["document"]].startswith(part, span["offset"])
                n_spans += 1
            assert one["copied_words"] <= one["n_words"]
        assert sample["n_words"] == sum(one["n_words"] for one in sample["continuations"])
        assert sample["longest_words"] == max(
            one["longest_words"] for one in sample["continuations"]
        )
    assert n_spans
    longest = exported["longest"]
    assert longest["words"] == max(one["longest_words"] for one in exported["samples"])
    assert documents[longest["document"]].startswith(longest["text"], longest["offset"])


def test_hardly_any_held_out_text_counts_as_copied(tale_export):
    exported = read_json(tale_export / "copied.json")
    held_out = exported["held_out"]
    assert held_out["n_words"] > 0
    assert held_out["copied_words"] <= exported["by_chance"] * held_out["n_words"]
    units = [cut("a b c d e f"), cut("g h")]
    found = search(units, ["a b c d, e f g h"])
    pieces = [written([one], "") for one in ("a b c d e f.", "g h.")]
    spans = [list(found.spans(i)) for i in range(2)]
    assert least_words(pieces, spans) == 5  # none is so long, and six of eight stand in four or two


def test_whole_documents_go_along_as_long_as_there_is_room():
    parts = ["\0one\0tw", "o\0three\0"]
    assert list(first_documents(parts, 100)) == ["one", "two", "three"]
    assert list(first_documents(parts, 7)) == ["one", "two"]
    assert list(first_documents(["a long ", "text without documents"], 16)) == ["a long text"]
    assert list(first_documents(["abcdefgh"], 4)) == ["abcd"]
    assert MOST >= 1_000_000


def test_what_goes_along_says_how_much_it_is_and_of_whom(run, monkeypatch):
    text = training_text(run, most=500)
    assert text["characters"] == sum(map(len, text["documents"])) <= 500
    assert text["all_characters"] == run.facts["train_characters"] > 500
    assert (text["credit"], text["licence"]) == ("", "")  # of one's own

    class Somebody:
        CREDIT, LICENCE = "Tales by somebody", "CDLA-Sharing-1.0"

    whole = training_text(run)
    monkeypatch.setattr(run, "corpus", Somebody)
    text = training_text(run, most=500)
    assert (text["credit"], text["licence"]) == ("Tales by somebody", "CDLA-Sharing-1.0")
    assert text["changes"] and text["changes"] != whole["changes"]


def test_a_page_learns_from_whole_documents_at_the_beginning_of_a_long_text():
    documents = ["one two", "three four", "five", "six"]
    text = dict(characters=sum(map(len, documents)), documents=documents)
    assert training_slice(text, most=19) == dict(documents=["one two", "three four"])
    assert training_slice(text, most=17) == dict(documents=["one two", "three four"])
    assert training_slice(text, most=16) == dict(documents=["one two"])
    assert training_slice(text, most=24) is None  # all of it is short enough
    assert training_slice(dict(characters=13, documents=["one long text"]), most=10) == dict(
        documents=["one long"]
    )


def test_the_manifest_says_how_much_text_there_is(run, tale_export):
    manifest = read_json(tale_export / "manifest.json")
    text = read_json(tale_export / "training_text.json")
    assert manifest["training_text"]["characters"] == text["characters"]
    assert manifest["training_text"]["n_documents"] == len(text["documents"])
    unseen = run.tokenizer.decode(run.tokens("validation"))
    assert text["held_out"] and all(one in unseen for one in text["held_out"])


def test_held_out_ids_are_windows_of_the_validation_loss_with_what_follows(run, tale_export):
    rows = read_json(tale_export / "training_text.json")["held_out_ids"]
    ids, n_ctx = run.tokens("validation").tolist(), run.s.n_ctx
    assert run.tokenizer.end is None, "with documents, see test_teach.py"
    windows = [ids[a : a + n_ctx + 1] for a in range(0, len(ids) - 1, n_ctx)]
    assert 0 < len(rows) <= 31
    assert all(row in windows for row in rows)


def words(texts):
    return {unit for text in texts for unit in UNIT.findall(text) if IS_WORD.match(unit)}


def test_with_a_part_of_the_text_go_the_words_of_the_rest(run):
    whole = training_text(run)
    part = training_text(run, most=60)
    assert whole["other_words"] == []
    assert part["other_words"]
    assert not words(part["documents"]) & set(part["other_words"])
    assert words(part["documents"]) | set(part["other_words"]) == words(whole["documents"])
    assert other_words(run, part["documents"], most=10) is None
