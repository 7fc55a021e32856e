/**
 * <merge-film> <template data-words>…</template> </merge-film>
 *
 * How a text becomes tokens, as a film: it begins as characters, and one pair after the other is merged, in the order
 * in which the tokenizer learned its merges. A tokenizer without merges shows what one would learn from this text.
 * The text is that of <cut-text>.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { cut, textToCut } from "../../app/cut.js";
import { Figure } from "../../app/figure.js";
import { showWhitespace, spoken } from "../../app/format.js";
import { tokenizerOf } from "../../app/forward-pass.js";
import { mergesLearnedFrom, mergesOf, startsOf } from "../../app/merges.js";
import { wordsOf } from "../../app/page-words.js";

const DURATION = 15_000; // milliseconds for the whole film
const INTERVAL = { least: 100, most: 900 }; // between two merges

class MergeFilm extends Figure {
  static properties = {
    text: { from: "store", type: String },
    index: { state: true }, // of the frame that is shown
    isPlaying: { state: true },
    said: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .row { flex-wrap: nowrap; gap: 8px; }
    .row button { min-width: 44px; padding: 0 12px; text-align: center; }
    .row .primary { min-width: 88px; }
    input { flex: 1; min-width: 60px; height: 32px; accent-color: var(--accent); }
    .next { min-height: 4.5em; margin: 12px 0 8px; max-width: 66ch; }
    .next b { font: 500 1em var(--mono); white-space: pre; padding: 0 4px; border-radius: 4px; }
    .text { display: flex; flex-wrap: wrap; gap: 10px 12px; align-content: start; min-height: 132px; max-height: 340px;
            overflow-y: auto; padding: 4px; }
    .piece { display: flex; flex-wrap: wrap; gap: 2px; }
    .part { font: 500 1rem/1.75 var(--mono); white-space: pre; padding: 0 5px; border: 1px solid var(--line);
            border-radius: 5px; background: var(--background); transition: background-color 200ms; }
    .new { background: color-mix(in oklab, var(--accent) 30%, var(--panel)); border-color: var(--accent); }
    .pair { box-shadow: 0 2px 0 0 var(--chosen); border-color: var(--chosen); }
    .pair.first { border-top-right-radius: 0; border-bottom-right-radius: 0; margin-right: -3px; }
    .pair.second { border-top-left-radius: 0; border-bottom-left-radius: 0; }
    .count { color: var(--muted); margin-top: 8px; }
    @media (max-width: 640px) { .next { min-height: 6em; } .text { min-height: 216px; } }
    @media (forced-colors: active) { .pair { border-style: double; border-width: 3px; } }
    @media print { .row { display: none; } }
  `,
  ];

  constructor() {
    super();
    this.index = 0;
  }

  load(_run) {
    this.say = wordsOf(this);
    return true;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.pause();
  }

  /** Whether the merges are those of the run; else they are learned from the text. */
  get hasMerges() {
    return this.run.manifest.tokenizer.merges.length > 0;
  }

  /** The film of the text, made once. */
  frames() {
    const text = textToCut(this.run, this.text, this.say("example"));
    if (this.filmed?.text !== text || this.filmed.run !== this.run) {
      this.pause();
      const { known } = cut(this.run, text);
      const make = this.hasMerges ? mergesOf : mergesLearnedFrom;
      this.filmed = { text, run: this.run, frames: make(tokenizerOf(this.run), known) };
      this.index = 0;
    }
    return this.filmed.frames;
  }

  play() {
    const { frames } = this.filmed;
    if (this.index >= frames.length - 1) this.index = 0;
    const interval = Math.min(INTERVAL.most, Math.max(INTERVAL.least, DURATION / frames.length));
    this.isPlaying = true;
    this.timer = setInterval(() => {
      this.index++;
      if (this.index >= this.filmed.frames.length - 1) this.pause();
    }, interval);
  }

  pause() {
    clearInterval(this.timer);
    this.isPlaying = false;
  }

  go(index) {
    this.pause();
    this.index = Math.max(0, Math.min(this.filmed.frames.length - 1, index));
    this.said = this.caption(this.filmed.frames[this.index], spoken);
  }

  draw() {
    const frames = this.frames();
    const frame = frames[this.index];
    const last = frames.length - 1;
    return html`<div class="row">
        <button class="primary" ?disabled=${!last} @click=${() => (this.isPlaying ? this.pause() : this.play())}>${this.say(
          this.isPlaying ? "pause" : "play",
        )}</button>
        <button aria-label=${this.say("back")} ?disabled=${!this.index} @click=${() => this.go(this.index - 1)}>‹</button>
        <button aria-label=${this.say("forward")} ?disabled=${this.index === last}
          @click=${() => this.go(this.index + 1)}>›</button>
        <input type="range" min="0" max=${last} .value=${String(this.index)} ?disabled=${!last}
          aria-label=${this.say("slider")} aria-valuetext=${this.caption(frame, spoken)}
          @input=${({ target }) => this.go(Number(target.value))}></div>
      <p class="next">${this.caption(frame, showWhitespace)}</p>
      <div class="text" dir="auto" tabindex="0" role="group" aria-label=${this.say("text")}>${frame.pieces.map(
        (parts) => this.piece(parts, frame),
      )}</div>
      <p class="count">${this.say("count", { n: frame.pieces.flat().length, i: this.index, of: last })}</p>
      <p class="visually-hidden" role="status">${this.said}</p>`;
  }

  /** What is merged next, in a sentence; `shown` says how a token is written. */
  caption({ pair, rank, times }, shown) {
    if (!pair && this.filmed.frames.length === 1) return this.say("nothing");
    if (!pair) return this.say(this.hasMerges ? "end" : "end-learned");
    const values = { a: shown(pair[0]), b: shown(pair[1]), both: shown(pair.join("")), rank, times };
    const all = this.run.manifest.tokenizer.merges.length;
    return this.say(this.hasMerges ? "next" : "next-learned", { ...values, all });
  }

  /** The text keeps the most height that it had: what stands below does not jump. */
  updated(changed) {
    super.updated(changed);
    const box = /** @type {HTMLElement | null} */ (this.renderRoot.querySelector(".text"));
    if (!box) return;
    const key = `${this.filmed.text} ${box.clientWidth}`;
    if (this.measured !== key) box.style.minHeight = "";
    this.measured = key;
    box.style.minHeight = `${box.offsetHeight}px`;
  }

  piece(parts, { pair }) {
    const starts = new Set(pair ? startsOf(parts, pair) : []);
    const made = this.filmed.frames[this.index - 1]?.pair.join("");
    return html`<span class="piece">${parts.map((part, i) => {
      const role = (starts.has(i) && "pair first") || (starts.has(i - 1) && "pair second") || "";
      return html`<span class="part ${role} ${part === made ? "new" : ""}">${showWhitespace(part) || nothing}</span>`;
    })}</span>`;
  }
}

customElements.define("merge-film", MergeFilm);
