/**
 * <position-sum> <template data-words>…</template> </position-sum>
 *
 * What enters the model: the embedding of a token plus that of a position, number by number. The same token stands at
 * two positions, which are chosen with sliders, so that one sees what is different. Its words stand in the page.
 */
import { css, html } from "../../vendored/lit.js";
import { colormapsOf, drawVector } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { decimals } from "../../app/decimals.js";
import { inSentence } from "../../app/format.js";
import { tokenText } from "../../app/forward-pass-figure.js";
import { LiveFigure, cosine, vectorOf } from "../../app/live-figure.js";
import { END } from "../../engine/tokenizer.js";

const MAX_TOKENS = 8; // to choose from

class PositionSum extends LiveFigure {
  static properties = {
    token: { state: true }, // its index among those to choose from
    positions: { state: true }, // the two positions
    number: { state: true }, // which number of the vectors is written out
  };

  static styles = [
    LiveFigure.styles,
    controls,
    css`
    .tokens { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; margin-bottom: 8px; }
    .tokens button { font-family: var(--mono); white-space: pre; min-height: 36px; padding: 2px 12px; border-radius: 8px; }
    .places { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px 32px; }
    .place label { color: var(--text); display: flex; min-height: 40px; font-weight: 600; white-space: nowrap; }
    input { flex: 1; min-width: 0; accent-color: var(--accent); height: 32px; margin: 0; }
    output { min-width: 2.2em; text-align: right; }
    dl { margin: 0; display: grid; grid-template-columns: 6em minmax(0, 1fr); gap: 6px 8px; align-items: center; }
    dt { white-space: nowrap; } dd { margin: 0; position: relative; min-width: 0; }
    dt.sum { font-weight: 600; } dd.sum { border-top: 1px solid var(--text); padding-top: 6px; } dt.sum { padding-top: 6px; }
    canvas { display: block; width: 100%; height: 18px; image-rendering: pixelated; border-radius: 3px;
             box-shadow: 0 0 0 1px var(--line); cursor: crosshair; }
    .terms { font: 400 0.8125rem/1.6 var(--mono); overflow-wrap: anywhere; margin-top: 6px; min-height: 1.6em; }
    .which { margin-top: 12px; }
    .which input { max-width: 24rem; }
    .result { margin-top: 8px; min-height: 3em; max-width: 66ch; }
    @media (max-width: 700px) { .places { grid-template-columns: minmax(0, 1fr); gap: 4px; } .place label { min-height: 32px; } }
  `,
  ];

  constructor() {
    super();
    this.token = null;
    this.positions = null;
    this.number = 0;
  }

  /** The tokens to choose from: each that stands at the beginning of the text, once. */
  get ids() {
    return [...new Set(this.pass.ids)].slice(0, MAX_TOKENS);
  }

  async compute(model, signal) {
    return { ...(await model.inputEmbeddings(this.ids, { signal })), ids: this.ids };
  }

  /** The token that is shown: until one is chosen, the longest, so a word where there is one. */
  shownToken(ids) {
    if (this.token !== null) return Math.min(this.token, ids.length - 1);
    const length = (i) => (this.run.vocab[ids[i]] === END ? 0 : this.run.vocab[ids[i]].trim().length);
    return ids.reduce((longest, _, i) => (length(i) > length(longest) ? i : longest), 0);
  }

  shownPositions({ positions, C }) {
    const last = positions.length / C - 1;
    return (this.positions ?? [1, Math.min(9, last)]).map((one) => Math.min(one, last));
  }

  /** The two vectors that are added, and their sum, at each of the two positions. */
  sums(found) {
    const { tokens, positions, C, ids } = found;
    const token = vectorOf(tokens, this.shownToken(ids), C);
    return this.shownPositions(found).map((at) => {
      const position = vectorOf(positions, at, C);
      return { at, token, position, sum: token.map((value, c) => value + position[c]) };
    });
  }

  drawFound(found) {
    const sums = this.sums(found);
    const [first, second] = sums;
    const text = inSentence(this.run.vocab[found.ids[this.shownToken(found.ids)]]);
    const isSame = first.at === second.at;
    return html`<div class="tokens" role="group" aria-label=${this.say("choose-token")}><span aria-hidden="true">${this.say("choose-token")}</span>${found.ids.map(
      (id, i) =>
        html`<button aria-pressed=${String(i === this.shownToken(found.ids))} @click=${() => {
          this.token = i;
        }}>${tokenText(this.run.vocab[id])}</button>`,
    )}</div>
      <div class="places">${sums.map((one, i) => this.place(one, i, found))}</div>
      <label class="which">${this.say("number")} <input type="range" min="0" max=${found.C - 1} .value=${String(
        this.number,
      )} @input=${(event) => {
        this.number = Number(event.target.value);
      }}><output>${this.number}</output></label>
      <p class="caption">${this.say("legend")}</p>
      <p class="result" role="status">${this.say(isSame ? "same" : "different", {
        token: text,
        a: String(first.at),
        b: String(second.at),
        cosine: decimals(cosine(first.sum, second.sum)),
      })}</p>`;
  }

  place({ at, token, position, sum }, i, { positions, C }) {
    const c = Math.min(this.number, C - 1);
    const strip = (kind, vector) =>
      html`<canvas role="img" aria-label=${this.say(`about-${kind}`, { at: String(at) })} .vector=${vector}
        @pointermove=${(event) => this.point(event, C)} @pointerdown=${(event) => this.point(event, C)}></canvas>`;
    return html`<div class="place"><label>${this.say("position")} <input type="range" min="0" max=${
      positions.length / C - 1
    } .value=${String(at)} data-place=${i} @input=${(event) => this.move(event, i)}><output>${at}</output></label>
      <dl><dt>${this.say("token")}</dt><dd>${strip("token", token)}</dd>
        <dt>${this.say("plus-position")}</dt><dd>${strip("position", position)}</dd>
        <dt class="sum">${this.say("sum")}</dt><dd class="sum">${strip("sum", sum)}</dd></dl>
      <p class="terms">${written(token[c], position[c])}</p></div>`;
  }

  move({ target }, i) {
    const positions = [...this.shownPositions(this.found)];
    positions[i] = Number(target.value);
    this.positions = positions;
  }

  /** The number under the pointer is written out. */
  point({ offsetX, target }, C) {
    this.number = Math.max(0, Math.min(C - 1, Math.floor((C * offsetX) / target.clientWidth)));
  }

  updated(changed) {
    super.updated(changed);
    for (const canvas of this.renderRoot.querySelectorAll("canvas")) {
      drawVector(canvas, /** @type {any} */ (canvas).vector, colormapsOf(this));
    }
  }
}

/** Two numbers and their sum, which is that of the digits that are shown. */
function written(a, b) {
  const [one, other] = [a, b].map((value) => Number(value.toFixed(2)));
  return `${decimals(one)} + ${decimals(other)} = ${decimals(one + other)}`;
}

customElements.define("position-sum", PositionSum);
