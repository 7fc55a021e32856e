/**
 * <head-ranking leads-to="operated"></head-ranking>
 *
 * Which heads and layers matter for the chosen token of the text above: the model reads what stands before it
 * without each of them in turn. Each can be switched off, which leads to the part of the page where it writes so;
 * alone, in a frame of another page, there is no such part, and nothing to press.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { bringIntoView, moveTo } from "../../app/address.js";
import { percentTenths } from "../../app/decimals.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { capitalized, count, inText } from "../../app/format.js";
import { near } from "../../app/near.js";
import {
  MAX_OPERATIONS,
  formatOperations,
  operationsOf,
  withOperation,
  without,
} from "../../app/operations.js";
import { effectsOnToken, indexOfToken } from "../../app/token-ablation.js";
import { tokenText } from "../../app/token-text.js";
import { END } from "../../engine/tokenizer.js";

const SHOWN = 5; // heads
const ROW = 34; // pixels
const CONTEXT = 8; // tokens before the one that is asked about

class HeadRanking extends Figure {
  static share = {
    title: "Which heads matter for a token",
    table: ({ isReady, result, key }) => isReady && result?.key === key && numbers(result),
  };

  static properties = {
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page; none where the figure stands alone
    position: { from: "store", type: Number },
    operations: { from: "store", type: String },
    request: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    result: { state: true }, // { key, before, heads, layers, milliseconds }
    progress: { state: true }, // [parts that are done, all of them]
    showsAll: { state: true },
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; overflow-wrap: anywhere; }
    code { font: 600 1em var(--mono); }
    .where { font: 400 1.0625rem/1.5 var(--serif); margin: 4px 0; overflow-wrap: anywhere; }
    .where b { box-shadow: 0 0 0 2px var(--chosen); border-radius: 3px; font-weight: 400; }
    .list { margin-top: 8px; }
    .all { max-height: 420px; overflow-y: auto; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    th, td { font-weight: 400; text-align: left; padding: 0 4px; height: 34px; }
    thead th { color: var(--muted); height: 28px; }
    .part { width: 5em; } th { white-space: nowrap; } .p { width: 5.8em; text-align: right; white-space: nowrap; } .switch { width: 6.6em; text-align: right; }
    tbody + .parts::before { content: ""; display: block; height: 8px; }
    td button { min-height: 30px; padding: 0 10px; border-radius: 15px; white-space: nowrap; }
    .bar { position: relative; display: block; height: 10px; border: 1px solid var(--line); border-radius: 3px; overflow: hidden; }
    .whole th, .whole .p { font-weight: 600; }
    .bar i { position: absolute; inset: 0 auto 0 0; }
    .bar .lost { background: color-mix(in oklab, var(--warning) 45%, var(--panel)); }
    .bar .left { background: var(--accent); }
    .row { margin-top: 8px; } .row button { min-height: 36px; padding: 4px 14px; }
    @media print { .switch, .row button { display: none; } .all { max-height: none; } }
    @media (forced-colors: active) { .where b { outline: 2px solid; } .bar i { forced-color-adjust: none; } .bar .left { background: Highlight; } .bar .lost { background: GrayText; } }
  `,
  ];

  load() {
    return true;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
    this.asked = null;
  }

  get ids() {
    return [...this.promptIds, ...this.tokens.map(({ id }) => id)];
  }

  /** The index of the token that is asked about: the chosen one, if there is one; null if there is nothing. */
  get index() {
    return indexOfToken(this.position, this.promptIds, this.tokens, this.run.vocab);
  }

  get isReady() {
    return Boolean(this.run && this.request?.run === this.run && this.index !== null);
  }

  get key() {
    const { model, ids, index } = this;
    return JSON.stringify([model.run.name, model.step, ids.slice(0, index + 1)]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!this.isReady || this.isWriting || this.key === this.asked) return;
    this.asked = this.key;
    this.controller?.abort();
    this.controller = new AbortController();
    this.failure = null;
    this.progress = null;
    this.find(this.key, this.controller.signal);
  }

  async find(key, signal) {
    const { model, ids, index } = this;
    try {
      await near(this, signal);
      const onProgress = (...progress) => {
        this.progress = progress;
      };
      const found = await effectsOnToken(model, ids, index, { signal, onProgress });
      this.result = { key, ...found };
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  draw() {
    if (this.failure) return errorBox(this.failure);
    if (!this.isReady)
      return html`<h3>Which heads matter for a token</h3><p class="caption">There is no text yet.</p>`;
    const { vocab } = this.run;
    const { ids, index } = this;
    const start = vocab[ids[0]] === END ? 1 : 0; // every text begins with it
    const from = Math.max(start, index - CONTEXT);
    const before = ids.slice(from, index).map((id) => inText(vocab[id]));
    return html`<h3>Which heads matter for <code dir="auto">${tokenText(vocab[ids[index]])}</code></h3>
      <p class="caption">How likely the model thinks this token here, and how likely without each of its parts.
        ${this.leadsTo ? "Choose another token in the text at the top." : nothing}</p>
      <p class="where" dir="auto">${from > start ? "… " : ""}${before.join("")}<b>${inText(vocab[ids[index]])}</b></p>
      ${this.result?.key === this.key ? this.found(this.result) : this.waiting()}`;
  }

  waiting() {
    const { n_layer, n_head } = this.run.manifest.settings;
    const [done, all] = this.progress ?? [0, 0];
    const rows = Math.min(SHOWN, n_layer * n_head) + n_layer;
    return html`<div class="list" aria-busy=${String(Boolean(this.progress))}
      style=${styleMap({ "min-height": `${ROW * rows + 120}px` })}><p class="caption">${
        all ? `${count(done)} of ${count(all)} parts have been tried …` : "…"
      }</p></div>`;
  }

  found({ before, heads, layers, milliseconds }) {
    const shown = this.showsAll ? heads : heads.slice(0, SHOWN);
    const bar = (after) => this.bar(before, after);
    const row = (one) => this.listed(one, bar);
    return html`<div class=${`list ${this.showsAll ? "all" : ""}`} role="group" tabindex=${this.showsAll ? "0" : nothing} aria-label="Heads and layers, by how much this token needs them">
      <table><thead><tr><th scope="col" class="part">switched off</th><td class="bars"></td>
        <th scope="col" class="p">probability</th>${this.leadsTo ? html`<td class="switch"></td>` : nothing}</tr></thead>
        <tbody class="whole"><tr><th scope="row">nothing</th><td>${bar(before)}</td>
          <td class="p">${percentTenths(before)}</td>${this.leadsTo ? html`<td class="switch"></td>` : nothing}</tr></tbody>
        <tbody class="parts">${shown.map(row)}</tbody>
        <tbody class="parts">${layers.map(row)}</tbody></table></div>
      <div class="row">${
        heads.length > SHOWN
          ? html`<button aria-pressed=${String(Boolean(this.showsAll))} @click=${() => (this.showsAll = !this.showsAll)}>All
              ${count(heads.length)} heads</button>`
          : nothing
      }${
        this.leadsTo && this.chosen.length
          ? html`<button @click=${() => moveTo(this.leadsTo)}>To the result</button>`
          : nothing
      }<span class="caption">${count(heads.length + layers.length)} parts in ${count(Math.ceil(milliseconds))} ms.
        This is one prediction: other tokens may need other heads.</span></div>`;
  }

  /** How much of the probability is left, and how much is lost: bars go from 0 to 100%. */
  bar(before, after) {
    const width = (part) => styleMap({ width: `${100 * part}%` });
    return html`<span class="bar" aria-hidden="true"><i class="lost" style=${width(before)}></i><i
      class="left" style=${width(after)}></i></span>`;
  }

  listed({ operation, after }, bar) {
    const { head, layer } = operation;
    const name = operation.kind === "head" ? `head ${head}` : `layer ${layer}`;
    return html`<tr><th scope="row">${name}</th><td>${bar(after)}</td><td class="p">${percentTenths(after)}</td>${
      this.leadsTo ? this.switchOf(operation, name) : nothing
    }</tr>`;
  }

  switchOf(operation, name) {
    const isOff = this.has(operation);
    return html`<td class="switch"><button aria-label=${`${capitalized(isOff ? "switch on" : "switch off")} ${name}`}
      @click=${() => this.toggle(operation)}>${isOff ? "Switch on" : "Switch off"}</button></td>`;
  }

  get chosen() {
    return operationsOf(this.run, this.operations);
  }

  has(operation) {
    return formatOperations(this.chosen)
      .split("_")
      .includes(formatOperations([operation]));
  }

  /** Switch a part off or on, and see what the model writes then. */
  toggle(operation) {
    const { chosen } = this;
    const operations = this.has(operation) ? without(chosen, operation) : withOperation(chosen, operation);
    if (operations.length > MAX_OPERATIONS) return;
    this.store.set({ operations: formatOperations(operations) || null, position: this.index }); // it stays this token
    bringIntoView(this.leadsTo);
  }
}

/** The probability of the token by the whole model, and without each part. */
function numbers({ before, heads, layers }) {
  const part = ({ kind, head, layer }) => (kind === "head" ? `head ${head}` : `layer ${layer}`);
  const rows = [...heads, ...layers].map(({ operation, after }) => [part(operation), after]);
  return [["switched off", "probability"], ["nothing", before], ...rows];
}

customElements.define("head-ranking", HeadRanking);
