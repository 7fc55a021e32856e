/**
 * <lab-run></lab-run>
 *
 * Trains the model of the lab: start and pause, one step, reset; and says in words what is going on, and how long it
 * takes. A model from an earlier visit can be opened again, and one that was thrown away can be brought back.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count } from "../../app/format.js";
import { LabFigure } from "../../app/lab-figure.js";
import { aboutHowLong } from "../../app/lab-sizes.js";

const FEWEST = 10; // steps after which one can say how long the others take

class LabRun extends LabFigure {
  static properties = {
    settings: { from: "lab" },
    text: { from: "lab" },
    tokens: { from: "lab" },
    losses: { from: "lab" },
    speed: { from: "lab" },
    pausedBy: { from: "lab" },
    problem: { from: "lab" },
    notice: { from: "lab" },
    kept: { from: "lab" },
    undoable: { from: "lab" },
    waits: { from: "lab" },
    said: { state: true }, // what is read aloud
    doubted: { state: true }, // the id of a kept model that is deleted at the next press
  };

  static styles = [
    LabFigure.styles,
    controls,
    css`
    .row { gap: 8px; }
    .go { min-height: 52px; min-width: 9em; border-radius: 26px; padding: 8px 28px; font: 600 1.0625rem/1.3 var(--sans);
          text-align: center; }
    .track { height: 6px; border-radius: 3px; margin: 12px 0 8px; box-shadow: inset 0 0 0 1px var(--line); overflow: hidden; }
    .track i { display: block; height: 100%; background: var(--accent); }
    .state { min-height: 1.5em; }
    .state b { font-weight: 600; }
    .note { min-height: 32px; color: var(--muted); overflow-wrap: anywhere; }
    .kept { display: block; margin-bottom: 4px; }
    .quiet { min-height: 32px; padding: 2px 12px; }
    .problem { color: var(--warning); }
    @media (max-width: 640px) {
      .row { gap: 8px; }
      .go { flex: 1 1 auto; min-width: 7em; padding: 8px 16px; }
      .other { display: none; }  /* until it is known what becomes of the model that is kept */
      .row button:not(.go) { padding: 4px 14px; }
      .state, .note { min-height: 3em; }
    }
    @media (forced-colors: active) { .track i { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  constructor() {
    super();
    this.said = "";
    this.doubted = null;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const isNew = changed.has("status") && changed.get("status") !== undefined;
    const hasMoved = changed.has("step") && this.status === "paused"; // by single steps, or before it came to rest
    if (isNew || hasMoved) this.said = this.announcement();
    this.focused = /** @type {any} */ (this.renderRoot)?.activeElement;
  }

  /** A button that was pressed and is gone hands on the focus: the next key must not go elsewhere. */
  updated(changed) {
    super.updated(changed);
    const { focused } = this;
    if (focused && (focused.disabled || !focused.isConnected)) this.renderRoot.querySelector(".go")?.focus();
  }

  /** What changes is said in a sentence, and not each step. */
  announcement() {
    const at = `at step ${count(this.step)}`;
    const sentences = {
      training: "It trains.",
      paused: `Paused ${at}.`,
      finished: `Finished ${at}.`,
      ready: "It is ready to train.",
      failed: this.problem ?? "It has failed.",
      empty: this.problem ?? "There is no text yet.",
    };
    return sentences[this.status] ?? "";
  }

  drawLab() {
    const fraction = this.step / this.settings.steps;
    return html`
      <div class="row">
        ${this.mainButton()}
        ${this.isReturn ? html`<button ?disabled=${!this.canTrain} @click=${() => this.lab.start()}>Train</button>` : nothing}
        <button class=${this.isReturn ? "other" : ""} ?disabled=${!this.canStep} @click=${() => this.lab.stepOnce()}>One step</button>
        <button class=${this.isReturn ? "other" : ""} ?disabled=${!this.step} @click=${() => this.lab.reset()}>Reset</button>
        ${this.undoable ? html`<button @click=${() => this.lab.bringBack()}>Bring it back</button>` : nothing}
      </div>
      <div class="track" role="progressbar" aria-label="How far the training is" aria-valuemin="0" aria-valuemax="100"
        aria-valuenow=${Math.round(100 * fraction)}><i style=${styleMap({ width: `${100 * fraction}%` })}></i></div>
      <p class="state">${this.sentence()}</p>
      <p class=${this.problem ? "note problem" : "note"}>${this.note()}</p>
      <p class="visually-hidden" role="status">${this.said}</p>`;
  }

  get canStep() {
    return ["ready", "paused", "training"].includes(this.status);
  }

  get canTrain() {
    return ["ready", "paused", "preparing"].includes(this.status);
  }

  get isAtWork() {
    return this.status === "training" || (this.status === "preparing" && this.waits);
  }

  /** Whether somebody has come back and has done nothing yet: then their model comes first. */
  get isReturn() {
    return this.kept.length > 0 && !this.step && !this.undoable && !this.isAtWork;
  }

  /** One button with several names: it keeps the focus. */
  mainButton() {
    const { name, act, isPossible = true } = this.mainAction();
    return html`<button class="go primary" ?disabled=${!isPossible} @click=${act}>${name}</button>`;
  }

  mainAction() {
    const { lab, status } = this;
    if (this.isAtWork) return { name: "Pause", act: () => lab.pause() };
    if (this.isReturn) return { name: openName(this.kept[0]), act: () => this.open(this.kept[0]) };
    if (status === "finished") return { name: "Start over", act: () => this.startAgain() };
    const name = this.step && status !== "failed" ? "Go on" : "Train";
    return { name, act: () => lab.start(), isPossible: this.canTrain };
  }

  /** A kept model: it goes on at once, unless it has finished. */
  open({ id, isFinished }) {
    this.lab.goOn(id, { trains: !isFinished });
  }

  startAgain() {
    this.lab.reset();
    this.lab.start();
  }

  sentence() {
    const { status, step, settings } = this;
    const where = html`Step <b>${count(step)}</b> of ${count(settings.steps)}`;
    if (status === "empty")
      return this.text ? "It cannot learn from this text." : "It needs a text to learn from.";
    if (status === "preparing") return this.waits ? "It begins in a moment." : "It gets ready.";
    if (status === "ready") return html`It knows nothing yet: ${count(settings.steps)} steps are planned.`;
    const loss = this.losses.at(-1)?.loss.toFixed(2);
    const there = loss ? html`${where}, loss <b>${loss}</b>` : where;
    if (status === "training") return html`${there}${this.timeLeft()}`;
    if (status === "failed") return html`${there}. It has stopped.`;
    return status === "finished" ? html`${there}. It has finished.` : html`${there}. Paused.`;
  }

  timeLeft() {
    if (!this.speed || this.step < FEWEST) return nothing;
    return html`, ${aboutHowLong(this.speed.secondsLeft)} left`;
  }

  /** What else there is to know. */
  note() {
    if (this.problem) return this.problem;
    if (this.notice) return this.notice;
    return html`${this.kept.map((one, i) => this.keptModel(one, i))}${this.aboutText()} ${this.aboutUndo()}`;
  }

  aboutText() {
    if (!this.text) return nothing;
    return html`${this.isReturn ? "A new model learns" : "It learns"} from “${this.text.name}”. <a
      href="#your-text">Choose another text</a>`;
  }

  aboutUndo() {
    if (!this.undoable) return nothing;
    const { name, step } = this.undoable;
    return `The model before, which learned from “${name}” until step ${count(step)}, can still be brought back.`;
  }

  /** A model of earlier that the browser has. The first one has the main button while somebody comes back. */
  keptModel(one, i) {
    const when = new Date(one.savedAt).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
    const hasButton = i > 0 || !this.isReturn;
    const how = hasButton ? nothing : ` Press “${openName(one)}” to get it back.`;
    const size = one.parameters ? ` of ${count(one.parameters)} parameters` : ""; // older records lack them
    return html`<span class="kept">This browser has a model${size} that learned from “${one.name}” until ${when}.${how}
      ${hasButton ? html`<button class="quiet" @click=${() => this.open(one)}>${openName(one)}</button>` : nothing}
      <button class="quiet" @click=${() => this.forget(one)}>${this.doubted === one.id ? "Delete it for good" : "Delete it"}</button></span>`;
  }

  /** The first press only asks. */
  forget({ id }) {
    const isSure = this.doubted === id;
    this.doubted = isSure ? null : id;
    if (isSure) this.lab.forgetKept(id);
  }
}

const openName = ({ isFinished, step }) => `${isFinished ? "Open" : "Go on from"} step ${count(step)}`;

customElements.define("lab-run", LabRun);
