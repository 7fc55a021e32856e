/** site/app/words.js: which words a model has a single token for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { piecesOf, similarTokens, suggestedPairs, tokenOf } from "../../site/app/words.js";

const runWith = (vocab, merges = []) => ({ vocab, manifest: { tokenizer: { vocab, merges } } });

const letters = [...new Set(" heshgirlborxn?!")];
const MERGES = [
  ["h", "e"],
  [" ", "he"],
  ["s", "he"],
  [" ", "she"],
  [" ", "g"],
  ["i", "r"],
  [" g", "ir"],
  [" gir", "l"],
];
const words = runWith([...letters, ...MERGES.map((pair) => pair.join(""))], MERGES);
const characters = runWith(letters);
const at = (run, token) => run.vocab.indexOf(token);

test("a word is its token with a space before it, where there is one", () => {
  assert.equal(tokenOf(words, "girl"), at(words, " girl"));
  assert.equal(tokenOf(words, " she "), at(words, " she"));
  assert.equal(tokenOf(words, "x"), at(words, "x"));
  assert.equal(tokenOf(characters, "g"), at(characters, "g"));
  assert.equal(tokenOf(characters, " "), at(characters, " "));
});

test("a word of several tokens, or of unknown characters, is no token", () => {
  for (const typed of ["boy", "girls", "", "猫"]) assert.equal(tokenOf(words, typed), null, typed);
  assert.equal(tokenOf(characters, "he"), null);
  assert.deepEqual(piecesOf(words, "girls"), [" girl", "s"]);
  assert.deepEqual(piecesOf(characters, "he"), ["h", "e"]);
  assert.deepEqual(piecesOf(words, "猫"), []);
});

test("whole words that begin alike are suggested, no pieces of words; of characters, those that were typed", () => {
  assert.deepEqual(similarTokens(words, "gir"), [at(words, " girl")]);
  assert.deepEqual(similarTokens(words, "shell"), [at(words, " she")]);
  assert.deepEqual(similarTokens(characters, "see"), [at(characters, "s"), at(characters, "e")]);
});

test("every pair that is suggested has two single tokens", () => {
  assert.deepEqual(suggestedPairs(words)[0], [at(words, " he"), at(words, " she")]);
  assert.deepEqual(suggestedPairs(characters), [[at(characters, "?"), at(characters, "!")]]);
  assert.deepEqual(suggestedPairs(runWith(["q", "z", "k"])), [[1, 2]]);
});

test("without words, pairs of what comes up in the prompts are suggested, what is common first", () => {
  const digits = runWith([..."\n0123456789=+"]);
  digits.manifest.prompts = ["3+3=6", "3+4=7\n"];
  const [[first, second], ...others] = suggestedPairs(digits).map((pair) =>
    pair.map((id) => digits.vocab[id]),
  );
  assert.deepEqual([first, second], ["3", "+"]);
  assert.ok(!others.flat().includes("\n"));
});
