/** site/app/ladder.js: a line through the losses of three models, and what it says about a fourth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, Tokenizer } from "../../site/engine/tokenizer.js";
import { makeRng } from "../../site/engine/sample.js";
import { parametersOf, problemOf } from "../../site/app/lab-sizes.js";
import {
  FEWEST_TOKENS,
  MOST_EPOCHS,
  STEPS,
  WIDTHS,
  epochsOf,
  gainOfTwice,
  isAsCloseAsChance,
  isFalling,
  lineThrough,
  lossOn,
  parametersAt,
  placeOn,
  pointOf,
  possibleSteps,
  problemWith,
  roundTicks,
  rungsOf,
  settingsOfRungs,
  usualSteps,
  verdictOf,
} from "../../site/app/ladder.js";

const isNear = (a, b, tolerance = 1e-9) => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));

/** Numbers between two others, the same in each run. */
function someNumbers(n, low, high, seed) {
  const random = makeRng(seed);
  return Array.from({ length: n }, () => low + (high - low) * random());
}

/** Points of loss = factor · parameters ** slope. */
const powerLaw = (sizes, factor, slope) =>
  sizes.map((parameters) => ({ parameters, loss: factor * parameters ** slope }));

test("three points of a power law give that law, whatever it is", () => {
  const slopes = someNumbers(50, -1, 0.5, 1);
  const factors = someNumbers(50, 0.1, 90, 2);
  const ratios = someNumbers(50, 1.1, 9, 3);
  for (const [i, slope] of slopes.entries()) {
    const sizes = [1000, 1000 * ratios[i], 1000 * ratios[i] ** 2.7];
    const line = lineThrough(powerLaw(sizes, factors[i], slope));
    assert.ok(isNear(line.slope, slope, 1e-9), `${line.slope} and ${slope}`);
    const [{ loss }] = powerLaw([123_456], factors[i], slope);
    assert.ok(isNear(lossOn(line, 123_456), loss, 1e-9));
  }
});

test("a line has points above it and below it that are equally far away in sum", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const losses = someNumbers(3, 0.5, 3, seed);
    const points = [9000, 18_000, 30_000].map((parameters, i) => ({ parameters, loss: losses[i] }));
    const line = lineThrough(points);
    const residuals = points.map(({ parameters, loss }) => Math.log(loss / lossOn(line, parameters)));
    const sum = residuals.reduce((a, b) => a + b);
    assert.ok(Math.abs(sum) < 1e-9, String(sum));
    const squares = (other) =>
      points.reduce(
        (total, { parameters, loss }) => total + Math.log(loss / lossOn(other, parameters)) ** 2,
        0,
      );
    for (const [a, b] of [
      [0.01, 0],
      [-0.01, 0],
      [0, 0.01],
      [0, -0.01],
    ]) {
      const other = { slope: line.slope + a, intercept: line.intercept + b };
      assert.ok(squares(other) > squares(line));
    }
  }
});

test("a loss of 2 that halves when the parameters become four times as many is one half after 16 times", () => {
  const line = lineThrough(powerLaw([100, 200, 400], 20, -0.5));
  assert.ok(isNear(lossOn(line, 100), 2));
  assert.ok(isNear(lossOn(line, 1600), 0.5));
  assert.ok(isNear(gainOfTwice(line), 1 - Math.SQRT1_2));
  assert.ok(isNear(parametersAt(line, 0.5), 1600));
});

test("a line is falling if larger models are really better", () => {
  const isFallingWith = (slope) => isFalling(lineThrough(powerLaw([100, 200, 400], 2, slope)));
  assert.deepEqual([-0.3, -0.05, -0.01, 0, 0.2].map(isFallingWith), [true, true, false, false, false]);
});

test("each model is larger than the one before, possible, and with heads of eight numbers", () => {
  for (const vocabSize of [1, 56, 512, 2048]) {
    for (const steps of STEPS) {
      const all = settingsOfRungs(vocabSize, { steps, seed: 7 });
      assert.equal(all.length, 4);
      const sizes = all.map(parametersOf);
      assert.ok(
        sizes.every((size, i) => i === 0 || size > 1.3 * sizes[i - 1]),
        String(sizes),
      );
      for (const settings of all) {
        assert.equal(problemOf(settings), null);
        assert.equal(settings.n_embd / settings.n_head, 8);
        assert.deepEqual([settings.steps, settings.seed], [steps, 7]);
      }
    }
  }
});

