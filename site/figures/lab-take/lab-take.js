/**
 * <lab-take></lab-take>
 *
 * What becomes of a model of the lab: it can be opened in the other pages, kept in this browser, downloaded as a file,
 * loaded from one and handed on; and there is the command with which train.py trains the like of it.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { addressOf } from "../../app/address.js";
import { ask } from "../../app/context.js";
import { controls } from "../../app/controls.js";
import { count, counted } from "../../app/format.js";
import { LabChoice } from "../../app/lab-choice.js";
import { nameAmongRuns, plainName, repeatCommand, whyOnlyHere } from "../../app/lab-command.js";
import { near } from "../../app/near.js";
import { keptRuns, linkTo, save, TakeAlong } from "../../app/take-along.js";
import { shortName } from "../../engine/kept.js";

const SHORT = { "explore.html": "Look inside", "playground.html": "Talk to it" };
const BUSY = ["preparing", "empty", "failed"];

/** What moves models is fetched when somebody comes near. */
const load = () => Promise.all([import("../../app/lab-export.js"), import("../../app/lab-kept.js")]);

class LabTake extends LabChoice {
  static properties = {
    kept: { state: true }, // what this browser has: see engine/kept.js; null until that is known
    typedName: { state: true }, // the name of the model; "" until somebody types one
    copied: { state: true }, // the command or the address that was copied
    isOver: { state: true }, // whether a file is held over it
    doomed: { state: true }, // the name of the model that may be deleted: somebody is asked first
  };

  static styles = [
    LabChoice.styles,
    controls,
    css`
    h3 { font: 600 1rem/1.4 var(--sans); margin: 0 0 8px; }
    .parts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 24px; }
    .parts > * + * { border-top: 1px solid var(--line); padding-top: 20px; }
    .row { gap: 8px; margin-top: 12px; }
    label.name { margin-top: 12px; }
    label.name span { white-space: nowrap; }
    label.name input { min-height: 44px; min-width: 0; width: 20em; padding: 0 12px; color: var(--text); background: var(--background);
                       font: inherit; border: 1px solid var(--line); border-radius: 8px; }
    .note { margin-top: 8px; max-width: 66ch; color: var(--muted); }
    .status { min-height: 1.5em; margin-top: 8px; }
    .problem { color: var(--warning); }
    .over { outline: 2px dashed var(--accent); outline-offset: 8px; border-radius: 12px; }
    ul { list-style: none; margin: 12px 0 0; padding: 0; }
    li { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; padding: 6px 0; }
    li + li { border-top: 1px solid var(--line); }
    li .name { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; }
    li b { font-weight: 600; }
    li .group { display: flex; gap: 16px; }
    li .buttons { gap: 8px; }
    li span span { color: var(--muted); }
    li .small { min-height: 32px; padding: 2px 12px; }
    li a { display: inline-flex; align-items: center; min-height: 32px; }
    pre { margin: 12px 0 0; color: var(--text); padding: 12px 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--background);
          font: 400 0.875rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
    pre span { white-space: nowrap; }
    .drop { color: var(--muted); }
    @media (max-width: 640px) {
      .drop { display: none; }  /* nothing is dropped on a phone */
      li :is(.small, a) { min-height: 44px; }
    }
  `,
  ];

  taking = new TakeAlong(this, { take: () => this.take(), list: "in the list below" });

  constructor() {
    super();
    this.kept = null;
    this.typedName = "";
    this.copied = this.doomed = null;
    this.addEventListener("dragover", (event) => this.hold(event));
    this.addEventListener("dragleave", () => (this.isOver = false));
    this.addEventListener("drop", (event) => this.drop(event));
  }

  connectedCallback() {
    super.connectedCallback();
    this.stops.push(keptRuns.subscribe(() => (this.kept = keptRuns.state.list)));
    this.leaving = new AbortController();
    near(this, this.leaving.signal).then(
      () => keptRuns.refresh(),
      () => {}, // it has left the page
    );
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.leaving.abort();
  }

  get isBusy() {
    return this.taking.isBusy;
  }

