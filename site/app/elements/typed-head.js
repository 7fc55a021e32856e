/**
 * <typed-head> … </typed-head>
 *
 * The part of a page in which somebody types an attention head. Figures inside ask it for "typed"; it tries
 * the head on the text of the <forward-pass> around it. See typed-head.js.
 */
import { ask, provide } from "../context.js";
import { firstInteraction } from "../interaction.js";
import { TypedHead } from "../typed-head.js";

class TypedHeadElement extends HTMLElement {
  typed = new TypedHead();

  connectedCallback() {
    this.store = ask(this, "store");
    this.passes = ask(this, "passes");
    provide(this, "typed", this.typed);
    this.stops = [this.store, this.passes].map((source) => source.subscribe(() => this.show()));
    this.show();
  }

  disconnectedCallback() {
    for (const stop of this.stops) stop();
    this.typed.runner.stop();
  }

  show() {
    const {
      run,
      state: { head, exercise },
      isSettled,
    } = this.store;
    if (!isSettled) return;
    const { typed } = this;
    if (typed.run !== run) this.open(run, exercise);
    if (exercise !== typed.state.exercise) typed.edit({ exercise });
    const [pass] = this.passes.state.both;
    typed.textToTry = this.passes.current;
    typed.show(head, pass?.run === run || pass instanceof Error ? pass : null);
  }

  /** Python starts as soon as somebody does something; that it cannot is reported when it is used. */
  async open(run, exercise) {
    this.typed.open(run, exercise);
    await firstInteraction;
    await this.passes.current; // what is seen comes first
    if (this.typed.run === run) this.typed.runner.open(run).catch(() => {});
  }
}

customElements.define("typed-head", TypedHeadElement);
