/**
 * <rose-and-fell .run=${run} .look=${first} .other=${second} at="9"></rose-and-fell>
 *
 * Where two texts diverge, and at any position before that: which tokens are more likely in the
 * second than in the first, and which are less likely.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { LookFigure } from "../../kit/look-figure.js";
import { firstDifference } from "../../kit/look.js";
import { alone } from "../../kit/words.js";

const MANY = 5;  // tokens that rose, and as many that fell

class RoseAndFell extends LookFigure {
  static styles = [LookFigure.styles, css`
    .both { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 32px; margin-top: 8px;
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
    .up { background: var(--moss); } .down { background: var(--value); }
    .share { text-align: right; }
    @media (max-width: 720px) { .both { grid-template-columns: 1fr; }
      li { grid-template-columns: 6em minmax(0, 1fr) 8em; } }
  `];

  draw() {
    const { look, other } = this, parting = firstDifference(look, other);
    const most = Math.min(parting ?? Infinity, look.last, other.last);
    if (most < 1) {
      return html`<p>The two split the text into different tokens from the start, so there is no
        position at which both have read the same text.</p>`;
    }
    const at = Math.min(most, this.at || most), changes = changesOf(look, other, at);
    const rose = changes.filter(({ by }) => by > 0.0005).slice(0, MANY);
    const fell = changes.filter(({ by }) => by < -0.0005).reverse().slice(0, MANY);
    return html`<p>${this.parting(parting)} Up to position ${at}, both have read the same text. What changes after
        <code dir="auto">${alone(look.symbols[look.ids[at - 1]])}</code>:</p>
      <div class="both">${this.list("More likely in the second", rose, "up")}
        ${this.list("Less likely in the second", fell, "down")}</div>`;
  }

  parting(at) {
    const { look, other } = this;
    if (at === null) return "Both write the same text.";
    const name = (one) => (at < one.length ? html`<code dir="auto">${alone(one.symbols[one.ids[at]])}</code>`
      : "nothing more");
    return html`They diverge at position ${at}: the first has ${name(look)}, the second ${name(other)}.`;
  }

  list(title, changes, kind) {
    const bar = ({ before, after }) => styleMap({ left: `${100 * Math.min(before, after)}%`,
      width: `${Math.max(1, 100 * Math.abs(after - before))}%` });
    return html`<div><h3>${title}</h3>${changes.length ? html`<ol>${changes.map((one) => html`<li>
      <code dir="auto" title=${alone(one.symbol)}>${alone(one.symbol)}</code>
      <span class="track" aria-hidden="true"><i class=${kind} style=${bar(one)}></i></span>
      <span class="share">${fine(one.before)} → ${fine(one.after)}</span></li>`)}</ol>`
      : html`<p class="caption">No change above 0.05 percentage points.</p>`}</div>`;
  }
}

/** 0.0042 -> "0.4%": changes may be small. */
function fine(p) {
  if (p > 0 && p < 0.0005) return "<0.1%";
  return `${(100 * p).toFixed(1)}%`;
}

/** How the probability of each token that both know changes; the largest rise comes first. */
function changesOf(look, other, at) {
  const before = look.drawn(at, 1), after = other.drawn(at, 1);
  const ids = new Map(other.symbols.map((symbol, id) => [symbol, id]));
  return look.symbols.map((symbol, id) => ({ symbol, before: before[id],
                                             after: after[ids.get(symbol)] ?? 0 }))
    .map((one) => ({ ...one, by: one.after - one.before })).sort((a, b) => b.by - a.by);
}

customElements.define("rose-and-fell", RoseAndFell);
