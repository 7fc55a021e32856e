import assert from "node:assert/strict";
import test from "node:test";
import { placeOfWords, wordSteeredTo } from "../../site/app/steered-word.js";

const token = (id, ...top) => ({ id, top: top.map(([one, p]) => ({ id: one, p })) });

test("a text is looked at where the first of two words is written", () => {
  const tokens = [token(5, [5, 0.9], [8, 0.1]), token(8, [8, 0.6]), token(7, [7, 0.9])];
  assert.deepEqual(placeOfWords([1, 7], tokens, [7, 8]), { index: 3, reason: "written" });
});

test("where neither is written, it is looked at where one of the two is likeliest", () => {
  const tokens = [token(5, [5, 0.9]), token(6, [6, 0.5], [7, 0.1], [8, 0.1]), token(5, [7, 0.15])];
  assert.deepEqual(placeOfWords([1], tokens, [7, 8]), { index: 2, reason: "likely" });
});

test("where neither comes up, or nothing is written, it is looked at after the beginning", () => {
  assert.deepEqual(placeOfWords([1, 2], [token(5, [5, 0.9])], [7, 8]), { index: 2, reason: "next" });
  assert.deepEqual(placeOfWords([1, 2], [], [7, 8]), { index: 2, reason: "next" });
});

test("with a strength below 0, steering leads the other way", () => {
  assert.equal(wordSteeredTo({ from: 7, to: 8, strength: 50 }), 8);
  assert.equal(wordSteeredTo({ from: 7, to: 8, strength: -50 }), 7);
});
