/**
 * <run-picker></run-picker>
 *
 * The run that a page shows, and the others that were exported. Chooses a run.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

class RunPicker extends Figure {
  static properties = { runs: { from: "page", attribute: false } };

  static styles = [
    Figure.styles,
    controls,
    css`
    select { max-width: min(60vw, 100%); }
    @media (max-width: 640px) { select { max-width: 80vw; } }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  /** There is something to choose from, even if the run in the address is not one of them. */
  render() {
    return this.runs?.length ? this.draw(this.run?.manifest ?? { name: "" }) : html``;
  }

  draw({ name }) {
    return html`<label>run
      <select @change=${(event) => this.store.set({ run: event.target.value })}>
        ${name ? "" : html`<option selected>choose one</option>`}
        ${this.runs.map(
          (one) => html`<option value=${one.name}
          .selected=${one.name === name}>${one.name} · ${count(one.parameters)} parameters</option>`,
        )}
      </select></label>`;
  }
}

customElements.define("run-picker", RunPicker);
