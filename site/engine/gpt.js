/**
 * The model of train.py, with a cache of keys and values. It keeps every activation it computes.
 *
 *   const model = new GPT(settings, tensors, createKernel);
 *   model.forward([0, 71, 203]);         // logits of the next token, (V)
 *   model.forward([12]);                 // continues: the three tokens before are in the cache
 *   model.attentionRow(2, 1, 3);         // attention weights of head 2.1 at position 3, (4)
 *   model.reset();                       // empty the cache
 *   model.intervene({ heads: ["2.1"] }); // ablate head 2.1
 *
 * Shapes: T positions, C channels (width), H heads, D size of a head, V vocabulary, L layers. Layers,
 * heads, neurons and positions count from 0; head 2.1 is head 1 of layer 2.
 */
import { entropy } from "./sample.js";
import { rowOf } from "./weights.js";

const MAX_FLOATS = 2 ** 29; // two gigabytes

export class GPT {
  /**
   * @param {{n_layer: number, n_head: number, n_embd: number, n_ff: number, n_ctx: number}} settings
   * @param {Map<string, import("./weights.js").Tensor>} tensors named as in train.py
   * @param {(bytes: number) => import("./kernel.js").Kernel} createKernel
   */
  constructor(settings, tensors, createKernel) {
    const { n_layer: L, n_head: H, n_embd: C, n_ff, n_ctx } = settings;
    this.L = L;
    this.H = H;
    this.C = C;
    this.D = C / H;
    this.n_ff = n_ff;
    this.n_ctx = n_ctx;
    this.V = tensors.get("token_embedding.weight").shape[0];
    this.rows = 4 * Math.ceil(n_ctx / 4); // attention weights are stored in groups of four
    this.tensors = tensors;
    if (this.floatCount() > MAX_FLOATS) throw new RangeError("This model is too large for a page.");
    this.kernel = createKernel(4 * this.floatCount());
    this.loadWeights();
    this.allocateActivations();
    this.intervene({});
  }

  /** An upper bound on the floats that the next two functions allocate, in groups of four. */
  floatCount() {
    const { L, H, C, V, n_ctx, n_ff, rows } = this;
    let n = (5 * L + 4) * (n_ctx * C + 4) + L * H * (n_ctx * rows + 4) + L * (n_ctx * n_ff + 4);
    for (const { values, scales } of this.tensors.values()) {
      n += values.byteLength / 4 + (scales?.length ?? 0) + 8;
    }
    return n + V + C + Math.max(C, n_ff) + 12;
  }

  /** Copy matrices and norms to the kernel; embeddings stay outside, because only a few rows are read. */
  loadWeights() {
    this.layers = Array.from({ length: this.L }, (_, layer) => {
      const entry = (load, name) => [name, load(`blocks.${layer}.${name}`)];
      return Object.fromEntries([
        ...["query", "key", "value", "output", "up", "down"].map((name) => entry(this.matrix, name)),
        ...["attention_norm", "feed_forward_norm"].map((name) => entry(this.norms, name)),
      ]);
    });
    this.unembed = this.matrix("unembed");
    this.finalNorm = this.norms("norm");
  }

  /** The address of a weight matrix, and its shape. */
  matrix = (name) => {
    const { kernel } = this;
    const {
      shape: [nOut, nIn],
      values,
      scales,
    } = this.tensors.get(`${name}.weight`);
    if (!scales) return { nOut, nIn, weights: this.copyToKernel(values) };
    const weights = kernel.reserveBytes(values.length);
    kernel.bytes(weights, values.length).set(values);
    return { nOut, nIn, weights, scales: this.copyToKernel(scales) };
  };

  /** The addresses of the weight and the bias of a norm. */
  norms = (name) => ({
    weight: this.copyToKernel(this.tensors.get(`${name}.weight`).values),
    bias: this.copyToKernel(this.tensors.get(`${name}.bias`).values),
  });

  /** Copy numbers into the kernel's memory. @returns {number} their address */
  copyToKernel(numbers) {
    const address = this.kernel.reserve(numbers.length);
    this.kernel.floats(address, numbers.length).set(numbers);
    return address;
  }

