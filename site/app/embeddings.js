/**
 * The embeddings of a run, as figures use them.
 *
 *   const { vectors, C, step } = await embeddingsAt(run, 300);    // (V C), of the snapshot nearest to step 300
 */
import { LiveModel, nearestSnapshot } from "./model.js";
import { PAIRS, tokenOf, wordIds } from "./words.js";
import { chanceCosines } from "../engine/embeddings.js";
import { END } from "../engine/tokenizer.js";

const cache = new WeakMap(); // run -> step -> promise
const chances = new WeakMap(); // run -> cosines

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

/** The cosines that the nearest of as many random vectors would have, the nearest first. @returns {number[]} */
export function chanceOf(run) {
  if (!chances.has(run)) {
    const { n_embd: C } = run.manifest.settings;
    chances.set(run, chanceCosines(run.vocab.length, C, N_NEAREST));
  }
  return chances.get(run);
}

const N_CLEAR = 5;
export const N_NEAREST = 5;

/**
 * Tokens to look at first: those whose nearest are most like them at the end, of a different kind each; and at last,
 * of the frequent ones, the one that has nothing like it. Words only, if there are enough of them.
 * The other argument: the file embeddings.json. @returns {number[]}
 */
export function clearestTokens(run, { ids, neighbours }) {
  const words = new Set(wordIds(run));
  const isWord = words.size > N_CLEAR ? (id) => words.has(id) : () => true;
  const isShown = (id) => isWord(id) && run.vocab[id].trim() !== "" && run.vocab[id] !== END;
  const all = ids.map((id, i) => ({ id, nearest: neighbours[i].slice(0, N_NEAREST) }));
  const shown = all.filter(({ id }) => isShown(id));
  const isClear = ({ nearest }) => nearest.every(([id]) => isWord(id));
  const byLikeness = [...shown].sort((x, y) => likeness(y) - likeness(x));
  const best = [...byLikeness.filter(isClear), ...byLikeness.filter((one) => !isClear(one))];
  const chosen = [];
  const seen = new Set();
  for (const { id, nearest } of best) {
    const kind = [id, ...nearest.map(([one]) => one)];
    if (chosen.length < N_CLEAR && !kind.some((one) => seen.has(one))) chosen.push(id);
    if (chosen.at(-1) === id) for (const one of kind) seen.add(one);
  }
  const frequent = shown.slice(0, Math.ceil(shown.length / 3)).filter(({ id }) => !chosen.includes(id));
  const alone = frequent.sort((x, y) => x.nearest[0][1] - y.nearest[0][1])[0];
  return alone ? [...chosen, alone.id] : chosen;
}

const likeness = ({ nearest }) => nearest.reduce((sum, [, cosine]) => sum + cosine, 0) / nearest.length;

/** The token that is shown while nobody has chosen one. */
export const firstToken = (run, exported) => clearestTokens(run, exported)[0] ?? 0;

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
 * and she, or what there is instead; `all`: made of all pairs of words that the run has tokens for.
 * @typedef {[number, number, number, number]} Analogy a, b, c and the token that is expected
 * @returns {{ alike: Analogy[], all: Analogy[] }}
 */
export function analogies(run) {
  const there = tokensOf(run, HE_AND_SHE);
  const back = there.map(([he, she]) => [she, he]);
  const alike = [...combined(there), ...combined(back)];
  return { alike: alike.length ? alike : combined(formsOf(run)), all: combined(tokensOf(run, WORD_PAIRS)) };
}

const MAX_FORMS = 12; // of each two of them an example is made
const STEM = /^ \p{L}{2,}[^\P{L}s]$/u;
const SMALL = /^\p{Ll}$/u;

/** Pairs of which one is a word and the other the same with an s; of letters, small and capital ones. */
function formsOf(run) {
  const idOf = new Map(run.vocab.map((token, id) => [token, id]));
  const hasWords = wordIds(run).length > 0;
  const other = hasWords ? (token) => `${token}s` : (token) => token.toUpperCase();
  const found = run.vocab.map((token, id) => [id, idOf.get(other(token))]);
  const isForm = ([id, form]) => form !== undefined && (hasWords ? STEM : SMALL).test(run.vocab[id]);
  return found.filter(isForm).slice(0, MAX_FORMS);
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
