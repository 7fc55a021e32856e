"""The corpora: every character of a text is read once, and none that is held out is learned from."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before `datasets` is imported

import hashlib
import threading
import tracemalloc
from collections import Counter
from contextlib import contextmanager
from functools import partial
from gzip import compress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from unittest import mock

import data
import train
from data import FileText, open_text, shakespeare, textfile, tinystories
from helpers import contents
from terrarium.errors import BadInput

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

END = "<|endoftext|>"
SCRAPS = [
    "a",
    "word",
    " ",
    "\n",
    "\r\n",
    "\r",
    "é",
    "漢字",
    "🐌",
    "\ufeff",
    "<|endof",
    "text|>",
    END,
]
texts = st.lists(st.sampled_from(SCRAPS), max_size=60).map("".join)
unmarked = texts.map(lambda text: text.replace(END, "")).filter(lambda text: END not in text)
marked = st.builds(lambda before, after: before + END + after, texts, texts)
block_sizes = st.integers(1, 70)


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """write(text): a file with exactly that text; its path and its size in bytes."""
    path = tmp_path_factory.mktemp("texts") / "text.txt"

    def to_file(text):
        content = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(content)
        return path, len(content)

    return to_file


def as_read(text):
    """What a text is once it is read: lines end as they do on most systems."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def documents(text):
    return [d.strip() for d in as_read(text).split(END) if d.strip()]


def small(block, smallest=1):
    return mock.patch.multiple(data, BLOCK=block, SMALLEST=smallest)


# ---------------------------------------------------------------------------------------------
# Block by block


@given(text=unmarked, block=block_sizes)
@example(text="a\n\ufeffb\n", block=1)  # only the first character of a file is a byte order mark
@example(text="\ufeff\r\n🐌\r\n漢字", block=2)
def test_the_blocks_of_one_long_text_join_to_all_of_it(write, text, block):
    path, size = write(text)
    with small(block):
        assert "".join(FileText(path, 0, size, False)) == as_read(text)


@given(text=texts, block=block_sizes)
@example(text=f"one{END}\r\n\r\ntwo\r\nlines{END}{END} \n{END}three", block=9)
def test_no_document_is_cut_lost_or_read_twice(write, text, block):
    path, size = write(text)
    with small(block):
        assert list(FileText(path, 0, size, True)) == documents(text)


@given(text=texts, block=block_sizes, has_documents=st.booleans())
def test_the_blocks_lie_end_to_end_and_begin_where_a_line_or_a_document_does(
    write, text, block, has_documents
):
    path, size = write(text)
    mark = END.encode() if has_documents else b"\n"
    with small(block):
        blocks = list(FileText(path, 0, size, has_documents).blocks())
    assert [b.start for b in blocks] == [0, *[b.stop for b in blocks[:-1]]][: len(blocks)]
    assert sum(map(len, blocks)) == size
    for b in blocks[:-1]:
        content = text.encode()[b.start : b.stop]
        assert content.endswith(mark)
        assert mark not in content[block : -len(mark)]  # no longer than it has to be


def test_a_part_of_a_file_is_read_from_its_first_byte_to_its_last(write):
    path, _ = write("zero\none\ntwo\nthree\n")
    with small(4):
        assert "".join(FileText(path, 5, 13, False)) == "one\ntwo\n"


def test_a_search_for_the_next_cut_never_holds_the_file_in_memory(write):
    path, size = write(b"x" * 2**23)
    tracemalloc.start()
    assert data.next_cut(path, 1, True) == size
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_mark_that_lies_across_two_pieces_of_a_file_is_found(write):
    for place in range(2**16 - 14, 2**16 + 2):
        path, _ = write("x" * place + END + "y" * 99)
        assert data.next_cut(path, 0, True) == place + 13


def test_a_file_without_a_line_end_is_read_in_blocks_that_end_at_words(write):
    text = "snail leaf grass " * 40_000
    path, _ = write(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "BLOCK", 100_000)
        blocks = list(FileText(path, 0, len(text), False).blocks())
        pieces = ["".join(block) for block in blocks]
    assert "".join(pieces) == text and len(blocks) == 7
    assert all(piece.startswith((" ", "snail")) and len(piece) < 100_100 for piece in pieces)


def test_a_long_text_without_any_space_is_cut_between_its_characters(write):
    text = "蝸牛" * 60_000
    path, _ = write(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "BLOCK", 100_000)
        pieces = list(FileText(path, 0, len(text.encode()), False))
    assert "".join(pieces) == text and len(pieces) == 3


