/** site/app/forward-pass.js: where heads look. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ForwardPass } from "../../site/app/forward-pass.js";

const VOCAB = ["<|endoftext|>", " the", " girl", " saw", ",", " she", " ball"];

/** A text whose heads look only where `looks` says: [head, query, key, weight]. */
function passOf(ids, looks, { heads = 2, promptLength = 2, vocab = VOCAB } = {}) {
  const triangle = (ids.length * (ids.length + 1)) / 2;
  const attention = new Float32Array(heads * triangle);
  for (const [head, query, key, weight] of looks) {
    attention[head * triangle + (query * (query + 1)) / 2 + key] = weight;
  }
  const generated = ids.slice(promptLength).map((id) => ({ id, p: 0.9, top: [[id, 0.9]] }));
  return new ForwardPass({ run: { vocab }, ids, promptLength, generated, attention });
}

const TEXT = [0, 1, 2, 3, 1, 6, 4, 5]; // (end) the girl saw the ball , she

test("the clearest look is the largest weight of any head on a word further back", () => {
  const pass = passOf(TEXT, [
    [0, 6, 2, 0.6],
    [1, 6, 2, 0.8],
    [1, 5, 3, 0.7],
  ]);
  const { head, position } = pass.clearestLook();
  assert.deepEqual([head, position], [1, 7]);
  assert.equal(pass.clearestLook([0]).head, 0);
});

test("a look at the first token, at the one before, or at the query itself says little", () => {
  const pass = passOf(TEXT, [
    [0, 6, 0, 1],
    [0, 6, 5, 1],
    [0, 6, 6, 1],
    [0, 6, 2, 0.3],
  ]);
  assert.ok(Math.abs(pass.clearestLook([0]).weight - 0.3) < 1e-6);
});

test("a word that came before, and a comma, are nothing to look at", () => {
  const pass = passOf(TEXT, [
    [0, 6, 1, 1],
    [0, 6, 4, 1],
    [0, 6, 3, 0.2],
  ]);
  assert.ok(Math.abs(pass.clearestLook([0]).weight - 0.2) < 1e-6);
});

test("in a model of characters, a letter is looked at", () => {
  const vocab = ["\n", "a", "b", ".", "c"];
  const pass = passOf([0, 1, 2, 3, 4, 1], [[0, 4, 2, 0.5]], { vocab });
  assert.equal(pass.clearestLook().position, 5);
});

test("where there is no word to look at, the first uncertain position is shown", () => {
  const pass = passOf([0, 1, 4, 4], []);
  assert.equal(pass.clearestLook(), null);
  assert.equal(pass.wordPosition(0), pass.firstUncertain);
});
