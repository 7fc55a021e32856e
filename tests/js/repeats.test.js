import assert from "node:assert/strict";
import test from "node:test";

import { repeated } from "../../site/app/repeats.js";

test("what stood in a text before is marked where it comes again, not where it came first", () => {
  const tokens = ["over ", "the ", "hill ", "and ", "over ", "the ", "hill ", "they ", "went"];
  assert.deepEqual(repeated(tokens), [false, false, false, false, true, true, true, false, false]);
});

test("a stretch that is too short to mean anything is not marked", () => {
  assert.equal(repeated(["the ", "cat ", "the ", "dog "]).includes(true), false);
  assert.deepEqual(repeated(["ab", "c", "x", "ab", "c"], 3), [false, false, false, true, true]);
});

test("a text that goes round in circles is marked from its second round on", () => {
  const marks = repeated(Array(20).fill("the "));
  assert.equal(marks[0], false);
  assert.equal(marks.slice(1).includes(false), false);
});

test("an empty text repeats nothing", () => {
  assert.deepEqual(repeated([]), []);
});
