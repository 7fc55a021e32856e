"""Say in words why Python cannot read a source: which line lacks a colon or is indented too far.

    explain("if x\n    y = 1\n", 1)
    ("Line 1 begins with if, but the colon at its end is missing.", 1)

For sources that Python refuses; it runs in CPython 3.10 or newer, and in MicroPython 1.27.
"""

import sys

BLOCKS = ("def", "class", "for", "while", "if", "elif", "else", "with", "try", "except", "finally")
CLOSING = {"(": ")", "[": "]", "{": "}"}
MOST_QUOTED = 30  # characters of a line


LOOKALIKES = {
    "\u2212": "-",
    "\u2010": "-",
    "\u2011": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00d7": "*",
    "\u00b7": "*",
    "\u22c5": "*",
    "\u2217": "*",
    "\u00f7": "/",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u2039": "'",
    "\u203a": "'",
    "\u2032": "'",
    "\u00b4": "'",
    "\u2033": '"',
    "\u2215": "/",
    "\u2044": "/",
    "\u2236": ":",
    "\ua789": ":",
    "\u00b3": "** 3",
    "\u22a4": ".mT",
    "\u1d40": ".mT",
    "\u3001": ",",
    "\u060c": ",",
    "\u061b": ";",
    "\u3002": ".",
    "\u2026": "...",
    "\u2192": "->",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u00b2": "** 2",
    "\u221a": "** 0.5",
    "\u221e": 'float("inf")',
}
SPACES = {
    "\u00a0": "a non-breaking space",
    "\u3000": "a wide space",
    "\u202f": "a narrow space",
    "\u2003": "a wide space",
    "\u2009": "a narrow space",
}
INVISIBLE = {
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u2060": "a word joiner",
    "\ufeff": "a byte order mark",
    "\u00ad": "a soft hyphen",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
}
# Letters of other alphabets that look like those of a name, and the ones that they look like.
TWINS = dict(zip("аеорсухіјАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxijABEKMHOPCTXABEZHIKMNOPTYXo"))
# Where Unicode has signs and no letters: the first and the last of each range.
SIGNS = (
    (0x00, 0x08),
    (0x0B, 0x0B),
    (0x0E, 0x1F),
    (0x7F, 0xA9),
    (0xAB, 0xB4),
    (0xB6, 0xB9),
    (0xBB, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x2000, 0x2070),
    (0x2074, 0x207E),
    (0x2080, 0x208E),
    (0x20A0, 0x20FF),
    (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0xA788, 0xA78A),
    (0xFE00, 0xFE6F),
    (0xFEFF, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFFE0, 0xFFFF),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0x10FFFF),
)
ENTITIES = {
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
    "&quot;": '"',
    "&#39;": "'",
    "&nbsp;": "a space",
}


class Misread(Exception):
    """(message, line): what is wrong, and the number of the line, or None."""


class Lookalike(Misread):
    """A character that only looks like one that Python knows."""


def fail(number, words, kind=Misread):
    raise kind(f"Line {number} {words}.", number)


def strange(sign):
    """(a name for a character that Python does not know, what to do), or None."""
    code = f"U+{ord(sign):04X}"
    if sign in SPACES:
        return f"{SPACES[sign]} ({code})", "type a space instead"
    if sign in INVISIBLE:
        return f"{INVISIBLE[sign]} ({code}), an invisible character", RETYPE
    meant = LOOKALIKES.get(sign) or narrow(sign)
    if meant:
        return f"the character {sign} ({code})", f"type {meant} instead"
    if not any([first <= ord(sign) <= last for first, last in SIGNS]):
        return None
    if ord(sign) < 0xA0 or 0x2000 <= ord(sign) <= 0x206F or 0xFE00 <= ord(sign) <= 0xFE0F:
        return f"an invisible character ({code})", RETYPE
    return f"the character {sign} ({code})", "remove it"


RETYPE = "delete that line and type it again"


def twin(source, i):
    """(a name for a letter that only looks like the one that is meant, what to do), or None.

    A word of another alphabet is a name like any other: the letter has to be among Latin ones, or
    all letters of the word have to look like Latin ones."""
    sign = source[i]
    first, end = i, i
    while first and is_of_word(source[first - 1]):
        first -= 1
    while end < len(source) and is_of_word(source[end]):
        end += 1
    others = [one for one in source[first:end] if ord(one) > 127]
    is_latin = any([one.isalpha() and ord(one) < 128 for one in source[first:end]])
    if is_latin or all([one in TWINS for one in others]):
        latin = TWINS[sign]
        return (
            f"a letter {sign} (U+{ord(sign):04X}) of another alphabet",
            f"type the letter {latin}",
        )
    return None


