/**
 * The arithmetic of training: the same functions in WebAssembly (train-kernel.c) and, for browsers without its
 * vector instructions, in JavaScript. Both work on one block of memory, and take and return addresses in it.
 *
 *   const createKernel = await compileTraining(bytesOfTheWasmFile);
 *   const kernel = createKernel(1_000_000);                     // with this many bytes of memory
 *   const x = matrix(kernel.reserve(6), 2, 3);                  // two rows of three numbers, all of them 0
 *   kernel.product(y, x, transposed(w));                        // y = x wᵀ
 *   kernel.product(y, x, transposed(w), { adds: true });        // y += x wᵀ
 *
 * `adds`, where a function has it: whether to add to what is there, because several operations contribute to
 * one gradient.
 *
 * @typedef {{ address: number, rows: number, columns: number, down: number, across: number }} Matrix
 *   numbers in memory; `down` and `across`: how far apart neighbours in a column and in a row are
 * @typedef {"all" | "lower result" | "lower a" | "upper a"} Part what is not 0, or is asked for, of a square
 *   matrix: all of it, or its triangle below or above the diagonal, with the diagonal
 */
import { KernelMemory, normalBelow } from "./kernel.js";

const PAGE = 65536; // WebAssembly's unit of memory, in bytes
const PARTS = ["all", "lower result", "lower a", "upper a"]; // in the order of train-kernel.c

/** A matrix in memory. `stride`: numbers from one row to the next. @returns {Matrix} */
export const matrix = (address, rows, columns, stride = columns) => ({
  address,
  rows,
  columns,
  down: stride,
  across: 1,
});

/** The same numbers, its rows as columns. @param {Matrix} m @returns {Matrix} */
export const transposed = ({ address, rows, columns, down, across }) => ({
  address,
  rows: columns,
  columns: rows,
  down: across,
  across: down,
});

/** What the functions of both kernels are called with. */
class TrainingMemory extends KernelMemory {
  /** A view of `n` whole numbers of 32 bits. @returns {Int32Array} */
  integers(address, n) {
    return new Int32Array(this.buffer, address, n);
  }
}

/**
 * Prepare the kernel in WebAssembly.
 * @param {BufferSource} file the content of train-kernel.wasm or train-kernel-fused.wasm
 * @returns {Promise<(bytes: number) => TrainingKernel>} creates a kernel with that much memory
 * @throws {WebAssembly.CompileError} where its instructions are unknown
 */
export async function compileTraining(file) {
  const module = await WebAssembly.compile(file);
  return (bytes) => {
    // Sized once: memory that grows later detaches every view of it.
    const pages = Math.ceil(bytes / PAGE) + 4;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return /** @type {any} */ (new WebAssemblyKernel(memory, exports));
  };
}

/** @typedef {JavaScriptTraining} TrainingKernel */

class WebAssemblyKernel extends TrainingMemory {
  name = "wasm";

  constructor(memory, exports) {
    super(memory.buffer, exports.heap());
    this.multiply = exports.multiply;
    Object.assign(this, {
      add: exports.add,
      scale: exports.scale,
      lerp: exports.lerp,
      sumOfSquares: exports.sum_of_squares,
      embed: exports.embed,
      scatter: exports.scatter,
      norm: exports.norm,
      normInputGradient: exports.norm_input_gradient,
      normParameterGradients: exports.norm_parameter_gradients,
      gelu: exports.gelu,
      tanh: exports.tanh,
      times: exports.times,
      softmax: exports.softmax,
      softmaxGradient: exports.softmax_gradient,
      crossEntropy: exports.cross_entropy,
      adamw: exports.adamw,
      normalizeRows: exports.normalize_rows,
    });
  }

  product(c, a, b, { part = "all", adds = false } = {}) {
    this.multiply(
      ...[c.address, c.down, a.address, a.down, a.across, b.address, b.down, b.across],
      ...[a.rows, b.columns, a.columns, PARTS.indexOf(part), adds],
    );
  }
}

/** A kernel in JavaScript. @param {number} bytes of memory @returns {TrainingKernel} */
export const javascriptTraining = (bytes) => new JavaScriptTraining(bytes);

