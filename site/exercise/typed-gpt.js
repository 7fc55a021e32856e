/**
 * The model, with somebody else's attention in place of every head of its own.
 *
 *   model.mix = (layer, { q, k, v, x }) => mixed;    // or null: its own
 *   model.read(ids)                                  // the whole text, each time
 */
import { GPT } from "../engine/gpt.js";
import { rowOf } from "../engine/weights.js";

export class TypedGPT extends GPT {
  /**
   * What replaces attention in a layer. It is given q, k and v (H, T, D), and what the layer makes them
   * from: x (T, C); it returns what each token gathers, (H, T, D).
   * @type {?(layer: number, given: Object<string, Float32Array>) => Float32Array}
   */
  mix = null;

  /** Whether everything mixed since the start of a text was a number; the kernel loses NaN. */
  isFinite = true;

  /** Read a text from its beginning. @returns {Float32Array} logits of what follows, (V) */
  read(ids) {
    this.forget();
    this.isFinite = true;
    return this.forward(ids);
  }

  attention(layer, first, n) {
    if (!this.mix) {
      super.attention(layer, first, n);
      return;
    }
    if (first) throw new RangeError("A typed head has to read a text from its beginning.");
    const mixed = this.mix(layer, this.given(layer, n));
    this.isFinite &&= mixed.every(Number.isFinite);
    this.gather(mixed, n);
  }

  /** What a layer hands to its heads, for the first n tokens. */
  given(layer, n) {
    this.norm(this.layers[layer].attention_norm, this.normed, this.residuals[2 * layer], n);
    return { q: this.spread(this.queries[layer], n), k: this.spread(this.keys[layer], n),
             v: this.spread(this.values[layer], n),
             x: this.kernel.floats(this.normed, n * this.C).slice() };
  }

  /** (T, H D), as the kernel has it -> (H, T, D), as train.py has it. */
  spread(place, n) {
    const { H, C, D } = this, from = this.kernel.floats(place, n * C), to = new Float32Array(n * C);
    for (let head = 0; head < H; head++) {
      for (let t = 0; t < n; t++) {
        const start = t * C + head * D;
        to.set(from.subarray(start, start + D), (head * n + t) * D);
      }
    }
    return to;
  }

  /** And back, into `mixed`. */
  gather(from, n) {
    const { H, C, D } = this, to = this.kernel.floats(this.mixed, n * C);
    for (let head = 0; head < H; head++) {
      for (let t = 0; t < n; t++) {
        const start = (head * n + t) * D;
        to.set(from.subarray(start, start + D), t * C + head * D);
      }
    }
  }

  /** The weights of one head's layer of three, (D, C). @param {"query"|"key"|"value"} kind */
  layerOf(kind, layer, head) {
    const { C, D } = this, tensor = this.tensors.get(`blocks.${layer}.${kind}.weight`);
    const rows = new Float32Array(D * C);
    for (let i = 0; i < D; i++) rows.set(rowOf(tensor, head * D + i), i * C);
    return rows;
  }
}