def is_of_word(sign):
    return ord(sign) > 127 or sign.isalpha() or sign.isdigit() or sign == "_"


def narrow(sign):
    """The usual form of a wide character, as keyboards for Chinese and Japanese type it; or None.
    Letters are not included: Python accepts wide ones in names."""
    if not 0xFF01 <= ord(sign) <= 0xFF5E:
        return None
    usual = chr(ord(sign) - 0xFEE0)
    return None if usual.isalpha() or usual == "_" else usual


def lookalike(source):
    """(message, line) about a character from prose, such as a minus or a curly quote; or None."""
    try:
        split(source)
    except Lookalike as found:
        return found.args
    except Misread:
        pass
    return None


def explain(source, line):
    """(message, line). The `line` that is given, counted from 1, is the one that Python names."""
    try:
        pasted(source)
        statements = split(source)
        prompts(statements)
        tabs(statements)
        for i, statement in enumerate(statements):
            look_at(statement)
            neighbours(statement, statements[i + 1] if i + 1 < len(statements) else None)
        blocks(statements)
    except Misread as found:
        return found.args
    lines = source.split("\n")
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    in_page = sys.implementation.name == "micropython"
    if in_page and shown.startswith(("match ", "async ", "await ")):
        return f"Line {line}: the Python in this page does not know {shown.split()[0]}.", line
    return (
        f"Python cannot read line {line}: {shown or 'it is empty'}. Is something "
        "missing, or is there one character too many, there or in the line before?",
        line,
    )


# Reading ----------------------------------------------------------------------------------------


class Statement:
    """number: its first line, from 1; text: that line; indent: spaces before it; code: all of it on
    one line, with nothing between brackets or quotes, and no comment."""

    def __init__(self, number, text, before, code):
        self.number, self.indent, self.code = number, len(before), code.strip()
        self.text = text.strip()
        self.has_tab = "\t" in before

    @property
    def word(self):
        """Its first word."""
        word = ""
        for sign in self.code:
            if not (sign.isalpha() or sign == "_"):
                break
            word += sign
        return word


def split(source):
    """The statements of a source. Raises Misread for brackets and quotes that do not match."""
    found, code, opened, i, number = [], "", [], 0, 1
    began, indent = 1, None
    lines = source.split("\n")
    while i < len(source):
        sign = source[i]
        if not " " <= sign <= "~":
            known(source, i, number)
        if indent is None and sign not in " \t\n#":
            began, indent = number, source[source.rfind("\n", 0, i) + 1 : i]
        if sign == "#":
            while i + 1 < len(source) and source[i + 1] != "\n":
                i += 1
        elif sign in "'\"":
            end = end_of_string(source, i, number)
            number += source[i:end].count("\n")
            i, sign = end - 1, ""
            code += "" if opened else '""'
        elif sign == "\\" and source[i + 1 : i + 2] == "\n":
            i, number = i + 1, number + 1
        elif sign == "\n":
            if not opened and indent is not None:
                found.append(Statement(began, lines[began - 1], indent, code))
            if not opened:
                code, indent = "", None
            number += 1
        elif sign in CLOSING:
            code += "" if opened else sign
            opened.append((sign, number))
        elif sign in CLOSING.values():
            close(opened, sign, number)
            code += "" if opened else sign
        elif not opened:
            code += sign
        i += 1
    if opened:
        sign, number = opened[-1]
        raise Misread(f"The bracket {sign} in line {number} is never closed.", number)
    if indent is not None:
        found.append(Statement(began, lines[began - 1], indent, code))
    return found


def known(source, i, number):
    """Raise Lookalike for a sign that Python does not know, or that looks like another one."""
    sign = source[i]
    found = twin(source, i) if sign in TWINS else strange(sign)
    if found:
        name, remedy = found
        fail(number, f"contains {name}, which Python does not know: {remedy}", Lookalike)


def end_of_string(source, i, number):
    """The index after the string that begins at index i."""
    quote = source[i]
    if source[i : i + 3] == 3 * quote:
        end = source.find(3 * quote, i + 3)
        if end < 0:
            raise Misread(
                f"The string that begins with {3 * quote} in line {number} never ends.", number
            )
        return end + 3
    j = i + 1
    while j < len(source) and source[j] not in (quote, "\n"):
        j += 2 if source[j] == "\\" else 1
    if source[j : j + 1] != quote:
        raise Misread(
            f"In line {number}, the string that begins with {quote} does not end: "
            f"{quote} is missing.",
            number,
        )
    return j + 1


