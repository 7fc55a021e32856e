/**
 * <run-picker .runs=${runs} .run=${run}></run-picker>
 *
 * The run that a page shows, and the others that were exported. Emits: "run" { name }.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

class RunPicker extends Figure {
  static properties = { runs: { attribute: false } };

  static styles = [
    Figure.styles,
    css`
    label { display: flex; align-items: center; gap: 8px; color: var(--muted); }
    @media (max-width: 640px) { select { max-width: 80vw; } }
    select { height: 44px; max-width: min(60vw, 100%); padding: 0 8px; border: 1px solid var(--line);
             border-radius: 8px; background: var(--panel); color: var(--text); }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  /** There is something to choose from, even if the run in the address is not one of them. */
  render() {
    return this.runs?.length ? this.draw(this.run?.manifest ?? {}) : html``;
  }

  draw({ name }) {
    return html`<label>run
      <select @change=${(event) => this.emit("run", { name: event.target.value })}>
        ${name ? "" : html`<option selected>choose one</option>`}
        ${this.runs.map(
          (run) => html`<option value=${run.name}
          .selected=${run.name === name}>${run.name} · ${count(run.parameters)} parameters</option>`,
        )}
      </select></label>`;
  }
}

customElements.define("run-picker", RunPicker);
