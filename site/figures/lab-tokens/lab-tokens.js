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
import { LabChoice } from "../../app/lab-choice.js";
import { MergeReplay } from "../../app/lab-merges.js";
import { END } from "../../engine/tokenizer.js";
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

class LabTokens extends LabChoice {
  static share = { title: "Merges", table: (figure) => figure.frames?.length && figure.numbers() };

  static properties = {
    index: { state: true }, // how many merges are shown
    isPlaying: { state: true },
    sentenceIndex: { state: true },
    wanted: { state: true }, // the size that the slider is at while it is dragged
    said: { state: true },
  };

  static styles = [
    LabChoice.styles,
    controls,
    linePlots,
    css`
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    .kinds { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: center; }
    .kinds label { color: var(--text); min-height: 36px; cursor: pointer; font-weight: 500; }
    .kinds input[type="radio"] { accent-color: var(--accent); width: 16px; height: 16px; margin: 0; }
    .kinds .size { flex: 1 1 260px; min-width: 0; max-width: 100%; color: var(--muted); font-weight: 400; cursor: default; }
    input[type="range"] { flex: 1 1 60px; min-width: 0; height: 32px; margin: 0; accent-color: var(--accent); }
    output { font-weight: 600; color: var(--text); min-width: 6.2em; }
    .caption { margin-top: 4px; }
    .film { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 16px 40px; margin-top: 16px;
            border-top: 1px solid var(--line); padding-top: 16px; }
    .newest { font-size: 1.1875rem; line-height: 1.6; min-height: 3.2em; }
    .newest b { font: 600 1em var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; padding: 1px 5px; border-radius: 5px;
                border: 1px solid var(--line); }
    .newest .made { border-color: var(--accent); background: color-mix(in oklab, var(--accent) 24%, var(--panel)); }
    .newest span { display: block; color: var(--muted); font-size: var(--small); }
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
    .chips { display: flex; flex-wrap: wrap; gap: 4px; align-content: start; height: 131px; overflow: hidden; margin: 0; padding: 0;
             list-style: none; }
    .chips li { font: 500 0.875rem/21px var(--mono); height: 23px; white-space: pre; max-width: 12em; overflow: hidden; text-overflow: ellipsis;
                padding: 0 6px; border: 1px solid var(--line); border-radius: 5px; }
    .chips .made { border-color: var(--accent); background: color-mix(in oklab, var(--accent) 24%, var(--panel)); }
    .plot { --labels: 2.6em; height: 110px; margin-top: 8px; }
    .plot .now { background: var(--chosen); width: 14px; height: 14px; margin: 0 0 -7px -7px; box-shadow: 0 0 0 3px var(--panel); }
    .ends { --labels: 2.6em; font-size: 0.8125rem; margin-top: 6px; }
    .curve { margin-top: 16px; }
    @media (max-width: 720px) {
      .film { grid-template-columns: minmax(0, 1fr); }
      .sentence { min-height: 11em; }
      .newest { min-height: 4.5em; }
      output { min-width: 5.4em; }
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

  get isBpe() {
    return this.tokens?.kind === "bpe";
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const text = (this.text?.text ?? "").split(END).join("\n");
    if (this.replay?.text !== text) this.begin(text);
    if (changed.has("tokens")) this.followMerges(changed.get("tokens"));
  }

  begin(text) {
    this.pause();
    this.replay = new MergeReplay(text);
    this.letters = null; // that it is made of, once they are wanted
    this.frames = []; // the merges that are there by now: { pair, token, count, vocabSize } of each
    this.sentences = sentencesOf(text, N_SENTENCES);
    this.sentenceIndex = this.index = 0;
    this.hasScrubbed = false;
    this.said = ""; // it was about another text
  }

  /** New merges are shown one after the other; those that were there before the figure are not. */
  followMerges(before) {
    const { merges, tokenizer } = this.tokens;
    const isDone = Boolean(tokenizer);
    if (!this.isBpe) this.said = ""; // there are no merges
    const isSame = this.replay.follow(merges.map(({ pair }) => pair));
    if (!isSame) {
      this.begin(this.replay.text);
      this.replay.follow(merges.map(({ pair }) => pair));
    }
    // A larger vocabulary begins with the same merges: what is shown stays until those that are new come.
    if (isDone || !this.isBpe || merges.length > this.frames.length) this.frames = merges;
    if (isDone) this.wanted = null;
    const isThereAlready = before === undefined && isDone;
    const last = this.frames.length;
    if (isThereAlready || still.matches || this.index > last) this.index = last;
    else if (this.index < last && !this.isPlaying && !this.hasScrubbed) this.play();
    if (isDone && before && !before.tokenizer && this.isBpe) this.said = this.summary();
  }

  play() {
    if (this.index >= this.frames.length && !this.isComing) this.index = 0;
    this.isPlaying = true;
    this.hasScrubbed = false;
    this.tick();
  }

  tick() {
    const isSlow = this.index < SLOW.merges;
    this.timer = setTimeout(
      () => {
        const by = isSlow ? 1 : Math.max(1, Math.ceil((this.index - SLOW.merges) * FAST.growth));
        const last = this.frames.length;
        this.index = Math.min(last, this.index + by);
        if (this.index < last || this.isComing) this.tick();
        else this.pause();
      },
      isSlow ? SLOW.milliseconds : FAST.milliseconds,
    );
  }

  /** Whether there will be more merges. */
  get isComing() {
    return this.isBpe && !this.tokens.tokenizer && this.status === "preparing";
  }

  pause() {
    clearTimeout(this.timer);
    this.isPlaying = false;
  }

  /** Somebody scrubs: the film waits for them. */
  go(index) {
    this.pause();
    this.hasScrubbed = true;
    this.index = Math.max(0, Math.min(this.frames.length, index));
    this.said = this.newestInWords();
  }

  choose(kind, size = this.tokens.vocabSize || USUAL) {
    this.hasScrubbed = false;
    this.lab.setTokens({ kind, vocabSize: kind === "bpe" ? size : 0 });
  }

  numbers() {
    const rows = this.frames.map(({ pair, token, count: times, vocabSize }, i) => {
      const words = this.replay.tokensPerWord(i + 1);
      return [i + 1, ...pair, token, times, vocabSize, words];
    });
    const about = ["token", "times side by side", "size of the vocabulary", "tokens a word"];
    return [["merge", "first", "second", ...about], ...rows];
  }

  drawLab() {
    const hasText = Boolean(this.replay.text);
    return html`${this.chooser(hasText)}
      ${hasText ? this.film() : html`<p class="caption">Choose a text first: its tokens are made from it.</p>`}
      <p class="visually-hidden" role="status">${this.said}</p>`;
  }

  chooser(hasText) {
    const kind = (value, label) =>
      html`<label><input type="radio" name="kind" value=${value} .checked=${this.tokens.kind === value}
        @change=${() => this.choose(value)}> ${label}</label>`;
    return html`<fieldset ?disabled=${!hasText}><legend class="visually-hidden">What a token is</legend>
        <div class="kinds">${kind("characters", "Characters")} ${kind("bpe", "Pieces of words")}
        ${this.isBpe ? this.slider() : nothing}</div></fieldset>
      <p class="caption">${this.explanation()}</p>`;
  }

  explanation() {
    const lost = this.hasLearned
      ? ` This model has learned for ${counted(this.step, "step")}: with other tokens, it starts over.`
      : "";
    return this.isBpe
      ? html`Byte-pair encoding begins with characters, and merges the two neighbours that stand side by side most often,
          again and again. With a larger vocabulary, a text has fewer tokens, and the model more parameters.${lost}`
      : html`Each character is a token. There are few to learn, but the model has to spell every word, and sees less text
          at once.${lost}`;
  }

  slider() {
    const sizes = SIZES.filter((size) => size > this.characters.length);
    const now = this.wanted ?? this.tokens.vocabSize;
    const at = sizes.findLastIndex((size) => size <= now);
    return html`<label class="size">Vocabulary
      <input type="range" min="0" max=${Math.max(0, sizes.length - 1)} .value=${String(Math.max(0, at))}
        aria-valuetext=${counted(now, "token")}
        @input=${({ target }) => (this.wanted = sizes[target.value])}
        @change=${({ target }) => this.choose("bpe", sizes[target.value])}>
      <output aria-hidden="true">${counted(now, "token")}</output></label>`;
  }

  /** The tokens that there are before the first merge. */
  get characters() {
    const { tokenizer, merges } = this.tokens;
    if (tokenizer) return tokenizer.vocab.slice(0, merges[0] ? merges[0].vocabSize - 1 : undefined);
    this.letters ??= [...new Set(this.replay.text)].sort();
    return this.letters;
  }

  film() {
    return html`<div class="film">
        <div>${this.isBpe ? this.newest() : nothing}${this.sentence()}</div>
        <div>${this.vocabulary()}${this.isBpe ? this.curve() : nothing}</div></div>`;
  }

  /** The merge that was made last, and the way to the others. */
  newest() {
    const last = this.frames.length;
    return html`<p class="newest">${this.newestSeen()}</p>
      <div class="row">
        <button class="primary" ?disabled=${!last} @click=${() => (this.isPlaying ? this.pause() : this.play())}>${
          this.isPlaying ? "Pause" : "Play"
        }</button>
        <button aria-label="One merge back" ?disabled=${!this.index} @click=${() => this.go(this.index - 1)}>‹</button>
        <button aria-label="Next merge" ?disabled=${this.index >= last} @click=${() => this.go(this.index + 1)}>›</button>
        <input type="range" min="0" max=${last} .value=${String(this.index)} ?disabled=${!last} aria-label="Merges"
          aria-valuetext=${this.newestInWords()} @input=${({ target }) => this.go(Number(target.value))}></div>`;
  }

  /** The merge that is shown; none before the first. */
  get frame() {
    return this.index ? this.frames[this.index - 1] : null;
  }

  newestSeen() {
    if (!this.frame) return html`<span>Before the first merge, each character is a token.</span>`;
    const { pair, token, count: times } = this.frame;
    const shown = (one) => html`<b dir="auto">${showWhitespace(one)}</b>`;
    return html`${shown(pair[0])} + ${shown(pair[1])} → <b class="made" dir="auto">${showWhitespace(token)}</b>
      <span>side by side ${counted(times, "time")} in the text; merge ${count(this.index)} of ${count(this.frames.length)}</span>`;
  }

  newestInWords() {
    if (!this.frame) return "Before the first merge";
    const { pair, token } = this.frame;
    const [a, b] = pair.map(spoken);
    return `Merge ${count(this.index)} of ${count(this.frames.length)}: “${a}” and “${b}” become “${spoken(token)}”.`;
  }

  sentence() {
    const sentence = this.sentences[this.sentenceIndex];
    if (!sentence) return nothing;
    const parts = this.replay.cut(sentence, this.index).flat();
    return html`<div class="sentence" dir="auto" role="group" aria-label="A sentence of your text, as tokens">${parts.map(
      (part) =>
        html`<span class=${`token ${part === this.frame?.token ? "made" : ""}`} style=${styleMap({ "--hue": hueOf(part) })}>${showWhitespace(part)}</span>`,
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
    const { characters, frame } = this;
    const made = this.frames
      .slice(Math.max(0, this.index - MOST_CHIPS), this.index)
      .map(({ token }) => token);
    const newest = [...new Set(made.reverse())];
    const chips = [...newest, ...characters.slice(0, MOST_CHIPS - newest.length)];
    return html`<h3>${counted(frame?.vocabSize ?? characters.length, "token")} in the vocabulary${
      frame ? ", the newest first" : nothing
    }</h3>
      <ul class="chips">${chips.map(
        (token) =>
          html`<li class=${token === frame?.token ? "made" : ""} dir="auto">${showWhitespace(token)}</li>`,
      )}</ul>`;
  }

  /** How many tokens stand for a word, after each merge. */
  curve() {
    const { replay, index } = this;
    const last = this.frames.length;
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
    const last = this.frames.length;
    const start = replay.tokensPerWord(0);
    if (!last || !start) return "";
    const isOver = this.tokens.tokenizer && this.vocabSize < this.tokens.vocabSize;
    return (
      `A word is ${start.toFixed(1)} tokens at first, and ${replay.tokensPerWord(last).toFixed(1)} after ${counted(last, "merge")}` +
      `${replay.isCut ? `, counted in the first ${count(replay.counted)} characters` : ""}.` +
      `${isOver ? " No pair stands side by side twice any more, so the vocabulary ends there." : ""}`
    );
  }
}

/** The colour of a token: the same wherever it stands. */
function hueOf(token) {
  let hash = 7;
  for (let i = 0; i < token.length; i++) hash = (hash * 31 + token.charCodeAt(i)) % 997;
  return `var(--${HUES[hash % HUES.length]})`;
}

customElements.define("lab-tokens", LabTokens);
