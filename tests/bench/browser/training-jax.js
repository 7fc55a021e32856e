/**
 * jax-js, as training.js wants it: its WebAssembly backend, one thread (more of them need a
 * SharedArrayBuffer, and that headers which many hosts cannot send). The whole update, AdamW included, is
 * one compiled function. npm did not find @jax-js/optax, its optimizers: AdamW is written
 * here as PyTorch has it.
 *
 * What else was tried, as a part of the speed of this (112 K and 0.4 M parameters; in turns, on a
 * machine where two equal runs differed by a twentieth):
 *
 *   embeddings or targets looked up (slice, takeAlongAxis): fails; "routine primitive scatter input is
 *     not imm" when the gradient is compiled. So both are products with rows of zeros and a one
 *   blockUntilReady and data() instead of dataSync(): 0.8 to 0.9
 *   a vocabulary of 65 instead of filling it up to 68, a multiple of the four lanes of SIMD: 0.93
 *   weights as (nOut, nIn), as PyTorch has them: 1.0, 0.98
 *   one matrix for queries, keys and values: 0.98, 0.96
 *   nn.dotProductAttention instead of the products below: 0.98 to 1.02, 1.0; heads split by einsum: 0.93
 *   nn.standardize for the norm: 0.88
 *   gradients and AdamW compiled apart: 1.0
 *   GELU from a polynomial, whose operations have SIMD here (erfc and exp have none): 0.99, 0.99
 *
 * Its own trace says where the time goes (112 K): half into products, which do 20 to 25 billion
 * operations a second; a fifth into erfc and exp, one number at a time; a tenth into 350 starts of kernels.
 */
import {
  defaultDevice,
  init,
  jit,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from "../node_modules/@jax-js/jax/dist/index.js";

const LANES = 4;
const NEVER = -1e9; // the logit of what is no token

export async function make({ settings, learning, weights }) {
  await init("wasm");
  defaultDevice("wasm");
  const model = new Model(settings, weights);
  const update = jit(makeUpdate(model, learning));
  let params = model.params;
  let means = tree.map((p) => np.zerosLike(p.ref), params);
  let squares = tree.map((p) => np.zerosLike(p.ref), params);
  let step = 0;
  return {
    step(ids, targets) {
      step++;
      const corrections = [learning.beta1, learning.beta2].map((beta) => scalar(1 / (1 - beta ** step)));
      const batch = [np.array(ids), np.array(targets)];
      const results = update(params, means, squares, ...batch, ...corrections);
      [, params, means, squares] = results;
      return results[0].dataSync()[0];
    },
  };
}

const scalar = (x) => np.array(new Float32Array([x])).reshape([]);
const isMatrix = (name, shape) => shape.length === 2 && !name.includes("embedding");

/** Rows of zeros with a one: (n), as many columns as `size` -> (n, size). */
const oneHot = (ids, size) =>
  np.equal(ids.reshape([-1, 1]), np.arange(size).reshape([1, size])).astype(np.float32);

/** Numbers (rows, columns) -> their transpose, as an array of the library. */
function transposed(data, [rows, columns]) {
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j];
  }
  return np.array(result).reshape([columns, rows]);
}

/** train.GPT. Shapes: N tokens of a batch, C channels, V vocabulary, filled up. What is used again is a .ref. */
class Model {
  constructor({ n_layer, n_head, n_embd, n_ctx, batch_size, vocab_size }, weights) {
    Object.assign(this, { n_layer, n_head, n_embd, n_ctx, batch_size, vocab_size });
    this.V = Math.ceil(vocab_size / LANES) * LANES;
    this.params = {};
    for (const [name, { shape, data }] of Object.entries(weights)) {
      const rows = shape[0] === vocab_size ? this.V : shape[0];
      const filled = new Float32Array((data.length / shape[0]) * rows);
      filled.set(data);
      const [, ...rest] = shape;
      this.params[name] = isMatrix(name, shape)
        ? transposed(filled, [rows, ...rest])
        : np.array(filled).reshape([rows, ...rest]);
    }
  }

