/**
 * How a model learns: every operation of it, forward and backward. Forward, an operation makes a tensor of others.
 * Backward, it is given how the loss changes with what it made, the gradient of its output, and works out how the
 * loss changes with what it was made of. Both stand side by side here, each with its formula.
 *
 *   const tape = new Tape(kernel);
 *   const y = tape.linear(x, w);             // forward: numbers are computed, and the way back is recorded
 *   const loss = tape.crossEntropy(y, targets, targets.length);
 *   tape.backward();                         // x.gradient and w.gradient are there
 *   tape.rewind();                           // forget what was computed; the memory is free again
 *
 * In formulas, dy is the gradient of y: how the loss changes with each number of y, so as large as y. Shapes: rows
 * are the tokens of a batch, one row of text after another; B rows of text, T positions, C channels, H heads,
 * D size of a head.
 */
import { matrix, transposed } from "./train-kernel.js";

/** A matrix of numbers, and how the loss changes with each of them. */
export class Tensor {
  /**
   * @param {import("./train-kernel.js").Matrix} value
   * @param {import("./train-kernel.js").Matrix | null} gradient null if nobody asks for it: what it was made of
   *   does not learn
   */
  constructor(value, gradient) {
    this.value = value;
    this.gradient = gradient;
    /** Whether something has been written to the gradient. */
    this.hasGradient = false;
  }

  get rows() {
    return this.value.rows;
  }

  get columns() {
    return this.value.columns;
  }

  get size() {
    return this.rows * this.columns;
  }

  /** Whether what comes next is added to the gradient: not the first time. */
  adds() {
    const hadGradient = this.hasGradient;
    this.hasGradient = true;
    return hadGradient;
  }
}

/** The operations. It remembers each one that was made, in order, so that all can be gone through backward. */
export class Tape {
  /** @param {import("./train-kernel.js").TrainingKernel} kernel */
  constructor(kernel) {
    this.kernel = kernel;
    this.start = kernel.free;
    this.backwards = [];
  }

  /** Give back the memory of all that was computed. */
  rewind() {
    this.kernel.free = this.start;
    this.backwards.length = 0;
  }

  /** From the last operation to the first: each hands the gradient of its output on to its inputs. */
  backward() {
    for (const backward of this.backwards.reverse()) backward();
  }

  /** Room for the output of an operation. It has a gradient if one of the inputs has. */
  output(rows, columns, ...inputs) {
    const room = () => matrix(this.kernel.reserve(rows * columns), rows, columns);
    const hasGradient = inputs.some((one) => one.gradient);
    return new Tensor(room(), hasGradient ? room() : null);
  }

  /** Remember the way back, unless nobody asks for it. */
  record(output, backward) {
    if (output.gradient) this.backwards.push(backward);
  }

  /** Add a b to the gradient of a tensor, if it has one. */
  addProduct(tensor, a, b) {
    if (tensor.gradient) this.kernel.product(tensor.gradient, a, b, { adds: tensor.adds() });
  }

  /** Add dy to the gradient of a tensor as large, if it has one. */
  addGradient(tensor, dy) {
    if (!tensor.gradient) return;
    const { address } = tensor.gradient;
    if (tensor.adds()) this.kernel.add(address, address, dy.address, tensor.size);
    else this.kernel.scale(address, dy.address, 1, tensor.size);
  }

  /** The address of a gradient that is only ever added to: it begins as zeros. */
  zeroed(tensor) {
    const { address } = tensor.gradient;
    if (!tensor.adds()) this.kernel.floats(address, tensor.size).fill(0);
    return address;
  }

  /** Copy whole numbers, such as ids, into the kernel's memory. @returns {number} their address */
  integers(numbers) {
    const address = this.kernel.reserve(numbers.length);
    this.kernel.integers(address, numbers.length).set(numbers);
    return address;
  }

  /**
   * y = x wᵀ. Number o in a row of y is the sum of the products of that row of x and row o of w.
   *   dx = dy w     a number of x went into every output, so all of their gradients come back, each times the
   *                 weight that the number went there with
   *   dw = dyᵀ x    a weight did as much as the number that it was multiplied by, in all rows together
   * x (rows, n_in), w (n_out, n_in) -> (rows, n_out)
   */
  linear(x, w) {
    const y = this.output(x.rows, w.rows, x, w);
    this.kernel.product(y.value, x.value, transposed(w.value));
    this.record(y, () => {
      this.addProduct(x, y.gradient, w.value);
      this.addProduct(w, transposed(y.gradient), x.value);
    });
    return y;
  }

