/**
 * <lab-sentence></lab-sentence>
 *
 * The sentence that a <lab-pass> around it has the model of the lab read, and the way to another one.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, counted } from "../../app/format.js";
import { LabFigure } from "../../app/lab-figure.js";

class LabSentence extends LabFigure {
  static properties = {
    sentence: { from: "sentences", type: String },
    hasOthers: { from: "sentences", type: Boolean },
    hasAttention: { from: "sentences", type: Boolean },
    cutAt: { from: "sentences", type: Number },
    shownStep: { from: "sentences", type: Number },
  };

  static styles = [
    LabFigure.styles,
    controls,
    css`
    .row { justify-content: space-between; margin-top: 4px; }
    .row p { flex: 1 1 20em; max-width: 66ch; text-wrap: pretty; }
    q { overflow-wrap: anywhere; }
    button { min-height: 36px; }
  `,
  ];

  drawLab() {
    if (!this.hasAttention) {
      return html`<p class="caption">A window model has no attention: its one layer is given the last tokens side by
        side, each at its place. Choose another model above to see where its heads look.</p>`;
    }
    if (!this.sentence) return html`<p class="caption">There is no sentence to look at yet.</p>`;
    const when = this.shownStep === null ? nothing : html` at step ${count(this.shownStep)}`;
    return html`<div class="row"><p>Where each head looks${when}, in a sentence of your text:
        <q dir="auto">${this.sentence}</q>${
          this.cutAt === null ? nothing : html` There is room for its first ${counted(this.cutAt, "token")}.`
        } In the name of a head, the first number says which layer it is in, the second which one it is there; both
        are counted from zero.</p>
      ${this.hasOthers ? html`<button @click=${() => this.sentences.next()}>Another sentence</button>` : nothing}</div>`;
  }
}

customElements.define("lab-sentence", LabSentence);
