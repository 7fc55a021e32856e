/**
 * <context-window> <template data-words>…</template> </context-window>
 *
 * A text of which the model may see only the last tokens, and what it then takes for likely: what stands before them
 * does not exist for it. First comes a word that stands in the text before, and is not expected once that is out of
 * sight; then tokens that need much, and one that needs little. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { precisePercent } from "../../app/decimals.js";
import { inSentence } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { near } from "../../app/near.js";
import { nextTokenStyles, nextTokens } from "../../app/next-tokens.js";
import { wordsOf } from "../../app/page-words.js";
import { softmax } from "../../engine/kernel.js";
import { END } from "../../engine/tokenizer.js";

const FEW = 6; // tokens that can be seen when it is tried what matters
const TRIED = 48; // positions, the last of a text
const COPIES = 2; // of them that one can go through, of words that stood there before
const OTHERS = 2; // that need much of the text
const LEAST_DISTANCE = 4; // tokens from a word to the same one before it
const LEAST_CONTRAST = 0.3; // in its probability, with and without that
const SOME_LETTERS = /\p{L}/u;
const WORD = /\p{L}{4}/u; // most shorter ones come up in every text

class ContextWindow extends ForwardPassFigure {
  static properties = {
    candidates: { state: true }, // positions, the one that needs its context most first; null until they are known
    which: { state: true }, // the index of the one that is shown
    seen: { state: true }, // how many tokens before it the model may see
    read: { state: true }, // { seen, logits: after all of them, and after so many }, or null until it is there
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    nextTokenStyles,
    css`
    .length { display: grid; gap: 4px; color: var(--text); }
    .length b { font: 600 1.0625rem/1.4 var(--serif); }
    input { width: 100%; height: 32px; margin: 0; accent-color: var(--accent); }
    .text { font: 400 1.0625rem/1.8 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 8px 0; max-width: 66ch; }
    .gone { color: var(--muted); text-decoration: line-through; }
    .seen { background: color-mix(in oklab, var(--accent) 18%, var(--panel)); border-radius: 3px; padding: 2px 0; }
    .target { font-weight: 600; border-bottom: 3px solid var(--chosen); white-space: pre; }
    .waiting { min-height: 430px; }
    .nexts { min-height: 210px; }
    .about { min-height: 3em; max-width: 66ch; margin: 8px 0; }
    @media (forced-colors: active) { .seen { forced-color-adjust: none; background: Highlight; color: HighlightText; } }
  `,
  ];

  load(_run) {
    this.say = wordsOf(this);
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.isReady && (changed.has("both") || changed.has("data"))) this.find();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  /** The positions to go through. */
  async find() {
    const { signal } = this.begin();
    this.candidates = this.read = null;
    try {
      await near(this, signal);
      const tried = await this.tryAll(signal);
      this.candidates = chosen(tried);
      if (tried.length) this.show(0);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** How much each of the last positions needs, as { position, few, gain, contrast, isWord }. */
  async tryAll(signal) {
    const { pass } = this;
    const tried = [];
    for (let position = Math.max(1, pass.length - TRIED); position < pass.length; position++) {
      const few = await this.probability(position, FEW, signal);
      const gain = pass.nextTokenProbs(position).p - few;
      const contrast = await this.contrast(position, signal);
      tried.push({ position, few, gain, contrast, isWord: WORD.test(this.tokenAt(position)) });
    }
    return tried;
  }

  /** How much likelier a token is while the same one can be seen further back: 0 if there is none. */
  async contrast(position, signal) {
    const ids = [...this.pass.ids].slice(0, position);
    const distance = position - ids.lastIndexOf(this.pass.ids[position]);
    const isThere =
      distance >= LEAST_DISTANCE && distance < position && SOME_LETTERS.test(this.tokenAt(position));
    if (!isThere) return 0;
    const probabilities = async (lengths) => {
      const all = [];
      for (const n of lengths) all.push(await this.probability(position, n, signal));
      return all;
    };
    const withIt = await probabilities([distance, Math.ceil((distance + position) / 2), position]);
    const without = await probabilities([2, Math.ceil(distance / 2), distance - 1]);
    return withIt.reduce((sum, one) => sum + one, 0) / withIt.length - Math.max(...without);
  }

  /** Of the token at a position, if only so many before it can be seen. */
  async probability(position, seen, signal) {
    return softmax(await this.after(position, seen, signal))[this.pass.ids[position]];
  }

  /** What was asked before is no longer wanted. */
  begin() {
    this.controller?.abort();
    this.controller = new AbortController();
    return this.controller;
  }

  /** The logits of a position if only so many tokens before it can be seen. */
  after(position, seen, signal) {
    const ids = [...this.pass.ids].slice(Math.max(0, position - seen), position);
    return this.pass.model.nextLogits(ids, { signal });
  }

  get target() {
    return this.candidates[this.which];
  }

  show(which) {
    this.which = which;
    this.read = null; // of another token
    this.see(this.target);
  }

  async see(seen) {
    const { signal } = this.begin();
    this.seen = seen;
    try {
      const logits = [];
      for (const n of [this.target, seen]) logits.push(await this.after(this.target, n, signal));
      if (!signal.aborted) this.read = { seen, logits };
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  draw() {
    if (!this.candidates) return html`<p class="caption waiting">…</p>`; // until somebody comes near
    if (!this.candidates.length) return html`<p>${this.say("too-short")}</p>`;
    const { target, seen } = this;
    const token = inSentence(this.tokenAt(target));
    const columns = ["all", "some"].map((key, i) => ({
      title: this.say(key, { n: i ? seen : target }),
      logits: this.read?.logits[i] ?? null,
      isMain: i === 0,
    }));
    return html`<label class="length"><b>${this.say("seen", { n: seen, of: target })}</b>
      <input type="range" min="1" max=${target} .value=${String(seen)} aria-valuetext=${this.say("seen", { n: seen, of: target })}
        @input=${({ target: input }) => this.see(Number(input.value))}></label>
      <p class="text" dir="auto">${this.textPart("gone", 0, target - seen)}${this.textPart("seen", target - seen, target)}<span
        class="target">${this.tokenAt(target)}</span></p>
      ${nextTokens(this.run.vocab, columns, [this.pass.ids[target]])}
      <p class="about" role="status">${this.read ? this.about(token) : nothing}</p>
      ${
        this.candidates.length > 1
          ? html`<button @click=${() => this.show((this.which + 1) % this.candidates.length)}>${this.say("another")}</button>`
          : nothing
      }`;
  }

  /** A part of the text, without what only marks where it begins. */
  textPart(name, from, to) {
    const tokens = [...this.pass.ids].slice(from, to).map((id) => this.run.vocab[id]);
    const text = tokens.filter((token) => token !== END).join("");
    return text ? html`<span class=${name}>${text}</span>` : nothing;
  }

  about(token) {
    const id = this.pass.ids[this.target];
    const [all, some] = this.read.logits.map((logits) => precisePercent(softmax(logits)[id]));
    return this.say("about", { token, all, some });
  }
}

/** Of the positions that were tried: copies, some that need much of the text, and one that needs little of it. */
function chosen(tried) {
  const copies = tried
    .filter(({ contrast }) => contrast > LEAST_CONTRAST)
    .sort((a, b) => Number(b.isWord) - Number(a.isWord) || b.contrast - a.contrast)
    .slice(0, COPIES);
  const others = tried
    .filter((one) => !copies.includes(one))
    .sort((a, b) => b.gain - a.gain)
    .slice(0, OTHERS);
  const little = tried
    .filter((one) => ![...copies, ...others].includes(one))
    .sort((a, b) => b.few - a.few)[0];
  return [...copies, ...others, little].filter(Boolean).map(({ position }) => position);
}

customElements.define("context-window", ContextWindow);
