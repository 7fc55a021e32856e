/**
 * The base class of figures that show a forward pass (see forward-pass.js): that of the <forward-pass> around
 * them. Inside of a <forward-pass versus> there is another one to compare it with; the attribute `second`
 * has the two change places.
 *
 * `position` is the chosen position in the text, from 1 to its end: they show the prediction of the token
 * there, and where the heads looked at the position before it, from which it was predicted.
 * `head` is the chosen head, such as "2.1".
 */
import { css, html } from "../vendored/lit.js";
import { Figure, errorBox } from "./figure.js";
import { showWhitespace, spoken } from "./format.js";
import { firstDifference } from "./forward-pass.js";
import { headName, layerAndHead } from "./heads.js";
import { OnScreen } from "./on-screen.js";

/** With forced colours, shades are mixed from those of the system, and frames differ in their shape. */
const forcedColors = css`
  @media (forced-colors: active) {
    :host { --panel: Canvas; --background: Canvas; --text: CanvasText; --muted: CanvasText;
            --line: GrayText; --accent: Highlight; --query: CanvasText; --key: LinkText;
            --chosen: CanvasText; --value: VisitedText; --warning: LinkText; }
    .shade { forced-color-adjust: none; }
  }
`;

export class ForwardPassFigure extends Figure {
  /** @type {Object<string, object>} */
  static properties = {
    both: { from: "passes", attribute: false }, // [pass, otherPass], as <forward-pass> has them
    pass: { attribute: false }, // a ForwardPass, an error, or null until it is there
    otherPass: { attribute: false }, // the one to compare it with; undefined if there is none
    sides: { from: "passes", attribute: false }, // what each of the two is: see sides.js
    second: { type: Boolean },
    position: { from: "store", type: Number },
    head: { from: "store", type: String },
    defaultPosition: { from: "passes", attribute: false },
  };

  static styles = [Figure.styles, forcedColors];

  constructor() {
    super();
    this.screen = new OnScreen(this);
  }

  /** While steps go by, only what is on the screen is drawn; the rest follows when they have stopped. */
  async scheduleUpdate() {
    if (this.hasUpdated) await this.screen.turn();
    if (this.isConnected) super.scheduleUpdate();
  }

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

  /** The position that is shown before one is chosen; where two texts are compared, where they diverge. */
  get firstPosition() {
    const { pass, otherPass, headIndex } = this;
    if (this.defaultPosition === "word") return pass.wordPosition(headIndex);
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
    return html`<p class="caption" aria-busy="true">…</p>`;
  }
}

/** A token inside a sentence: its spaces are seen as dots, and read aloud as "space". */
export function tokenText(token) {
  const seen = showWhitespace(token);
  const heard = spoken(token);
  if (seen === heard) return seen;
  return html`<span aria-hidden="true">${seen}</span><span class="visually-hidden">${heard}</span>`;
}
