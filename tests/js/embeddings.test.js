/** site/app/embeddings.js: which pairs of words may be computed with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { analogies } from "../../site/app/embeddings.js";

const MARKS = [..."?!.eaIO"];
const WORDS = [" he", " she", " dog", " cat"];

/** A run that has these words as tokens, and single characters. */
function runWith(words) {
  const pairs = words.flatMap((word) =>
    Array.from(word.slice(1), (letter, i) => [word.slice(0, i + 1), letter]),
  );
  const merges = [...new Map(pairs.map((pair) => [pair.join(""), pair])).values()];
  const characters = new Set([...MARKS, ...words.join("")]);
  const vocab = [...characters, ...merges.map((pair) => pair.join(""))];
  return { vocab, manifest: { tokenizer: { vocab, merges } } };
}

test("only words are computed with as words, however many letters there are tokens for", () => {
  const run = runWith(WORDS);
  const found = analogies(run).all.map((ids) => ids.map((id) => run.vocab[id]));
  assert.ok(found.some((one) => one.join() === " she, he, dog, cat"));
  for (const one of found) for (const token of one) assert.ok(WORDS.includes(token), token);
  assert.deepEqual(analogies(runWith([])), { alike: [], all: [] });
});
