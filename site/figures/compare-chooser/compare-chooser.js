/**
 * <compare-chooser></compare-chooser>
 *
 * What is different in the second of two: another step, run or temperature, or a head that is
 * switched off. Chooses versus: "step:0", "run:snail", "temperature:0", "off:2.1" and so on. Step 0 of a run
 * that goes on from another one is that one, its parent.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { headNames } from "../../app/heads.js";
import { parentOf } from "../../app/parent.js";

const KINDS = {
  parent: "its parent (step 0)",
  step: "another step",
  run: "another run",
  temperature: "another temperature",
  off: "a head switched off",
};

class CompareChooser extends Figure {
  static properties = {
    runs: { from: "page", attribute: false },
    head: { from: "store", type: String },
    versus: { from: "store", type: String },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .row { column-gap: 24px; }
    select { max-width: 60vw; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw(manifest) {
    const options = this.options(manifest);
    const isParent = options.parent.length > 0 && this.versus === "step:0";
    const [kind, value] = isParent ? ["parent"] : parse(this.versus);
    const kinds = Object.keys(KINDS).filter((one) => options[one].length);
    return html`<div class="row">
      <label>with <select @change=${({ target }) => this.choose(target.value, options)}>
        ${kinds.map(
          (one) => html`<option value=${one} .selected=${one === kind}>${KINDS[one]}</option>`,
        )}</select></label>
      ${isParent ? nothing : this.valueMenu(kind, value, options[kind] ?? [])}</div>`;
  }

  /** Which step, run, temperature or head it is. */
  valueMenu(kind, value, options) {
    return html`<label>${kind === "off" ? "head" : kind} <select @change=${({ target }) =>
      this.store.set({ versus: `${kind}:${target.value}` })}>
        ${options.map(
          (one) =>
            html`<option value=${one} .selected=${String(one) === value}>${
              kind === "step" ? count(one) : one
            }</option>`,
        )}</select></label>`;
  }

  /** The options of each kind. */
  options(manifest) {
    const { snapshots, settings, name } = manifest;
    const steps = snapshots.map((one) => one.step);
    const hasParent = parentOf(manifest) !== null;
    return {
      parent: steps.filter((step) => hasParent && step === 0),
      step: steps.filter((step) => !hasParent || step > 0),
      run: (this.runs ?? []).map((one) => one.name).filter((one) => one !== name),
      temperature: [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2],
      off: headNames(settings),
    };
  }

  choose(kind, options) {
    const first = kind === "off" ? this.head : kind === "temperature" ? 0 : options[kind][0];
    this.store.set({ versus: `${kind === "parent" ? "step" : kind}:${first}` });
  }
}

/** "off:2.1" -> ["off", "2.1"]. */
function parse(versus = "") {
  const i = versus.indexOf(":");
  return [versus.slice(0, i), versus.slice(i + 1)];
}

customElements.define("compare-chooser", CompareChooser);
