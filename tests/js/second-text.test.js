/** site/app/second-text.js: what is different in the second of two texts, and where they part. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatOther, parseOther, partingOf } from "../../site/app/second-text.js";

test("what is chosen is read from the address as it was written", () => {
  const choices = { run: "a & b", step: 0, temperature: 0, text: "Tom = ü\n?", operated: true };
  assert.deepEqual(parseOther(formatOther(choices)), choices);
  assert.equal(formatOther({ step: 300 }), "step=300");
  assert.equal(formatOther({}), "");
});

test("what is no choice is left out", () => {
  assert.deepEqual(parseOther("step=&temperature=warm&operated=0&else=1"), {});
  assert.deepEqual(parseOther("temperature=9&step=-1"), { temperature: 2, step: 0 });
});

test("two texts part at the tokens that have the first different character", () => {
  assert.equal(partingOf([" a", " dog"], [" a", " dog"]), null);
  assert.deepEqual(partingOf([" a", " dog", "."], [" a", " day", "."]), [1, 1]);
  assert.deepEqual(partingOf([" a", " dog"], [" a", " dog", "."]), [2, 2]);
  assert.deepEqual(partingOf([" a", " d", "og"], [..." a dig"]), [2, 4], "of different models");
  assert.deepEqual(partingOf([], [" a"]), [0, 0]);
});
