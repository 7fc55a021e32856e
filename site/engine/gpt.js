/**
 * The model of train.py, one token after another, keeping all that it computes.
 *
 *   const model = new GPT(settings, tensors, kernelOf);
 *   model.forward([0, 71, 203]);         // logits of what comes next, (V)
 *   model.forward([12]);                 // goes on from there: the three before are remembered
 *   model.weights(2, 1, 3);              // where head 2.1 looked from position 3, (4)
 *   model.forget();                      // start again
 *   model.change({ heads: ["2.1"] });    // and without head 2.1
 *
 * Shapes: T positions, C channels (width), H heads, D size of a head, V vocabulary, L layers. Layers,
 * heads, neurons and positions count from 0; head 2.1 is head 1 of layer 2.
 */
import { rowOf } from "./weights.js";

const MOST = 2 ** 29;  // numbers: two gigabytes

export class GPT {
  /**
   * @param {{n_layer: number, n_head: number, n_embd: number, n_ff: number, n_ctx: number}} settings
   * @param {Map<string, import("./weights.js").Tensor>} tensors named as in train.py
   * @param {(bytes: number) => object} kernelOf makes a kernel (see kernel.js)
   */
  constructor(settings, tensors, kernelOf) {
    const { n_layer: L, n_head: H, n_embd: C, n_ff, n_ctx } = settings;
    Object.assign(this, { L, H, C, n_ff, n_ctx, D: C / H });
    this.V = tensors.get("token_embedding.weight").shape[0];
    this.rows = 4 * Math.ceil(n_ctx / 4);  // attention weights are stored in groups of four
    this.tensors = tensors;
    if (this.numbers() > MOST) throw new RangeError("This model is too large for a page.");
    this.kernel = kernelOf(4 * this.numbers());
    this.placeWeights();
    this.placeMemory();
    this.change({});
  }

  /** How many numbers the next two functions reserve at most, in groups of four. */
  numbers() {
    const { L, H, C, V, n_ctx, n_ff, rows } = this;
    let n = (5 * L + 4) * (n_ctx * C + 4) + L * H * (n_ctx * rows + 4) + L * (n_ctx * n_ff + 4);
    for (const { values, scales } of this.tensors.values()) {
      n += values.byteLength / 4 + (scales?.length ?? 0) + 8;
    }
    return n + V + C + Math.max(C, n_ff) + 12;
  }

  /** Copy matrices and norms into the kernel's memory; of the embeddings, only a few rows are read. */
  placeWeights() {
    this.layers = Array.from({ length: this.L }, (_, layer) => {
      const of = (kind, name) => [name, kind(`blocks.${layer}.${name}`)];
      return Object.fromEntries([
        ...["query", "key", "value", "output", "up", "down"].map((name) => of(this.matrix, name)),
        ...["attention_norm", "feed_forward_norm"].map((name) => of(this.norms, name))]);
    });
    this.unembed = this.matrix("unembed");
    this.lastNorm = this.norms("norm");
  }

  /** Where a weight matrix is, and its shape. */
  matrix = (name) => {
    const { kernel } = this, { shape: [nOut, nIn], values, scales } = this.tensors.get(`${name}.weight`);
    if (!scales) return { nOut, nIn, weights: this.copied(values) };
    const weights = kernel.reserveBytes(values.length);
    kernel.bytes(weights, values.length).set(values);
    return { nOut, nIn, weights, scales: this.copied(scales) };
  };

  /** Where the two parts of a norm are. */
  norms = (name) => ({
    weight: this.copied(this.tensors.get(`${name}.weight`).values),
    bias: this.copied(this.tensors.get(`${name}.bias`).values),
  });

  /** The address of a copy of some numbers. */
  copied(numbers) {
    const place = this.kernel.reserve(numbers.length);
    this.kernel.floats(place, numbers.length).set(numbers);
    return place;
  }

