/**
 * From logits to the next token.
 *
 *   const rng = makeRng(1);
 *   pick(samplingProbs(logits, { temperature: 0.8, topK: 40 }), rng())     // the id of a token
 */
import { softmax } from "./kernel.js";

/**
 * Logits -> the probabilities to sample with: the k most likely tokens, and of those the most
 * likely until their sum reaches p, as `sampling_probs` in terrarium/generation.py.
 * @param {Float32Array} logits (V)
 * @param {object} [options]
 * @param {number} [options.temperature] 1: the probabilities of the model; 0: only the most likely
 * @param {number} [options.topK] 0: all
 * @param {number} [options.topP] 1: all
 * @returns {Float32Array} (V)
 */
export function samplingProbs(logits, { temperature = 1, topK = 0, topP = 1 } = {}) {
  if (temperature < 1e-6) {
    // anything smaller would overflow
    const best = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
    return Float32Array.from(logits, (_, id) => Number(id === best));
  }
  const p = softmax(logits.map((logit) => logit / temperature));
  if (!topK && topP >= 1) return p;
  const order = ranking(p);
  const truncated = new Float32Array(p.length);
  const candidates = topK ? order.slice(0, topK) : order;
  const total = candidates.reduce((sum, id) => sum + p[id], 0);
  let cumulative = 0;
  for (const id of candidates) {
    if (cumulative >= topP) break;
    truncated[id] = p[id];
    cumulative += p[id] / total;
  }
  const sum = truncated.reduce((a, b) => a + b, 0);
  return truncated.map((one) => one / sum);
}

/** Ids, the most likely first. @param {ArrayLike<number>} p (V) @returns {number[]} */
export function ranking(p) {
  return Array.from(p, (_, id) => id).sort((a, b) => p[b] - p[a]);
}

/** The n most likely tokens. @returns {{id: number, p: number}[]} */
export function top(p, n = 10) {
  return ranking(p)
    .slice(0, n)
    .map((id) => ({ id, p: p[id] }));
}

/** Sample an id, given a random number from 0 to 1. @param {ArrayLike<number>} p sums to 1 */
export function pick(p, random) {
  let last = 0;
  for (let id = 0; id < p.length; id++) {
    if (p[id] > 0) {
      last = id;
      if ((random -= p[id]) < 0) break;
    }
  }
  return last;
}

/**
 * A random number with which `pick` gives this id, as random as another one from 0 to 1. For a text that
 * was drawn elsewhere, such numbers say how another model would have gone on with the same luck.
 * @param {ArrayLike<number>} p sums to 1 @param {number} id @param {number} random
 */
export function numberFor(p, id, random) {
  let before = 0;
  for (let i = 0; i < id; i++) before += p[i];
  return before + p[id] * (0.01 + 0.98 * random); // not at an edge, where rounding decides
}

/**
 * A seeded random number generator: a Weyl sequence, its bits well mixed.
 * @param {number} seed @returns {() => number} each call gives a number from 0 to 1, 1 excluded
 */
export function makeRng(seed) {
  let state = Math.imul(seed, 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** The entropy of probabilities in nats, 0 if one of them is 1. @returns {number} */
export function entropy(p) {
  let nats = 0;
  for (const one of p) if (one > 0) nats -= one * Math.log(one);
  return nats;
}
