"""The tokenizer: nothing is lost, and what it learns is byte-pair encoding."""

import re
import unicodedata
from collections import Counter
from itertools import pairwise

import data
import sample_texts
import train
from helpers import PIGS, learn
from terrarium.errors import BadInput
from terrarium.files import read_json, write_json
from terrarium.text import END
from terrarium.tokens import count_pieces
from train import Settings, Tokenizer, merge

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

CORPUS = (
    'The  cat\tsat on the mat.\n\n"Don\'t!" it said -- 3 times; 10 % café, naïve Ünïcödé\n'
    "日本語の文 और हिन्दी emoji 🙂🙃👩‍👩‍👧 end\r\n"
    "… «ok» _x_ a_b it's 'tis cat's\u00a0mat\u2028\n"
) * 3
SCRIPTS = sample_texts.by_script()
KINDS = sample_texts.by_kind()
CHARACTERS = learn(CORPUS)
MERGED = learn(CORPUS, 130, has_documents=True)  # all kinds of characters, and merges among them


@pytest.fixture(scope="module")
def of_stories():
    corpus = data.find("stories").load()
    counts = count_pieces(Tokenizer, corpus.train)
    return Tokenizer.train(counts, corpus.has_documents, Settings.vocab_size), corpus


# ------------------------------------------------------------------------------ nothing is lost