# ---------------------------------------------------------------------------------------------
# What is held out


@given(text=unmarked, block=block_sizes, before=st.integers(40, 90))
@example(text="\r\n" * 30, block=64, before=41)  # the cut must not part the two
@example(text="\r\n" * 30, block=64, before=40)
def test_training_and_validation_text_together_are_one_long_text(write, text, block, before):
    text = ("x" * before + text).replace("x", "X", 1)  # two characters, at least
    path, size = write(text)
    with small(block):
        corpus = open_text(path)
        assert not corpus.has_documents
        assert "".join(corpus.train) + "".join(corpus.validation) == as_read(text)
        tenth = int(size * 0.1) + 1
        assert tenth - 3 <= len(corpus.validation) <= tenth


@given(text=marked, block=block_sizes)
@example(text=f"{'first ' * 9}{END}{'second ' * 9}{END}{'third ' * 9}", block=50)
def test_training_and_validation_documents_together_are_all_documents(write, text, block):
    path, _ = write(text)
    with small(block):
        try:
            corpus = open_text(path)
        except BadInput as error:
            assert "holds one document at most" in str(error)
            assert len(documents(text)) < 2
            return
        assert corpus.has_documents
        assert [*corpus.train, *corpus.validation] == documents(text)
        assert list(corpus.train) and list(corpus.validation)


def test_a_tenth_of_many_documents_is_held_out(write):
    path, _ = write("".join(f"document {i:03}{END}\n" for i in range(1000)))
    corpus = open_text(path)
    assert list(corpus.train) == [f"document {i:03}" for i in range(901)]
    assert list(corpus.validation) == [f"document {i:03}" for i in range(901, 1000)]


def test_of_few_long_documents_the_last_is_held_out(write):
    path, _ = write(f"{END}\n".join(["one " * 300, "two " * 300, "three " * 300]) + f"{END}\n\n")
    corpus = open_text(path)
    assert list(corpus.train) == [("one " * 300).strip(), ("two " * 300).strip()]
    assert list(corpus.validation) == [("three " * 300).strip()]


def test_of_a_large_file_two_megabytes_are_held_out(write):
    path, _ = write("sixteen letters\n" * (3 * 2**20))  # 48 MB
    assert len(open_text(path).validation) == 2 * 2**20


# ---------------------------------------------------------------------------------------------
# What is no text


@given(
    content=st.one_of(st.binary(max_size=40), texts.map(str.encode)),
    broken=st.binary(max_size=3),
    block=block_sizes,
)
def test_the_first_byte_that_is_not_utf_8_is_named_whatever_the_blocks(
    write, content, broken, block
):
    content = b"x" * 20 + content + broken + b"\n"
    path, _ = write(content)
    reason = None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte {error.start} cannot be read"
    if b"\0" in content:  # which may also be taken for text of two bytes a character
        reason = r"(not text: )?byte|UTF-(16|32)" if reason is None else r"byte|UTF-(16|32)"
    with small(block):
        if reason is None:
            assert data.inspect(path)[1] == (END.encode() in content)
        else:
            with pytest.raises(BadInput, match=reason):
                data.inspect(path)


@given(text=texts, block=block_sizes)
def test_characters_are_counted_not_bytes(write, text, block):
    text = "ab" + text
    path, _ = write(text)
    with small(block, smallest=len(text)):
        data.inspect(path)
    with small(block, smallest=len(text) + 1):
        with pytest.raises(BadInput, match=f"holds {len(text)} characters"):
            data.inspect(path)


# ---------------------------------------------------------------------------------------------
# Every corpus


def load(name, corpora):
    module = data.find(name)
    if hasattr(module, "URL"):
        file = corpora / ("tinyshakespeare.txt" if name == "shakespeare" else f"{name}.txt")
        if not file.exists():
            pytest.skip(f"{file} was not downloaded, and ../shared/data does not hold it")
    return module, module.load()


def test_the_corpora_are_the_modules_of_data():
    assert {"shakespeare", "stories", "tinystories"} <= set(data.names())
    assert not {"__init__", "persona", "textfile", "__pycache__", "downloads"} & set(data.names())
    for name in data.names():
        assert data.find(name).__name__ == f"data.{name}"


