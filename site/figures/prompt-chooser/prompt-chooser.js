/**
 * <prompt-chooser></prompt-chooser>
 *
 * Which text is shown: one of the five prompts, as it was continued while the model learned, or your
 * own, which the model continues now; and a sentence that says which of the two it is.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { nearestSnapshot } from "../../app/model.js";
import { MAX_LENGTH } from "../../app/store.js";

class PromptChooser extends ForwardPassFigure {
  static properties = {
    prompt: { from: "store", type: Number },
    text: { from: "store", type: String }, // your own; empty for one of the five
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    css`
    .row { gap: 8px; }
    button { font-weight: 400; padding: 4px 16px; }
    .own { margin-top: 8px; }
    label { flex: 1 1 260px; }
    input { flex: 1; min-width: 0; height: 44px; font: 400 1rem/1.5 var(--serif);
            color: var(--text); background: var(--background); border: 1px solid var(--line);
            border-radius: 8px; padding: 0 12px; }
    .caption { margin-top: 8px; min-height: 3em; }
    .caption b { font-weight: 600; color: var(--text); }
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
    this.timer = setTimeout(() => this.choose(target.value), 200);
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
      <div class="row" role="group" aria-label="The five prompts">${prompts.map(
        (prompt, i) => html`
        <button dir="auto" aria-pressed=${String(!this.text && this.prompt === i)}
          @click=${() => this.store.set({ prompt: i })}>${prompt}</button>`,
      )}</div>
      <div class="row own">
        <label>or your own <input type="text" dir="auto" .value=${this.text ?? ""} maxlength=${MAX_LENGTH}
          placeholder="The start of a text" spellcheck="false" autocomplete="off"
          @input=${this.type} @change=${this.endTyping}></label>
        <button @click=${this.resample}>Sample again</button>
      </div>
      <p class="caption" aria-live="polite">${this.source()}</p>`;
  }

  source() {
    const { pass } = this;
    if (!pass || pass instanceof Error) return nothing;
    const step = html`<b>step ${count(pass.step)}</b>`;
    const instead =
      pass.step === this.step ? nothing : ` That is the saved step nearest to step ${count(this.step)}.`;
    if (!pass.isComputed) {
      return html`Recorded at ${step} of the training, at temperature ${pass.temperature}.${instead}${
        nearestSnapshot(pass.run, pass.step) === pass.step
          ? nothing
          : " The weights of this step were not saved, so some of the figures below are incomplete."
      }`;
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

  speed() {
    return this.pass.milliseconds === undefined
      ? nothing
      : ` in ${Math.max(1, Math.round(this.pass.milliseconds))} ms`;
  }
}

customElements.define("prompt-chooser", PromptChooser);
