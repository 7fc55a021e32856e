/** site/app/embeddings.js: which tokens are shown first, and pairs that may be computed with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { analogies, clearestTokens } from "../../site/app/embeddings.js";

/** A run whose tokenizer has merged some words from their beginnings and an end. */
function runWith(letters, words = []) {
  const merges = words.flatMap((word) =>
    Array.from(word.slice(1), (letter, i) => [word.slice(0, i + 1), letter]),
  );
  const unique = [...new Map(merges.map((pair) => [pair.join(""), pair])).values()];
  const characters = [...new Set([...letters, ...words.join("")])];
  const vocab = [...characters, ...unique.map((pair) => pair.join(""))];
  return { vocab, manifest: { tokenizer: { vocab, merges: unique } } };
}

test("letters are computed with as small and capital ones, words without he and she as those with an s", () => {
  const written = (run) => analogies(run).alike.map((ids) => ids.map((id) => run.vocab[id]).join(" "));
  assert.deepEqual(written(runWith("abAB?!z")), ["A a b B", "B b a A"]);
  assert.deepEqual(written(runWith("", [" dogs", " cats"])), [
    " dogs  dog  cat  cats",
    " cats  cat  dog  dogs",
  ]);
  assert.deepEqual(written(runWith("", [" he", " she", " boy", " girl", " dogs", " cats"])).slice(0, 1), [
    " she  he  boy  girl",
  ]);
  assert.deepEqual(written(runWith("0123+=\n")), []);
});

test("the tokens that have the clearest neighbours come first, a different kind each, and the loneliest last", () => {
  const run = runWith("abcdefg \n");
  const neighbours = [
    [[1, 0.8]], // a is like b
    [[0, 0.8]],
    [[3, 0.9]], // c like d, most of all
    [[2, 0.9]],
    [[5, 0.5]],
    [[4, 0.5]],
    [[0, 0.1]], // g like nothing, but it is rare
    [[0, 0.95]], // a space: nobody would see it
    [[0, 0.95]],
  ];
  const shown = clearestTokens(run, {
    ids: [4, 6, 5, 0, 1, 2, 3, 7, 8],
    neighbours: [4, 6, 5, 0, 1, 2, 3, 7, 8].map((id) => neighbours[id]),
  });
  assert.deepEqual(
    shown.map((id) => run.vocab[id]),
    ["c", "a", "e", "g"],
  );
  assert.deepEqual(clearestTokens(run, { ids: [], neighbours: [] }), []);
});

test("only words are computed with as words, however many letters there are tokens for", () => {
  const marks = "?!.eaIO";
  const words = [" he", " she", " dog", " cat"];
  const run = runWith(marks, words);
  const found = analogies(run).all.map((ids) => ids.map((id) => run.vocab[id]));
  assert.ok(found.some((one) => one.join() === " she, he, dog, cat"));
  for (const one of found) for (const token of one) assert.ok(words.includes(token), token);
  assert.deepEqual(analogies(runWith(marks)), { alike: [], all: [] });
});
