/**
 * <lab-text-chooser></lab-text-chooser>
 *
 * The text that the model of the lab learns from: one that comes with the page, what somebody pastes or types, or a
 * file, which may be dropped here. Says what is in it, what is odd about it and what to do then, and shows its first
 * tokens.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, counted, spoken, showWhitespace } from "../../app/format.js";
import { listCorpora, loadCorpus } from "../../app/lab-corpora.js";
import { ACCEPTED, FileError, readFile } from "../../app/lab-files.js";
import { LabFigure } from "../../app/lab-figure.js";
import { withEnds } from "../../app/lab-text.js";
import { near } from "../../app/near.js";
import { UserError } from "../../app/run.js";

const OWN = "Your text";
const MOST_SHOWN = 20_000; // characters in the field: browsers are slow with more
const MOST_TOKENS = 90;
const COLORS = 5;

class LabTextChooser extends LabFigure {
  static properties = {
    text: { from: "lab" },
    tokens: { from: "lab" },
    choices: { state: true }, // the texts that come with the site
    isOwn: { state: true }, // whether the field is open
    typed: { state: true }, // what is in it
    isOver: { state: true }, // whether a file is held over it
    file: { state: true }, // what became of a file: a note, a problem or columns to choose from
  };

  static styles = [
    LabFigure.styles,
    controls,
    css`
    .row { gap: 8px; }
    .own { display: grid; gap: 8px; margin-top: 12px; }
    textarea { display: block; width: 100%; min-height: 8em; max-height: 40vh; resize: vertical; padding: 8px 12px;
               font: 400 1rem/1.5 var(--serif); color: var(--text); background: var(--background);
               border: 1px solid var(--line); border-radius: 8px; }
    .over { outline: 2px dashed var(--accent); outline-offset: 8px; border-radius: 4px; }
    .file { margin-top: 12px; display: grid; gap: 8px; max-width: 66ch; }
    .problem { border-left: 4px solid var(--warning); padding-left: 12px; }
    .columns { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
    .columns span { color: var(--muted); overflow-wrap: anywhere; }
    .row { min-height: 44px; }
    .next { margin-top: 12px; min-height: 1.5em; }
    .facts { margin-top: 12px; min-height: 1.5em; max-width: 66ch; overflow-wrap: anywhere; }
    .facts b { font-weight: 600; }
    .warnings { list-style: none; margin: 8px 0 0; padding: 0; display: grid; gap: 8px; }
    .warnings li { border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; }
    .warnings li.hint { border-color: var(--line); }
    .warnings button { margin-top: 4px; min-height: 36px; padding: 2px 14px; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 16px 0 4px; }
    .tokens { display: flex; flex-wrap: wrap; gap: 3px 2px; min-height: 56px; }
    .token { font: 500 0.9375rem/1.6 var(--mono); white-space: pre; padding: 0 4px; border-radius: 4px; }
    .hue0 { background: color-mix(in oklab, var(--accent) 18%, var(--panel)); }
    .hue1 { background: color-mix(in oklab, var(--query) 18%, var(--panel)); }
    .hue2 { background: color-mix(in oklab, var(--key) 18%, var(--panel)); }
    .hue3 { background: color-mix(in oklab, var(--value) 18%, var(--panel)); }
    .hue4 { background: color-mix(in oklab, var(--chosen) 18%, var(--panel)); }
    .drop { color: var(--muted); }
    @media (forced-colors: active) { .token { border: 1px solid; } }
    @media (max-width: 640px) { .drop { display: none; } }  /* nothing is dropped on a phone */
  `,
  ];

  constructor() {
    super();
    this.choices = [];
    this.isOwn = false;
    this.typed = "";
    this.file = null;
    this.addEventListener("dragover", (event) => this.hold(event));
    this.addEventListener("dragleave", () => (this.isOver = false));
    this.addEventListener("drop", (event) => this.drop(event));
  }

  connectedCallback() {
    super.connectedCallback();
    this.list();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.leaving.abort();
    this.reading?.abort();
  }

  /** What there is to choose from, once somebody comes near. */
  async list() {
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    try {
      await near(this, signal);
      this.choices = await listCorpora();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  drawLab() {
    const { text } = this;
    return html`<div class=${this.isOver ? "over" : ""}>
      <div class="row" role="group" aria-label="Texts to learn from">
        ${this.choices.map(
          (one) => html`<button aria-pressed=${String(!this.isOwn && text?.name === one.name)}
            @click=${() => this.choose(one)}>${one.name}</button>`,
        )}
        <button aria-pressed=${String(this.isOwn)} aria-expanded=${String(this.isOwn)}
          @click=${() => (this.isOwn = !this.isOwn)}>A text of your own</button>
      </div>
      ${this.isOwn ? this.field() : nothing}
      ${this.aboutFile()}
      <p class="next">${this.status === "ready" ? html`“${this.text.name}” is ready. <a href="#train">Train a model with it</a>` : nothing}</p>
      <p class="facts" role="status">${this.facts()}</p>
      ${this.warnings()}
      ${this.status === "empty" ? nothing : this.firstTokens()}
    </div>`;
  }

  /** Whether what is in the field is what the model learns from. */
  get isUsed() {
    return this.text?.name === OWN && this.text.text.startsWith(this.typed.trimEnd());
  }

  field() {
    return html`<div class="own">
      <label for="own-text">Paste or type a text: a chapter, lyrics, recipes, your own diary.</label>
      <textarea id="own-text" dir="auto" spellcheck="false" autocomplete="off" .value=${this.typed}
        @paste=${this.paste} @input=${({ target }) => (this.typed = target.value)}></textarea>
      <div class="row">
        <button class=${this.isUsed ? "" : "primary"} ?disabled=${!this.typed.trim()} @click=${() => this.use(OWN, this.typed)}>Use this text</button>
        <button @click=${() => this.renderRoot.querySelector("input").click()}>Open a file</button>
        <input type="file" hidden accept=${ACCEPTED} @change=${this.open}>
        <span class="drop">or drop one here: .txt, .md, .csv, .docx or .pdf</span>
      </div></div>`;
  }

  /** What became of a file that was opened. */
  aboutFile() {
    const { file } = this;
    if (!file) return nothing;
    const note = file.note
      ? html`<p role="status" class=${file.isProblem ? "problem" : ""}>${file.note}</p>`
      : nothing;
    if (!file.columns) return html`<div class="file">${note}</div>`;
    return html`<div class="file">${note}<p id="columns">Which column of ${file.name} is the text?</p>
      <ul class="columns" aria-labelledby="columns">${file.columns.map((one) => this.column(file, one))}</ul></div>`;
  }

  column(file, { name, text, characters, examples }) {
    return html`<li><button @click=${() => this.use(`${file.name}: ${name}`, text)}>${name}</button>
      <span>${counted(characters, "character")}, such as “${examples[0]?.slice(0, 80)}”</span></li>`;
  }

  facts() {
    const { text } = this;
    if (!text) return nothing;
    const { facts } = text;
    if (!facts) return "It is being read.";
    const parts = [
      counted(facts.characters, "character"),
      facts.words === null ? null : counted(facts.words, "word"),
      counted(facts.distinct, "different character"),
      facts.hasDocuments ? counted(facts.documents, "document") : null,
    ].filter(Boolean);
    return html`<b>${text.name}</b>: ${parts.join(", ")}. ${text.about}`;
  }

  warnings() {
    const warnings = this.text?.facts?.warnings ?? [];
    if (!warnings.length) return nothing;
    return html`<ul class="warnings">${warnings.map(
      ({ sentence, isProblem, fix }) => html`<li class=${isProblem ? "" : "hint"}>${sentence}
        ${fix ? html`<br><button @click=${() => this.addEnds(fix)}>Make each ${fix === "lines" ? "line" : "paragraph"} a document</button>` : nothing}</li>`,
    )}</ul>`;
  }

  /** The beginning of the text, cut into tokens; the same token always has the same colour. */
  firstTokens() {
    const { tokenizer, ids } = this.tokens;
    const shown = ids ? Array.from(ids.subarray(0, MOST_TOKENS)) : [];
    const ofId = (id) => showWhitespace(tokenizer.vocab[id]);
    return html`<h3>How it begins, token by token</h3><div class="tokens" role="img" aria-label=${this.spokenTokens(shown)}>${shown.map(
      (id) => html`<span class=${`token hue${(7 * id) % COLORS}`}>${ofId(id)}</span>`,
    )}</div>`;
  }

  spokenTokens(shown) {
    if (!shown.length) return "The tokens are not there yet";
    const { vocab } = this.tokens.tokenizer;
    const named = shown.slice(0, 20).map((id) => spoken(vocab[id]));
    return `The first of ${count(this.tokens.ids.length)} tokens: ${named.join(", ")}`;
  }

  /** One that comes with the site. */
  async choose({ id, name }) {
    this.isOwn = false;
    this.leaveFile();
    this.reading = new AbortController();
    const { signal } = this.reading;
    try {
      const text = await loadCorpus(id);
      if (!signal.aborted) this.lab.setText(text);
    } catch (error) {
      if (!signal.aborted) this.complain(error, name);
    }
  }

  /** What comes from elsewhere cannot be read. */
  complain(error, name) {
    const isKnown = error instanceof FileError || error instanceof UserError;
    this.file = { note: isKnown ? error.message : `${name} cannot be read.`, isProblem: true };
    if (!isKnown) console.warn(error);
  }

  use(name, text) {
    this.leaveFile();
    this.lab.setText({ name, text });
  }

  /** It is no longer about a file. */
  leaveFile() {
    this.reading?.abort();
    this.file = null;
  }

  addEnds(fix) {
    const { name, text } = this.text;
    this.lab.setText({ name, text: withEnds(text, fix) });
  }

  /** What is pasted is used at once; a field shows only the beginning of a long text. */
  paste(event) {
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    const { selectionStart, selectionEnd, value } = event.target;
    const text = value.slice(0, selectionStart) + pasted + value.slice(selectionEnd);
    if (!pasted) return;
    event.preventDefault();
    this.typed = text.slice(0, MOST_SHOWN);
    this.use(OWN, text);
  }

  hold(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.isOver = true;
  }

  drop(event) {
    this.isOver = false;
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    this.read(file);
  }

  open({ target }) {
    const [file] = target.files;
    target.value = ""; // the same one may be opened again
    if (file) this.read(file);
  }

  /** A file as text. Another file, or another text, ends that. */
  async read(file) {
    this.reading?.abort();
    this.reading = new AbortController();
    const { signal } = this.reading;
    const onProgress = ({ done, of }) =>
      this.tell(`Page ${count(done)} of ${count(of)} of ${file.name} has been read.`);
    this.tell(`${file.name} is being read.`);
    try {
      const found = await readFile(file, { signal, onProgress });
      if (signal.aborted) return;
      this.file = found;
      const { name, text } = found;
      if (text !== undefined) this.lab.setText({ name, text });
    } catch (error) {
      if (!signal.aborted) this.complain(error, file.name);
    }
  }

  tell(note) {
    this.file = { note };
  }
}

customElements.define("lab-text-chooser", LabTextChooser);
