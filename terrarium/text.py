"""Text as people write and type it: what belongs together in a word, and what looks alike.

The page does the same in site/engine/tokenizer.js; a test compares the two over all of Unicode.
"""

import re
import unicodedata
from itertools import chain

END = "<|endoftext|>"  # stands between two documents of a file

# Joiners of letters (Persian, Hindi) and of emoji. They are no marks, but stand where marks stand.
JOINERS = "\u200c\u200d"


def combining_marks():
    """All combining marks of Unicode as the inside of a [] in a regular expression: accents, vowel
    signs, and what else is written on, under or around the character before it."""
    # There are none below U+0300, and few planes have any: to look at all would take longer.
    planes = chain(range(0x300, 0x20000), range(0xE0000, 0xE0200))
    codes = [code for code in planes if unicodedata.category(chr(code)).startswith("M")]
    firsts = [code for code, before in zip(codes, [0, *codes]) if code != before + 1]
    lasts = [code for code, after in zip(codes, [*codes[1:], 0]) if code != after - 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(firsts, lasts)) + JOINERS


# A piece of text has a greatest length, or a book without spaces would be one word, and merging
# would take hours. No piece ends before a mark, unless there are more than fifteen in a row.
MARKS = combining_marks()
BEYOND_LATIN = "(?=[^\\0-\u02ff])"  # speed only: no mark is looked for before a space
WORD = rf"\w{{1,32}}(?:{BEYOND_LATIN}[\w{MARKS}]{{1,32}}[{MARKS}]{{0,15}})?"
PUNCTUATION = rf"[^\w\s]{{1,32}}(?:{BEYOND_LATIN}[{MARKS}]{{0,15}})?"  # emoji, too

# What a person types as one character: a letter and its marks, or a Korean syllable in parts.
CHARACTER = re.compile(
    "[\u1100-\u115f\ua960-\ua97c]+[\u1160-\u11a7\ud7b0-\ud7c6]+[\u11a8-\u11ff\ud7cb-\ud7fb]*"
    rf"|.[{MARKS}]*",
    re.DOTALL,
)

# What stands for one another: a keyboard has one of them, and a printed text another.
ALIKE = (
    "-‐‑‒–—―−",
    ".…。．",
    ",،，、",
    "?？؟",
    ";；؛",
    "·・",
    "~～〜",
    " \u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
)
QUOTES = (("'‘‹‚`", "'’›‘´′ʼ"), ('"“«„', '"”»“″'))  # of each kind: before a word, and after one
OPENS = "([{<'\"‘‚‹“„«"  # a quote after one of these begins a word, too
BREAKS = "\n\t"  # between words, like a space
INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"


def normalize(text, known, drop=False):
    """A text that somebody typed, in the spelling of the corpus, as far as there is one.

    `known` holds the characters of the corpus. One that is not in it is replaced by what looks the
    same or alike: composed or decomposed accents, full-width and compatibility forms, other quotes,
    dashes and spaces, then the other case. What is in no spelling known stays, or is left out with
    `drop`.
    """
    if all(c in known for c in text):
        return text

    def spelled(match):
        before = text[max(0, match.start() - 1) : match.start()]
        for spelling in spellings(match[0], not before or before.isspace() or before in OPENS):
            if all(c in known for c in spelling):
                return spelling
        if drop:  # an accent may go, and its letter stay
            return "".join(c for c in unicodedata.normalize("NFD", match[0]) if c in known)
        return unicodedata.normalize("NFC", match[0])

    return CHARACTER.sub(spelled, text)


def cases(character):
    """A character, then its other case. Where that has two letters, there is a way between: a small
    ß is written ss before it is written SS."""
    large = character.lower().upper()
    if character == character.lower():
        return character, large.lower(), large
    return character, character.lower(), large, large.lower()


def spellings(character, begins_word):
    """Yield how else a character may be written, what is closest to it first."""
    for case in cases(character):
        yield case
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            yield unicodedata.normalize(form, case)
        yield "".join(c for c in case if c not in INVISIBLE)
    plain = unicodedata.normalize("NFKC", character)
    for opening, closing in QUOTES:
        if character in opening + closing or plain in opening + closing:
            yield from opening if begins_word else closing
            yield from opening + closing
    for row in ALIKE:
        if character in row or plain in row:
            yield from row
    if plain in BREAKS:
        yield " "
    if len(plain) == 1 and "!" <= plain <= "~":  # there is a full-width form of each
        yield chr(ord(plain) + 0xFEE0)
