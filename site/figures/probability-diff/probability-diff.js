/**
 * <probability-diff></probability-diff>
 *
 * At the chosen position of two texts that are compared: which tokens are more likely in the one than in the
 * other, and which are less likely. Where the texts have diverged, both models have read the first one.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { SMALLEST_CHANGE } from "../../app/comparison.js";
import { percentTenths } from "../../app/decimals.js";
import { showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";

const MAX_TOKENS = 5; // tokens that rose, and as many that fell

class ProbabilityDiff extends ForwardPassFigure {
  static share = {
    title: "What becomes likelier",
    table: (figure) => figure.isReady && figure.comparison && figure.numbers(),
  };

  static styles = [
    ForwardPassFigure.styles,
    css`
    .lists { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 32px; margin-top: 8px;
            min-height: 200px; align-content: start; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    ol { list-style: none; margin: 0; padding: 0; }
    li { display: grid; grid-template-columns: 7em minmax(0, 1fr) 8.5em; gap: 8px; align-items: center;
         min-height: 32px; }
    code { font: 400 1em var(--mono); white-space: pre; overflow: hidden; text-overflow: ellipsis; }
    p code { font-weight: 600; white-space: normal; overflow-wrap: anywhere; }
    .track { position: relative; height: 12px; border-radius: 6px; box-shadow: inset 0 0 0 1px var(--line);
             overflow: hidden; }
    .track i { position: absolute; top: 0; bottom: 0; }
    .up { background: var(--accent); } .down { background: var(--value); }
    .change { text-align: right; }
    @media (max-width: 720px) { .lists { grid-template-columns: 1fr; min-height: 300px; }
      li { grid-template-columns: 6em minmax(0, 1fr) 8em; } }
  `,
  ];

  /** compare-result says so if nothing can differ. */
  draw() {
    const { isDrawnAlike, last, lastRead } = this.comparison;
    if (isDrawnAlike || last < 1) return nothing;
    const position = Math.min(lastRead, this.shownPosition);
    const [here, there] = this.sides;
    const token = html`<code dir="auto">${showWhitespace(this.tokenAt(position - 1))}</code>`;
    return html`<p>${this.whatChanges(token)}${this.whichText(position)}, ${here.name} → ${there.name}:</p>
      ${this.lists(there.where, position)}`;
  }

  /** The same model predicts the same: then it is only drawn differently. */
  whatChanges(token) {
    return this.comparison.isSame
      ? html`The temperature only changes what is drawn. Chance of being drawn after ${token}`
      : html`What changes after ${token}`;
  }

  /** After they have diverged, only one of their texts can be read by both. */
  whichText(position) {
    return position > this.comparison.last ? " (here, both have read the first text)" : nothing;
  }

  lists(where, position) {
    const changes = this.comparison.changes(position);
    const increased = changes.filter(({ delta }) => delta > SMALLEST_CHANGE).slice(0, MAX_TOKENS);
    const decreased = changes
      .filter(({ delta }) => delta < -SMALLEST_CHANGE)
      .reverse()
      .slice(0, MAX_TOKENS);
    if (!increased.length && !decreased.length) {
      return html`<p class="caption">Nothing changes here by more than 0.05 percentage points.</p>`;
    }
    return html`<div class="lists">${this.list(`More likely ${where}`, increased, "up")}
      ${this.list(`Less likely ${where}`, decreased, "down")}</div>`;
  }

  /** Of all tokens, the largest rise first. */
  numbers() {
    const { isDrawnAlike, last, lastRead } = this.comparison;
    if (isDrawnAlike || last < 1) return null;
    const [here, there] = this.sides;
    const changes = this.comparison.changes(Math.min(lastRead, this.shownPosition));
    return [
      ["token", `probability ${here.where}`, `probability ${there.where}`, "change"],
      ...changes.map(({ token, before, after, delta }) => [token, before, after, delta]),
    ];
  }

  list(title, changes, kind) {
    const bar = ({ before, after }) =>
      styleMap({
        left: `${100 * Math.min(before, after)}%`,
        width: `${Math.max(1, 100 * Math.abs(after - before))}%`,
      });
    return html`<div><h3>${title}</h3>${
      changes.length
        ? html`<ol>${changes.map(
            (one) => html`<li>
      <code dir="auto" title=${showWhitespace(one.token)}>${showWhitespace(one.token)}</code>
      <span class="track" aria-hidden="true"><i class=${kind} style=${bar(one)}></i></span>
      <span class="change">${percentTenths(one.before)} → ${percentTenths(one.after)}</span></li>`,
          )}</ol>`
        : html`<p class="caption">None by more than 0.05 percentage points.</p>`
    }</div>`;
  }
}

customElements.define("probability-diff", ProbabilityDiff);
