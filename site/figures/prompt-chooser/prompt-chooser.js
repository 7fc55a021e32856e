/**
 * <prompt-chooser></prompt-chooser>
 *
 * Which text is shown: one of the five prompts, as it was continued while the model learned, or your
 * own, which the model continues now. Below it stands what was written, to be read, and a sentence that
 * says where it comes from; both are announced when a text of your own is finished.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { nearestSnapshot } from "../../app/model.js";
import { nearest } from "../../app/step-scale.js";
import { MAX_LENGTH } from "../../app/store.js";
import { END } from "../../engine/tokenizer.js";

const TYPING = 200; // milliseconds without a key, after which the model reads what was typed
const SILENCE = 1000; // and after which its continuation is read aloud

class PromptChooser extends ForwardPassFigure {
  static properties = {
    prompt: { from: "store", type: Number },
    text: { from: "store", type: String }, // your own; empty for one of the five
    isStale: { from: "passes", attribute: false },
    announced: { state: true }, // what is read aloud
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    css`
    .choose { display: grid; grid-template-columns: minmax(0, 15rem) auto minmax(0, 1fr); gap: 8px; }
    select { width: 100%; min-width: 0; text-overflow: ellipsis; color: var(--text); }
    button, label { white-space: nowrap; }
    button { padding: 4px 16px; }
    input { flex: 1; min-width: 0; height: 44px; font: 400 1.0625rem/1.5 var(--serif);
            color: var(--text); background: var(--background); border: 1px solid var(--line);
            border-radius: 8px; padding: 0 12px; }
    .story { font: 400 1.0625rem/1.45 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
             height: 2.9em; overflow-y: auto; margin-top: 8px; }
    .story .prompt { color: var(--muted); }
    .caption { margin-top: 4px; min-height: 1.5em; max-width: none; }
    .caption b { font-weight: 600; color: var(--text); overflow-wrap: anywhere; }
    @media (max-width: 640px) {
      .choose { grid-template-columns: minmax(0, 1fr) auto; }
      label { grid-column: 1 / -1; }
      .story { font-size: 1rem; height: 5.8em; }
      .caption { margin-top: 0; }
    }
  `,
  ];

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
    const isTyping = this.typed === this.text;
    if (text === this.text) return;
    this.store.set({ text: text || null }, { replace: isTyping });
    this.typed = text;
  }

  endTyping({ target }) {
    clearTimeout(this.timer);
    this.choose(target.value);
    this.typed = null;
  }

  resample() {
    const { seed, prompt, text } = this.store.state;
    this.store.set({ seed: seed + 1, text: text || this.run.manifest.prompts[prompt] });
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
        <label>or your own <input type="text" dir="auto" .value=${this.text ?? ""} maxlength=${MAX_LENGTH}
          placeholder="The start of a text" spellcheck="false" autocomplete="off"
          @input=${this.type} @change=${this.endTyping}></label>
      </div>
      <p class="story" dir="auto" tabindex="0" role="group" aria-label="The text">${this.story()}</p>
      <p class="caption">${this.source()}</p>
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  choosePrompt({ target }) {
    if (target.value !== "own") this.store.set({ prompt: Number(target.value), text: null });
  }

  /** What was written, as a text to be read. */
  story() {
    if (!this.isReady) return nothing;
    const { ids, promptLength, vocab } = this.pass;
    const text = (some) => some.map((id) => (vocab[id] === END ? " (end)" : vocab[id])).join("");
    const start = vocab[ids[0]] === END ? 1 : 0;
    return html`<span class="prompt">${text(ids.slice(start, promptLength))}</span
      >${text(ids.slice(promptLength))}`;
  }

  updated(changed) {
    super.updated(changed);
    if (changed.has("pass") && this.isReady) this.showStory();
  }

  /** Show what the model wrote, and announce it, unless it was recorded. */
  showStory() {
    const { pass } = this;
    const story = this.renderRoot.querySelector(".story");
    if (!story) return;
    if (pass.isComputed) requestAnimationFrame(() => this.showAnswer(story));
    clearTimeout(this.silence);
    this.announced = "";
    if (!pass.isComputed) return;
    this.silence = setTimeout(() => {
      const source = this.renderRoot.querySelector(".caption").textContent;
      this.announced = `${source} ${story.textContent}`;
    }, SILENCE);
  }

  /** Scroll to the end of a long prompt. */
  showAnswer(story) {
    const prompt = story.querySelector(".prompt");
    story.scrollTop = prompt ? prompt.offsetHeight - story.clientHeight / 2 : 0;
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

customElements.define("prompt-chooser", PromptChooser);
