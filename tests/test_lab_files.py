"""site/app/lab-files.js: files as people have them are read in a real page, or refused with a sentence."""

import base64
import hashlib
import io
import random
import zipfile
from types import SimpleNamespace
from xml.sax.saxutils import escape

import sample_texts
from helpers import ROOT, opened, served
from terrarium.text import END

import pytest

KINDS = sample_texts.by_kind()
READ = """async ({ name, content }) => {
  const { readFile, FileError } = await import("/app/lab-files.js");
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const seen = [];
  const onProgress = (progress) => seen.push(progress);
  try {
    const file = new File([bytes], name);
    return { ...(await readFile(file, { onProgress })), seen };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { kind: error.kind, problem: error.message };
  }
}"""


@pytest.fixture(scope="module")
def lab(browser):
    """A page with the policy of every page: lab.read(name, bytes) is what it makes of a file. It must not
    complain about anything, and ask for nothing outside the site."""
    with served(ROOT / "site") as address, opened(browser, f"{address}/write.html") as page:

        def read(name, content):
            content = base64.b64encode(content).decode()
            return page.evaluate(READ, dict(name=name, content=content))

        yield SimpleNamespace(page=page, read=read)
        assert all(url.startswith((address, "blob:")) for url in page.requests)


def sentence(found, kind):
    """What is said about a file that cannot be read."""
    assert found.get("kind") == kind, found
    assert found["problem"][0].isalnum() and found["problem"].endswith(".")
    assert "undefined" not in found["problem"]
    return found["problem"]


# Documents, written by hand ----------------------------------------------------------------------


def rc4(key, content):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    found, i, j = bytearray(), 0, 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        found.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(found)


PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def encryption(password, document_id):
    """(the key of a PDF document with a password, its dictionary): 40 bits of RC4, as in PDF 1.4."""
    padded = (password + PADDING)[:32]
    owner = rc4(hashlib.md5(padded).digest()[:5], padded)
    rights = (-4 & 0xFFFFFFFF).to_bytes(4, "little")
    key = hashlib.md5(padded + owner + rights + document_id).digest()[:5]
    user = rc4(key, PADDING)
    return key, b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>" % (
        owner.hex().encode(),
        user.hex().encode(),
    )