class JavaScriptTraining extends TrainingMemory {
  name = "javascript";

  constructor(bytes) {
    super(new ArrayBuffer(16 * Math.ceil(bytes / 16)), 0);
  }

  /**
   * c = a b, or c += a b.
   * @param {Matrix} c (rows, columns) @param {Matrix} a (rows, depth) @param {Matrix} b (depth, columns)
   * @param {{ part?: Part, adds?: boolean }} [options]
   */
  product(c, a, b, { part = "all", adds = false } = {}) {
    const [to, left, right] = [c, a, b].map((one) => this.numbersOf(one));
    for (let i = 0; i < a.rows; i++) {
      const row = to.subarray(i * c.down, i * c.down + b.columns);
      const first = part === "upper a" ? i : 0;
      const last = part === "lower a" ? i + 1 : a.columns;
      if (!adds) row.fill(0);
      if (b.down === 1) addDots(row, left, i * a.down, a.across, right, b.across, first, last);
      else addRows(row, left, i * a.down, a.across, right, b.down, first, last);
    }
  }

  /** A view of all numbers from a matrix's first to its last. @param {Matrix} matrix */
  numbersOf({ address, rows, columns, down, across }) {
    return this.floats(address, (rows - 1) * down + (columns - 1) * across + 1);
  }

  /** total = a + b, all of n numbers. */
  add(total, a, b, n) {
    const out = this.floats(total, n);
    const left = this.floats(a, n);
    const right = this.floats(b, n);
    for (let i = 0; i < n; i++) out[i] = left[i] + right[i];
  }

  /** y = factor x, of n numbers. */
  scale(y, x, factor, n) {
    const out = this.floats(y, n);
    const input = this.floats(x, n);
    for (let i = 0; i < n; i++) out[i] = factor * input[i];
  }

  /** y = y + part (x - y), of n numbers. */
  lerp(y, x, part, n) {
    const out = this.floats(y, n);
    const input = this.floats(x, n);
    for (let i = 0; i < n; i++) out[i] += part * (input[i] - out[i]);
  }

  /** The squares of n numbers, added up. */
  sumOfSquares(x, n) {
    return this.floats(x, n).reduce((sum, one) => sum + one * one, 0);
  }

  /** The embedding of each token plus that of its position (address 0: none): y (rows, n), T positions. */
  embed(y, tokens, positions, ids, rows, T, n) {
    const rowIds = this.integers(ids, rows);
    for (let r = 0; r < rows; r++) {
      const out = this.floats(y + 4 * r * n, n);
      const token = this.floats(tokens + 4 * rowIds[r] * n, n);
      out.set(token);
      if (!positions) continue;
      const position = this.floats(positions + 4 * (r % T) * n, n);
      for (let i = 0; i < n; i++) out[i] += position[i];
    }
  }

  /** Add each row of dy (rows, n) to the row of a table (V, n) that it came from. */
  scatter(table, dy, ids, rows, n) {
    const rowIds = this.integers(ids, rows);
    for (let r = 0; r < rows; r++) {
      const to = this.floats(table + 4 * rowIds[r] * n, n);
      const row = this.floats(dy + 4 * r * n, n);
      for (let i = 0; i < n; i++) to[i] += row[i];
    }
  }

  /** y = x with each row (n) brought to mean 0 and variance 1, times weight, plus bias. */
  norm(y, x, weight, bias, rows, n) {
    const weights = this.floats(weight, n);
    const biases = this.floats(bias, n);
    for (let r = 0; r < rows; r++) {
      const normal = normalized(this.floats(x + 4 * r * n, n)).values;
      const out = this.floats(y + 4 * r * n, n);
      for (let i = 0; i < n; i++) out[i] = normal[i] * weights[i] + biases[i];
    }
  }

