/**
 * <prompt-chooser .run=${run} .look=${look} prompt="0" text="" temperature="0.8"></prompt-chooser>
 *
 * Which text is shown: one of the five prompts, as it was continued while the model learned, or your
 * own, which the model continues now; and a sentence that says which of the two it is.
 * Emits: "prompt" { prompt } or { text }, "again" {}.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { keptStep } from "../../kit/model.js";
import { LookFigure } from "../../kit/look-figure.js";
import { alone, count } from "../../kit/words.js";

export const LONGEST = 1000;  // characters of your own text: it stands in the address

class PromptChooser extends LookFigure {
  static properties = {
    prompt: { type: Number },
    text: { type: String },  // your own; empty for one of the five
  };

  static styles = [LookFigure.styles, css`
    .choices { display: flex; flex-wrap: wrap; gap: 8px; }
    button { min-height: 40px; border: 1px solid var(--line); border-radius: 20px; padding: 4px 16px;
             background: var(--panel); cursor: pointer; text-align: left; overflow-wrap: anywhere; }
    button:hover { border-color: var(--moss); }
    button[aria-pressed="true"] { border-color: var(--moss); box-shadow: inset 0 0 0 1px var(--moss);
                                  font-weight: 600; }
    .own { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; align-items: center; }
    label { flex: 1 1 260px; display: flex; align-items: center; gap: 8px; color: var(--muted); }
    input { flex: 1; min-width: 0; height: 40px; font: 400 1rem/1.5 var(--serif);
            color: var(--ink); background: var(--background); border: 1px solid var(--line);
            border-radius: 8px; padding: 0 12px; }
    .caption { margin-top: 8px; min-height: 3em; }
    .caption b { font-weight: 600; color: var(--ink); }
  `];

  shouldUpdate() {
    return true;  // it says which step was asked for
  }

  render() {  // also before there is a text, and if there is none: here another one is chosen
    return this.run ? this.draw() : this.wait();
  }

  type({ target }) {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.tell("prompt", { text: target.value }), 200);
  }

  draw() {
    const { prompts } = this.run.manifest;
    return html`
      <div class="choices" role="group" aria-label="The five prompts">${prompts.map((prompt, i) => html`
        <button dir="auto" aria-pressed=${String(!this.text && this.prompt === i)}
          @click=${() => this.tell("prompt", { prompt: i })}>${prompt}</button>`)}</div>
      <div class="own">
        <label>or your own <input type="text" dir="auto" .value=${this.text ?? ""} maxlength=${LONGEST}
          placeholder="The start of a text" spellcheck="false" autocomplete="off"
          @input=${this.type}></label>
        <button @click=${() => this.tell("again")}>Sample again</button>
      </div>
      <p class="caption" aria-live="polite">${this.source()}</p>`;
  }

  source() {
    const { look } = this;
    if (!look || look instanceof Error) return nothing;
    const step = html`<b>step ${count(look.step)}</b>`;
    const instead = look.step === this.step ? nothing
      : ` That is the saved step nearest to step ${count(this.step)}.`;
    if (!look.live) {
      return html`Recorded at ${step} of the training, at temperature ${look.temperature}.${
        instead}${keptStep(look.run, look.step) === look.step ? nothing : html` The weights of this step
        were not saved, so some of the figures below are incomplete.`}`;
    }
    return html`Computed in this page${this.speed()}, with the weights of ${step}, at temperature ${
      look.temperature}.${instead}${look.left.length ? html` It has never seen ${look.left.map((one, i) =>
      html`${i ? ", " : ""}<b dir="auto">${alone(one)}</b>`)} (left out, or read without accents).`
      : nothing}${look.cut ? html` Only ${count(look.ids.length)} tokens fit in its context: the
      rest was cut off.` : nothing}`;
  }

  speed() {
    return this.look.milliseconds === undefined ? nothing
      : ` in ${Math.max(1, Math.round(this.look.milliseconds))} ms`;
  }
}

customElements.define("prompt-chooser", PromptChooser);