def pdf(pages, password=None):
    """A PDF document. pages: the lines of each, (x, y, size, text); a page without lines shows a square."""
    streams = []
    for lines in pages:
        text = "".join(
            f"BT /F1 {size} Tf {x} {y} Td ({line}) Tj ET\n" for x, y, size, line in lines
        )
        streams.append((text or "100 100 300 300 re f\n").encode("cp1252"))
    document_id = b"0123456789abcdef"
    key, encrypt = encryption(password, document_id) if password else (None, None)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for i, stream in enumerate(streams):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"
            b"/Contents %d 0 R>>" % (5 + 2 * i)
        )
        if key:
            number = (5 + 2 * i).to_bytes(3, "little") + b"\0\0"
            stream = rc4(hashlib.md5(key + number).digest()[:10], stream)
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
    if encrypt:
        objects.append(encrypt)
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    ids = b"/ID[<%s><%s>]" % (2 * (document_id.hex().encode(),))
    more = b"/Encrypt %d 0 R" % len(objects) if encrypt else b""
    out += b"trailer<</Size %d/Root 1 0 R%s%s>>\n" % (len(objects) + 1, ids, more)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def typeset(*paragraphs, top=740, size=11, left=72):
    """Lines of a page, of paragraphs that are lists of lines, with more room between paragraphs."""
    lines, y = [], top
    for paragraph in paragraphs:
        for line in paragraph:
            lines.append((left, y, size, line))
            y -= 14
        y -= 10
    return lines


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def archive(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            zipped.writestr(name.replace("__", "/"), text)
    return content.getvalue()


def docx(*paragraphs):
    """A Word document, with no more in it than it must have."""
    body = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
        for text in paragraphs
    )
    return archive(
        **{
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="r1" Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


# PDF ---------------------------------------------------------------------------------------------


def test_a_pdf_becomes_paragraphs_of_all_its_pages_with_its_words_whole_again(lab):
    pages = [
        [
            (250, 780, 9, "The Snail and the Sea"),
            *typeset(
                ["The snail went to the sea, which was far a-", "way and blue. It took a year."],
                ["“Are you the sea?” asked the snail, and waited for", "an answer that"],
            ),
            (300, 30, 9, f"Page {number}"),
        ]
        for number in (1, 2, 3)
    ]
    pages.append(
        [
            *typeset(["never came, for the sea is busy."], ["The end."]),
            (300, 30, 9, "Page 4"),
        ]
    )
    found = lab.read("snail.pdf", pdf(pages))
    first = "The snail went to the sea, which was far away and blue. It took a year."
    question = "“Are you the sea?” asked the snail, and waited for an answer that"
    assert found["text"].split("\n\n") == [
        *[first, question] * 2,
        first,
        f"{question} never came, for the sea is busy.",
        "The end.",
    ]
    assert found["note"] and found["seen"][-1] == dict(done=4, of=4)


@pytest.mark.parametrize(
    "kind, content",
    {
        "protected": pdf([typeset(["a secret"])], b"word"),
        "pictures": pdf([[], []]),
        "damaged": pdf([typeset(["so long"])])[:60],
    }.items(),
)
def test_a_pdf_that_cannot_be_read_is_said_to_be_so(lab, kind, content):
    said = sentence(lab.read("some.pdf", content), kind)
    assert {"protected": "password", "pictures": "2 pages", "damaged": "damaged"}[kind] in said


# Word --------------------------------------------------------------------------------------------


def test_a_word_document_becomes_its_paragraphs(lab):
    found = lab.read("story.docx", docx("Schnecken & Meer", "", "“So long,” <said> Ünal. 🙂"))
    assert found["text"] == "Schnecken & Meer\n\n“So long,” <said> Ünal. 🙂"
    assert lab.read("named wrongly.txt", docx("So long"))["text"] == "So long"


@pytest.mark.parametrize(
    "kind, content",
    {
        "other": archive(notes__txt="so long", mimetype="application/epub+zip"),
        "blank": docx("", " "),
        "damaged": docx("so long")[:200],
    }.items(),
)
def test_an_archive_that_is_no_word_document_is_said_to_be_none(lab, kind, content):
    sentence(lab.read("story.docx", content), kind)


def test_old_and_protected_word_documents_are_told_from_each_other(lab):
    content = KINDS["older Word document"]
    assert "older Microsoft Office" in sentence(lab.read("letter.doc", content), "format")
    assert "password" in sentence(lab.read("letter.docx", content), "protected")


# Tables ------------------------------------------------------------------------------------------


def test_a_table_offers_its_columns_each_cell_of_which_is_a_document(lab):
    rows = 'name,said\r\nTom,"""So long,""\nhe said"\r\nAnna,\r\n,"Yes, 🙂"\r\n'
    found = lab.read("said.csv", rows.encode("utf-8-sig"))
    assert [column["name"] for column in found["columns"]] == ["name", "said"]
    names, said = found["columns"]
    assert names["examples"] == ["Tom", "Anna"] and names["documents"] == 2
    assert said["text"] == f'"So long,"\nhe said\n{END}\nYes, 🙂'
    assert said["documents"] == 2 and said["characters"] == len('"So long,"\nhe saidYes, ') + 2


def test_a_table_without_names_or_with_another_separator_keeps_all_its_cells(lab):
    lines = [f"{i};Snail {i} went home." for i in range(20)]
    found = lab.read("lines.csv", "\n".join(lines).encode())
    assert [column["name"] for column in found["columns"]] == ["Column 1", "Column 2"]
    assert found["columns"][1]["documents"] == 20
    tabs = lab.read("lines.tsv", b"where do you live?\tI live here, at home.\n" * 3)
    assert [column["examples"][0] for column in tabs["columns"]] == [
        "where do you live?",
        "I live here, at home.",
    ]
    one = lab.read("one.csv", KINDS["CSV, one column"])
    assert [(c["name"], c["documents"]) for c in one["columns"]] == [("text", 400)]
    sentence(lab.read("none.csv", b",,\n,,\n"), "empty")


# Text --------------------------------------------------------------------------------------------

REFUSED = {
    "RTF": "format",
    "gzip": "format",
    "Word document": "damaged",
    "older Word document": "format",
    "PDF": "damaged",
    "UTF-32 with its mark": "format",
    "UTF-32 without": "binary",
    "Windows-1251": "encoding",
    "GB 18030": "encoding",
    "Shift JIS": "encoding",
    "any bytes": "binary",
    "zeros between": "binary",
    "nothing": "empty",
}
ENGLISH = sample_texts.prose("English")
ENCODED = {  # the text that has to come out
    "UTF-16 with its mark": ENGLISH,
    "UTF-16 without": ENGLISH,
    "UTF-16, big end first": sample_texts.prose("Chinese"),
    "Latin-1": ENGLISH + "é" * 9,
    "Windows-1252": ENGLISH.replace("it", "it’s"),
}


def test_text_of_any_kind_is_read_as_it_was_written_or_refused_with_a_sentence(lab):
    for kind, content in KINDS.items():
        found = lab.read("some.txt", content)
        if kind in REFUSED:
            assert "some.txt" in sentence(found, REFUSED[kind]), kind
        elif kind in ENCODED:
            assert found["text"] == ENCODED[kind], kind
            assert ("1252" in found["note"]) == (kind in ("Latin-1", "Windows-1252"))
        elif kind == "damaged in the middle":
            assert "damaged" in found["note"] and "\ufffd" in found["text"]
        elif kind == "cut off in a letter":
            assert found["text"] == content.decode("utf-8", "ignore")
        else:
            assert found["text"].encode() == content.rstrip(b"\0\x1a"), kind
            assert found["note"] == ""


def test_pictures_and_programs_are_refused_whatever_they_are_called(lab):
    noise = random.Random(2).randbytes(3000)
    for content in (b"\x89PNG\r\n\x1a\n" + noise, b"\x7fELF" + noise, noise):
        assert lab.read("text.txt", content)["kind"] in ("format", "binary")


def test_of_50_mb_only_the_beginning_is_read_which_is_said(lab):
    found = lab.page.evaluate("""async () => {
        const { readFile } = await import("/app/lab-files.js");
        const { describe } = await import("/app/lab-text.js");
        const file = new File([("So long, said the 🙂.\\n").repeat(2_200_000)], "long.txt");
        const { text, note } = await readFile(file);
        let turns = 0; // of the page, while the text is looked through
        const timer = setInterval(() => turns++, 1);
        const { warnings } = await describe(text);
        clearInterval(timer);
        return { size: file.size, length: text.length, note, kinds: warnings.map((one) => one.kind), turns };
    }""")
    assert found["size"] > 50e6 and found["length"] < 20e6 and "20 MB" in found["note"]
    assert found["kinds"][0] == "long" and found["turns"] > 10, found


def test_documents_are_read_in_firefox_too(firefox_browser):
    files = {
        "snail.pdf": pdf([typeset(["So long, my snail."])]),
        "snail.docx": docx("So long, my snail."),
    }
    with served(ROOT / "site") as address, opened(firefox_browser, f"{address}/write.html") as page:
        for name, content in files.items():
            content = base64.b64encode(content).decode()
            found = page.evaluate(READ, dict(name=name, content=content))
            assert found["text"] == "So long, my snail."


def test_a_reader_is_loaded_only_when_such_a_file_comes(browser):
    readers = ("papaparse.js", "mammoth.js", "pdf.js")
    with served(ROOT / "site") as address, opened(browser, f"{address}/write.html") as page:

        def loaded():
            return [one for one in readers if any(url.endswith(one) for url in page.requests)]

        def read(name, content):
            content = base64.b64encode(content).decode()
            return page.evaluate(READ, dict(name=name, content=content))

        read("some.txt", b"so long")
        assert loaded() == []
        read("some.csv", b"so,long")
        assert loaded() == ["papaparse.js"]
        read("some.docx", docx("so long"))
        assert loaded() == ["papaparse.js", "mammoth.js"]
        read("some.pdf", pdf([typeset(["so long"])]))
        assert loaded() == list(readers)
