/**
 * <live-text> … </live-text>
 *
 * A text that the model writes while one looks: what the store says of text, step, sampling and branch. Figures
 * inside ask it for "writing": see app/writing.js; and for "operated", what a model that is operated on writes instead:
 * see app/operated.js.
 */
import { ask, provide } from "../context.js";
import { engine } from "../engine.js";
import { endFirstView } from "../first-view.js";
import { Operated } from "../operated.js";
import { Writing } from "../writing.js";

class LiveText extends HTMLElement {
  writing = new Writing();

  connectedCallback() {
    engine.start(); // while the run is still being fetched
    this.store = ask(this, "store");
    provide(this, "writing", this.writing);
    const operated = new Operated(this.store, this.writing);
    provide(this, "operated", operated);
    this.stops = [
      this.store.subscribe(() => this.show()),
      operated.follow(),
      this.writing.subscribe(() => {
        if (this.writing.state.tokens.length) endFirstView();
      }),
    ];
    this.show();
  }

  disconnectedCallback() {
    for (const stop of this.stops) stop();
    this.writing.stop();
  }

  show() {
    const { run, state, isSettled } = this.store;
    if (!isSettled) return;
    const { step, text, prompt, temperature, topK, topP, seed, branch, length } = state;
    const typed = text || run.manifest.prompts[prompt];
    const request = { run, step, text: typed, temperature, topK, topP, seed, branch, length };
    this.writing.write(request).then(endFirstView); // there may be no token
  }
}

customElements.define("live-text", LiveText);
