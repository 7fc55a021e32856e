/**
 * <prompt-chooser></prompt-chooser>
 *
 * Which text is shown: one of the five prompts, as it was continued while the model learned, or your
 * own, which the model continues now. Below it stands what was written, to be read, and a sentence that
 * says where it comes from; both are announced when a text of your own is finished. A long text is cut,
 * visibly, until somebody asks for all of it.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Fades, fades } from "../../app/fades.js";
import { count, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { endsInSpace } from "../../app/forward-pass.js";
import { nearestSnapshot } from "../../app/model.js";
import { nearest } from "../../app/step-scale.js";
import { MAX_LENGTH } from "../../app/store.js";
import { END } from "../../engine/tokenizer.js";

const TYPING = 200; // milliseconds without a key, after which the model reads what was typed
const SILENCE = 1000; // and after which its continuation is read aloud
const LOOKED_AT = 4000; // and after which "back" leads to it again

class PromptChooser extends ForwardPassFigure {
  static properties = {
    prompt: { from: "store", type: Number },
    text: { from: "store", type: String }, // your own; empty for one of the five
    isStale: { from: "passes", attribute: false },
    announced: { state: true }, // what is read aloud
    isCut: { state: true }, // whether there is more of the text than one sees
    isOpen: { state: true }, // whether somebody wants to see all of it
    endsInSpace: { state: true }, // whether one has stopped typing after a space
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    fades,
    css`
    .choose { display: grid; grid-template-columns: minmax(0, 15rem) auto minmax(0, 1fr); gap: 8px; }
    select { width: 100%; min-width: 0; text-overflow: ellipsis; color: var(--text); }
    button { white-space: nowrap; padding: 4px 16px; }
    .own { position: relative; }
    input { width: 100%; height: 44px; font: 400 1.0625rem/1.5 var(--serif);
            color: var(--text); background: var(--background); border: 1px solid var(--line);
            border-radius: 8px; padding: 0 44px 0 12px; }
    .clear { position: absolute; inset: 0 0 0 auto; width: 44px; padding: 0; border: 0; background: none;
             text-align: center; font-size: 1.25rem; color: var(--muted); }
    .text { margin-top: 8px; --fade: 0.9em; }
    .story { font: 400 1.0625rem/1.45 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
             max-height: 2.9em; min-height: 2.9em; overflow: hidden; }
    .story span { color: var(--muted); }
    .open .story { max-height: none; }
    .more-below .story::after { content: ""; display: inline-block; width: 8em; }  /* what lies under the button */
    .more-below::after { display: none; }
    .all { border: 0; border-radius: 0; min-height: 0; padding: 0; color: var(--accent); text-decoration: underline;
           text-underline-offset: 0.2em; background: none; font: 500 var(--small)/1.4 var(--sans); position: relative; }
    .all::before { content: ""; position: absolute; inset: -10px 0; }  /* for a finger */
    .text:not(.open) .all { position: absolute; right: 0; bottom: 0; line-height: 1.55rem; padding-left: 3em;
           background: linear-gradient(90deg, transparent, var(--panel) 2.5em); }
    .caption { margin-top: 4px; min-height: 1.5em; max-width: none; }
    .hint { margin: 4px 0; }
    .hint button { min-height: 32px; padding: 2px 12px; }
    .caption b { font-weight: 600; color: var(--text); overflow-wrap: anywhere; }
    @media (max-width: 640px) {
      .choose { grid-template-columns: minmax(0, 1fr) auto; }
      .own { grid-column: 1 / -1; }
      .story { font-size: 1rem; max-height: 5.8em; min-height: 5.8em; }
      .caption { margin-top: 0; }
    }
    @media (min-width: 641px) and (max-width: 1099px) {
      .choose { grid-template-columns: minmax(0, 11rem) auto minmax(0, 1fr); }
    }
    @media print {
      .choose, .all, .hint { display: none; }
      .story { max-height: none; min-height: 0; }
    }
  `,
  ];

  constructor() {
    super();
    this.fades = new Fades(this, ".story", (isCut) => {
      this.isCut = isCut;
    });
  }

  shouldUpdate() {
    return true; // it says which step was asked for
  }

  render() {
    // even if there is no forward pass: another text is chosen here
    return this.run ? this.draw() : this.placeholder();
  }

  type({ target }) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.choose(target.value), TYPING);
  }

  /** While somebody types, "back" leads to what was there before, not to each letter. */
  choose(value) {
    const text = value.trim() ? value : "";
    if (text === this.text) return;
    const isTyping = this.typed === this.text && performance.now() - this.typedAt < LOOKED_AT;
    this.store.set({ text: text || null }, { replace: isTyping });
    this.typed = text;
    this.typedAt = performance.now();
  }

  endTyping({ target }) {
    clearTimeout(this.timer);
    this.choose(target.value);
    this.typed = null;
  }

  clear() {
    clearTimeout(this.timer);
    const input = this.renderRoot.querySelector("input");
    input.value = "";
    this.choose("");
    this.typed = null;
    input.focus();
  }

  removeSpace() {
    this.store.set({ text: this.text.trimEnd() }, { replace: true });
    this.renderRoot.querySelector("input").focus();
  }

  /** Each sample is an entry in the history: "back" leads from one to the one before it. */
  resample() {
    const { seed, prompt, text } = this.store.state;
    this.store.set({ seed: seed + 1, text: text || this.run.manifest.prompts[prompt] }, { jump: true });
  }

  draw() {
    const { prompts } = this.run.manifest;
    return html`
      <div class="choose">
        <select aria-label="The prompt" @change=${this.choosePrompt}>
          ${this.text ? html`<option value="own" selected>your own text</option>` : nothing}
          ${prompts.map(
            (prompt, i) =>
              html`<option value=${i} .selected=${!this.text && this.prompt === i}>${prompt}</option>`,
          )}</select>
        <button @click=${this.resample}>Sample again</button>
        <div class="own"><input type="text" dir="auto" .value=${this.text ?? ""} maxlength=${MAX_LENGTH}
          placeholder="Or type the start of a text" aria-label="Your own text" spellcheck="false" autocomplete="off"
          @input=${this.type} @change=${this.endTyping}>${this.text ? this.clearButton() : nothing}</div>
      </div>
      <div class="fades text ${this.isOpen ? "open" : ""}">
        <p class="story" dir="auto" role="group" aria-label="The text">${this.story()}</p>
        ${this.isCut || this.isOpen ? this.allButton() : nothing}
      </div>
      ${this.endsInSpace ? this.spaceHint() : nothing}
      <p class="caption">${this.source()}</p>
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  choosePrompt({ target }) {
    if (target.value !== "own") this.store.set({ prompt: Number(target.value), text: null });
  }

  clearButton() {
    return html`<button class="clear" aria-label="Clear your text" @click=${this.clear}>×</button>`;
  }

  allButton() {
    return html`<button class="all" aria-expanded=${String(Boolean(this.isOpen))} @click=${() => {
      this.isOpen = !this.isOpen;
    }}>${this.isOpen ? "Show less of it" : "… all of it"}</button>`;
  }

  spaceHint() {
    return html`<p class="hint">Your text ends with a space, but the words of this model begin with their own. After a
      space, it can only write the rest of a word. <button @click=${this.removeSpace}>Remove the space</button></p>`;
  }

  /** What was written, as a text to be read: in new nodes for each text, so that none of them moves. */
  story() {
    if (!this.isReady) return nothing;
    if (this.told?.pass !== this.pass) this.told = { pass: this.pass, nodes: storyOf(this.pass) };
    return this.told.nodes;
  }

  updated(changed) {
    super.updated(changed);
    if (changed.has("text")) this.watchSpace();
    if (changed.has("pass") && this.isReady) this.showStory();
  }

  /** A space at the end is mentioned only when one has stopped typing: most are followed by a word. */
  watchSpace() {
    clearTimeout(this.pause);
    this.endsInSpace = false;
    if (!this.run || !endsInSpace(this.run, this.text ?? "")) return;
    this.pause = setTimeout(() => {
      this.endsInSpace = true;
    }, SILENCE);
  }

  /** Show what the model wrote, and announce it, unless it was recorded. */
  showStory() {
    const { pass } = this;
    const story = this.renderRoot.querySelector(".story");
    if (!story) return;
    if (pass.isComputed) requestAnimationFrame(() => this.showAnswer(story));
    else if (this.isScrolled) story.scrollTop = 0;
    this.isScrolled = pass.isComputed;
    clearTimeout(this.silence);
    this.announced = "";
    if (!pass.isComputed) return;
    this.silence = setTimeout(async () => {
      await this.updateComplete; // with what is said of a space
      const said = (name) => this.renderRoot.querySelector(name)?.textContent ?? "";
      this.announced = [".hint", ".caption", ".story"].map(said).join(" ");
    }, SILENCE);
  }

  /** Show the end of a long prompt, and whole lines. */
  showAnswer(story) {
    const prompt = story.querySelector(".prompt");
    const line = parseFloat(getComputedStyle(story).lineHeight);
    const lines = prompt ? Math.round((prompt.offsetHeight - story.clientHeight / 2) / line) : 0;
    story.scrollTop = lines * line;
    this.fades.mark();
  }

  source() {
    const { pass } = this;
    if (!pass || pass instanceof Error) return nothing;
    const step = html`<b>step ${count(pass.step)}</b>`;
    const instead = pass.step === this.step ? nothing : this.whyAnotherStep();
    if (!pass.isComputed) {
      return html`Recorded at ${step} of the training.${instead}`;
    }
    return html`Computed in this page${this.speed()}, with the weights of ${step}, at temperature ${
      pass.temperature
    }.${instead}${
      pass.unknown.length
        ? html` It has never seen ${pass.unknown.map(
            (one, i) => html`${i ? ", " : ""}<b
        dir="auto">${showWhitespace(one)}</b>`,
          )} (left out, or read without accents).`
        : nothing
    }${
      pass.isTruncated
        ? html` Only ${count(pass.ids.length)} tokens fit in its context: the
      rest was cut off.`
        : nothing
    }`;
  }

  /** Why what is shown is not of the chosen step; nothing while that one comes quickly. */
  whyAnotherStep() {
    const { pass, run, step } = this;
    if (this.isStale) return ` The text of step ${count(step)} is still loading.`;
    const there = pass.isComputed ? nearestSnapshot(run, step) : nearest(step, run.manifest.exported_steps);
    return pass.step === there ? ` That is the saved step nearest to step ${count(step)}.` : nothing;
  }

  speed() {
    return this.pass.milliseconds === undefined
      ? nothing
      : ` in ${Math.max(1, Math.round(this.pass.milliseconds))} ms`;
  }
}

/** The prompt, what follows it, and a sign if it was stopped there. @returns {Node[]} */
function storyOf({ ids, promptLength, vocab }) {
  const text = (some) => some.map((id) => (vocab[id] === END ? " (end) " : vocab[id])).join("");
  const span = (className, textContent) =>
    Object.assign(document.createElement("span"), { className, textContent });
  const start = vocab[ids[0]] === END ? 1 : 0;
  const written = new Text(text(ids.slice(promptLength)));
  const nodes = [span("prompt", text(ids.slice(start, promptLength))), written];
  if (vocab[ids.at(-1)] === END) return nodes;
  const stopped = span("stopped", "…");
  stopped.ariaHidden = "true";
  return [...nodes, stopped];
}

customElements.define("prompt-chooser", PromptChooser);
