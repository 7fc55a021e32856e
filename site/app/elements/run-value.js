/**
 * <run-value of="n_layer" singular="layer" plural="layers"></run-value>
 *
 * A fact about the run that is shown, in the middle of a sentence: "3 layers". See app/facts.js for their names.
 * A sentence that makes no sense without it stands in a <when-run>.
 */
import { ask } from "../context.js";
import { factOf, written } from "../facts.js";
import { languageOf } from "../page-words.js";

class RunValue extends HTMLElement {
  connectedCallback() {
    this.page = ask(this, "page");
    this.stop = this.page.subscribe(() => this.show());
    this.show();
  }

  disconnectedCallback() {
    this.stop();
  }

  async show() {
    const { run } = this.page.state;
    if (!run || run === this.run) return;
    this.run = run;
    const name = this.getAttribute("of");
    const fact = await factOf(run, name);
    if (run !== this.run) return;
    const noun = this.getAttribute(fact === 1 ? "singular" : "plural");
    const number = written(name, fact, languageOf(this)) ?? "";
    this.textContent = noun ? `${number} ${noun}` : number;
  }
}

customElements.define("run-value", RunValue);
