/**
 * All weights of a model as one list of numbers, one tensor after another in the order of PyTorch, and back. So they are
 * handed from a worker to the page without a copy.
 *
 *   const weights = flattened(training.tensors(), settings);
 *   const tensors = tensorsOf(weights, settings);
 */
import { dequantized, parameterShapes } from "./training.js";

const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b);

/**
 * @param {Map<string, import("./weights.js").Tensor>} tensors @param {any} settings with vocab_size
 * @returns {Float32Array}
 */
export function flattened(tensors, settings) {
  const shapes = parameterShapes(settings);
  const weights = new Float32Array(shapes.reduce((sum, one) => sum + sizeOf(one), 0));
  let offset = 0;
  for (const one of shapes) {
    weights.set(dequantized(tensors.get(one.name)), offset);
    offset += sizeOf(one);
  }
  return weights;
}

/**
 * @param {Float32Array} weights @param {any} settings with vocab_size
 * @returns {Map<string, import("./weights.js").Tensor>} views of the same numbers
 */
export function tensorsOf(weights, settings) {
  let offset = 0;
  return new Map(
    parameterShapes(settings).map(({ name, shape }) => {
      const start = offset;
      offset += sizeOf({ shape });
      return [name, { shape, values: weights.subarray(start, offset) }];
    }),
  );
}
