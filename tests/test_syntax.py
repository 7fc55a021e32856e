"""What is said of Python that cannot be read: which line, and why."""

from terrarium.typed_head import syntax
from typed_heads import CLASS, RIGHT, RIGHT_CLASSES, head

import pytest
from hypothesis import given
from hypothesis import strategies as st

explain = syntax.explain

SOURCES = [head(body)[1] for body in RIGHT.values()] + [*RIGHT_CLASSES.values()]


def explained(source):
    """(message, line) about a source that Python refuses."""
    with pytest.raises(SyntaxError) as error:
        compile(source, "my_head.py", "exec")
    return explain(source, error.value.lineno or 0)


@pytest.mark.parametrize(
    "source, sentence, line",
    [
        (
            "def attention(q, k, v)\n    return v\n",
            "Line 1 begins with def, but the colon at its end is missing.",
            1,
        ),
        (
            "x = 1\nfor t in range(3)  # each: token\n    x = t\n",
            "Line 2 begins with for, but the colon at its end is missing.",
            2,
        ),
        (
            "if x > 1:\n    y = 1\nelse\n    y = 2\n",
            "Line 3 begins with else, but the colon at its end is missing.",
            3,
        ),
        (
            "def f(q):\nreturn q\n",
            "Line 1 ends with a colon, so line 2, which belongs to it, has to be indented by four more "
            "spaces.",
            1,
        ),
        (
            "def f(q):\n    # only words\n",
            "Line 1 ends with a colon, but nothing indented follows it.",
            1,
        ),
        (
            "x = 1\n\n  y = 2\n",
            "Line 3 is indented too far: delete 2 spaces at its beginning. It has to begin in the same column "
            "as line 1, “x = 1”, which does not end with a colon.",
            3,
        ),
        (
            "def f(q):\n    return weights @ v, weights * 1\n     x = 1\n",
            "Line 3 is indented too far: delete 1 space at its beginning. It has to begin in the same column "
            "as line 2, “return weights @ v, weights * …”, which does not end with a colon.",
            3,
        ),
        (
            "def f(q):\n    x = 1\n      \n  return x\n",
            "Line 4 is indented differently from every block above it: delete 2 spaces at its beginning, "
            "or add 2.",
            4,
        ),
        ("  x = 1\n", "Line 1 has to begin at the left edge.", 1),
        (
            "def f(q):\n    x = 1\n\ty = 2\n",
            "Line 3 begins with a tab, but other lines with spaces: use spaces only.",
            3,
        ),
        ("x = (1 + 2\ny = 3\n", "The bracket ( in line 1 is never closed.", 1),
        (
            "x = (1 + [2)\ny = 3\n",
            "Line 1 has ) where ] should close the bracket [ from line 1.",
            1,
        ),
        ("x = 1)\n", "Line 1 closes a bracket ) that was never opened.", 1),
        (
            "x = 'abc\ny = 1\n",
            "In line 1, the string that begins with ' does not end: ' is missing.",
            1,
        ),
        (
            'def f():\n    """What it does\n    return 1\n',
            'The string that begins with """ in line 2 never ends.',
            2,
        ),
        (
            "if x = 1:\n    y = 2\n",
            "Line 1 asks a question, so it needs ==, which compares; = assigns a value.",
            1,
        ),
        (
            "x = 1\nreturn x\n",
            "Line 2 is outside the function: it has to be indented like the lines of the function.",
            2,
        ),
        (
            "x = 1\ny = x +\n",
            "Python cannot read line 2: y = x +. Is something missing, or is there one character too "
            "many, there or in the line before?",
            2,
        ),
    ],
)
def test_the_mistake_is_named_with_its_line(source, sentence, line):
    assert explained(source) == (sentence, line)


@given(st.sampled_from(SOURCES), st.data())
def test_a_colon_that_is_taken_away_is_missed_in_its_line(source, data):
    lines = source.split("\n")
    ends = [i for i, line in enumerate(lines) if line.endswith(":")]
    i = data.draw(st.sampled_from(ends))
    lines[i] = lines[i][:-1]
    message, line = explained("\n".join(lines))
    assert line == i + 1 and "the colon at its end is missing" in message


@given(st.sampled_from(SOURCES), st.data(), st.integers(1, 7))
def test_a_line_that_is_moved_is_named_or_still_read(source, data, by):
    lines = source.split("\n")
    i = data.draw(
        st.sampled_from(
            [
                i
                for i, line in enumerate(lines)
                if line.startswith("    ") and not line.endswith(":")
            ]
        )
    )
    lines[i] = " " * by + lines[i]
    moved = "\n".join(lines)
    try:
        compile(moved, "my_head.py", "exec")
    except SyntaxError:
        message, line = explained(moved)
        assert line in (i + 1, i + 2) or f"line {i + 1}" in message


@given(st.sampled_from(SOURCES), st.data())
def test_whatever_is_cut_out_there_is_a_sentence(source, data):
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(source))] * 2)))
    left = source[:a] + source[b:]
    try:
        compile(left, "my_head.py", "exec")
    except SyntaxError as error:
        message, line = explain(left, error.lineno or 0)
        assert message.endswith((".", "?")) and len(message) < 400
        assert line is None or 0 <= line <= left.count("\n") + 1


@given(st.sampled_from(SOURCES + [CLASS]))
def test_a_source_that_is_fine_is_not_accused(source):
    """Nothing is found by looking, so that only the line is named that Python itself names."""
    message, line = explain(source, 1)
    assert line == 1 and message.startswith("Python cannot read line 1: ")


@pytest.mark.parametrize(
    "tail", ["# — “x” ♥\n", "s = '— “x” ♥ \u200b'\n", "σ = λ = 1\n", "вес = 1\n"]
)
def test_signs_in_texts_and_comments_and_names_in_other_alphabets_are_left_alone(tail):
    assert syntax.lookalike(SOURCES[0] + tail) is None


@pytest.mark.parametrize("letter, latin", [("а", "a"), ("о", "o"), ("х", "x")])
def test_a_letter_that_only_looks_latin_is_named(letter, latin):
    source = SOURCES[0].replace("softmax", "softmax".replace(latin, letter), 1)
    assert source != SOURCES[0]
    message, line = syntax.lookalike(source)
    assert letter in message and f"the letter {latin}" in message
    assert letter in source.split("\n")[line - 1]


SIGNS = st.one_of(  # of texts in many languages
    st.characters(min_codepoint=first, max_codepoint=last, categories=["P", "S", "Z", "Cf"])
    for first, last in (
        (0x80, 0xFF),
        (0x2000, 0x20CF),
        (0x2190, 0x2BFF),
        (0x3000, 0x3020),
        (0xFF00, 0xFF20),
        (0x1F300, 0x1FAFF),
    )
)


@given(st.sampled_from(SOURCES), SIGNS, st.data())
def test_a_sign_that_python_refuses_is_named_with_its_line(source, sign, data):
    i = data.draw(st.integers(0, len(source)))
    pasted = source[:i] + sign + source[i:]
    try:
        compile(pasted, "my_head.py", "exec")
        return
    except SyntaxError as error:
        if "invalid character" not in error.msg and "non-printable" not in error.msg:
            return
    message, line = syntax.lookalike(pasted)
    assert line == source[:i].count("\n") + 1 and f"U+{ord(sign):04X}" in message
