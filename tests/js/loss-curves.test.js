/** What <loss-curves> works out before it draws: site/app/loss-curves.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ceiling, curveSentence, drawable, isBroken, lossRange } from "../../site/app/loss-curves.js";

const BASELINES = { uniform: 4, unigram: 3, bigram: 2 };
const learns = {
  name: "learns",
  points: [
    [0, 4],
    [50, 2],
    [100, 1],
  ],
};
const diverges = {
  name: "diverges",
  points: [
    [0, 4],
    [50, 9],
    [100, 90],
  ],
};
const breaks = {
  name: "breaks",
  points: [
    [0, 4],
    [50, NaN],
    [100, 3],
  ],
};

test("a curve that diverges does not flatten the others", () => {
  assert.equal(ceiling([learns, diverges], BASELINES), 4.4);
  assert.equal(ceiling([learns, diverges], null), 4.4);
  assert.deepEqual(lossRange([learns, diverges], { baselines: BASELINES, fromStep: 0 }), [0, 4.4]);
});

test("of the last steps, what is shown is as large as there is room, without what is off the scale", () => {
  const [low, high] = lossRange([learns, diverges], { baselines: BASELINES, fromStep: 50 });
  assert.ok(low > 0.9 && low < 1 && high > 2 && high < 2.1);
});

test("a band is in sight, too", () => {
  const band = [
    [0, 4, 4],
    [100, 0.5, 1.5],
  ];
  const [low] = lossRange([{ ...learns, band }], { baselines: BASELINES, fromStep: 50 });
  assert.ok(low < 0.5);
});

test("a curve ends where its loss is no number any more", () => {
  assert.deepEqual(drawable(breaks), [[0, 4]]);
  assert.deepEqual([isBroken(breaks), isBroken(learns)], [true, false]);
  assert.match(curveSentence(breaks), /a number/);
});

test("there is an axis, however little there is to show", () => {
  for (const curves of [[], [{ name: "new", points: [] }], [{ name: "null", points: [[0, 0]] }]]) {
    for (const fromStep of [0, 10]) {
      const [low, high] = lossRange(curves, { baselines: null, fromStep });
      assert.ok(Number.isFinite(low) && high > low);
    }
  }
  assert.match(curveSentence({ name: "new", points: [] }), /^new: .+\.$/);
});
