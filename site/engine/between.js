/**
 * Weights on the straight line through those of two models.
 *
 *   between(early, late, 0)      // those of the first
 *   between(early, late, 0.5)    // halfway
 *   between(early, late, 1.25)   // a quarter of the way further than the second
 *
 * @typedef {import("./weights.js").Tensor} Tensor
 */

/**
 * @param {Map<string, Tensor>} start @param {Map<string, Tensor>} end of the same shapes
 * @param {number} fraction of the way
 * @returns {Map<string, Tensor>} none of them in 8 bits
 */
export function between(start, end, fraction) {
  const found = new Map();
  for (const [name, tensor] of start) {
    const first = dequantized(tensor);
    const second = dequantized(end.get(name));
    const values = first.map((value, i) => value + fraction * (second[i] - value));
    found.set(name, { shape: tensor.shape, values });
  }
  return found;
}

/** The numbers of a tensor, row by row. @param {Tensor} tensor @returns {Float32Array} */
function dequantized({ shape, values, scales }) {
  const width = values.length / shape[0];
  return Float32Array.from(values, (value, i) => (scales ? value * scales[Math.floor(i / width)] : value));
}
