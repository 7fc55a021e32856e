/**
 * A model that learns: the GPT of train.py, or the smaller one that came before it.
 *
 *   const training = new Training({ settings, createKernel });
 *   training.initialize(1);                       // random weights; or training.load(tensors)
 *   const { loss } = training.update(drawBatch(tokens, spans));
 *   training.evaluate([drawBatch(tokens, others)]);
 *   training.tensors();                           // what GPT and an export are made of
 *
 * Settings are those of train.py, and some of the page's own:
 *   architecture       "gpt", or "window": the embeddings of the last ten tokens, one layer of tanh neurons
 *   optimizer          "muon" or "adamw"
 *   mask, positions, residual, scale    false: the model without them, to see what they are good for
 *   freeze, lora       as in finetune.py: blocks that stay as they are; the rank of adapters, 0: none
 */
import { makeRng } from "./sample.js";
import { Optimizer } from "./optimizer.js";
import { Tape, Tensor } from "./train.js";
import { matrix } from "./train-kernel.js";
import { lastTokens, WINDOW } from "./window.js";

/**
 * The parameters of a model, in the order of PyTorch: name and shape.
 * @returns {{ name: string, shape: number[] }[]}
 */
export function parameterShapes({ architecture = "gpt", vocab_size: V, n_embd: C, n_ff, n_ctx, n_layer }) {
  const list = (entries) => entries.map(([name, ...shape]) => ({ name, shape }));
  if (architecture === "window") {
    return list([
      ["token_embedding.weight", V + 1, C], // the last one stands before the beginning
      ["hidden.weight", n_ff, WINDOW * C],
      ["unembed.weight", V, n_ff],
    ]);
  }
  const block = (i) => [
    [`blocks.${i}.attention_norm.weight`, C],
    [`blocks.${i}.attention_norm.bias`, C],
    ...["query", "key", "value", "output"].map((name) => [`blocks.${i}.${name}.weight`, C, C]),
    [`blocks.${i}.feed_forward_norm.weight`, C],
    [`blocks.${i}.feed_forward_norm.bias`, C],
    [`blocks.${i}.up.weight`, n_ff, C],
    [`blocks.${i}.down.weight`, C, n_ff],
  ];
  return list([
    ["token_embedding.weight", V, C],
    ["position_embedding.weight", n_ctx, C],
    ...Array.from({ length: n_layer }, (_, i) => block(i)).flat(),
    ["norm.weight", C],
    ["norm.bias", C],
    ["unembed.weight", V, C],
  ]);
}

/** Adapters beside the matrices of the blocks that are not frozen (LoRA, arXiv 2106.09685). */
function adapterShapes(settings) {
  const { lora: rank = 0, freeze = 0 } = settings;
  if (!rank) return [];
  const beside = parameterShapes(settings).filter(({ name, shape }) => isMatrixOf(name, shape, freeze));
  return beside.flatMap(({ name, shape: [rows, columns] }) => [
    { name: `${name}.tall`, shape: [rows, rank] },
    { name: `${name}.flat`, shape: [rank, columns] },
  ]);
}

const layerOf = (name) => Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? NaN);
const isMatrixOf = (name, shape, freeze) => shape.length === 2 && layerOf(name) >= freeze;

/** Whether a parameter changes. */
function learns(name, { freeze = 0, lora = 0 }) {
  if (lora) return /\.(tall|flat)$/.test(name);
  if (!freeze) return true;
  return !name.includes("_embedding.") && !(layerOf(name) < freeze);
}

/**
 * Which learning rate a parameter has: see optimizer.js.
 * @returns {"matrix" | "embedding" | "rest"}
 */
function groupOf(name, shape) {
  if (shape.length === 2 && (layerOf(name) >= 0 || name.startsWith("hidden."))) return "matrix";
  return name.includes("_embedding.") ? "embedding" : "rest";
}

const count = (shape) => shape.reduce((a, b) => a * b);

export class Training {
  /**
   * @param {object} given
   * @param {any} given.settings as above, with vocab_size
   * @param {(bytes: number) => import("./train-kernel.js").TrainingKernel} given.createKernel
   */
  constructor({ settings, createKernel }) {
    this.settings = settings;
    this.step = 0;
    this.described = [...parameterShapes(settings), ...adapterShapes(settings)];
    this.kernel = createKernel(4 * this.floatCount());
    this.reserve(this.kernel);
  }

