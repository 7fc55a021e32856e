/**
 * The model itself, run in this page by a worker (engine/worker.js) with the weights of a step.
 *
 *   const model = new LiveModel(run, 300);          // the weights of step 300
 *   await model.write(ids, { temperature: 0.8 });   // ids, and those that it wrote after them
 *   await model.look(ids)                           // everything it thinks of them
 */
import { Asked } from "./asked.js";
import { nearest } from "./axis.js";
import { Trouble } from "./run.js";

const engine = new Asked(new URL("../engine/worker.js", import.meta.url));

/**
 * Resolves when somebody has moved, scrolled or pressed something, or stayed for some seconds. What
 * needs weights waits for it, unless they were asked for: the first view loads no megabytes.
 */
export const somebody = new Promise((resolve) => {
  for (const sign of ["scroll", "pointermove", "pointerdown", "keydown"]) {
    addEventListener(sign, resolve, { once: true, passive: true });
  }
  setTimeout(resolve, 5000);
});

/** The step nearest to another one for which a run has weights. */
export const keptStep = (run, step) => nearest(step, run.manifest.snapshots.map((one) => one.step));

export class LiveModel {
  /** @param {import("./run.js").Run} run @param {number} step one of those with weights */
  constructor(run, step) {
    const { snapshots, settings, weights } = run.manifest;
    const { file, sha256 } = snapshots.find((one) => one.step === step);
    Object.assign(this, { run, step });
    this.model = { key: `${run.name}/${step}/${sha256}`, address: new URL(file, run.address).href,
                   sha256, settings, weights };
  }

  async ask(call, given, onPart) {
    try {
      return await engine.ask(call, { model: this.model, ...given }, { onPart });
    } catch (error) {
      throw new Trouble(`The weights of step ${this.step} of ${this.run.words} cannot be used. ${
        error.message}`, this.run.command);
    }
  }

  look(ids, change) {
    return this.ask("look", { ids, change });
  }

  lens(ids, change, n = 3) {
    return this.ask("lens", { ids, change, n });
  }

  /** The largest difference from logits that PyTorch computed for the same ids. */
  async gap(ids, logits) {
    return (await this.ask("check", { ids, logits })).gap;
  }

  /** Ids with up to `tokens` more. `how`: temperature, topK, topP. @returns {Promise<number[]>} */
  async write(ids, how, { change, seed, tokens, end } = {}) {
    const written = [...ids];
    await this.ask("write", { ids, how, change, seed, tokens, end },
                   (part) => written.push(...part.map((token) => token.id)));
    return written;
  }
}
