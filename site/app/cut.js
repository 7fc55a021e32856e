/**
 * A text as the tokenizer of a run cuts it, with what it has no token for at its place.
 *
 *   const { items, known } = cut(run, "a 🐌 went");
 *   items     // [{ id: 30 }, { id: 2 }, { unknown: "🐌" }, { id: 59 }, …]
 *   known     // "a  went": what the model gets
 *   replaced  // [["é", "e"]] of "café", if only e has a token
 */
import { readings } from "../engine/spelling.js";
import { tokenizerOf } from "./forward-pass.js";

const MAX_UNKNOWN = 0.2; // of an example: with more, it would be one of something else

/** @param {import("./run.js").Run} run @param {string} text */
export function cut(run, text) {
  const tokenizer = tokenizerOf(run);
  let known = "";
  const unknown = [];
  const replaced = new Map();
  for (const { typed, read, isUnknown } of readings(text, tokenizer.ids)) {
    if (isUnknown) unknown.push({ unknown: typed.normalize(), at: known.length });
    else if (read && read.normalize() !== typed.normalize()) replaced.set(typed, read);
    known += read;
  }
  const ids = tokenizer.encode(known);
  const items = inOrder(run.vocab, ids, unknown);
  return { known, ids, unknown: unknown.map((one) => one.unknown), replaced: [...replaced], items };
}

/** Tokens, and between them what is unknown; what stood in the middle of a token comes after it. */
function inOrder(vocab, ids, unknown) {
  const items = [];
  const waiting = [...unknown];
  let offset = 0;
  for (const id of ids) {
    while (waiting[0]?.at <= offset) items.push({ unknown: waiting.shift().unknown });
    items.push({ id });
    offset += vocab[id].length;
  }
  return [...items, ...waiting.map((one) => ({ unknown: one.unknown }))];
}

/** The text that is shown: what somebody typed, else an example if the run has tokens for it, else a prompt. */
export function textToCut(run, typed, example) {
  if (typed) return typed;
  const { unknown } = cut(run, example);
  return unknown.length > MAX_UNKNOWN * example.length ? run.manifest.prompts[0] : example;
}
