/**
 * tfjs, as training.js wants it: its WebAssembly backend with SIMD, one thread (more of them need a
 * SharedArrayBuffer, and that headers which many hosts cannot send), and its Adam.
 *
 * Two things are missing in that backend. The gradient of a look-up ("Kernel 'UnsortedSegmentSum' not
 * registered for backend 'wasm'"): embeddings are a product with rows of zeros and a one. And only products
 * of two matrices as they stand get to XNNPACK; batches and transposes, which every gradient needs, go
 * through a loop over single numbers. So gradients of products transpose first.
 *
 * What was tried, as a part of the speed of this (112 K parameters; in turns, the shortest of the steps,
 * on a machine where two equal runs differed by a twentieth):
 *
 *   the plain cpu backend: 0.1
 *   gradients of products as the library has them: 0.5
 *   attention by one product for each row and head, all of them by XNNPACK: 0.6
 *   keys transposed within the product: 0.93; all products of attention with contiguous rows: 0.97
 *   gradients of the norms as the library finds them, instead of written out: 0.93; and of GELU: 0.96
 *   means of the norms as a product with a matrix: 0.92
 *   logSoftmax and a sum instead of losses.softmaxCrossEntropy: 0.96
 *   AdamW written out for one tensor of all weights, which is cut up again: 0.99
 *
 * A third of the time goes into the products of attention, which do 2.5 billion operations a second, where
 * XNNPACK does 20.
 */
const FOLDER = "../node_modules/@tensorflow/";

export async function make({ settings, learning, weights }) {
  await loaded("tfjs/dist/tf.min.js");
  await loaded("tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  const { tf } = globalThis;
  tf.enableProdMode();
  tf.wasm.setWasmPaths(new URL(`${FOLDER}tfjs-backend-wasm/dist/`, import.meta.url).href);
  tf.wasm.setThreadsCount(1);
  await tf.setBackend("wasm");
  return new Trainer(tf, new Model(tf, settings, weights), learning);
}

function loaded(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, {
      src: new URL(FOLDER + path, import.meta.url).href,
      onload: resolve,
      onerror: reject,
    });
    document.head.append(script);
  });
}

class Trainer {
  constructor(tf, model, { rate, beta1, beta2, epsilon, weight_decay, max_norm }) {
    Object.assign(this, { tf, model, max_norm });
    this.kept = 1 - rate * weight_decay; // of the matrices of the blocks, in each step
    this.adam = tf.train.adam(rate, beta1, beta2, epsilon);
  }

  step(ids, targets) {
    const { tf, model, adam } = this;
    const { variables } = model;
    const loss = tf.tidy(() => {
      const batch = [tf.tensor1d(ids, "int32"), tf.tensor1d(targets, "int32")];
      const { value, grads } = tf.variableGrads(() => model.loss(...batch), Object.values(variables));
      const norm = tf.addN(Object.values(grads).map((gradient) => gradient.square().sum())).sqrt();
      const clip = tf.minimum(tf.div(this.max_norm, norm.add(1e-6)), 1);
      for (const [name, variable] of Object.entries(variables)) {
        if (name.startsWith("blocks") && variable.rank === 2) variable.assign(variable.mul(this.kept));
      }
      // The variables of the engine have names of their own: those of the gradients.
      adam.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, g.mul(clip)])));
      return value;
    });
    const [number] = loss.dataSync();
    loss.dispose();
    return number;
  }
}

/** train.GPT. Shapes: N tokens of a batch, C channels, V vocabulary; matrices are (nIn, nOut). */
class Model {
  constructor(tf, { n_layer, n_head, n_embd, n_ctx, batch_size, vocab_size }, weights) {
    Object.assign(this, { tf, n_layer, n_head, n_embd, n_ctx, batch_size, vocab_size });
    this.variables = {};
    for (const [name, { shape, data }] of Object.entries(weights)) {
      const tensor = tf.tensor(data, shape);
      const isMatrix = shape.length === 2 && !name.includes("embedding");
      this.variables[name] = tf.variable(isMatrix ? tensor.transpose() : tensor);
    }
    const hidden = tf.linalg
      .bandPart(tf.ones([n_ctx, n_ctx]), -1, 0)
      .sub(1)
      .mul(1e9);
    this.mask = hidden.expandDims(0).tile([batch_size * n_head, 1, 1]);
    this.linear = makeLinear(tf);
    this.norm = makeNorm(tf, batch_size * n_ctx);
    this.gelu = makeGelu(tf);
  }

