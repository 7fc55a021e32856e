/**
 * <top-ten></top-ten>
 *
 * The ten most likely tokens at a position: the probability that the model gives each, and its
 * probability of being sampled at a temperature, which is chosen here. The token in the text is marked. A
 * last row has what is left for all other tokens together.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { errorBox } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { count, nats, showWhitespace, spoken } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { nearestSnapshot } from "../../app/model.js";

class TopTen extends ForwardPassFigure {
  static share = { title: "The ten likeliest tokens", table: (figure) => figure.isReady && figure.numbers() };

  static properties = {
    temperature: { from: "store", type: Number },
    weightsError: { from: "passes", attribute: false }, // if the weights of this step cannot be used
  };

  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; min-height: 1.5em; }
    h3 code { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    .table { min-height: 340px; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    tr { height: 26px; }
    th, td { font-weight: 400; text-align: left; padding: 0 2px; }
    thead th { color: var(--muted); }
    .first { width: 8em; } .number { width: 5em; text-align: right; }
    .token { font: 400 1em var(--mono); overflow: hidden; text-overflow: ellipsis; white-space: pre; }
    .bars i { display: block; height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; margin: 2px 0; }
    .model-prob { background: var(--accent); }
    .sampling-prob { background: var(--muted); opacity: .7; }
    .sampling { color: var(--muted); }
    .is-chosen { box-shadow: inset 0 0 0 2px var(--chosen); border-radius: 6px; }
    .is-chosen .token { font-weight: 700; color: var(--chosen); }
    .others th { color: var(--muted); }
    .swatch { display: inline-block; width: 14px; height: 9px; border-radius: 2px; }
    label { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin-top: 8px; }
    input { flex: 1 1 160px; min-width: 0; accent-color: var(--accent); height: 32px; margin: 0;
            cursor: pointer; }
    .value { min-width: 3em; font-weight: 600; }
    .caption { margin-top: 4px; min-height: 4.5em; }
    @media (max-width: 640px) { .first { width: 5.8em; } }
    @media print { input { display: none; } }
    @media (min-width: 641px) and (max-width: 1099px) { .first { width: 4.7em; } .number { width: 4.8em; } }
    @media (forced-colors: active) { .is-chosen { box-shadow: none; outline: 4px double; outline-offset: -3px; } }
  `,
  ];

  draw() {
    const { pass, shownPosition: position } = this;
    const prediction = pass.nextTokenProbs(position);
    const title = html`<h3>What it expected after <code dir="auto">${tokenText(
      this.tokenAt(position - 1),
    )}</code></h3>`;
    if (!prediction && this.weightsError) return errorBox(this.weightsError);
    if (!prediction && nearestSnapshot(pass.run, pass.step) === pass.step) {
      return html`${title}<div class="table">${this.placeholder()}</div>`;
    }
    if (!prediction) {
      return html`${title}
        <p class="caption table">Nothing was recorded here, because this token is part of the prompt. The weights of
          this step were not saved; at the steps ${this.snapshotSteps()} the page can compute it.</p>`;
    }
    const samplingProb = this.samplingProbs(prediction);
    const rows = this.rows(prediction, samplingProb);
    return html`${title}
      <div class="table"><table><caption class="visually-hidden">The ten most likely tokens</caption>
        <thead><tr><th scope="col" class="first">token</th><td></td>
          <th scope="col" class="number" aria-label="probability">model</th>
          <th scope="col" class="number sampling" aria-label=${`chance of being drawn at temperature ${
            this.temperature
          }`}>draw</th></tr></thead>
        <tbody>${rows.map((one) => this.row(one))}</tbody>
        <tfoot>${this.others(rows, samplingProb)}</tfoot></table></div>
      ${this.slider()}
      <p class="caption">${this.description(prediction)}</p>`;
  }

  snapshotSteps() {
    return this.run.manifest.snapshots.map((one) => count(one.step)).join(", ");
  }

  /** The sampling probability by id: among all tokens, or where only ten are known, among those. */
  samplingProbs({ top }) {
    const all = this.pass.samplingProbs(this.shownPosition, this.temperature);
    if (all) return (id) => all[id];
    const scaled =
      this.temperature < 1e-6
        ? top.map((_, i) => Number(i === 0))
        : top.map(({ p }) => Math.max(p, 1e-9) ** (1 / this.temperature));
    const sum = scaled.reduce((a, b) => a + b, 0);
    const ids = top.map(({ id }) => id);
    return (id) => (ids.includes(id) ? scaled[ids.indexOf(id)] / sum : null);
  }

  /** The ten, and the token in the text if it is none of them. */
  rows({ id, p, top }, samplingProb) {
    const isListed = id === null || top.some((one) => one.id === id);
    return [...top, ...(isListed ? [] : [{ id, p }])].map((one) => ({
      ...one,
      samplingP: samplingProb(one.id),
      isChosen: one.id === id,
    }));
  }

  row({ id, p, samplingP, isChosen }) {
    const token = this.pass.vocab[id];
    const seen = showWhitespace(token);
    return html`<tr class=${isChosen ? "is-chosen" : ""}>
      <th scope="row" class="token" dir="auto" title=${seen}
        aria-label=${`${spoken(token)}${isChosen ? ", in the text" : ""}`}>${seen}</th>
      ${numbers(p, samplingP)}</tr>`;
  }

  /** All the other tokens of the vocabulary together, which make up the rest of 100%. */
  others(rows, samplingProb) {
    const n = this.pass.vocab.length - rows.length;
    if (n <= 0) return nothing;
    const rest = (values) => Math.max(0, 1 - values.reduce((a, b) => a + b, 0));
    const sampling = this.pass.logits ? rest(rows.map(({ id }) => samplingProb(id))) : null;
    return html`<tr class="others"><th scope="row" aria-label=${`The other ${count(n)} tokens together`}>the other ${count(n)}</th>
      ${numbers(rest(rows.map(({ p }) => p)), sampling)}</tr>`;
  }

  numbers() {
    const prediction = this.pass.nextTokenProbs(this.shownPosition);
    if (!prediction) return null;
    return [
      ["token", "id", "probability", `chance of being drawn at temperature ${this.temperature}`],
      ...this.rows(prediction, this.samplingProbs(prediction)).map(({ id, p, samplingP }) => [
        this.pass.vocab[id],
        id,
        p,
        samplingP,
      ]),
    ];
  }

  slider() {
    return html`<label>temperature
      <input type="range" min="0" max="2" step="0.1" .value=${String(this.temperature)}
        @input=${(event) => this.store.set({ temperature: Number(event.target.value) })}>
      <span class="value" aria-hidden="true">${this.temperature.toFixed(1)}</span></label>`;
  }

  description({ id }) {
    const { pass, shownPosition: position } = this;
    const entropy = pass.entropy(position);
    const legend = html`<i class="swatch shade model-prob"></i> the probability it gave,
      <i class="swatch shade sampling-prob"></i> the chance of being drawn at this temperature${
        pass.logits ? "" : ", among these ten"
      }.`;
    const uncertainty = entropy === null ? nothing : ` Its uncertainty is ${nats(entropy)}.`;
    if (id === null || position < pass.promptLength) return html`${legend}${uncertainty}`;
    return html`${legend}${uncertainty} <bdi>${tokenText(pass.vocab[id])}</bdi> was drawn at
      temperature ${pass.temperature}.`;
  }
}

const TINY = 1e-9; // a recorded probability may be rounded to 0 or 1, but none is

/** The cells of a probability and of a chance of being drawn: bars, and both in numbers. */
function numbers(p, samplingP) {
  const bar = (name, fraction) =>
    html`<i class=${`shade ${name}`} style=${styleMap({ width: `${100 * fraction}%` })}></i>`;
  return html`<td class="bars">${bar("model-prob", p)}${
    samplingP === null ? nothing : bar("sampling-prob", samplingP)
  }</td>
    <td class="number percent">${precisePercent(Math.min(Math.max(p, TINY), 1 - TINY))}</td>
    <td class="number percent sampling">${samplingP === null ? "–" : precisePercent(samplingP)}</td>`;
}

customElements.define("top-ten", TopTen);