  /**
   * y = a b. da = dy bᵀ, db = aᵀ dy. It makes one large matrix of the two thin ones of an adapter (LoRA).
   * a (rows, rank), b (rank, columns) -> (rows, columns)
   */
  product(a, b) {
    const y = this.output(a.rows, b.columns, a, b);
    this.kernel.product(y.value, a.value, b.value);
    this.record(y, () => {
      this.addProduct(a, y.gradient, transposed(b.value));
      this.addProduct(b, transposed(a.value), y.gradient);
    });
    return y;
  }

  /**
   * y = a + b. da = dy, db = dy: a sum hands its gradient on to both, unchanged. So the residual stream leads
   * gradients from the loss back to every layer.
   */
  add(a, b) {
    const y = this.output(a.rows, a.columns, a, b);
    this.kernel.add(y.value.address, a.value.address, b.value.address, y.size);
    this.record(y, () => {
      this.addGradient(a, y.gradient);
      this.addGradient(b, y.gradient);
    });
    return y;
  }

  /**
   * The embedding of each token, plus that of its position if there is a table of them.
   *   d(a row of a table) = the sum of dy, wherever that row was used
   * ids (rows), tokens (V, C), positions (at least T, C) or null -> (rows, C)
   */
  embed(ids, tokens, positions, T) {
    const { kernel } = this;
    const C = tokens.columns;
    const y = this.output(ids.length, C, tokens, ...(positions ? [positions] : []));
    const used = this.integers(ids);
    kernel.embed(
      y.value.address,
      tokens.value.address,
      positions?.value.address ?? 0,
      used,
      ids.length,
      T,
      C,
    );
    this.record(y, () => {
      const dy = y.gradient.address;
      if (tokens.gradient) kernel.scatter(this.zeroed(tokens), dy, used, ids.length, C);
      if (!positions?.gradient) return;
      const places = this.integers(ids.map((_, row) => row % T));
      kernel.scatter(this.zeroed(positions), dy, places, ids.length, C);
    });
    return y;
  }

  /** The same numbers in rows of another length; they share their memory, and their gradients. */
  reshaped(x, rows) {
    const inRows = (m) => m && matrix(m.address, rows, x.size / rows);
    return new Tensor(inRows(x.value), inRows(x.gradient));
  }

  /**
   * LayerNorm: x̂ = (x - mean) / deviation of each row, y = x̂ weight + bias. With g = dy weight:
   *   dx = (g - mean of g - x̂ · mean of g x̂) / deviation    what would only shift or stretch a row changes nothing
   *   dweight = Σ dy x̂, dbias = Σ dy                          over all rows
   * x (rows, C), weight and bias (1, C) -> (rows, C)
   */
  norm(x, weight, bias) {
    const { kernel } = this;
    const { rows, columns } = x;
    const y = this.output(rows, columns, x, weight, bias);
    const [input, scales, shifts] = [x, weight, bias].map((one) => one.value.address);
    kernel.norm(y.value.address, input, scales, shifts, rows, columns);
    this.record(y, () => {
      const dy = y.gradient.address;
      if (x.gradient)
        kernel.normInputGradient(x.gradient.address, dy, input, scales, rows, columns, x.adds());
      if (!weight.gradient) return;
      kernel.normParameterGradients(this.zeroed(weight), this.zeroed(bias), dy, input, rows, columns);
    });
    return y;
  }

  /** A function of each number alone: dx = dy times its slope there. */
  activation(name, x) {
    const { kernel } = this;
    const y = this.output(x.rows, x.columns, x);
    const slope = kernel.reserve(x.size);
    kernel[name](y.value.address, slope, x.value.address, x.size);
    this.record(y, () => kernel.times(x.gradient.address, y.gradient.address, slope, x.size, x.adds()));
    return y;
  }

  /** GELU: y = x Φ(x), where Φ(x) is the part of a normal distribution below x. Slope: Φ(x) + x φ(x). */
  gelu(x) {
    return this.activation("gelu", x);
  }

