/**
 * <lab-compare></lab-compare>
 *
 * Compares trainings: somebody changes one thing about the model of the lab, and both are trained with several seeds, or
 * adds that model as it is. Then their curves lie over one another, and it says what differs, and which differences
 * chance could have made. Needs <live-trials> around it.
 *
 * @typedef {import("../../app/named-runs.js").Run} Run
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import {
  comparisonRows,
  curveOf,
  isOver,
  lossesOf,
  measureOf,
  unitOf,
  verdictSentence,
  verdictsOf,
  withFewSeeds,
} from "../../app/compared-runs.js";
import { ask } from "../../app/context.js";
import { controls } from "../../app/controls.js";
import { curveStyle } from "../../app/curve-styles.js";
import { count, counted } from "../../app/format.js";
import { LabChoice } from "../../app/lab-choice.js";
import { aboutHowLong } from "../../app/lab-sizes.js";
import { VARIANTS, variantsFor } from "../../app/lab-variants.js";
import { NamedRuns } from "../../app/named-runs.js";
import { near } from "../../app/near.js";
import { RunTraining, pointsOf } from "../../app/run-training.js";
import { ENOUGH_SEEDS } from "../../app/seed-band.js";
import "../loss-curves/loss-curves.js";

const SEED_COUNTS = [1, 3, 5];
const PARTS = { 0: "all steps", 0.5: "the last half", 0.75: "the last quarter" };
const NUMBERS = { 1: "one seed", 3: "three seeds", 5: "five seeds" };

class LabCompare extends LabChoice {
  static properties = {
    evaluations: { from: "lab" },
    work: { from: "trials" },
    problem: { from: "trials" },
    runs: { state: true }, // see app/named-runs.js
    removed: { state: true },
    notice: { state: true },
    plans: { state: true }, // see app/run-training.js
    outcome: { state: true },
    pair: { state: true },
    variant: { state: true }, // what is to be changed, a key of VARIANTS
    nSeeds: { state: true },
    skipped: { state: true }, // the part of the steps that is left out at the beginning
    textKey: { state: true }, // whose runs are shown; null: those of the text that was added last
    planned: { state: true }, // what the button would train, or null while that is not known
    moreSeeds: { state: true }, // the same for runs with too few seeds: { plans, reason }
    referenceId: { state: true }, // of the run that the others are compared with; null: the first
    hint: { state: true }, // why something that was asked for cannot be, or null
  };

  static styles = [
    LabChoice.styles,
    controls,
    css`
    h3 { font: 600 1rem/1.4 var(--sans); margin: 24px 0 8px; }
    .act { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px; }
    .about { min-height: 2.2em; }
    .note { color: var(--muted); max-width: 66ch; text-wrap: pretty; }
    .status { margin-top: 8px; max-width: 66ch; }
    .status.has-runs { min-height: 1.5em; }
    .status:not(.has-runs):empty { margin: 0; }
    .problem { border-left: 4px solid var(--warning); padding-left: 12px; }
    .track { height: 6px; border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line); overflow: hidden; max-width: 30em; margin-bottom: 4px; }
    .track i { display: block; height: 100%; background: var(--accent); }
    .shown { border-top: 1px solid var(--line); margin-top: 16px; padding-top: 16px; }
    .verdicts ul { list-style: none; margin: 0 0 16px; padding: 0; display: grid; gap: 8px; }
    .verdicts li { max-width: 72ch; text-wrap: pretty; font: 400 1.0625rem/1.5 var(--serif); padding-left: 14px; border-left: 4px solid var(--line);
                   overflow-wrap: anywhere; }
    .verdicts li.effect { border-color: var(--accent); }
    .verdicts li:is(.broken) { border-color: var(--warning); }
    .verdicts b { font-weight: 600; }
    .verdicts .others li { font: 400 var(--small)/1.5 var(--sans); }
    .verdicts .note.others-head { margin-bottom: 8px; }
    .verdicts .note { margin-bottom: 16px; }
    .verdicts .row { margin: 0 0 16px; }
    .runs { list-style: none; margin: 0; padding: 0; }
    .runs li { display: grid; grid-template-columns: auto minmax(8em, 20em) minmax(0, 1fr) auto; gap: 4px 12px; align-items: center; padding: 4px 0; }
    .runs li + li { border-top: 1px solid var(--line); }
    .runs label { min-height: 44px; gap: 10px; cursor: pointer; }
    input[type="checkbox"] { accent-color: var(--accent); width: 18px; height: 18px; margin: 0; flex: none; }
    .swatch { width: 36px; height: 10px; flex: none; overflow: visible; }
    .swatch line { stroke-width: 2.5px; }
    input[type="text"] { width: 100%; min-width: 0; min-height: 44px; font: 600 var(--small)/1.4 var(--sans); color: var(--text); background: none;
                         border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; text-overflow: ellipsis; }
    input[type="text"]:is(:hover, :focus) { border-color: var(--accent); background: var(--background); }
    input[aria-invalid="true"] { border-color: var(--warning); }
    .hidden-run input[type="text"] { color: var(--muted); font-weight: 400; }
    .hidden-run .swatch { opacity: 0.5; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; padding: 8px 16px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400;
             overflow-wrap: anywhere; }
    thead th { font-weight: 600; vertical-align: bottom; }
    tbody th { color: var(--muted); min-width: 9em; }
    thead .swatch { display: block; margin-bottom: 4px; }
    .outcome td { font-weight: 600; }
    @media (max-width: 640px) {
      .about { min-height: 4.5em; }
      .act .row > * { flex: 1 1 100%; }
      .act label { justify-content: space-between; min-width: 0; }
      .act select { flex: 0 1 62%; min-width: 0; text-overflow: ellipsis; }
      .act label:first-child { flex-wrap: wrap; }
      .act label:first-child select { flex-basis: 100%; }
      .act .buttons { justify-content: center; text-align: center; }
      .runs li { grid-template-columns: auto minmax(0, 1fr) auto; }
      .runs input[type="text"] { grid-column: 2 / 4; }
      .runs .facts { grid-column: 1 / 3; }
      table, tbody { display: block; } thead { display: none; }
      tr { display: grid; padding: 8px 0; border-bottom: 1px solid var(--line); }
      th, td { border: 0; padding: 1px 0; }
      td { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 12px; }
      td::before { content: attr(data-run); font-weight: 400; }
    }
    @media (forced-colors: active) { .track i { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  /** @type {NamedRuns | null} */
  named = null;
  /** @type {RunTraining | null} */
  training = null;

  constructor() {
    super();
    Object.assign(this, {
      runs: [],
      removed: null,
      notice: null,
      plans: [],
      outcome: null,
      hint: null,
      pair: null,
    });
    Object.assign(this, {
      variant: "optimizer",
      nSeeds: ENOUGH_SEEDS,
      skipped: 0,
      textKey: null,
      referenceId: null,
    });
    Object.assign(this, { planned: null, moreSeeds: null });
  }

  connectedCallback() {
    super.connectedCallback();
    if (!this.lab || !this.trials) return;
    this.named ??= ask(this, "named") ?? new NamedRuns();
    this.training ??= new RunTraining({ lab: this.lab, trials: this.trials, named: this.named });
    this.stops.push(this.copy(this.named), this.copy(this.training));
    this.leaving = new AbortController();
    this.begin(this.leaving.signal).catch(() => {}); // it has left the page
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.leaving?.abort();
  }

  /** Follow what has properties of the same names. @returns {() => void} what ends that */
  copy(source) {
    const follow = () => Object.assign(this, source.state);
    follow();
    return source.subscribe(follow);
  }

  /** What takes a moment waits until somebody comes near. */
  async begin(signal) {
    await near(this, signal);
    await this.trials.findMachine();
    if (signal.aborted) return;
    this.isNear = true;
    this.requestUpdate();
  }

  get canTrain() {
    return Boolean(this.tokens.ids) && this.status !== "preparing";
  }

  get isBusy() {
    return this.plans.length > 0;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const isOther = changed.has("plans") && Boolean(changed.get("plans")?.length) !== this.isBusy;
    this.losesFocus = isOther && Boolean(this.renderRoot?.activeElement?.matches("button"));
    const request = this.canTrain ? this.trials?.request() : null;
    this.base = request?.settings ?? null;
    const possible = this.base ? variantsFor(this.base) : [];
    if (possible.length && !possible.includes(this.variant)) this.variant = possible[0];
    if (changed.has("pair") && this.pair) this.showPair();
    if (["runs", "textKey"].some((name) => changed.has(name))) this.compare();
  }

  /** Compare the two that have just been trained, whatever was compared before. */
  showPair() {
    const { base, change } = this.pair;
    this.named.showAll([base, change]);
    this.textKey = this.runs.find(({ id }) => id === base)?.text.key ?? null;
    this.referenceId = base;
  }

  /** The runs on one text, those of them that are shown, and what a comparison of these says. */
  compare() {
    const keys = this.runs.map(({ text }) => text.key);
    const key = keys.includes(this.textKey) ? this.textKey : keys.at(-1);
    this.ofText = this.runs.filter(({ text }) => text.key === key);
    this.shown = this.ofText.filter(({ isShown }) => isShown);
    this.unit = unitOf(this.shown);
    this.measure = measureOf(this.shown);
    this.curves = this.shown.map((run) => curveOf(run, this.unit.factorOf(run)));
  }

  updated() {
    if (this.losesFocus) this.handOnFocus();
    this.losesFocus = false;
    if (this.isNear) this.plan();
  }

  /** To “Stop” while it trains, then to what came of it; where nothing did, to what can be pressed again. */
  handOnFocus() {
    const hasResult = !this.isBusy && this.outcome && this.shown.length > 1;
    const before = hasResult ? [".verdicts"] : [];
    this.focusFirst(...before, ".turn:not(:disabled)", ".act select:not(:disabled)");
  }

  /** Focus the first thing that there is: what had the focus is gone. */
  focusFirst(...selectors) {
    const found = selectors.map((selector) => this.renderRoot.querySelector(selector)).find(Boolean);
    /** @type {HTMLElement} */ (found)?.focus();
  }

  /** Find out what the buttons would train, whenever that may be something else. */
  async plan() {
    const { variant, nSeeds, base, runs, shown, canTrain, tokens } = this;
    const asked = [variant, nSeeds, JSON.stringify(base), runs, canTrain && tokens.ids, this.referenceId];
    if (this.isBusy || asked.every((one, i) => one === this.asked?.[i])) return;
    this.asked = asked;
    const planned = canTrain ? await this.training.plansFor(variant, nSeeds) : null;
    const compared = shown.filter((run) => this.isAbout(run));
    const moreSeeds = canTrain ? await this.planMoreSeeds(compared) : null;
    if (this.asked === asked) Object.assign(this, { planned, moreSeeds });
  }

  async planMoreSeeds(shown) {
    const few = shown.length > 1 ? withFewSeeds(shown.filter(isOver)) : [];
    const reasons = await Promise.all(few.map((run) => this.training.whyNoMoreSeeds(run)));
    const possible = few.filter((_, i) => !reasons[i]);
    const plans = await this.training.plansForMoreSeeds(possible);
    return { plans: plans.filter(({ requests }) => requests.length), reason: reasons.find(Boolean) ?? null };
  }

  drawLab() {
    return html`<div class="act">${this.form()}</div>
      ${this.report()}
      ${this.runs.length || this.isBusy ? this.comparison() : nothing}`;
  }

  // What can be trained -------------------------------------------------------------------------------

  form() {
    return html`<div class="row">
        <label>Change <select ?disabled=${!this.base || this.isBusy} @change=${this.chooseVariant}>${this.variants()}</select></label>
        <label>Train each with <select ?disabled=${this.isBusy} @change=${this.chooseSeeds}>${SEED_COUNTS.map(
          (n) => html`<option value=${n} .selected=${n === this.nSeeds}>${NUMBERS[n]}</option>`,
        )}</select></label>
        ${this.isBusy ? this.stopButton() : this.trainButton()}</div>
      <div class="about">${this.isBusy ? this.progress() : html`<p class="note">${this.aboutPlans()}</p>`}</div>
      <div class="row"><button class="buttons" ?disabled=${!this.canTrain || !this.step || this.isBusy} @click=${this.addModel}>Add the model above</button>
        <span class="note">${this.aboutModel()}</span></div>`;
  }

  trainButton() {
    const isOff = !this.canTrain || this.training?.isBusyElsewhere || !this.planned?.length;
    const label = this.planned?.length === 1 ? "Train it and compare" : "Train both and compare";
    return html`<button class="primary buttons turn" ?disabled=${isOff} @click=${this.train}>${label}</button>`;
  }

  stopButton() {
    return html`<button class="buttons turn" @click=${() => this.training.stop()}>Stop</button>`;
  }

  variants() {
    if (!this.base) return html`<option>…</option>`;
    return variantsFor(this.base).map(
      (name) =>
        html`<option value=${name} .selected=${name === this.variant}>${VARIANTS[name].label(this.base)}</option>`,
    );
  }

  /** What the button does, and how long it takes. */
  aboutPlans() {
    if (!this.canTrain) return "There is no text to learn from yet.";
    if (this.training?.isBusyElsewhere) return "Something else is being trained at the moment.";
    if (!this.planned) return "…";
    if (!this.planned.length) return "Both have been trained: they are among the runs below.";
    const trainings = this.planned.flatMap(({ requests }) => requests).length;
    const names = this.planned.map(({ name }) => `“${name}”`).join(" and ");
    const window =
      this.settings.architecture === "window"
        ? " A window model has no such parts: the small transformer takes its place."
        : "";
    return `${names}: ${counted(trainings, "training")} of ${count(this.base.steps)} steps${this.howLong(this.planned)}.${window}`;
  }

  howLong(plans) {
    const seconds = this.training.secondsFor(plans);
    return seconds === null ? "" : `, ${aboutHowLong(seconds)} in all`;
  }

  aboutModel() {
    const now = this.evaluations?.at(-1);
    if (!this.canTrain || !this.step || !now) return "It has learned nothing yet: train it first.";
    return `As it was measured last: step ${count(now.step)} of ${count(this.settings.steps)}, loss ${now.loss.toFixed(2)} on text that it does not learn from.`;
  }

  progress() {
    const { done, of } = this.work ?? { done: 0, of: 1 };
    return html`<div class="track" role="progressbar" aria-label="How much is trained" aria-valuemin="0" aria-valuemax=${of}
        aria-valuenow=${done}><i style=${styleMap({ width: `${(100 * done) / of}%` })}></i></div>
      <p class="note" aria-hidden="true">${this.nowTraining()}</p>`;
  }

  /** The plan that is being carried out, and its training that grows; null before the first one. */
  get growing() {
    const trial = this.work?.trial;
    const plan =
      trial &&
      this.plans.find(({ requests }) => requests.some(({ settings }) => settings === trial.settings));
    return plan ? { plan, trial } : null;
  }

  nowTraining() {
    const { growing } = this;
    if (!growing) return "…";
    const { plan, trial } = growing;
    return `${plan.name}, seed ${trial.settings.seed}: step ${count(trial.step)} of ${count(trial.settings.steps)}`;
  }

  chooseVariant({ target }) {
    this.variant = target.value;
  }

  chooseSeeds({ target }) {
    this.nSeeds = Number(target.value);
  }

  train() {
    this.hint = null;
    return this.training.train(this.planned);
  }

  addModel() {
    this.hint = null;
    return this.named.isFull
      ? (this.hint = "There is no room for more runs. Remove one first.")
      : this.training.addModel();
  }

  /** What became of what was asked last. */
  report() {
    const problem = this.problem?.name === "compare" ? this.problem.sentence : null;
    const sentence = this.hint ?? problem ?? this.outcome;
    const kind = `status ${this.hint || problem ? "problem" : ""} ${this.runs.length ? "has-runs" : ""}`;
    return html`<p class=${kind} role="status">${sentence}</p>
      ${this.notice ? html`<p class="note">${this.notice}</p>` : nothing}`;
  }

  // What came of it -------------------------------------------------------------------------------------

  comparison() {
    const { shown, unit } = this;
    const label = `Loss on text that none of them learned from, in ${unit.isBits ? "bits per character" : "nats per token"}, by step`;
    return html`<div class="shown">${this.textChooser()}
      <div class="verdicts" role="group" aria-label="What came of it" tabindex="-1" aria-live="polite">${shown.length > 1 ? this.verdicts() : this.nothingToCompare()}</div>
      <div class="row">${shown.length > 2 ? this.referenceChooser() : nothing}<label>Show <select @change=${({ target }) => (this.skipped = Number(target.value))}>${Object.entries(
        PARTS,
      ).map(
        ([part, name]) =>
          html`<option value=${part} .selected=${Number(part) === this.skipped}>${name}</option>`,
      )}</select></label>
        ${unit.isBits ? html`<span class="note">Their tokens differ, so losses are given per character.</span>` : nothing}</div>
      <loss-curves .curves=${this.allCurves()} .steps=${this.lastStep} .fromStep=${Math.floor(this.skipped * this.lastStep)}
        .baselines=${unit.baselines ?? this.plans[0]?.facts.baselines ?? null} label=${label}></loss-curves>
      ${this.ofText.length ? this.list() : nothing}
      ${shown.length > 1 ? this.table() : nothing}</div>`;
  }

  /** Losses on different texts cannot be compared: one of the texts is chosen. */
  textChooser() {
    const texts = new Map(this.runs.map(({ text }) => [text.key, text.name]));
    if (texts.size < 2) return nothing;
    const chosen = this.ofText[0].text.key;
    return html`<div class="row"><label>Runs on the text <select @change=${({ target }) => (this.textKey = target.value)}>${Array.from(
      texts,
      ([key, name]) => html`<option value=${key} .selected=${key === chosen}>${name}</option>`,
    )}</select></label></div>
      <p class="note">Losses on different texts cannot be compared: some texts are easier to predict than others.</p>`;
  }

  nothingToCompare() {
    if (this.isBusy) return nothing;
    return html`<p class="note">${this.ofText.length > 1 ? "Show two runs to compare them." : "One run alone is no comparison: train or add another one."}</p>`;
  }

  /** The run that the others are compared with. */
  get reference() {
    return this.shown.find(({ id }) => id === this.referenceId) ?? this.shown[0];
  }

  verdicts() {
    const verdicts = verdictsOf(this.reference, this.shown, this.unit);
    const asked = this.hasPair ? verdicts.filter(({ run }) => this.isAbout(run)) : [];
    const others = verdicts.filter((one) => !asked.includes(one));
    const first = asked.length ? asked : others;
    const hasOthers = asked.length > 0 && others.length > 0;
    return html`<ul>${first.map((verdict) => this.verdict(verdict))}</ul>
      ${
        hasOthers
          ? html`<p class="note others-head">The other runs that are shown, compared with “${this.reference.name}”:</p>
        <ul class="others">${others.map((verdict) => this.verdict(verdict))}</ul>`
          : nothing
      }${this.measure === "lowest" ? this.byHeart() : nothing}${verdicts.some(({ kind }) => kind === "unknown" || kind === "chance") ? this.offer() : nothing}`;
  }

  /** Whether the two that were trained last to be compared are, before all others. */
  get hasPair() {
    const { pair, reference } = this;
    return Boolean(pair) && pair.base === reference?.id && this.shown.some(({ id }) => id === pair.change);
  }

  /** Whether a run is one of those that are compared first. */
  isAbout({ id }) {
    return !this.hasPair || Object.values(this.pair).includes(id);
  }

  verdict(verdict) {
    const [head, sentence] = verdictSentence(verdict, this.reference);
    return html`<li class=${verdict.kind}><b>${head}</b> ${sentence}</li>`;
  }

  /** Why it is not the losses at the end that are compared. */
  byHeart() {
    return html`<p class="note">On this text, models learn by heart, and then their loss on other text rises again. So
      the lowest loss of each is compared. <a href="#your-text">A longer text</a> can be learned from for longer.</p>`;
  }

  referenceChooser() {
    return html`<label>Compared with <select @change=${({ target }) => (this.referenceId = target.value)}>${this.shown.map(
      ({ id, name }) => html`<option value=${id} .selected=${id === this.reference.id}>${name}</option>`,
    )}</select></label>`;
  }

  /** More seeds for those that have too few. */
  offer() {
    const { plans = [], reason } = this.moreSeeds ?? {};
    if (this.isBusy) return nothing;
    if (!plans.length) return reason ? html`<p class="note">${reason}</p>` : nothing;
    const names = plans.map(({ name }) => `“${name}”`).join(" and ");
    return html`<div class="row"><button ?disabled=${this.training.isBusyElsewhere} @click=${() => this.training.train(plans)}>Train ${names} with three seeds</button>
      <span class="note">${counted(plans.flatMap(({ requests }) => requests).length, "more training")}${this.howLong(plans)}. ${reason}</span></div>`;
  }

  /** The curves of all runs that are shown, and what grows at the moment. */
  allCurves() {
    const { growing } = this;
    if (!growing) return this.curves;
    const { plan, trial } = growing;
    const style = this.named.nextStyle();
    const factor = this.unit.factorOf(/** @type {any} */ (plan.facts));
    const name = `seed ${trial.settings.seed}`;
    const points = pointsOf(trial.evaluations).map(([step, loss]) => [step, factor * loss]);
    return [...this.curves, ...this.earlierSeeds(plan, style, factor), { name, points, style }];
  }

  /** The seeds of a plan that are over, as one curve. */
  earlierSeeds(plan, style, factor) {
    const seeds = this.training.finished(plan);
    if (!seeds.length) return [];
    const curve = curveOf(/** @type {any} */ ({ name: plan.name, style, seeds }), factor);
    return [{ ...curve, isReference: true }];
  }

  get lastStep() {
    const ofRuns = this.shown.flatMap(({ seeds }) => seeds.map(({ points }) => points.at(-1)[0]));
    const planned = this.plans.map(({ facts }) => facts.settings.steps);
    return Math.max(1, ...ofRuns, ...planned);
  }

  // The runs ----------------------------------------------------------------------------------------------

  list() {
    return html`<h3>Runs</h3><ul class="runs">${this.ofText.map((run) => this.item(run))}</ul>
      ${this.removed ? html`<div class="row undo"><span>“${this.removed.run.name}” was removed.</span> <button @click=${this.bringBack}>Bring it back</button></div>` : nothing}`;
  }

  item(run) {
    const { id, name, isShown } = run;
    return html`<li class=${isShown ? "" : "hidden-run"}>
      <label><input type="checkbox" aria-label=${`Show ${name}`} .checked=${isShown} @change=${(event) => this.show(event, id)}>${swatch(run)}</label>
      <input type="text" aria-label=${`Name of ${name}`} .value=${name} maxlength="60" spellcheck="false" @change=${(event) => this.rename(event, id)}>
      <span class="facts note">${this.factsOf(run)}</span>
      <button aria-label=${`Remove ${name}`} @click=${() => this.removeRun(id)}>Remove</button></li>`;
  }

  factsOf(run) {
    const measure = this.measure;
    const losses = lossesOf(run, measure).map((loss) => this.unit.factorOf(run) * loss);
    if (!losses.length) return "broke off";
    const low = Math.min(...losses).toFixed(2);
    const high = Math.max(...losses).toFixed(2);
    const range = low === high ? `at ${low}` : `between ${low} and ${high}`;
    return `${measure === "end" ? "ends" : "lowest"} ${range}, ${counted(run.seeds.length, "seed")}`;
  }

  show({ target }, id) {
    this.hint = this.named.show(id, target.checked);
    if (this.hint) target.checked = false;
  }

  rename({ target }, id) {
    this.hint = this.named.rename(id, target.value);
    if (!this.hint) this.training.forgetOutcome();
    target.setAttribute("aria-invalid", String(Boolean(this.hint)));
  }

  /** Its button goes with it: who pressed it can take that back. */
  async removeRun(id) {
    this.hint = null;
    this.training.forgetOutcome();
    this.named.remove(id);
    await this.updateComplete;
    this.focusFirst(".undo button", ".act select:not(:disabled)");
  }

  async bringBack() {
    const { id } = this.removed.run;
    this.named.bringBack();
    await this.updateComplete;
    const i = this.ofText.findIndex((run) => run.id === id);
    this.renderRoot.querySelectorAll(".runs input[type=checkbox]")[i]?.focus();
  }

  table() {
    const rows = comparisonRows(this.shown, this.unit);
    const nDifferent = rows.filter(({ isOutcome }) => !isOutcome).length;
    return html`<h3>What differs</h3>
      <table><thead><tr><th scope="col"><span class="visually-hidden">Setting</span></th>${this.shown.map(
        (run) => html`<th scope="col">${swatch(run)}${run.name}</th>`,
      )}</tr></thead>
      <tbody>${rows.map(({ name, values, isOutcome }) => html`<tr class=${isOutcome ? "outcome" : ""}><th scope="row">${name}</th>${values.map((value, i) => html`<td data-run=${this.shown[i].name}>${value}</td>`)}</tr>`)}</tbody></table>
      <p class="note">${nDifferent ? "All other settings are the same." : "All settings are the same."}</p>`;
  }
}

/** How its curve is drawn. */
function swatch({ style }) {
  const { color, dash } = curveStyle(style);
  return html`<svg class="swatch" viewBox="0 0 36 10" aria-hidden="true"><line x1="0" x2="36" y1="5" y2="5"
    stroke-dasharray=${dash.join(" ") || nothing} style=${styleMap({ stroke: `var(--${color})` })}></line></svg>`;
}

customElements.define("lab-compare", LabCompare);
