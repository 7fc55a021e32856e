/**
 * Words that a model has a single token for: only those have an embedding of their own. In a model of characters
 * they are characters.
 *
 *   tokenOf(run, "girl")          // the id of " girl": words in a text have their space before them
 *   piecesOf(run, "terrarium")    // [" ter", "rari", "um"]: there is no single token
 */
import { tokenizerOf } from "./forward-pass.js";

const MAX_PAIRS = 8;
const WORD = /^ \p{L}{2,}$/u;

/** What may be opposites, or of a kind, in one of the corpora: shown are those that a run has tokens for. */
export const PAIRS = [
  ["he", "she"],
  ["she", "he"],
  ["boy", "girl"],
  ["happy", "sad"],
  ["dog", "cat"],
  ["ball", "kite"],
  ["Mum", "Dad"],
  ["Tom", "Anna"],
  ["snail", "bird"],
  ["slow", "fast"],
  ["rain", "sun"],
  ["day", "night"],
  ["winter", "summer"],
  ["love", "death"],
  ["?", "!"],
  [".", "!"],
  ["e", "a"],
  ["I", "O"],
];

/** The tokens of a text; none if the run has never seen one of its characters. @returns {number[]} */
function encoded(run, text) {
  try {
    return tokenizerOf(run).encode(text);
  } catch {
    return [];
  }
}

/** The id of the single token for what somebody typed, with a space before it if there is one; null if none is. */
export function tokenOf(run, typed) {
  const word = typed.trim() || typed; // a space may be a character of its own
  if (!word) return null;
  const found = [encoded(run, ` ${word}`), encoded(run, word)].find((ids) => ids.length === 1);
  return found ? found[0] : null;
}

/** The tokens that a word is made of. @returns {string[]} */
export function piecesOf(run, typed) {
  const word = typed.trim();
  const ids = hasWords(run) ? encoded(run, ` ${word}`) : encoded(run, word);
  return ids.map((id) => run.vocab[id]);
}

/** Whether a model has tokens for words at all. */
const hasWords = (run) => run.vocab.some((token) => WORD.test(token));

/** Single tokens that begin like what somebody typed: for characters, those that it is made of. @returns {number[]} */
export function similarTokens(run, typed, n = 5) {
  const word = typed.trim().toLowerCase();
  if (!hasWords(run)) return [...new Set(encoded(run, typed.trim()))].slice(0, n);
  const alike = (id) => commonLength(run.vocab[id].trim().toLowerCase(), word);
  const found = wordIds(run).filter((id) => alike(id) > 0);
  return found.sort((a, b) => alike(b) - alike(a)).slice(0, n);
}

function commonLength(a, b) {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

/** The tokens that are whole words, the most frequent first: one that grows into another may be only a piece. */
export function wordIds(run) {
  const growing = new Set(
    run.manifest.tokenizer.merges.filter(([, end]) => /^\p{L}/u.test(end)).map(([begin]) => begin),
  );
  return [...run.vocab.keys()].filter((id) => WORD.test(run.vocab[id]) && !growing.has(run.vocab[id]));
}

/** Two tokens each, to try. @returns {[number, number][]} */
export function suggestedPairs(run) {
  const listed = PAIRS.map((pair) => pair.map((word) => tokenOf(run, word)));
  const found = listed.filter((pair) => !pair.includes(null)).slice(0, MAX_PAIRS);
  return /** @type {[number, number][]} */ (found.length ? found : frequentPairs(run));
}

/** Pairs of the most frequent words; without words, of what comes up most in the prompts, or of whatever there is. */
function frequentPairs(run) {
  const found = [wordIds(run), frequentInPrompts(run), [...run.vocab.keys()].slice(-2)];
  const ids = found.find((all) => all.length > 1) ?? [];
  const n = Math.min(MAX_PAIRS, Math.floor(ids.length / 2));
  return Array.from({ length: n }, (_, i) => ids.slice(2 * i, 2 * i + 2));
}

/** The tokens of the prompts that leave ink, the most frequent first. @returns {number[]} */
function frequentInPrompts(run) {
  const times = new Map();
  for (const id of (run.manifest.prompts ?? []).flatMap((prompt) => encoded(run, prompt))) {
    if (run.vocab[id].trim()) times.set(id, (times.get(id) ?? 0) + 1);
  }
  return [...times.keys()].sort((a, b) => times.get(b) - times.get(a));
}
