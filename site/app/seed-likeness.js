/**
 * Whether a change does more to a text than other luck does. Two texts with different settings are held against two
 * with the same settings and different seeds: how many of their words they have in common, see word-diff.js.
 *
 *   compareSeeds(firsts, seconds)   // texts with the same seeds, in the same order
 *   // { between: 0.21, within: [0.25, 0.24], nLess: 7, nSeeds: 8 }
 *
 *   between   what the two texts of a seed have in common, on average
 *   within    what two of the first, and two of the second, have in common: the seeds are different
 *   nLess     in how many seeds the two have less in common than two with the same settings usually have (the median)
 */
import { trend } from "./trend.js";
import { likeness } from "./word-diff.js";

/** @param {string[]} firsts @param {string[]} seconds */
export function compareSeeds(firsts, seconds) {
  const between = firsts.map((text, i) => likeness(text, seconds[i]));
  const within = [firsts, seconds].map((texts) => texts.map((_, i) => likenessToOthers(texts, i)));
  return {
    between: mean(between),
    within: within.map((some) => mean(some.flat())),
    nLess: between.filter((one, i) => one < median([...within[0][i], ...within[1][i]])).length,
    nSeeds: firsts.length,
  };
}

const likenessToOthers = (texts, i) =>
  texts.filter((_, j) => j !== i).map((other) => likeness(texts[i], other));

const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/**
 * Whether one model predicts the second texts better or worse than the first: unlike the words that two texts have in
 * common, that sees how they are spelled and put together. It is clear if it hardly ever comes about when the texts
 * are shuffled, see trend.js.
 * @param {?number[][]} bits of each seed: bits a token of its first text, and of its second; null where the model
 *   cannot read both
 * @returns {?{ first: number, second: number, chance: number, isClear: boolean }} both on average
 */
export function compareSurprise(bits) {
  if (!bits?.length || bits.flat().some((one) => one === null)) return null;
  const [firsts, seconds] = [0, 1].map((side) => bits.map((one) => one[side]));
  const sides = [...firsts.map(() => 0), ...seconds.map(() => 1)];
  const { chance, isClear } = trend(sides, [...firsts, ...seconds]);
  return { first: mean(firsts), second: mean(seconds), chance, isClear };
}

/**
 * "more" than other luck does, if their words say so in all seeds but one, or in all: of eight seeds, that comes about
 * by chance four times in a hundred; or if the surprise of the first model says so. "less", if it is so in one seed at
 * most. Otherwise "unclear".
 * @param {{ nLess: number, nSeeds: number }} words see compareSeeds
 * @param {?{ isClear: boolean }} [surprise] see compareSurprise
 */
export function verdictOf({ nLess, nSeeds }, surprise = null) {
  if (surprise?.isClear || nLess >= nSeeds - 1) return "more";
  return nLess <= 1 ? "less" : "unclear";
}

/**
 * From which difference on a word that occurs in so many of eight texts, and in so many of eight others, tells them
 * apart: five are rare by chance (Fisher's exact test: at most 4%), four are not.
 */
export const CLEAR_COUNT = 5;
