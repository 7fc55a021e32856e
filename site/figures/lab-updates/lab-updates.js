/**
 * <lab-updates></lab-updates>
 *
 * How far an update of the model of the lab moves each of its tensors, beside how large their weights are, and how
 * large their gradients were: bars on a scale of powers of ten.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { decimals } from "../../app/decimals.js";
import { count, percent } from "../../app/format.js";
import { Asking } from "../../app/lab-asking.js";
import { LabChoice } from "../../app/lab-choice.js";
import { lrMultiplier } from "../../engine/schedule.js";

const SETTLES = 0.5; // of the full learning rates
const MUCH_MORE = 3; // times what is usual
const USUAL = 1e-3; // of AdamW: a rule of thumb
const RATIOS = { least: 1e-5, most: 1e-1 }; // that always have room
const GRADIENTS = { least: 1e-6, most: 1e-2 };
const WORDS = {
  token_embedding: "token embedding",
  position_embedding: "position embedding",
  unembed: "unembedding",
  hidden: "hidden layer",
};

class LabUpdates extends LabChoice {
  static share = { title: "How far an update goes", table: (figure) => figure.shown && figure.numbers() };

  static properties = { shown: { state: true } }; // { rows, step }; null until it is known

  static styles = [
    LabChoice.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    table { width: 100%; border-collapse: collapse; table-layout: fixed; }
    th { font-weight: 400; text-align: left; padding: 1px 12px 1px 0; }
    thead th { font-weight: 600; padding-bottom: 2px; vertical-align: bottom; }
    thead th:first-child { width: 26%; }
    td { padding: 1px 24px 1px 0; }
    tbody tr.first > * { padding-top: 8px; }
    .cell { display: grid; grid-template-columns: minmax(0, 1fr) 5.6em; gap: 10px; align-items: center; }
    .cell b { font: 500 0.8125rem/1.5 var(--mono); text-align: right; white-space: nowrap; }
    .track { position: relative; height: 12px; background: color-mix(in oklab, var(--line) 45%, var(--panel)); border-radius: 3px; }
    .track i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--accent); }
    .muon .track i { background: var(--value); }
    .gradient .track i { background: var(--muted); }
    .track u { position: absolute; inset: -3px auto; border-left: 2px dashed var(--text); }
    .scale { position: relative; height: 1.5em; margin-right: calc(5.6em + 10px); color: var(--muted); font: 400 0.75rem/1.5 var(--mono); }
    .scale span { position: absolute; transform: translateX(-50%); }
    .scale span:first-child { transform: none; }
    .key { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 8px 0 0; padding: 0; list-style: none; color: var(--muted); }
    .key li { display: flex; align-items: center; gap: 8px; }
    .key i { width: 12px; height: 12px; border-radius: 3px; background: var(--accent); }
    .key .muon i { background: var(--value); }
    .key u { height: 14px; border-left: 2px dashed var(--text); }
    a.term { color: inherit; text-decoration: underline dotted var(--accent) 2px; }
    .caption { margin-top: 8px; }
    .said { margin-top: 12px; max-width: 66ch; text-wrap: pretty; min-height: 6em; }
    @media (max-width: 640px) {
      thead th:first-child { width: auto; }
      thead, tbody, tr, th, td { display: block; }
      thead tr > :first-child, thead .gradient, tbody .gradient { display: none; }
      tbody tr { display: grid; grid-template-columns: 8.2em minmax(0, 1fr); align-items: center; }
      thead td, td, th { padding-right: 0; }
      .cell { grid-template-columns: minmax(0, 1fr) 4.6em; }
      .scale span:nth-child(even) { display: none; }
      thead .scale { margin-left: 8.2em; margin-right: calc(4.6em + 10px); }
    }
    @media (forced-colors: active) {
      .track, .track i, .key i { forced-color-adjust: none; border: 1px solid CanvasText; }
      .track { background: Canvas; }
      .track i, .key i { background: CanvasText; }
      .muon .track i, .key .muon i { background: Highlight; }
    }
  `,
  ];

  constructor() {
    super();
    this.shown = null;
  }

  connectedCallback() {
    super.connectedCallback();
    if (!this.lab) return;
    this.asking = new Asking({
      element: this,
      lab: this.lab,
      question: () => (this.lab.state.step ? { method: "updates" } : null), // there is none before the first
      receive: (answer, step) => this.receive(answer, step),
    });
    this.asking.start();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.asking?.stop();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("settings") || !this.step) this.shown = null;
  }

  receive({ tensors }, step) {
    if (!tensors.length) return; // it goes on from what was kept, and has made no update yet
    // Shifts begin at zero, so nothing can be said of what an update is to them.
    const matrices = tensors.filter(({ shape }) => shape.length === 2);
    const rows = matrices.map((one) => ({
      ...one,
      ...nameOf(one.name),
      isMuon: this.settings.optimizer === "muon" && /^(blocks|hidden)\b/.test(one.name),
      ratio: one.weight ? one.update / one.weight : 0,
    }));
    this.shown = { rows, step };
  }

  numbers() {
    const rows = this.shown.rows.map(({ name, ratio, weight, update, gradient }) => [
      name,
      ratio,
      update,
      weight,
      gradient,
    ]);
    const of = "root mean square of the";
    return [["tensor", "update / weight", `${of} update`, `${of} weights`, `${of} gradient`], ...rows];
  }

  drawLab() {
    const { shown } = this;
    return html`<h3>How far an update goes${shown ? html`, at step ${count(shown.step)}` : nothing}</h3>
      ${
        shown
          ? this.table(shown)
          : html`<p class="caption">Nothing has been learned yet. Train to see how far each part of
        the model is moved.</p>`
      }`;
  }

  table({ rows, step }) {
    const ratios = scaleFor(
      RATIOS,
      rows.map(({ ratio }) => ratio),
    );
    const gradients = scaleFor(
      GRADIENTS,
      rows.map(({ gradient }) => gradient),
    );
    const usual = ratios.at(USUAL);
    return html`<table>
        <thead><tr><th scope="col">Weights</th><th scope="col">Update, as a part of the weights</th>
          <th scope="col" class="gradient">Gradient</th></tr>
          <tr aria-hidden="true"><td></td><td>${marks(ratios)}</td><td class="gradient">${marks(gradients)}</td></tr></thead>
        <tbody>${rows.map((row, i) => this.row(row, rows[i - 1], ratios, gradients, usual))}</tbody></table>
      <ul class="key" aria-hidden="true">${
        this.settings.optimizer === "muon"
          ? html`<li class="muon"><i></i>moved by Muon</li><li><i></i>moved by AdamW</li>`
          : nothing
      }<li><u></u>one part in ${count(Math.round(1 / USUAL))}</li></ul>
      <p class="said">${this.reading(rows, step)}</p>
      <p class="caption">Layers are counted from zero. The query, the key, the value and the output of a layer belong to
        its ${term("head", "attention heads")}, up and down to its ${term("mlp", "MLP")}; the
        ${term("unembedding", "unembedding")} makes the predictions. Muon and AdamW are
        ${term("optimizer", "optimizers")}: they make an update out of ${term("gradient", "gradients")}.</p>`;
  }

  row({ label, group, isMuon, ratio, gradient }, before, ratios, gradients, usual) {
    const isFirst = before && before.group !== group;
    return html`<tr class=${isFirst ? "first" : ""}><th scope="row">${label}</th>
      <td class=${isMuon ? "muon" : ""}>${cell(ratio, ratios, usual)}</td>
      <td class="gradient">${cell(gradient, gradients, null)}</td></tr>`;
  }

  /** What is read off. */
  reading(rows, step) {
    const ratiosOf = (isMuon) => rows.filter((one) => one.isMuon === isMuon).map(({ ratio }) => ratio);
    const [muon, adamw] = [true, false].map((one) => median(ratiosOf(one)));
    const rate = lrMultiplier(step - 1, this.settings); // of the update that was made last
    const moved =
      muon === null
        ? html`The typical matrix was moved by ${parts(adamw)}.`
        : html`Muon moved the typical matrix by ${parts(muon)}, AdamW the embeddings and the unembedding by ${parts(adamw)}.`;
    return html`${moved} With AdamW, about one part in ${count(Math.round(1 / USUAL))} is usual (the dashed line): with much
      less it takes forever, and with much more each update undoes the last.
      ${adamw > MUCH_MORE * USUAL ? "Here it is more, because large learning rates make few steps enough." : nothing}
      ${
        muon === null
          ? nothing
          : "For Muon the rule does not hold: it makes an update equally large in all directions, however small the gradient is."
      }
      ${
        rate < 1
          ? html`The learning rates are at ${percent(rate)} of their full size now${
              rate < SETTLES ? ", so that the weights settle" : nothing
            }.`
          : nothing
      }`;
  }
}

