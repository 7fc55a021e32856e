/** site/app/patching.js: which texts and places are compared, and how far a patch moves a prediction. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  depthsOf,
  exampleIn,
  patchEffects,
  positionsToTry,
  similarText,
  tellingTokens,
} from "../../site/app/patching.js";

const VOCAB = ["<|endoftext|>", "He", "She", " he", " she", " was", " Tom", " Bob", " Then", " then", "."];
const MERGES = VOCAB.slice(1, 10).flatMap((token) =>
  Array.from(token)
    .slice(1)
    .map((character, i) => [token.slice(0, i + 1), character]),
);
const vocab = [...new Set([...VOCAB, ...MERGES.flat()])];
const run = { vocab, manifest: { tokenizer: { vocab, merges: MERGES }, settings: { n_ctx: 32 } } };
const ids = (...tokens) => [0, ...tokens.map((token) => vocab.indexOf(token))];
const logitsFor = (...likely) =>
  Float32Array.from(vocab, (token) => (likely.includes(token) ? 9 - likely.indexOf(token) : 0));

test("there is a row for the embeddings and one for each layer", () => {
  assert.deepEqual(depthsOf(3), [0, 2, 4, 6]);
});

test("the tokens that tell two texts apart lose and gain most; texts that say the same have none", () => {
  const [one, other] = [logitsFor(" Tom", "."), logitsFor(" Bob", ".")];
  const { a, b, gain } = tellingTokens(one, other);
  assert.deepEqual([vocab[a], vocab[b]], [" Tom", " Bob"]);
  assert.ok(gain > 0.5 && gain < 1);
  assert.equal(tellingTokens(one, one), null);
});

test("an effect is 0 where nothing changes, and 1 where the other text's difference is reached", async () => {
  const model = { patchDifferences: async () => ({ differences: Float32Array.of(-2, 4, 1, 7) }) };
  const found = await patchEffects(model, { positions: [1, 2, 3, 4], tokens: {}, before: -2, after: 4 });
  assert.deepEqual(found, [0, 1, 0.5, 1.5]);
});

test("places are tried from the first difference on; of too many, the middle is left out", () => {
  assert.deepEqual(positionsToTry([0, 1, 2, 3], [0, 1, 5, 3], 9), [2, 3]);
  assert.deepEqual(positionsToTry([0, 1, 2, 3], [0, 1, 5], 9), []);
  assert.deepEqual(positionsToTry([0, 1], [0, 1], 9), []);
  assert.deepEqual(positionsToTry([0, 1, 2, 3, 4, 5, 6], [9, 1, 2, 3, 4, 5, 6], 4), [0, 1, 5, 6]);
});

/** A model that would put one of two names after the first tokens, and repeats the name that it has read. */
const repeating = {
  run,
  nextLogits: async (read) =>
    read.length < 4
      ? logitsFor(" Tom", " Bob", " Then")
      : logitsFor(read.includes(vocab.indexOf(" Tom")) ? " Tom" : " Bob"),
};

test("the other text has the likeliest other name, where the model says the name again", async () => {
  const text = await similarText(repeating, ids("He", " was", " Tom", "."));
  assert.equal(text, "He was Bob.");
});

test("a word with an opposite is exchanged where there is no name", async () => {
  const model = { run, nextLogits: async (read) => logitsFor(read.includes(1) ? " Tom" : " Bob") };
  assert.equal(await similarText(model, ids("He", " was")), "She was");
});

test("a text of which nothing can be exchanged has no other", async () => {
  assert.equal(await similarText({ run, nextLogits: async () => logitsFor(".") }, ids(".")), "");
});

test("an example ends before a name that stands once before, and not before what the model doubts", () => {
  const written = (...pairs) => pairs.map(([token, p]) => ({ id: vocab.indexOf(token), p }));
  const tokens = written([" Tom", 0.5], [".", 1], [" Then", 1], [" he", 1], [" Tom", 0.9], [" he", 0.9]);
  assert.equal(exampleIn(run, ids("He", " was"), tokens), "He was Tom. Then he");
  const doubtful = written([" Tom", 0.5], [".", 1], [" Then", 1], [" Tom", 0.1]);
  assert.equal(exampleIn(run, ids("He", " was"), doubtful), null);
});
