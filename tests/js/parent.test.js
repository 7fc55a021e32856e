/** site/app/parent.js: the run that another one goes on from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parentOf, stepCount, textName } from "../../site/app/parent.js";

test("a run that began with random numbers has no parent", () => {
  assert.equal(parentOf({ corpus: {} }), null);
});

test("a parent is named with what it learned from, without the folder of that", () => {
  const parent = { name: "stories", step: 1300, dataset: "/home/me/novel.txt" };
  assert.deepEqual(parentOf({ corpus: { parent } }), { name: "stories", step: 1300, text: "novel.txt" });
});

test("control characters in the names of a parent are made visible", () => {
  const parent = { name: "a\nb", step: 0, dataset: "c\u202ed" };
  assert.deepEqual(parentOf({ corpus: { parent } }), { name: "a\\u{a}b", step: 0, text: "c\\u{202e}d" });
});

test("a text is called what its file is called, on any system", () => {
  for (const dataset of ["novel.txt", "texts/novel.txt", "C:\\texts\\novel.txt", "../novel.txt/"]) {
    assert.equal(textName(dataset), "novel.txt");
  }
  for (const dataset of ["stories", "", "/"]) assert.equal(textName(dataset), dataset);
});

test("one step is in the singular", () => {
  assert.deepEqual([0, 1, 1300].map(stepCount), ["0 steps", "1 step", "1,300 steps"]);
});
