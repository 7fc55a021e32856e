/**
 * <writing-settings></writing-settings>
 *
 * The settings of the sampler, and how long a text becomes.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

const TOP_K = [0, 1, 3, 5, 10, 40, 100];

class WritingSettings extends Figure {
  static properties = {
    temperature: { from: "store", type: Number },
    topK: { from: "store", type: Number },
    topP: { from: "store", type: Number },
    seed: { from: "store", type: Number },
    length: { from: "store", type: Number },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 210px), 1fr)); gap: 4px 32px;
                border-top: 1px solid var(--line); padding-top: 8px; }
    label { min-height: 44px; }
    input[type="range"] { flex: 1 1 80px; min-width: 0; accent-color: var(--accent); height: 32px; margin: 0; }
    input[type="number"] { width: 6em; min-height: 36px; font: inherit; color: var(--text);
                           background: var(--background); border: 1px solid var(--line); border-radius: 8px;
                           padding: 0 8px; }
    output { min-width: 2.4em; font-weight: 600; color: var(--text); text-align: right; }
  `,
  ];

  load(run) {
    return run.manifest.settings;
  }

  draw({ n_ctx }) {
    return html`<div class="settings">
      ${this.slider("temperature", "temperature", 0, 2, 0.1, 1)}
      <label>only the likeliest <select @change=${({ target }) => this.store.set({ topK: Number(target.value) })}>
        ${[...new Set([...TOP_K, this.topK])].map(
          (k) =>
            html`<option value=${k} .selected=${k === this.topK}>${k ? count(k) : "all tokens"}</option>`,
        )}</select></label>
      ${this.slider("topP", "top-p", 0.05, 1, 0.05, 2)}
      ${this.slider("length", "tokens", 1, n_ctx, 1, 0)}
      <label>seed <input type="number" min="1" .value=${String(this.seed)} @change=${this.chooseSeed}></label></div>`;
  }

  slider(name, label, min, max, step, digits) {
    return html`<label>${label}
      <input type="range" min=${min} max=${max} step=${step} .value=${String(this[name])}
        @input=${({ target }) => this.store.set({ [name]: Number(target.value) })}>
      <output aria-hidden="true">${this[name].toFixed(digits)}</output></label>`;
  }

  chooseSeed({ target }) {
    this.store.set({ seed: Math.max(1, Math.floor(Number(target.value)) || 1) });
  }
}

customElements.define("writing-settings", WritingSettings);
