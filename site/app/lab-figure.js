/**
 * The base class of figures of the lab: they show the model that is trained in this page, and not a run that was
 * exported. What they follow is in the state of the lab: see lab.js.
 *
 *   class LabModel extends LabFigure {
 *     static properties = { settings: { from: "lab", attribute: false } };
 *     draw() { return html`… <button @click=${() => this.lab.start()}>…`; }
 *   }
 */
import { html } from "../vendored/lit.js";
import { Figure, errorBox } from "./figure.js";

export class LabFigure extends Figure {
  /** @type {Object<string, object>} */
  static properties = {
    run: { attribute: false }, // there is none
    step: { from: "lab", type: Number }, // how many updates have been made
    status: { from: "lab", type: String },
    text: { from: "lab", attribute: false },
    tokens: { from: "lab", attribute: false },
    settings: { from: "lab", attribute: false },
  };

  /** No run is waited for. */
  willUpdate(changed) {
    if (this.error?.fromRender && !changed.has("error")) this.error = null;
  }

  /** The size of the vocabulary, as far as it is known. */
  get vocabSize() {
    return this.tokens?.tokenizer?.vocab.length ?? this.settings?.vocab_size ?? 0;
  }

  /** Whether a model is there that has begun to learn: then its shape stays as it is. */
  get hasBegun() {
    return this.step > 0 || this.status === "training";
  }

  render() {
    if (this.error) return errorBox(this.error);
    return this.lab ? this.draw(null) : html`<p class="caption" aria-busy="true">…</p>`;
  }
}
