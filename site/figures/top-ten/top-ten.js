/**
 * <top-ten .run=${run} .look=${look} at="9" temperature="0.8"></top-ten>
 *
 * The ten most likely tokens at a position: the probability that the model gives each, and its chance
 * of being drawn at a temperature. The one that was chosen is marked. Emits: "temperature"
 * { temperature }.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { trouble } from "../../kit/figure.js";
import { keptStep } from "../../kit/model.js";
import { LookFigure } from "../../kit/look-figure.js";
import { alone, count, nats, percent } from "../../kit/words.js";

class TopTen extends LookFigure {
  static properties = {
    temperature: { type: Number },
    lost: { attribute: false },  // why the weights of this step cannot be used, if so
  };

  static styles = [LookFigure.styles, css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; min-height: 3em; }
    h3 code { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; min-height: 316px;
         align-content: start; }
    li { display: grid; grid-template-columns: minmax(5em, 8em) minmax(0, 1fr) 3.6em 3.6em; gap: 8px;
         align-items: center; min-height: 30px; padding: 0 4px; border-radius: 6px; }
    .symbol { font: 400 1em var(--mono); overflow: hidden; text-overflow: ellipsis; white-space: pre;
              text-align: left; }
    .bars { display: grid; gap: 2px; }
    .bars i { height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; }
    .believed { background: var(--moss); }
    .drawn { background: var(--muted); opacity: .7; }
    .share { text-align: right; } .share.of-draw { color: var(--muted); }
    .is-chosen { box-shadow: inset 0 0 0 2px var(--chosen); }
    .is-chosen .symbol { font-weight: 700; color: var(--chosen); }
    .key { display: inline-block; width: 14px; height: 9px; border-radius: 2px; }
    label { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin-top: 8px; }
    input { flex: 1 1 160px; min-width: 0; accent-color: var(--moss); height: 32px; margin: 0;
            cursor: pointer; }
    output { min-width: 3em; font-weight: 600; }
    .caption { margin-top: 4px; min-height: 4.5em; }
    @media (max-width: 640px) { li { grid-template-columns: 5em minmax(0, 1fr) 3.3em 3.3em; } }
  `];

  draw() {
    const { look, place } = this, found = look.believed(place);
    const before = html`<code dir="auto">${alone(this.look.symbols[look.ids[place - 1]])}</code>`;
    if (!found && this.lost) return trouble(this.lost);
    if (!found && keptStep(look.run, look.step) === look.step) return this.wait();
    if (!found) {
      return html`<h3>What it expected after ${before}</h3>
        <p class="caption">Nothing was recorded here, because this token is part of the prompt. The weights of
          this step were not saved; at the steps ${this.kept()} the page can compute it.</p>`;
    }
    const drawn = this.shares(found), shown = this.rows(found, drawn);
    return html`<h3>What it expected after ${before}</h3>
      <ol>${shown.map((one) => this.row(one))}</ol>
      ${this.slider()}
      <p class="caption">${this.says(found)}</p>`;
  }

  kept() {
    return this.run.manifest.snapshots.map((one) => count(one.step)).join(", ");
  }

  /** The chance of each token at the temperature: among all, or where only ten are known, among those. */
  shares({ top }) {
    const all = this.look.drawn(this.place, this.temperature);
    if (all) return (id) => all[id];
    const most = this.temperature < 1e-6 ? top.map((_, i) => Number(i === 0))
      : top.map(({ p }) => Math.max(p, 1e-9) ** (1 / this.temperature));
    const sum = most.reduce((a, b) => a + b, 0), known = top.map(({ id }) => id);
    return (id) => (known.includes(id) ? most[known.indexOf(id)] / sum : null);
  }

  /** The ten, and the chosen one if it is none of them. */
  rows({ id, p, top }, drawn) {
    const among = id === null || top.some((one) => one.id === id);
    return [...top, ...(among ? [] : [{ id, p }])].map((one) => (
      { ...one, drawn: drawn(one.id), chosen: one.id === id }));
  }

  row({ id, p, drawn, chosen }) {
    const width = (share) => styleMap({ width: `${100 * share}%` });
    const symbol = alone(this.look.symbols[id]);
    return html`<li class=${chosen ? "is-chosen" : ""}>
      <span class="symbol" dir="auto" title=${symbol}>${symbol}${chosen ? html`<span class="unseen">, chosen</span>`
        : nothing}</span>
      <span class="bars" aria-hidden="true"><i class="believed" style=${width(p)}></i>
        ${drawn === null ? nothing : html`<i class="drawn" style=${width(drawn)}></i>`}</span>
      <span class="share">${percent(p)}</span>
      <span class="share of-draw">${drawn === null ? "–" : percent(drawn)}</span></li>`;
  }

  slider() {
    return html`<label>temperature
      <input type="range" min="0" max="2" step="0.1" .value=${String(this.temperature)}
        @input=${(event) => this.tell("temperature", { temperature: Number(event.target.value) })}>
      <output>${this.temperature.toFixed(1)}</output></label>`;
  }

  says({ id }) {
    const { look, place } = this, unsure = look.unsure(place);
    const keys = html`<i class="key believed"></i> the probability it gave,
      <i class="key drawn"></i> the chance of being drawn at this temperature${
      look.logits ? "" : ", among these ten"}.`;
    const entropy = unsure === null ? nothing : ` Its uncertainty is ${nats(unsure)}.`;
    if (id === null || place < look.given) return html`${keys}${entropy}`;
    return html`${keys}${entropy} <bdi>${alone(this.look.symbols[id])}</bdi> was drawn at temperature ${
      look.temperature}.`;
  }
}

customElements.define("top-ten", TopTen);
