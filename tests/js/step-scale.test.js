/** site/app/step-scale.js: sampled steps are equally far apart, whatever their numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fractionalIndex, latest, nearest, pathLength } from "../../site/app/step-scale.js";

const STEPS = [0, 1, 10, 100, 1000];

test("each sampled step stands at its own index", () => {
  assert.deepEqual(
    STEPS.map((step) => fractionalIndex(step, STEPS)),
    [0, 1, 2, 3, 4],
  );
});

test("a step between two sampled ones lies between them, in proportion", () => {
  assert.equal(fractionalIndex(55, STEPS), 2.5);
  assert.equal(fractionalIndex(325, STEPS), 3.25);
  assert.equal(fractionalIndex(12, [10, 20]), 0.2);
});

test("a step outside of the sampled ones stands at the end that is nearer", () => {
  assert.equal(fractionalIndex(-5, STEPS), 0);
  assert.equal(fractionalIndex(5000, STEPS), 4);
  assert.equal(fractionalIndex(3, [10, 20]), 0);
});

test("where only one step was sampled, every step stands at it", () => {
  assert.deepEqual(
    [0, 7, 100].map((step) => fractionalIndex(step, [7])),
    [0, 0, 0],
  );
});

test("a step between two is the nearer one, of two the earlier", () => {
  assert.equal(nearest(54, STEPS), 10);
  assert.equal(nearest(55, STEPS), 10);
  assert.equal(nearest(56, STEPS), 100);
});

test("the nearest step to one outside of them is the first or the last", () => {
  assert.equal(nearest(-5, STEPS), 0);
  assert.equal(nearest(1e9, STEPS), 1000);
});

test("the latest step is the last one that is not after the one that is asked for", () => {
  assert.deepEqual(
    [0, 9, 10, 11, 5000].map((step) => latest(step, STEPS)),
    [0, 1, 10, 10, 1000],
  );
});

test("before all steps, the latest one is the first", () => {
  assert.equal(latest(3, [10, 20]), 10);
});

test("the way of a number is all that it went, back and forth, between two steps", () => {
  const values = [0, 2, 1];
  const steps = [0, 10, 30];
  assert.equal(pathLength(values, steps), 3);
  assert.equal(pathLength(values, steps, 5, 20), 1.5); // half of the first part, and half of the second
  assert.equal(pathLength([4, 4, 4], steps), 0);
});
