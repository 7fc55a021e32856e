/**
 * How gradients become changes of the weights: Muon for the matrices in the blocks, AdamW for the rest, as in
 * train.py; or AdamW for all.
 *
 * @typedef {object} Parameter a tensor of weights that learns
 * @property {number[]} shape (rows, columns) or (n)
 * @property {number} n how many numbers it has
 * @property {"matrix" | "embedding" | "rest"} group which learning rate is its own
 * @property {number} address of its weights in the kernel's memory
 * @property {number} gradient address of their gradients
 * @property {number} averages address of as many numbers, which are kept from update to update
 * @property {number} squares address of as many more
 */
import { lrMultiplier } from "./schedule.js";
import { matrix, transposed } from "./train-kernel.js";

const BETA1 = 0.9;
const BETA2 = 0.99;
const CLIPPED_TO = 1; // the norm of all gradients together, or one outlier batch wrecks the run
const NEWTON_SCHULZ_ROUNDS = 5;

export class Optimizer {
  /**
   * @param {import("./train-kernel.js").TrainingKernel} kernel
   * @param {Parameter[]} parameters
   * @param {any} settings optimizer ("muon" or "adamw") and the learning rates, as in train.py
   */
  constructor(kernel, parameters, settings) {
    this.kernel = kernel;
    this.parameters = parameters;
    this.settings = settings;
  }

  /** How long the gradients of all weights are together. */
  gradientNorm() {
    const squares = this.parameters.map(({ gradient, n }) => this.kernel.sumOfSquares(gradient, n));
    return Math.sqrt(squares.reduce((a, b) => a + b, 0));
  }

  /**
   * One update of all weights, from their gradients.
   * @param {number} step how many updates there were before @param {number} gradientNorm as above
   */
  update(step, gradientNorm) {
    this.clipGradients(gradientNorm);
    const multiplier = lrMultiplier(step, this.settings);
    for (const parameter of this.parameters) {
      const lr = multiplier * this.learningRate(parameter);
      const isMatrix = parameter.group === "matrix";
      if (isMatrix) this.decay(parameter, lr);
      if (isMatrix && this.settings.optimizer === "muon") this.muon(parameter, lr);
      else this.adamw(parameter, lr, step + 1);
    }
  }

  learningRate({ group }) {
    const { matrix_lr, embedding_lr, unembedding_lr } = this.settings;
    return { matrix: matrix_lr, embedding: embedding_lr, rest: unembedding_lr }[group];
  }

  /** Make all gradients smaller by the same factor if they are too long together. */
  clipGradients(gradientNorm) {
    const factor = CLIPPED_TO / (gradientNorm + 1e-6);
    if (factor >= 1) return;
    for (const { gradient, n } of this.parameters) this.kernel.scale(gradient, gradient, factor, n);
  }

  /** Pull the weights of a matrix towards zero. */
  decay({ address, n }, lr) {
    this.kernel.scale(address, address, 1 - lr * this.settings.weight_decay, n);
  }

  /**
   * AdamW (arXiv 1711.05101): a step size for each single number. The average of its gradients says where to; that
   * of their squares, how far: a number whose gradients are always small moves as much as the others.
   */
  adamw({ address, gradient, averages, squares, n }, lr, updates) {
    const rate = lr / (1 - BETA1 ** updates);
    const unbiased = 1 / (1 - BETA2 ** updates);
    this.kernel.adamw(address, gradient, averages, squares, n, BETA1, BETA2, rate, unbiased);
  }

  /**
   * Muon (github.com/KellerJordan/Muon): momentum, orthogonalized. The gradient of a matrix is large in a few
   * directions and small in the others; Muon makes it alike in all, so that what is rare is learned as fast as
   * what is common. Rows that changed more than others lately change less (arXiv 2510.05491).
   */
  muon({ address, gradient, averages, squares, n, shape }, lr) {
    const { kernel } = this;
    const [rows, columns] = shape;
    const { momentum } = this.settings;
    const start = kernel.free;
    kernel.lerp(averages, gradient, 1 - momentum, n);
    const direction = kernel.reserve(n);
    kernel.scale(direction, gradient, 1, n);
    kernel.lerp(direction, averages, momentum, n);
    const change = this.newtonSchulz(matrix(direction, rows, columns));
    kernel.normalizeRows(change, squares, rows, columns);
    const rate = lr * Math.sqrt(Math.max(1, rows / columns)); // more if tall
    kernel.scale(change, change, -rate, n);
    kernel.add(address, address, change, n);
    kernel.free = start;
  }

  /**
   * A matrix -> another with the same directions (singular vectors), whose strengths y (singular values) are near 1:
   * a round turns y into 3.4445 y - 4.775 y³ + 2.0315 y⁵.
   * @param {import("./train-kernel.js").Matrix} x @returns {number} the address of the other
   */
  newtonSchulz(x) {
    const { kernel } = this;
    const n = x.rows * x.columns;
    const size = Math.min(x.rows, x.columns); // of the smaller square, which is the cheaper one
    const room = () => matrix(kernel.reserve(size * size), size, size);
    const [square, scaled, change] = [room(), room(), room()];
    let next = matrix(kernel.reserve(n), x.rows, x.columns);
    const length = Math.sqrt(kernel.sumOfSquares(x.address, n));
    kernel.scale(x.address, x.address, 1 / Math.max(length, 1e-7), n); // all y ≤ 1: above 1.26 they grow
    for (let round = 0; round < NEWTON_SCHULZ_ROUNDS; round++) {
      if (x.rows > x.columns) kernel.product(square, transposed(x), x);
      else kernel.product(square, x, transposed(x));
      kernel.scale(scaled.address, square.address, 2.0315, size * size);
      kernel.scale(change.address, square.address, -4.775, size * size);
      kernel.product(change, scaled, square, { adds: true });
      kernel.scale(next.address, x.address, 3.4445, n);
      if (x.rows > x.columns) kernel.product(next, x, change, { adds: true });
      else kernel.product(next, change, x, { adds: true });
      [x, next] = [next, x];
    }
    return x.address;
  }
}
