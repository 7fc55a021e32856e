"""Texts as people have them: every script, every file, every way in which a download fails."""

import hashlib
import re
import threading
import unicodedata
from contextlib import contextmanager
from functools import partial
from gzip import compress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import data
import sample_texts
import train
from data import FileText, shakespeare, tinystories
from data.textfile import TextFile
from terrarium.errors import BadInput
from terrarium.runs import RunFolder
from terrarium.text import normalize
from terrarium.tokens import count_pieces, write_tokens
from terrarium.trained import Run

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

SCRIPTS = sample_texts.by_script()
KINDS = sample_texts.by_kind()


def learn(text, vocab_size=512):
    counts = count_pieces(train.Tokenizer, [text])
    return train.Tokenizer.train(counts, False, vocab_size)


@pytest.fixture
def write(tmp_path):
    """write(bytes): a file with them; its path."""

    def to_file(content, name="text.txt"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


# ---------------------------------------------------------------------------------------------
# Words of every script


@pytest.mark.parametrize("name", [name for name in sample_texts.WORDS if name != "Tibetan"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_word_of_any_script_is_one_piece_with_all_its_marks(name, form):
    first, *rest = sample_texts.words(name, form)
    pieces = train.Tokenizer.pre_tokenize(" ".join([first, *rest]))
    assert pieces == [first, *(f" {w}" for w in rest)]


CHARACTERS_A_TOKEN = {  # with 512 tokens; and, behind it, when marks were cut off their letters
    "English": 4.3,
    "German": 5.3,
    "Vietnamese": 3.6,
    "Russian": 5.6,
    "Greek": 5.7,
    "Armenian": 5.8,
    "Georgian": 6.2,
    "Arabic with vowels": 7.9,  # 1.3
    "Hebrew with points": 5.7,  # 1.3
    "Persian with joiners": 5.8,  # 3.4
    "Hindi": 6.0,  # 1.4
    "Bengali": 5.5,  # 1.4
    "Tamil": 6.5,  # 1.3
    "Telugu": 5.7,  # 1.4
    "Amharic": 3.8,
    "Korean": 3.7,
    "Tibetan": 2.2,  # 1.3
    "Thai": 5.4,  # 2.4
    "Khmer": 5.8,  # 1.3
    "Chinese": 3.4,
    "Japanese": 5.7,
    "German, decomposed": 5.4,  # 4.4
    "Vietnamese, decomposed": 4.5,  # 2.3
    "Greek, decomposed": 6.4,  # 3.0
    "Korean, decomposed": 7.3,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_tokens_of_any_script_are_several_characters_long(name):
    text = SCRIPTS[name]
    tokenizer = learn(text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert len(text) / len(ids) == pytest.approx(CHARACTERS_A_TOKEN[name], abs=0.06)


@pytest.mark.parametrize(
    "piece",
    ["👩‍👩‍👧", "❤️", "👍🏽", "🏳️‍🌈", "1️⃣", "🇫🇷", "می‌خواهم", "क्‍ष", "l'été", "l'e\u0301te\u0301"],
)
def test_what_is_seen_as_one_character_is_never_cut(piece):
    assert piece in train.Tokenizer.pre_tokenize(f"x {piece} x".replace("x ", "x\n"))


def test_no_piece_is_endless_and_none_begins_with_a_mark():
    for kind in (
        "DNA in one line",
        "protein in one line",
        "hex in one line",
        "one character",
        "base64 in one line",
        "accents without end",
        "rulers",
        "underscores",
    ):
        pieces = train.Tokenizer.pre_tokenize(KINDS[kind].decode())
        assert max(map(len, pieces)) <= 80
    for name in ("Thai", "Khmer", "Chinese", "Hindi"):
        pieces = train.Tokenizer.pre_tokenize(SCRIPTS[name].replace(" ", "").replace("\n", ""))
        assert 15 < max(map(len, pieces)) <= 80
        assert not [piece for piece in pieces if unicodedata.category(piece[0]).startswith("M")]


def before(text):
    """The pieces of a text in which no marks and no endless words are."""
    return re.findall(r" ?\w+(?:'\w+)?| ?[^\w\s]+|\s", text)


def test_english_corpora_have_the_tokens_that_they_always_had(corpora, tmp_path):
    text = (
        (corpora / "tinystories.txt").read_bytes()[: 2**21].decode("utf-8", "ignore")
        if (corpora / "tinystories.txt").exists()
        else SCRIPTS["English"]
    )
    assert train.Tokenizer.pre_tokenize(text) == before(text)
    s = train.Settings()
    run = RunFolder(tmp_path / "run").create()
    write_tokens(data.find("stories"), train.Tokenizer, s, run)
    hashes = [
        hashlib.sha256((run.path / name).read_bytes()).hexdigest()[:16]
        for name in ("tokens/train.bin", "tokens/validation.bin", "tokenizer.json")
    ]
    run.release()
    assert hashes == ["47d456ec4637abd0", "6925b7da02e0cc73", "7722927b147e958a"]


def test_shakespeare_has_the_pieces_that_it_always_had(corpora):
    path = corpora / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip("tinyshakespeare.txt was not downloaded")
    text = path.read_text("utf-8")
    assert train.Tokenizer.pre_tokenize(text) == before(text)


# ---------------------------------------------------------------------------------------------
# What somebody types


@pytest.mark.parametrize(
    "typed, corpus, read",
    [
        ("café", "cafe\u0301 ", "cafe\u0301"),
        ("cafe\u0301", "café ", "café"),
        ("it's", "it’s ", "it’s"),
        ("it’s", "it's ", "it's"),
        ('"so," he said', "“so,” he said", "“so,” he said"),
        ("“so”", '"so" ', '"so"'),
        ("«so»", '"so" ', '"so"'),
        ("ａｂ！", "ab! ", "ab!"),
        ("ab!", "ａｂ！　", "ａｂ！"),
        ("a b", "a\u00a0b", "a\u00a0b"),
        ("a\u00a0b\u202f", "a b ", "a b "),
        ("a – b — c", "a - b c", "a - b - c"),
        ("slow\u00adly", "slowly", "slowly"),
        ("\ufeffa\u200bb", "ab", "ab"),
        ("so…", "so. ", "so..."),
        ("ﬁsh", "fish", "fish"),
        ("HELLO", "hello", "hello"),
        ("é", "É ", "É"),
        ("É", "e\u0301", "e\u0301"),
        (unicodedata.normalize("NFD", "한글"), "한글", "한글"),
        ("한글", unicodedata.normalize("NFD", "한글"), unicodedata.normalize("NFD", "한글")),
        ("❤️", "❤", "❤"),
        ("你好,", "你好，", "你好，"),
        ("as it is", "as it is", "as it is"),
    ],
)
def test_what_is_typed_is_read_in_the_spelling_of_the_corpus(typed, corpus, read):
    assert normalize(typed, dict.fromkeys(corpus)) == read


def test_a_letter_that_is_in_no_spelling_is_named_and_can_be_left_out():
    run = Run.__new__(Run)
    run.tokenizer = train.Tokenizer(["a", "b", "e"])
    with pytest.raises(BadInput, match="No token for 'é', character 2 of"):
        run.ids("ae\u0301")
    assert run.readable("aé日Bñ") == "aeb"


LETTERS = st.characters(exclude_categories=["Cs", "Cn"])
COMMON = "aé'\"-. \n\u0301\u200d\u200c\ufe0f🙂👩हिन्\u00a0’“”…ABZß한İ"
TYPED = st.text(st.one_of(st.sampled_from(COMMON), LETTERS), max_size=60)


@given(TYPED, st.sets(LETTERS))
def test_normalizing_twice_is_normalizing_once_and_dropping_leaves_what_is_known(text, known):
    known = dict.fromkeys([*known, *text[::2]])
    once = normalize(text, known)
    assert normalize(once, known) == once or not set(once) <= known.keys()
    assert set(normalize(text, known, drop=True)) <= known.keys()


@settings(max_examples=40)
@given(st.lists(st.tuples(TYPED, TYPED), min_size=1, max_size=20))
@example([("cafe\u0301 “so”…", 'caf\u00e9 "so".')])
def test_the_page_cuts_and_spells_every_text_as_python_does(engine, pairs):
    texts = [text for text, _ in pairs]
    known = [sorted(set(text + corpus[::2])) for text, corpus in pairs]
    found = engine(
        """async ({ texts, known }) => {
        const { Tokenizer } = await import("/engine/tokenizer.js");
        const { normalize } = await import("/engine/spelling.js");
        return texts.map((text, i) => {
          const tokenizer = new Tokenizer({ vocab: known[i], merges: [] });
          const { ids } = tokenizer;
          return [tokenizer.preTokenize(text), normalize(text, ids), normalize(text, ids, true)];
        }); }""",
        dict(texts=texts, known=known),
    )
    for text, some, same in zip(texts, known, found):
        some = dict.fromkeys(some)
        assert same == [
            train.Tokenizer.pre_tokenize(text),
            normalize(text, some),
            normalize(text, some, drop=True),
        ]


def test_a_prompt_that_fills_the_context_leaves_room_to_write(tmp_path):
    tokenizer = learn("Once upon a time there was a snail. " * 9, 0)
    s = train.Settings(n_layer=1, n_head=1, n_embd=8, n_ff=8, n_ctx=16)
    model = train.GPT(s, len(tokenizer.vocab))
    rows, thoughts = train.generate(model, tokenizer, ["Once upon a time there", "Once"], s, 8, 0)
    assert [len(some) for some in thoughts] == [8, 8]
    assert tokenizer.decode(rows[0]).startswith("Once upo")


# ---------------------------------------------------------------------------------------------
# Files of every kind

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


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_read_or_refused_with_what_it_seems_to_be(write, kind):
    path = write(KINDS[kind])
    if kind in REFUSED:
        with pytest.raises(BadInput) as refusal:
            TextFile(path)
        assert (
            REFUSED[kind] in str(refusal.value)
            and path.name in str(refusal.value)
            or kind == "white space"
        )
        return
    text = TextFile(path)
    assert NOTED.get(kind, "") in text.corpus.note
    assert ("<|endoftext|>" in text.corpus.note) != text.corpus.has_documents
    assert len(text.PROMPTS) == 5
    # There are not five different beginnings of twenty characters in "ababab".
    assert len(set(text.PROMPTS)) == {"two characters": 2, "base64 in one line": 4}.get(kind, 5)
    learned, held_out = "".join(text.corpus.train), "".join(text.corpus.validation)
    tokenizer = learn(learned + held_out)
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


def test_a_file_without_a_line_end_is_read_in_blocks_that_end_at_words(write):
    text = "snail leaf grass " * 40_000
    path = write(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "BLOCK", 100_000)
        blocks = list(FileText(path, 0, len(text), False).blocks())
        pieces = ["".join(block) for block in blocks]
    assert "".join(pieces) == text and len(blocks) == 7
    assert all(piece.startswith((" ", "snail")) and len(piece) < 100_100 for piece in pieces)


def test_a_long_text_without_any_space_is_cut_between_its_characters(write):
    text = "蝸牛" * 60_000
    path = write(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "BLOCK", 100_000)
        pieces = list(FileText(path, 0, len(text.encode()), False))
    assert "".join(pieces) == text and len(pieces) == 3


def test_learning_merges_is_counted_by_a_bar(monkeypatch):
    made = []

    class Bar(list):
        def update(self):
            made.append(1)

        def close(self):
            made.append("closed")

    monkeypatch.setattr(
        train, "progress", lambda doing, work, unit: Bar(work if isinstance(work, range) else [])
    )
    tokenizer = learn("low lower lowest low", 12)
    assert made == [1] * len(tokenizer.merges) + ["closed"]


# ---------------------------------------------------------------------------------------------
# Downloads

PLAY = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 500
LOGIN = b"<!DOCTYPE html>\n<html><body>Please log in to the network of your school." + b" " * 40_000
check_play = partial(data.differs, size=len(PLAY), sha256=hashlib.sha256(PLAY).hexdigest())


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        status, headers, body = {
            "/play": (200, {}, PLAY),
            "/login": (200, {"Content-Type": "text/html"}, LOGIN),
            "/moved": (302, {"Location": "/play"}, b""),
            "/moved-to-login": (302, {"Location": "/login"}, b""),
            "/half": (200, {"Content-Length": str(len(PLAY))}, PLAY[: len(PLAY) // 2]),
            "/half-without-length": (200, {"Content-Length": None}, PLAY[: len(PLAY) // 2]),
            "/missing": (404, {}, b"not here"),
            "/broken": (500, {}, b"sorry"),
            "/packed": (200, {"Content-Encoding": "gzip"}, compress(PLAY)),
            "/badly-packed": (200, {"Content-Encoding": "gzip"}, compress(PLAY)[:-99]),
            "/empty": (200, {}, b""),
        }[self.path]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@contextmanager
def a_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("path", ["play", "moved", "packed"])
def test_a_download_is_checked_kept_and_never_asked_for_again(tmp_path, path):
    file = tmp_path / "new" / "play.txt"
    with a_server() as address:
        assert data.download(f"{address}/{path}", file, check_play).read_bytes() == PLAY
    assert data.download("http://127.0.0.1:1/gone", file, check_play) == file
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "path, says",
    [
        ("login", "a web page"),
        ("moved-to-login", "a web page"),
        ("half", "broke off"),
        ("half-without-length", f"instead of {len(PLAY):,}"),
        ("missing", "404"),
        ("broken", "500"),
        ("badly-packed", "could not be downloaded"),
        ("empty", "of 0 bytes"),
    ],
)
def test_an_answer_that_is_not_the_file_is_never_kept(tmp_path, path, says):
    file = tmp_path / "play.txt"
    with a_server() as address, pytest.raises(BadInput) as refusal:
        data.download(f"{address}/{path}", file, check_play)
    assert says in str(refusal.value) and "play.txt could not be downloaded" in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [LOGIN, PLAY[:-1], b"", PLAY.replace(b"\n", b"\r\n")])
def test_another_file_that_lies_there_is_refused_and_not_deleted(tmp_path, monkeypatch, content):
    monkeypatch.setattr(shakespeare, "DOWNLOADS", tmp_path)
    (tmp_path / "tinyshakespeare.txt").write_bytes(content)
    with pytest.raises(BadInput, match="1,115,394.*Delete it"):
        shakespeare.load()
    assert (tmp_path / "tinyshakespeare.txt").read_bytes() == content


@pytest.mark.parametrize("content", [LOGIN, b'[{"story": "Once"}]' * 99, PLAY])
def test_a_file_without_stories_is_refused_and_not_deleted(tmp_path, monkeypatch, content):
    monkeypatch.setattr(tinystories, "DOWNLOADS", tmp_path)
    (tmp_path / "tinystories.txt").write_bytes(content)
    with pytest.raises(BadInput, match="holds no stories"):
        tinystories.load()
    assert (tmp_path / "tinystories.txt").read_bytes() == content


@pytest.mark.parametrize("path, says", [("login", "web page"), ("missing", "404")])
def test_stories_are_not_asked_for_where_a_login_answers(tmp_path, monkeypatch, path, says):
    monkeypatch.setattr(tinystories, "DOWNLOADS", tmp_path)
    with a_server() as address:
        monkeypatch.setattr(tinystories, "URL", f"{address}/{path}")
        with pytest.raises(BadInput, match=says):
            tinystories.load()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lines, size", [(["<html>", "<body>"], 0), (["Once upon"] * 9, 999)])
def test_a_stream_of_something_else_or_of_half_the_stories_is_dropped(tmp_path, lines, size):
    with pytest.raises(ConnectionError):
        tinystories.stream(lines, tmp_path / "tinystories.txt", size)
    assert list(tmp_path.iterdir()) == []


def test_whatever_goes_wrong_while_stories_are_streamed_is_a_broken_connection(tmp_path):
    def opened():
        raise RuntimeError("unexpected answer")

    with pytest.raises(ConnectionError, match="unexpected answer"):
        tinystories.stream(tinystories.lines(opened), tmp_path / "tinystories.txt")
    assert list(tmp_path.iterdir()) == []