  /** Room for what is kept for every token, and for intermediate results. */
  placeMemory() {
    const { kernel, L, H, C, V, n_ctx, n_ff, rows } = this;
    const room = (n, size) => Array.from({ length: n }, () => kernel.reserve(size));
    this.residuals = room(2 * L + 1, n_ctx * C);  // see `residual`
    this.queries = room(L, n_ctx * C);
    this.keys = room(L, n_ctx * C);
    this.values = room(L, n_ctx * C);
    this.looks = room(L * H, n_ctx * rows);
    this.neurons = room(L, n_ctx * n_ff);
    [this.normed, this.mixed, this.added] = room(3, n_ctx * C);
    [this.out, this.normedRow] = [kernel.reserve(V), kernel.reserve(C)];
    this.aside = kernel.reserve(Math.max(C, n_ff));
  }

  /** Forget all tokens. */
  forget() {
    this.length = 0;
  }

  /**
   * From now on, compute with something other than what was learned, and forget all tokens.
   * @param {object} change
   * @param {number[]} [change.layers] to switch off: what comes in goes out
   * @param {string[]} [change.heads] to switch off, such as "2.1": what they bring is 0
   * @param {string[]} [change.neurons] to switch off, such as "2.117": they never fire
   * @param {Object<string, (place: number) => ArrayLike<number>>} [change.attention] for some
   *   heads, what replaces their attention weights at a position: (place + 1) numbers
   */
  change({ layers = [], heads = [], neurons = [], attention = {} }) {
    this.off = { layers: new Set(layers), heads: new Set(heads), neurons: this.perLayer(neurons) };
    this.replaced = attention;
    this.forget();
  }

  /** ["2.117"] -> for each layer, the neurons that are meant. */
  perLayer(names) {
    const found = Array.from({ length: this.L }, () => []);
    for (const [layer, neuron] of names.map((name) => name.split("."))) {
      found[layer]?.push(Number(neuron));
    }
    return found;
  }

  /**
   * Read more tokens, after those that are remembered.
   * @param {number[]} ids at least one, and with the old ones at most n_ctx
   * @returns {Float32Array} the logits of what follows the last of them, (V)
   * @throws {RangeError}
   */
  forward(ids) {
    const first = this.length, n = ids.length;
    if (!n || first + n > this.n_ctx) {
      throw new RangeError(`${first} and ${n} more tokens do not fit: this model sees 1 to `
        + `${this.n_ctx} at once.`);
    }
    this.embed(ids, first);
    for (let layer = 0; layer < this.L; layer++) this.block(layer, first, n);
    this.length += n;
    return this.logits(this.length - 1);
  }

  /** residual 0 = embedding of the token + embedding of its position. */
  embed(ids, first) {
    const { C } = this, stream = this.kernel.floats(this.residuals[0], this.n_ctx * C);
    ids.forEach((id, i) => {
      const token = rowOf(this.tensors.get("token_embedding.weight"), id);
      const place = rowOf(this.tensors.get("position_embedding.weight"), first + i);
      for (let c = 0; c < C; c++) stream[(first + i) * C + c] = token[c] + place[c];
    });
  }

  /** Attention mixes tokens, an MLP works on each; both add to the residual stream. */
  block(layer, first, n) {
    const { kernel, C, n_ff } = this, row = 4 * first * C, own = this.layers[layer];
    const [before, between, after] = this.residuals.slice(2 * layer, 2 * layer + 3)
      .map((stream) => stream + row);
    if (this.off.layers.has(layer)) {
      this.rest(layer, first, n);
      return;
    }
    this.norm(own.attention_norm, this.normed, before, n);
    this.linear(own.query, this.queries[layer] + row, this.normed, n);
    this.linear(own.key, this.keys[layer] + row, this.normed, n);
    this.linear(own.value, this.values[layer] + row, this.normed, n);
    this.attention(layer, first, n);
    this.linear(own.output, this.added, this.mixed, n);
    kernel.plus(between, before, this.added, n * C);

    const neurons = this.neurons[layer] + 4 * first * n_ff;
    this.norm(own.feed_forward_norm, this.normed, between, n);
    this.linear(own.up, neurons, this.normed, n);
    kernel.gelu(neurons, n * n_ff);
    this.silence(layer, first, n);
    this.linear(own.down, this.added, neurons, n);
    kernel.plus(after, between, this.added, n * C);
  }

