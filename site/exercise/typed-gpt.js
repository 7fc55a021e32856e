/**
 * The model, with another attention function in place of its built-in heads.
 *
 *   model.attentionFn = (layer, { q, k, v, x }) => mixed;    // or null: the built-in heads
 *   model.read(ids)                                          // the whole text, each time
 */
import { GPT } from "../engine/gpt.js";
import { rowOf } from "../engine/weights.js";

export class TypedGPT extends GPT {
  /**
   * What replaces attention in a layer: takes q, k and v (H, T, D), and x (T, C), from which the layer
   * makes them; returns what each token gathers, (H, T, D). Null: the built-in heads.
   * @type {(layer: number, inputs: Object<string, Float32Array>) => Float32Array}
   */
  attentionFn = null;

  /** Whether it has returned only finite numbers since the start of a text; the kernel loses NaN. */
  isFinite = true;

  /** Read a text from its beginning. @returns {Float32Array} logits of what follows, (V) */
  read(ids) {
    this.reset();
    this.isFinite = true;
    return this.forward(ids);
  }

  attention(layer, first, n) {
    if (!this.attentionFn) {
      super.attention(layer, first, n);
      return;
    }
    if (first) throw new RangeError("A typed head has to read a text from its beginning.");
    const mixed = this.attentionFn(layer, this.inputs(layer, n));
    this.isFinite &&= mixed.every(Number.isFinite);
    this.mergeHeads(mixed, n);
  }

  /** What the heads of a layer are given, for the first n tokens. */
  inputs(layer, n) {
    this.norm(this.layers[layer].attention_norm, this.normed, this.residuals[2 * layer], n);
    return {
      q: this.splitHeads(this.queries[layer], n),
      k: this.splitHeads(this.keys[layer], n),
      v: this.splitHeads(this.values[layer], n),
      x: this.kernel.floats(this.normed, n * this.C).slice(),
    };
  }

  /** (T, H D), as the kernel has it -> (H, T, D), as train.py has it. */
  splitHeads(address, n) {
    const { H, C, D } = this;
    const from = this.kernel.floats(address, n * C);
    const to = new Float32Array(n * C);
    for (let head = 0; head < H; head++) {
      for (let t = 0; t < n; t++) {
        const start = t * C + head * D;
        to.set(from.subarray(start, start + D), (head * n + t) * D);
      }
    }
    return to;
  }

  /** And back, into `mixed`. */
  mergeHeads(from, n) {
    const { H, C, D } = this;
    const to = this.kernel.floats(this.mixed, n * C);
    for (let head = 0; head < H; head++) {
      for (let t = 0; t < n; t++) {
        const start = (head * n + t) * D;
        to.set(from.subarray(start, start + D), t * C + head * D);
      }
    }
  }

  /** One head's part of a weight matrix, (D, C). @param {"query"|"key"|"value"} kind */
  headWeight(kind, layer, head) {
    const { C, D } = this;
    const tensor = this.tensors.get(`blocks.${layer}.${kind}.weight`);
    const rows = new Float32Array(D * C);
    for (let i = 0; i < D; i++) rows.set(rowOf(tensor, head * D + i), i * C);
    return rows;
  }
}