  /** y = tanh(x). Slope: 1 - y². */
  tanh(x) {
    return this.activation("tanh", x);
  }

  /**
   * All heads of a layer: weights = softmax(q kᵀ / √D) with a causal mask, y = weights v.
   *   dv = weightsᵀ dy       a value gets from each query that attended to it as much as that attended
   *   dweights = dy vᵀ
   *   dscores = weights (dweights - Σ dweights weights)    of a row: weights sum to 1, so one grows at the
   *                                                        expense of the others
   *   dq = dscores k / √D, dk = dscoresᵀ q / √D
   * @param {Tensor} q @param {Tensor} k @param {Tensor} v (B T, C), of which each head has D columns
   * @param {{ T: number, H: number, isCausal?: boolean, isScaled?: boolean }} shape
   * @returns {Tensor} (B T, C)
   */
  attention(q, k, v, { T, H, isCausal = true, isScaled = true }) {
    const { kernel } = this;
    const y = this.output(q.rows, q.columns, q, k, v);
    const n = (q.rows / T) * H; // heads, of all rows of text
    const factor = isScaled ? 1 / Math.sqrt(q.columns / H) : 1;
    const patterns = kernel.reserve(n * T * T);
    const [lowerResult, lowerA, upperA] = isCausal ? CAUSAL : WITHOUT_MASK;
    const weightsOf = (i) => matrix(patterns + 4 * i * T * T, T, T);
    for (let i = 0; i < n; i++) {
      const weights = weightsOf(i);
      kernel.product(weights, headOf(q.value, i, T, H), transposed(headOf(k.value, i, T, H)), lowerResult);
      kernel.softmax(weights.address, T, factor, isCausal);
      kernel.product(headOf(y.value, i, T, H), weights, headOf(v.value, i, T, H), lowerA);
    }
    this.record(y, () => {
      const dscores = matrix(kernel.reserve(T * T), T, T);
      for (const tensor of [q, k, v]) this.zeroed(tensor);
      for (let i = 0; i < n; i++) {
        const weights = weightsOf(i);
        const dy = headOf(y.gradient, i, T, H);
        const [dq, dk, dv] = [q, k, v].map((one) => headOf(one.gradient, i, T, H));
        kernel.product(dv, transposed(weights), dy, upperA);
        kernel.product(dscores, dy, transposed(headOf(v.value, i, T, H)), lowerResult);
        kernel.softmaxGradient(dscores.address, weights.address, T, factor, isCausal);
        kernel.product(dq, dscores, headOf(k.value, i, T, H), { ...lowerA, adds: true });
        kernel.product(dk, transposed(dscores), headOf(q.value, i, T, H), upperA);
      }
    });
    return y;
  }

  /**
   * The loss: the mean of -ln(probability of the token that follows), and with it the way back begins.
   *   dlogits = (softmax(logits) - 1 for the token that follows) / n
   * The gradient takes the place of the logits.
   * @param {Tensor} logits (rows, V) @param {ArrayLike<number>} targets (rows) -1 where nothing follows
   * @param {number} n what the sum is divided by
   * @returns {number} in nats per token
   */
  crossEntropy(logits, targets, n) {
    const { rows, columns } = logits;
    const found = this.kernel.reserve(2 * rows);
    const { address } = logits.value;
    this.kernel.crossEntropy(address, found, this.integers(targets), 1 / n, rows, columns);
    logits.gradient &&= logits.value;
    let loss = 0;
    const sumsAndScores = this.kernel.floats(found, 2 * rows);
    for (let row = 0; row < rows; row++)
      loss += Math.log(sumsAndScores[2 * row]) - sumsAndScores[2 * row + 1];
    return loss / n;
  }
}

/** What a causal mask makes zero, so that it need not be computed. */
const CAUSAL = [{ part: "lower result" }, { part: "lower a" }, { part: "upper a", adds: true }];
const WITHOUT_MASK = [{}, {}, { adds: true }];

/** The columns of head i % H in row of text i / H: (T, D). */
function headOf({ address, columns }, i, T, H) {
  const D = columns / H;
  const row = Math.floor(i / H) * T;
  return matrix(address + 4 * (row * columns + (i % H) * D), T, D, columns);
}
