/**
 * <lab-run></lab-run>
 *
 * Trains the model of the lab: start and pause, one step, reset; and says in words what is going on, and how long it
 * takes. A model from an earlier visit can be gone on with, and one that was thrown away can be brought back.
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
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("status") && changed.get("status") !== undefined) this.said = this.announcement();
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
        ${this.kept ? html`<button @click=${() => this.lab.goOn()}>${this.kept.isFinished ? "Open" : "Go on from"} step ${count(this.kept.step)}</button>` : nothing}
        <button class=${this.kept ? "other" : ""} ?disabled=${!this.canStep} @click=${() => this.lab.stepOnce()}>One step</button>
        <button class=${this.kept ? "other" : ""} ?disabled=${!this.step} @click=${() => this.lab.reset()}>Reset</button>
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

  mainButton() {
    const { lab, status } = this;
    if (status === "training" || (status === "preparing" && this.waits)) {
      return html`<button class="go primary" @click=${() => lab.pause()}>Pause</button>`;
    }
    if (status === "finished") {
      return html`<button class="go primary" @click=${() => this.startAgain()}>Train again</button>`;
    }
    const name = status === "paused" ? "Go on" : "Train";
    const isPossible = ["ready", "paused", "preparing"].includes(status);
    return html`<button class="go primary" ?disabled=${!isPossible} @click=${() => lab.start()}>${name}</button>`;
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
    if (this.kept) {
      const when = new Date(this.kept.savedAt).toLocaleString("en", {
        dateStyle: "medium",
        timeStyle: "short",
      });
      return html`You have a model that learned from “${this.kept.name}” until ${when}.
        <button class="quiet" @click=${() => this.lab.forgetKept()}>Delete it</button>`;
    }
    if (this.undoable) return `The model of step ${count(this.undoable.step)} can still be brought back.`;
    return this.text
      ? html`It learns from “${this.text.name}”. <a href="#your-text">Choose another text</a>`
      : nothing;
  }
}

customElements.define("lab-run", LabRun);
