/**
 * <probability-diff></probability-diff>
 *
 * Where two texts diverge, and at any position before that: which tokens are more likely in the one
 * than in the other, and which are less likely.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { firstDifference, isSameModel } from "../../app/forward-pass.js";

const MAX_TOKENS = 5; // tokens that rose, and as many that fell

class ProbabilityDiff extends ForwardPassFigure {
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
    p { min-height: 3em; }
    p code { font-weight: 600; white-space: normal; overflow-wrap: anywhere; }
    .track { position: relative; height: 12px; border-radius: 6px; box-shadow: inset 0 0 0 1px var(--line);
             overflow: hidden; }
    .track i { position: absolute; top: 0; bottom: 0; }
    .up { background: var(--accent); } .down { background: var(--value); }
    .change { text-align: right; }
    @media (max-width: 720px) { p { min-height: 7.5em; } .lists p { min-height: 0; }
      .lists { grid-template-columns: 1fr; min-height: 300px; }
      li { grid-template-columns: 6em minmax(0, 1fr) 8em; } }
  `,
  ];

  draw() {
    const { pass, otherPass } = this;
    const divergence = firstDifference(pass, otherPass);
    const last = Math.min(divergence ?? Infinity, pass.lastPosition, otherPass.lastPosition);
    if (last < 1) {
      return html`<p>The two split the text into different tokens from the start, so there is no
        position at which both have read the same text.</p>`;
    }
    const position = Math.min(last, this.position || last);
    const intro = html`${this.divergence(divergence)} Up to position ${position}, both have read the same
      text.`;
    if (this.isDrawnAlike) {
      return html`<p>${intro} Both are the same model at the same temperature, so nothing can be
        different.</p>`;
    }
    const [here, there] = this.sides;
    const token = html`<code dir="auto">${showWhitespace(pass.vocab[pass.ids[position - 1]])}</code>`;
    return html`<p>${intro} ${this.whatChanges(token)}, ${here.name} → ${there.name}:</p>
      ${this.lists(there.where, position)}`;
  }

  /** Whether the two differ in nothing. */
  get isDrawnAlike() {
    return isSameModel(this.pass, this.otherPass) && this.pass.temperature === this.otherPass.temperature;
  }

  /** The same model predicts the same: then it is only drawn differently. */
  whatChanges(token) {
    return isSameModel(this.pass, this.otherPass)
      ? html`The temperature only changes what is drawn. Chance of being drawn after ${token}`
      : html`What changes after ${token}`;
  }

  lists(where, position) {
    const changes = changesOf(this.pass, this.otherPass, position);
    const increased = changes.filter(({ delta }) => delta > 0.0005).slice(0, MAX_TOKENS);
    const decreased = changes
      .filter(({ delta }) => delta < -0.0005)
      .reverse()
      .slice(0, MAX_TOKENS);
    return html`<div class="lists">${this.list(`More likely ${where}`, increased, "up")}
      ${this.list(`Less likely ${where}`, decreased, "down")}</div>`;
  }

  /** A sentence about where the two texts diverge. */
  divergence(position) {
    const { pass, otherPass } = this;
    if (position === null) return "Both write the same text.";
    const name = (one) =>
      position < one.length
        ? html`<code dir="auto">${showWhitespace(one.vocab[one.ids[position]])}</code>`
        : "nothing more";
    const [here, there] = this.sides;
    return html`They diverge at position ${position}: ${name(pass)} ${here.where}, ${name(
      otherPass,
    )} ${there.where}.`;
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
        : html`<p class="caption">No change above 0.05 percentage points.</p>`
    }</div>`;
  }
}

/** 0.0042 -> "0.4%": changes may be small. */
function percentTenths(p) {
  if (p > 0 && p < 0.0005) return "<0.1%";
  return `${(100 * p).toFixed(1)}%`;
}

/**
 * The change in probability of each token that is in both vocabularies; the largest rise comes first. Of the
 * same model at two temperatures, these are the probabilities of being drawn.
 */
function changesOf(pass, otherPass, position) {
  const isSame = isSameModel(pass, otherPass);
  const [before, after] = [pass, otherPass].map((one) =>
    one.samplingProbs(position, isSame ? one.temperature : 1),
  );
  const ids = new Map(otherPass.vocab.map((token, id) => [token, id]));
  return pass.vocab
    .map((token, id) => ({ token, before: before[id], after: after[ids.get(token)] ?? 0 }))
    .map((one) => ({ ...one, delta: one.after - one.before }))
    .sort((a, b) => b.delta - a.delta);
}

customElements.define("probability-diff", ProbabilityDiff);
