/**
 * <live-text> … </live-text>
 *
 * A text that the model writes while one looks: what the store says of text, step, sampling and branch. Figures
 * inside ask it for "writing": see app/writing.js; and for "operated", what a model that is operated on writes instead:
 * see app/operated.js.
 */
import { ask, provide } from "../context.js";
import { startEngine } from "../model.js";
import { Operated } from "../operated.js";
import { Writing } from "../writing.js";

class LiveText extends HTMLElement {
  writing = new Writing();

  connectedCallback() {
    startEngine();
    this.store = ask(this, "store");
    provide(this, "writing", this.writing);
    const operated = new Operated(this.store, this.writing);
    provide(this, "operated", operated);
    this.stop = this.store.subscribe(() => this.show());
    this.stopOperating = operated.follow();
    this.show();
  }

  disconnectedCallback() {
    this.stop();
    this.stopOperating();
    this.writing.stop();
  }

  show() {
    const { run, state, isSettled } = this.store;
    if (!isSettled) return;
    const { step, text, prompt, temperature, topK, topP, seed, branch, length } = state;
    const typed = text || run.manifest.prompts[prompt];
    this.writing.write({ run, step, text: typed, temperature, topK, topP, seed, branch, length });
  }
}

customElements.define("live-text", LiveText);
