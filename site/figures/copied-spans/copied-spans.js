/**
 * <copied-spans></copied-spans>
 *
 * The text that the model writes, with what stands word for word in the training text underlined, and where it
 * stands there; and how much of it is copied, beside text that the model never saw. It loads the training text when
 * it is asked to. See app/copies.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import {
  Copies,
  megabytes,
  missingText,
  partsOf,
  searchedPart,
  sourceOf,
  writtenText,
} from "../../app/copies.js";
import { Figure, errorBox, wayOf } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { meter, meters } from "../../app/meter.js";
import { UserError } from "../../app/run.js";

const SHORTEST = 2; // words of a span that is shown

class CopiedSpans extends Figure {
  static properties = {
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    openedRun: { state: true }, // the run whose text somebody asked for
    result: { state: true }, // of the last text that was looked for
    heldOut: { state: true }, // totals of text that the model never saw, of the same length
    chosen: { state: true }, // the part of the text whose source is shown; null for the longest span
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    meters,
    css`
    .text { font: 400 1.1875rem/1.9 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
            min-height: 6em; max-height: 20em; overflow-y: auto; padding: 2px; }
    .prompt { color: var(--muted); }
    [role="option"] { border-radius: 3px; cursor: pointer; text-underline-offset: 5px; text-decoration-skip-ink: none; }
    .short { text-decoration: underline dotted 2px var(--muted); }
    .copied { text-decoration: underline solid 4px var(--accent); }
    .chosen { box-shadow: 0 0 0 2px var(--chosen); }
    .key { display: inline-block; padding-bottom: 2px; color: var(--text); text-underline-offset: 4px; }
    .two + .caption { margin-top: 8px; }
    .two { display: grid; gap: 16px 40px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
           margin-top: 16px; align-items: start; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    blockquote { margin: 8px 0 0; padding-left: 12px; border-left: 2px solid var(--line); color: var(--muted);
                 font: 400 1rem/1.5 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; }
    mark { background: none; color: var(--text); font-weight: 600; }
    .source { min-height: 12em; }
    .caption + .caption, .row + .text { margin-top: 8px; }
    @media (forced-colors: active) { .chosen { box-shadow: none; outline: 3px double; } }
  `,
  ];

  constructor() {
    super();
    this.chosen = null;
  }

  load(run) {
    const { files, missing } = run.manifest;
    if (files["copied.json"] || missing.copied) return run.part("copied");
    const message =
      "This export has no training text to look into: export the run again, and it comes along.";
    throw new UserError(message, run.command);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  get isOpen() {
    return Boolean(this.run) && this.openedRun === this.run;
  }

  updated(changed) {
    super.updated(changed);
    const names = ["data", "openedRun", "promptIds", "tokens", "isWriting"];
    if (this.data && this.isOpen && names.some((name) => changed.has(name))) this.look();
  }

  /** Look for the text as it is now; while it is written, that is often. */
  async look() {
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    const { run, isWriting } = this;
    const copies = new Copies(run);
    const least = this.data.least_words;
    const written = writtenText(run, this.promptIds, this.tokens);
    try {
      const { spans, totals } = await copies.search([written], { least, signal });
      this.failure = null;
      this.result = { run, ...written, parts: partsOf(written.text, spans[0].filter(isShown)), totals };
      this.chosen = null;
      if (isWriting) return;
      const { words } = totals;
      this.heldOut = { run, ...(await copies.searchHeldOut({ words, least, signal })).totals };
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  draw() {
    if (this.failure) return errorBox(this.failure);
    if (!this.run.manifest.training_text) return errorBox(missingText(this.run));
    if (!this.isOpen) return this.offer();
    if (this.result?.run !== this.run)
      return html`<p class="caption" role="status">Loading the training text …</p>`;
    return html`${this.text()}
      <div class="two"><div>${this.verdict()}</div><div class="source">${this.source()}</div></div>
      <p class="caption">${searchedPart(this.run, this.data)} ${sourceOf(this.run)}</p>
      <p class="visually-hidden" role="status">${this.isWriting ? "" : this.inOneSentence()}</p>`;
  }

  offer() {
    return html`<div class="row">
      <button class="primary" @click=${() => (this.openedRun = this.run)}>Look for copies</button>
      <span class="caption">It loads the training text first: ${megabytes(this.run)}.</span></div>`;
  }

  // The text --------------------------------------------------------------------------------------

  text() {
    const { parts, prompt } = this.result;
    const hasParts = parts.some(({ text }) => text.trim());
    const label = "The text, in parts that stand in the training text";
    return html`<p class="text" dir="auto" tabindex=${hasParts ? "0" : nothing} role=${hasParts ? "listbox" : nothing}
        aria-label=${hasParts ? label : nothing}
        aria-activedescendant=${this.shownPart < 0 ? nothing : `part${this.shownPart}`}
        @keydown=${this.walk} @click=${this.point} @mousemove=${this.point}><span class="prompt"
        role="presentation">${prompt}</span>${parts.map((part, i) => this.piece(part, i))}</p>
      <p class="caption"><span class="key copied">Copied</span>: ${count(this.data.least_words)} words or more that stand
        in the training text just like this. <span class="key short">Shorter</span>: spans as long as these are found
        in text that it never saw, too.</p>`;
  }

  piece({ text, span }, i) {
    if (!text.trim()) return text;
    const isChosen = i === this.shownPart;
    const kind = span === null ? "new" : this.isCopied(span) ? "copied" : "short";
    return html`<span id=${`part${i}`} role="option" data-part=${i} class=${`${kind} ${isChosen ? "chosen" : ""}`}
      aria-selected=${String(isChosen)} aria-label=${`${text.trim()}: ${this.name(span)}`}>${text}</span>`;
  }

  isCopied = ({ words }) => words >= this.data.least_words;

  name(span) {
    if (!span) return "new";
    return `${this.isCopied(span) ? "copied, " : ""}${count(span.words)} words, ${this.place(span)}`;
  }

  /** The part whose source is shown: the chosen one, or the longest span; -1 if there is none. */
  get shownPart() {
    if (this.chosen !== null) return this.chosen;
    const words = this.result.parts.map(({ span }) => span?.words ?? 0);
    const most = Math.max(0, ...words);
    return most ? words.indexOf(most) : -1;
  }

  /** The arrows lead from part to part. */
  walk(event) {
    const by = wayOf(event);
    if (!by) return;
    const options = this.result.parts.flatMap(({ text }, i) => (text.trim() ? [i] : []));
    const at = options.indexOf(this.shownPart);
    this.chosen = options[Math.max(0, Math.min(options.length - 1, at + by))] ?? null;
  }

  point({ target }) {
    const part = target.closest("[data-part]")?.dataset.part;
    if (part !== undefined) this.chosen = Number(part);
  }

  // What is said of it ----------------------------------------------------------------------------

  verdict() {
    const { totals } = this.result;
    if (!totals.words) return html`<p class="caption">It has not written a whole word yet.</p>`;
    const heldOut = this.heldOut?.run === this.run && !this.isWriting ? this.heldOut : null;
    return html`<h3>How many of its words are copied</h3>
      ${meter("this text", totals.copied / totals.words)}
      ${meter("text it never saw", heldOut && heldOut.words ? heldOut.copied / heldOut.words : null)}
      <p class="caption">${this.comparison(totals, heldOut)}</p>`;
  }

  /** What the two have in common, in words. */
  comparison(totals, heldOut) {
    const ours = `Its longest span has ${inWords(totals.longest)}`;
    if (!heldOut?.words) return `${ours}.`;
    const { average, longest, texts } = heldOut;
    const isMore = totals.copied / totals.words > heldOut.copied / heldOut.words;
    const verdict = isMore
      ? "It copies more than text that it never saw would: it may know this by heart."
      : "It copies no more than text that it never saw, which was written in the same style.";
    return `${ours}. In ${count(texts)} texts that it never saw, the longest has ${average.toFixed(1)} on average, and
      ${count(longest)} at most. ${verdict}`;
  }

  inOneSentence() {
    const { words, copied, longest } = this.result.totals;
    return `${count(copied)} of ${inWords(words)} ${copied === 1 ? "is" : "are"} copied. The longest span has ${inWords(longest)}.`;
  }

  source() {
    const { span, text } = this.result.parts[this.shownPart] ?? {};
    if (!text)
      return html`<p class="caption">No two of its words stand side by side in the training text.</p>`;
    if (!span) {
      return html`<h3>“${text.trim()}” is new</h3><p class="caption">These words do not stand beside their neighbours
        anywhere in the text that was searched.</p>`;
    }
    const { start, length, before, after, words, occurrences } = span;
    const often = occurrences === 1 ? "once" : `${count(occurrences)} times`;
    return html`<h3>${count(words)} words, ${often} in ${this.searched()}</h3>
      <p class="caption">${occurrences > 1 ? "First in" : "In"} ${this.place(span)}:</p>
      <blockquote dir="auto">${before}<mark>${this.result.text.slice(start, start + length)}</mark>${after}</blockquote>`;
  }

  searched() {
    const { characters, all_characters } = this.run.manifest.training_text;
    return characters < all_characters ? "the part that was searched" : "the training text";
  }

  place({ document, offset }) {
    const all = this.data.searched_documents;
    if (all === 1) return `the text, after ${count(offset)} characters`;
    return `document ${count(document + 1)} of ${count(all)}`;
  }
}

const inWords = (n) => (n === 1 ? "1 word" : `${count(n)} words`);

const isShown = ({ words }) => words >= SHORTEST;

customElements.define("copied-spans", CopiedSpans);
