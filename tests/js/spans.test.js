/** site/engine/spans.js: which words of a text are nowhere in the training text. tests/test_copied_page.py has the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TrainingText, cut } from "../../site/engine/spans.js";

const unknown = (training, text, ...how) => {
  const found = training.unknownWords(cut(text, ...how));
  return found?.map(({ start, length }) => text.slice(start, start + length));
};

test("a word is invented if it is nowhere, however it is capitalized", () => {
  const training = new TrainingText(["The cat didn't sit."], ["Dogs"]);
  const text = "cat CAT dogs Dogs sat the SIT 😀 didn't didn.";
  assert.deepEqual(unknown(training, text), ["sat", "didn"]);
});

test("no half of a word is called invented", () => {
  const training = new TrainingText(["The cat sat."], []);
  assert.deepEqual(unknown(training, "zzle fluff the ca", "puz", true), ["fluff"]);
});

test("nothing is called invented where nobody knows all words", () => {
  assert.equal(unknown(new TrainingText(["The cat sat."]), "fluff"), undefined);
});