/** A word, and the way to what the glossary says about it. */
const term = (id, word) => html`<a class="term" href=${`lessons/glossary.html#${id}`}>${word}</a>`;

/** "blocks.0.query.weight" -> { label: "layer 0 query", group: "0" } */
function nameOf(name) {
  const inBlock = /^blocks\.(\d+)\.(\w+)/.exec(name);
  if (inBlock) return { label: `layer ${inBlock[1]} ${inBlock[2]}`, group: inBlock[1] };
  const first = name.split(".")[0];
  return { label: WORDS[first] ?? first, group: first };
}

/** A scale of powers of ten with room for some numbers. */
function scaleFor({ least, most }, numbers) {
  const shown = numbers.filter((one) => one > 0 && Number.isFinite(one));
  const from = Math.floor(Math.log10(Math.min(least, ...shown)));
  const to = Math.ceil(Math.log10(Math.max(most, ...shown)));
  const at = (number) => Math.max(0, Math.min(1, (Math.log10(number) - from) / (to - from)));
  return { at, decades: Array.from({ length: to - from + 1 }, (_, i) => from + i) };
}

/** The powers of ten along a scale, as many as there is room for. */
function marks({ decades }) {
  const every = Math.ceil(decades.length / 5);
  const last = decades.length - 1;
  const shown = decades.filter((_, i) => i % every === 0);
  return html`<div class="scale">${shown.map(
    (power) =>
      html`<span style=${styleMap({ left: `${(100 * (power - decades[0])) / last}%` })}>10<sup>${decimals(power, 0)}</sup></span>`,
  )}</div>`;
}

function cell(number, scale, usual) {
  const line = usual === null ? nothing : html`<u style=${styleMap({ left: `${100 * usual}%` })}></u>`;
  const width = `${100 * (number > 0 ? scale.at(number) : 0)}%`;
  return html`<span class="cell"><span class="track" aria-hidden="true"><i style=${styleMap({ width })}></i>${line}</span>
    <b>${number > 0 ? number.toPrecision(2) : "0"}</b></span>`;
}

/** 0.0041 -> "4.1 parts in 1,000" */
function parts(ratio) {
  if (!(ratio > 0)) return "nothing";
  const power = ratio >= 1e-4 ? 3 : 6;
  const n = ratio * 10 ** power;
  return `${n >= 100 ? n.toFixed(0) : Number(n.toPrecision(2))} parts in ${count(10 ** power)}`;
}

function median(numbers) {
  if (!numbers.length) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

customElements.define("lab-updates", LabUpdates);
