import assert from "node:assert/strict";
import test from "node:test";

import { between } from "../../site/engine/between.js";

const start = new Map([
  ["table", { shape: [2, 2], values: Int8Array.of(1, 2, 3, 4), scales: Float32Array.of(0.5, 2) }],
  ["bias", { shape: [2], values: Float32Array.of(0, 1) }],
]);
const end = new Map([
  ["table", { shape: [2, 2], values: Int8Array.of(2, 2, 4, 4), scales: Float32Array.of(1, 1) }],
  ["bias", { shape: [2], values: Float32Array.of(1, -1) }],
]);
const numbers = (fraction) => [...between(start, end, fraction)].map(([, { values }]) => [...values]);

test("weights go along the line from one model to another, and on", () => {
  assert.deepEqual(numbers(0), [
    [0.5, 1, 6, 8],
    [0, 1],
  ]);
  assert.deepEqual(numbers(0.5)[0], [1.25, 1.5, 5, 6]);
  assert.deepEqual(numbers(1), [
    [2, 2, 4, 4],
    [1, -1],
  ]);
  assert.deepEqual(numbers(1.5)[1], [1.5, -2]);
});

test("weights on the way keep their shapes, and have no scales", () => {
  const { shape, scales } = between(start, end, 0.5).get("table");
  assert.deepEqual(shape, [2, 2]);
  assert.equal(scales, undefined);
});
