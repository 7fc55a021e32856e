/**
 * <sample-by-hand> <template data-words>…</template> </sample-by-hand>
 *
 * How the next token is drawn at one place of a text: the likeliest tokens as bars, temperature, top-k and top-p as
 * handles, the token that a seed draws, a hundred draws as dots, and what the model writes after the drawn token with
 * the same handles. Logits are those of the model; the rest is computed here, with the sampler that also writes
 * (engine/sample.js). Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { percentTenths } from "../../app/decimals.js";
import { inText, percent, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { tokenizerOf } from "../../app/forward-pass.js";
import { wordsOf } from "../../app/page-words.js";
import { makeRng, pick, ranking, samplingProbs } from "../../engine/sample.js";
import { END } from "../../engine/tokenizer.js";

const SHOWN = 9; // tokens that have a bar of their own
const DRAWS = 100;
const LIKELIEST = [1, 2, 3, 5, 10, 20, 50, 0]; // how many may be kept; 0: all
const READ = 70; // characters of the text that are shown, about
const WRITTEN = 40; // tokens that are written after a place, at most
const SHARPER = 0.5; // the temperature at which the likeliest token gains most where a reader begins

class SampleByHand extends ForwardPassFigure {
  static properties = {
    temperature: { state: true },
    topK: { state: true },
    topP: { state: true },
    seed: { state: true },
    hasHundred: { state: true }, // whether a hundred draws are shown
    written: { state: true }, // { head, tokens, isComplete }: what was written with the handles as they were then
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    css`
    .text { font: 400 1.1875rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; min-height: 1.6em; flex: 1 1 20em; }
    .gap { display: inline-block; min-width: 3em; border-bottom: 3px solid var(--chosen); text-align: center; }
    .place { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: start; }
    .place .row { gap: 4px; }
    .place button { min-height: 36px; padding: 2px 14px; }
    .desk { display: grid; gap: 16px 40px; margin-top: 8px;
            grid-template: "bars handles" auto "bars actions" 1fr / minmax(0, 1fr) minmax(0, 21rem); }
    .handles { grid-area: handles; display: grid; gap: 12px; align-content: start; }
    .handle { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; color: var(--text); align-items: center; }
    .handle b { font-weight: 600; text-align: right; }
    .handle input { grid-column: 1 / -1; width: 100%; height: 32px; margin: 0; accent-color: var(--accent); cursor: pointer; }
    .handle small { grid-column: 1 / -1; font-size: inherit; color: var(--muted); }
    .actions { grid-area: actions; }
    .verdict { min-height: 4.5em; margin-top: 8px; }
    .written { border-top: 1px solid var(--line); margin-top: 8px; padding-top: 8px; }
    .written .text { font-size: 1.0625rem; min-height: 4.8em; }
    .written .text span { color: var(--muted); }
    table { grid-area: bars; border-collapse: collapse; width: 100%; table-layout: fixed; align-self: start; }
    caption { text-align: left; padding-bottom: 4px; }
    th { width: 7.5em; font: 400 1em/1.5 var(--mono); text-align: right; padding: 2px 12px 2px 0; white-space: pre; overflow: hidden;
         text-overflow: ellipsis; vertical-align: top; }
    th.rest { font-family: var(--sans); color: var(--muted); }
    td { padding: 2px 0 4px; vertical-align: top; line-height: 1.5; }
    td.p { width: 4.4em; padding-left: 10px; }
    td.n { width: 2.2em; text-align: right; color: var(--chosen); font-weight: 600; }
    .bar { position: relative; height: 1.5em; border-radius: 4px; background: var(--background); overflow: hidden; }
    .bar i { position: absolute; inset: 0 auto 0 0; transition: width 150ms ease-out;
             background: color-mix(in oklab, var(--accent) 55%, var(--panel)); }
    .bar u { position: absolute; inset: 0 auto; width: 2px; margin-left: -1px; background: var(--text); }
    .dots { display: block; height: 7px; background: radial-gradient(circle, var(--chosen) 55%, transparent 60%) 0 50% / 1px 100%; }
    tr.is-cut :is(th, td.p) { color: var(--muted); }
    tr.is-cut u { opacity: .5; }
    tr.is-drawn th { color: var(--chosen); font-weight: 700; }
    tr.is-drawn .bar { box-shadow: inset 0 0 0 2px var(--chosen); }
    @media (forced-colors: active) {
      .bar i, .bar u, .dots { forced-color-adjust: none; }
      .bar { border: 1px solid CanvasText; }
    }
    @media (max-width: 1000px) {
      .desk { grid-template-columns: minmax(0, 1fr) minmax(0, 15rem); column-gap: 24px; }
      .handle small { display: none; }
      .text { min-height: 3.2em; }
    }
    @media (max-width: 640px) {
      .text { font-size: 1.0625rem; line-height: 1.4; min-height: 4.2em; flex-basis: 100%; }
      .desk { grid-template: "handles" auto "bars" auto "actions" auto / minmax(0, 1fr); gap: 8px; }
      .handles { gap: 0; }
      .handle { grid-template-columns: 6.2em minmax(0, 1fr) 2.8em; }
      .handle input { grid-area: 1 / 2; }
      .handle b { grid-area: 1 / 3; }
      th { width: 6.4em; padding-right: 8px; }
      th.rest { font-size: 0.875em; }
      td.p { width: 3.8em; padding-left: 6px; }
      .verdict { min-height: 3em; }
    }
  `,
  ];

  constructor() {
    super();
    this.seed = 1;
    this.hasHundred = false;
    this.written = null;
    this.reset();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stopWriting();
  }

  /** Draws belong to a place: at another one, or in another text, nothing has been drawn yet. */
  willUpdate(changed) {
    super.willUpdate(changed);
    if (!changed.has("pass") && !changed.has("position")) return;
    this.hasHundred = false;
    this.stopWriting();
    this.written = null;
  }

  stopWriting() {
    this.controller?.abort();
  }

  /** As the model says it: every token counts, with its own probability. */
  reset() {
    Object.assign(this, { temperature: 1, topK: 0, topP: 1 });
  }

  load(_run) {
    this.say = wordsOf(this);
    return true;
  }

  /** The logits (V) for the chosen place. */
  get logits() {
    return this.logitsAt(this.shownPosition);
  }

  logitsAt(position) {
    const V = this.run.vocab.length;
    return this.pass.logits.slice((position - 1) * V, position * V);
  }

  /** Where a reader begins: the place that the model wrote at which a lower temperature does most. */
  get firstPosition() {
    if (this.begun?.pass !== this.pass) this.begun = { pass: this.pass, position: this.liveliest() };
    return this.begun.position;
  }

  liveliest() {
    const { promptLength, lastPosition } = this.pass;
    const n = Math.max(1, lastPosition - promptLength);
    const gains = Array.from({ length: n }, (_, i) => sharpening(this.logitsAt(promptLength + i)));
    return promptLength + gains.indexOf(Math.max(...gains));
  }

  /** What is shown of a place: the model's own probabilities, those to draw with, and what is drawn. */
  drawnHere() {
    const { temperature, topK, topP, logits } = this;
    const own = samplingProbs(logits);
    const tempered = samplingProbs(logits, { temperature });
    const p = samplingProbs(logits, { temperature, topK, topP });
    const rng = makeRng(this.seed);
    const drawn = Array.from({ length: DRAWS }, () => pick(p, rng()));
    const order = ranking(logits);
    return { own, tempered, p, drawn, shown: order.slice(0, SHOWN), rest: order.slice(SHOWN) };
  }

  draw() {
    const here = this.drawnHere();
    return html`${this.place()}
      <div class="desk"><div class="handles">${this.handles()}</div>${this.bars(here)}
        <div class="actions"><div class="row"><button class="primary" @click=${this.drawAgain}>${this.say("draw")}</button>
          <button @click=${this.drawHundred}>${this.say(this.hasHundred ? "another-hundred" : "hundred")}</button>
          <button ?disabled=${this.isFull} @click=${this.write}>${this.say("write")}</button>
          <button @click=${this.reset}>${this.say("reset")}</button></div>
        <p class="verdict" role="status">${this.verdict(here)}</p></div></div>
      ${this.written ? this.continuation(this.written) : nothing}`;
  }

  drawAgain() {
    this.seed++;
  }

  drawHundred() {
    if (this.hasHundred) this.seed++;
    this.hasHundred = true;
  }

  /** Whether the context has no room for another token. */
  get isFull() {
    return this.shownPosition >= this.run.manifest.settings.n_ctx;
  }

  /** Go on after this place, with the handles as they are: the first token is the one that was drawn. */
  async write() {
    this.stopWriting();
    this.controller = new AbortController();
    const { signal } = this.controller;
    const { seed, temperature, topK, topP, run, pass } = this;
    const head = this.say("written", { seed, ...this.shownHandles() });
    this.written = { head, tokens: [], isComplete: false };
    const onProgress = (more) => {
      if (signal.aborted) return;
      const tokens = [...this.written.tokens, ...more.map(({ id }) => run.vocab[id])];
      this.written = { ...this.written, tokens };
    };
    const ids = Array.from(pass.ids.slice(0, this.shownPosition));
    const { end } = tokenizerOf(run);
    const sampling = { temperature, topK, topP };
    try {
      await pass.model.generate({ ids, sampling, seed, tokens: WRITTEN, end }, { signal, onProgress });
      if (!signal.aborted) this.written = { ...this.written, isComplete: true };
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** Read aloud once it is complete. */
  continuation({ head, tokens, isComplete }) {
    return html`<div class="written" role="status" aria-busy=${String(!isComplete)}><p class="caption">${head}</p>
      <p class="text" dir="auto"><span>${this.textBefore()}</span>${tokens.map(inText).join("")}</p></div>`;
  }

  /** The text up to the place, and ways to other places. */
  place() {
    const { lastPosition } = this.pass;
    const position = this.shownPosition;
    return html`<div class="place"><p class="text" dir="auto">${this.textBefore()}<span class="gap">?</span></p>
      <div class="row" role="group" aria-label=${this.say("place")}>
        <button ?disabled=${position <= 1} @click=${() => this.goTo(position - 1)}>${this.say("earlier")}</button>
        <button ?disabled=${position >= lastPosition} @click=${() => this.goTo(position + 1)}>${this.say("later")}</button>
      </div></div>`;
  }

  /** What stands before the place, or its last tokens. */
  textBefore() {
    const tokens = Array.from(this.pass.ids.slice(0, this.shownPosition), (id) => this.run.vocab[id]);
    const read = tokens[0] === END ? tokens.slice(1) : tokens;
    let shown = "";
    let n = 0;
    while (n < read.length && shown.length < READ) shown = read.at(-++n) + shown;
    return n < read.length ? `… ${shown.trimStart()}` : shown;
  }

  goTo(position) {
    this.store.set({ position });
  }

  /** Where the handles are, as it is written. */
  shownHandles() {
    return {
      temperature: this.temperature.toFixed(1),
      topK: this.topK ? String(this.topK) : this.say("all"),
      topP: percent(this.topP),
    };
  }

  handles() {
    const { temperature, topK, topP } = this.shownHandles();
    return [
      this.handle("temperature", temperature, { min: 0, max: 2, step: 0.1 }),
      this.handle("topK", topK, {
        max: LIKELIEST.length - 1,
        value: LIKELIEST.indexOf(this.topK),
        choose: (i) => (this.topK = LIKELIEST[i]),
      }),
      this.handle("topP", topP, { min: 0.05, step: 0.05 }),
    ];
  }

  handle(name, shown, { min = 0, max = 1, step = 1, value = this[name], choose = null }) {
    const take = choose ?? ((number) => (this[name] = number));
    return html`<label class="handle"><span>${this.say(name)}</span><b>${shown}</b>
      <input type="range" data-handle=${name} min=${min} max=${max} step=${step} .value=${String(value)}
        aria-valuetext=${shown} @input=${({ target }) => take(Number(target.value))}>
      <small>${this.say(`about-${name}`)}</small></label>`;
  }

  bars(here) {
    const { own, tempered, p, drawn, shown, rest } = here;
    const isCut = (id) => p[id] === 0 && tempered[id] > 0;
    const rows = shown.map((id) =>
      this.row({
        name: tokenText(this.run.vocab[id]),
        own: own[id],
        p: p[id],
        n: drawn.filter((one) => one === id).length,
        isDrawn: drawn[0] === id,
        isCut: isCut(id),
      }),
    );
    if (rest.length) rows.push(this.restRow(here, rest.every(isCut)));
    return html`<table><caption class="caption">${this.say("bars")}</caption><tbody>${rows}</tbody></table>`;
  }

  /** All the tokens that have no bar of their own. */
  restRow({ own, p, drawn, rest }, isCut) {
    const ids = new Set(rest);
    const sum = (numbers) => rest.reduce((total, id) => total + numbers[id], 0);
    return this.row({
      name: this.say("rest", { n: rest.length }),
      own: sum(own),
      p: sum(p),
      n: drawn.filter((id) => ids.has(id)).length,
      isDrawn: ids.has(drawn[0]),
      isCut,
      isRest: true,
    });
  }

  row({ name, own, p, n, isDrawn, isCut, isRest = false }) {
    const kinds = [isCut ? "is-cut" : "", isDrawn ? "is-drawn" : ""].join(" ");
    const dots = { width: `${n}%`, "background-size": `${100 / Math.max(1, n)}% 100%` };
    return html`<tr class=${kinds}><th scope="row" class=${isRest ? "rest" : ""}>${name}</th>
      <td><div class="bar"><i style=${styleMap({ width: `${100 * p}%` })}></i><u style=${styleMap({
        left: `${100 * own}%`,
      })}></u></div><i class="dots" style=${styleMap(this.hasHundred ? dots : { width: "0" })}></i></td>
      <td class="p">${isCut ? this.say("cut") : percentTenths(p)}</td>
      <td class="n">${this.hasHundred ? n : nothing}</td></tr>`;
  }

  verdict({ p, drawn, tempered }) {
    const [id] = drawn;
    const token = showWhitespace(this.run.vocab[id]);
    const left = p.filter((one) => one > 0).length;
    const isCut = left < tempered.filter((one) => one > 0).length;
    const drawnNow = this.say("drawn", { seed: this.seed, token, p: percentTenths(p[id]) });
    return isCut ? `${drawnNow} ${this.say("left", { n: left, of: p.length })}` : drawnNow;
  }
}

/** How much the likeliest token gains at a lower temperature. @param {Float32Array} logits */
function sharpening(logits) {
  const largest = (p) => p.reduce((most, one) => Math.max(most, one));
  return largest(samplingProbs(logits, { temperature: SHARPER })) - largest(samplingProbs(logits));
}

customElements.define("sample-by-hand", SampleByHand);