@pytest.mark.parametrize("name", data.names())
def test_a_corpus_has_five_prompts_that_its_tokenizer_can_read(name, corpora):
    module, corpus = load(name, corpora)
    assert len(module.PROMPTS) == 5 and all(isinstance(p, str) and p for p in module.PROMPTS)
    seen = Counter(set(chain.from_iterable(map(set, chain(corpus.train, corpus.validation)))))
    tokenizer = train.Tokenizer.train(seen, corpus.has_documents, 0)
    for prompt in module.PROMPTS:
        assert tokenizer.decode(tokenizer.encode(prompt)) == prompt


@pytest.mark.parametrize("name", data.names())
def test_a_text_that_is_passed_on_is_credited_under_the_licence_of_its_docstring(name):
    corpus = data.find(name)
    assert corpus.CREDIT
    ours = name in ("stories", "snail")
    assert corpus.LICENCE == "MIT" if ours else corpus.LICENCE in corpus.__doc__.replace("\n", " ")


@pytest.mark.parametrize("name", data.names())
def test_a_corpus_says_where_it_comes_from_and_under_which_licence(name):
    words = data.find(name).__doc__.lower()
    assert "source" in words
    assert "licence" in words or "public domain" in words.replace("\n", " ")


@given(text=unmarked, block=block_sizes)
def test_a_text_file_has_five_prompts_that_stand_in_it(write, text, block):
    text = "x" * 40 + text + "y" * 40
    path, _ = write(text)
    with small(block):
        prompts = textfile.TextFile(path).PROMPTS
    assert len(prompts) == 5
    for prompt in prompts:
        assert prompt.strip() == prompt != ""
        assert prompt in as_read(text)


# ---------------------------------------------------------------------------------------------
# Tiny Shakespeare


def test_shakespeare_is_split_as_everybody_splits_it(corpora):
    _, corpus = load("shakespeare", corpora)
    learned, held_out = "".join(corpus.train), "".join(corpus.validation)
    assert (len(learned), len(held_out)) == (1_003_854, 111_540)
    assert len(set(learned + held_out)) == 65
    assert learned.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")
    assert held_out.startswith("?\n\nGREMIO:\nGood morrow, neighbour Baptista.")
    assert not corpus.has_documents


# ---------------------------------------------------------------------------------------------
# TinyStories


def test_the_sample_of_tinystories_is_read_story_by_story(corpora):
    _, corpus = load("tinystories", corpora)
    if len(corpus.train) + len(corpus.validation) != 11_151_818:
        pytest.skip("data/downloads/tinystories.txt is not the sample of ../shared/data")
    learned, held_out = list(corpus.train), list(corpus.validation)
    assert corpus.has_documents
    assert (len(learned), len(held_out)) == (12_344, 1_389)
    assert not any(END in story or story != story.strip() for story in learned + held_out)
    assert held_out[-1].endswith("And they both went to play some more in the park.")


@given(st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"))))
def test_a_stream_is_written_whole_line_by_line(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "streamed" / "tinystories.txt"
    tinystories.stream(iter(lines), path)
    assert path.read_bytes().decode() == "".join(f"{line}\n" for line in lines)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ConnectionError, OSError])
def test_a_stream_that_is_interrupted_leaves_what_was_there(tmp_path, error):
    def lines():
        yield from ["Once upon a time"] * 1000
        raise error

    path = tmp_path / "tinystories.txt"
    with pytest.raises(error):
        tinystories.stream(lines(), path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("an older file")
    with pytest.raises(error):
        tinystories.stream(lines(), path)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["an older file"]


def test_datasets_streams_a_file_line_by_line_as_it_is(tmp_path, monkeypatch):
    content = f"One day, a “snail” sat.\n\nIts end\u2028is\x0b\x85\n{END}\n  Two\ttabs \n{END}\n"
    (tmp_path / "stories.txt").write_text(content, "utf-8", newline="\n")
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    from datasets import load_dataset

    streamed = tinystories.lines(
        lambda: load_dataset(
            "text", data_files={"train": str(tmp_path / "stories.txt")}, streaming=True
        )
    )
    tinystories.stream(streamed, tmp_path / "streamed.txt")
    assert (tmp_path / "streamed.txt").read_bytes().decode() == content


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
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
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


def test_a_stream_that_breaks_off_says_the_same_and_keeps_no_half_file(monkeypatch, folder):
    def half():
        yield "Once upon a time"
        raise ConnectionError("Server Disconnected")

    monkeypatch.setattr(tinystories, "DOWNLOADS", folder)
    monkeypatch.setattr(tinystories, "remote_lines", lambda path: (half(), 0))
    with pytest.raises(BadInput, match="could not be downloaded .Server Disconnected."):
        tinystories.load()
    assert contents(folder) == {}
