/**
 * What all figures share that show a text as a model read it (see look.js).
 *
 * `at` is the chosen position in the text, from 1 to its end: what the model expected there, and where
 * the heads looked from the position before it, from which it was predicted. `head` is the chosen
 * head, such as "2.1".
 */
import { html } from "../vendored/lit.js";
import { Figure, trouble } from "./figure.js";
import { firstDifference } from "./look.js";

export class LookFigure extends Figure {
  static properties = {
    look: { attribute: false },   // a Look, an error, or null until it is there
    other: { attribute: false },  // another to compare it with, if there is one
    at: { type: Number },
    head: { type: String },
  };

  load() {
    return true;  // what they draw is handed to them
  }

  /** The chosen position, or the nearest one in this text; by default, where two texts diverge. */
  get place() {
    const first = (this.other && firstDifference(this.look, this.other)) ?? this.look.firstChoice;
    return Math.max(1, Math.min(this.look.last, this.at || first));
  }

  /** The layer and the head in it; in a model that has fewer, its last ones. */
  get layerAndHead() {
    const { n_layer, n_head } = this.look.run.manifest.settings;
    const [layer, head] = this.head.split(".").map(Number);
    return [Math.min(layer, n_layer - 1), Math.min(head, n_head - 1)];
  }

  /** The number of the head, of all: "2.1" -> 2 H + 1. */
  get headNumber() {
    const [layer, head] = this.layerAndHead;
    return layer * this.look.run.manifest.settings.n_head + head;
  }

  /** A new step alone changes nothing: a look has its own. */
  shouldUpdate(changed) {
    return [...changed.keys()].some((name) => name !== "step");
  }

  /** Is everything there that has to be drawn? */
  get isReady() {
    const there = [this.look, ...(this.other === undefined ? [] : [this.other])];
    return Boolean(this.run && this.data && there.every((one) => one && !(one instanceof Error)));
  }

  render() {
    if (this.look instanceof Error) return trouble(this.look);
    if (this.other instanceof Error) return html``;  // reported in its own place
    return this.isReady || this.trouble ? super.render() : this.wait();
  }

  /** What is shown until its data is there. */
  wait() {
    return html`<p class="caption" aria-busy="true">…</p>`;
  }
}
