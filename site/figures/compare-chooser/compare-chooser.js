/**
 * <compare-chooser></compare-chooser>
 *
 * What is different in the second of two: another step, run or temperature, or a head that is
 * switched off. Chooses versus: "step:0", "run:snail", "temperature:0", "off:2.1" and so on.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { headNames } from "../../app/heads.js";

const KINDS = {
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
    const [kind, value] = parse(this.versus);
    const options = this.options(manifest);
    const kinds = Object.keys(KINDS).filter((one) => options[one].length);
    return html`<div class="row">
      <label>with <select @change=${({ target }) => this.choose(target.value, options)}>
        ${kinds.map(
          (one) => html`<option value=${one} .selected=${one === kind}>${KINDS[one]}</option>`,
        )}</select></label>
      <label>${kind === "off" ? "head" : kind} <select @change=${({ target }) =>
        this.store.set({ versus: `${kind}:${target.value}` })}>
        ${(options[kind] ?? []).map(
          (one) =>
            html`<option value=${one} .selected=${String(one) === value}>${
              kind === "step" ? count(one) : one
            }</option>`,
        )}</select></label></div>`;
  }

  /** The options of each kind. */
  options({ snapshots, settings, name }) {
    return {
      step: snapshots.map((one) => one.step),
      run: (this.runs ?? []).map((one) => one.name).filter((one) => one !== name),
      temperature: [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2],
      off: headNames(settings),
    };
  }

  choose(kind, options) {
    const first = kind === "off" ? this.head : kind === "temperature" ? 0 : options[kind][0];
    this.store.set({ versus: `${kind}:${first}` });
  }
}

/** "off:2.1" -> ["off", "2.1"]. */
function parse(versus = "") {
  const i = versus.indexOf(":");
  return [versus.slice(0, i), versus.slice(i + 1)];
}

customElements.define("compare-chooser", CompareChooser);
