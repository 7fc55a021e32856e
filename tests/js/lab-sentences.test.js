/** site/app/lab-sentences.js: sentences of a text to look at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sentencesOf } from "../../site/app/lab-sentences.js";

const TEXT = Array.from({ length: 30 }, (_, i) => `This is sentence number ${i} of a text.`).join(" ");

test("sentences are whole, different, and from all over the text", () => {
  const found = sentencesOf(TEXT, 6);
  assert.equal(new Set(found).size, 6);
  for (const one of found) assert.ok(/^This is sentence number \d+ of a text\.$/.test(one), one);
  assert.ok(found[0].includes("number 0 ") && /number 2\d /.test(found[5]));
});

test("what is very short or very long is left out", () => {
  assert.deepEqual(sentencesOf(`No. ${"word ".repeat(100)}. A sentence that has a usual length.`, 3), [
    "A sentence that has a usual length.",
  ]);
});

test("a text without sentences gives its beginning, without half a character", () => {
  assert.deepEqual(sentencesOf("roses\nviolets", 3), ["roses\nviolets"]);
  const [emoji] = sentencesOf("🐌".repeat(400), 3);
  assert.equal(emoji, "🐌".repeat(Array.from(emoji).length));
});

test("an empty text has none, and a Chinese one has its own", () => {
  assert.deepEqual(sentencesOf("", 3), []);
  assert.deepEqual(sentencesOf("   \n ", 3), []);
  const sentence = `${"我爱你".repeat(10)}。`;
  assert.deepEqual(sentencesOf(sentence.repeat(2), 3), [sentence]);
});
