/**
 * <text-score></text-score>
 *
 * A text of one's own, read by the model: how it is cut into tokens, while one types; how likely each of them was;
 * what the text costs in bits; and the places that surprised it most.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox, wayOf } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { count, inText, spoken } from "../../app/format.js";
import { encodeWhole } from "../../app/forward-pass.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { mostSurprising, scores } from "../../app/score.js";
import { tokenText } from "../../app/token-text.js";
import { directionOf, fitted, takeOver, unknownNote } from "../../app/typed-text.js";
import { makeRng } from "../../engine/sample.js";
import { END } from "../../engine/tokenizer.js";

const TYPING = 250; // milliseconds without a key, after which the model reads
const MAX_CHARACTERS = 100_000;
const MAX_LINES = 3000; // a field with more takes a browser too long to draw
const LIMITS = { characters: MAX_CHARACTERS, lines: MAX_LINES };
const PROGRESS = 250; // milliseconds from one drawing to the next while it reads
const MAX_DRAWN = 3000; // tokens; the numbers are about all of them
const DRAWN_AT_ONCE = 200; // of them: then the page may answer
const PLACES = 5; // that are framed, and listed

class TextScore extends Figure {
  static share = {
    title: "How surprised it is by a text",
    embeds: false, // the text stands in no address
    table: (figure) => figure.p.length && figure.numbers(),
  };

  static properties = {
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    typed: { state: true },
    ids: { state: true },
    p: { state: true }, // of each token that has been read so far
    chosen: { state: true }, // the index of a token
    failure: { state: true },
    isRead: { state: true }, // whether its tokens are known by now
    nCut: { state: true }, // characters that there was no room for
    nDrawn: { state: true }, // tokens, of which there are more every moment
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    textarea { display: block; width: 100%; height: 8.5em; resize: vertical; contain: strict; padding: 8px 12px;
               font: 400 1.0625rem/1.5 var(--serif); color: var(--text); background: var(--background);
               border: 1px solid var(--line); border-radius: 8px; margin-top: 4px; }
    .field { display: block; color: var(--text); font-weight: 600; }
    .buttons { margin-top: 8px; gap: 8px; } .buttons button { padding: 4px 14px; }
    .text { font: 400 1.0625rem/1.8 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 16px 0 0;
            max-height: 20em; overflow-y: auto; padding: 2px; }
    .text span { border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line); cursor: pointer; }
    .text .framed, .legend .framed { border-radius: 0; /* one frame around all tokens of a word */
      box-shadow: inset 0 2px var(--text), inset 0 -2px var(--text), inset var(--left, 0) 0 var(--text),
                  inset var(--right, 0) 0 var(--text); }
    .framed.first { --left: 2px; } .framed.last { --right: -2px; }
    .text .chosen { box-shadow: 0 0 0 2px var(--chosen); }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 8px 0 0; padding: 0; list-style: none;
              color: var(--muted); }
    .legend b { font-weight: 400; color: var(--text); border-radius: 3px; padding: 0 4px; margin-right: 2px; }
    @media (forced-colors: active) {
      .framed { outline: 2px solid; outline-offset: -1px; } .text .chosen { outline: 4px double; }
    }
    .about { margin-top: 8px; min-height: 1.5em; }
    .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); gap: 8px 32px;
             margin: 16px 0 0; }
    .facts b { display: block; font: 600 1.25rem/1.4 var(--serif); }
    .facts span { color: var(--muted); }
    .note { margin-top: 8px; border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 16px 0 4px; }
    ol { margin: 0; padding-left: 1.6em; } li { padding: 2px 0; overflow-wrap: anywhere; }
    code { font: 1em var(--mono); }
  `,
  ];

  constructor() {
    super();
    this.typed = "";
    this.ids = [];
    this.p = [];
    this.unknown = [];
    this.nUnknown = 0;
    this.nCut = 0;
    this.isRead = false;
    this.chosen = null;
  }

  load() {
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if ((changed.has("step") || changed.has("run")) && this.run && this.typed) this.read();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  /** What a browser would cut without a word, or take long for. */
  paste(event) {
    const nCut = takeOver(event, LIMITS);
    if (nCut === null) return;
    this.type(event);
    this.nCut += nCut;
  }

  type({ target }) {
    this.typed = fitted(target.value, LIMITS);
    this.nCut = target.value.length - this.typed.length;
    this.isRead = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(), TYPING);
  }

  show(text) {
    this.typed = fitted(text, LIMITS);
    this.nCut = 0;
    this.read();
  }

  /** Cut the text, and have the model read it, window by window. */
  async read() {
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    const { run, step } = this;
    try {
      const { start, ids, unknown, nUnknown } = await encodeWhole(run, this.typed, signal);
      if (signal.aborted) return;
      Object.assign(this, { ids, unknown, nUnknown, p: [], failure: null, chosen: null, isRead: true });
      this.expected = [];
      this.waiting = [];
      this.drawAll(signal);
      if (!start.length && ids.length) this.push({ p: [null], best: [null], bestP: [null] });
      const model = new LiveModel(run, nearestSnapshot(run, step));
      for await (const scored of scores(model, ids, start, signal)) this.push(scored);
      this.flush();
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  /** So many tokens take a moment to be drawn. */
  async drawAll(signal) {
    const all = Math.min(MAX_DRAWN, this.ids.length);
    this.nDrawn = 0;
    while (this.nDrawn < all && !signal.aborted) {
      this.nDrawn = Math.min(all, this.nDrawn + DRAWN_AT_ONCE);
      await this.updateComplete;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** What has been read is drawn a few times a second, however fast it comes. */
  push({ p, best, bestP }) {
    for (const [i, id] of best.entries()) this.expected.push({ id, p: bestP[i] });
    for (const one of p) this.waiting.push(one);
    if (performance.now() - (this.lastTime ?? -Infinity) > PROGRESS) this.flush();
  }

  flush() {
    this.p = this.p.concat(this.waiting);
    this.waiting = [];
    this.lastTime = performance.now();
  }

  draw() {
    const { vocab } = this.run;
    const above = [...(this.promptIds ?? []), ...(this.tokens ?? []).map(({ id }) => id)]
      .map((id) => vocab[id])
      .filter((token) => token !== END)
      .join("");
    return html`
      <label class="field">A text of your own
        <textarea dir="auto" spellcheck="false" maxlength=${MAX_CHARACTERS} .value=${this.typed} @paste=${this.paste} @beforeinput=${this.paste} @input=${this.type}
          placeholder="Type or paste a text"></textarea></label>
      <div class="row buttons">
        <button @click=${() => this.show(above)}>Take the text above</button>
        <button ?disabled=${!this.typed.trim()} @click=${() => this.show(shuffled(this.typed))}>Shuffle its words</button>
      </div>
      ${this.failure ? errorBox(this.failure) : nothing}${this.notes()}${this.ids.length ? this.result() : nothing}`;
  }

  result() {
    const drawn = this.ids.slice(0, this.nDrawn);
    return html`<p class="text" dir=${directionOf(this.typed)} tabindex="0" role="listbox" aria-label="Your text, token by token"
        aria-activedescendant=${this.chosen === null ? nothing : `token${this.chosen}`}
        @keydown=${this.walk} @click=${this.point}>${drawn.map((id, i) => this.token(id, i))}${
          drawn.length < this.ids.length ? " …" : nothing
        }</p>
      <ul class="legend">
        <li><b class="color0">unlikely</b> <b class="color5">likely</b> <b class="color10">nearly certain</b> The
          stronger the colour of a token, the likelier the model found it.</li>
        <li><b class="framed first last">Framed</b> What surprised it most.</li></ul>
      <p class="about" role="status">${this.about()}</p>
      ${this.p.length === this.ids.length ? this.facts() : this.progress()}`;
  }

  token(id, i) {
    const { vocab } = this.run;
    const p = this.p[i] ?? null; // the first one may have none, others not yet
    const frame = this.frameOf(i);
    return html`<span id=${`token${i}`} role="option" data-index=${i} aria-selected=${String(i === this.chosen)}
      class=${`${p === null ? "" : colorToken(p)} ${i === this.chosen ? "chosen" : ""} ${frame}`}
      aria-label=${`${spoken(vocab[id])}${frame ? ", framed" : ""}`}>${inText(vocab[id])}</span>`;
  }

  /** The classes of a token in one of the places that surprised it most. */
  frameOf(i) {
    const place = this.places.find(({ from, to }) => from <= i && i < to);
    if (!place) return "";
    return `framed ${i === place.from ? "first" : ""} ${i === place.to - 1 ? "last" : ""}`;
  }

  /** Where it was most surprised, once it has read everything. */
  get places() {
    const { p, ids, run } = this;
    if (p.length < ids.length) return [];
    if (this.placesOf?.p !== p) {
      const tokens = ids.map((id) => run.vocab[id]);
      this.placesOf = { p, places: mostSurprising(tokens, p, PLACES) };
    }
    return this.placesOf.places;
  }

  /** What is said of the chosen token. */
  about() {
    const { chosen, p } = this;
    if (chosen === null) return "Choose a token to see how likely it was.";
    if ((p[chosen] ?? null) === null) return "Nothing stands before it that it could follow from.";
    return this.judged(chosen);
  }

  /** How likely a token was, its part of the bits, and what was likelier. */
  judged(i) {
    const { vocab } = this.run;
    const { id, p: bestP } = this.expected[i];
    const bits = -Math.log2(Math.max(this.p[i], Number.MIN_VALUE));
    const expected =
      id === this.ids[i]
        ? ", as it expected"
        : html`; it expected <code dir="auto">${tokenText(vocab[id])}</code> (${precisePercent(bestP)})`;
    return html`<code dir="auto">${tokenText(vocab[this.ids[i]])}</code>: ${precisePercent(this.p[i])},
      ${bits.toFixed(1)} bits${expected}`;
  }

  walk(event) {
    const by = wayOf(event);
    if (!by) return;
    const last = this.nDrawn - 1;
    this.chosen = Math.max(0, Math.min(last, (this.chosen ?? -1) + by));
  }

  point({ target }) {
    const index = target.closest("[data-index]")?.dataset.index;
    if (index !== undefined) this.chosen = Number(index);
  }

  notes() {
    const lines = [
      this.nCut || this.typed.length >= MAX_CHARACTERS - 1 ? this.cutNote() : null,
      this.unknown.length ? unknownNote(this.unknown, this.nUnknown) : null,
      this.isRead && this.typed && !this.ids.length ? "Nothing of this text is left to read." : null,
    ].filter((one) => one !== null);
    return lines.map((line) => html`<p class="note" role="status">${line}</p>`);
  }

  cutNote() {
    const others = this.nCut ? ` The other ${count(this.nCut)} are left out.` : "";
    return `It reads the first ${count(this.typed.length)} characters.${others} So that the page stays quick, it takes
      ${count(MAX_CHARACTERS)} in ${count(MAX_LINES)} lines.`;
  }

  numbers() {
    const { ids, p, expected } = this;
    const { vocab } = this.run;
    return [
      ["number", "token", "id", "probability", "bits", "likeliest token", "its probability"],
      ...p.map((one, i) => {
        const { id, p: bestP } = expected[i];
        const bits = one === null ? null : -Math.log2(Math.max(one, Number.MIN_VALUE));
        return [i + 1, vocab[ids[i]], ids[i], one, bits, vocab[id], bestP];
      }),
    ];
  }

  progress() {
    return html`<p class="caption">It has read ${count(this.p.length)} of ${count(this.ids.length)} tokens …</p>`;
  }

  facts() {
    const { vocab } = this.run;
    const read = this.p.map((p, i) => ({ p, i })).filter(({ p }) => p !== null);
    if (!read.length)
      return html`<p class="caption">One token alone cannot be predicted: there is nothing before it.</p>`;
    const bits = read.reduce((sum, { p }) => sum - Math.log2(Math.max(p, Number.MIN_VALUE)), 0);
    const characters = read.reduce((sum, { i }) => sum + Array.from(vocab[this.ids[i]]).length, 0);
    const mean = bits / read.length;
    return html`${this.reader()}
      <div class="facts">
        <p><b>${(bits / characters).toFixed(2)} bits</b><span>for each of ${inUnits(characters, "character")}</span></p>
        <p><b>${count(Math.round(bits))} bits</b><span>in all; 8 a character, as a file has them, would be
          ${count(8 * characters)}</span></p>
        <p><b>${inUnits(read.length, "token")}</b><span>with ${mean.toFixed(2)} bits each on average: ${likeGuessing(mean, vocab.length)}</span></p>
      </div>
      <h3>Where it was most surprised</h3>
      <ol>${this.places.map((one) => this.place(one))}</ol>`;
  }

  /** Which model it was: the slider stands far above. */
  reader() {
    const step = nearestSnapshot(this.run, this.step);
    const last = this.run.manifest.snapshots.at(-1).step;
    const finished =
      step === last
        ? nothing
        : html` <button @click=${() => this.store.set({ step: last })}>Take the finished model</button>`;
    return html`<p class="caption">Read by the model of step ${count(step)}.${finished}</p>`;
  }

  /** A word, with all its bits, and its most surprising token; or a token that is no word. */
  place({ from, to, bits, worst }) {
    const { vocab } = this.run;
    const text = (some) => some.map((id) => inText(vocab[id])).join("");
    const before = text(this.ids.slice(Math.max(0, from - 6), from));
    const n = to - from;
    const inAll =
      n > 1 ? `${bits.toFixed(1)} bits in all, for ${count(n)} tokens; the most surprising is ` : "";
    return html`<li><span dir="auto">… ${before}<b>${text(this.ids.slice(from, to))}</b></span><br>${inAll}${this.judged(worst)}</li>`;
  }
}

const inUnits = (n, unit) => `${count(n)} ${n === 1 ? unit : `${unit}s`}`;

/** What a number of bits means: each one more doubles the options to guess among. */
function likeGuessing(bits, most) {
  const among = 2 ** bits;
  if (Math.round(among) > most) return `worse than guessing blindly among all ${count(most)} tokens`;
  return `like guessing among ${among < 9.95 ? among.toFixed(1) : count(Math.round(among))} equal options`;
}

/** The words of a text in another order, the same each time. */
function shuffled(text) {
  const words = text.split(/\s+/).filter(Boolean);
  const rng = makeRng(words.length);
  return words
    .map((word) => ({ word, key: rng() }))
    .sort((a, b) => a.key - b.key)
    .map(({ word }) => word)
    .join(" ");
}

customElements.define("text-score", TextScore);
