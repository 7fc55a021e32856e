/**
 * The embeddings of a run, as figures use them.
 *
 *   const { vectors, C, step } = await embeddingsAt(run, 300);    // (V C), of the snapshot nearest to step 300
 */
import { LiveModel, nearestSnapshot } from "./model.js";
import { PAIRS, suggestedPairs, tokenOf } from "./words.js";

const cache = new WeakMap(); // run -> step -> promise

/** @returns {Promise<{ vectors: Float32Array, C: number, step: number }>} */
export function embeddingsAt(run, wantedStep) {
  const step = nearestSnapshot(run, wantedStep);
  if (!cache.has(run)) cache.set(run, new Map());
  const found = cache.get(run);
  if (!found.has(step)) {
    const promise = new LiveModel(run, step).embeddings().then((one) => ({ ...one, step }));
    promise.catch(() => found.delete(step)); // it may be tried again
    found.set(step, promise);
  }
  return found.get(step);
}

/** The token that is shown while nobody has chosen one. */
export function firstToken(run) {
  const pairs = suggestedPairs(run);
  return (pairs[2] ?? pairs[0] ?? [0])[0];
}

/** Pairs that differ in the same way: the first goes with "he", the second with "she". */
const HE_AND_SHE = [
  ["he", "she"],
  ["boy", "girl"],
  ["his", "her"],
  ["Dad", "Mum"],
  ["Tom", "Anna"],
  ["king", "queen"],
  ["man", "woman"],
  ["father", "mother"],
  ["brother", "sister"],
];

const WORD = /^\p{L}{2,}$/u; // nobody expects "e" to be to "a" as "I" is to "O"
const WORD_PAIRS = PAIRS.filter((pair) => pair.every((word) => WORD.test(word)));

/**
 * Analogies: a is to b as the expected token is to c. `alike`: made of pairs that differ in the same way, such as he
 * and she; `all`: made of all pairs of words that the run has tokens for.
 * @typedef {[number, number, number, number]} Analogy a, b, c and the token that is expected
 * @returns {{ alike: Analogy[], all: Analogy[] }}
 */
export function analogies(run) {
  const there = tokensOf(run, HE_AND_SHE);
  const back = there.map(([he, she]) => [she, he]);
  return { alike: [...combined(there), ...combined(back)], all: combined(tokensOf(run, WORD_PAIRS)) };
}

/** The pairs of words that a run has single tokens for, as tokens. @returns {number[][]} */
function tokensOf(run, pairs) {
  const found = pairs.map((pair) => pair.map((word) => tokenOf(run, word)));
  return found.filter(([one, other]) => one !== null && other !== null && one !== other);
}

/** @returns {Analogy[]} of each two pairs that have no token in common */
function combined(pairs) {
  return pairs.flatMap(([b, a]) =>
    pairs
      .filter((pair) => !pair.includes(a) && !pair.includes(b))
      .map(([c, expected]) => /** @type {Analogy} */ ([a, b, c, expected])),
  );
}
