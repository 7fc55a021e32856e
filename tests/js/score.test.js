/** site/app/score.js: a text of any length, window by window. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bitsPerToken, mostSurprising, windowsOf, wordGroups } from "../../site/app/score.js";

test("each token is predicted once, the first one only after a token that stands before the text", () => {
  for (const room of [1, 2, 3, 8, 63]) {
    for (const length of [0, 1, 2, 7, 8, 9, 64, 200]) {
      for (const hasStart of [true, false]) {
        if (room === 1 && !hasStart) continue; // it sees one token, and can predict none that it is given
        const predicted = windowsOf(length, room, hasStart).flatMap(({ from, to, first }) => {
          assert.ok(to - from <= room && from <= first);
          return Array.from({ length: to - first }, (_, i) => first + i);
        });
        const skipped = hasStart ? 0 : 1;
        assert.deepEqual(
          predicted,
          Array.from({ length: Math.max(0, length - skipped) }, (_, i) => i + skipped),
        );
      }
    }
  }
});

test("every token but the first ones is predicted from at least half a context", () => {
  const room = 64;
  for (const { from, first } of windowsOf(1000, room, true).slice(1)) assert.ok(first - from >= room / 2);
});

const TOKENS = ["The", " b", "att", "er", "y", ".", " It", "'", "s", "\n", "not", " ", "a"];

test("the tokens of a word belong together, and every other one is on its own", () => {
  const groups = wordGroups(TOKENS);
  const texts = groups.map(({ from, to }) => TOKENS.slice(from, to).join(""));
  assert.deepEqual(texts, ["The", " battery", ".", " It's", "\n", "not", " ", "a"]);
  assert.deepEqual(
    groups.map(({ word }) => word),
    ["The", "battery", null, "It's", null, "not", null, "a"],
  );
  assert.deepEqual(wordGroups([]), []);
  const long = Array.from("x".repeat(31)); // no word, but a text without spaces
  assert.equal(wordGroups(long).length, 31);
});

test("a word costs the bits of all its tokens, and the worst of them is named", () => {
  const p = [null, 0.5, 0.25, 0.5, 0.5, 0.125, 1, 1, 1, 1, 0.5, 1, 0.0625];
  const found = mostSurprising(TOKENS, p, 5);
  assert.deepEqual(
    found.map(({ from, to, bits, worst }) => [from, to, bits, worst]),
    [
      [1, 5, 5, 2],
      [12, 13, 4, 12],
      [5, 6, 3, 5],
    ],
  );
  assert.equal(mostSurprising(TOKENS, p, 2).length, 2);
  assert.deepEqual(mostSurprising(["a"], [null], 5), []);
});

test("only what follows the beginning is counted, across windows, too", async () => {
  // A model that gives each token a probability of one half to the power of its id.
  const model = {
    run: { manifest: { settings: { n_ctx: 4 } } },
    score: async (ids) => ({ p: ids.slice(1).map((id) => 2 ** -id), best: [], bestP: [] }),
  };
  const text = [3, 1, 4, 1, 5, 9, 2].map((id) => ({ id }));
  assert.equal(await bitsPerToken(model, [50, 60], text), 25 / 7);
  assert.equal(await bitsPerToken(model, [50, 60], []), null);
});
