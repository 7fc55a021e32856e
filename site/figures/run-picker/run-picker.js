/**
 * <run-picker></run-picker>
 *
 * The run that a page shows, and the others that were exported, or trained in this browser. Chooses a run.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { isKept, shortName } from "../../engine/kept.js";

/** A run that no server has says where it is from. */
function nameOf({ name, isTrainedHere }) {
  if (!isKept(name)) return name;
  return `${shortName(name)}, ${isTrainedHere ? "trained in this browser" : "from a file"}`;
}

class RunPicker extends Figure {
  static properties = { runs: { from: "page", attribute: false } };

  static styles = [
    Figure.styles,
    controls,
    css`
    label { min-width: 0; }
    @media (max-width: 640px) {
      .name { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    }
    select { min-width: 0; max-width: min(18rem, 100%); text-overflow: ellipsis; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  /** There is something to choose from if there are two, even if the run in the address is neither. */
  render() {
    return this.choices.length > 1 ? this.draw(this.run?.manifest ?? { name: "" }) : html``;
  }

  /** Those that are listed, and the one that is shown: it may only have been unpacked into the site. */
  get choices() {
    const { runs = [], run } = this;
    if (!run || isKept(run.name) || runs.some(({ name }) => name === run.name)) return runs;
    return [run.manifest, ...runs];
  }

  draw({ name }) {
    return html`<label><span class="name">run</span>
      <select @change=${(event) => this.store.set({ run: event.target.value })}>
        ${name ? "" : html`<option selected>choose one</option>`}
        ${this.choices.map(
          (one) => html`<option value=${one.name}
          .selected=${one.name === name}>${nameOf(one)} · ${count(one.parameters)} parameters</option>`,
        )}
      </select></label>`;
  }
}

customElements.define("run-picker", RunPicker);
