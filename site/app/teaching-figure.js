/** The base class of figures that show a grown model while it is taught: see teaching.js. */
import { css, html } from "../vendored/lit.js";
import { isKept, shortName } from "../engine/kept.js";
import { controls } from "./controls.js";
import { counted, percent } from "./format.js";
import { Figure, errorBox } from "./figure.js";

/** The name of a run, for people. @param {string} name */
export const plainNameOf = (name) => (isKept(name) ? shortName(name) : name);

/** What of a model may change, in words. */
export const WAY_NAMES = { whole: "Whole model", last: "Last layer only", adapters: "Adapters" };

/** "50 updates, 25% of them with its old text" @param {{ updates: number, oldFraction: number }} request */
export function practiceOf({ updates, oldFraction }) {
  const mixed = oldFraction ? `${percent(oldFraction)} of them with its old text` : "none with its old text";
  return `${counted(updates, "update")}, ${mixed}`;
}

export class TeachingFigure extends Figure {
  /** @type {Object<string, object>} */
  static properties = {
    run: { from: "teaching", attribute: false },
    step: { state: true },
    tokenizer: { from: "teaching" },
    problem: { from: "teaching" },
    work: { from: "teaching" },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    a { color: var(--accent); }
    .track { height: 6px; border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line); overflow: hidden; flex: 1 1 8em; max-width: 20em; }
    .track i { display: block; height: 100%; background: var(--accent); }
    .note { color: var(--muted); max-width: 66ch; text-wrap: pretty; }
    .problem { border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; }
    @media (forced-colors: active) { .track i { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  willUpdate(changed) {
    if (this.error?.fromRender && !changed.has("error")) this.error = null; // perhaps it works now
    const isOther = changed.has("work") && Boolean(changed.get("work")) !== Boolean(this.work);
    this.losesFocus = isOther && Boolean(this.renderRoot?.activeElement?.matches(".row button"));
  }

  /** Buttons come and go when it begins to learn, and when it ends: somebody who pressed one goes on from the next. */
  updated() {
    if (this.losesFocus) /** @type {HTMLElement} */ (this.renderRoot.querySelector(".row button"))?.focus();
    this.losesFocus = false;
  }

  render() {
    if (this.error) return errorBox(this.error);
    return this.teaching ? this.drawTeaching() : html`<p class="caption" aria-busy="true">…</p>`;
  }

  /** @returns {unknown} */
  drawTeaching() {
    return "";
  }
}
