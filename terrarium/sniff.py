"""What a file seems to be that is no plain text in UTF-8, and what to do about it."""

import re

SAVE = "Open it in the program that made it, and save it as plain text with the encoding UTF-8."
UNPACK = "Unpack it, and name a text file that was in it."
ENCODE = "Open it in an editor, and save it with the encoding UTF-8."
SIGNATURES = (  # how files of other formats begin, what they are, what to do
    (b"\xff\xfe\0\0", "text in UTF-32", ENCODE),
    (b"\0\0\xfe\xff", "text in UTF-32", ENCODE),
    (b"\xff\xfe", "text in UTF-16", ENCODE),
    (b"\xfe\xff", "text in UTF-16", ENCODE),
    (b"{\\rtf", "a document in Rich Text Format", SAVE),
    (b"%PDF-", "a PDF document", SAVE),
    (b"%!PS", "a PostScript document", SAVE),
    (b"\xd0\xcf\x11\xe0", "a document of an older Microsoft Office", SAVE),
    (
        b"PK\3\4",
        "a zip archive (.docx, .odt and .epub documents are such)",
        f"If it is a document: {SAVE[0].lower()}{SAVE[1:]} If not: {UNPACK[0].lower()}{UNPACK[1:]}",
    ),
    (b"\x1f\x8b", "an archive packed by gzip", UNPACK),
    (b"BZh", "an archive packed by bzip2", UNPACK),
    (b"\xfd7zXZ", "an archive packed by xz", UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "an archive packed by zstd", UNPACK),
    (b"\x89PNG", "a picture", "Type its text, or let a program recognise it."),
    (b"\xff\xd8\xff", "a picture", "Type its text, or let a program recognise it."),
    (b"GIF8", "a picture", "Type its text, or let a program recognise it."),
    (b"SQLite format 3\0", "a database", "Export its text, in UTF-8."),
    (b"PAR1", "a Parquet table", "Export its text, in UTF-8."),
)
WEB_PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
XML = re.compile(rb"\s*<\?xml\b")
JSON = re.compile(rb'\s*(\{\s*"[^"\n]*"\s*:|\[\s*[\[{"])')


def other_format(beginning):
    """What a file seems to be that begins with these bytes, and what to do: two phrases, or None
    for what may be text in UTF-8."""
    for signature, what, remedy in SIGNATURES:
        if beginning.startswith(signature):
            return what, remedy
    if b"\0" in beginning:
        for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
            if is_readable(beginning, encoding):
                return f"text in {encoding[:6].upper()}", ENCODE
    return None


def is_readable(content, encoding):
    """Whether bytes are readable text in an encoding, with a space or a line end in it."""
    width = 4 if "32" in encoding else 2
    try:
        text = content[: len(content) // width * width].decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(content) - 2 * width:  # a character may be cut off at the end
            return False
        text = content[: error.start].decode(encoding)
    readable = sum(c.isprintable() or c.isspace() for c in text)
    return readable > 0.98 * len(text) and re.search(r"[ \n\u3000-\u3002]", text) is not None


def older_encoding(content, position):
    """What text seems to be whose byte at `position` is none of UTF-8, and what to do."""
    before = content[:position]
    around = content[max(0, position - 2000) : position + 2000]
    if not before.isascii():  # so far it was UTF-8, and not only ASCII
        line = before.count(b"\n") + 1
        return (
            f"The text before it is, so the file seems to be damaged in line {line:,}.",
            "Open it in an editor, mend that place, and save it with the encoding UTF-8.",
        )
    if sum(byte > 127 for byte in around) < len(around) / 4:
        return "It seems to be written in Windows-1252 or Latin-1.", ENCODE
    return (
        "It seems to be written in an older encoding of its language, such as Windows-1251, "
        "Shift_JIS or GBK."
    ), ENCODE


def markup(beginning):
    """ "HTML", "XML" or "JSON" for text that begins as such, or ""."""
    kinds = (("HTML", WEB_PAGE), ("XML", XML), ("JSON", JSON))
    return next((kind for kind, pattern in kinds if pattern.match(beginning)), "")