  /** How many numbers of memory a batch needs: everything is gone through with a kernel that only counts. */
  floatCount() {
    const { batch_size, n_ctx } = this.settings;
    const counting = countingKernel();
    this.reserve(counting);
    const nothing = new Int32Array(batch_size * n_ctx);
    const logits = this.forward(nothing, n_ctx);
    this.tape.crossEntropy(logits, nothing, 1);
    this.tape.backward();
    const largest = Math.max(...this.described.map(({ shape }) => count(shape)));
    return counting.free / 4 + 6 * largest; // of which the optimizer needs a part
  }

  /** Room for the weights, for their gradients, and for what the optimizer keeps of each. */
  reserve(kernel) {
    const n = this.described.reduce((sum, { shape }) => sum + count(shape), 0);
    const [weights, gradients, averages, squares] = [0, 0, 0, 0].map(() => kernel.reserve(n));
    this.blocks = { weights, gradients, averages, squares, n };
    let offset = 0;
    this.parameters = this.described.map(({ name, shape }) => {
      const size = count(shape);
      const start = 4 * offset;
      const at = (block) => block + start;
      offset += size;
      const [rows, columns] = shape.length === 2 ? shape : [1, shape[0]];
      const gradient = learns(name, this.settings) ? matrix(at(gradients), rows, columns) : null;
      return {
        name,
        shape,
        n: size,
        group: groupOf(name, shape),
        address: at(weights),
        gradient: at(gradients),
        averages: at(averages),
        squares: at(squares),
        tensor: new Tensor(matrix(at(weights), rows, columns), gradient),
      };
    });
    this.named = new Map(this.parameters.map((one) => [one.name, one]));
    this.learning = this.parameters.filter((one) => one.tensor.gradient);
    this.optimizer = new Optimizer(kernel, this.learning, this.settings);
    this.tape = new Tape(kernel);
  }

  /** How many numbers the model has, without adapters. */
  get parameterCount() {
    return this.parameters.reduce((sum, { name, n }) => sum + (isAdapter(name) ? 0 : n), 0);
  }

  /** A parameter, as the operations take it; a matrix with an adapter is what both are together. */
  tensor(name) {
    const { tensor } = this.named.get(name);
    const tall = this.named.get(`${name}.tall`);
    if (!tall) return tensor;
    return this.tape.add(tensor, this.tape.product(tall.tensor, this.named.get(`${name}.flat`).tensor));
  }

  /**
   * Random weights, as train.py's GPT begins: the same distributions, from other random numbers.
   * @param {number} seed
   */
  initialize(seed) {
    const random = gaussian(makeRng(seed));
    for (const { name, shape, address, n } of this.parameters) {
      const std = this.firstDeviation(name, shape);
      const isOne = shape.length === 1 && name.endsWith(".weight");
      const weights = this.kernel.floats(address, n);
      for (let i = 0; i < n; i++) weights[i] = shape.length === 1 ? Number(isOne) : std * random();
    }
  }

  /** The standard deviation that a matrix begins with. */
  firstDeviation(name, shape) {
    const { embedding_std } = this.settings;
    if (name.endsWith(".tall")) return 0; // so the product adds nothing at first
    if (name.endsWith(".flat") || name.startsWith("hidden.")) return 1 / Math.sqrt(shape[1]);
    if (name.startsWith("token_embedding")) return embedding_std;
    if (name.startsWith("position_embedding")) return embedding_std / 3;
    return /\.(query|key)\./.test(name) ? 0.04 : 0.02;
  }

  /** Weights as they come out of a file (see weights.js); adapters stay as they are. */
  load(tensors) {
    for (const { name, address, n } of this.parameters) {
      if (tensors.has(name)) this.kernel.floats(address, n).set(dequantized(tensors.get(name)));
    }
  }

  /** The weights, by name, as weights.js describes them, adapters added to what they stand beside. */
  tensors() {
    const merged = this.parameters.filter(({ name }) => !isAdapter(name));
    const found = new Map(
      merged.map(({ name, shape }) => {
        const { address } = this.tensor(name).value;
        return [name, { shape, values: this.kernel.floats(address, count(shape)).slice() }];
      }),
    );
    this.tape.rewind();
    return found;
  }