  /** Allocate memory for the activations of every position, and for intermediate results. */
  allocateActivations() {
    const { kernel, L, H, C, V, n_ctx, n_ff, rows } = this;
    const allocate = (n, size) => Array.from({ length: n }, () => kernel.reserve(size));
    this.residuals = allocate(2 * L + 1, n_ctx * C); // see `residual`
    this.queries = allocate(L, n_ctx * C);
    this.keys = allocate(L, n_ctx * C);
    this.values = allocate(L, n_ctx * C);
    this.patterns = allocate(L * H, n_ctx * rows);
    this.neurons = allocate(L, n_ctx * n_ff);
    this.normed = kernel.reserve(n_ctx * C);
    this.mixed = kernel.reserve(n_ctx * C);
    this.added = kernel.reserve(n_ctx * C);
    this.out = kernel.reserve(V);
    this.normedRow = kernel.reserve(C);
    this.scratch = kernel.reserve(Math.max(C, n_ff));
  }

  /** Empty the cache. */
  reset() {
    this.length = 0;
  }

  /**
   * Change every forward pass from now on, and empty the cache.
   * @param {object} intervention
   * @param {number[]} [intervention.layers] to skip: what comes in goes out
   * @param {string[]} [intervention.heads] to ablate, such as "2.1": their output is 0
   * @param {string[]} [intervention.neurons] to ablate, such as "2.117": their activation is 0
   * @param {Object<string, (position: number) => ArrayLike<number>>} [intervention.attention] for
   *   some heads, what replaces their attention weights at a position: (position + 1) numbers
   * @param {{ depth: number, position: number, vector: ArrayLike<number> }[]} [intervention.patches]
   *   what replaces the residual stream at a depth (see `residual`) and a position: (C)
   * @param {{ depth: number, vector: ArrayLike<number> }[]} [intervention.directions] what is then added
   *   to the residual stream at a depth, at every position: (C)
   * @param {"none"} [intervention.positions] the position embeddings are left out
   * @param {boolean} [intervention.residual] false: what attention and an MLP compute takes the place of the
   *   residual stream, and is not added to it
   */
  intervene({
    layers = [],
    heads = [],
    neurons = [],
    attention = {},
    patches = [],
    directions = [],
    positions = undefined,
    residual = true,
  }) {
    this.hasPositions = positions !== "none";
    this.hasResidual = residual;
    this.ablated = { layers: new Set(layers), heads: new Set(heads), neurons: this.perLayer(neurons) };
    this.replacedPatterns = attention;
    this.patches = patches;
    this.directions = directions;
    this.reset();
  }

  /** ["2.117"] -> for each layer, the indices of its neurons. */
  perLayer(names) {
    const found = Array.from({ length: this.L }, () => []);
    for (const [layer, neuron] of names.map((name) => name.split("."))) {
      found[layer]?.push(Number(neuron));
    }
    return found;
  }

  /**
   * A forward pass over more tokens, after those in the cache.
   * @param {number[]} ids at least one, and with those in the cache at most n_ctx
   * @returns {Float32Array} the logits of the next token, (V)
   * @throws {RangeError}
   */
  forward(ids) {
    const start = this.length;
    const n = ids.length;
    if (!n || start + n > this.n_ctx) {
      throw new RangeError(
        `${start} and ${n} more tokens do not fit: this model sees 1 to ` + `${this.n_ctx} at once.`,
      );
    }
    this.embed(ids, start);
    for (let layer = 0; layer < this.L; layer++) this.block(layer, start, n);
    this.length += n;
    return this.logits(this.length - 1);
  }

  /** residual 0 = embedding of the token + embedding of its position. */
  embed(ids, start) {
    const { C } = this;
    const stream = this.kernel.floats(this.residuals[0], this.n_ctx * C);
    ids.forEach((id, i) => {
      const token = this.tokenEmbedding(id);
      stream.set(token, (start + i) * C);
      if (!this.hasPositions) return;
      const position = this.positionEmbedding(start + i);
      for (let c = 0; c < C; c++) stream[(start + i) * C + c] += position[c];
    });
    this.changeResidual(0, start, ids.length);
  }