@given(st.text(st.sampled_from(sorted(set(CORPUS)))))
@example("")
@example("  the  cat\n\n\tand 10\t\t ")
@example("👩‍👩‍👧🙂  🙃'日本語'don't''s' 's")
def test_decoding_what_was_encoded_gives_the_text_back(text):
    for tokenizer in (CHARACTERS, MERGED):
        assert tokenizer.decode(tokenizer.encode(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_pieces_of_any_text_join_to_it(text):
    assert "".join(Tokenizer.pre_tokenize(text)) == text


def test_the_corpus_above_is_learned_with_merges_of_many_kinds():
    assert len(MERGED.merges) > 30
    assert any("🙂" in symbol and len(symbol) > 1 for symbol in MERGED.vocab)


def test_every_story_comes_back_from_its_tokens(of_stories):
    tokenizer, corpus = of_stories
    for story in [*corpus.train[:200], *corpus.validation[:200]]:
        assert tokenizer.decode(tokenizer.encode(story)) == story


def test_pieces_keep_a_space_before_a_word_and_split_off_the_rest():
    assert Tokenizer.pre_tokenize("Hi  there, don't\n\tgo!!  ") == [
        "Hi",
        " ",
        " there",
        ",",
        " don't",
        "\n",
        "\t",
        "go",
        "!!",
        " ",
        " ",
    ]


# ------------------------------------------------------------------------------ characters


def test_with_nothing_merged_the_ids_are_the_characters_in_their_order():
    tokenizer = learn("banana split", 0)
    assert tokenizer.vocab == [" ", "a", "b", "i", "l", "n", "p", "s", "t"]
    assert tokenizer.encode("banana") == [2, 1, 5, 1, 5, 1]
    assert tokenizer.end is None and tokenizer.merges == []


@given(st.text(st.sampled_from(sorted(set(CORPUS)))))
def test_characters_are_one_token_each(text):
    assert CHARACTERS.encode(text) == [sorted(set(CORPUS)).index(c) for c in text]


def test_documents_have_an_end_token_and_it_is_number_zero():
    tokenizer = learn("ab", 0, has_documents=True)
    assert tokenizer.vocab == ["<|endoftext|>", "a", "b"] and tokenizer.end == 0


def test_the_words_of_the_end_token_in_a_text_are_only_characters():
    tokenizer = learn("<|endoftext|> here", 0, has_documents=True)
    assert tokenizer.end not in tokenizer.encode("<|endoftext|>")


# ------------------------------------------------------------------------------ merges


def test_glue_joins_a_pair_from_the_left_and_never_uses_a_part_twice():
    assert merge(["t", "h", "e"], ("t", "h")) == ["th", "e"]
    assert merge(["a", "a", "a"], ("a", "a")) == ["aa", "a"]
    assert merge(["a", "a", "a", "a"], ("a", "a")) == ["aa", "aa"]
    assert merge(["x", "th", "e", "th", "e"], ("th", "e")) == ["x", "the", "the"]
    assert merge([], ("a", "b")) == []


def test_low_lower_lowest_is_merged_as_by_hand():
    tokenizer = learn("low lower lowest", 100, has_documents=True)
    # l o and o w occur three times, then " low" and "lowe" twice; what is left occurs only once
    assert tokenizer.merges == [("l", "o"), ("lo", "w"), (" ", "low"), (" low", "e")]
    assert tokenizer.vocab == [
        "<|endoftext|>",
        " ",
        "e",
        "l",
        "o",
        "r",
        "s",
        "t",
        "w",
        "lo",
        "low",
        " low",
        " lowe",
    ]
    assert tokenizer.encode("low lower lowest") == [10, 12, 5, 12, 6, 7]
    assert tokenizer.encode("slow owl") == [6, 10, 1, 4, 8, 3]


def test_the_most_frequent_pair_comes_first_and_no_more_are_merged_than_the_vocabulary_holds():
    text = "ab ab ab ab ab xy xy xy cd cd"  # 7 characters; "ab" 5 times, " a" 4, " x" and "xy" 3
    assert learn(text, 7).merges == []
    assert learn(text, 8).merges == [("a", "b")]
    assert learn(text, 9).merges == [("a", "b"), (" ", "ab")]
    assert learn(text, 10).merges == [("a", "b"), (" ", "ab"), (" ", "x")]
    assert learn(text, 10).vocab == [" ", "a", "b", "c", "d", "x", "y", "ab", " ab", " x"]
    assert len(learn(text, 10, has_documents=True).vocab) == 10  # the end token is one of them
    assert learn(text, 99).merges == [
        ("a", "b"),
        (" ", "ab"),
        (" ", "x"),
        (" x", "y"),
        (" ", "c"),
        (" c", "d"),
    ]


def test_a_pair_that_occurs_once_is_not_merged():
    assert learn("abcdefg", 100).merges == []
    assert learn("abab", 100).merges == [("a", "b")]


def test_merges_are_made_in_the_order_they_were_learned_in():
    tokenizer = Tokenizer(["a", "b", "c", "bc", "ab", "abc"], [("b", "c"), ("a", "b"), ("a", "bc")])
    assert tokenizer.encode("abc") == [5]
    assert tokenizer.encode("abab") == [4, 4]
    assert tokenizer.encode("aabcb") == [0, 5, 1]


words = st.text("abc", min_size=1, max_size=8)
corpora = st.dictionaries(words, st.integers(0, 9), max_size=12)


@given(corpora, st.integers(0, 20), st.booleans())
@example({"aaaaaaa": 3, "aaa": 1}, 20, False)
def test_every_merge_has_the_highest_count_when_everything_is_counted_anew(
    counts, size, has_documents
):
    tokenizer = Tokenizer.train(Counter(counts), has_documents, size)
    parts = {word: list(word) for word in counts}
    symbols = {*"".join(counts), *[END] * has_documents}

    def recounted():
        pairs = Counter()
        for word, often in counts.items():
            for pair in pairwise(parts[word]):
                pairs[pair] += often
        return pairs

    for pair in tokenizer.merges:
        pairs = recounted()
        assert pairs[pair] == max(pairs.values()) >= 2
        assert len(symbols) < size
        symbols.add("".join(pair))
        parts = {word: merge(cut, pair) for word, cut in parts.items()}
    assert len(tokenizer.vocab) == len(set(tokenizer.vocab)) == len(symbols)
    if len(symbols) < size:  # it stopped early: nothing occurs twice any more
        assert max(recounted().values(), default=0) < 2


@given(corpora)
def test_no_merge_is_learned_twice(counts):
    merges = Tokenizer.train(Counter(counts), False, 25).merges
    assert len(set(merges)) == len(merges)


@given(
    st.lists(
        st.sampled_from(["cat", "cats", " ", " the", "'s", "!", "\n", " hat", "don't", "."]),
        min_size=1,
    ).map("".join)
)
def test_no_token_crosses_a_word_border(text):
    tokenizer = learn(text * 5, 200)
    borders, at = set(), 0
    for piece in Tokenizer.pre_tokenize(text):
        at += len(piece)
        borders.add(at)
    ends, at = set(), 0
    for i in tokenizer.encode(text):
        at += len(tokenizer.vocab[i])
        ends.add(at)
    assert borders <= ends


def test_no_token_of_the_stories_has_a_space_inside(of_stories):
    tokenizer, _ = of_stories
    assert not [s for s in tokenizer.vocab if " " in s[1:] or ("\n" in s and s != "\n")]


# ------------------------------------------------------------------------------ kept in a file


def test_a_tokenizer_that_was_saved_and_read_is_the_same(tmp_path):
    write_json(tmp_path / "tokenizer.json", dict(vocab=MERGED.vocab, merges=MERGED.merges))
    again = Tokenizer(**read_json(tmp_path / "tokenizer.json"))
    assert (again.vocab, again.merges, again.end) == (MERGED.vocab, MERGED.merges, MERGED.end)
    assert again.encode(CORPUS) == MERGED.encode(CORPUS)


def test_encoding_one_text_changes_nothing_for_the_next():
    used, fresh = learn(CORPUS, 130), learn(CORPUS, 130)
    used.encode("The cat sat on the mat. it said the")
    assert used.cache and used.encode("it said the cat") == fresh.encode("it said the cat")


def test_the_stories_make_768_tokens_and_a_sentence_has_these(of_stories):
    tokenizer, _ = of_stories
    assert len(tokenizer.vocab) == 768
    ids = tokenizer.encode("Once upon a time there was a frightened puppy named Mia.")
    assert [tokenizer.vocab[i] for i in ids] == [
        "Once",
        " upon",
        " a",
        " time",
        " there",
        " was",
        " a",
        " fr",
        "ight",
        "en",
        "ed",
        " p",
        "u",
        "ppy",
        " named",
        " Mia",
        ".",
    ]
    assert ids == [545, 544, 58, 234, 265, 66, 58, 157, 268, 98, 71, 89, 50, 208, 546, 446, 6]


@pytest.mark.parametrize("vocab_size", [0, 60])
def test_a_prompt_with_an_unseen_character_is_refused_with_the_character_and_its_place(vocab_size):
    counts = train.Counter(train.Tokenizer.pre_tokenize(PIGS))
    tokenizer = train.Tokenizer.train(counts, False, vocab_size)
    with pytest.raises(BadInput) as error:
        tokenizer.encode("see the žea")
    assert str(error.value) == (
        "No token for 'ž', character 9 of 'see the žea': it does not occur in the corpus. "
        "Remove it."
    )


def test_of_many_unseen_characters_the_first_is_named():
    tokenizer = train.Tokenizer(["a", "b"])
    for text in ("ab1234567", "ab123 4567", "ab 12 34 56"):
        with pytest.raises(BadInput, match="character 3 of"):
            tokenizer.encode(text)


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


# ------------------------------------------------------------------------------ words of every script


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
    tokenizer = learn(text, 512)
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


def test_english_has_the_pieces_that_it_always_had(corpora):
    text = (
        (corpora / "tinystories.txt").read_bytes()[: 2**21].decode("utf-8", "ignore")
        if (corpora / "tinystories.txt").exists()
        else SCRIPTS["English"]
    )
    assert train.Tokenizer.pre_tokenize(text) == before(text)


def test_shakespeare_has_the_pieces_that_it_always_had(corpora):
    path = corpora / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip("tinyshakespeare.txt was not downloaded")
    text = path.read_text("utf-8")
    assert train.Tokenizer.pre_tokenize(text) == before(text)
