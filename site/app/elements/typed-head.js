/**
 * <typed-head way="order"> … </typed-head>
 *
 * The part of a page in which somebody types an attention head. Figures inside ask it for "typed"; it tries
 * the head on the text of the <forward-pass> around it. `way`: how it is written unless somebody has chosen another
 * way; an empty body without it. See typed-head.js.
 */
import { EXERCISES } from "../../exercise/exercises.js";
import { ask, provide } from "../context.js";
import { firstInteraction } from "../interaction.js";
import { remember } from "../progress.js";
import { TypedHead } from "../typed-head.js";

const LESSON = "05-attention"; // where a head stands in somebody's record
const HOW = { order: "lines in order", blanks: "blanks filled", empty: "all of it written" };

/**
 * Keep for somebody's record what they have written, and whether it was right. Code that could not be read, or was
 * stopped, is no answer.
 * @param {any} run @param {Object<string, any>} state of TypedHead
 */
function record(run, { exercise, way, mistake, code, result, changed }) {
  if (mistake || changed || !result || result.mistake?.stage === "read") return;
  const question = `${EXERCISES[exercise].title}: ${HOW[way]}`;
  const answer = { run: run.name, question, choice: 0, answer: code, why: "", isRight: !result.mistake };
  remember(LESSON, `${exercise}-${way}`, answer);
}

class TypedHeadElement extends HTMLElement {
  typed = new TypedHead();

  connectedCallback() {
    this.store = ask(this, "store");
    this.passes = ask(this, "passes");
    provide(this, "typed", this.typed);
    let { result } = this.typed.state;
    this.typed.subscribe(() => {
      if (this.typed.state.result === result) return;
      result = this.typed.state.result;
      record(this.typed.run, this.typed.state);
    });
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
      state: { head, exercise, way: chosen },
      isSettled,
    } = this.store;
    if (!isSettled) return;
    const { typed } = this;
    const way = chosen || this.getAttribute("way") || "empty";
    if (typed.run !== run) this.open(run, exercise, way);
    if (exercise !== typed.state.exercise || way !== typed.state.way) typed.edit({ exercise, way });
    const [pass] = this.passes.state.both;
    typed.textToTry = this.passes.current;
    typed.show(head, pass?.run === run || pass instanceof Error ? pass : null);
  }

  /** Python starts as soon as somebody does something; that it cannot is reported when it is used. */
  async open(run, exercise, way) {
    this.typed.open(run, exercise, way);
    await firstInteraction;
    await this.passes.current; // what is seen comes first
    if (this.typed.run === run) this.typed.runner.open(run).catch(() => {});
  }
}

customElements.define("typed-head", TypedHeadElement);