def close(opened, sign, number):
    if not opened:
        fail(number, f"closes a bracket {sign} that was never opened")
    last, where = opened.pop()
    if CLOSING[last] != sign:
        fail(
            number,
            f"has {sign} where {CLOSING[last]} should close the bracket {last} from line {where}",
        )


# Mistakes ---------------------------------------------------------------------------------------


def pasted(source):
    """Raise Misread for what was copied along with the code, but is not part of it."""
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        fence = line.strip()[:3]
        if fence in ("```", "~~~"):
            fail(
                number,
                f"begins with {fence}, which marks the code in the text that it was copied "
                "from: remove every line with these signs, and all that is not Python",
            )
        if line.startswith((">>>", "In [")):
            fail(
                number,
                f"begins with {line.split()[0]}, which is the prompt of Python and not "
                "code: remove it from the start of each line",
            )
        for entity, sign in ENTITIES.items():
            if entity in line:
                fail(number, f"contains {entity}, which is HTML for {sign}: type {sign} instead")
    if numbered(lines):
        raise Misread(
            "The lines begin with line numbers, which were copied along with the code: "
            "remove the numbers.",
            None,
        )


def numbered(lines):
    """Whether all lines that are not empty begin with numbers that count the lines."""
    shifts = []
    for i, line in enumerate(lines):
        text = line.strip()
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        if text and not digits:
            return False
        if digits:
            shifts.append(int(digits) - i)
    return len(shifts) > 1 and len(set(shifts)) == 1


def tabs(statements):
    """Raise Misread for a tab before a line, if there are spaces before others."""
    tabbed = [one for one in statements if one.has_tab]
    if tabbed and any(one.indent and not one.has_tab for one in statements):
        fail(tabbed[0].number, "begins with a tab, but other lines with spaces: use spaces only")


def prompts(statements):
    """Raise Misread for the signs that stand before code in a terminal or in a text."""
    for statement in statements:
        code = statement.code
        prompt = code.split(" ")[0]
        if prompt in (">>>", "...") and code != prompt:
            fail(
                statement.number,
                f"begins with {prompt}, which is the prompt of Python and not code: remove it "
                "from the start of each line",
            )
        if "`" in code:
            fail(statement.number, "contains `, which does not mean anything in Python: remove it")


def look_at(statement):
    """Raise Misread for what is wrong within a statement."""
    code, word = statement.code, statement.word
    if word in BLOCKS and ":" not in code:
        fail(statement.number, f"begins with {word}, but the colon at its end is missing")
    if word in ("if", "elif", "while") and single_equals(code.split(":")[0]):
        fail(statement.number, "asks a question, so it needs ==, which compares; = assigns a value")


def single_equals(code):
    for sign in ("==", "<=", ">=", "!="):
        code = code.replace(sign, "")
    return "=" in code


def neighbours(one, after):
    """Raise Misread if the next statement is not indented as the first one requires."""
    opens = one.code.endswith(":")
    if opens and not after:
        fail(one.number, "ends with a colon, but nothing indented follows it")
    if opens and after.indent <= one.indent:
        fail(
            one.number,
            f"ends with a colon, so line {after.number}, which belongs to it, has to "
            "be indented by four more spaces",
        )
    if after and not opens and after.indent > one.indent:
        fail(
            after.number,
            f"is indented too far: delete {spaces(after.indent - one.indent)} at its beginning. It "
            f"has to begin in the same column as line {one.number}, {quoted(one)}, which does not "
            "end with a colon",
        )


def spaces(n):
    return f"{n} space" if n == 1 else f"{n} spaces"


def quoted(statement):
    """The first line of a statement, or as much of it as is needed to find it."""
    text = statement.text
    return f"“{text}”" if len(text) <= MOST_QUOTED else f"“{text[:MOST_QUOTED].strip()} …”"


def blocks(statements):
    """Raise Misread for a line that is indented as no line above it is, or a stray return."""
    if statements and statements[0].indent:
        fail(statements[0].number, "has to begin at the left edge")
    outer = []  # for each level of indentation, the last statement of it
    for statement in statements:
        closed = None
        while outer and outer[-1].indent > statement.indent:
            closed = outer.pop()
        if closed and outer[-1].indent < statement.indent:
            further = statement.indent - outer[-1].indent
            fail(
                statement.number,
                "is indented differently from every block above it: delete "
                f"{spaces(further)} at its beginning, or add {closed.indent - statement.indent}",
            )
        if outer and outer[-1].indent == statement.indent:
            outer.pop()
        if statement.word == "return" and not any(one.word == "def" for one in outer):
            fail(
                statement.number,
                "is outside the function: it has to be indented like the lines of the function",
            )
        outer.append(statement)
