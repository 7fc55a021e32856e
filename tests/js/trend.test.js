/** site/app/trend.js: whether a trend can be told from chance, against all ways to deal the numbers out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { howOften, trend } from "../../site/app/trend.js";

/** All orders of some numbers. */
function orders(values) {
  if (values.length < 2) return [values];
  return values.flatMap((one, i) => orders(values.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

/** How often numbers in random order go together with others as closely as they do. */
function exactChance(xs, ys) {
  const mean = xs.reduce((a, b) => a + b) / xs.length;
  const strength = (order) => Math.abs(order.reduce((sum, y, i) => sum + (xs[i] - mean) * y, 0));
  const all = orders(ys);
  return all.filter((order) => strength(order) >= strength(ys) - 1e-9).length / all.length;
}

test("the chance is that of all ways to deal the numbers out", () => {
  const xs = [0, 0.4, 0.4, 0.8, 0.8, 1.2, 1.6];
  for (const ys of [
    [9, 8, 7, 7, 5, 4, 1],
    [3, 9, 1, 7, 2, 8, 5],
    [1, 2, 2, 9, 3, 4, 8],
  ]) {
    assert.ok(Math.abs(trend(xs, ys).chance - exactChance(xs, ys)) < 0.035, ys.join());
  }
});

test("a trend is clear if it hardly ever comes up by chance", () => {
  const xs = Array.from({ length: 24 }, (_, i) => Math.floor(i / 6));
  const scatter = xs.map((_, i) => [18, 12, 25, 17, 14, 21][i % 6]); // the same at each
  const flat = trend(xs, scatter);
  assert.equal(flat.isClear, false);
  assert.ok(flat.chance > 0.9);
  const falling = trend(
    xs,
    scatter.map((y, i) => y - 8 * xs[i]),
  );
  assert.deepEqual([falling.isClear, falling.direction], [true, -1]);
  const rising = trend(
    xs,
    scatter.map((y, i) => y + 8 * xs[i]),
  );
  assert.deepEqual([rising.isClear, rising.direction], [true, 1]);
});

test("too few texts, or all alike, show no trend", () => {
  for (const [xs, ys] of [
    [[], []],
    [[1], [5]],
    [
      [0, 1],
      [3, 9],
    ],
    [
      [0, 1, 2, 3],
      [4, 4, 4, 4],
    ],
  ]) {
    assert.equal(trend(xs, ys).isClear, false);
  }
  assert.match(howOften(trend([], []), "steps"), /100%/);
});

test("one is told the same of the same texts each time", () => {
  const [xs, ys] = [
    [0, 1, 2, 3, 4, 5],
    [2, 9, 4, 7, 5, 8],
  ];
  assert.equal(trend(xs, ys).chance, trend(xs, ys).chance);
});
