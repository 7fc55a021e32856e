/**
 * The base class of figures that show a forward pass (see forward-pass.js): that of the <forward-pass> around
 * them. Inside of a <forward-pass versus> there is another one to compare it with; the attribute `second`
 * has the two change places.
 *
 * `position` is the chosen position in the text, from 1 to its end: they show the prediction of the token
 * there, and where the heads looked at the position before it, from which it was predicted.
 * `head` is the chosen head, such as "2.1".
 */
import { html } from "../vendored/lit.js";
import { Figure, errorBox } from "./figure.js";
import { firstDifference } from "./forward-pass.js";
import { headName, layerAndHead } from "./heads.js";

export class ForwardPassFigure extends Figure {
  /** @type {Object<string, object>} */
  static properties = {
    both: { from: "passes", attribute: false }, // [pass, otherPass], as <forward-pass> has them
    pass: { attribute: false }, // a ForwardPass, an error, or null until it is there
    otherPass: { attribute: false }, // the one to compare it with; undefined if there is none
    second: { type: Boolean },
    position: { from: "store", type: Number },
    head: { from: "store", type: String },
    defaultPosition: { from: "passes", attribute: false },
  };

  /** They are given what they draw. @returns {any} */
  load(_run) {
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("both") && this.both) {
      [this.pass, this.otherPass] = this.second ? [...this.both].reverse() : this.both;
    }
  }

  /** The chosen position, or the nearest one in this text. */
  get shownPosition() {
    return Math.max(1, Math.min(this.pass.lastPosition, this.position || this.firstPosition));
  }

  /** The position that is shown before one is chosen; where two texts are compared, where they diverge. */
  get firstPosition() {
    const { pass, otherPass, headIndex } = this;
    if (this.defaultPosition === "clearest") return pass.clearestPosition(headIndex);
    return (otherPass && firstDifference(pass, otherPass)) ?? pass.firstUncertain;
  }

  /** The layer and the head in it; in a model that has fewer, its last ones. */
  get layerAndHead() {
    const { n_layer, n_head } = this.pass.run.manifest.settings;
    const [layer, head] = layerAndHead(this.head);
    return [Math.min(layer, n_layer - 1), Math.min(head, n_head - 1)];
  }

  /** The index of the head among all heads: "2.1" -> 2 H + 1. */
  get headIndex() {
    const [layer, head] = this.layerAndHead;
    return layer * this.pass.run.manifest.settings.n_head + head;
  }

  /** The name of the head that is shown. */
  get shownHead() {
    return headName(...this.layerAndHead);
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
