/** site/engine/bpe.js: merges are learned one by one, and whole texts encoded. tests/test_bpe.py has train.py beside it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countPieces, documentsOf, encodeDocuments, finish, trainTokenizer } from "../../site/engine/bpe.js";
import { Tokenizer } from "../../site/engine/tokenizer.js";

const LOW = "low lower lowest";

test("each merge says what was joined, how often it occurred, and how many tokens there are now", () => {
  const merges = [...trainTokenizer(LOW, { vocabSize: 100 })];
  assert.deepEqual(merges, [
    { pair: ["l", "o"], token: "lo", count: 3, vocabSize: 9 },
    { pair: ["lo", "w"], token: "low", count: 3, vocabSize: 10 },
    { pair: [" ", "low"], token: " low", count: 2, vocabSize: 11 },
    { pair: [" low", "e"], token: " lowe", count: 2, vocabSize: 12 },
  ]);
});

test("merging ends at the size that was asked for, or where no pair occurs twice", () => {
  for (const vocabSize of [9, 10, 12, 100]) {
    const { vocab, merges } = finish(trainTokenizer(LOW, { vocabSize }));
    assert.equal(vocab.length, Math.min(vocabSize, 12));
    assert.equal(merges.length, vocab.length - 8);
  }
});

test("without merges, the tokens are the characters in the order of Unicode, astral ones last", () => {
  const { vocab, merges } = finish(trainTokenizer("b🙂a\uffee", { vocabSize: 0 }));
  assert.deepEqual(vocab, ["a", "b", "\uffee", "🙂"]);
  assert.deepEqual(merges, []);
});

test("a token that two pairs make is in the vocabulary only once", () => {
  const { vocab } = finish(trainTokenizer("aaab aaab ab aab ba baa baab", { vocabSize: 30 }));
  assert.equal(new Set(vocab).size, vocab.length);
});

test("no token spans two words or two documents", () => {
  const text = Array(9).fill("so long<|endoftext|>far off").join("<|endoftext|>");
  const { vocab } = finish(trainTokenizer(text, { vocabSize: 99, hasDocuments: true }));
  assert.equal(vocab[0], "<|endoftext|>");
  const tokens = vocab.slice(1);
  assert.ok(tokens.includes(" long") && tokens.includes("far"));
  assert.deepEqual(
    tokens.filter((token) => /\S\s|gf/.test(token)),
    [],
  );
});

test("held-out text teaches no merges, but each of its characters has a token", () => {
  const options = { vocabSize: 40, heldOut: "zz zz zz zz" };
  const { vocab, merges } = finish(trainTokenizer(LOW, options));
  assert.ok(vocab.includes("z"));
  assert.deepEqual(merges, finish(trainTokenizer(LOW, { vocabSize: 40 })).merges);
});

test("documents are what stands between end marks, without the spaces around", () => {
  assert.deepEqual(documentsOf(" a b \n<|endoftext|>\x1c\x85c\n<|endoftext|> ", true), ["a b", "c"]);
  assert.deepEqual(documentsOf(" a\n", false), [" a\n"]);
  assert.deepEqual(documentsOf("", false), []);
});

test("the ids of documents have the end token around each, and those of one text have none", () => {
  const documents = ["so long", "so"];
  const ended = new Tokenizer(finish(trainTokenizer(documents, { vocabSize: 0, hasDocuments: true })));
  const ids = finish(encodeDocuments(ended, documents));
  assert.equal(ended.decode(ids), "<|endoftext|>so long<|endoftext|>so<|endoftext|>");
  assert.ok(ids instanceof Uint16Array);
  const single = new Tokenizer(finish(trainTokenizer(LOW, { vocabSize: 11 })));
  assert.deepEqual(Array.from(finish(encodeDocuments(single, [LOW]))), single.encode(LOW));
});

test("whoever counts or encodes a long text gets a turn now and then, and hears how far it is", () => {
  const text = "so long ".repeat(10_000);
  const tokenizer = new Tokenizer(finish(trainTokenizer(text, { vocabSize: 20 })));
  for (const work of [countPieces([text]), encodeDocuments(tokenizer, [text])]) {
    const turns = [...work];
    assert.ok(turns.length >= 3, `${turns.length}`);
    assert.ok(turns.every((read, i) => read > (turns[i - 1] ?? 0) && read <= text.length));
  }
});
