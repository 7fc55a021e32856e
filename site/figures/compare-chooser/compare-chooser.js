/**
 * <compare-chooser></compare-chooser>
 *
 * What is different in the second of two: another step, run or temperature, or a head or a layer that is
 * switched off. Chooses versus: "step:0", "run:snail", "temperature:0", "off:2.1", "layer:2". Step 0 of a run
 * that goes on from another one is that one, its parent.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { printable } from "../../app/command.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { headNames } from "../../app/heads.js";
import { parentOf } from "../../app/parent.js";
import { nearest } from "../../app/step-scale.js";
import { kindAndValue, usualStep } from "../../app/store.js";

const KINDS = {
  parent: "its parent (step 0)",
  step: "another step",
  run: "another run",
  temperature: "another temperature",
  off: "a head switched off",
  layer: "a layer switched off",
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
    this.chosen = {}; // what was last chosen of each kind, such as { step: "300" }
    return run.manifest;
  }

  draw(manifest) {
    const options = this.options(manifest);
    const isParent = options.parent.length > 0 && this.versus === "step:0";
    const [kind, value] = isParent ? ["parent"] : kindAndValue(this.versus);
    this.chosen[kind] = value;
    const kinds = Object.keys(KINDS).filter((one) => options[one].length);
    return html`<div class="row">
      <label>with <select @change=${({ target }) => this.choose(target.value, options)}>
        ${kinds.map(
          (one) => html`<option value=${one} .selected=${one === kind}>${KINDS[one]}</option>`,
        )}</select></label>
      ${isParent ? nothing : this.valueMenu(kind, value, options[kind] ?? [])}</div>`;
  }

  /** Which step, run, temperature or head it is. An address may ask for one that is not in the list. */
  valueMenu(kind, asked, listed) {
    const isStep = kind === "step" && listed.length > 0;
    const value = isStep ? String(nearest(Number(asked), listed)) : asked;
    const options = listed.map(String).includes(value) ? listed : [...listed, printable(value)];
    return html`<label>${kind === "off" ? "head" : kind} <select @change=${({ target }) =>
      this.store.set({ versus: `${kind}:${target.value}` })}>
        ${options.map(
          (one) =>
            html`<option value=${one} .selected=${String(one) === printable(value)}>${
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
      layer: Array.from({ length: settings.n_layer }, (_, layer) => layer),
    };
  }

  choose(kind, options) {
    if (kind === "parent") this.store.set({ versus: "step:0" });
    else this.store.set({ versus: `${kind}:${this.chosen[kind] ?? this.usual(kind, options)}` });
  }

  /** What is shown before one of a kind is chosen. */
  usual(kind, options) {
    if (kind === "off") return this.head;
    if (kind === "temperature") return 0;
    if (kind === "layer") return options.layer.at(-1);
    const step = usualStep(this.run, this.step);
    return options[kind].includes(step) ? step : options[kind][0];
  }
}

customElements.define("compare-chooser", CompareChooser);
