/** site/app/copies.js: a text in parts, each with the longest span that it lies in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf, searchedPart, writtenText } from "../../site/app/copies.js";

const span = (start, length, words) => ({ start, length, words });

test("what two spans share belongs to the one with more words", () => {
  const [a, b] = [span(0, 7, 2), span(4, 9, 3)];
  const parts = partsOf("the cat sat down", [a, b]);
  assert.deepEqual(
    parts.map(({ text, span: one }) => [text, one]),
    [
      ["the ", a],
      ["cat sat d", b],
      ["own", null],
    ],
  );
});

test("the parts of a text are the text, whatever characters it has", () => {
  const text = "a 😀 b\u0301 <b>";
  const parts = partsOf(text, [span(2, 2, 1)]);
  assert.equal(parts.map((one) => one.text).join(""), text);
  assert.equal(parts[1].text, "😀");
  assert.deepEqual(partsOf("", []), []);
});

test("a text that was not over may end in half a word", () => {
  const run = { vocab: ["<|endoftext|>", " a", " cat"] };
  const tokens = [{ id: 1 }, { id: 2 }];
  const open = { text: " a cat", prompt: " cat", isCutOff: true };
  assert.deepEqual(writtenText(run, [0, 2], tokens), open);
  assert.deepEqual(writtenText(run, [0, 2], [...tokens, { id: 0 }]), { ...open, isCutOff: false });
});

test("it is said how much of the text was searched", () => {
  const sentence = (characters, documents) =>
    searchedPart(
      { manifest: { training_text: { characters, all_characters: 4000, n_documents: 7 } } },
      { searched_documents: documents },
    );
  assert.match(sentence(1000, 50), /7 of 50 .*25%/);
  assert.match(sentence(1000, 1), /1,000 characters.*25%/);
  assert.doesNotMatch(sentence(4000, 7), /%/);
});
