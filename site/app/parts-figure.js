/**
 * The base class of figures that take one prediction apart: what each part of the model adds after a token, and what
 * that does for the token that came next. They follow the position in the store; see engine/attribution.js.
 */
import { inText } from "./format.js";
import { LiveFigure } from "./live-figure.js";

const MAX_TOKENS = 12; // of the text that are shown

export class PartsFigure extends LiveFigure {
  /** @type {Object<string, object>} */
  static properties = {
    layer: { state: true }, // whose neurons are asked for
  };

  constructor() {
    super();
    this.layer = null;
  }

  get shownIds() {
    return this.pass.ids.slice(0, MAX_TOKENS);
  }

  /** The position of the token that is predicted: the chosen one, or the last that is shown. */
  get shownNext() {
    const last = Math.max(1, this.shownIds.length - 1);
    return this.position ? Math.min(this.position, last) : last;
  }

  /** The layer whose neurons are shown: the last one, until one is chosen. */
  get shownLayer() {
    const last = this.pass.run.manifest.settings.n_layer - 1;
    return Math.min(this.layer ?? last, last);
  }

  /** The token that is predicted: that of the text, or any, if the text has no more than one. */
  get nextId() {
    return this.pass.ids[this.shownNext] ?? 0;
  }

  tokenName(position) {
    return inText(this.run.vocab[this.pass.ids[position] ?? 0]).trim() || "·";
  }

  choices() {
    return [this.shownNext, this.shownLayer];
  }

  async compute(model, signal) {
    const ids = this.pass.ids.slice(0, this.shownNext);
    return model.parts(ids, this.nextId, this.shownLayer, { signal });
  }
}
