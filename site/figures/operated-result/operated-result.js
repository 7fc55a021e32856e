/**
 * <operated-result of="steer" leads-to="operated"></operated-result>
 *
 * What the operations do, in short, where somebody has just chosen one of this kind ("steer" or "patch"): how likely
 * the chosen token is, or else the next one, and the first words of the texts. The whole texts are elsewhere.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { errorBox } from "../../app/figure.js";
import { inText } from "../../app/format.js";
import { OperatedFigure, PANES, TITLES } from "../../app/operated-figure.js";

const FIRST = 16; // tokens of each text

class OperatedResult extends OperatedFigure {
  static properties = {
    of: {}, // the kind of operation
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page with the whole texts
  };

  static styles = [
    OperatedFigure.styles,
    controls,
    css`
    .all { margin-top: 16px; border-top: 1px solid var(--line); padding-top: 16px; }
    .result { min-height: 11em; }
    .texts { display: grid; gap: 4px 32px; grid-template-columns: repeat(3, minmax(0, 1fr)); margin-top: 16px; }
    .text { font: 400 1.0625rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; min-height: 3.4em; }
    .text span { border-radius: 3px; } .stale { opacity: 0.5; }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .lead { min-height: 36px; padding: 4px 16px; margin-top: 8px; }
    @media (max-width: 640px) { .texts { grid-template-columns: minmax(0, 1fr); } .text { min-height: 3.2em; } }
  `,
  ];

  get isWanted() {
    return this.chosen.some(({ kind }) => kind === this.of);
  }

  /** The chosen token, or else the first one after the beginning. */
  get index() {
    const { position, promptIds, tokens } = this;
    const next = tokens.length ? promptIds.length : null;
    return position > 0 && position < promptIds.length + tokens.length ? position : next;
  }

  draw() {
    const failure = this.failure ?? this.writeError;
    if (failure) return errorBox(failure);
    if (!this.isReady || !this.possible.some(({ kind }) => kind === this.of)) return nothing;
    return html`<div class="all">${this.chances()}
      <div class="texts">${PANES.map((pane) => this.firstWords(pane))}</div>
      ${this.leadTo(this.leadsTo, "To the whole texts and more seeds, in “Operate”")}</div>`;
  }

  firstWords(pane) {
    const tokens = this.tokensOf(pane);
    const { vocab } = this.run;
    const differs = this.differsAt(pane);
    const shown = tokens?.slice(0, FIRST) ?? [];
    const isMore = tokens?.length > FIRST;
    return html`<div role="group" aria-label=${`${TITLES[pane]}, the first words`}><h3>${TITLES[pane]} writes</h3>
      <p class=${`text ${this.isStale(pane) ? "stale" : ""}`} dir="auto">${shown.map(
        ({ id, p }, i) =>
          html`<span class=${`${colorToken(p)} ${i === differs ? "differs" : ""}`}>${inText(vocab[id])}</span>`,
      )}${isMore ? " …" : nothing}${tokens ? nothing : "…"}</p></div>`;
  }
}

customElements.define("operated-result", OperatedResult);
