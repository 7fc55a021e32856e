/** site/app/seed-likeness.js: whether a change does more to a text than other luck does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareSeeds, compareSurprise, verdictOf } from "../../site/app/seed-likeness.js";

const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7];

test("texts that have nothing in common with the others differ by more than other luck", () => {
  const firsts = SEEDS.map((i) => `the dog saw word${i}`);
  const seconds = SEEDS.map((i) => `my cat ran there${i}`);
  const found = compareSeeds(firsts, seconds);
  assert.deepEqual(found, { between: 0, within: [0.75, 0.75], nLess: 8, nSeeds: 8 });
  assert.equal(verdictOf(found), "more");
});

test("a change that hardly changes anything does less than other luck", () => {
  const firsts = SEEDS.map((i) => `the dog a${i} b${i} c${i} d${i}`);
  const seconds = firsts.map((text, i) => (i < 4 ? text : text.replace("dog", "cat")));
  const found = compareSeeds(firsts, seconds);
  assert.ok(Math.abs(found.between - (4 + 4 * (5 / 6)) / 8) < 1e-9);
  assert.equal(found.nLess, 0);
  assert.equal(verdictOf(found), "less");
});

test("what is as different as two texts with the same settings is left open", () => {
  const found = compareSeeds(
    SEEDS.map((i) => `the dog a${i}`),
    SEEDS.map((i) => (i % 2 ? `the dog b${i}` : `my cat b${i}`)),
  );
  assert.equal(found.nLess, 4);
  assert.equal(verdictOf(found), "unclear");
});

test("all seeds but one are enough, all but two are not", () => {
  const verdicts = [8, 7, 6, 2, 1, 0].map((nLess) => verdictOf({ nLess, nSeeds: 8 }));
  assert.deepEqual(verdicts, ["more", "more", "unclear", "unclear", "less", "less"]);
});

test("what surprises a model more in every text is more than chance, even if words in common are not", () => {
  const bits = SEEDS.map((i) => [1 + i / 100, 3 + i / 50]);
  const found = compareSurprise(bits);
  assert.ok(Math.abs(found.first - 1.035) < 1e-9 && Math.abs(found.second - 3.07) < 1e-9);
  assert.equal(found.isClear, true);
  assert.equal(verdictOf({ nLess: 4, nSeeds: 8 }, found), "more");
  const mixed = compareSurprise(SEEDS.map((i) => [i, 7 - i]));
  assert.equal(mixed.isClear, false);
  assert.equal(verdictOf({ nLess: 4, nSeeds: 8 }, mixed), "unclear");
  assert.equal(compareSurprise(null), null);
  assert.equal(compareSurprise([[1, null]]), null);
});
