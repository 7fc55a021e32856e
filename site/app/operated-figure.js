/**
 * The base class of figures that show what operations do: how likely a token is to the whole model, to the one that
 * is operated on and to controls, and what these write. All of it is computed by app/operated.js, once somebody is
 * near.
 */
import { css, html, nothing, styleMap } from "../vendored/lit.js";
import { moveTo } from "./address.js";
import { percentTenths } from "./decimals.js";
import { isDirection, judge } from "./control.js";
import { Figure } from "./figure.js";
import { capitalized, count, inText, percent, spoken } from "./format.js";
import { near } from "./near.js";
import { describe, formatOperations, without } from "./operations.js";
import { divergence } from "./seed-counts.js";
import { indexOfToken } from "./token-ablation.js";
import { tokenText } from "./token-text.js";
import { END } from "../engine/tokenizer.js";

export const PANES = ["untouched", "operated", "control"];
export const TITLES = { untouched: "Untouched", operated: "Operated", control: "Control" };
const CONTEXT = 8; // tokens before the one that is asked about

export class OperatedFigure extends Figure {
  /** @type {Object<string, object>} */
  static properties = {
    position: { from: "store", type: Number },
    controlSeed: { from: "store", type: Number },
    request: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    key: { from: "operated", attribute: false },
    chosen: { from: "operated", attribute: false },
    possible: { from: "operated", attribute: false },
    compared: { from: "operated", attribute: false },
    written: { from: "operated", attribute: false },
    finished: { from: "operated", attribute: false },
    writeError: { from: "operated", attribute: false },
    question: { state: true }, // { before, id, why }: see ask()
    effect: { state: true }, // { asked, untouched, operated, controls }
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; overflow-wrap: anywhere; }
    code { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    .where { font: 400 1.0625rem/1.5 var(--serif); margin: 4px 0 12px; overflow-wrap: anywhere; }
    .where b { box-shadow: 0 0 0 2px var(--chosen); border-radius: 3px; font-weight: 400; }
    .chances { display: grid; gap: 4px 32px; grid-template-columns: repeat(3, minmax(0, 1fr)); margin: 0; }
    .chances > div { display: grid; grid-row: span 4; grid-template-rows: subgrid; grid-template-columns: minmax(0, 1fr); }
    .chances dt { color: var(--muted); } .chances dd { margin: 0; }
    .chances dd.p { font: 600 1.75rem/1.2 var(--sans); }
    .chances .range { color: var(--muted); min-height: 1.5em; }
    .bar { position: relative; height: 12px; border: 1px solid var(--line); border-radius: 4px; margin: 4px 0; }
    .bar i { position: absolute; inset: 0 auto 0 0; background: var(--accent); border-radius: 3px; }
    .bar b { position: absolute; inset: -4px auto; width: 2px; margin-left: -1px; background: var(--text); }
    .judged { font-weight: 600; margin-top: 12px; }
    .judged, .why { max-width: 80ch; }
    .result.stale { opacity: 0.5; }
    .result { min-height: 12em; }
    @media (max-width: 640px) {
      .chances { gap: 8px; grid-template-columns: minmax(0, 1fr); }
      .chances > div { grid-template: auto auto / minmax(0, 1fr) 5.75rem; grid-row: auto; gap: 0 12px; align-items: center; }
      .chances dt { grid-column: 1; margin-bottom: 6px; } .chances dd.p { grid-area: 1 / 2 / 3; font-size: 1.25rem; text-align: right; }
      .chances .range { grid-column: 1 / -1; min-height: 0; }
      .result { min-height: 20em; }
    }
    @media (forced-colors: active) {
      .where b { outline: 2px solid; } .bar :is(i, b) { forced-color-adjust: none; }
      .bar i { background: Highlight; } .bar b { background: CanvasText; }
    }
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

  /** Whether what is asked for belongs to the run that is shown: of another one, it is about to change. */
  get isReady() {
    return Boolean(
      this.run && this.data && this.request?.run === this.run && this.promptIds.length && this.key,
    );
  }

  /** Whether there is anything to show. */
  get isWanted() {
    return this.chosen.length > 0;
  }

  /** The index of the token that is asked about; null if there is none. */
  get index() {
    return indexOfToken(this.position, this.promptIds, this.tokens, this.run.vocab);
  }

  get ids() {
    return [...this.promptIds, ...this.tokens.map(({ id }) => id)];
  }

  /**
   * Which token is asked about: how likely is it after those before it? And why this one, unless somebody has chosen
   * it.
   * @param {AbortSignal} _signal
   * @returns {Promise<{ before: number[], id: number, why?: string } | null>} null if there is none
   */
  async ask(_signal) {
    const { index, ids } = this;
    return index === null ? null : { before: ids.slice(0, index), id: ids[index] };
  }

  /** What the probabilities follow from. */
  get effectKey() {
    return JSON.stringify([this.key, this.index, this.ids[this.index]]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!this.isReady || this.isWriting) return;
    const key = this.effectKey;
    if (key === this.asked) return;
    this.asked = key;
    this.controller?.abort();
    this.controller = new AbortController();
    this.failure = null;
    if (this.isWanted) this.find(key, this.controller.signal);
    else this.effect = null;
  }

  /** First the probabilities, which are quick; then the texts. */
  async find(asked, signal) {
    const { key, operated } = this;
    const isCurrent = () => !signal.aborted && operated.state.key === key;
    try {
      await near(this, signal);
      const question = await this.ask(signal);
      if (!isCurrent()) return;
      this.question = question;
      const effect = question && (await operated.effectOf(question.before, question.id));
      if (!isCurrent()) return;
      this.effect = effect && { asked, ...effect };
      operated.write();
    } catch (error) {
      if (isCurrent()) this.failure = error;
    }
  }

  /** The tokens of a pane; null while there are none. */
  tokensOf(pane) {
    if (pane === "untouched") return this.tokens;
    if (pane === "control" && !this.compared) return null;
    return this.written[pane]?.tokens ?? null;
  }

  get isFinished() {
    return this.finished === this.key && !this.isWriting;
  }

  /** Where a pane differs from the untouched text; null if it does not, or not yet. */
  differsAt(pane) {
    const tokens = this.tokensOf(pane);
    if (!tokens) return null;
    const start = divergence(tokens, this.tokens);
    const isSure = this.isFinished || start < Math.min(tokens.length, this.tokens.length);
    return isSure ? start : null;
  }

  isStale(pane) {
    return pane !== "untouched" && this.written[pane] && this.written[pane].key !== this.key;
  }

  /** What is done to the model in a pane. */
  what(pane) {
    if (pane === "untouched") return "The whole model.";
    if (!this.chosen.length) {
      return pane === "operated" ? "Nothing is done to the model yet." : "As much damage, but elsewhere.";
    }
    if (!this.possible.length) return "Nothing: the patch does not fit these texts.";
    if (pane === "operated") return sentence(this.possible.map((one) => describe(this.run, one)));
    return this.compared ? this.whatIsCompared() : noControl;
  }

  whatIsCompared() {
    const moved = this.compared.filter((one) => !isDirection(one));
    const n = this.compared.length - moved.length;
    const random =
      n === 1
        ? "a random direction of the same size is added"
        : `${n} random directions of the same sizes are added`;
    const words = [...moved.map((one) => describe(this.run, one)), ...(n ? [random] : [])];
    return `${sentence(words)} This is control ${count(this.controlSeed)}, drawn at random.`;
  }

  /** How likely the token is to all three; empty while nothing is done. */
  chances() {
    const { question, effect } = this;
    const isKnown = effect?.asked === this.effectKey;
    if (question === null) return html`<p class="caption">There is no token to ask about yet.</p>`;
    return html`${question ? this.drawQuestion(question) : nothing}
      <div class=${`result ${effect && !isKnown ? "stale" : ""}`} aria-busy=${String(Boolean(effect) && !isKnown)}>${
        effect && question
          ? html`${this.numbersOf(effect)}${this.judgement(effect)}`
          : html`<p class="caption">…</p>`
      }</div>`;
  }

  /** The question, and the words that all three read before they answer it. */
  drawQuestion({ before, id, why = "" }) {
    const { vocab } = this.run;
    const start = vocab[before[0]] === END ? 1 : 0; // every text begins with it
    const from = Math.max(start, before.length - CONTEXT);
    const read = before.slice(from).map((one) => inText(vocab[one]));
    return html`<h3>How likely is <code dir="auto">${tokenText(vocab[id])}</code> here?</h3>
      ${why ? html`<p class="caption why">${why}</p>` : nothing}
      <p class="where" dir="auto">${from > start ? "… " : ""}${read.join("")}<b>${inText(vocab[id])}</b></p>`;
  }

  /** Bars go from 0 to 100%. The number of the control is the middle of all controls. */
  numbersOf(effect) {
    const { untouched, operated, controls } = effect;
    const values = { untouched, operated, control: controls.length ? judge(effect).usual : undefined };
    return html`<dl class="chances">${PANES.map((pane) => {
      const p = values[pane];
      const isControl = pane === "control";
      return html`<div><dt>${TITLES[pane]}</dt><dd class="p">${p === undefined ? "none" : percentTenths(p)}</dd>
        <dd class="bar" aria-hidden="true"><i style=${styleMap({ width: `${100 * (p ?? 0)}%` })}></i>${
          isControl
            ? controls.map((one) => html`<b style=${styleMap({ left: `${100 * one}%` })}></b>`)
            : nothing
        }</dd><dd class="range">${isControl ? range(controls) : nothing}</dd></div>`;
    })}</dl>`;
  }

  /** What to make of these numbers. */
  judgement(effect) {
    const { untouched, operated, controls } = effect;
    const { kind, usual, asFar } = judge(effect);
    const n = count(controls.length);
    const token = html`<code dir="auto">${tokenText(this.run.vocab[this.question.id])}</code>`;
    const by = html`With what is done, ${token} goes from ${percentTenths(untouched)} to ${percentTenths(operated)}`;
    if (kind === "hardly")
      return judged("It hardly changes this token.", this.isTooLate ? tooLate : html`${by}.`);
    if (kind === "alone") return judged(noControl, html`${by}.`);
    const others = html`As much done elsewhere usually leads to ${percentTenths(usual)} (the middle of ${n} controls)`;
    if (kind === "clear") return judged(`${this.subject} for this token.`, html`${by}. ${others}.`);
    const many = html`${by}, but ${count(asFar)} of ${n} controls ${asFar === 1 ? "moves" : "move"} it at least as far. So this cannot be told from chance.`;
    return judged(
      "As much done elsewhere changes it about as much.",
      asFar ? many : html`${by}. ${others}, which is not far from that: this may be chance.`,
    );
  }

  /** Whether all that is done is done to later tokens. */
  get isTooLate() {
    const { possible, question } = this;
    const isAfter = ({ kind, position }) => kind === "patch" && position >= question.before.length;
    return possible.length > 0 && possible.every(isAfter);
  }

  /** Who is to blame, if it is one part of the model. */
  get subject() {
    const { head, layer, neuron, kind } = this.possible[0] ?? {};
    if (this.possible.length !== 1) return "All of this together matters";
    if (kind === "steer") return "This steering matters";
    if (kind === "patch") return "This patch matters";
    if (head) return `Head ${head} matters`;
    return neuron ? `Neuron ${neuron} matters` : `Layer ${layer} matters`;
  }

  /** The same for the ear. */
  get spokenEffect() {
    const { effect, question } = this;
    if (!effect || !question) return "";
    const { untouched, operated, controls } = effect;
    const control = controls.length ? `, control ${percent(judge(effect).usual)}` : "";
    return `${spoken(this.run.vocab[question.id])}: untouched ${percent(untouched)}, operated ${percent(operated)}${control}.`;
  }

  /** A list of operations, each of which can be taken back. */
  listOn(operations) {
    return html`<ul class="on" aria-label="What is done to the model">${operations.map((one) => {
      const words = describe(this.run, one);
      return html`<li><span dir="auto">${capitalized(words)}</span> <button aria-label=${`Take it back: ${words}`}
        @click=${() => this.choose(without(this.chosen, one))}>Take it back</button></li>`;
    })}</ul>`;
  }

  choose(operations) {
    this.store.set({ operations: formatOperations(operations) || null });
  }

  /** A button that leads to another part of the page, and says so. */
  leadTo(id, words) {
    return html`<button class="lead" @click=${() => moveTo(id)}>${words}</button>`;
  }
}

const judged = (verdict, why) => html`<p class="judged">${verdict}</p><p class="caption why">${why}</p>`;

const tooLate =
  "The patch comes after what the model reads to predict it. Choose a later token in the text at the top.";

const noControl = "There is nothing to compare with: too few other parts of the model are left.";

function range(controls) {
  if (!controls.length) return "nothing to compare with";
  if (controls.length === 1) return "the only control that there is";
  const ends = [Math.min(...controls), Math.max(...controls)].map(percentTenths);
  return `the middle of ${count(controls.length)} controls, a line for each: ${ends[0]} to ${ends[1]}`;
}

/** Several things that are true at once. */
export const sentence = (words) => `${capitalized(words.join(", "))}.`;
