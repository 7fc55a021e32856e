/**
 * The base class of figures that take one prediction apart: what each part of the model adds after a token, and what
 * that does for the token that came next. They follow the position in the store; see engine/attribution.js.
 */
import { css, html } from "../vendored/lit.js";
import { inText } from "./format.js";
import { tokenText } from "./forward-pass-figure.js";
import { LiveFigure } from "./live-figure.js";

const MAX_TOKENS = 12; // of the text that are shown

export const tokenButtons = css`
  .tokens { display: flex; flex-wrap: wrap; gap: 4px; margin-bottom: 8px; }
  .tokens :is(button, span) { font: 400 var(--small)/1.4 var(--mono); white-space: pre; padding: 2px 8px; border-radius: 8px;
                     min-height: 32px; display: inline-flex; align-items: center; }
  .tokens button.read { color: var(--text); background: color-mix(in oklab, var(--accent) 12%, var(--panel)); }
  .tokens button[aria-pressed="true"] { border-color: var(--chosen); box-shadow: inset 0 0 0 2px var(--chosen); }
`;

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
    const { ids } = this.found?.pass ?? this.pass; // the text that the numbers are about
    return inText(this.run.vocab[ids[position] ?? 0]).trim() || "·";
  }

  /** The text, as far as the next token may be chosen in it. */
  tokens() {
    const next = this.shownNext;
    return html`<div class="tokens" role="group" aria-label=${this.say("choose")}>${this.shownIds.map(
      (id, i) =>
        i === 0
          ? html`<span>${tokenText(this.run.vocab[id])}</span>`
          : html`<button class=${i < next ? "read" : ""} aria-pressed=${String(i === next)} @click=${() =>
              this.store.set({ position: i }, { replace: true })}>${tokenText(this.run.vocab[id])}</button>`,
    )}</div>`;
  }

  choices() {
    return [this.shownNext, this.shownLayer];
  }

  async compute(model, signal) {
    const next = this.shownNext; // another one may be chosen before this is drawn
    const ids = this.pass.ids.slice(0, next);
    return { ...(await model.parts(ids, this.nextId, this.shownLayer, { signal })), next };
  }
}
