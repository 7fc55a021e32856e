"""site/app/lab-text.js: the page takes the same two parts of a text as train.py takes of its file."""

from random import Random

import data
import sample_texts
from data.textfile import TextFile
from terrarium.errors import BadInput
from terrarium.text import END

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SPLIT = """async (text) => {
  const { splitText } = await import("/app/lab-text.js");
  return splitText(text);
}"""
DESCRIBE = """async (text) => {
  const { describe } = await import("/app/lab-text.js");
  return describe(text);
}"""
KINDS = sample_texts.by_kind()


def text_of(content):
    """The text of a file in UTF-8, None for any other."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


TEXTS = {kind: text for kind, content in KINDS.items() if (text := text_of(content)) is not None}


def corpus_of(path, text):
    path.write_bytes(text.encode())
    return TextFile(path).corpus


def parts(corpus):
    """What there is to learn from and to validate with: documents, or each as one text."""
    halves = [list(half) for half in corpus[:2]]
    return halves if corpus.has_documents else [["".join(half)] for half in halves]


def check_split(engine, path, text):
    found, corpus = engine(SPLIT, text), corpus_of(path, text)
    assert [found["train"], found["validation"]] == parts(corpus)
    assert found["hasDocuments"] == corpus.has_documents and found["problem"] is None


# What train.py says about a text, and the kind of the warning here.
NOTES = {
    "tags and brackets": "markup",
    "wrong encoding": "misread",
    "could not read before": "lost",
    "alphabetical": "shuffled",
    "questions and answers": "asked",
}
ASKED = {
    "questions": "what comes after it?  so long\n" * 60,
    "some questions": "So long.\nWhat now? he said.\n" * 60,
}


@pytest.mark.parametrize("kind", [*TEXTS, *ASKED])
def test_a_text_of_any_kind_is_refused_by_both_or_divided_by_both_alike(engine, tmp_path, kind):
    text = {**TEXTS, **ASKED}[kind]
    path = tmp_path / "text.txt"
    warnings = engine(DESCRIBE, text)["warnings"]
    try:
        corpus = corpus_of(path, text)
    except BadInput:
        assert [one["isProblem"] for one in warnings] == [True]
        return
    assert not any(one["isProblem"] for one in warnings)
    kinds = [one["kind"] for one in warnings]
    assert [said in corpus.note for said in NOTES] == [said in kinds for said in NOTES.values()]
    check_split(engine, path, text)


WORDS = [
    "so",
    "long",
    "é",
    "🙂",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\u3000",
    "\0",
    "\x1a",
    "\ufeff",
    END,
    END,
]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(WORDS), min_size=400, max_size=440), st.integers(0, 30))
def test_any_end_of_a_text_is_held_out_by_both(engine, tmp_path_factory, some, n_last):
    path = tmp_path_factory.mktemp("split") / "text.txt"
    text = "".join(some).replace("\0", "") + "long story " * 60 + "long" * n_last + "\0\x1a\0"
    try:
        corpus_of(path, text)
    except BadInput:
        assert engine(SPLIT, text)["problem"]
        return
    check_split(engine, path, text)


def test_the_last_document_is_held_out_by_both_however_long_it_is(engine, tmp_path):
    for last in (f"{'so long ' * 900}", f"{'so long ' * 900}{END}", f"long {END} {END}\n{END}"):
        text = f"{'a story ' * 99}{END}{'another ' * 50}{END}{last}"
        check_split(engine, tmp_path / "text.txt", text)


def test_sorted_documents_and_sorted_lists_are_shuffled_by_both_alike(engine, tmp_path):
    rng = Random(3)
    names = sorted("".join(rng.choices("aeioulmnrst", k=6)).title() for _ in range(200))
    for between in ("\n", f"\n{END}\n"):
        text = between.join(names)
        check_split(engine, tmp_path / "text.txt", text)
        assert engine(SPLIT, text)["isShuffled"]


def test_the_stories_are_divided_as_train_py_divides_a_file_of_them(engine, tmp_path):
    stories = data.find("stories").load().train[:200]
    check_split(engine, tmp_path / "text.txt", f"\n{END}\n".join(stories))
