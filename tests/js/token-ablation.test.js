/** site/app/token-ablation.js: what each part of a model does for one token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { effectsOnToken, tokenToExplain } from "../../site/app/token-ablation.js";

/** A model of 2 layers of 2 heads in which head 1.0 raises token 2 after a text of two, and nothing else matters. */
const model = (calls = []) => ({
  run: { manifest: { settings: { n_layer: 2, n_head: 2 } } },
  async nextLogits(ids, { intervention: { heads, layers }, signal }) {
    signal?.throwIfAborted();
    calls.push(ids);
    const isOff = heads.includes("1.0") || layers.includes(1);
    return Float32Array.of(0, 0, ids.length === 2 && !isOff ? Math.log(6) : 0);
  },
});

test("parts are ranked by how far the probability of the token falls without them", async () => {
  const calls = [];
  const { before, heads, layers } = await effectsOnToken(model(calls), [0, 1, 2, 1], 2);
  assert.ok(Math.abs(before - 6 / 8) < 1e-6);
  assert.equal(heads.length, 4);
  assert.deepEqual(heads[0].operation, { kind: "head", head: "1.0" });
  assert.ok(Math.abs(heads[0].after - 1 / 3) < 1e-6);
  assert.ok(Math.abs(heads[1].after - 6 / 8) < 1e-6);
  assert.deepEqual(
    layers.map(({ operation }) => operation.layer),
    [1, 0],
  );
  for (const ids of calls) assert.deepEqual(ids, [0, 1]); // neither the token itself, nor what follows
});

test("nothing more is read once another token is chosen", async () => {
  const calls = [];
  const controller = new AbortController();
  const onProgress = (done) => done === 2 && controller.abort();
  const { signal } = controller;
  await assert.rejects(effectsOnToken(model(calls), [0, 1, 2], 2, { signal, onProgress }));
  assert.equal(calls.length, 3);
});

const VOCAB = ["<|endoftext|>", " there", " was", " Tom", ".", " He", " saw", " wonderful", "a"];
const written = (...ids) => ids.map((id, i) => ({ id, p: 0.9 - 0.1 * i }));
const first = (promptIds, ...ids) => tokenToExplain(promptIds, written(...ids), VOCAB);

test("one asks first about a name that the model wrote again, not about what merely begins a sentence", () => {
  assert.equal(first([0, 1], 2, 3, 4, 5, 6, 4, 3, 4, 5), 8);
  assert.equal(first([0, 6, 3, 4], 3, 2), 4); // it stood in the prompt
  assert.equal(first([0, 1], 2, 7, 7, 2, 4, 5, 0), 4); // or about a long word
});

test("without either one asks about the token that the model was least sure of", () => {
  assert.equal(first([0, 1], 2, 6, 4), 4);
  assert.equal(first([8], 8), 1);
  assert.equal(first([0]), null);
});
