/**
 * What models write with several seeds, and what is counted in those texts: so one can tell what a change does to
 * a model from what only happened once.
 *
 *   const texts = await writeSeeds(model, { ids, sampling, branch, tokens, end, intervention }, seedsFrom(1, 8));
 *   texts[2]                                  // what it wrote with the third seed: { id, p, top, entropy } of each token
 *   divergences(texts, others)                // [12, null, …]: they differ from token 12 on, not at all, …
 *   differing(texts, others)                  // { differ: 5, texts: 8, meanStart: 9.4 }
 *   countWord(texts, vocab, "Tom")            // in how many of them it occurs
 *
 * @typedef {{ id: number }[]} Text the tokens that a model wrote
 */
import { END } from "../engine/tokenizer.js";

const WORDS = /[\p{L}\p{M}\p{N}]+(?:['’]\p{L}+)*/gu;

/** Seeds one after the other. @returns {number[]} */
export const seedsFrom = (first, n) => Array.from({ length: n }, (_, i) => first + i);

/**
 * One text for each seed. What somebody took in the text stays; where a branch has other luck, it is dropped, or
 * all texts would have the same numbers from there on.
 * @param {{ generate: (params: any, options: any) => Promise<any> }} model a LiveModel
 * @param {any} params what LiveModel.generate takes, without the seed
 * @param {number[]} seeds
 * @param {{ signal?: AbortSignal, onProgress?: (texts: Text[]) => void }} [options] onProgress: called after each
 *   text with all that are written so far
 * @returns {Promise<Text[]>}
 */
export async function writeSeeds(model, params, seeds, { signal, onProgress = () => {} } = {}) {
  const branch = (params.branch ?? []).filter((one) => one.seed === undefined);
  const texts = [];
  for (const seed of seeds) {
    const tokens = [];
    await model.generate({ ...params, branch, seed }, { signal, onProgress: (more) => tokens.push(...more) });
    texts.push(tokens);
    onProgress([...texts]);
  }
  return texts;
}

/**
 * The index of the first token in which two texts differ; the length of the shorter one if the other begins with
 * it; null if they are the same. @param {Text} text @param {Text} other
 */
export function divergence(text, other) {
  const n = Math.min(text.length, other.length);
  for (let i = 0; i < n; i++) if (text[i].id !== other[i].id) return i;
  return text.length === other.length ? null : n;
}

/** The same for each seed of two lists. @param {Text[]} texts @param {Text[]} others */
export const divergences = (texts, others) => texts.map((text, i) => divergence(text, others[i]));

/**
 * In how many texts two lists differ, and how many tokens those have in common before, on average: null if none
 * differs. @param {Text[]} texts @param {Text[]} others
 */
export function differing(texts, others) {
  const starts = divergences(texts, others).filter((start) => start !== null);
  const sum = starts.reduce((total, start) => total + start, 0);
  return {
    differ: starts.length,
    texts: texts.length,
    meanStart: starts.length ? sum / starts.length : null,
  };
}

/** A text as people read it, without the end mark. @param {Text} text @param {string[]} vocab */
export const wordsOf = (text, vocab) =>
  text
    .map(({ id }) => vocab[id])
    .filter((token) => token !== END)
    .join("");

/**
 * The word that a token is part of, or the next one after it; null if there is none. Words are letters and digits.
 * @param {Text} text @param {string[]} vocab @param {number} index of the token
 */
export function wordAt(text, vocab, index) {
  const start = wordsOf(text.slice(0, index), vocab).length;
  for (const found of wordsOf(text, vocab).matchAll(WORDS)) {
    if (found.index + found[0].length > start) return found[0];
  }
  return null;
}

/** In how many texts a whole word occurs, however it is capitalized. @param {Text[]} texts @param {string[]} vocab */
export function countWord(texts, vocab, word) {
  const wanted = word.toLowerCase();
  const hasWord = (text) =>
    Array.from(wordsOf(text, vocab).matchAll(WORDS)).some(([found]) => found.toLowerCase() === wanted);
  return texts.filter(hasWord).length;
}

/**
 * The word whose counts in two lists of texts differ most, and among how many words; null if none differs.
 * @param {string[]} texts @param {string[]} others as people read them
 * @returns {?{ word: string, among: number }}
 */
export function mostDifferentWord(texts, others) {
  const balance = new Map(); // a word -> in how many more of the texts it is than of the others
  const add = (list, by) => {
    for (const text of list) {
      const words = new Set(Array.from(text.toLowerCase().matchAll(WORDS), ([found]) => found));
      for (const word of words) balance.set(word, (balance.get(word) ?? 0) + by);
    }
  };
  add(texts, 1);
  add(others, -1);
  let most = null;
  for (const [word, by] of balance) {
    if (Math.abs(by) > Math.abs(balance.get(most) ?? 0)) most = word;
  }
  return most === null ? null : { word: most, among: balance.size };
}
