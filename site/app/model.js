/**
 * The model, run in this page by a worker (engine/worker.js) with the weights of a snapshot.
 *
 *   const model = new LiveModel(run, 300);             // the weights of step 300
 *   await model.complete(ids, { temperature: 0.8 });   // the same after it has continued the text
 *   await model.forward(ids)                           // logits and attention
 *
 * @typedef {{ intervention?: object, signal?: AbortSignal, n?: number, seed?: number, tokens?: number,
 *   numbers?: number[], end?: number }} Options
 */
import { engine } from "./engine.js";
import { UserError } from "./run.js";
import { nearest } from "./step-scale.js";

/** The step of the snapshot nearest to another step. */
export const nearestSnapshot = (run, step) =>
  nearest(
    step,
    run.manifest.snapshots.map((one) => one.step),
  );

export class LiveModel {
  /** @param {import("./run.js").Run} run @param {number} step one of those with a snapshot */
  constructor(run, step) {
    const { snapshots, settings, weights } = run.manifest;
    const { file, sha256 } = snapshots.find((one) => one.step === step);
    this.run = run;
    this.step = step;
    this.model = {
      key: `${run.name}/${step}/${sha256}`,
      url: new URL(file, run.url).href,
      sha256,
      settings,
      weights,
    };
  }

  /** @param {string} method @param {object} params @param {any} [options] as for WorkerClient.call */
  async call(method, params, options = {}) {
    try {
      return await engine.call(method, { model: this.model, ...params }, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new UserError(
        `The weights of step ${this.step} of ${this.run.label} cannot be used. ${error.message}`,
        this.run.command,
      );
    }
  }

  /** See engine/worker.js for these. @param {number[]} ids @param {Options} [options] */
  forward(ids, { intervention, signal } = {}) {
    return this.call("forward", { ids, intervention }, { signal });
  }

  /** @param {number[]} ids @param {Options} [options] */
  logitLens(ids, { intervention, signal, n = 3 } = {}) {
    return this.call("logitLens", { ids, intervention, n }, { signal });
  }

  /** The largest absolute difference from logits that PyTorch computed for the same ids. */
  async maxAbsDiff(ids, logits) {
    return (await this.call("check", { ids, logits })).maxAbsDiff;
  }

  /** The logits (V) of what follows a text. @param {number[]} ids @param {Options} [options] */
  async nextLogits(ids, { intervention, signal } = {}) {
    return (await this.call("nextLogits", { ids, intervention }, { signal })).logits;
  }

  /** How long a forward pass takes, in milliseconds: see engine/worker.js. @param {number[]} ids @param {Options} [options] */
  timeForward(ids, { signal } = {}) {
    return this.call("timeForward", { ids }, { signal });
  }

  /** How long the residual stream and a way between two embeddings are: see engine/worker.js. */
  lengths(ids, { depth, from, to, signal }) {
    return this.call("lengths", { ids, depth, from, to }, { signal });
  }

  /** What patches do to the next token: see engine/worker.js. */
  patchDifferences(params, { signal }) {
    return this.call("patchDifferences", params, { signal });
  }

  /** The queries, keys and values of a head: see engine/worker.js. */
  headVectors(ids, layer, head, { signal }) {
    return this.call("headVectors", { ids, layer, head }, { signal });
  }

  /** The embeddings of all tokens: see engine/worker.js. */
  embeddings() {
    return this.call("embeddings", {});
  }

  /** Where the expected tokens come: see engine/worker.js. @returns {Promise<{ ranks: Int32Array }>} */
  arithmeticRanks(quadruples, signal) {
    return this.call("arithmeticRanks", { quadruples }, { signal });
  }

  /** The loss with weights on the line to those of another model: see engine/worker.js. @returns {Promise<number>} */
  async lossBetween(other, ids, fraction, { signal }) {
    return (await this.call("lossBetween", { other: other.model, ids, fraction }, { signal })).loss;
  }

  /** How well a text was predicted. @param {number[]} ids @param {Options} [options] */
  score(ids, { intervention, signal } = {}) {
    return this.call("score", { ids, intervention }, { signal });
  }

  /** The embeddings of some tokens and of all positions. @param {number[]} ids @param {Options} [options] */
  inputEmbeddings(ids, { signal } = {}) {
    return this.call("inputEmbeddings", { ids }, { signal });
  }

  /**
   * The residual stream after a text, at a depth.
   * @param {number[]} ids @param {number} depth @param {Options} [options]
   */
  async residual(ids, depth, { intervention, signal } = {}) {
    return (await this.call("residual", { ids, depth, intervention }, { signal })).vector;
  }

  /** What each part adds after a text, and what that does for a token: see engine/attribution.js. */
  parts(ids, token, layer, { signal }) {
    return this.call("parts", { ids, token, layer }, { signal });
  }

  /**
   * Continue a text, and be told of its tokens while it is written: see engine/worker.js.
   * @param {object} params ids, sampling, seed, branch, written, tokens, end, intervention
   * @param {{ onProgress?: (tokens: any[]) => void, signal?: AbortSignal }} [options]
   */
  generate(params, options) {
    return this.call("generate", params, options);
  }

  /**
   * Continue a text with up to `tokens` more. `sampling`: temperature, topK, topP. `numbers` take the place
   * of the first random numbers that follow from the seed.
   * @param {number[]} ids @param {object} sampling @param {Options} [options]
   */
  complete(ids, sampling, { intervention, seed, numbers, tokens, end, signal } = {}) {
    return this.call("complete", { ids, sampling, intervention, seed, numbers, tokens, end }, { signal });
  }
}
