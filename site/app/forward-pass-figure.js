/**
 * The base class of figures that show a forward pass (see forward-pass.js).
 *
 * `position` is the chosen position in the text, from 1 to its end: they show the prediction of the
 * token there, and where the heads looked at the position before it, from which it was predicted.
 * `head` is the chosen head, such as "2.1".
 */
import { html } from "../vendored/lit.js";
import { Figure, errorBox } from "./figure.js";
import { firstDifference } from "./forward-pass.js";

export class ForwardPassFigure extends Figure {
  static properties = {
    pass: { attribute: false }, // a ForwardPass, an error, or null until it is there
    otherPass: { attribute: false }, // another to compare it with, if there is one
    position: { type: Number },
    head: { type: String },
  };

  load() {
    return true; // they are given what they draw
  }

  /** The chosen position, or the nearest one in this text; by default, where two texts diverge. */
  get shownPosition() {
    const first = (this.otherPass && firstDifference(this.pass, this.otherPass)) ?? this.pass.firstUncertain;
    return Math.max(1, Math.min(this.pass.lastPosition, this.position || first));
  }

  /** The layer and the head in it; in a model that has fewer, its last ones. */
  get layerAndHead() {
    const { n_layer, n_head } = this.pass.run.manifest.settings;
    const [layer, head] = this.head.split(".").map(Number);
    return [Math.min(layer, n_layer - 1), Math.min(head, n_head - 1)];
  }

  /** The index of the head among all heads: "2.1" -> 2 H + 1. */
  get headIndex() {
    const [layer, head] = this.layerAndHead;
    return layer * this.pass.run.manifest.settings.n_head + head;
  }

  /** A new step alone changes nothing: a forward pass has its own. */
  shouldUpdate(changed) {
    return [...changed.keys()].some((name) => name !== "step");
  }

  /** Is everything there that has to be drawn? */
  get isReady() {
    const passes = [this.pass, ...(this.otherPass === undefined ? [] : [this.otherPass])];
    return Boolean(this.run && this.data && passes.every((one) => one && !(one instanceof Error)));
  }

  render() {
    if (this.pass instanceof Error) return errorBox(this.pass);
    if (this.otherPass instanceof Error) return html``; // shown in its own place
    return this.isReady || this.error ? super.render() : this.placeholder();
  }

  /** What is shown until its data is there. */
  placeholder() {
    return html`<p class="caption" aria-busy="true">…</p>`;
  }
}
