/**
 * <compare-result></compare-result>
 *
 * What a comparison has found: where the two texts diverge, and where the predictions differ most as far as
 * both are the same. Chooses that position. It is announced to somebody whose focus is in this section.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { SMALLEST_CHANGE } from "../../app/comparison.js";
import { percentTenths } from "../../app/decimals.js";
import { capitalized } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";

class CompareResult extends ForwardPassFigure {
  static share = {
    title: "Where two texts diverge",
    table: (figure) => figure.isReady && figure.comparison && figure.numbers(),
  };

  static properties = { announced: { state: true } };

  static styles = [
    ForwardPassFigure.styles,
    css`
    .result { max-width: 80ch; min-height: 4.5em; text-wrap: pretty; }
    code { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    button { border: 0; padding: 0; background: none; color: var(--accent); cursor: pointer;
             text-decoration: underline; text-underline-offset: 0.2em; text-align: left; }
    @media (max-width: 640px) { .result { min-height: 9em; } }
  `,
  ];

  constructor() {
    super();
    this.announced = "";
  }

  /** What is wrong with one of the two is said where its text would be. */
  render() {
    return [this.pass, this.otherPass].some((one) => one instanceof Error) ? nothing : super.render();
  }

  placeholder() {
    return html`<p class="result" aria-busy="true">…</p>`;
  }

  draw() {
    return html`<p class="result">${this.divergence()} ${this.largestChange()}</p>
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  /** A sentence about where the two texts diverge. */
  divergence() {
    const { pass, otherPass } = this;
    const { divergence, last } = this.comparison;
    if (last < 1) {
      return "They split the text into different tokens from its start, so there is nothing to compare.";
    }
    if (divergence === null) return "Both write the same text.";
    const name = (one) =>
      divergence < one.length ? this.token(one.vocab[one.ids[divergence]]) : "nothing more";
    const [here, there] = this.sides;
    return html`They diverge at position ${divergence}: ${name(pass)} ${here.where}, ${name(
      otherPass,
    )} ${there.where}.`;
  }

  /** The largest change of a probability, wherever it is. */
  largestChange() {
    const { largest, last, divergence, isSame, isDrawnAlike } = this.comparison;
    if (last < 1) return "";
    const upTo = divergence === null ? "" : "up to there, ";
    if (isDrawnAlike) return "They are the same model at the same temperature, so nothing can be different.";
    if (!largest) return capitalized(`${upTo}no probability is different at all.`);
    const what = isSame ? "the chances of being drawn" : "their predictions";
    if (largest.size < SMALLEST_CHANGE) {
      return capitalized(`${upTo}${what} differ by less than 0.05 percentage points everywhere.`);
    }
    const { position, token, before, after } = largest;
    const [here, there] = this.sides;
    const go = () => this.store.set({ position });
    const place = html`<button @click=${go}>after ${this.token(this.tokenAt(position - 1))}</button>`;
    return html`${capitalized(`${upTo}${what} differ most`)} ${place}: ${this.token(token)} gets
      ${percentTenths(before)} ${here.where}, ${percentTenths(after)} ${there.where}.`;
  }

  /** Both texts, side by side. */
  numbers() {
    const { pass, otherPass } = this;
    const [here, there] = this.sides;
    const tokenOf = ({ vocab, ids }, i) => (i < ids.length ? vocab[ids[i]] : null);
    const length = Math.max(pass.length, otherPass.length);
    return [
      ["position", `token ${here.where}`, `token ${there.where}`],
      ...Array.from({ length }, (_, i) => [i, tokenOf(pass, i), tokenOf(otherPass, i)]),
    ];
  }

  token(token) {
    return html`<code dir="auto">${tokenText(token)}</code>`;
  }

  updated(changed) {
    super.updated(changed);
    if (changed.has("comparison") && this.isReady) this.announce();
  }

  /** Only to somebody who is here and waits for it: elsewhere on the page, it would interrupt. */
  announce() {
    if (!this.closest("section")?.contains(document.activeElement)) return;
    const result = this.renderRoot.querySelector(".result").cloneNode(true);
    for (const seen of result.querySelectorAll("[aria-hidden]")) seen.remove(); // dots for spaces
    this.announced = result.textContent.replace(/\s+/g, " ").trim();
  }
}

customElements.define("compare-result", CompareResult);
