"""Text files as people have them: each is read, or refused with what it seems to be."""

import data
import sample_texts
from data import textfile
from data.textfile import TextFile
from helpers import learn
from terrarium.errors import BadInput

import pytest

SCRIPTS = sample_texts.by_script()
KINDS = sample_texts.by_kind()
REFUSED = {  # what has to be named
    "RTF": "Rich Text",
    "PDF": "PDF",
    "Word document": ".docx",
    "gzip": "gzip",
    "older Word document": "Office",
    "UTF-16 with its mark": "UTF-16",
    "UTF-16 without": "UTF-16",
    "UTF-16, big end first": "UTF-16",
    "UTF-32 with its mark": "UTF-32",
    "UTF-32 without": "UTF-32",
    "Latin-1": "Latin-1",
    "Windows-1252": "Windows-1252",
    "Windows-1251": "Windows-1251",
    "GB 18030": "GBK",
    "Shift JIS": "Shift_JIS",
    "cut off in a letter": "cut off",
    "damaged in the middle": "damaged",
    "any bytes": "text",
    "zeros between": "zero",
    "one character": "one character, 'a', 20,000 times",
    "white space": "white space",
    "26 lines": "at least 1,000",
    "nothing": "0 characters",
    "one END": "<|endoftext|>",
}
NOTED = {
    "HTML": "HTML",
    "JSON in one line": "JSON",
    "JSON lines": "JSON",
    "read in a wrong encoding": "wrong encoding",
    "letters lost before": "�",
    "names, sorted": "alphabetical",
}


@pytest.fixture
def write(tmp_path):
    """write(bytes): a file with them; its path."""

    def to_file(content, name="text.txt"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_read_or_refused_with_what_it_seems_to_be(write, kind):
    path = write(KINDS[kind])
    if kind in REFUSED:
        with pytest.raises(BadInput) as refusal:
            data.find(str(path))
        assert (
            REFUSED[kind] in str(refusal.value)
            and path.name in str(refusal.value)
            or kind == "white space"
        )
        return
    text = data.find(str(path))
    assert isinstance(text, TextFile)
    assert NOTED.get(kind, "") in text.corpus.note
    assert ("<|endoftext|>" in text.corpus.note) != text.corpus.has_documents
    assert len(text.PROMPTS) == 5
    # There are not five different beginnings of twenty characters in "ababab".
    assert len(set(text.PROMPTS)) == {"two characters": 2, "base64 in one line": 4}.get(kind, 5)
    learned, held_out = "".join(text.corpus.train), "".join(text.corpus.validation)
    tokenizer = learn(learned + held_out, 512)
    for some in (learned, held_out, *text.PROMPTS):
        assert tokenizer.decode(tokenizer.encode(some)) == some


def test_the_ends_of_lines_and_of_files_make_no_difference(write):
    english = "".join(TextFile(write(SCRIPTS["English"])).corpus.train)
    for kind in ("only carriage returns", "byte order mark", "zeros at its end"):
        corpus = TextFile(write(KINDS[kind])).corpus
        assert "".join([*corpus.train, *corpus.validation]) == SCRIPTS["English"]
    assert english == SCRIPTS["English"][: len(english)]


def test_a_sorted_list_is_shuffled_so_that_every_letter_is_learned_and_held_out(write):
    names = KINDS["names, sorted"].decode().split("\n")
    corpus = TextFile(write(KINDS["names, sorted"])).corpus
    learned, held_out = ["".join(part).split("\n")[:-1] for part in corpus[:2]]
    assert sorted(learned + held_out) == names and len(held_out) == len(names) // 10
    assert {name[0] for name in held_out} == {name[0] for name in learned}


@pytest.mark.parametrize("line", ["2024-03-{:02} it rained", "Day {:03}: it rained", "{:04} it is"])
def test_what_was_written_day_by_day_stays_in_its_order(write, line):
    text = "".join(line.format(i) + "\n" for i in range(99))
    assert "".join(TextFile(write(text)).corpus.train) == text[: len(text) - len(text) // 10 - 1]


# ---------------------------------------------------------------------------------------------
# Prompts


def test_the_prompts_of_a_text_file_are_four_words_from_five_places():
    verses = "".join(f"line {i} of a poem\n" for i in range(100))
    assert textfile.prompts(textfile.slices(verses)) == (
        "line 0 of a",
        "line 21 of a",
        "line 41 of a",
        "line 61 of a",
        "line 81 of a",
    )
    snails = textfile.prompts(textfile.slices("蝸" * 300))
    assert len(set(snails)) == 5 and set("".join(snails)) == {"蝸"}


def test_sorted_documents_are_shuffled_too_and_prompts_begin_where_documents_do(write):
    words = [a + b + c for a in "abcdefgh" for b in "aeiou" for c in "nrst"]
    text = "<|endoftext|>".join(f"{word} is a word of its own" for word in words)
    file = TextFile(write(text))
    corpus = file.corpus
    assert "alphabetical" in corpus.note and corpus.has_documents
    learned, held_out = list(corpus.train), list(corpus.validation)
    assert sorted([*learned, *held_out]) == [f"{word} is a word of its own" for word in words]
    assert {document[0] for document in held_out} > {"a", "h"}  # not only the end of the alphabet
    assert [prompt.split()[1:] for prompt in file.PROMPTS] == 5 * [["is", "a", "word"]]


def test_a_text_whose_beginning_alone_is_sorted_stays_in_its_order(write):
    listed = [f"{a}{b}{c} is listed" for a in "abcdef" for b in "aeiou" for c in "nrst"]
    told = [f"{'tcl'[i % 3]}hen {i} went home" for i in range(100)]
    text = "<|endoftext|>".join([*listed, *told])
    corpus = TextFile(write(text)).corpus
    assert "alphabetical" not in corpus.note


@pytest.mark.parametrize("separator", ["  ", "    ", " ", "\t\t"])
def test_questions_and_answers_without_one_tab_between_them_are_a_text_which_is_said(
    tmp_path, separator
):
    lines = [f"what comes after {i}?{separator}{i + 1} comes after it." for i in range(60)]
    (tmp_path / "luna.txt").write_text("\n".join(lines), "utf-8")
    assert "exactly one TAB" in TextFile(tmp_path / "luna.txt").load().note


def test_a_text_in_which_somebody_asks_now_and_then_is_not_taken_for_questions_and_answers(
    tmp_path,
):
    story = "“Where is it?” asked Tom. Is it here? No.\nThey looked for it.\nSo what? he said.\n"
    (tmp_path / "story.txt").write_text(story * 40, "utf-8")
    assert "TAB" not in TextFile(tmp_path / "story.txt").load().note
