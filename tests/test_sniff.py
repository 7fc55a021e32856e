"""What a file seems to be that is no plain text in UTF-8."""

from terrarium import sniff

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "beginning, word",
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"{\\rtf1\\ansi", "Rich Text"),
        (b"PK\3\4\x14\0", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"SQLite format 3\0", "database"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"\xff\xfeH\0i\0", "UTF-16"),
        (b"\xff\xfe\0\0H\0\0\0", "UTF-32"),  # begins as UTF-16 does, too
    ],
)
def test_another_format_is_known_by_its_first_bytes(beginning, word):
    what, remedy = sniff.other_format(beginning)
    assert word in what and remedy.endswith(".")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50))
def test_text_is_not_taken_for_another_format(text):
    assert sniff.other_format(f"A {text}".encode()) is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@given(text=st.text("abcdefgh äöüабв", min_size=4, max_size=60), cut=st.integers(0, 3))
def test_text_of_several_bytes_a_character_is_named_without_its_mark_too(encoding, text, cut):
    content = f"It is {text}".encode(encoding)
    what, _ = sniff.other_format(content[: len(content) - cut])  # a block may end anywhere
    assert encoding[:6].upper() in what


def test_bytes_with_zeros_that_are_no_text_have_no_name():
    assert sniff.other_format(b"\1\0\xd8\xff\0\xdc\2\3" * 40) is None


@pytest.mark.parametrize(
    "content, word",
    [
        ("Schöne Grüße an die Mäuse im Garten.".encode("latin-1"), "Windows-1252"),
        ("Мороз и солнце; день чудесный!".encode("cp1251"), "Windows-1251"),
        ("吾輩は猫である。名前はまだ無い。".encode("shift_jis"), "Shift_JIS"),
        ("Der Bär\nund die Maus\nspielen ".encode() + b"\xff", "line 3"),
    ],
)
def test_the_byte_that_is_none_of_utf_8_says_what_the_rest_may_be(content, word):
    with pytest.raises(UnicodeDecodeError) as error:
        content.decode("utf-8")
    what, remedy = sniff.older_encoding(content, error.value.start)
    assert word in what and remedy.endswith(".")


@pytest.mark.parametrize(
    "beginning, kind",
    [
        (b"\n <!DOCTYPE html>", "HTML"),
        (b"<HTML lang=en>", "HTML"),
        (b'<?xml version="1.0"?>', "XML"),
        (b'{"story": "Once"}', "JSON"),
        (b'[\n  {"story": 1}]', "JSON"),
        (b"[1] Once upon a time", ""),
        (b"{Tom} said", ""),
        (b"<3 you", ""),
        (b"<headline> is no tag of HTML", ""),
        (b"", ""),
    ],
)
def test_markup_is_known_by_how_it_begins(beginning, kind):
    assert sniff.markup(beginning) == kind
