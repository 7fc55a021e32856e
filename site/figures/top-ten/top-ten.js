/**
 * <top-ten></top-ten>
 *
 * The ten most likely tokens at a position: the probability that the model gives each, and its
 * probability of being sampled at a temperature, which is chosen here. The token in the text is marked.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { errorBox } from "../../app/figure.js";
import { count, nats, percent, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { nearestSnapshot } from "../../app/model.js";

class TopTen extends ForwardPassFigure {
  static properties = {
    temperature: { from: "store", type: Number },
    weightsError: { from: "passes", attribute: false }, // if the weights of this step cannot be used
  };

  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; min-height: 3em; }
    h3 code { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; min-height: 316px;
         align-content: start; }
    li { display: grid; grid-template-columns: minmax(5em, 8em) minmax(0, 1fr) 3.6em 3.6em; gap: 8px;
         align-items: center; min-height: 30px; padding: 0 4px; border-radius: 6px; }
    .token { font: 400 1em var(--mono); overflow: hidden; text-overflow: ellipsis; white-space: pre;
              text-align: left; }
    .bars { display: grid; gap: 2px; }
    .bars i { height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; }
    .model-prob { background: var(--accent); }
    .sampling-prob { background: var(--muted); opacity: .7; }
    .percent { text-align: right; } .percent.sampling { color: var(--muted); }
    .is-chosen { box-shadow: inset 0 0 0 2px var(--chosen); }
    .is-chosen .token { font-weight: 700; color: var(--chosen); }
    .swatch { display: inline-block; width: 14px; height: 9px; border-radius: 2px; }
    label { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin-top: 8px; }
    input { flex: 1 1 160px; min-width: 0; accent-color: var(--accent); height: 32px; margin: 0;
            cursor: pointer; }
    output { min-width: 3em; font-weight: 600; }
    .caption { margin-top: 4px; min-height: 4.5em; }
    @media (max-width: 640px) { li { grid-template-columns: 5em minmax(0, 1fr) 3.3em 3.3em; } }
  `,
  ];

  draw() {
    const { pass, shownPosition: position } = this;
    const prediction = pass.nextTokenProbs(position);
    const before = html`<code dir="auto">${showWhitespace(pass.vocab[pass.ids[position - 1]])}</code>`;
    if (!prediction && this.weightsError) return errorBox(this.weightsError);
    if (!prediction && nearestSnapshot(pass.run, pass.step) === pass.step) return this.placeholder();
    if (!prediction) {
      return html`<h3>What it expected after ${before}</h3>
        <p class="caption">Nothing was recorded here, because this token is part of the prompt. The weights of
          this step were not saved; at the steps ${this.snapshotSteps()} the page can compute it.</p>`;
    }
    const rows = this.rows(prediction, this.samplingProbs(prediction));
    return html`<h3>What it expected after ${before}</h3>
      <ol>${rows.map((one) => this.row(one))}</ol>
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
    const width = (fraction) => styleMap({ width: `${100 * fraction}%` });
    const token = showWhitespace(this.pass.vocab[id]);
    return html`<li class=${isChosen ? "is-chosen" : ""}>
      <span class="token" dir="auto" title=${token}>${token}${
        isChosen ? html`<span class="visually-hidden">, chosen</span>` : nothing
      }</span>
      <span class="bars" aria-hidden="true"><i class="model-prob" style=${width(p)}></i>
        ${samplingP === null ? nothing : html`<i class="sampling-prob" style=${width(samplingP)}></i>`}</span>
      <span class="percent">${percent(p)}</span>
      <span class="percent sampling">${samplingP === null ? "–" : percent(samplingP)}</span></li>`;
  }

  slider() {
    return html`<label>temperature
      <input type="range" min="0" max="2" step="0.1" .value=${String(this.temperature)}
        @input=${(event) => this.store.set({ temperature: Number(event.target.value) })}>
      <output>${this.temperature.toFixed(1)}</output></label>`;
  }

  description({ id }) {
    const { pass, shownPosition: position } = this;
    const entropy = pass.entropy(position);
    const legend = html`<i class="swatch model-prob"></i> the probability it gave,
      <i class="swatch sampling-prob"></i> the chance of being drawn at this temperature${
        pass.logits ? "" : ", among these ten"
      }.`;
    const uncertainty = entropy === null ? nothing : ` Its uncertainty is ${nats(entropy)}.`;
    if (id === null || position < pass.promptLength) return html`${legend}${uncertainty}`;
    return html`${legend}${uncertainty} <bdi>${showWhitespace(pass.vocab[id])}</bdi> was drawn at
      temperature ${pass.temperature}.`;
  }
}

customElements.define("top-ten", TopTen);
