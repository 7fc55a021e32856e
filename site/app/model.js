/**
 * The model, run in this page by a worker (engine/worker.js) with the weights of a snapshot.
 *
 *   const model = new LiveModel(run, 300);             // the weights of step 300
 *   await model.generate(ids, { temperature: 0.8 });   // ids, and those of the tokens it generated
 *   await model.forward(ids)                           // logits and attention
 */
import { UserError } from "./run.js";
import { nearest } from "./step-scale.js";
import { WorkerClient } from "./worker-client.js";

const engine = new WorkerClient(new URL("../engine/worker.js", import.meta.url));

/**
 * Resolves when somebody has moved, scrolled or pressed something, or stayed for some seconds. What
 * needs weights waits for it, unless they were asked for: the first view loads no megabytes.
 */
export const firstInteraction = new Promise((resolve) => {
  for (const type of ["scroll", "pointermove", "pointerdown", "keydown"]) {
    addEventListener(type, resolve, { once: true, passive: true });
  }
  setTimeout(resolve, 5000);
});

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
    Object.assign(this, { run, step });
    this.model = {
      key: `${run.name}/${step}/${sha256}`,
      url: new URL(file, run.url).href,
      sha256,
      settings,
      weights,
    };
  }

  async call(method, params, onProgress) {
    try {
      return await engine.call(method, { model: this.model, ...params }, { onProgress });
    } catch (error) {
      throw new UserError(
        `The weights of step ${this.step} of ${this.run.label} cannot be used. ${error.message}`,
        this.run.command,
      );
    }
  }

  forward(ids, intervention) {
    return this.call("forward", { ids, intervention });
  }

  logitLens(ids, intervention, n = 3) {
    return this.call("logitLens", { ids, intervention, n });
  }

  /** The largest absolute difference from logits that PyTorch computed for the same ids. */
  async maxAbsDiff(ids, logits) {
    return (await this.call("check", { ids, logits })).maxAbsDiff;
  }

  /** Ids with up to `tokens` more. `sampling`: temperature, topK, topP. @returns {Promise<number[]>} */
  async generate(ids, sampling, { intervention, seed, tokens, end } = {}) {
    const allIds = [...ids];
    await this.call("generate", { ids, sampling, intervention, seed, tokens, end }, (generated) =>
      allIds.push(...generated.map((token) => token.id)),
    );
    return allIds;
  }
}
