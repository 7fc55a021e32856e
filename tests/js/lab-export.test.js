/** site/app/lab-export.js; whole exports are tested in test_lab_take.py, in a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { halfBits, packed } from "../../site/app/lab-export.js";
import { half, unpack } from "../../site/engine/weights.js";

test("every number of 16 bits comes back as itself", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const number = half(bits);
    if (!Number.isNaN(number)) assert.equal(halfBits(number), bits);
  }
  assert.ok(Number.isNaN(half(halfBits(NaN))));
});

test("any other number becomes the nearest one, and of two the even one", () => {
  const positive = Array.from({ length: 0x7bff }, (_, bits) => bits);
  for (const bits of positive) {
    const [low, high] = [half(bits), half(bits + 1)];
    const [quarter, middle] = [low + (high - low) / 4, low + (high - low) / 2];
    assert.equal(halfBits(quarter), bits);
    assert.equal(halfBits(-quarter), bits | 0x8000);
    assert.equal(halfBits(high - (high - low) / 4), bits + 1);
    assert.equal(halfBits(middle), bits % 2 ? bits + 1 : bits);
  }
  assert.equal(half(halfBits(1e6)), Infinity);
});

test("packed weights are read back, whatever their shapes are", () => {
  const shapes = [
    { name: "matrix", shape: [3, 1] },
    { name: "norm", shape: [5] },
    { name: "last", shape: [1, 7] },
  ];
  const weights = Float32Array.from({ length: 15 }, (_, i) => i / 8 - 1);
  const { bytes, layout } = packed(shapes, weights);
  const tensors = unpack(bytes.buffer, layout);
  const read = shapes.flatMap(({ name }) => [...tensors.get(name).values]);
  assert.deepEqual(read, [...weights]);
});