  /** What the model is called: as somebody wants, or like its text. */
  get name() {
    return plainName(this.typedName || (this.text?.name ?? ""));
  }

  get fileName() {
    return `${plainName(this.text?.name ?? "")}.txt`;
  }

  drawLab() {
    return html`<div class=${this.isOver ? "parts over" : "parts"}>
      ${this.openPart()}${this.keptPart()}${this.handOnPart()}${this.commandPart()}
    </div>`;
  }

  openPart() {
    const why = whyOnlyHere(this.settings);
    const isOff = Boolean(why || !this.step || BUSY.includes(this.status));
    return html`<div><h3>Open it</h3>
      <p>The other pages show your model as they show any other. A file of it can be opened on any machine.</p>
      <label class="name"><span>Its name</span> <input type="text" maxlength="40" spellcheck="false" autocapitalize="none" autocomplete="off"
        .value=${this.name} @change=${({ target }) => (this.typedName = target.value.trim())}></label>
      ${this.taking.buttons({ isOff })}
      <p class="note">${this.why(why)}</p>${this.taking.report()}</div>`;
  }

  why(whyOnlyHere) {
    if (whyOnlyHere) return whyOnlyHere;
    if (!this.step && this.lab.state.kept.length)
      return "The new model has learned nothing yet. Train it first, or get your earlier model back: its button is at the top of this page.";
    if (!this.step) return "It has learned nothing yet: train it first.";
    return "The file holds the model, its tokens and what it wrote while it learned, but not the text that it learned from.";
  }

  keptPart() {
    return html`<div><h3>Models in this browser</h3>
      ${
        this.kept?.length !== 0
          ? nothing
          : html`<p>None is kept here yet. Your model is, once you press “Keep it in this browser”, and
        then it stays until you delete it.</p>`
      }
      ${this.kept?.length ? html`<ul>${this.kept.map((one) => this.item(one))}</ul>` : nothing}
      <div class="row">
        <button ?disabled=${this.isBusy} @click=${() => this.renderRoot.querySelector("input").click()}>Load a model</button>
        <input type="file" hidden accept=".zip,application/zip" aria-label="The file of a model" @change=${this.chooseFile}>
        <span class="drop">or drop its file here</span>
      </div>
      ${this.taking.report("kept")}</div>`;
  }

  item({ name, parameters, step, parent, isTrainedHere }) {
    const short = shortName(name);
    const origin = isTrainedHere ? "trained in this browser" : "from a file";
    return html`<li><span class="name"><b>${short}</b> <span>${count(parameters)} parameters, ${howFar(step, parent)}, ${origin}</span></span>
      <span class="group">${Object.entries(SHORT).map(
        ([page, label]) =>
          html`<a href=${linkTo(page, name)} aria-label=${`${label}: ${short}`}>${label}</a>`,
      )}</span>
      <span class="group buttons">
        ${name === this.doomed ? this.lastChance(name, short) : this.itemButtons(name, short)}
      </span></li>`;
  }

  itemButtons(name, short) {
    return html`<button class="small" aria-label=${`Download ${short}`} @click=${() => this.downloadKept(name)}>Download</button>
      <button class="small" aria-label=${`Delete ${short}`} @click=${() => this.askToDelete(name)}>Delete</button>`;
  }

  /** A second click at the same place deletes nothing: the last button keeps it. */
  lastChance(name, short) {
    return html`<button class="small" aria-label=${`Delete ${short} for good`} @click=${() => this.deleteKept(name)}>Delete for good</button>
      <button class="small" aria-label=${`Do not delete ${short}`} @click=${() => this.askToDelete(null)}>Do not delete</button>`;
  }

  /** A file is a folder of an export: unpacked into a site, it is a run there, whether index.json lists it or not. */
  handOnPart() {
    if (!this.text || whyOnlyHere(this.settings)) return nothing;
    const link = addressOf("explore", `run=${nameAmongRuns(this.name)}`);
    return html`<div><h3>Hand it on</h3>
      <p>Whoever has its file opens it in this page, with “Load a model”. Where these pages are published, there can be
        a link instead: somebody unpacks the file into their folder <code>exported</code>, and from then on
        ${this.step ? "this" : "an"} address shows the model to everybody.</p>
      ${this.step ? this.toCopy("address", link, link, "Copy the address") : nothing}</div>`;
  }

