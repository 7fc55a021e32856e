/**
 * <writing-desk></writing-desk>
 *
 * Where somebody types what the model goes on from. See app/writing.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { printable } from "../../app/command.js";
import { count } from "../../app/format.js";
import { endsInSpace } from "../../app/forward-pass.js";
import { MAX_LENGTH } from "../../app/store.js";
import { takeOver, unknownNote } from "../../app/typed-text.js";
import { END } from "../../engine/tokenizer.js";

const TYPING = 250; // milliseconds without a key, after which the model writes

class WritingDesk extends Figure {
  static properties = {
    text: { from: "store", type: String },
    prompt: { from: "store", type: Number },
    promptIds: { from: "writing", attribute: false },
    unknown: { from: "writing", attribute: false },
    nUnknown: { from: "writing", attribute: false },
    nLeft: { from: "writing", attribute: false }, // tokens that its context has no room for
    length: { state: true }, // of what stands in the field; null before somebody types
    nCut: { state: true }, // characters that were pasted and had no room in the field
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
    .about { margin-top: 4px; }
    .note { margin-top: 8px; border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; }
    .note b { font-weight: 600; overflow-wrap: anywhere; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ prompts, settings, speakers }) {
    return html`
      <div class="head"><label for="beginning">The beginning</label>
        <select aria-label="Beginnings to choose from" @change=${this.choosePrompt}>
          ${this.text ? html`<option selected>your own</option>` : nothing}
          ${prompts.map(
            (prompt, i) =>
              html`<option value=${i} .selected=${!this.text && this.prompt === i}>${prompt}</option>`,
          )}</select></div>
      <textarea id="beginning" dir="auto" maxlength=${MAX_LENGTH} rows="2" spellcheck="false" autocomplete="off"
        .value=${this.text || prompts[this.prompt]} @paste=${this.paste} @beforeinput=${this.paste} @input=${this.type}></textarea>
      ${speakers ? aboutConversations(speakers) : nothing}
      ${this.notes(prompts[this.prompt], settings.n_ctx)}
`;
  }

  notes(prompt, n_ctx) {
    const isFull = this.promptIds.length >= n_ctx;
    const lines = [
      this.isBlank && !this.text ? `The field is empty, so it goes on from “${prompt}”.` : null,
      this.length >= MAX_LENGTH - 1 ? this.cutNote() : null,
      this.unknown.length ? unknownNote(this.unknown, this.nUnknown) : null,
      this.isNothingLeft ? this.nothingNote() : null,
      isFull ? this.fullNote(n_ctx) : null,
      endsInSpace(this.run, this.text) && !isFull && !this.isNothingLeft
        ? "Your text ends with a space. Here a space belongs to the word after it, so leave it to the model."
        : null,
    ].filter((one) => one !== null);
    return lines.map((line) => html`<p class="note" role="status">${line}</p>`);
  }

  cutNote() {
    const cut = this.nCut ? `: ${count(this.nCut)} more were left out` : "";
    return `The field is full: it takes ${count(MAX_LENGTH)} characters, because they stand in the address${cut}.`;
  }

  /** Whether none of the characters is known. */
  get isNothingLeft() {
    const { vocab } = this.run;
    return Boolean(this.text && this.unknown.length) && this.promptIds.every((id) => vocab[id] === END);
  }

  nothingNote() {
    return this.promptIds.length
      ? "Nothing of your text is left, so it begins a text of its own."
      : "Nothing of your text is left, so there is nothing to go on from.";
  }

  fullNote(n_ctx) {
    const what = this.nLeft
      ? `the last ${count(this.nLeft)} of your text are not read, and`
      : "they are full, so";
    return `Its context has ${count(n_ctx)} places for tokens: ${what} there is no room to write. Shorten your text.`;
  }

  choosePrompt({ target }) {
    this.length = null;
    this.isBlank = false;
    if (target.value !== "your own") this.store.set({ prompt: Number(target.value), text: null });
  }

  /** What a browser would cut without a word. */
  paste(event) {
    const nCut = takeOver(event, { characters: MAX_LENGTH });
    if (nCut === null) return;
    this.type(event);
    this.nCut = nCut;
  }

  type({ target }) {
    this.nCut = 0;
    this.length = target.value.length;
    this.isBlank = !target.value.trim();
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

/** Why the beginnings look as they do where a model has learned from conversations. */
const aboutConversations = ([you, other]) =>
  html`<p class="caption about">${printable(other)} has read nothing but conversations, so a beginning looks like one: “${printable(you)}:”
    and what somebody says, then “${printable(other)}:”, for the reply.</p>`;

customElements.define("writing-desk", WritingDesk);