  /** -> mean loss, in nats per token */
  loss(ids, targets) {
    const { tf, n_layer, n_embd, n_ctx, batch_size, vocab_size, variables, linear, norm } = this;
    const embedded = linear(tf.oneHot(ids, vocab_size).toFloat(), variables["token_embedding.weight"]);
    let x = embedded.reshape([batch_size, n_ctx, n_embd]).add(variables["position_embedding.weight"]);
    x = x.reshape([batch_size * n_ctx, n_embd]);
    for (let layer = 0; layer < n_layer; layer++)
      x = this.block(x, (name) => variables[`blocks.${layer}.${name}`]);
    const normed = norm(x, variables["norm.weight"], variables["norm.bias"]);
    return tf.losses.softmaxCrossEntropy(
      tf.oneHot(targets, vocab_size),
      linear(normed, variables["unembed.weight"]),
    );
  }

  block(x, weight) {
    const { linear, norm, gelu } = this;
    const normed = norm(x, weight("attention_norm.weight"), weight("attention_norm.bias"));
    const [q, k, v] = ["query", "key", "value"].map((name) => linear(normed, weight(`${name}.weight`)));
    x = x.add(linear(this.attention(q, k, v), weight("output.weight")));
    const again = norm(x, weight("feed_forward_norm.weight"), weight("feed_forward_norm.bias"));
    return x.add(linear(gelu(linear(again, weight("up.weight"))), weight("down.weight")));
  }

  attention(q, k, v) {
    const { tf, n_head: H, n_ctx: T, n_embd: C, batch_size: B } = this;
    const D = C / H;
    const splitHeads = (x) =>
      x
        .reshape([B, T, H, D])
        .transpose([0, 2, 1, 3])
        .reshape([B * H, T, D]);
    const scores = tf.matMul(splitHeads(q), splitHeads(k).transpose([0, 2, 1])).mul(1 / Math.sqrt(D));
    const mixed = tf.matMul(tf.softmax(scores.add(this.mask)), splitHeads(v));
    return mixed
      .reshape([B, H, T, D])
      .transpose([0, 2, 1, 3])
      .reshape([B * T, C]);
  }
}

/** -> x (N, nIn), matrix (nIn, nOut) -> (N, nOut) */
function makeLinear(tf) {
  return tf.customGrad((x, matrix, save) => {
    save([x, matrix]);
    const gradFunc = (dy, [x, matrix]) => [tf.matMul(dy, matrix.transpose()), tf.matMul(x.transpose(), dy)];
    return { value: tf.matMul(x, matrix), gradFunc };
  });
}

/** -> x (N, C), scale (C), shift (C) -> (N, C) */
function makeNorm(tf, n) {
  const ones = tf.ones([1, n]);
  const columnSums = (x) => tf.matMul(ones, x).flatten(); // four times as fast as sum(0)
  return tf.customGrad((x, scale, shift, save) => {
    const centred = x.sub(x.mean(-1, true));
    const factor = centred.square().mean(-1, true).add(1e-5).rsqrt();
    const normed = centred.mul(factor);
    save([normed, factor, scale]);
    const gradFunc = (dy, [normed, factor, scale]) => {
      const d = dy.mul(scale);
      const dx = d
        .sub(d.mean(-1, true))
        .sub(normed.mul(d.mul(normed).mean(-1, true)))
        .mul(factor);
      return [dx, columnSums(dy.mul(normed)), columnSums(dy)];
    };
    return { value: normed.mul(scale).add(shift), gradFunc };
  });
}

/** x Φ(x), whose slope is Φ(x) + x φ(x). */
function makeGelu(tf) {
  return tf.customGrad((x, save) => {
    const probability = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    save([x, probability]);
    const density = (x) =>
      x
        .square()
        .mul(-0.5)
        .exp()
        .mul(1 / Math.sqrt(2 * Math.PI));
    const gradFunc = (dy, [x, probability]) => dy.mul(probability.add(x.mul(density(x))));
    return { value: x.mul(probability), gradFunc };
  });
}