  /** The embedding of a token, (C). */
  tokenEmbedding(id) {
    return rowOf(this.tensors.get("token_embedding.weight"), id);
  }

  /** The embedding of a position, (C). */
  positionEmbedding(position) {
    return rowOf(this.tensors.get("position_embedding.weight"), position);
  }

  /** Patch the residual stream at a depth, and add directions to it, at each new position. */
  changeResidual(depth, start, n) {
    const isHere = (one) => one.depth === depth;
    for (const { position, vector } of this.patches.filter(isHere)) {
      if (position >= start && position < start + n) this.residual(depth, position).set(vector);
    }
    for (const { vector } of this.directions.filter(isHere)) {
      for (let position = start; position < start + n; position++) {
        const stream = this.residual(depth, position);
        for (let c = 0; c < this.C; c++) stream[c] += vector[c];
      }
    }
  }

  /** Attention mixes tokens, an MLP works on each; both add to the residual stream. */
  block(layer, start, n) {
    const { kernel, C, n_ff } = this;
    const row = 4 * start * C;
    const params = this.layers[layer];
    const [before, between, after] = this.residuals
      .slice(2 * layer, 2 * layer + 3)
      .map((address) => address + row);
    if (this.ablated.layers.has(layer)) {
      this.skipLayer(layer, start, n);
      return;
    }
    this.norm(params.attention_norm, this.normed, before, n);
    this.linear(params.query, this.queries[layer] + row, this.normed, n);
    this.linear(params.key, this.keys[layer] + row, this.normed, n);
    this.linear(params.value, this.values[layer] + row, this.normed, n);
    this.attention(layer, start, n);
    this.linear(params.output, this.added, this.mixed, n);
    this.addResidual(between, before, n * C);
    this.changeResidual(2 * layer + 1, start, n);

    const neurons = this.neurons[layer] + 4 * start * n_ff;
    this.norm(params.feed_forward_norm, this.normed, between, n);
    this.linear(params.up, neurons, this.normed, n);
    kernel.gelu(neurons, n * n_ff);
    this.zeroNeurons(layer, start, n);
    this.linear(params.down, this.added, neurons, n);
    this.addResidual(after, between, n * C);
    this.changeResidual(2 * layer + 2, start, n);
  }

  /** What a part has computed is added to the residual stream; without it, that is all that is left. */
  addResidual(to, before, n) {
    const { kernel } = this;
    if (this.hasResidual) kernel.add(to, before, this.added, n);
    else kernel.floats(to, n).set(kernel.floats(this.added, n));
  }

  /** Skip a layer: the residual stream passes through, its attention weights and activations are 0. */
  skipLayer(layer, start, n) {
    const { kernel, C, H, n_ff, rows } = this;
    const size = this.n_ctx * C;
    for (const depth of [2 * layer + 1, 2 * layer + 2]) {
      const before = kernel.floats(this.residuals[depth - 1], size).subarray(start * C, (start + n) * C);
      kernel.floats(this.residuals[depth], size).set(before, start * C);
      this.changeResidual(depth, start, n);
    }
    for (let head = 0; head < H; head++) {
      kernel.floats(this.patterns[layer * H + head] + 4 * start * rows, n * rows).fill(0);
    }
    kernel.floats(this.neurons[layer] + 4 * start * n_ff, n * n_ff).fill(0);
  }

  /** All heads of a layer: from queries, keys and values to `mixed`, at each new position. */
  attention(layer, start, n) {
    for (let head = 0; head < this.H; head++) this.attentionHead(layer, head, start, n);
  }

