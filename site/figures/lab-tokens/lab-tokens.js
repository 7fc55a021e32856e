/**
 * <lab-tokens></lab-tokens>
 *
 * Chooses the tokens of the lab: characters, or pieces of words by byte-pair encoding, and how many. The merges are a
 * film: the newest one, the vocabulary as it grows, a sentence of the text cut again after each of them, and how many
 * tokens stand for a word. It can be scrubbed back.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, counted, showWhitespace, spoken } from "../../app/format.js";
import { LabFigure } from "../../app/lab-figure.js";
import { MergeReplay } from "../../app/lab-merges.js";
import { sentencesOf } from "../../app/lab-sentences.js";
import { linePlots } from "../../app/line-plot.js";

const SIZES = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
const USUAL = 512;
const N_SENTENCES = 8;
const MOST_CHIPS = 90;
const MOST_POINTS = 120; // of the curve
const HUES = ["accent", "query", "key", "value", "chosen"];
// The film begins slowly, so that one can read along, and then hurries.
const SLOW = { merges: 8, milliseconds: 260 };
const FAST = { milliseconds: 80, growth: 0.08 };

const still = matchMedia("(prefers-reduced-motion: reduce)");

class LabTokens extends LabFigure {
  static properties = {
    index: { state: true }, // how many merges are shown
    isPlaying: { state: true },
    sentenceIndex: { state: true },
    wanted: { state: true }, // the size that the slider is at while it is dragged
    said: { state: true },
  };

  static styles = [
    LabFigure.styles,
    controls,
    linePlots,
    css`
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    .kinds { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: center; }
    .kinds label { color: var(--text); min-height: 36px; cursor: pointer; font-weight: 500; }
    .kinds input[type="radio"] { accent-color: var(--accent); width: 16px; height: 16px; margin: 0; }
    .kinds .size { flex: 1 1 260px; color: var(--muted); font-weight: 400; cursor: default; }
    input[type="range"] { flex: 1 1 60px; min-width: 0; height: 32px; margin: 0; accent-color: var(--accent); }
    output { font-weight: 600; color: var(--text); min-width: 6.2em; }
    .caption { margin-top: 4px; }
    .film { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 16px 40px; margin-top: 16px;
            border-top: 1px solid var(--line); padding-top: 16px; }
    .newest { font-size: 1.1875rem; line-height: 1.5; min-height: 3em; }
    .newest b { font: 600 1em var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; padding: 1px 5px; border-radius: 5px;
                border: 1px solid var(--line); }
    .newest .made { border-color: var(--accent); background: color-mix(in oklab, var(--accent) 24%, var(--panel)); }
    .newest span { color: var(--muted); font-size: var(--small); }
    .row { flex-wrap: nowrap; gap: 8px; margin: 8px 0 16px; }
    .row button { min-width: 44px; padding: 4px 12px; text-align: center; }
    .row .primary { min-width: 84px; }
    .sentence { display: flex; flex-wrap: wrap; gap: 6px 2px; align-content: start; min-height: 7.2em; }
    .token { font: 500 1.0625rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 4px;
             border-radius: 5px; background: color-mix(in oklab, var(--hue) 20%, var(--panel)); }
    .token.made { box-shadow: inset 0 0 0 2px var(--accent); }
    .under { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: space-between; margin-top: 8px; }
    .under button { min-height: 36px; }
    .under p { color: var(--muted); }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .chips { display: flex; flex-wrap: wrap; gap: 4px; align-content: start; height: 9.6em; overflow: hidden; margin: 0; padding: 0;
             list-style: none; }
    .chips li { font: 500 0.875rem/1.5 var(--mono); white-space: pre; max-width: 12em; overflow: hidden; text-overflow: ellipsis;
                padding: 0 6px; border: 1px solid var(--line); border-radius: 5px; }
    .chips .made { border-color: var(--accent); background: color-mix(in oklab, var(--accent) 24%, var(--panel)); }
    .plot { --labels: 2.6em; height: 110px; margin-top: 8px; }
    .plot .now { background: var(--chosen); width: 14px; height: 14px; margin: 0 0 -7px -7px; box-shadow: 0 0 0 3px var(--panel); }
    .ends { --labels: 2.6em; font-size: 0.8125rem; }
    .curve { margin-top: 16px; }
    @media (max-width: 720px) {
      .film { grid-template-columns: minmax(0, 1fr); }
      .sentence { min-height: 11em; }
      .newest { min-height: 4.5em; }
    }
    @media (forced-colors: active) {
      .token { border: 1px solid CanvasText; }
      .token.made, .made { border: 2px solid Highlight; }
    }
  `,
  ];

  constructor() {
    super();
    this.index = 0;
    this.sentenceIndex = 0;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.pause();
  }

  /** @returns {[string, string][]} the merges that are there by now */
  get merges() {
    return (this.tokens?.merges ?? []).map((one) => (Array.isArray(one) ? one : one.pair));
  }

  get isBpe() {
    return this.tokens?.kind === "bpe";
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const text = this.text?.text ?? "";
    if (this.replay?.text !== text) this.begin(text);
    if (changed.has("tokens")) this.followMerges(changed.get("tokens"));
  }

  begin(text) {
    this.replay = new MergeReplay(text);
    this.sentences = sentencesOf(text, N_SENTENCES);
    this.sentenceIndex = 0;
    this.index = 0;
    this.pause();
  }

  /** New merges are shown one after the other; those that were there before the figure are not. */
  followMerges(before) {
    const { merges } = this;
    if (!this.replay.follow(merges)) {
      this.replay = new MergeReplay(this.replay.text);
      this.replay.follow(merges);
      this.index = 0;
    }
    this.wanted = null;
    const isNew = merges.length > this.index;
    const isFirstSight = before === undefined && !this.tokens.isTraining;
    if (this.index > merges.length || isFirstSight || (isNew && still.matches)) this.index = merges.length;
    else if (isNew && !this.isPlaying && this.isBpe && !this.hasScrubbed) this.play();
    if (!merges.length) this.hasScrubbed = false;
    if (before?.isTraining && !this.tokens.isTraining) this.said = this.summary();
  }

  play() {
    if (this.index >= this.merges.length && !this.tokens.isTraining) this.index = 0;
    this.isPlaying = true;
    this.hasScrubbed = false;
    this.tick();
  }

  tick() {
    const isSlow = this.index < SLOW.merges;
    this.timer = setTimeout(
      () => {
        const by = isSlow ? 1 : Math.max(1, Math.ceil((this.index - SLOW.merges) * FAST.growth));
        const last = this.merges.length;
        this.index = Math.min(last, this.index + by);
        if (this.index < last || this.tokens.isTraining) this.tick();
        else this.pause();
      },
      isSlow ? SLOW.milliseconds : FAST.milliseconds,
    );
  }

  pause() {
    clearTimeout(this.timer);
    this.isPlaying = false;
  }

  /** Somebody scrubs: the film waits for them. */
  go(index) {
    this.pause();
    this.hasScrubbed = true;
    this.index = Math.max(0, Math.min(this.merges.length, index));
    this.said = this.newestInWords();
  }

  choose(kind, size = this.tokens.vocabSize || USUAL) {
    this.hasScrubbed = false;
    this.lab.setTokens({ kind, vocabSize: kind === "bpe" ? size : 0 });
  }

  draw() {
    if (!this.tokens) return html`<p class="caption" aria-busy="true">…</p>`;
    const isReady = Boolean(this.text?.text);
    return html`${this.chooser()}
      ${isReady ? this.film() : html`<p class="caption">Choose a text first: its tokens are made from it.</p>`}
      <p class="visually-hidden" role="status">${this.said}</p>`;
  }

  chooser() {
    const isFixed = this.hasBegun || !this.text?.text;
    const kind = (value, label) =>
      html`<label><input type="radio" name="kind" value=${value} .checked=${this.tokens.kind === value}
        @change=${() => this.choose(value)}> ${label}</label>`;
    return html`<fieldset ?disabled=${isFixed}><legend class="visually-hidden">What a token is</legend>
        <div class="kinds">${kind("characters", "Characters")} ${kind("bpe", "Pieces of words")}
        ${this.isBpe ? this.slider() : nothing}</div></fieldset>
      <p class="caption">${this.explanation()}</p>`;
  }

  explanation() {
    if (this.hasBegun) return "This model has begun to learn, so its tokens are fixed until you start over.";
    return this.isBpe
      ? html`Byte-pair encoding begins with characters, and merges the two neighbours that stand side by side most often,
          again and again. A larger vocabulary makes shorter texts, and a larger model.`
      : html`Each character is a token. There are few to learn, but the model has to spell every word, and sees less text
          at once.`;
  }

  slider() {
    const sizes = SIZES.filter((size) => size > this.nCharacters);
    const now = this.wanted ?? this.tokens.vocabSize;
    const at = sizes.findLastIndex((size) => size <= now);
    return html`<label class="size">Vocabulary
      <input type="range" min="0" max=${Math.max(0, sizes.length - 1)} .value=${String(Math.max(0, at))}
        aria-valuetext=${counted(now, "token")}
        @input=${({ target }) => (this.wanted = sizes[target.value])}
        @change=${({ target }) => this.choose("bpe", sizes[target.value])}>
      <output aria-hidden="true">${counted(now, "token")}</output></label>`;
  }

  /** How many tokens there are before the first merge. */
  get nCharacters() {
    const { tokenizer, merges = [] } = this.tokens;
    if (merges[0]?.vocabSize) return merges[0].vocabSize - 1;
    if (tokenizer) return tokenizer.vocab.length - this.merges.length;
    return new Set(this.replay.text).size;
  }

  film() {
    return html`<div class="film">
        <div>${this.isBpe ? this.newest() : nothing}${this.sentence()}</div>
        <div>${this.vocabulary()}${this.isBpe ? this.curve() : nothing}</div></div>`;
  }

  /** The merge that was made last, and the way to the others. */
  newest() {
    const last = this.merges.length;
    const label = this.isPlaying ? "Pause" : "Play";
    return html`<p class="newest">${this.newestSeen()}</p>
      <div class="row">
        <button class="primary" ?disabled=${!last} @click=${() => (this.isPlaying ? this.pause() : this.play())}>${label}</button>
        <button aria-label="One merge back" ?disabled=${!this.index} @click=${() => this.go(this.index - 1)}>‹</button>
        <button aria-label="Next merge" ?disabled=${this.index >= last} @click=${() => this.go(this.index + 1)}>›</button>
        <input type="range" min="0" max=${last} .value=${String(this.index)} ?disabled=${!last} aria-label="Merges"
          aria-valuetext=${this.newestInWords()} @input=${({ target }) => this.go(Number(target.value))}></div>`;
  }

  newestSeen() {
    if (!this.index) return html`<span>Before the first merge, each character is a token.</span>`;
    const [a, b] = this.merges[this.index - 1];
    const { count: times } = this.tokens.merges[this.index - 1];
    const shown = (token) => html`<b dir="auto">${showWhitespace(token)}</b>`;
    return html`${shown(a)} + ${shown(b)} → <b class="made" dir="auto">${showWhitespace(a + b)}</b>
      <span>${times ? html`${counted(times, "time")} in the text;` : nothing} merge ${count(this.index)} of ${count(this.merges.length)}</span>`;
  }

  newestInWords() {
    if (!this.index) return "Before the first merge";
    const [a, b] = this.merges[this.index - 1];
    return `Merge ${count(this.index)} of ${count(this.merges.length)}: “${spoken(a)}” and “${spoken(b)}” become “${spoken(a + b)}”.`;
  }

  sentence() {
    const sentence = this.sentences[this.sentenceIndex];
    if (!sentence) return nothing;
    const parts = this.replay.cut(sentence, this.index).flat();
    const made = this.index ? this.merges[this.index - 1].join("") : null;
    return html`<div class="sentence" dir="auto" role="group" aria-label="A sentence of your text, as tokens">${parts.map(
      (part) =>
        html`<span class=${`token ${part === made ? "made" : ""}`} style=${styleMap({ "--hue": hueOf(part) })}>${showWhitespace(part)}</span>`,
    )}</div>
      <div class="under"><p>${counted(parts.length, "token")} for ${counted(Array.from(sentence).length, "character")}</p>
      ${
        this.sentences.length > 1
          ? html`<button @click=${() => this.anotherSentence()}>Another sentence</button>`
          : nothing
      }</div>`;
  }

  anotherSentence() {
    this.sentenceIndex = (this.sentenceIndex + 1) % this.sentences.length;
  }

  /** The vocabulary, the newest tokens first: as many as there is room for. */
  vocabulary() {
    const made = this.merges.slice(0, this.index).map((pair) => pair.join(""));
    const newest = [...new Set(made.slice(-MOST_CHIPS).reverse())];
    const characters = this.characters.slice(0, MOST_CHIPS - newest.length);
    const all = this.nCharacters + new Set(made).size;
    return html`<h3>${counted(all, "token")} in the vocabulary${this.index ? ", the newest first" : nothing}</h3>
      <ul class="chips">${[...newest, ...characters].map(
        (token, i) =>
          html`<li class=${this.index && !i ? "made" : ""} dir="auto">${showWhitespace(token)}</li>`,
      )}</ul>`;
  }

  /** The characters of the text. */
  get characters() {
    if (this.spelled?.text !== this.replay.text) {
      this.spelled = { text: this.replay.text, all: [...new Set(this.replay.text)].sort() };
    }
    return this.spelled.all;
  }

  /** How many tokens stand for a word, after each merge. */
  curve() {
    const { replay, index } = this;
    const last = this.merges.length;
    const start = replay.tokensPerWord(0);
    if (!start || !last) return nothing;
    const height = (n) => (replay.tokensPerWord(n) - 1) / (start - 1 || 1);
    const every = Math.max(1, Math.ceil(last / MOST_POINTS));
    const points = Array.from({ length: Math.floor(last / every) + 1 }, (_, i) => i * every);
    if (points.at(-1) !== last) points.push(last);
    const at = (n) => `${(100 * n) / last},${100 - 100 * height(n)}`;
    return html`<div class="curve"><h3>${replay.tokensPerWord(index).toFixed(1)} tokens a word</h3>
      <div class="plot" aria-hidden="true"><svg viewBox="0 0 100 100" preserveAspectRatio="none">
        <polyline points=${points.map(at).join(" ")}></polyline></svg>
        <i class="now" style=${styleMap({ left: `${(100 * index) / last}%`, bottom: `${100 * height(index)}%` })}></i>
        <span style=${styleMap({ bottom: "100%" })}>${start.toFixed(1)}</span>
        <span style=${styleMap({ bottom: "0%" })}>1</span></div>
      <div class="ends"><span>characters</span><span>${counted(last, "merge")}</span></div>
      <p class="caption">${this.summary()}</p></div>`;
  }

  /** What all merges together do, in a sentence. */
  summary() {
    const { replay } = this;
    const last = this.merges.length;
    const start = replay.tokensPerWord(0);
    if (!this.isBpe || !start) return "";
    const where = replay.isCut ? ` (counted in the first ${count(replay.counted)} characters)` : "";
    const ended =
      !this.tokens.isTraining && this.vocabSize < this.tokens.vocabSize
        ? " No pair comes up twice any more, so the vocabulary ends there."
        : "";
    return `A word is ${start.toFixed(1)} tokens at first, and ${replay.tokensPerWord(last).toFixed(1)} after ${counted(last, "merge")}${where}.${ended}`;
  }
}

/** The colour of a token: the same wherever it stands. */
function hueOf(token) {
  let hash = 7;
  for (let i = 0; i < token.length; i++) hash = (hash * 31 + token.charCodeAt(i)) % 997;
  return `var(--${HUES[hash % HUES.length]})`;
}

customElements.define("lab-tokens", LabTokens);
