/**
 * Whether some numbers rise or fall with others by more than chance.
 *
 *   trend([0.4, 0.4, 1.2, 1.2], [20, 18, 12, 9])    // { direction: -1, chance: 0.17, isClear: false }
 *
 * The rule: deal the second numbers out to the first ones at random, many times, and count how often they go
 * together at least as closely as they really do (by their covariance, whatever its sign). If that is in fewer
 * than 5% of the deals, the usual limit, the trend is clear. The rule needs no assumption about how they scatter.
 */
import { percent } from "./format.js";

const LIMIT = 0.05;
const DEALS = 1999;

/** @param {number[]} xs @param {number[]} ys as many */
export function trend(xs, ys) {
  const covariance = covarianceWith(xs);
  const ours = covariance(ys);
  const random = generator(1);
  let asClose = 1; // the numbers as they are count as a deal, so that the chance is never 0
  for (let n = 0; n < DEALS; n++) {
    if (Math.abs(covariance(shuffled(ys, random))) >= Math.abs(ours) - 1e-9) asClose++;
  }
  const chance = asClose / (DEALS + 1);
  return { direction: Math.sign(ours), chance, isClear: chance < LIMIT };
}

/** The rule in a sentence, with what was found. @param {{ chance: number }} found @param {string} names of the xs */
export const howOften = ({ chance }, names) =>
  `With the ${names} shuffled among the texts, as strong a trend comes up ${percent(chance)} of the time; below ${percent(LIMIT)} counts as more than chance.`;

/** How closely numbers go together with these, but for a factor. */
function covarianceWith(xs) {
  const mean = xs.reduce((a, b) => a + b, 0) / Math.max(1, xs.length);
  const centred = xs.map((x) => x - mean);
  return (ys) => ys.reduce((sum, y, i) => sum + centred[i] * y, 0);
}

/** A copy in random order: Fisher and Yates. */
function shuffled(values, random) {
  const copy = [...values];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

/** Random numbers that are the same each time, so that nobody is told two things about the same texts: xorshift. */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
