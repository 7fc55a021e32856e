/** site/app/lab-merges.js: what merges do to a text, one after the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MergeReplay } from "../../site/app/lab-merges.js";
import { Tokenizer } from "../../site/engine/tokenizer.js";

const TEXT = "the hen and the other hen, then the end. aaaa\n";
const MERGES = [
  ["h", "e"],
  ["t", "he"],
  [" ", "the"],
  ["he", "n"],
  ["a", "a"],
  ["aa", "aa"],
  [" ", "hen"],
];

/** The tokenizer that the first n merges make. */
function tokenizerAfter(n) {
  const merges = MERGES.slice(0, n);
  return new Tokenizer({ vocab: [...new Set(TEXT), ...merges.map((pair) => pair.join(""))], merges });
}

function followed() {
  const replay = new MergeReplay(TEXT);
  replay.follow(MERGES);
  return replay;
}

test("a sentence is cut as the tokenizer of so many merges cuts it", () => {
  const replay = followed();
  for (let n = 0; n <= MERGES.length; n++) {
    const tokenizer = tokenizerAfter(n);
    const expected = tokenizer.encode(TEXT).map((id) => tokenizer.vocab[id]);
    assert.deepEqual(replay.cut(TEXT, n).flat(), expected, `after ${n} merges`);
  }
});

test("tokens are counted as the tokenizer of so many merges makes them", () => {
  const replay = followed();
  for (let n = 0; n <= MERGES.length; n++) {
    const nTokens = tokenizerAfter(n).encode(TEXT).length;
    assert.equal(replay.charactersPerToken(n), TEXT.length / nTokens, `after ${n} merges`);
  }
});

test("only words count for the tokens of a word", () => {
  const replay = new MergeReplay("ab ab, ... !");
  assert.equal(replay.tokensPerWord(0), 5 / 2); // "ab" and " ab"
  replay.follow([
    [".", "."],
    ["a", "b"],
  ]);
  assert.equal(replay.tokensPerWord(1), 5 / 2);
  assert.equal(replay.tokensPerWord(2), 3 / 2);
});

test("merges may come one after the other", () => {
  const replay = new MergeReplay(TEXT);
  for (let n = 1; n <= MERGES.length; n++) assert.ok(replay.follow(MERGES.slice(0, n)));
  assert.deepEqual(replay.inAll, followed().inAll);
  assert.ok(replay.follow(MERGES.slice(0, 2))); // a smaller vocabulary begins alike
  assert.deepEqual(replay.inAll, followed().inAll);
});

test("other merges than those before are refused", () => {
  assert.equal(followed().follow([["n", "d"]]), false);
});

test("a text without words, or without anything, has no tokens for a word", () => {
  assert.equal(new MergeReplay("... !!").tokensPerWord(0), null);
  assert.equal(new MergeReplay("").tokensPerWord(0), null);
  assert.equal(new MergeReplay("").charactersPerToken(0), null);
  assert.deepEqual(new MergeReplay("").cut("", 0), []);
});

test("Chinese, emoji and text from right to left are cut into characters at first", () => {
  for (const text of ["我爱你", "👋🏽 hi", "שלום"]) {
    assert.deepEqual(new MergeReplay(text).cut(text, 0).flat(), Array.from(text));
  }
});