  /**
   * The logits after each token.
   * @param {ArrayLike<number>} ids (B T) @param {number} T @returns {Tensor} (B T, V)
   */
  forward(ids, T) {
    return this.settings.architecture === "window" ? this.windowModel(ids, T) : this.gpt(ids, T);
  }

  gpt(ids, T) {
    const { tape } = this;
    const { n_layer, positions = true } = this.settings;
    const table = positions ? this.tensor("position_embedding.weight") : null;
    let x = tape.embed(ids, this.tensor("token_embedding.weight"), table, T);
    for (let i = 0; i < n_layer; i++) x = this.block(i, x, T);
    return tape.linear(this.norm("norm", x), this.tensor("unembed.weight"));
  }

  /** Attention, then an MLP. Both read the residual stream, and add to it: (B T, C) -> (B T, C). */
  block(i, x, T) {
    const { tape } = this;
    const { n_head: H, mask = true, scale = true, residual = true } = this.settings;
    const linear = (name, input) => tape.linear(input, this.tensor(`blocks.${i}.${name}.weight`));
    const add = (before, change) => (residual ? tape.add(before, change) : change);

    const normed = this.norm(`blocks.${i}.attention_norm`, x);
    const q = linear("query", normed);
    const k = linear("key", normed);
    const v = linear("value", normed);
    const mixed = tape.attention(q, k, v, { T, H, isCausal: mask, isScaled: scale });
    x = add(x, linear("output", mixed));
    const neurons = tape.gelu(linear("up", this.norm(`blocks.${i}.feed_forward_norm`, x)));
    return add(x, linear("down", neurons));
  }

  norm(name, x) {
    return this.tape.norm(x, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`));
  }

  /** A neural probabilistic language model (Bengio, 2003): it sees the last ten tokens, each at its place. */
  windowModel(ids, T) {
    const { tape } = this;
    const table = this.tensor("token_embedding.weight");
    const seen = tape.embed(lastTokens(ids, T, this.settings.vocab_size), table, null, T);
    const rows = tape.reshaped(seen, ids.length);
    const neurons = tape.tanh(tape.linear(rows, this.tensor("hidden.weight")));
    return tape.linear(neurons, this.tensor("unembed.weight"));
  }

  /**
   * One update. A loss or a gradient that is not finite changes nothing.
   * @param {ReturnType<typeof import("./batches.js").drawBatch>} batch
   * @returns {{ loss: number, gradientNorm: number, isFinite: boolean }} loss in nats per token
   */
  update({ ids, targets, T, n }) {
    for (const { tensor } of this.learning) tensor.hasGradient = false;
    const loss = this.tape.crossEntropy(this.forward(ids, T), targets, n);
    this.tape.backward();
    this.tape.rewind();
    const gradientNorm = this.optimizer.gradientNorm();
    const isFinite = Number.isFinite(loss) && Number.isFinite(gradientNorm);
    if (isFinite) this.optimizer.update(this.step++, gradientNorm);
    return { loss, gradientNorm, isFinite };
  }

  /** The mean loss over batches, in nats per token. */
  evaluate(batches) {
    let total = 0;
    let tokens = 0;
    for (const { ids, targets, T, n } of batches) {
      total += n * this.tape.crossEntropy(this.forward(ids, T), targets, n);
      this.tape.rewind();
      tokens += n;
    }
    return total / tokens;
  }
}

/**
 * Random numbers of the standard normal distribution (Box and Muller).
 * @param {() => number} random numbers from 0 to 1 @returns {() => number}
 */
function gaussian(random) {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const isAdapter = (name) => /\.(tall|flat)$/.test(name);

/** The numbers of a tensor as they are computed with. @param {import("./weights.js").Tensor} tensor */
export function dequantized({ shape, values, scales }) {
  if (!scales) return values;
  return Float32Array.from(values, (one, i) => one * scales[Math.floor(i / shape[1])]);
}

/** A kernel that computes nothing, and only counts the memory that is asked for. */
function countingKernel() {
  const numbers = { set() {}, fill() {} };
  const counted = {
    free: 0,
    reserve(n) {
      const address = counted.free;
      counted.free += 16 * Math.ceil(n / 4);
      return address;
    },
    floats: () => numbers,
    integers: () => numbers,
  };
  return new Proxy(counted, { get: (target, name) => target[name] ?? (() => 0) });
}
