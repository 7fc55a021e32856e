/** site/app/seed-counts.js: texts with several seeds, and what is counted in them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countWord,
  differing,
  divergence,
  divergences,
  mostDifferentWord,
  seedsFrom,
  wordAt,
  wordsOf,
  writeSeeds,
} from "../../site/app/seed-counts.js";

const VOCAB = ["<|endoftext|>", " Tom", " run", "ning", ".", " said", " tom", "'s", " ", "\n", " cat"];
const text = (...ids) => ids.map((id) => ({ id }));

/** A model whose text is its seed, in two parts. */
const echo = (calls) => ({
  async generate(params, { signal, onProgress }) {
    signal?.throwIfAborted();
    calls.push(params);
    onProgress(text(params.seed));
    onProgress(text(4));
  },
});

test("there is one text for each seed, in their order, and each is reported when it is written", async () => {
  const calls = [];
  const reported = [];
  const onProgress = (texts) => reported.push(texts.length);
  const texts = await writeSeeds(echo(calls), { ids: [0], tokens: 5 }, seedsFrom(3, 3), { onProgress });
  assert.deepEqual(texts, [text(3, 4), text(4, 4), text(5, 4)]);
  assert.deepEqual(reported, [1, 2, 3]);
  assert.deepEqual(calls[2], { ids: [0], tokens: 5, branch: [], seed: 5 });
});

test("tokens that somebody took stay, but each seed brings its own luck", async () => {
  const calls = [];
  const branch = [
    { at: 2, id: 7 },
    { at: 5, seed: 9 },
  ];
  await writeSeeds(echo(calls), { branch }, [1]);
  assert.deepEqual(calls[0].branch, [{ at: 2, id: 7 }]);
});

test("nothing more is written once nobody waits", async () => {
  const calls = [];
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  const { signal } = controller;
  await assert.rejects(writeSeeds(echo(calls), {}, [1, 2, 3], { signal, onProgress }));
  assert.equal(calls.length, 1);
});

test("two texts differ from their first different token on, or where one of them ends", () => {
  assert.equal(divergence(text(1, 2, 3), text(1, 2, 4)), 2);
  assert.equal(divergence(text(1, 2), text(1, 2, 4)), 2);
  assert.equal(divergence(text(), text(1)), 0);
  assert.equal(divergence(text(1, 2), text(1, 2)), null);
  assert.deepEqual(divergences([text(1), text(2)], [text(1), text(3)]), [null, 0]);
});

test("the average is about the texts that differ, and only about those", () => {
  const texts = [text(1, 2, 3, 4), text(1, 2), text(5)];
  assert.deepEqual(differing(texts, [text(1, 2, 3, 5), text(1, 2), text(6)]), {
    differ: 2,
    texts: 3,
    meanStart: 1.5,
  });
  assert.deepEqual(differing(texts, texts), { differ: 0, texts: 3, meanStart: null });
});

test("a token belongs to a word, and what is no word to the next one", () => {
  const tokens = text(1, 7, 8, 2, 3, 4, 9, 5, 0);
  assert.equal(wordsOf(tokens, VOCAB), " Tom's  running.\n said");
  assert.deepEqual(
    tokens.map((_, i) => wordAt(tokens, VOCAB, i)),
    ["Tom's", "Tom's", "running", "running", "running", "said", "said", "said", null],
  );
  assert.equal(wordAt(text(4), VOCAB, 0), null);
});

test("a word is counted once in each text, whole, and however it is capitalized", () => {
  const texts = [text(1, 1), text(6), text(2, 3), text(2), text(1, 7)];
  assert.equal(countWord(texts, VOCAB, "Tom"), 2);
  assert.equal(countWord(texts, VOCAB, "run"), 1);
  assert.equal(countWord(texts, VOCAB, "running"), 1);
  assert.equal(countWord(texts, VOCAB, "dog"), 0);
  assert.equal(countWord([], VOCAB, "dog"), 0);
});

test("the word that tells two lists of texts apart best is found, however it is capitalized", () => {
  const found = mostDifferentWord(
    ["Tom ran", "tom ran, Tom!", "TOM"],
    ["a cat ran", "the cat ran", "it ran"],
  );
  assert.deepEqual(found, { word: "tom", among: 6 });
  assert.equal(mostDifferentWord(["a cat"], ["cat: a"]), null);
  assert.equal(mostDifferentWord([""], ["…"]), null);
});
