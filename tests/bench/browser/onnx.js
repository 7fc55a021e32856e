/**
 * onnxruntime-web, as race.js wants it, with the graph of onnx_graph.py: WebAssembly with vector
 * instructions, one thread (more of them need headers that many hosts cannot send).
 *
 * The cache is kept here: arrays with room to spare, of which the graph gets all and a mask; it
 * returns the new keys and values alone. That was the step that counted. What else was tried, as a
 * part of the speed of this (stories, tinystories; in turns, on a machine where two equal runs
 * differed by up to a tenth):
 *
 *   keys and values that grow inside the graph, which returns all of them: 0.49, 0.57
 *   the same with MultiHeadAttention 0.53, 0.56; with GroupQueryAttention 0.51, 0.55
 *   a graph for any number of new tokens: 0.89, 0.98; in it, three products for q, k and v, or
 *     com.microsoft's Gelu: no difference
 *   all layers' keys in one input, all values in another: 0.89, 0.89
 *   old and new keys and values joined in the graph instead of two products each: 0.98, 0.93
 *   Add and LayerNormalization, where Gemm takes up the sums: 0.97, 1.03
 *   room for 32, 128 or all 256 positions at once instead of 64: 1.01, 0.96; 0.98, 0.93; 0.92, 0.94
 *   weights not repacked, no arena, no memory pattern, any optimization level: no difference
 *   the builds ort.min.mjs 0.87, 0.91; ort.jspi.min.mjs, ort.wasm.bundle.min.mjs: no difference
 *
 * Binding of inputs and outputs and captured graphs are for GPUs only. Outputs that are given as
 * tensors on the CPU are accepted, but stay as they were. A graph without the layers that has the
 * same inputs and outputs takes a third of the time (stories): that much is copies and calls.
 */
import * as ort from "../node_modules/onnxruntime-web/dist/ort.wasm.min.mjs";

const STEP = 64;  // positions by which the cache grows, as in onnx_graph.py
const MASKED = -1e9;  // added to the score of a position that is not used yet

export async function make({ settings, onnxFile }) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(onnxFile), {
    executionProviders: ["wasm"], graphOptimizationLevel: "all",
  });
  return new Runner(session, settings);
}

const range = (n) => Array.from({ length: n }, (_, i) => i);
const int64 = (...numbers) => new ort.Tensor("int64", numbers.map(BigInt), [numbers.length]);
const float32 = (numbers, ...shape) => new ort.Tensor("float32", numbers, shape);

/** Shapes: t positions in the cache, H heads, D size of a head, C = H D channels. */
class Runner {
  constructor(session, { n_layer, n_head, n_embd }) {
    Object.assign(this, { session, L: n_layer, H: n_head, C: n_embd, D: n_embd / n_head });
    this.reset();
  }

  reset() {
    this.length = this.t = 0;
    this.keys = range(this.L).map(() => new Float32Array(0));  // of each layer, (H, D, t)
    this.values = this.keys;  // (H, t, D)
    this.grow();
  }

  /** Move what is cached to longer arrays, and make the tensors that are the graph's view of it. */
  grow() {
    const { L, H, C, D, t } = this, longer = t + STEP;
    this.keys = this.keys.map((keys) => widenRows(keys, C, t, longer));
    this.values = this.values.map((values) => widenRows(values, H, t * D, longer * D));
    this.mask = new Float32Array(longer + 1).fill(MASKED, t, longer);
    this.t = longer;
    this.inputs = { mask: float32(this.mask, 1, longer + 1), parts: int64(longer, 1) };
    for (let layer = 0; layer < L; layer++) {
      this.inputs[`keys.${layer}`] = float32(this.keys[layer], H, D, longer);
      this.inputs[`values.${layer}`] = float32(this.values[layer], H, longer, D);
    }
  }

  async forward(ids) {
    let logits;
    for (const id of ids) logits = await this.step(id);
    return logits;
  }

  /** Read one more token. @returns {Promise<Float32Array>} logits (V) */
  async step(id) {
    if (this.length === this.t) this.grow();
    const outputs = await this.session.run(
      { ids: int64(id), place: int64(this.length), ...this.inputs });
    this.store(outputs.new.data);
    this.mask[this.length] = 0;
    this.length++;
    return outputs.logits.data;
  }

  /** Put the new keys and values into the cache. @param {Float32Array} fresh (L, 3, C) */
  store(fresh) {
    const { L, H, C, D, t, length } = this;
    for (let layer = 0; layer < L; layer++) {
      const keys = this.keys[layer], values = this.values[layer], key = (3 * layer + 1) * C;
      for (let c = 0; c < C; c++) keys[c * t + length] = fresh[key + c];
      for (let head = 0; head < H; head++) {
        const value = key + C + head * D;
        values.set(fresh.subarray(value, value + D), (head * t + length) * D);
      }
    }
  }
}

/** Rows of `width` numbers -> the same rows, each with zeros behind it up to `wider`. */
function widenRows(numbers, rows, width, wider) {
  const result = new Float32Array(rows * wider);
  for (let r = 0; r < rows; r++) {
    result.set(numbers.subarray(r * width, (r + 1) * width), r * wider);
  }
  return result;
}