  /** The gradient of x from that of y. */
  normInputGradient(dx, dy, x, weight, rows, n, adds) {
    const weights = this.floats(weight, n);
    for (let r = 0; r < rows; r++) {
      const { values, scale } = normalized(this.floats(x + 4 * r * n, n));
      const out = this.floats(dx + 4 * r * n, n);
      const gradient = Float64Array.from(this.floats(dy + 4 * r * n, n));
      for (let i = 0; i < n; i++) gradient[i] *= weights[i];
      const mean = meanOf(gradient);
      let along = 0;
      for (let i = 0; i < n; i++) along += (gradient[i] * values[i]) / n;
      for (let i = 0; i < n; i++) {
        out[i] = (adds ? out[i] : 0) + scale * (gradient[i] - mean - values[i] * along);
      }
    }
  }

  /** The gradients of weight and bias from that of y are added to what is there. */
  normParameterGradients(dweight, dbias, dy, x, rows, n) {
    const weights = this.floats(dweight, n);
    const biases = this.floats(dbias, n);
    for (let r = 0; r < rows; r++) {
      const { values } = normalized(this.floats(x + 4 * r * n, n));
      const gradient = this.floats(dy + 4 * r * n, n);
      for (let i = 0; i < n; i++) {
        weights[i] += gradient[i] * values[i];
        biases[i] += gradient[i];
      }
    }
  }

  /**
   * y = x times the part of a normal distribution that lies below x, and how y changes with x, of n numbers.
   */
  gelu(y, slope, x, n) {
    const out = this.floats(y, n);
    const slopes = this.floats(slope, n);
    const input = this.floats(x, n);
    for (let i = 0; i < n; i++) {
      const below = normalBelow(input[i]);
      out[i] = input[i] * below;
      slopes[i] = below + (input[i] * Math.exp(-(input[i] ** 2) / 2)) / Math.sqrt(2 * Math.PI);
    }
  }

  /** y = tanh(x), and how y changes with x, of n numbers. */
  tanh(y, slope, x, n) {
    const out = this.floats(y, n);
    const slopes = this.floats(slope, n);
    const input = this.floats(x, n);
    for (let i = 0; i < n; i++) {
      out[i] = Math.tanh(input[i]);
      slopes[i] = 1 - out[i] ** 2;
    }
  }

  /** dx = dy times a slope, of n numbers. */
  times(dx, dy, slope, n, adds) {
    const out = this.floats(dx, n);
    const gradient = this.floats(dy, n);
    const slopes = this.floats(slope, n);
    for (let i = 0; i < n; i++) out[i] = (adds ? out[i] : 0) + gradient[i] * slopes[i];
  }

  /** Scores (n, n) -> softmax of factor times each row; with a causal mask, of its part up to the diagonal. */
  softmax(scores, n, factor, isCausal) {
    for (let r = 0; r < n; r++) {
      const row = this.floats(scores + 4 * r * n, n);
      const seen = row.subarray(0, isCausal ? r + 1 : n);
      const sum = exponentials(seen, factor);
      for (let i = 0; i < seen.length; i++) seen[i] /= sum;
      row.fill(0, seen.length);
    }
  }

  /** The gradient of the weights (n, n) -> that of the scores, in its place. */
  softmaxGradient(gradient, weights, n, factor, isCausal) {
    for (let r = 0; r < n; r++) {
      const row = this.floats(gradient + 4 * r * n, n);
      const seen = isCausal ? r + 1 : n;
      const weight = this.floats(weights + 4 * r * n, seen);
      const mean = weight.reduce((sum, one, i) => sum + one * row[i], 0);
      for (let i = 0; i < seen; i++) row[i] = factor * weight[i] * (row[i] - mean);
      row.fill(0, seen);
    }
  }

  /**
   * Logits (rows, n) and the token that follows each (-1: none) -> their gradient times factor, in their place.
   * Minus ln of a token's probability is ln(sum) - score, with what is written to `found` (rows, 2).
   */
  crossEntropy(logits, found, targets, factor, rows, n) {
    const expected = this.integers(targets, rows);
    const sumsAndScores = this.floats(found, 2 * rows);
    for (let r = 0; r < rows; r++) {
      const row = this.floats(logits + 4 * r * n, n);
      const target = expected[r];
      const score = target < 0 ? 0 : row[target] - row.reduce((most, one) => Math.max(most, one), -Infinity);
      const sum = exponentials(row, 1);
      sumsAndScores.set(target < 0 ? [1, 0] : [sum, score], 2 * r);
      const share = target < 0 ? 0 : factor / sum;
      for (let i = 0; i < n; i++) row[i] *= share;
      if (target >= 0) row[target] -= factor;
    }
  }

