/** What the worker does for lessons only: see worker.js, which fetches this once one of them asks. */
import { neuronsOf, partsOf } from "./attribution.js";
import { between } from "./between.js";
import { ranksOf } from "./embeddings.js";
import { modelOf } from "./fetch.js";

const LEAST_TIMED = 20; // milliseconds of work that are timed: clocks of browsers are coarse

/** The loss of a token in nats, finite also where its probability is too small for a number. */
function lossOf(logits, id) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return Math.log(sum) + most - logits[id];
}

/** @returns {{ vectors: Float32Array, C: number }} (V C) */
function embeddingsOf(gpt) {
  const vectors = new Float32Array(gpt.V * gpt.C);
  for (let id = 0; id < gpt.V; id++) vectors.set(gpt.tokenEmbedding(id), id * gpt.C);
  return { vectors, C: gpt.C };
}

/**
 * @param {{ open: (source: any) => Promise<import("./gpt.js").GPT>,
 *   forward: (model: import("./gpt.js").GPT, ids: number[], intervention?: object) => import("./gpt.js").GPT }} worker
 */
export const lessonMethods = ({ open, forward }) => ({
  /** How many milliseconds a forward pass over a text takes: the mean over as many as a clock needs. */
  async timeForward({ model, ids }) {
    const gpt = await open(model);
    gpt.intervene({});
    const start = performance.now();
    let passes = 0;
    for (; passes === 0 || performance.now() - start < LEAST_TIMED; passes++) {
      gpt.reset();
      gpt.forward(ids);
    }
    return { milliseconds: (performance.now() - start) / passes };
  },

  /**
   * How well a text (two tokens at least) is predicted with weights on the line through those of two models of the
   * same shape: the loss in nats a token.
   */
  async lossBetween({ model, other, ids, fraction }) {
    const first = await open(model);
    const second = await open(other);
    const gpt = await modelOf(model.settings, between(first.tensors, second.tensors, fraction));
    gpt.forward(ids);
    let sum = 0;
    for (let i = 0; i + 1 < ids.length; i++) sum += lossOf(gpt.logits(i), ids[i + 1]);
    gpt.kernel.release();
    return { loss: sum / (ids.length - 1) };
  },

  /** The queries, keys and values of a head at each position of a text, (T D) each. */
  async headVectors({ model, ids, layer, head }) {
    const gpt = forward(await open(model), ids);
    const { D } = gpt;
    const kinds = /** @type {const} */ (["queries", "keys", "values"]);
    const vectors = kinds.map((kind) => {
      const all = new Float32Array(ids.length * D);
      ids.forEach((_, position) => all.set(gpt.vector(kind, layer, head, position), position * D));
      return all;
    });
    return { queries: vectors[0], keys: vectors[1], values: vectors[2], D };
  },

  /** The embeddings of all tokens, (V C). */
  async embeddings({ model }) {
    return embeddingsOf(await open(model));
  },

  /** Where the expected tokens come in word arithmetic: see embeddings.js. */
  async arithmeticRanks({ model, quadruples }) {
    const { vectors, C } = embeddingsOf(await open(model));
    return { ranks: ranksOf(vectors, C, quadruples) };
  },

  /** The embeddings of some tokens (n C), and of every position (n_ctx C). */
  async inputEmbeddings({ model, ids }) {
    const gpt = await open(model);
    const tokens = new Float32Array(ids.length * gpt.C);
    const positions = new Float32Array(gpt.n_ctx * gpt.C);
    ids.forEach((id, i) => tokens.set(gpt.tokenEmbedding(id), i * gpt.C));
    for (let i = 0; i < gpt.n_ctx; i++) positions.set(gpt.positionEmbedding(i), i * gpt.C);
    return { tokens, positions, C: gpt.C };
  },

  /** The residual stream (C) after the last token of a text at a depth: see GPT.residual. */
  async residual({ model, ids, depth, intervention }) {
    const gpt = forward(await open(model), ids, intervention);
    return { vector: gpt.residual(depth, ids.length - 1).slice() };
  },

  /** What each part of the model adds after the last token of a text, and what that does for a token: see attribution.js. */
  async parts({ model, ids, token, layer }) {
    const gpt = forward(await open(model), ids);
    return { ...partsOf(gpt, ids.length - 1, token), neurons: neuronsOf(gpt, ids.length - 1, token, layer) };
  },
});
