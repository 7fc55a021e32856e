/**
 * The base class of figures that show a forward pass (see forward-pass.js): that of the <forward-pass> around
 * them. Inside of a <forward-pass versus> there is another one to compare it with; the attribute `second`
 * has the two change places.
 *
 * `position` is the chosen position in the text, from 1 to its end: they show the prediction of the token
 * there, and where the heads looked at the position before it, from which it was predicted.
 * `head` is the chosen head, such as "2.1".
 */
import { css, html, nothing } from "../vendored/lit.js";
import { errorBox } from "./figure.js";
import { headName, layerAndHead } from "./heads.js";
import { PatientFigure } from "./patient-figure.js";

export { tokenText } from "./token-text.js";

/** With forced colours, shades are mixed from those of the system, and frames differ in their shape. */
const forcedColors = css`
  @media (forced-colors: active) {
    :host { --panel: Canvas; --background: Canvas; --text: CanvasText; --muted: CanvasText;
            --line: GrayText; --accent: Highlight; --query: CanvasText; --key: LinkText;
            --chosen: CanvasText; --value: VisitedText; --warning: LinkText; }
    .shade { forced-color-adjust: none; }
  }
`;

export class ForwardPassFigure extends PatientFigure {
  /** @type {Object<string, object>} */
  static properties = {
    both: { from: "passes", attribute: false }, // [pass, otherPass], as <forward-pass> has them
    pass: { attribute: false }, // a ForwardPass, an error, or null until it is there
    otherPass: { attribute: false }, // the one to compare it with; undefined if there is none
    sides: { from: "passes", attribute: false }, // what each of the two is: see sides.js
    comparison: { from: "passes", attribute: false }, // a Comparison of both
    isCompared: { from: "passes", attribute: false }, // whether there will be one
    isFar: { from: "passes", attribute: false }, // whether nothing is read until somebody comes near
    second: { type: Boolean },
    position: { from: "store", type: Number },
    positionAbove: { from: "store", type: Number }, // the one of the text that is compared, further up
    head: { from: "store", type: String },
    defaultPosition: { from: "passes", attribute: false },
  };

  static styles = [PatientFigure.styles, forcedColors];

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

  /** What is compared here, and what with. @returns {import("./sides.js").Side[]} */
  get namedSides() {
    return this.second ? [...this.sides].reverse() : this.sides;
  }

  /** The chosen position, or the nearest one in this text. */
  get shownPosition() {
    return Math.max(1, Math.min(this.pass.lastPosition, this.position || this.firstPosition));
  }

  /**
   * The position that is shown before one is chosen: in a text that one has typed, the first that the
   * model wrote; in one that is being written, its end; where two texts are compared, the one that was chosen in
   * the text above, or where they differ most.
   */
  get firstPosition() {
    const { pass, comparison, headIndex } = this;
    if (comparison) return comparison.startAt(this.isTextAbove ? this.positionAbove : 0);
    if (this.defaultPosition === "last") return pass.lastPosition;
    if (this.defaultPosition !== "word") return pass.firstUncertain;
    return pass.isComputed ? pass.promptLength : pass.wordPosition(headIndex);
  }

  /** Whether the first of two that are compared is the text at the top of the page. */
  get isTextAbove() {
    const [first] = this.both;
    return first.isComputed ? Boolean(this.store.state.text) : first.step === this.step;
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

  /** The token at a position. */
  tokenAt(position) {
    return this.pass.vocab[this.pass.ids[position]];
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
    const words = this.isCompared ? nothing : "…"; // one of two says so
    return html`<p class="caption" aria-busy=${String(!this.isFar)}>${words}</p>`;
  }
}
