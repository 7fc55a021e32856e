/**
 * <writing-desk></writing-desk>
 *
 * Where somebody types what the model goes on from. See app/writing.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, showWhitespace } from "../../app/format.js";
import { endsInSpace } from "../../app/forward-pass.js";
import { MAX_LENGTH } from "../../app/store.js";

const TYPING = 250; // milliseconds without a key, after which the model writes

class WritingDesk extends Figure {
  static properties = {
    text: { from: "store", type: String },
    prompt: { from: "store", type: Number },
    promptIds: { from: "writing", attribute: false },
    unknown: { from: "writing", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    textarea { display: block; width: 100%; min-height: 3.9em; resize: vertical; padding: 8px 12px;
               font: 400 1.0625rem/1.5 var(--serif); color: var(--text); background: var(--background);
               border: 1px solid var(--line); border-radius: 8px; field-sizing: content; max-height: 14em; }
    .head { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; align-items: center;
            margin-bottom: 4px; }
    .head label { color: var(--text); font-weight: 600; }
    select { min-height: 36px; }
    .note { margin-top: 8px; border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; }
    .note b { font-weight: 600; overflow-wrap: anywhere; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ prompts, settings }) {
    return html`
      <div class="head"><label for="beginning">The beginning</label>
        <select aria-label="Beginnings to choose from" @change=${this.choosePrompt}>
          ${this.text ? html`<option selected>your own</option>` : nothing}
          ${prompts.map(
            (prompt, i) =>
              html`<option value=${i} .selected=${!this.text && this.prompt === i}>${prompt}</option>`,
          )}</select></div>
      <textarea id="beginning" dir="auto" maxlength=${MAX_LENGTH} rows="2" spellcheck="false" autocomplete="off"
        .value=${this.text || prompts[this.prompt]} @input=${this.type}></textarea>
      ${this.notes(settings.n_ctx)}
`;
  }

  notes(n_ctx) {
    const full = this.promptIds.length >= n_ctx;
    const lines = [
      this.unknown.length
        ? html`It has never seen ${this.unknown.map(
            (one, i) => html`${i ? ", " : ""}<b dir="auto">${showWhitespace(one)}</b>`,
          )}: left out, or read without accents.`
        : nothing,
      full
        ? `That fills all ${count(n_ctx)} places of its context, so there is no room to write: shorten it.`
        : nothing,
      endsInSpace(this.run, this.text) && !full
        ? "Your text ends with a space. Here a space belongs to the word after it, so leave it to the model."
        : nothing,
    ].filter((one) => one !== nothing);
    return lines.map((line) => html`<p class="note" role="status">${line}</p>`);
  }

  choosePrompt({ target }) {
    if (target.value !== "your own") this.store.set({ prompt: Number(target.value), text: null });
  }

  type({ target }) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.choose(target.value), TYPING);
  }

  /** While somebody types, "back" leads to what was there before, not to each letter. */
  choose(value) {
    const isTyping = this.typed !== undefined && this.typed === this.text;
    this.typed = value.trim() ? value : "";
    if (this.typed !== this.text) this.store.set({ text: this.typed || null }, { replace: isTyping });
  }
}

customElements.define("writing-desk", WritingDesk);