  /** A layer that is switched off: its heads look nowhere, its neurons are silent. */
  rest(layer, first, n) {
    const { kernel, C, H, n_ff, rows } = this, size = this.n_ctx * C;
    const given = kernel.floats(this.residuals[2 * layer], size)
      .subarray(first * C, (first + n) * C);
    for (const depth of [2 * layer + 1, 2 * layer + 2]) {
      kernel.floats(this.residuals[depth], size).set(given, first * C);
    }
    for (let head = 0; head < H; head++) {
      kernel.floats(this.looks[layer * H + head] + 4 * first * rows, n * rows).fill(0);
    }
    kernel.floats(this.neurons[layer] + 4 * first * n_ff, n * n_ff).fill(0);
  }

  /** All heads of a layer: from queries, keys and values to `mixed`, for each new token. */
  attention(layer, first, n) {
    for (let head = 0; head < this.H; head++) this.attend(layer, head, first, n);
  }

  /** One head: softmax(q kᵀ / √D) v for each new token, over all up to itself. */
  attend(layer, head, first, n) {
    const { kernel, C, D, rows } = this, name = `${layer}.${head}`, part = 4 * head * D;
    for (let place = first; place < first + n; place++) {
      const weights = this.looks[layer * this.H + head] + 4 * place * rows;
      const mixed = this.mixed + 4 * (place - first) * C + part;
      const query = this.queries[layer] + 4 * place * C + part;
      kernel.look(weights, query, this.keys[layer] + part, place + 1, D, C);
      if (this.replaced[name]) kernel.floats(weights, place + 1).set(this.replaced[name](place));
      kernel.mix(mixed, weights, this.values[layer] + part, place + 1, D, C);
      if (this.off.heads.has(name)) kernel.floats(mixed, D).fill(0);
    }
  }

  /** Set the neurons that are switched off to 0. */
  silence(layer, first, n) {
    for (const neuron of this.off.neurons[layer]) {
      for (let place = first; place < first + n; place++) {
        this.kernel.floats(this.neurons[layer] + 4 * (place * this.n_ff + neuron), 1)[0] = 0;
      }
    }
  }

  linear({ weights, scales, nIn, nOut }, y, x, rows) {
    if (scales === undefined) this.kernel.linear(y, x, weights, rows, nIn, nOut);
    else this.kernel.linear8(y, x, weights, scales, rows, nIn, nOut, this.aside);
  }

  norm({ weight, bias }, y, x, rows) {
    this.kernel.norm(y, x, weight, bias, rows, this.C);
  }

  /** What the model expects after the token at a position, as logits (V); a copy. */
  logits(place) {
    return this.lens(place, 2 * this.L);
  }

  /**
   * The logit lens: what the model would expect if it stopped at this depth.
   * @param {number} place @param {number} depth as for `residual` @returns {Float32Array} (V)
   */
  lens(place, depth) {
    this.norm(this.lastNorm, this.normedRow, this.residuals[depth] + 4 * place * this.C, 1);
    this.linear(this.unembed, this.out, this.normedRow, 1);
    return this.kernel.floats(this.out, this.V).slice();
  }

  /**
   * The residual stream of a token, (C). Depth 0 is its embeddings, 2 l + 1 is after the attention
   * of layer l, 2 l + 2 after its MLP. This and the following functions return a view: it changes with
   * the next tokens.
   */
  residual(depth, place) {
    return this.kernel.floats(this.residuals[depth] + 4 * place * this.C, this.C);
  }

  /** Where a head looked from a position: its weights for all positions up to that one, (place + 1). */
  weights(layer, head, place) {
    const rows = this.looks[layer * this.H + head];
    return this.kernel.floats(rows + 4 * place * this.rows, place + 1);
  }

  /** The query, key or value of a head at a position, (D). @param {"queries"|"keys"|"values"} kind */
  vector(kind, layer, head, place) {
    return this.kernel.floats(this[kind][layer] + 4 * (place * this.C + head * this.D), this.D);
  }

  /** How strongly each neuron of a layer fires at a position, (n_ff). */
  firing(layer, place) {
    return this.kernel.floats(this.neurons[layer] + 4 * place * this.n_ff, this.n_ff);
  }
}
