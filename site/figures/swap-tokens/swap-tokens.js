/**
 * <swap-tokens> <template data-words>…</template> </swap-tokens>
 *
 * Two tokens of a text are swapped, with and without the position embeddings: what a head of the first layer then
 * fetches for the last token, and what the whole model predicts. Its words stand in the page.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { inSentence, inText, percent } from "../../app/format.js";
import { tokenText } from "../../app/forward-pass-figure.js";
import { LiveFigure } from "../../app/live-figure.js";
import { softmax } from "../../engine/kernel.js";

const MAX_TOKENS = 8;
const LEAST_TOKENS = 3; // two that are swapped, and the last one
const FIRST_LAYER = 2; // the depth after it: see GPT.residual

class SwapTokens extends LiveFigure {
  static properties = {
    swapped: { state: true }, // the two positions, one while the other is being chosen; null: none is chosen yet
    isWithout: { state: true }, // whether the position embeddings are left out
  };

  static styles = [
    LiveFigure.styles,
    controls,
    css`
    .switch { display: flex; flex-wrap: wrap; gap: 4px 8px; margin-bottom: 12px; }
    .switch button { min-height: 36px; padding: 4px 14px; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    caption { text-align: left; color: var(--muted); padding-bottom: 4px; }
    th, td { text-align: left; font-weight: 400; padding: 2px 8px 2px 0; height: 40px; vertical-align: middle; }
    thead th { color: var(--muted); height: auto; vertical-align: bottom; }
    .token { width: 9em; }
    .token button { font-family: var(--mono); white-space: pre; padding: 2px 10px; min-height: 32px; width: 100%;
                    overflow: hidden; text-overflow: ellipsis; border-radius: 8px; }
    .token b { display: block; font: 600 1em var(--mono); padding: 2px 10px; white-space: pre; overflow: hidden; }
    .weight { position: relative; height: 1.7em; line-height: 1.7; border-radius: 4px; background: var(--background); overflow: hidden; }
    .weight i { position: absolute; inset: 0 auto 0 0; background: color-mix(in oklab, var(--key) 40%, var(--panel)); }
    .weight span { position: relative; padding: 0 6px; }
    .now { margin-top: 12px; overflow-wrap: anywhere; }
    .result { margin-top: 12px; display: grid; gap: 4px; max-width: 66ch; }
    @media (max-width: 640px) { .token { width: 7em; } th, td { padding-right: 6px; } }
  `,
  ];

  constructor() {
    super();
    this.swapped = null;
    this.first = null; // two positions to begin with
    this.isWithout = false;
  }

  choices() {
    return [this.swapped, this.isWithout, this.layerAndHead[1]];
  }

  get ids() {
    return this.pass.ids.slice(0, MAX_TOKENS);
  }

  /** The two positions that are swapped in this text: the last token stays where it is. */
  get pair() {
    const last = this.ids.length - 2;
    return this.shown.map((one) => Math.max(0, Math.min(one, last)));
  }

  async compute(model, signal) {
    const { ids, isWithout } = this;
    if (ids.length < LEAST_TOKENS) return { ids };
    const intervention = isWithout ? { positions: "none" } : undefined;
    const read = async (some) => ({
      ...(await model.forward(some, { intervention, signal })),
      vector: await model.residual(some, FIRST_LAYER, { intervention, signal }),
    });
    const before = await read(ids);
    if (!this.first || !isWithout) {
      const last = ids.length - 1;
      this.first = clearPair(rowOfHead(before.attention, this.layerAndHead[1], ids.length, last));
    }
    const [a, b = a] = this.pair;
    const other = [...ids];
    [other[a], other[b]] = [other[b], other[a]];
    return { ids, other, a, b, isWithout, before, after: await read(other) };
  }

  /** Those that are chosen; before somebody has chosen any, two for which the head shows something. */
  get shown() {
    return this.swapped ?? this.first ?? [1, 2];
  }

  /** Choose a token: with another one that is already chosen, they are swapped. */
  choose(position) {
    if (this.swapped?.length === 1) this.swapped = [this.swapped[0], position];
    else this.swapped = [position];
  }

  drawFound(found) {
    if (found.ids.length < LEAST_TOKENS) return html`<p>${this.say("too-short")}</p>`;
    const change = {
      layer: 100 * relativeChange(found.before.vector, found.after.vector),
      guess: 100 * this.totalVariation(found),
    };
    const isWaiting = this.shown.length < 2;
    return html`<div class="switch" role="group" aria-label=${this.say("positions")}>${[false, true].map(
      (isWithout) =>
        html`<button aria-pressed=${String(isWithout === this.isWithout)} @click=${() => {
          this.isWithout = isWithout;
        }}>${this.say(isWithout ? "without" : "with")}</button>`,
    )}</div>
      ${this.table(found)}
      <p class="now">${this.say("now", { text: found.other.map((id) => inText(this.run.vocab[id])).join("") })}</p>
      <div class="result" role="status">${
        isWaiting
          ? html`<p>${this.say("choose-another")}</p>`
          : html`<p>${this.say("layer-changed", rounded(change))}</p><p>${this.say("guess-changed", rounded(change))}</p>`
      }</div>`;
  }

  table({ ids, a, b, before, after }) {
    const moved = (position) => ({ [a]: b, [b]: a })[position] ?? position;
    const head = this.layerAndHead[1];
    const last = ids.length - 1;
    const weights = (pass) => rowOfHead(pass.attention, head, ids.length, last);
    const [first, second] = [weights(before), weights(after)];
    return html`<table><caption>${this.say("table", { head: `0.${head}`, token: inSentence(this.run.vocab[ids[last]]) })}</caption>
      <thead><tr><th class="token" scope="col">${this.say("token")}</th><th scope="col">${this.say("before")}</th>
        <th scope="col">${this.say("after")}</th></tr></thead>
      <tbody>${ids.map(
        (id, position) =>
          html`<tr><th class="token" scope="row">${this.tokenButton(id, position, last)}</th>
            <td>${bar(first[position])}</td><td>${bar(second[moved(position)])}</td></tr>`,
      )}</tbody></table>`;
  }

  tokenButton(id, position, last) {
    const text = tokenText(this.run.vocab[id]);
    if (position === last) return html`<b>${text}</b>`;
    return html`<button aria-pressed=${String(this.shown.includes(position))} @click=${() =>
      this.choose(position)}>${text}</button>`;
  }

  /** How far two predictions of the next token are apart: 0 if they are the same, 1 if they share nothing. */
  totalVariation({ ids, before, after }) {
    const V = this.run.vocab.length;
    const [p, q] = [before, after].map(({ logits }) => softmax(logits.subarray((ids.length - 1) * V)));
    return p.reduce((sum, value, id) => sum + Math.abs(value - q[id]), 0) / 2;
  }
}

/** Whole numbers lose nothing, so that 0 and 0.00 can be told apart. */
const rounded = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toFixed(2)]));

/** The token that has the largest weight, and the one furthest from it that is not the last. */
function clearPair(weights) {
  const others = [...weights.keys()].slice(0, -1);
  const largest = others.reduce((best, one) => (weights[one] > weights[best] ? one : best), 0);
  const furthest = largest < others.length / 2 ? others.length - 1 : 0;
  return [largest, furthest].sort((x, y) => x - y);
}

/** The weights of a head of the first layer for a query. */
function rowOfHead(attention, head, T, query) {
  const start = (head * T * (T + 1)) / 2 + (query * (query + 1)) / 2;
  return attention.subarray(start, start + query + 1);
}

const relativeChange = (before, after) =>
  Math.hypot(...before.map((value, c) => value - after[c])) / Math.hypot(...before);

const bar = (weight) =>
  html`<div class="weight"><i style=${styleMap({ width: `${100 * weight}%` })}></i><span>${percent(weight)}</span></div>`;

customElements.define("swap-tokens", SwapTokens);