  /**
   * One update of n weights by AdamW: m and v are averages of the gradients and of their squares. They began as
   * zeros; `rate` (the learning rate) and `unbiased` make up for that.
   */
  adamw(weights, gradients, m, v, n, beta1, beta2, rate, unbiased) {
    const weight = this.floats(weights, n);
    const gradient = this.floats(gradients, n);
    const mean = this.floats(m, n);
    const square = this.floats(v, n);
    for (let i = 0; i < n; i++) {
      mean[i] += (1 - beta1) * (gradient[i] - mean[i]);
      square[i] += (1 - beta2) * (gradient[i] ** 2 - square[i]);
      weight[i] -= (rate * mean[i]) / (Math.sqrt(square[i] * unbiased) + 1e-8);
    }
  }

  /**
   * Rows (neurons) of a change that changed more than others lately change less; all of it stays as long as it
   * was. `moments` (rows) is the average of their squares.
   */
  normalizeRows(change, moments, rows, n) {
    const averages = this.floats(moments, rows);
    const before = this.sumOfSquares(change, rows * n);
    for (let r = 0; r < rows; r++) {
      const square = this.sumOfSquares(change + 4 * r * n, n) / n;
      averages[r] += 0.05 * (square - averages[r]);
      this.scale(change + 4 * r * n, change + 4 * r * n, 1 / Math.max(Math.sqrt(averages[r]), 1e-8), n);
    }
    const after = this.sumOfSquares(change, rows * n);
    this.scale(change, change, Math.sqrt(before) / Math.max(Math.sqrt(after), 1e-8), rows * n);
  }
}

/** Add to each number of a row the product of a's row, from `first` to `last`, and a row of b's transpose. */
function addDots(row, a, start, across, b, stride, first, last) {
  for (let j = 0; j < row.length; j++) {
    const other = j * stride;
    let even = 0; // two sums at once, for speed
    let odd = 0;
    let k = first;
    for (; k + 1 < last; k += 2) {
      even += a[start + k * across] * b[other + k];
      odd += a[start + (k + 1) * across] * b[other + k + 1];
    }
    if (k < last) even += a[start + k * across] * b[other + k];
    row[j] += even + odd;
  }
}

/** Add b's rows from `first` to `last` to a row, each times a number of a's row; four at once, for speed. */
function addRows(row, a, start, across, b, stride, first, last) {
  let k = first;
  for (; k + 3 < last; k += 4) {
    const at = start + k * across;
    const [w, x, y, z] = [a[at], a[at + across], a[at + 2 * across], a[at + 3 * across]];
    const from = k * stride;
    for (let j = 0; j < row.length; j++) {
      const i = from + j;
      row[j] += w * b[i] + x * b[i + stride] + y * b[i + 2 * stride] + z * b[i + 3 * stride];
    }
  }
  for (; k < last; k++) {
    const factor = a[start + k * across];
    for (let j = 0; j < row.length; j++) row[j] += factor * b[k * stride + j];
  }
}

/** A row brought to mean 0 and variance 1, and what it was multiplied by for that. */
function normalized(row) {
  const values = Float64Array.from(row);
  const mean = meanOf(values);
  for (let i = 0; i < values.length; i++) values[i] -= mean;
  let squares = 0;
  for (const one of values) squares += one * one;
  const scale = 1 / Math.sqrt(squares / values.length + 1e-5);
  for (let i = 0; i < values.length; i++) values[i] *= scale;
  return { values, scale };
}

function meanOf(numbers) {
  let sum = 0;
  for (const one of numbers) sum += one;
  return sum / numbers.length;
}

/** Each number of a row becomes e to the power of factor (it - the largest). @returns their sum */
function exponentials(row, factor) {
  const most = row.reduce((largest, one) => Math.max(largest, one), -Infinity);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    row[i] = Math.exp(factor * (row[i] - most));
    sum += row[i];
  }
  return sum;
}