  /** One head: softmax(q kᵀ / √D) v at each new position, over all positions up to it. */
  attentionHead(layer, head, start, n) {
    const { kernel, C, D, rows } = this;
    const name = `${layer}.${head}`;
    const headOffset = 4 * head * D;
    const replacement = this.replacedPatterns[name];
    for (let position = start; position < start + n; position++) {
      const weights = this.patterns[layer * this.H + head] + 4 * position * rows;
      const mixed = this.mixed + 4 * (position - start) * C + headOffset;
      const query = this.queries[layer] + 4 * position * C + headOffset;
      kernel.attentionWeights(weights, query, this.keys[layer] + headOffset, position + 1, D, C);
      if (replacement) kernel.floats(weights, position + 1).set(replacement(position));
      kernel.weightedSum(mixed, weights, this.values[layer] + headOffset, position + 1, D, C);
      if (this.ablated.heads.has(name)) kernel.floats(mixed, D).fill(0);
    }
  }

  /** Set the activations of ablated neurons to 0. */
  zeroNeurons(layer, start, n) {
    for (const neuron of this.ablated.neurons[layer]) {
      for (let position = start; position < start + n; position++) {
        this.kernel.floats(this.neurons[layer] + 4 * (position * this.n_ff + neuron), 1)[0] = 0;
      }
    }
  }

  /** @param {{ weights: number, scales?: number, nIn: number, nOut: number }} matrix */
  linear({ weights, scales, nIn, nOut }, y, x, rows) {
    if (scales === undefined) this.kernel.linear(y, x, weights, rows, nIn, nOut);
    else this.kernel.linear8(y, x, weights, scales, rows, nIn, nOut, this.scratch);
  }

  norm({ weight, bias }, y, x, rows) {
    this.kernel.norm(y, x, weight, bias, rows, this.C);
  }

  /** The logits after a position: they predict the next token, (V). A copy. */
  logits(position) {
    return this.logitLens(position, 2 * this.L);
  }

  /**
   * The logit lens: the logits if the model ended at this depth.
   * @param {number} position @param {number} depth as for `residual` @returns {Float32Array} (V)
   */
  logitLens(position, depth) {
    this.norm(this.finalNorm, this.normedRow, this.residuals[depth] + 4 * position * this.C, 1);
    this.linear(this.unembed, this.out, this.normedRow, 1);
    return this.kernel.floats(this.out, this.V).slice();
  }

  /**
   * The residual stream at a position, (C). Depth 0 is the embeddings, 2 l + 1 is after the attention
   * of layer l, 2 l + 2 after its MLP. This and the following functions return views: they change with
   * the next forward pass.
   */
  residual(depth, position) {
    return this.kernel.floats(this.residuals[depth] + 4 * position * this.C, this.C);
  }

  /** The attention weights of a head for a query: one for each key up to it, (query + 1). */
  attentionRow(layer, head, query) {
    const rows = this.patterns[layer * this.H + head];
    return this.kernel.floats(rows + 4 * query * this.rows, query + 1);
  }

  /** The query, key or value of a head at a position, (D). @param {"queries"|"keys"|"values"} kind */
  vector(kind, layer, head, position) {
    return this.kernel.floats(this[kind][layer] + 4 * (position * this.C + head * this.D), this.D);
  }

  /** The activations of a layer's neurons at a position, (n_ff). */
  neuronActivations(layer, position) {
    return this.kernel.floats(this.neurons[layer] + 4 * position * this.n_ff, this.n_ff);
  }

  /**
   * What was computed of the text in the cache, as copies that can be sent to the page: logits (T, V);
   * attention, of each head the lower triangle, row by row, (L H, T (T + 1) / 2); attentionEntropy of each
   * row (L H, T) in nats.
   */
  activations() {
    const T = this.length;
    const triangle = (T * (T + 1)) / 2;
    const heads = this.L * this.H;
    const logits = new Float32Array(T * this.V);
    const attention = new Float32Array(heads * triangle);
    const attentionEntropy = new Float32Array(heads * T);
    for (let position = 0; position < T; position++) {
      logits.set(this.logits(position), position * this.V);
      for (let i = 0; i < heads; i++) {
        const row = this.attentionRow(Math.floor(i / this.H), i % this.H, position);
        attention.set(row, i * triangle + (position * (position + 1)) / 2);
        attentionEntropy[i * T + position] = entropy(row);
      }
    }
    return { logits, attention, attentionEntropy };
  }
}