  /** -> mean loss, in nats per token */
  loss(params, ids, targets) {
    const { n_layer, n_embd, n_ctx, batch_size, vocab_size, V } = this;
    const N = batch_size * n_ctx;
    const embedded = np.matmul(oneHot(ids, V), params["token_embedding.weight"]);
    let x = embedded
      .reshape([batch_size, n_ctx, n_embd])
      .add(params["position_embedding.weight"])
      .reshape([N, n_embd]);
    for (let layer = 0; layer < n_layer; layer++) {
      x = this.block(x, (name) => params[`blocks.${layer}.${name}`]);
    }
    const mask = np.array(Float32Array.from({ length: V }, (_, i) => (i < vocab_size ? 0 : NEVER)));
    const logits = np
      .matmul(norm(x, params["norm.weight"], params["norm.bias"]), params["unembed.weight"])
      .add(mask);
    return np.sum(nn.logSoftmax(logits, -1).mul(oneHot(targets, V))).mul(-1 / N);
  }

  block(x, weight) {
    const normed = norm(x.ref, weight("attention_norm.weight"), weight("attention_norm.bias"));
    const q = np.matmul(normed.ref, weight("query.weight"));
    const k = np.matmul(normed.ref, weight("key.weight"));
    const v = np.matmul(normed, weight("value.weight"));
    x = x.add(np.matmul(this.attention(q, k, v), weight("output.weight")));
    const again = norm(x.ref, weight("feed_forward_norm.weight"), weight("feed_forward_norm.bias"));
    const neurons = nn.gelu(np.matmul(again, weight("up.weight")), { approximate: false });
    return x.add(np.matmul(neurons, weight("down.weight")));
  }

  attention(q, k, v) {
    const { n_head: H, n_ctx: T, n_embd: C, batch_size: B } = this;
    const splitHeads = (x) => np.transpose(x.reshape([B, T, H, C / H]), [0, 2, 1, 3]);
    const products = np.matmul(splitHeads(q), np.transpose(splitHeads(k), [0, 1, 3, 2]));
    const visible = np.tri(T, T, 0, { dtype: "bool" });
    const scores = np.where(visible, products.mul(1 / Math.sqrt(C / H)), -Infinity);
    const mixed = np.matmul(nn.softmax(scores, -1), splitHeads(v));
    return np.transpose(mixed, [0, 2, 1, 3]).reshape([B * T, C]);
  }
}

function norm(x, scale, shift) {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred
    .mul(np.reciprocal(np.sqrt(variance.add(1e-5))))
    .mul(scale)
    .add(shift);
}

/** -> (params, means, squares, ids, targets, two corrections) -> [loss, params, means, squares] */
function makeUpdate(model, { rate, beta1, beta2, epsilon, weight_decay, max_norm }) {
  const lossAndGradients = valueAndGrad((...given) => model.loss(...given));
  const adamw = (name, p, gradient, mean, square, correction1, correction2) => {
    const decay = name.startsWith("blocks") && isMatrix(name, p.shape) ? weight_decay : 0;
    mean = mean.mul(beta1).add(gradient.ref.mul(1 - beta1));
    square = square.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const deviation = np.sqrt(square.ref.mul(correction2)).add(epsilon);
    const change = mean.ref.mul(correction1).div(deviation);
    return [p.mul(1 - rate * decay).sub(change.mul(rate)), mean, square];
  };
  return (params, means, squares, ids, targets, correction1, correction2) => {
    const [loss, gradients] = lossAndGradients(tree.ref(params), ids, targets);
    const sums = Object.values(gradients).map((gradient) => np.sum(np.square(gradient.ref)));
    const total = np.sqrt(sums.reduce((a, b) => a.add(b)));
    const clip = np.minimum(np.reciprocal(total.add(1e-6)).mul(max_norm), 1);
    const results = [{}, {}, {}];
    for (const name of Object.keys(params)) {
      const gradient = gradients[name].mul(clip.ref);
      const corrections = [correction1.ref, correction2.ref];
      const changed = adamw(name, params[name], gradient, means[name], squares[name], ...corrections);
      changed.forEach((array, i) => (results[i][name] = array));
    }
    [clip, correction1, correction2].forEach((array) => array.dispose());
    return [loss, ...results];
  };
}
