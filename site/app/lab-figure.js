/**
 * The base class of the figures of the lab, which show the model that learns in this page (see lab.js) and no run.
 * Their properties follow it: `static properties = { losses: { from: "lab" } }`.
 */
import { css, html } from "../vendored/lit.js";
import { Figure, errorBox } from "./figure.js";

export class LabFigure extends Figure {
  /** @type {Object<string, object>} */
  static properties = {
    run: { state: true }, // there is none
    step: { from: "lab", type: Number }, // updates made so far
    status: { from: "lab" },
  };

  static styles = [Figure.styles, css`a { color: var(--accent); }`];

  willUpdate(changed) {
    if (this.error?.fromRender && !changed.has("error")) this.error = null; // perhaps it works now
  }

  render() {
    if (this.error) return errorBox(this.error);
    return this.lab ? this.drawLab() : html`<p class="caption" aria-busy="true">…</p>`;
  }

  /** @returns {unknown} */
  drawLab() {
    return "";
  }
}
