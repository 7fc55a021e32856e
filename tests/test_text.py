"""What somebody types is read in the spelling of the corpus, in Python as in the page."""

import unicodedata

import train
from terrarium.text import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st


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
        ("Fußball", "FusbalS ", "Fussball"),
        ("STRAẞE", "STRAEs ", "STRASSE"),
        ("ß", "S ", "SS"),
        ("ἄλφας", "ΑΛΦΣἄλφασ ", "ἄλφασ"),
        (unicodedata.normalize("NFD", "한글"), "한글", "한글"),
        ("한글", unicodedata.normalize("NFD", "한글"), unicodedata.normalize("NFD", "한글")),
        ("❤️", "❤", "❤"),
        ("你好,", "你好，", "你好，"),
        ("as it is", "as it is", "as it is"),
    ],
)
def test_what_is_typed_is_read_in_the_spelling_of_the_corpus(typed, corpus, read):
    assert normalize(typed, dict.fromkeys(corpus)) == read


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
@example([(" ß ẞ ς ﬁ", "s_S_σ_f_i_")])
def test_the_page_cuts_and_spells_every_text_as_python_does(engine, pairs):
    texts = [text for text, _ in pairs]
    known = [sorted(set(text[::2] + corpus[::2])) for text, corpus in pairs]
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


@pytest.mark.parametrize("separator", ["\n", "\t"])
def test_what_separates_words_becomes_a_space_where_only_that_is_known(separator):
    assert normalize(f"a{separator}b", {"a", "b", " "}) == "a b"
    assert normalize(f"a{separator}b", {"a", "b", " ", separator}) == f"a{separator}b"
