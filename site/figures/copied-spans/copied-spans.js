/**
 * <copied-spans></copied-spans>
 *
 * The text that the model writes, with what stands word for word in the training text underlined, and where it
 * stands there; and how much of it is copied, beside text that the model never saw. It loads the training text when
 * it is asked to, and finds a seed with which the model copies, or does not. See app/copies.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import {
  Copies,
  findText,
  isAlike,
  megabytes,
  missingText,
  partsOf,
  searchedPart,
  sourceOf,
  writtenText,
} from "../../app/copies.js";
import { Figure, errorBox, wayOf } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { meter, meters } from "../../app/meter.js";
import { UserError } from "../../app/run.js";

const SHORTEST = 2; // words of a span that is shown
const QUOTED = 40; // characters of a part that is quoted
const TRIES = 24; // texts that are written to find one
const COLD = 0.4; // the temperature at which a copy is looked for: the likeliest words are those it has read most often
const KEPT = ["run", "step", "text", "topK", "topP", "length"]; // of a request, whatever its luck

class CopiedSpans extends Figure {
  static properties = {
    request: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    openedRun: { state: true }, // the run whose text somebody asked for
    result: { state: true }, // of the last text that was looked for
    heldOut: { state: true }, // totals of text that the model never saw, of the same length
    chosen: { state: true }, // the part of the text whose source is shown; null for the longest span
    hasShort: { state: true }, // whether shorter spans are shown, too
    quest: { state: true }, // what is looked for, { hasCopy, temperature, isOver, texts, longest, words, found }
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    meters,
    css`
    .text { font: 400 1.1875rem/1.9 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
            min-height: 6em; max-height: 20em; overflow-y: auto; padding: 2px; position: relative; }
    .prompt { color: var(--muted); }
    [role="option"] { border-radius: 3px; cursor: pointer; }
    [role="option"], .key { text-underline-offset: 5px; text-decoration-skip-ink: none; }
    .short { text-decoration: underline dotted 2px var(--muted); }
    .copied { text-decoration: underline solid 3px var(--accent); padding-block: 2px;
              background: color-mix(in oklab, var(--accent) 16%, var(--panel)); }
    .unknown { text-decoration: underline wavy 1.5px var(--warning); }
    .chosen:not(.new) { box-shadow: 0 0 0 2px var(--chosen); }
    .chosen.new { background: color-mix(in oklab, var(--chosen) 10%, var(--panel)); }
    .legend { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 24px;
              color: var(--muted); }
    .key { color: var(--text); font-weight: 600; padding-inline: 2px; }
    label { min-height: 32px; align-items: baseline; padding-top: 4px; max-width: 66ch; }
    .two { display: grid; gap: 16px 40px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
           margin: 16px 0 8px; align-items: start; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    blockquote { margin: 8px 0 0; padding-left: 12px; border-left: 2px solid var(--line); color: var(--muted);
                 font: 400 1rem/1.5 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; }
    mark { background: none; color: var(--text); font-weight: 600; }
    .source { min-height: 14em; }
    .seek { margin-bottom: 16px; min-height: 44px; }
    .seek p { flex: 1 1 260px; }
    .meter + .caption { margin-top: 4px; }
    @media (max-width: 640px) { .source { min-height: 17em; } .seek { min-height: 150px; align-content: start; } }
    @media (forced-colors: active) { .chosen { box-shadow: none; outline: 3px double; } }
  `,
  ];

  constructor() {
    super();
    this.chosen = null;
    this.hasShort = false;
    this.quest = null;
    this.nextSeeds = new Map(); // hasCopy -> the seed with which the next search begins
    this.tried = new Map(); // hasCopy -> how many texts were tried so far, and how many of them were found
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
    this.seeking?.abort();
  }

  get isOpen() {
    return Boolean(this.run) && this.openedRun === this.run;
  }

  /** What was found for another beginning, or by another model, is over. */
  willUpdate(changed) {
    super.willUpdate(changed);
    const before = changed.get("request");
    if (!before || !this.request || isAlike(before, this.request, KEPT)) return;
    this.seeking?.abort();
    this.quest = null;
    this.nextSeeds.clear();
    this.tried.clear();
  }

  updated(changed) {
    super.updated(changed);
    const names = ["data", "openedRun", "promptIds", "tokens", "isWriting"];
    if (this.data && this.isOpen && names.some((name) => changed.has(name))) this.look();
    if (changed.has("result") || changed.has("hasShort")) this.showPart();
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
      const { spans, unknown, totals } = await copies.search([written], { least, signal });
      this.failure = null;
      this.result = { run, ...written, spans: spans[0].filter(isShown), unknown: unknown[0], totals };
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
    return html`${this.seek()}${this.text()}
      <div class="two"><div>${this.verdict()}</div><div class="source" id="source">${this.source()}</div></div>
      <p class="caption">${searchedPart(this.run, this.data)} ${sourceOf(this.run)}</p>
      <p class="visually-hidden" role="status">${this.isWriting ? "" : this.inOneSentence()}</p>`;
  }

  offer() {
    return html`<div class="row">
      <button class="primary" @click=${() => (this.openedRun = this.run)}>Look for copies</button>
      <span class="caption">It loads the training text first: ${megabytes(this.run)}.</span></div>`;
  }

  // Another text ----------------------------------------------------------------------------------

  seek() {
    return html`<div class="row seek">${this.seekButton(true, "Find a text with a copy")}
      ${this.seekButton(false, "Find one without")}
      <p class="caption" role=${this.quest?.isOver ? "status" : nothing}>${this.questStatus()}</p></div>`;
  }

  seekButton(hasCopy, name) {
    const isOn = Boolean(this.quest) && !this.quest.isOver && this.quest.hasCopy === hasCopy;
    const isAble = this.promptIds.length > 0;
    return html`<button aria-disabled=${String(!isAble)}
      @click=${() => (isOn ? this.stopSeeking() : isAble && this.find(hasCopy))}>${isOn ? "Stop" : name}</button>`;
  }

  stopSeeking() {
    this.seeking.abort();
    this.quest = null;
  }

  /** The next seeds, without the one of the text that is shown. */
  seedsFor(hasCopy, temperature) {
    const { request } = this;
    const first = this.nextSeeds.get(hasCopy) ?? 1;
    const isShownText = (seed) =>
      seed === request.seed && temperature === request.temperature && !request.branch;
    return Array.from({ length: TRIES + 1 }, (_, i) => first + i)
      .filter((seed) => !isShownText(seed))
      .slice(0, TRIES);
  }

  /** Write with one seed after the other until there is such a text, and show it. */
  async find(hasCopy) {
    this.seeking?.abort();
    const { signal } = (this.seeking = new AbortController());
    const { model, promptIds } = this;
    const { topK, topP, length } = this.request;
    const temperature = hasCopy ? COLD : this.run.manifest.settings.temperature;
    const seeds = this.seedsFor(hasCopy, temperature);
    const wanted = { model, promptIds, sampling: { temperature, topK, topP }, length, seeds, hasCopy };
    this.quest = { hasCopy, temperature, isOver: false, texts: 0, longest: 0, words: 0, found: null };
    const onProgress = (progress) => {
      this.quest = { ...this.quest, ...progress };
    };
    try {
      const least = this.data.least_words;
      const found = await findText(new Copies(this.run), { ...wanted, least }, { signal, onProgress });
      this.nextSeeds.set(hasCopy, (found?.seed ?? seeds.at(-1)) + 1);
      this.remember(hasCopy, found, seeds);
      this.quest = { ...this.quest, isOver: true, found };
      if (found) this.store.set({ seed: found.seed, temperature, branch: null }, { jump: true });
    } catch (error) {
      if (signal.aborted) return;
      this.quest = null;
      this.failure = error;
    }
  }

  /** A text that was looked for is not typical: it is said how many there were without what it has. */
  remember(hasCopy, found, seeds) {
    const { texts, found: nFound } = this.tried.get(hasCopy) ?? { texts: 0, found: 0 };
    const more = found ? seeds.indexOf(found.seed) + 1 : seeds.length;
    this.tried.set(hasCopy, { texts: texts + more, found: nFound + (found ? 1 : 0) });
  }

  questStatus() {
    if (!this.quest) return "The same beginning, with other seeds. The text at the top changes with it.";
    const { hasCopy, temperature, isOver, texts, found } = this.quest;
    const at = `at temperature ${temperature}`;
    if (!isOver) return `${count(texts)} of ${TRIES} texts ${at} …`;
    if (found) {
      const what = hasCopy ? `${inWords(found.words)} in a row are copied.` : "nothing in it is copied.";
      return `Found with seed ${count(found.seed)} ${at}: ${what} ${this.howTypical(hasCopy)}`;
    }
    if (!hasCopy) return `All ${TRIES} texts ${at} have a copy. Once more tries other seeds.`;
    return `None of ${TRIES} texts ${at} has a copy: ${this.whyNone(this.quest)}`;
  }

  howTypical(hasCopy) {
    const { texts, found } = this.tried.get(hasCopy);
    const kind = hasCopy ? "a copy" : "none";
    if (texts === found) {
      return texts === 1
        ? `The first text tried has ${kind}.`
        : `All ${count(texts)} texts tried so far have ${kind}.`;
    }
    return `It was picked for that: of ${count(texts)} texts tried so far, ${count(found)} ${
      found === 1 ? "has" : "have"
    } ${kind}.`;
  }

  whyNone({ longest, words }) {
    const least = this.data.least_words;
    if (words < least) return `the longest has only ${inWords(words)}, and a copy ${inWords(least)}.`;
    return `the longest match has ${inWords(longest)}. Once more tries other seeds.`;
  }

  // The text --------------------------------------------------------------------------------------

  /** The text in parts, of which one is chosen. */
  get parts() {
    const { text, spans, unknown } = this.result;
    return partsOf(text, this.hasShort ? spans : spans.filter(this.isCopied), unknown ?? []);
  }

  text() {
    const { parts } = this;
    const hasParts = parts.some(({ text }) => text.trim());
    const label = "The text, in parts that are copied or new";
    const shown = this.shownPart;
    return html`<p class="text" dir="auto" tabindex=${hasParts ? "0" : nothing} role=${hasParts ? "listbox" : nothing}
        aria-label=${hasParts ? label : nothing}
        aria-activedescendant=${shown < 0 ? nothing : `part${shown}`}
        @keydown=${this.walk} @click=${this.point} @mousemove=${this.point}><span class="prompt"
        role="presentation">${this.result.prompt}</span>${parts.map((part, i) => this.piece(part, i, shown))}</p>
      ${this.legend()}`;
  }

  legend() {
    const least = count(this.data.least_words);
    return html`<ul class="legend">
        <li><span class="key copied">Copied</span> ${least} words or more in a row, as in the training text</li>
        <li><span class="key">New</span> everything else</li>
        ${
          this.result.unknown === null
            ? nothing
            : html`<li><span class="key unknown">Invented</span> a word that is nowhere in the training text</li>`
        }</ul>
      <label><input type="checkbox" .checked=${this.hasShort} @change=${this.toggle}><span>Show
        <span class="short">shorter matches</span>, too. They mean little: text that it never saw has them as well.</span></label>`;
  }

  toggle({ target }) {
    this.hasShort = target.checked;
    this.chosen = null;
  }

  piece(part, i, shown) {
    const { text } = part;
    if (!text.trim()) return text;
    const isChosen = i === shown;
    return html`<span id=${`part${i}`} role="option" data-part=${i} class=${`${this.kind(part)} ${isChosen ? "chosen" : ""}`}
      aria-selected=${String(isChosen)}
      aria-describedby=${isChosen ? "source" : nothing} aria-label=${`${text.trim()}: ${this.name(part)}`}>${text}</span>`;
  }

  isCopied = ({ words }) => words >= this.data.least_words;

  kind({ span, isUnknown }) {
    if (isUnknown) return "unknown";
    if (!span) return "new";
    return this.isCopied(span) ? "copied" : "short";
  }

  name({ span, isUnknown }) {
    if (isUnknown) return "nowhere in the training text";
    if (!span) return "new";
    return `${this.isCopied(span) ? "copied, " : ""}${inWords(span.words)}, ${this.place(span)}`;
  }

  /** The part whose source is shown: the chosen one, or the longest span; -1 if there is none. */
  get shownPart() {
    if (this.chosen !== null) return this.chosen;
    const words = this.parts.map(({ span }) => span?.words ?? 0);
    const most = Math.max(0, ...words);
    return most ? words.indexOf(most) : -1;
  }

  /** The arrows lead from part to part. */
  async walk(event) {
    const by = wayOf(event);
    if (!by) return;
    const options = this.parts.flatMap(({ text }, i) => (text.trim() ? [i] : []));
    const at = options.indexOf(this.shownPart);
    this.chosen = options[Math.max(0, Math.min(options.length - 1, at + by))] ?? null;
    await this.updateComplete;
    this.showPart();
  }

  /** The chosen part is in view in its box; the page stays where it is. */
  showPart() {
    const box = this.renderRoot.querySelector(".text");
    const part = box?.querySelector(".chosen");
    if (!part) return;
    const isAbove = part.offsetTop < box.scrollTop;
    const isBelow = part.offsetTop + part.offsetHeight > box.scrollTop + box.clientHeight;
    if (isAbove || isBelow) box.scrollTop = part.offsetTop - 8;
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
    const fraction = totals.copied / totals.words;
    return html`<h3>${percent(fraction)} copied, ${percent(1 - fraction)} new${this.invented()}</h3>
      ${meter("this text", fraction)}
      ${meter("text it never saw", heldOut && heldOut.words ? heldOut.copied / heldOut.words : null)}
      <p class="caption">${this.comparison(totals, heldOut)}</p>`;
  }

  invented() {
    const n = this.result.unknown?.length ?? 0;
    return n ? `, with ${n === 1 ? "an invented word" : `${count(n)} invented words`}` : "";
  }

  /** What the two have in common, in words. */
  comparison(totals, heldOut) {
    const ours = `Its longest match has ${inWords(totals.longest)}`;
    if (!heldOut?.words) return `${ours}.`;
    const { average, longest, texts } = heldOut;
    return `${ours}. In ${count(texts)} texts that it never saw, the longest has ${average.toFixed(1)} on average, and
      ${count(longest)} at most. ${judgement(totals, heldOut)}`;
  }

  inOneSentence() {
    const { words, copied, longest } = this.result.totals;
    return `${count(copied)} of ${inWords(words)} ${copied === 1 ? "is" : "are"} copied${this.invented()}. The longest match has ${inWords(longest)}.`;
  }

  /** Where the chosen part stands, or what comes closest to it. */
  source() {
    const part = this.parts[this.shownPart];
    if (part?.isUnknown) {
      return html`<h3>“${part.text.trim()}” is invented</h3><p class="caption">This word is nowhere in the training
        text, neither with capitals nor without.</p>`;
    }
    const span = part?.span ?? this.longestMatch(part);
    const isNew = !part?.span;
    if (!span) {
      return html`<h3>${newness(part)}</h3><p class="caption">No two of them stand side by side in the text that was
        searched.</p>`;
    }
    return html`<h3>${isNew ? this.nearestMatch(part, span) : `${inWords(span.words)}, ${this.often(span)}`}</h3>
      <p class="caption">${span.occurrences > 1 ? "First in" : "In"} ${this.place(span)}:</p>${this.passage(span)}`;
  }

  nearestMatch(part, span) {
    return `${newness(part)}. The longest match has ${inWords(span.words)}, ${this.often(span)}`;
  }

  /** The longest match that reaches into a new part, or of the whole text. */
  longestMatch(part) {
    const { start, text } = part ?? { start: 0, text: this.result.text };
    const reaches = (span) => span.start < start + text.length && start < span.start + span.length;
    const found = this.result.spans.filter((span) => reaches(span) && !this.isCopied(span));
    return found.sort((a, b) => b.words - a.words)[0];
  }

  passage({ start, length, before, after }) {
    const text = this.result.text.slice(start, start + length);
    return html`<blockquote dir="auto">${before}<mark>${text}</mark>${after}</blockquote>`;
  }

  often({ occurrences }) {
    return `${occurrences === 1 ? "once" : `${count(occurrences)} times`} in ${this.searched()}`;
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

/** How a text compares with others that the model never saw: by the part that is copied, and by the longest match. */
function judgement(totals, heldOut) {
  if (totals.copied / totals.words <= heldOut.copied / heldOut.words) {
    return "No more of it is copied than of that text, which was written in the same style.";
  }
  if (totals.longest > heldOut.longest) {
    return "More of it is copied than of that text, where no match is as long: it may know this by heart.";
  }
  const asLong = heldOut.each.filter((longest) => longest >= totals.longest).length;
  return `More of it is copied than of all that text together. But ${count(asLong)} of those texts ${
    asLong === 1 ? "has" : "have"
  } a match as long as this one, so it need not know this by heart.`;
}

/** What is said of a part that is new, which may be short, or long; or of a text that is. */
function newness(part) {
  if (!part) return "Nothing is copied";
  const text = part.text.trim();
  return text.length <= QUOTED ? `“${text}” is new` : "These words are new";
}

const isShown = ({ words }) => words >= SHORTEST;

customElements.define("copied-spans", CopiedSpans);
