/** site/engine/intervention.js: directions to compare with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomDirection } from "../../site/engine/intervention.js";
import { makeRng } from "../../site/engine/sample.js";

const length = (vector) => Math.hypot(...vector);

test("a random direction is as long as the one that it is compared with, and hardly points the same way", () => {
  const rng = makeRng(1);
  const vector = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i) * 3);
  for (let i = 0; i < 20; i++) {
    const random = randomDirection(vector, rng);
    assert.ok(Math.abs(length(random) - length(vector)) < 1e-3);
    const cosine = random.reduce((sum, value, c) => sum + value * vector[c], 0) / length(vector) ** 2;
    assert.ok(Math.abs(cosine) < 0.45, `${cosine}`); // five standard deviations, 1 / √128 each
  }
});

test("all directions are equally likely", () => {
  const rng = makeRng(2);
  const axes = Array.from({ length: 4000 }, () => randomDirection(Float32Array.of(1, 0), rng));
  const quarters = [0, 0, 0, 0];
  for (const [x, y] of axes) quarters[2 * Number(x > 0) + Number(y > 0)]++;
  for (const n of quarters) assert.ok(Math.abs(n - 1000) < 110, `${quarters}`); // four standard deviations
});
