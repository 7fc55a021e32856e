/** site/app/seed-band.js: which losses are as expected, and which can be told apart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bandMargin, bandWidth, compareLosses, compareWithBand } from "../../site/app/seed-band.js";

/** @type {import("../../site/app/seed-band.js").Band} */
const BAND = { low: 0.25, high: 0.5, runs: 3, of: "preset" };

// One loss ---------------------------------------------------------------------------------------

test("a band is as wide as its highest loss is above its lowest", () => {
  assert.equal(bandWidth(BAND), 0.25);
  assert.equal(bandWidth({ ...BAND, high: 0.25 }), 0);
});

test("a correct run may end two widths outside of a band", () => {
  assert.equal(bandMargin(BAND), 0.5);
});

test("a loss in the band is expected, and so is one at most two of its widths outside", () => {
  for (const loss of [-0.25, 0, 0.25, 0.375, 0.5, 0.75, 1]) {
    assert.equal(compareWithBand(loss, BAND), "expected", String(loss));
  }
});

test("a loss that is further away than that is lower or higher", () => {
  for (const loss of [-9, -0.2501]) assert.equal(compareWithBand(loss, BAND), "lower", String(loss));
  for (const loss of [1.0001, 9]) assert.equal(compareWithBand(loss, BAND), "higher", String(loss));
});

test("a band without any width says nothing about a loss", () => {
  const narrow = { ...BAND, high: BAND.low };
  for (const loss of [0.125, 0.25, 0.375]) assert.equal(compareWithBand(loss, narrow), null);
});

// Two losses -------------------------------------------------------------------------------------

/** A run as far as its loss is concerned. */
const runWith = (metrics, { dataset = "tale", characters = 9, vocab = ["a", "b", "ab"] } = {}) =>
  /** @type {any} */ ({
    vocab,
    manifest: { metrics, settings: { dataset }, corpus: { train_characters: characters } },
  });

const withoutBand = (loss) => runWith({ validation_loss: loss });
const withBand = (loss, high = BAND.high) => runWith({ validation_loss: loss, band: { ...BAND, high } });

test("two losses are told apart only if they differ by more than three widths of the band", () => {
  assert.deepEqual(compareLosses(withBand(0.5), withBand(1.25)), {
    losses: [0.5, 1.25],
    difference: 0.75,
    width: 0.25,
    isDistinguishable: false,
  });
  assert.equal(compareLosses(withBand(0.5), withBand(1.2501)).isDistinguishable, true);
  assert.equal(compareLosses(withBand(1.2501), withBand(0.5)).isDistinguishable, true);
  assert.equal(compareLosses(withBand(0.5), withBand(0.5)).isDistinguishable, false);
});

test("the wider of two bands counts, and the band of either run is enough", () => {
  for (const [run, otherRun] of [
    [withBand(0.5), withBand(2, 0.75)],
    [withBand(0.5, 0.75), withBand(2)],
    [withBand(0.5, 0.75), withoutBand(2)],
    [withoutBand(0.5), withBand(2, 0.75)],
  ]) {
    const { width, isDistinguishable } = compareLosses(run, otherRun);
    assert.deepEqual([width, isDistinguishable], [0.5, false]);
  }
});

test("two losses are not compared by bands without any width", () => {
  const narrow = (loss) => withBand(loss, BAND.low);
  assert.equal(compareLosses(narrow(0.5), narrow(0.5)), null);
  assert.equal(compareLosses(narrow(0.5), withoutBand(2)), null);
  assert.equal(compareLosses(narrow(0.5), withBand(2)).width, 0.25);
});

test("nothing is known about two losses without a band, and nothing without two losses", () => {
  assert.equal(compareLosses(withoutBand(0.5), withoutBand(1)), null);
  for (const metrics of [null, undefined, {}, { band: BAND }]) {
    assert.equal(compareLosses(withBand(0.5), runWith(metrics)), null);
    assert.equal(compareLosses(runWith(metrics), withBand(0.5)), null);
  }
});

test("losses of different texts, or of different tokens, are not compared", () => {
  const metrics = { validation_loss: 1, band: BAND };
  assert.notEqual(compareLosses(withBand(0.5), runWith(metrics)), null);
  for (const different of [
    { dataset: "fable" },
    { characters: 8 },
    { vocab: ["a", "b"] },
    { vocab: ["a", "b", "ab", "c"] },
    { vocab: ["a", "b", "ba"] },
  ]) {
    assert.equal(compareLosses(withBand(0.5), runWith(metrics, different)), null);
    assert.equal(compareLosses(runWith(metrics, different), withBand(0.5)), null);
  }
});
