"""site/engine/bpe.js: the page learns the tokenizer that train.py learns from the same text."""

import data
import sample_texts
import train
from helpers import PIGS, SEA, TALE
from terrarium.text import END
from terrarium.tokens import encode_documents
from train import Tokenizer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

LEARN = """async ({ documents, heldOut, vocabSize, hasDocuments }) => {
  const { encodeDocuments, finish, trainTokenizer } = await import("/engine/bpe.js");
  const { Tokenizer } = await import("/engine/tokenizer.js");
  const trained = finish(trainTokenizer(documents, { vocabSize, hasDocuments, heldOut }));
  const ids = finish(encodeDocuments(new Tokenizer(trained), documents));
  return { ...trained, ids: Array.from(ids) };
}"""
TEXTS = {**sample_texts.by_script(), "pigs": PIGS, "sea": SEA, "tale": TALE}
# A browser may know letters of a newer Unicode than Python does, for which they are no letters yet.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cn"])
# Few different characters make many pairs equally frequent, which is where an order could differ.
FEW = st.text(st.sampled_from("ab '🙂e\u0301\r\n"), max_size=60)
ANY = st.text(CHARACTERS, max_size=60)


def learned_by_train_py(documents, held_out, vocab_size, has_documents):
    counts = train.Counter()
    for document in documents:
        counts.update(Tokenizer.pre_tokenize(document))
    counts.update(dict.fromkeys(set("".join(held_out)), 0))
    return Tokenizer.train(counts, has_documents, vocab_size)


def check(engine, documents, vocab_size, has_documents, held_out=()):
    found = engine(
        LEARN,
        dict(
            documents=documents,
            heldOut=list(held_out),
            vocabSize=vocab_size,
            hasDocuments=has_documents,
        ),
    )
    tokenizer = learned_by_train_py(documents, held_out, vocab_size, has_documents)
    assert found["vocab"] == tokenizer.vocab
    assert [tuple(pair) for pair in found["merges"]] == tokenizer.merges
    encoded = encode_documents(tokenizer, tokenizer.start, documents)
    assert found["ids"] == [*tokenizer.start, *encoded]
    return tokenizer


@settings(max_examples=100)
@given(
    documents=st.lists(FEW | ANY, min_size=1, max_size=8),
    held_out=st.lists(ANY, max_size=2),
    vocab_size=st.integers(0, 120),
    has_documents=st.booleans(),
)
def test_any_texts_teach_the_page_the_tokenizer_that_they_teach_train_py(
    engine, documents, held_out, vocab_size, has_documents
):
    check(engine, documents, vocab_size, has_documents, held_out)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_all_scripts_teach_both_the_same(engine, name):
    tokenizer = check(engine, [TEXTS[name]], 300, False)
    assert tokenizer.merges


def test_the_built_in_stories_teach_both_the_same(engine):
    documents = data.find("stories").load().train[:300]
    assert END not in "".join(documents)
    assert len(check(engine, documents, 512, True).merges) > 300
