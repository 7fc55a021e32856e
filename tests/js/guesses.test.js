/** site/app/guesses.js: which gaps of a text are asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gapsOf } from "../../site/app/guesses.js";

const LEAST = 8; // tokens that are read before a gap

/** A run whose texts are these characters, each a token. */
function textsOf(texts, speakers = null) {
  const vocab = ["<|endoftext|>", ...new Set(texts.join(""))];
  const passages = texts.map((text) => ({
    ids: Array.from(text, (character) => vocab.indexOf(character)),
    questions: Array.from(text, (_, i) => ({ position: i, candidates: [] })).slice(1),
  }));
  const run = /** @type {any} */ ({ vocab, manifest: { speakers } });
  const shown = ({ ids, position }) => ids.slice(0, position).map((id) => vocab[id]);
  return gapsOf(passages, run).map((gaps) => gaps.map((gap) => shown(gap).join("")));
}

test("a text that begins in the middle of a word is shown from its next word on", () => {
  const [gaps] = textsOf(["ignior Gremio, what can you"]);
  assert.ok(gaps.every((before) => before.startsWith(" Gremio,".slice(0, before.length))));
  assert.equal(gaps[0].length, LEAST);
});

test("in a conversation only what comes in a reply is asked", () => {
  const text = "you: is there a machine\npip: i do not know\nyou: oh";
  const [gaps] = textsOf(["\n" + text], ["you", "pip"]);
  assert.ok(gaps.length > 5);
  for (const before of gaps) assert.match(before.split("\n").at(-1), /^pip:/);
  assert.ok(textsOf(["\n" + text])[0].length > gaps.length);
});

test("texts that have no better gaps keep those that they have", () => {
  assert.equal(textsOf(["abc def"])[0].length, 3);
  assert.ok(textsOf(["\nsomebody said something"], ["you", "pip"])[0].length);
  assert.deepEqual(textsOf(["a"]), []);
});
