/**
 * <token-ranking></token-ranking>
 *
 * All tokens that might have stood at the chosen position of a text, the likeliest first: how likely the model
 * thought each, and how often it would be drawn with the present settings. Another one can be taken: the text
 * goes on from there. Or somebody picks every token, and sees what that costs in bits.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { formatBranch, parseBranch, reroll, take } from "../../app/branch.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { count, percent, showWhitespace, spoken } from "../../app/format.js";
import { softmax } from "../../engine/kernel.js";
import { ranking, samplingProbs } from "../../engine/sample.js";
import { END } from "../../engine/tokenizer.js";

const SHOWN = 10;
const bits = (nats) => nats / Math.LN2;

class TokenRanking extends Figure {
  static share = {
    title: "What might stand at a position",
    table: (figure) => figure.logits && !figure.picks && figure.numbers(),
  };

  static properties = {
    position: { from: "store", type: Number },
    temperature: { from: "store", type: Number },
    topK: { from: "store", type: Number },
    topP: { from: "store", type: Number },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    logits: { state: true }, // of what might stand there (V); null until they are known
    failure: { state: true },
    showsAll: { state: true },
    hasDigits: { state: true },
    picks: { state: true }, // whether somebody picks every token
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; min-height: 1.5em; overflow-wrap: anywhere; }
    h3 code, .token { font: 400 1em var(--mono); }
    h3 code { font-weight: 600; }
    .list.row { align-content: flex-start; margin: 0; }
    .list { overflow-y: auto; max-height: 420px; min-height: 340px; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    th, td { font-weight: 400; text-align: left; padding: 0 4px; height: 30px; }
    thead th { color: var(--muted); position: sticky; top: 0; background: var(--panel); }
    .first { width: 8.5em; } .number { width: 4.8em; text-align: right; } .digits .number { width: 6.6em; }
    .take { width: 4.2em; }
    @media (max-width: 640px) { .first { width: 5.8em; } .number { width: 4.4em; } }
    .token { overflow: hidden; text-overflow: ellipsis; white-space: pre; }
    .bar { display: block; height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; background: var(--accent); }
    .never { color: var(--muted); }
    .here { box-shadow: inset 0 0 0 2px var(--chosen); border-radius: 6px; }
    .here .token { font-weight: 700; color: var(--chosen); }
    td button { min-height: 28px; padding: 0 10px; border-radius: 14px; }
    .others td, .others th { color: var(--muted); }
    .row { margin-top: 8px; gap: 8px; }
    .row button { padding: 4px 14px; }
    .score { margin-top: 8px; min-height: 3em; max-width: 66ch; }
    .score b { font-weight: 600; }
  `,
  ];

  load() {
    return true;
  }

  /** The position that is shown: the end of the text while somebody picks, and where none is chosen. */
  get shownPosition() {
    const end = this.promptIds.length + this.tokens.length;
    return this.picks || !this.position ? end : Math.min(this.position, end);
  }

  get ids() {
    return [...this.promptIds, ...this.tokens.map(({ id }) => id)];
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const names = ["position", "model", "promptIds", "tokens", "isWriting", "picks"];
    if (this.run && this.model && !this.isWriting && names.some((name) => changed.has(name))) this.look();
  }

  /** What the logits depend on: a model, and what it has read. */
  get place() {
    const { step, run } = this.model;
    return JSON.stringify([step, run.name, this.ids.slice(0, this.shownPosition)]);
  }

  /** Whether what is shown belongs to another place, and is about to change. */
  get isStale() {
    return this.known !== this.place;
  }

  /** Ask the model what it expected at this position. */
  async look() {
    const before = this.ids.slice(0, this.shownPosition);
    const { place } = this;
    if (place === this.asked || !before.length) return;
    this.asked = place;
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    try {
      const logits =
        before.length <= this.run.manifest.settings.n_ctx
          ? await this.model.nextLogits(before, { signal })
          : null;
      this.failure = null;
      this.logits = logits;
      this.known = place;
    } catch (error) {
      if (signal.aborted) return;
      this.asked = null;
      this.failure = error;
    }
  }

  draw() {
    if (this.failure) return errorBox(this.failure);
    if (!this.logits || !this.promptIds.length)
      return html`<div class="list"><p class="caption" aria-busy="true">…</p></div>`;
    return html`${this.heading()}${this.picks ? this.candidates() : this.table()}${this.actions()}
      <p class="score" role="status">${this.picks ? this.score() : nothing}</p>`;
  }

  heading() {
    const before = this.ids[this.shownPosition - 1];
    const name = html`<code dir="auto">${showWhitespace(this.run.vocab[before])}</code>`;
    return html`<h3>${this.picks ? html`Which comes after ${name}?` : html`What might stand after ${name}`}</h3>`;
  }

  table() {
    const p = softmax(this.logits);
    const drawn = samplingProbs(this.logits, this);
    const order = ranking(p);
    const shown = this.showsAll ? order : order.slice(0, SHOWN);
    const here = this.ids[this.shownPosition];
    if (here !== undefined && !shown.includes(here)) shown.push(here);
    const rest = 1 - shown.reduce((sum, id) => sum + p[id], 0);
    return html`<div class="list" tabindex="0" role="group" aria-busy=${String(this.isStale)} aria-label="All tokens, the likeliest first"><table
        class=${this.hasDigits ? "digits" : ""}>
      <thead><tr><th scope="col" class="first">token</th><td></td>
        <th scope="col" class="number" aria-label="probability">model</th>
        <th scope="col" class="number" aria-label="chance of being drawn">draw</th>
        <td class="take"></td></tr></thead>
      <tbody>${shown.map((id) => this.row(id, p[id], drawn[id], id === here))}</tbody>
      ${
        shown.length < order.length
          ? html`<tfoot><tr class="others"><th scope="row" colspan="2">the other ${count(order.length - shown.length)}
              together</th><td class="number">${this.number(Math.max(0, rest))}</td><td></td><td></td></tr></tfoot>`
          : nothing
      }</table></div>`;
  }

  /** All tokens, the likeliest first. */
  numbers() {
    const p = softmax(this.logits);
    const drawn = samplingProbs(this.logits, this);
    const { vocab } = this.run;
    return [
      ["rank", "token", "id", "probability", "chance of being drawn"],
      ...ranking(p).map((id, i) => [i + 1, vocab[id], id, p[id], drawn[id]]),
    ];
  }

  row(id, p, drawn, isHere) {
    const token = this.run.vocab[id];
    const seen = showWhitespace(token);
    return html`<tr class=${`${isHere ? "here" : ""} ${drawn ? "" : "never"}`}>
      <th scope="row" class="token" dir="auto" title=${seen}
        aria-label=${`${spoken(token)}${isHere ? ", in the text" : ""}`}>${seen}</th>
      <td><i class="bar" style=${styleMap({ width: `${100 * p}%` })}></i></td>
      <td class="number">${this.number(p)}</td><td class="number">${drawn ? this.number(drawn) : "never"}</td>
      <td>${
        isHere || !this.isWritten
          ? nothing
          : html`<button aria-label=${`Take ${spoken(token)}`} @click=${() => this.take(id)}>take</button>`
      }</td></tr>`;
  }

  /** Whether the model writes at this position: not in the prompt, nor where its context ends. */
  get isWritten() {
    const { n_ctx } = this.run.manifest.settings;
    return this.shownPosition >= this.promptIds.length && this.shownPosition < n_ctx;
  }

  number(p) {
    return this.hasDigits ? `${(100 * p).toFixed(6)}%` : precisePercent(p);
  }

  actions() {
    const isGiven = this.shownPosition < this.promptIds.length;
    const isInText = this.isWritten && this.shownPosition < this.ids.length;
    return html`${isGiven ? html`<p class="caption">This is your beginning: change it in its field.</p>` : nothing}<div class="row">
      <button aria-pressed=${String(Boolean(this.showsAll))} @click=${() => (this.showsAll = !this.showsAll)}>All ${count(this.run.vocab.length)}</button>
      ${
        this.picks
          ? nothing
          : html`<button aria-pressed=${String(Boolean(this.hasDigits))} @click=${() => (this.hasDigits = !this.hasDigits)}>Six digits</button>
            <button ?disabled=${!isInText} @click=${this.reroll}>Other luck from here</button>
            <button ?disabled=${!isInText} @click=${this.cut}>Cut here and edit</button>`
      }
      <button aria-pressed=${String(Boolean(this.picks))} @click=${this.togglePicks}>Pick every token yourself</button>
    </div>`;
  }

  get branch() {
    return parseBranch(this.store.state.branch);
  }

  take(id) {
    if (this.isStale) return; // the list is about to change under the finger
    const at = this.shownPosition - this.promptIds.length;
    const branch = formatBranch(take(this.branch, at, id));
    if (this.picks) this.store.set({ branch, length: at + 1 });
    else this.store.set({ branch, position: this.shownPosition });
    // The button is gone: who pressed it goes on here.
    this.renderRoot.querySelector(".list").focus();
  }

  reroll() {
    const at = this.shownPosition - this.promptIds.length;
    const used = [this.store.state.seed, ...this.branch.map(({ seed }) => seed ?? 0)];
    const branch = formatBranch(reroll(this.branch, at, Math.max(...used) + 1));
    this.store.set({ branch, position: this.shownPosition });
  }

  /** What stands before the chosen token becomes the beginning, with the token itself: to be edited. */
  cut() {
    const { vocab } = this.run;
    const start = vocab[this.promptIds[0]] === END ? 1 : 0;
    this.store.set({
      text: this.ids
        .slice(start, this.shownPosition + 1)
        .map((id) => vocab[id])
        .join(""),
    });
  }

  togglePicks() {
    this.picks = !this.picks;
    this.store.set({ branch: null, position: null, length: this.picks ? 0 : null });
  }

  /** The likeliest tokens, in an order that does not give them away. */
  candidates() {
    const order = ranking(this.logits);
    const shown = (this.showsAll ? order : order.slice(0, SHOWN)).map((id) => [this.run.vocab[id], id]);
    shown.sort(([a], [b]) => (a < b ? -1 : 1));
    return html`<div class="list row" tabindex="-1" role="group" aria-busy=${String(this.isStale)} aria-label="Tokens to choose from">${shown.map(
      ([token, id]) => html`<button dir="auto" class="token" aria-label=${spoken(token)}
        @click=${() => this.take(id)}>${showWhitespace(token)}</button>`,
    )}</div>`;
  }

  /** What somebody's tokens cost, against what the model's own would. */
  score() {
    const { tokens } = this;
    if (!tokens.length) {
      return `These are the ${SHOWN} likeliest in alphabetical order. Take the one that you expect: afterwards you
        hear what the model thought of it.`;
    }
    const sum = (cost) => bits(tokens.reduce((total, one) => total + cost(one), 0)).toFixed(1);
    const { id, p, top } = tokens.at(-1);
    const best =
      top[0].id === id
        ? "It was the likeliest."
        : html`The likeliest was
      <code dir="auto">${showWhitespace(this.run.vocab[top[0].id])}</code>, ${percent(top[0].p)}.`;
    return html`You took <code dir="auto">${showWhitespace(this.run.vocab[id])}</code>: ${percent(p)}. ${best}
      <b>${count(tokens.length)} ${tokens.length === 1 ? "token" : "tokens"} for
      ${sum((one) => -Math.log(one.p))} bits</b>. If the model draws by its own probabilities, they cost
      ${sum((one) => one.entropy)} on average; the likeliest ones, ${sum((one) => -Math.log(one.top[0].p))}.`;
  }
}

customElements.define("token-ranking", TokenRanking);
