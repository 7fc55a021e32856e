/**
 * What can be computed with the embeddings of all tokens, (V C): which are similar, and arithmetic with words.
 *
 *   nearestTo(vectors, C, rowOf(vectors, C, 5), [5], 3)     // [{ id: 91, cosine: 0.62 }, …]: near token 5
 *   ranksOf(vectors, C, [[she, he, boy, girl]])             // [1]: she - he + boy is nearest to girl
 *   chanceCosines(768, 128, 2)                              // [0.28, 0.25]: of random vectors, to be compared with
 *
 * @typedef {[number | null, number | null, number, number]} Quadruple a, b, c and the token that is expected to be
 *   nearest to a - b + c; without a and b, to c alone
 */

import { makeRng } from "./sample.js";

const DRAWN = 40; // vectors whose nearest are found: enough for two digits, nearly

/** The embedding of a token, (C). @param {Float32Array} vectors @param {number} C @param {number} id */
export const rowOf = (vectors, C, id) => vectors.subarray(id * C, (id + 1) * C);

/** The cosine of a vector with the embedding of each token, (V). */
function cosinesWith(vectors, C, vector) {
  const length = Math.hypot(...vector);
  return Float32Array.from({ length: vectors.length / C }, (_, id) => {
    let product = 0;
    let square = 0;
    for (let c = 0, i = id * C; c < C; c++, i++) {
      product += vectors[i] * vector[c];
      square += vectors[i] * vectors[i];
    }
    return product / (length * Math.sqrt(square) || 1);
  });
}

/** The tokens whose embeddings are most like a vector. @param {number[]} left those that do not count */
export function nearestTo(vectors, C, vector, left, n) {
  const cosines = cosinesWith(vectors, C, vector);
  const ids = [...cosines.keys()].filter((id) => !left.includes(id));
  ids.sort((x, y) => cosines[y] - cosines[x]);
  return ids.slice(0, n).map((id) => ({ id, cosine: cosines[id] }));
}

/** The mean cosines of a vector with the nearest ones among n random vectors (n C), the nearest first. */
export function chanceCosines(n, C, nNearest) {
  const rng = makeRng(1);
  const vectors = Float32Array.from({ length: n * C }, () => rng() - 0.5);
  const sums = new Array(Math.min(nNearest, n - 1)).fill(0);
  const drawn = Math.min(DRAWN, n);
  for (let id = 0; id < drawn; id++) {
    const nearest = nearestTo(vectors, C, rowOf(vectors, C, id), [id], sums.length);
    nearest.forEach(({ cosine }, i) => (sums[i] += cosine / drawn));
  }
  return sums;
}

/** The vector a - b + c, or that of c alone. */
export function arithmetic(vectors, C, [a, b, c]) {
  const start = rowOf(vectors, C, c);
  if (a === null || b === null) return start;
  const plus = rowOf(vectors, C, a);
  const minus = rowOf(vectors, C, b);
  return start.map((value, i) => value + plus[i] - minus[i]);
}

/** Where the expected token comes among all but those that went in: 1 is first. @param {Quadruple[]} quadruples */
export function ranksOf(vectors, C, quadruples) {
  return Int32Array.from(quadruples, ([a, b, c, expected]) => {
    const cosines = cosinesWith(vectors, C, arithmetic(vectors, C, [a, b, c]));
    const given = [a, b, c];
    let rank = 1;
    cosines.forEach((cosine, id) => {
      if (cosine > cosines[expected] && !given.includes(id)) rank++;
    });
    return rank;
  });
}