  /**
   * What can be copied, with its button.
   * @param {string} what it is @param {string} text @param {unknown} shown the same, as it is drawn
   * @param {string} name of the button @param {unknown} [others] beside it
   */
  toCopy(what, text, shown, name, others = nothing) {
    const isCopied = this.copied === text;
    return html`<pre class=${what} tabindex="0" role="group" aria-label=${`The ${what}`}>${shown}</pre>
      <div class="row"><button @click=${() => this.copy(what, text)}>${isCopied ? "Copied" : name}</button>${others}</div>
      <span class="visually-hidden" role="status">${isCopied ? `The ${what} is copied.` : ""}</span>`;
  }

  commandPart() {
    if (!this.text || whyOnlyHere(this.settings)) return nothing;
    const command = repeatCommand(this.settings, this.tokens, this.fileName);
    const saveText = html`<button @click=${this.saveText}>Save the text</button>`;
    return html`<div><h3>Train it with train.py</h3>
      <p>For this you need Python and the Terrarium folder on your own machine. Save the text into that folder, and type
        this there. It trains the same model on the same text; only the random numbers differ, so its losses and texts
        will be a little different.</p>
      ${this.toCopy("command", command, unbroken(command), "Copy the command", saveText)}
      ${
        this.settings.optimizer === "adamw"
          ? html`<p class="note">train.py has Muon and no AdamW for the matrices: there, they learn in another way.</p>`
          : nothing
      }</div>`;
  }

  // What the buttons do ------------------------------------------------------------------------------

  /** The model as it is now, and as it was before. */
  async take() {
    const [{ exported }] = await load();
    const snapshots = ask(this, "snapshots");
    await snapshots.now();
    return exported(nameAmongRuns(this.name), this.lab.state, snapshots.list);
  }

  downloadKept(name) {
    return this.taking.do("kept", "The file is being made.", async () => {
      const [, { takeKept }] = await load();
      return this.taking.saveModel(await takeKept(name));
    });
  }

  /** Ask whether a model is to be deleted; null: it is not. The button that is there instead has the focus. */
  async askToDelete(name) {
    const asked = name ?? this.doomed;
    this.doomed = name;
    await this.updateComplete;
    const i = this.kept.findIndex((one) => one.name === asked);
    /** @type {HTMLElement} */ (
      this.renderRoot.querySelectorAll("li")[i]?.querySelector("button:last-of-type")
    )?.focus();
  }

  deleteKept(name) {
    this.doomed = null;
    return this.taking.do("kept", "It is being deleted.", async () => {
      const { forget } = await import("../../engine/kept-database.js");
      await forget(name);
      return `${shortName(name)} is deleted.`;
    });
  }

  read(file) {
    return this.taking.do("kept", `${file.name} is being read.`, async () => {
      const [, { keepFile }] = await load();
      const name = await keepFile(file);
      return `${shortName(name)} is here: look inside it, or talk to it.`;
    });
  }

  chooseFile({ target }) {
    const [file] = target.files;
    target.value = ""; // the same one may be chosen again
    if (file) this.read(file);
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

  /** Where a browser forbids to copy, such as on unencrypted pages of another machine, it is selected instead. */
  async copy(what, text) {
    try {
      await navigator.clipboard.writeText(text);
      this.copied = text;
    } catch {
      getSelection().selectAllChildren(this.renderRoot.querySelector(`pre.${what}`));
    }
  }

  saveText() {
    save(this.fileName, new Blob([this.text.text], { type: "text/plain" }));
  }
}

/** How long it has learned: a model that was taught something begins where its parent was. */
const howFar = (step, parent) =>
  parent
    ? `${counted(step, "update")} after step ${count(parent.step)} of ${parent.name}`
    : `step ${count(step)}`;

/** The command, which is never cut inside of a flag. */
const unbroken = (command) =>
  command.split(/ (?=--)/).map((part, i) => html`${i ? " " : ""}<span>${part}</span>`);

customElements.define("lab-take", LabTake);