test("nothing but the width is different, and one prompt is asked of each", () => {
  const tokenizer = new Tokenizer({ vocab: [END, "a", "b"], merges: [] });
  const source = { name: "Some text", tokenizer, ids: new Uint16Array(9), validationIds: new Uint16Array(9) };
  const rungs = rungsOf({ settings: { mask: true }, source, prompts: ["a", "b"] }, { steps: 150, seed: 1 });
  const others = rungs.map(({ settings: { n_embd: _e, n_head: _h, n_ff: _f, ...rest } }) => rest);
  for (const one of others) assert.deepEqual(one, others[0]);
  assert.deepEqual(
    rungs.map(({ settings }) => settings.n_embd),
    WIDTHS,
  );
  assert.equal(others[0].vocab_size, 3);
  assert.ok(rungs.every(({ prompts }) => prompts.length === 1 && prompts[0] === "a"));
});

test("a text that would be known by heart has no ladder, and a longer one has more steps", () => {
  assert.deepEqual([1000, 21_000, 22_000, 60_000, 1e6].map(possibleSteps), [
    [],
    [],
    [150],
    [150, 300],
    [150, 300, 600],
  ]);
  assert.ok(possibleSteps(FEWEST_TOKENS).length > 0);
  for (const tokens of [30_000, 70_000, 2e5]) {
    for (const steps of possibleSteps(tokens)) assert.ok(epochsOf(steps, tokens) <= MOST_EPOCHS);
  }
});

test("models learn for as many steps as the text is long enough for, and for no more than usual", () => {
  assert.deepEqual([1000, 30_000, 60_000, 1e6].map(usualSteps), [150, 150, 300, 300]);
});

test("a prediction is judged by how far it is from what was measured, to two decimals", () => {
  const { line, reader, closer } = verdictOf({ measured: 2, line: 2.1, reader: 1.5 });
  assert.ok(isNear(line.nats, 0.1) && isNear(line.fraction, 0.05));
  assert.ok(isNear(reader.nats, -0.5) && isNear(reader.fraction, -0.25));
  assert.equal(closer, "line");
  assert.equal(verdictOf({ measured: 2, line: 2.1, reader: 1.95 }).closer, "reader");
  assert.equal(verdictOf({ measured: 2, line: 2.1, reader: 1.9 }).closer, "same");
  assert.equal(verdictOf({ measured: 2, line: 2.101, reader: 1.9 }).closer, "same");
});

test("nobody is called closer by no more than another seed would make", () => {
  assert.equal(verdictOf({ measured: 1.04, line: 1.06, reader: 1.05 }).closer, "same");
  assert.equal(verdictOf({ measured: 1.04, line: 1.09, reader: 1.05 }).closer, "reader");
  assert.equal(verdictOf({ measured: 3, line: 3.1, reader: 3.05 }).closer, "same"); // two percent are 0.06
  assert.deepEqual([isAsCloseAsChance(1.06, 1.04), isAsCloseAsChance(1.09, 1.04)], [true, false]);
});

test("a model whose loss is no number has no point, and says so", () => {
  const [settings] = settingsOfRungs(9, { steps: 150, seed: 1 });
  const trial = (loss, failedAt = null) =>
    /** @type {any} */ ({
      settings,
      evaluations: [
        { step: 0, loss: 4 },
        { step: 9, loss },
      ],
      failedAt,
    });
  assert.deepEqual(pointOf(trial(1.5)), { parameters: parametersOf(settings), loss: 1.5 });
  assert.equal(problemWith([trial(1.5), trial(2)]), null);
  for (const broken of [trial(NaN), trial(1.5, 20), trial(0)]) {
    assert.match(problemWith([trial(1), broken]) ?? "", new RegExp(`width ${settings.n_embd}`));
  }
});

test("an axis has three to six round numbers, all of them in its range", () => {
  const lows = someNumbers(200, 0.01, 5000, 4);
  const factors = someNumbers(200, 1.5, 100, 5);
  for (const [i, low] of lows.entries()) {
    const high = low * factors[i];
    const ticks = roundTicks(low, high);
    assert.ok(ticks.length >= 3 && ticks.length <= 6, `${low} to ${high}: ${ticks}`);
    assert.ok(ticks.every((one, j) => one >= low && one <= high && (j === 0 || one > ticks[j - 1])));
    assert.ok(
      ticks.every((one) => String(Number(one.toPrecision(2))) === String(one)),
      String(ticks),
    );
  }
  assert.deepEqual(roundTicks(0.9, 1100), [1, 10, 100, 1000]);
  assert.deepEqual(roundTicks(7300, 80_000), [10_000, 20_000, 50_000]);
});

test("on a logarithmic axis, equal ratios are equally far apart", () => {
  const place = placeOn(10, 1000);
  assert.deepEqual(
    [10, 100, 1000].map(place).map((one) => Number(one.toFixed(9))),
    [0, 0.5, 1],
  );
});
