/**
 * <compare-chooser .runs=${runs} .run=${run} head="2.1" versus="off:2.1">
 *
 * What is different in the second of two: another step, run or temperature, or a head that is
 * switched off. Emits: "versus" { versus }, such as "step:0", "run:snail", "temperature:0", "off:2.1".
 */
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

const KINDS = {
  step: "another step",
  run: "another run",
  temperature: "another temperature",
  off: "a head switched off",
};

class CompareChooser extends Figure {
  static properties = { runs: { attribute: false }, head: { type: String }, versus: { type: String } };

  static styles = [
    Figure.styles,
    css`
    .row { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; }
    label { display: flex; gap: 8px; align-items: center; color: var(--muted); }
    select { min-height: 40px; padding: 0 8px; border: 1px solid var(--line); border-radius: 8px;
             background: var(--panel); color: var(--text); max-width: 60vw; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw(manifest) {
    const [kind, value] = parse(this.versus),
      options = this.options(manifest);
    const kinds = Object.keys(KINDS).filter((one) => options[one].length);
    return html`<div class="row">
      <label>with <select @change=${({ target }) => this.choose(target.value, options)}>
        ${kinds.map(
          (one) => html`<option value=${one} .selected=${one === kind}>${KINDS[one]}</option>`,
        )}</select></label>
      <label>${kind === "off" ? "head" : kind} <select @change=${({ target }) =>
        this.emit("versus", { versus: `${kind}:${target.value}` })}>
        ${(options[kind] ?? []).map(
          (one) =>
            html`<option value=${one} .selected=${String(one) === value}>${
              kind === "step" ? count(one) : one
            }</option>`,
        )}</select></label></div>`;
  }

  /** The options of each kind. */
  options({ snapshots, settings: { n_layer, n_head }, name }) {
    return {
      step: snapshots.map((one) => one.step),
      run: (this.runs ?? []).map((one) => one.name).filter((one) => one !== name),
      temperature: [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2],
      off: Array.from({ length: n_layer * n_head }, (_, i) => `${Math.floor(i / n_head)}.${i % n_head}`),
    };
  }

  choose(kind, options) {
    const first = kind === "off" ? this.head : kind === "temperature" ? 0 : options[kind][0];
    this.emit("versus", { versus: `${kind}:${first}` });
  }
}

/** "off:2.1" -> ["off", "2.1"]. */
function parse(versus = "") {
  const i = versus.indexOf(":");
  return [versus.slice(0, i), versus.slice(i + 1)];
}

customElements.define("compare-chooser", CompareChooser);
