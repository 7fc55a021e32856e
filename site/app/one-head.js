/**
 * What one attention head does for one token, number by number: attention() of train.py, taken apart.
 *
 *   const parts = attendByHand(vectors, 5);
 *   parts.products[3]    // of query 5 and key 3
 *   parts.weights        // (6), of the keys up to the query; together 1
 *   parts.mixed          // (D)
 */

/**
 * @param {{ queries: Float32Array, keys: Float32Array, values: Float32Array, D: number }} vectors (T D) each
 * @param {number} query the position that looks
 */
export function attendByHand({ queries, keys, values, D }, query) {
  const T = queries.length / D;
  const q = rowOf(queries, query, D);
  const products = Array.from({ length: T }, (_, key) => dot(q, rowOf(keys, key, D)));
  const scores = products.map((product) => product / Math.sqrt(D));
  const visible = scores.slice(0, query + 1); // what comes later is hidden
  const most = Math.max(...visible);
  const powers = visible.map((score) => Math.exp(score - most)); // the same weights, and no number too large
  const sum = powers.reduce((total, one) => total + one, 0);
  const weights = powers.map((power) => power / sum);
  const mixed = new Float32Array(D);
  weights.forEach((weight, key) => {
    rowOf(values, key, D).forEach((value, d) => {
      mixed[d] += weight * value;
    });
  });
  return { products, scores, weights, mixed };
}

/** The vector at a position, (D). */
export const rowOf = (vectors, position, D) => vectors.subarray(position * D, (position + 1) * D);

/** Multiply two vectors, number by number, and add up the products. */
const dot = (a, b) => a.reduce((sum, number, d) => sum + number * b[d], 0);
