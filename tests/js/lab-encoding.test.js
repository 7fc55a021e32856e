/** site/app/lab-encoding.js: from a text to its tokens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { END } from "../../site/engine/tokenizer.js";
import { charactersPerToken, sourceOf } from "../../site/app/lab-encoding.js";

const { signal } = new AbortController();
const TEXT = `Tom saw a dog. 🐕\n${END}\nThe dog saw Tom.\n${END}\n`.repeat(50);
const DOCUMENTS = ["Tom saw a dog. 🐕", "The dog saw Tom."];

for (const chosen of [
  /** @type {const} */ ({ kind: "characters", vocabSize: 0 }),
  /** @type {const} */ ({ kind: "bpe", vocabSize: 60 }),
]) {
  test(`a text of ${chosen.kind} becomes ids that give the text again, with a tenth held out`, async () => {
    const { name, tokenizer, ids, validationIds } = await sourceOf(
      { name: "Tom", text: TEXT },
      chosen,
      signal,
    );
    assert.equal(name, "Tom");
    const read = [...ids, ...validationIds].map((id) => tokenizer.vocab[id]).join("");
    assert.deepEqual([...new Set(read.split(END).filter(Boolean))], DOCUMENTS);
    const ratio = validationIds.length / (ids.length + validationIds.length);
    assert.ok(ratio > 0.05 && ratio < 0.15, String(ratio));
    assert.equal(tokenizer.mergeRanks.size > 0, chosen.kind === "bpe");
  });
}

test("characters of a token are counted without the marks of ends", async () => {
  const source = await sourceOf({ name: "Tom", text: TEXT }, { kind: "characters", vocabSize: 0 }, signal);
  const { tokenizer, validationIds } = source;
  const ends = validationIds.filter((id) => id === tokenizer.end).length;
  assert.ok(ends > 0);
  assert.equal(charactersPerToken(source), (validationIds.length - ends) / validationIds.length);
  const merged = await sourceOf({ name: "Tom", text: TEXT }, { kind: "bpe", vocabSize: 60 }, signal);
  assert.ok(charactersPerToken(merged) > 2 * charactersPerToken(source));
});

test("what is not wanted any more ends", async () => {
  const controller = new AbortController();
  controller.abort(new Error("over"));
  await assert.rejects(
    sourceOf({ name: "", text: TEXT }, { kind: "characters", vocabSize: 0 }, controller.signal),
    /over/,
  );
});
