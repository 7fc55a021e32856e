/** site/engine/flat-weights.js: all weights of a model in one list, and back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flattened, tensorsOf } from "../../site/engine/flat-weights.js";

const SETTINGS = { vocab_size: 3, n_embd: 2, n_ff: 4, n_ctx: 5, n_layer: 1 };
const N = 3 * 2 + 5 * 2 + (4 * 2 + 4 * 4 + 2 * 8) + 4 + 3 * 2; // embeddings, a block, the last norm, unembedding

test("weights come back as they were, each under its name", () => {
  const weights = Float32Array.from({ length: N }, (_, i) => i);
  const tensors = tensorsOf(weights, SETTINGS);
  assert.deepEqual(tensors.get("token_embedding.weight").shape, [3, 2]);
  assert.deepEqual(
    [...tensors.get("position_embedding.weight").values],
    [6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  );
  assert.deepEqual([...tensors.get("unembed.weight").values], [N - 6, N - 5, N - 4, N - 3, N - 2, N - 1]);
  assert.deepEqual(flattened(tensors, SETTINGS), weights);
});

test("weights of eight bits become the numbers that they stand for", () => {
  const tensors = tensorsOf(new Float32Array(N), SETTINGS);
  const scales = Float32Array.of(0.5, 1, 2);
  tensors.set("token_embedding.weight", { shape: [3, 2], values: Int8Array.of(1, 2, 3, 4, 5, -6), scales });
  assert.deepEqual([...flattened(tensors, SETTINGS).subarray(0, 6)], [0.5, 1, 3, 4, 10, -12]);
});
