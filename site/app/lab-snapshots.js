/**
 * The model of the lab as it was at some steps, from its first one on, so that pages can show how it came about: its
 * weights, and what it wrote and attended to. As in train.py, they are log-spaced: most changes at the beginning.
 *
 *   const snapshots = new Snapshots(lab);
 *   await snapshots.now()       // the one of this step
 *   snapshots.list              // [{ step, weights, passes }, …]: see the worker's method of this name
 *
 * The lab holds them, and keeps them in the browser with the model.
 */
import { whyOnlyHere } from "./lab-command.js";
import { thinned } from "./loss-series.js";

const GROWTH = 1.5; // from one step to the next
const MOST = 16;
const MOST_BYTES = 100e6; // of all of them
const N_TOKENS = 40; // written after each prompt, as train.py does

/** Whether something is a snapshot of a model with so many numbers. @param {any} one @param {number} size */
export const isSnapshot = (one, size) =>
  Number.isInteger(one?.step) &&
  one.weights instanceof Float32Array &&
  one.weights.length === size &&
  Array.isArray(one.passes) &&
  one.passes.length > 0 &&
  one.passes.every(isPass);

/** @param {any} written after a prompt */
const isPass = (written) =>
  [written?.ids, written?.tokens].every(Array.isArray) &&
  [written.attention, written.attentionEntropy].every((one) => one instanceof Float32Array);

export class Snapshots {
  #model = null; // changes with each model
  #isAsking = false;

  /** @param {import("./lab.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    lab.subscribe(() => this.#follow());
  }

  get list() {
    return this.lab.state.snapshots;
  }

  #follow() {
    const { status, step } = this.lab.state;
    if (status === "preparing") this.#model = null;
    if (!this.#isAsking && ["ready", "training", "paused"].includes(status) && step >= this.#due) this.#ask();
  }

  get #due() {
    return this.list.length ? Math.max(1, GROWTH * this.list.at(-1).step) : 0;
  }

  /** @returns {Promise<any>} null where there is no model, or one that stays in the lab */
  async #ask() {
    const { settings, samples } = this.lab.state;
    const prompts =
      samples
        .at(-1)
        ?.prompts.map(({ ids }) => ids)
        .filter((ids) => ids.length) ?? [];
    if (!prompts.length || whyOnlyHere(settings)) return null;
    const model = (this.#model ??= {});
    this.#isAsking = true;
    const given = { prompts, tokens: N_TOKENS, temperature: settings.temperature };
    const found = await this.lab.ask("snapshot", given).finally(() => (this.#isAsking = false));
    if (!found || model !== this.#model) return null;
    this.#add({ ...found, passes: found.passes.map((pass, i) => ({ ids: prompts[i], ...pass })) });
    return this.list.at(-1);
  }

  #add(snapshot) {
    const most = Math.min(MOST, Math.max(2, Math.floor(MOST_BYTES / snapshot.weights.byteLength)));
    const earlier = this.list.filter(({ step }) => step < snapshot.step);
    this.lab.keepSnapshots(thinned([...earlier, snapshot], most));
  }

  /** The snapshot of this moment, which then is the last in the list. @throws {Error} if the model is gone meanwhile */
  async now() {
    const found = await this.#ask();
    if (!found) throw new Error("Another model has taken its place.");
    return found;
  }
}
