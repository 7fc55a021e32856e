/** site/engine/sample.js: random numbers with which a text is written again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng, numberFor, pick } from "../../site/engine/sample.js";

test("a number for a token draws it again, even one that is very unlikely", () => {
  const rng = makeRng(3);
  for (let round = 0; round < 200; round++) {
    const some = Array.from({ length: 50 }, () => rng() ** 12);
    const sum = some.reduce((a, b) => a + b);
    const p = Float32Array.from(some, (one) => one / sum);
    for (let id = 0; id < p.length; id++) {
      if (p[id] > 1e-12) assert.equal(pick(p, numberFor(p, id, rng())), id, `${p[id]}`);
    }
  }
});

test("numbers for the tokens that were drawn are as good as random ones", () => {
  const rng = makeRng(5);
  const p = [0.5, 0.3, 0.15, 0.05];
  const numbers = Array.from({ length: 4000 }, () => numberFor(p, pick(p, rng()), rng())).sort(
    (a, b) => a - b,
  );
  // Evenly from 0 to 1: the largest distance from that is 1.95 / √n in one of a thousand cases.
  const distances = numbers.map((one, i) => Math.abs(one - (i + 0.5) / numbers.length));
  assert.ok(Math.max(...distances) < 1.95 / Math.sqrt(numbers.length));
});
