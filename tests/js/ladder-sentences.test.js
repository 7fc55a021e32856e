/** site/app/ladder-sentences.js: the numbers in its sentences, and when there are none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineThrough } from "../../site/app/ladder.js";
import {
  bendText,
  entropyText,
  flatText,
  lossNow,
  rounded,
  seedsText,
  verdictText,
  written,
} from "../../site/app/ladder-sentences.js";

const FALLING = lineThrough([1000, 4000].map((parameters) => ({ parameters, loss: 2000 / parameters })));
const FLAT = lineThrough([1000, 4000].map((parameters) => ({ parameters, loss: 2 })));
const numbersIn = (text) => text.match(/\d+\.\d+/g).map(Number);

test("what is off is what somebody gets who subtracts the numbers that are shown", () => {
  for (const [measured, line, reader] of [
    [1.844, 1.866, 1.9],
    [1.005, 0.994, 1.2],
    [2, 2.004, 1.5],
  ]) {
    const [a, b, ...others] = numbersIn(verdictText({ measured, line, reader }));
    assert.deepEqual([a, b], [measured, line].map(rounded));
    if (rounded(line) === rounded(measured)) assert.equal(others[0], rounded(reader));
    else assert.equal(others[0], rounded(Math.abs(rounded(line) - rounded(measured))));
  }
});

test("a verdict is in the favour of whoever was closer", () => {
  const verdicts = [
    { measured: 1, line: 1.01, reader: 1.3 },
    { measured: 1, line: 1.3, reader: 1.01 },
    { measured: 1, line: 1.01, reader: 1 },
    { measured: 1, line: 1.3, reader: 0.7 },
  ].map((losses) => verdictText(losses).split(". ").at(-1));
  assert.equal(new Set(verdicts).size, 4);
});

test("a line that does not fall is said to be none, and nothing is said of where it leads", () => {
  assert.equal(flatText(FALLING), null);
  assert.ok(flatText(FLAT));
  assert.equal(entropyText(FLAT, "Tom", 0.5), null);
  assert.ok(entropyText(FALLING, "Tom", null).includes("“Tom”"));
});

test("the entropy is named, and how large a model on the line would have to be", () => {
  const text = entropyText(FALLING, "Tom", 0.1); // 2000 / 0.1
  assert.ok(numbersIn(text).includes(0.1) && text.includes("20,000"));
  assert.ok(!/\d,\d/.test(entropyText(FALLING, "Tom", 1e-10)), "what is that far away is not counted");
});

test("a text that was learned by heart is the reason only where the fourth is above the line and knows it", () => {
  const above = { measured: 1.2, line: 1, reader: 1 };
  assert.deepEqual(numbersIn(bendText(above, 0.5, 4.2)), [0.5]);
  assert.equal(bendText({ ...above, measured: 1.04 }, 0.5, 4.2), null);
  assert.equal(bendText(above, 1.1, 4.2), null);
  assert.equal(bendText(above, 0.5, 1.2), null);
});

test("chance is told from ladders with different seeds, the last of each", () => {
  assert.equal(/\d/.test(seedsText([{ seed: 1, measured: 1 }])), false);
  const text = seedsText([
    { seed: 1, measured: 1 },
    { seed: 2, measured: 1.5 },
    { seed: 1, measured: 1.25 },
  ]);
  assert.deepEqual(numbersIn(text), [1.25, 1.5]);
});

test("where a training is, the last ten losses say", () => {
  const losses = Array.from({ length: 12 }, (_, i) => ({ step: i, loss: i }));
  assert.equal(lossNow(/** @type {any} */ ({ losses })), 6.5);
  assert.equal(written(6.499), "6.50");
});
