/**
 * The base class of figures of the lessons that compute something with the model whose forward pass is shown, as
 * soon as somebody comes near. What they say stands in the page: see page-words.js.
 *
 *   choices() { return [this.token]; }                  // what it depends on, besides the text and the step
 *   async compute(model, signal) { return model.…; }    // what draw() then has as `found`
 */
import { html } from "../vendored/lit.js";
import { ForwardPassFigure } from "./forward-pass-figure.js";
import { LiveModel, nearestSnapshot } from "./model.js";
import { near } from "./near.js";
import { wordsOf } from "./page-words.js";

export class LiveFigure extends ForwardPassFigure {
  /** @type {Object<string, object>} */
  static properties = { found: { state: true } };

  load(_run) {
    this.say = wordsOf(this);
    return true;
  }

  /** @returns {unknown[]} */
  choices() {
    return [];
  }

  /** @param {LiveModel} _model @param {AbortSignal} _signal @returns {Promise<any>} */
  async compute(_model, _signal) {
    return {};
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("run")) this.found = null;
    if (this.isReady) this.begin();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
    this.key = null;
  }

  /** Compute what is shown, unless that has begun already. What is no longer asked for is cancelled. */
  async begin() {
    const { pass } = this;
    const key = JSON.stringify([pass.run.name, pass.step, pass.ids, pass.promptLength, this.choices()]);
    if (key === this.key) return;
    this.key = key;
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    try {
      await near(this, signal);
      this.isComing = true;
      const model = new LiveModel(pass.run, nearestSnapshot(pass.run, pass.step));
      const found = await this.compute(model, signal);
      if (!signal.aborted) this.found = { ...found, pass };
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  draw() {
    return this.found?.pass.run === this.run ? this.drawFound(this.found) : this.placeholder();
  }

  placeholder() {
    return html`<p class="caption" aria-busy=${String(Boolean(this.isComing))}>…</p>`;
  }

  giveBackItsPlace() {
    this.toggleAttribute("drawn", Boolean(this.found || this.error));
  }

  /** @param {any} _found @returns {unknown} */
  drawFound(_found) {
    return "";
  }

  repaint() {
    this.requestUpdate();
  }
}

/** A row of a list of vectors, (C). */
export const vectorOf = (vectors, i, C) => vectors.subarray(i * C, (i + 1) * C);

/** How much two vectors point the same way: 1 the same, 0 not at all, -1 the opposite. */
export function cosine(a, b) {
  const dot = a.reduce((sum, value, c) => sum + value * b[c], 0);
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  return lengths ? dot / lengths : 0;
}
