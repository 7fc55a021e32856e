/**
 * How the second of two texts that are compared differs from the first, as it is written in the address (the store's
 * `other`):
 *   run, step, temperature, text   as in SCHEMA in store.js; what is missing is that of the first
 *   operated                       "1": by the model that is operated on
 *
 *   parseOther("step=0&operated=1")    // { step: 0, operated: true }
 *
 * @typedef {{ run?: string, step?: number, temperature?: number, text?: string, operated?: boolean }} Choices
 */

const MAX_LENGTH = 1000; // characters of its text

/** @param {string} text @returns {Choices} */
export function parseOther(text) {
  const given = new URLSearchParams(text);
  const found = {
    run: given.get("run") || undefined,
    step: numberOf(given.get("step"), 0, Infinity),
    temperature: numberOf(given.get("temperature"), 0, 2),
    text: given.get("text")?.slice(0, MAX_LENGTH) || undefined,
    operated: given.get("operated") === "1" || undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function numberOf(text, min, max) {
  const value = Number(text);
  return text?.trim() && Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : undefined;
}

/** @param {Choices} choices @returns {string} */
export function formatOther(choices) {
  const given = Object.entries({ ...choices, operated: choices.operated ? "1" : undefined });
  return new URLSearchParams(
    given.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]),
  ).toString();
}

/**
 * Where two written texts part: the index of the first token of each in which they differ; null if they are the same.
 * Their tokens may be of different models, so that it is their characters that are compared.
 * @param {string[]} tokens @param {string[]} others @returns {[number, number] | null}
 */
export function partingOf(tokens, others) {
  const [one, other] = [tokens.join(""), others.join("")];
  if (one === other) return null;
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  return [tokenAt(tokens, same), tokenAt(others, same)];
}

/** The index of the token that a character is in; the number of tokens after the last one. */
function tokenAt(tokens, character) {
  let end = 0;
  const index = tokens.findIndex((token) => (end += token.length) > character);
  return index < 0 ? tokens.length : index;
}
