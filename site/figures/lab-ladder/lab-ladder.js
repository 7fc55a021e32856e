/**
 * <lab-ladder></lab-ladder>
 *
 * Three sizes of a model learn from the text of the lab. Somebody predicts the loss of a fourth one, sees what a line
 * through the three says, has the fourth trained, and sees how far off both were: see app/ladder.js. Where the text is
 * too short, another one can be taken for it; the model of the lab stays as it is. Ladders are remembered until the tab
 * is closed.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, counted, inText, percent } from "../../app/format.js";
import { LabChoice } from "../../app/lab-choice.js";
import { listCorpora, loadCorpus } from "../../app/lab-corpora.js";
import { charactersPerToken, sourceOf } from "../../app/lab-encoding.js";
import { LIMITS, aboutHowLong, parametersOf } from "../../app/lab-sizes.js";
import { linePlots } from "../../app/line-plot.js";
import { near } from "../../app/near.js";
import { remember, remembered } from "../../app/tab-memory.js";
import { sourceKey } from "../../app/trial-memory.js";
import {
  FEWEST_TOKENS,
  epochsOf,
  gainOfTwice,
  isFalling,
  lineThrough,
  lossOn,
  pointOf,
  possibleSteps,
  problemWith,
  rungsOf,
  secondsOf,
  usualSteps,
  verdictOf,
} from "../../app/ladder.js";
import { ladderPlot, ladderPlots } from "../../app/ladder-plot.js";
import {
  SMALLEST,
  bendText,
  entropyText,
  flatText,
  lossNow,
  rounded,
  seedsText,
  verdictText,
  written,
} from "../../app/ladder-sentences.js";

const NAME = "ladder";
const KEY = "terrarium.tried.ladder";
const LONGEST = 120; // characters of what a model writes
const AXIS = [1 / 8, 0.8]; // from where to where losses are shown, in parts of that of guessing
const ROOM = 1.06; // times a loss that would be at the edge
const BESIDE = 2.1; // times the parameters of the fourth: room for numbers beside its marks
const GUESSES = [0.6, 1.2]; // from where to where somebody may predict, in parts of the third loss

class LabLadder extends LabChoice {
  static share = { title: "The ladder", table: (figure) => figure.asked && figure.numbers() };

  static properties = {
    work: { from: "trials" },
    problem: { from: "trials" },
    machine: { state: true }, // see app/lab-sizes.js; null until it is known, false where it cannot be
    choices: { state: true }, // the texts that come with the site; null until somebody needs one
    other: { state: true }, // a text in place of that of the lab: { name, source, prompts, entropy }
    isLoading: { state: true }, // the name of a text that is made into tokens
    failure: { state: true }, // a sentence on why that failed, or on why there is no line
    chosen: { state: true }, // { steps, seed }; steps: null until somebody chooses some
    asked: { state: true }, // what is trained: { name, rungs, chosen, source, entropy, textKey }
    stage: { state: true }, // "before", "three", "guess", "line", "fourth" or "over"
    guess: { state: true }, // in nats
    earlier: { state: true }, // ladders that are over: { name, textKey, chosen, measured, line, reader }
    said: { state: true }, // what is read aloud
  };

  static styles = [
    LabChoice.styles,
    controls,
    linePlots,
    ladderPlots,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 20px 0 4px; }
    .about { max-width: 66ch; text-wrap: pretty; }
    .row { gap: 8px 12px; margin-top: 8px; }
    .row.last { min-height: 44px; margin-top: 12px; }
    .row.last .stop { margin-left: auto; }
    input[type="number"] { width: 6em; min-height: 44px; font: inherit; color: var(--text); background: var(--background);
                           border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; }
    input[aria-invalid="true"] { border-color: var(--warning); box-shadow: inset 0 0 0 1px var(--warning); }
    .now { min-height: 96px; margin-top: 4px; display: grid; align-content: end; }
    .now.is-over { min-height: 0; margin-top: 12px; }
    .now.is-over ~ .row.last { min-height: 44px; }
    .verdict:focus { outline: none; }
    .verdict:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; border-radius: 4px; }
    .now p { max-width: 66ch; text-wrap: pretty; }
    .now b { font-weight: 600; }
    .slider { display: block; color: var(--text); max-width: 40em; }
    .slider .slide { width: 100%; margin: 0; height: 40px; }
    .ends { padding: 0; max-width: 40em; }
    .track { height: 6px; border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line); overflow: hidden; flex: 1 1 8em; max-width: 20em; }
    .track i { display: block; height: 100%; background: var(--accent); }
    .note { color: var(--muted); max-width: 66ch; text-wrap: pretty; }
    .problem { border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; margin-top: 8px; }
    .verdict { font-weight: 600; }
    .verdict.is-right { color: var(--accent); }
    .facts p { margin-top: 8px; max-width: 66ch; text-wrap: pretty; }
    table { width: 100%; border-collapse: collapse; margin-top: 8px; }
    caption { text-align: left; font-weight: 600; padding: 12px 0 0; }
    th, td { text-align: left; font-weight: 400; padding: 6px 16px 6px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
    thead th { color: var(--muted); }
    .name { overflow-wrap: anywhere; }
    .number { white-space: nowrap; font-variant-numeric: tabular-nums; }
    .text { font: 400 1rem/1.45 var(--serif); overflow-wrap: anywhere; }
    .text b { font-weight: 600; }
    @media (max-width: 640px) {
      .now { min-height: 120px; }
      .row.last { min-height: 96px; align-content: start; }
      .row.last .go { flex: 1 1 100%; text-align: center; }
      .row.last .track { flex: 1 1 50%; }
      table, tbody { display: block; } thead { display: none; } caption { display: block; }
      tr { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 12px; padding: 8px 0; border-bottom: 1px solid var(--line); }
      th, td { border: 0; padding: 1px 0; }
      :is(.wide, .name) { grid-column: 1 / 3; }
      [data-what]::before { content: attr(data-what) " "; color: var(--muted); font: 400 var(--small)/1.5 var(--sans); }
    }
    @media (forced-colors: active) {
      .track i { forced-color-adjust: none; background: Highlight; }
    }
  `,
  ];

  constructor() {
    super();
    Object.assign(this, { machine: null, choices: null, other: null, isLoading: null, failure: null });
    Object.assign(this, { chosen: { steps: null, seed: 1 }, asked: null, stage: "before", guess: null });
    Object.assign(this, { earlier: [], said: "" });
  }

  connectedCallback() {
    super.connectedCallback();
    this.leaving = new AbortController();
    this.getReady(this.leaving.signal);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.leaving.abort();
  }

  /** What takes time is done once somebody comes near. */
  async getReady(signal) {
    try {
      await near(this, signal);
      await this.trials?.findMachine();
      this.machine = this.trials?.machine ?? false;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  // What is trained ---------------------------------------------------------------------------------

  /** The text: { name, source, prompts, entropy }; null while there is none. */
  get subject() {
    if (this.other) return this.other;
    const source = this.trials?.source;
    if (!source) return null;
    return { name: source.name, source, prompts: this.lab.state.prompts, entropy: this.text?.entropy };
  }

  get steps() {
    return this.chosen.steps ?? usualSteps(this.subject.source.ids.length);
  }

  get seedProblem() {
    const { seed } = this.chosen;
    const [least, most] = LIMITS.seed;
    const isPossible = Number.isInteger(seed) && seed >= least && seed <= most;
    return isPossible ? null : `A seed is a whole number from ${least} to ${count(most)}.`;
  }

  /** The four requests that are trained, or would be. */
  get rungs() {
    if (this.asked) return this.asked.rungs;
    const { source, prompts } = this.subject;
    const seed = this.seedProblem ? 1 : this.chosen.seed;
    return rungsOf({ settings: {}, source, prompts }, { steps: this.steps, seed });
  }

  /** A trial of each, as far as it is; null for those that have not begun. */
  get trialsSoFar() {
    if (!this.asked) return [null, null, null, null];
    const isShown = (i) => i < 3 || this.stage === "fourth" || this.stage === "over";
    return this.asked.rungs.map((rung, i) => (isShown(i) ? this.trialOf(rung) : null));
  }

  trialOf(rung) {
    const growing = this.isBusy ? this.work.trial : null;
    const isThis = growing?.settings.n_embd === rung.settings.n_embd;
    return this.trials.find(rung) ?? (isThis ? growing : null);
  }

  get isBusy() {
    return this.work?.name === NAME;
  }

  get line() {
    const three = this.trialsSoFar.slice(0, 3);
    const isThere = ["guess", "line", "fourth", "over"].includes(this.stage);
    return isThere ? lineThrough(three.map(pointOf)) : null;
  }

  async start() {
    const { name, source, entropy } = this.subject;
    const chosen = { steps: this.steps, seed: this.chosen.seed };
    const asked = { name, source, entropy, chosen, rungs: this.rungs, textKey: null };
    Object.assign(this, {
      asked,
      stage: "three",
      guess: null,
      failure: null,
      said: "Three models are trained.",
    });
    const three = await this.trials.run(NAME, asked.rungs.slice(0, 3));
    asked.textKey = await sourceKey(source);
    if (this.asked !== asked) return;
    this.failure = three && problemWith(three);
    if (!three || this.failure) {
      Object.assign(this, { asked: null, stage: "before", said: this.failure ?? "It has stopped." });
      return;
    }
    Object.assign(this, { stage: "guess", said: "All three are trained. What will the fourth reach?" });
    this.rememberIt();
  }

  predict() {
    const says = lossOn(this.line, parametersOf(this.asked.rungs[3].settings));
    Object.assign(this, { stage: "line", said: `The line says ${written(says)} nats.` });
    this.rememberIt();
  }

  async trainFourth() {
    const { asked } = this;
    Object.assign(this, { stage: "fourth", failure: null, said: "The fourth model is trained." });
    const fourth = await this.trials.run(NAME, asked.rungs.slice(3));
    if (this.asked !== asked) return;
    this.failure = fourth && problemWith(fourth);
    if (!fourth || this.failure) {
      Object.assign(this, { stage: "line", said: this.failure ?? "It has stopped." });
      return;
    }
    this.stage = "over";
    this.said = verdictText(this.losses);
    const { name, textKey, chosen } = asked;
    this.earlier = [...this.earlier, { name, textKey, chosen, ...this.losses }];
    this.rememberIt();
  }

  /** Back to the beginning. @param {number} seed */
  begin(seed) {
    const chosen = { ...this.chosen, seed };
    Object.assign(this, { chosen, asked: null, stage: "before", guess: null, failure: null });
    this.rememberIt();
  }

  rememberIt() {
    const { asked, stage, guess, earlier } = this;
    const now = asked && { textKey: asked.textKey, chosen: asked.chosen, stage, guess };
    remember(KEY, { earlier, now });
  }

  /** Where somebody was before they left the page, once its text is there. */
  async bringBack(source) {
    this.lookedUp = source;
    const { earlier, now } = remembered(KEY) ?? {};
    if (Array.isArray(earlier)) this.earlier = earlier.filter(isLadder);
    if (this.asked || !isStage(now)) return;
    const { name, prompts, entropy } = this.subject;
    const { chosen, stage, guess, textKey } = now;
    if (textKey !== (await sourceKey(source))) return;
    const rungs = rungsOf({ settings: {}, source, prompts }, chosen);
    const trained = await this.trials.recall(stage === "over" ? rungs : rungs.slice(0, 3));
    if (!trained || this.asked || this.subject.source !== source) return;
    Object.assign(this, { chosen, stage, guess, asked: { name, source, entropy, chosen, rungs, textKey } });
  }

  /** What was measured, and what was predicted. */
  get losses() {
    const { parameters, loss } = pointOf(this.trialsSoFar[3]);
    return { measured: loss, line: lossOn(this.line, parameters), reader: this.guess };
  }

  // Another text ----------------------------------------------------------------------------------

  async list() {
    if (this.choices) return;
    this.choices = [];
    const all = await listCorpora();
    this.choices = all.filter(({ id }) => id !== "rhymes");
  }

  async take({ id, name }) {
    const { signal } = this.leaving;
    Object.assign(this, { isLoading: name, failure: null });
    try {
      const text = await loadCorpus(id);
      const { kind, vocabSize } = this.tokens;
      const source = await sourceOf(text, { kind, vocabSize }, signal);
      this.other = { name, source, prompts: text.prompts ?? [], entropy: text.entropy };
      this.chosen = { ...this.chosen, steps: null };
      this.said = `The ladder uses “${name}”.`;
    } catch (error) {
      if (!signal.aborted) this.failure = error.message;
    }
    this.isLoading = null;
  }

  // What one sees -----------------------------------------------------------------------------------

  willUpdate(changed) {
    super.willUpdate(changed);
    this.focused = /** @type {any} */ (this.renderRoot)?.activeElement;
  }

  /** What was pressed and is gone hands on the focus: the next key must not go elsewhere. */
  updated(changed) {
    super.updated(changed);
    const source = this.status === "preparing" ? null : this.subject?.source;
    if (source && source !== this.lookedUp) this.bringBack(source);
    const { focused } = this;
    const isGone = focused && (focused.disabled || !focused.isConnected);
    if (!isGone) return;
    // Whoever presses “Stop” just when a model is done must not press what comes next.
    const next = [".slide", ".stop", ".verdict", ".go:not(:disabled)", ".texts button"];
    const found = next.map((selector) => this.renderRoot.querySelector(selector)).find(Boolean);
    /** @type {HTMLElement} */ (found)?.focus();
  }

  drawLab() {
    return html`${this.content()}<p class="visually-hidden" role="status">${this.said}</p>`;
  }

  content() {
    const { subject } = this;
    if (!subject && !this.asked) return this.withoutText();
    if (!this.asked && !possibleSteps(subject.source.ids.length).length) return this.tooShort(subject);
    return html`<p class="about">${this.about()}</p>
      ${this.plot()}
      <div class=${this.stage === "over" ? "now is-over" : "now"}>${this.now()}</div>
      ${this.stage === "over" ? this.facts() : nothing}
      ${this.buttons()}
      ${this.failure || this.problem?.name === NAME ? html`<p class="problem" role="alert">${this.failure ?? this.problem.sentence}</p>` : nothing}
      ${this.table()}
      ${this.earlierTable()}`;
  }

  withoutText() {
    const isComing = this.status === "preparing";
    return html`<p class="note" aria-busy=${String(isComing)}>${
      isComing ? "The text is made into tokens …" : "There is no text to learn from yet."
    } ${isComing ? nothing : html`<a href="#your-text">Choose one</a>`}</p>`;
  }

  /** Why there is no ladder of a text, and what to do. */
  tooShort({ name, source }) {
    this.list();
    const tokens = counted(source.ids.length, "token");
    const others = this.choices ?? [];
    return html`<p class="about">“${name}” has ${tokens} to learn from. A larger model would soon know so short a text by
        heart, and the losses would follow no line: it takes at least ${count(FEWEST_TOKENS)}. ${
          others.length
            ? "Take another text for the ladder; your model and its text stay as they are."
            : html`<a href="#your-text">Choose a longer text</a>, or cut it into smaller tokens.`
        }</p>
      <div class="row last texts" role="group" aria-label="Texts for the ladder">${others.map(
        (one) => html`<button aria-disabled=${String(Boolean(this.isLoading))}
          @click=${() => !this.isLoading && this.take(one)}>${one.name}</button>`,
      )}${this.other ? html`<button @click=${() => (this.other = null)}>The text of your model</button>` : nothing}
      ${this.isLoading ? html`<span class="note" aria-busy="true">“${this.isLoading}” is made into tokens …</span>` : nothing}</div>
      ${this.failure ? html`<p class="problem" role="alert">${this.failure}</p>` : nothing}`;
  }

  about() {
    const { rungs, asked } = this;
    const [a, b, c, d] = rungs.map(({ settings }) => count(parametersOf(settings)));
    const name = asked?.name ?? this.subject.name;
    const { steps, seed } = asked?.chosen ?? { steps: this.steps, seed: this.chosen.seed };
    if (asked) {
      return html`Three models with ${a}, ${b} and ${c} parameters, and a fourth with ${d}, each trained on “${name}” for
        ${count(steps)} steps, with seed ${seed}.`;
    }
    return html`Three models with ${a}, ${b} and ${c} parameters learn from “${name}”. Then you predict how good a fourth
      one with ${d} will be.`;
  }

  /** What there is to choose or to read at each stage, in the same place. */
  now() {
    const { stage } = this;
    if (stage === "guess") return this.slider();
    if (stage === "three") {
      return html`<p class="note">All of them read the same text in the same order. The rings move until a model is done.</p>`;
    }
    if (stage === "line" || stage === "fourth") return html`<p>${this.bothPredictions()}</p>`;
    return stage === "over" ? this.outcome() : this.settingsRow();
  }

  bothPredictions() {
    const says = lossOn(this.line, parametersOf(this.rungs[3].settings));
    const how = isFalling(this.line)
      ? `twice as many parameters lower the loss by ${percent(gainOfTwice(this.line))}`
      : "more parameters hardly help";
    return html`In the first three, ${how}. If that goes on, the fourth will reach <b>${written(says)} nats</b>: so says the
      line. You say <b>${written(this.guess)}</b>.`;
  }

  settingsRow() {
    const possible = possibleSteps(this.subject.source.ids.length);
    return html`<p class="note">All of them are trained for equally many steps, with the same seed.</p>
      <div class="row">
        <label>Steps <select @change=${({ target }) => this.choose({ steps: Number(target.value) })}>${possible.map(
          (steps) => html`<option value=${steps} .selected=${steps === this.steps}>${count(steps)}</option>`,
        )}</select></label>
        <label>Seed <input type="number" step="1" .value=${inField(this.chosen.seed)} aria-describedby="seed-problem"
          aria-invalid=${String(Boolean(this.seedProblem))}
          @change=${({ target }) => this.choose({ seed: target.value.trim() === "" ? NaN : Number(target.value) })}></label>
        ${this.other ? html`<button @click=${() => (this.other = null)}>Use the text of your model</button>` : nothing}
      </div>
      <p id="seed-problem" role="status" class=${this.seedProblem ? "problem" : ""}>${this.seedProblem ?? nothing}</p>`;
  }

  choose(changes) {
    this.chosen = { ...this.chosen, ...changes };
  }

  // The plot ----------------------------------------------------------------------------------------

  /** The ends of both axes. They stay as they are, unless a loss would be outside: points must not jump. */
  get ranges() {
    const sizes = this.rungs.map(({ settings }) => parametersOf(settings));
    const x = [sizes[0] / 1.25, sizes[3] * BESIDE];
    const [low, high] = this.axis;
    if (!this.line) return { x, y: [low, high] };
    const says = lossOn(this.line, sizes[3]);
    const losses = [
      ...this.guesses,
      says,
      ...this.trialsSoFar.filter(isDone).map((one) => pointOf(one).loss),
    ];
    return { x, y: [Math.min(low, Math.min(...losses) / ROOM), Math.max(high, Math.max(...losses) * ROOM)] };
  }

  /** The losses that are shown, if none is outside. */
  get axis() {
    const guessing = Math.log(this.rungs[0].source.tokenizer.vocab.length);
    return AXIS.map((part) => part * guessing);
  }

  /** From where to where somebody may predict. */
  get guesses() {
    const { loss } = pointOf(this.trialsSoFar[2]);
    const [low, high] = GUESSES.map((part) => rounded(part * loss));
    return [Math.min(loss, Math.max(low, rounded(this.axis[0] * ROOM))), high];
  }

  /** What is drawn: see app/ladder-plot.js. */
  plot() {
    const sizes = this.rungs.map(({ settings }) => parametersOf(settings));
    const trained = this.trialsSoFar
      .filter(Boolean)
      .map((trial) => ({ ...pointOf(trial), isDone: isDone(trial) }));
    const models = trained.filter(({ loss }) => loss > 0);
    const line = this.hasLine ? this.line : null;
    return ladderPlot({ ...this.ranges, sizes, line, models, marks: this.marks });
  }

  /** Whether somebody has predicted, and may see what the line says. */
  get hasLine() {
    return ["line", "fourth", "over"].includes(this.stage);
  }

  /** What was said of the fourth, and what was measured. */
  get marks() {
    const fourth = parametersOf(this.rungs[3].settings);
    return [
      ...(this.guess === null ? [] : [{ kind: "reader", loss: this.guess }]),
      ...(this.hasLine ? [{ kind: "predicted", loss: lossOn(this.line, fourth) }] : []),
      ...(this.stage === "over" ? [{ kind: "measured", loss: this.losses.measured }] : []),
    ];
  }

  slider() {
    const [low, high] = this.guesses;
    const start = rounded(pointOf(this.trialsSoFar[2]).loss); // no prediction: the loss of the third
    const says = this.guess === null ? "…" : `${written(this.guess)} nats`;
    return html`<label class="slider"><span>How good will the fourth be? Its loss: <b>${says}</b></span>
        <input class="slide" type="range" min=${low} max=${high} step=${SMALLEST} .value=${String(this.guess ?? start)}
          aria-valuetext=${this.guess === null ? "nothing predicted yet" : says} @input=${({ target }) => (this.guess = Number(target.value))}></label>
      <div class="ends" aria-hidden="true"><span>${written(low)}</span><span>${written(high)}</span></div>`;
  }

  // What one does -------------------------------------------------------------------------------------

  /** One button with several names, which keeps the focus. “Stop” is another one, and stands elsewhere. */
  buttons() {
    if (this.isBusy) {
      return html`<div class="row last">${this.progress()}<button class="stop" @click=${() => this.trials.stop()}>Stop</button></div>`;
    }
    const { name, act, isPossible = true } = this.action();
    const canLeave = this.stage === "guess" || this.stage === "line";
    return html`<div class="row last"><button class="go primary" ?disabled=${!isPossible} @click=${act}>${name}</button>
      ${canLeave ? html`<button @click=${() => this.begin(this.chosen.seed)}>Start over</button>` : nothing}
      <span class="note">${this.note()}</span></div>`;
  }

  action() {
    const isPossible = !this.work;
    const actions = {
      guess: { name: "That is my prediction", act: () => this.predict(), isPossible: this.guess !== null },
      line: { name: "Train the fourth", act: () => this.trainFourth(), isPossible },
      over: { name: "Another ladder", act: () => this.begin(this.asked.chosen.seed + 1) },
    };
    const first = {
      name: "Train three models",
      act: () => this.start(),
      isPossible: isPossible && !this.seedProblem,
    };
    return actions[this.stage] ?? first;
  }

  progress() {
    const { done, of } = this.work;
    return html`<div class="track" role="progressbar" aria-label="How far the training is" aria-valuemin="0" aria-valuemax=${of}
        aria-valuenow=${done}><i style=${styleMap({ width: `${(100 * done) / (of || 1)}%` })}></i></div>
      <span class="note" aria-hidden="true">step ${count(done)} of ${count(of)}</span>`;
  }

  note() {
    if (this.work)
      return "Another comparison on this page is being trained. This can begin when it has ended.";
    if (this.stage === "guess" && this.guess === null) return "Move the slider to predict.";
    const parts = { before: this.rungs.slice(0, 3), line: this.rungs.slice(3) }[this.stage];
    if (!parts || this.machine === false) return nothing;
    if (!this.machine) return "Timing this machine …";
    return `This takes ${aboutHowLong(secondsOf(parts, this.machine))} here.`;
  }

  // What came of it -----------------------------------------------------------------------------------

  outcome() {
    const isRight = verdictOf(this.losses).closer === "reader";
    return html`<p class=${`verdict ${isRight ? "is-right" : ""}`} tabindex="-1">${verdictText(this.losses)}</p>`;
  }

  facts() {
    const { line, losses, asked } = this;
    const { name, textKey, chosen, source, entropy } = asked;
    const isSame = (one) => one.textKey === textKey && one.chosen.steps === chosen.steps;
    const same = this.earlier
      .filter(isSame)
      .map((one) => ({ seed: one.chosen.seed, measured: one.measured }));
    const sentences = [
      flatText(line),
      bendText(losses, lossNow(this.trialsSoFar[3]), epochsOf(chosen.steps, source.ids.length)),
      entropyText(line, name, entropy ? entropy * charactersPerToken(source) : null),
      seedsText(same),
    ];
    return html`<div class="facts">${sentences.filter(Boolean).map((sentence) => html`<p>${sentence}</p>`)}</div>`;
  }

  table() {
    const trials = this.trialsSoFar.filter(isDone);
    if (!trials.length) return nothing;
    return html`<table><caption>The models</caption><thead><tr><th scope="col">Parameters</th><th scope="col">Loss</th>
        <th scope="col">On its own text</th><th scope="col">What it writes</th></tr></thead>
      <tbody>${trials.map((trial) => this.modelRow(trial))}</tbody></table>`;
  }

  modelRow(trial) {
    const { parameters, loss } = pointOf(trial);
    return html`<tr><th scope="row" class="number" data-what="Parameters:">${count(parameters)}</th>
      <td class="number" data-what="Loss:"><b>${written(loss)}</b></td>
      <td class="number wide" data-what="On its own text:">${written(lossNow(trial))}</td>
      <td class="text wide" dir="auto">${trial.samples.map((sample) => html`<b>${inText(sample.prompt)}</b>${sampleText(sample, trial)}`)}</td></tr>`;
  }

  earlierTable() {
    if (this.earlier.length < (this.stage === "over" ? 2 : 1)) return nothing;
    return html`<table><caption>Ladders so far</caption><thead><tr><th scope="col">Text</th><th scope="col">Steps, seed</th>
        <th scope="col">Fourth</th><th scope="col">The line</th><th scope="col">You</th></tr></thead>
      <tbody>${this.earlier.map(
        ({ name, chosen, measured, line, reader }) => html`<tr><th scope="row" class="name">${name}</th>
          <td class="number" data-what="Steps, seed:">${count(chosen.steps)}, ${chosen.seed}</td>
          <td class="number" data-what="Fourth:">${written(measured)}</td>
          <td class="number" data-what="The line:">${written(line)}</td>
          <td class="number" data-what="You:">${written(reader)}</td></tr>`,
      )}</tbody></table>`;
  }

  /** What can be kept. */
  numbers() {
    const trials = this.trialsSoFar.filter(Boolean);
    const predictions =
      this.stage === "over"
        ? [
            ["line", this.losses.line],
            ["reader", this.losses.reader],
          ]
        : [];
    return [
      ["parameters", "loss", "of"],
      ...trials.map((trial) => [pointOf(trial).parameters, pointOf(trial).loss, "model"]),
      ...predictions.map(([who, loss]) => [pointOf(trials[3]).parameters, loss, `prediction: ${who}`]),
    ];
  }
}

const isNumber = (value) => Number.isFinite(value);

const isChosen = (chosen) => chosen?.steps > 0 && [chosen.steps, chosen.seed].every(Number.isInteger);

/** Whether what is remembered is where somebody stopped to think. */
const isStage = (now) =>
  ["guess", "line", "over"].includes(now?.stage) &&
  isChosen(now.chosen) &&
  (isNumber(now.guess) || (now.guess === null && now.stage === "guess"));

const isLadder = (one) =>
  typeof one?.name === "string" &&
  isChosen(one.chosen) &&
  [one.measured, one.line, one.reader].every(isNumber);

/** Whether a trial is over. @param {import("../../app/trials.js").Trial | null} trial */
const isDone = (trial) => Boolean(trial) && trial.step === trial.settings.steps;

/** What stands in a field: nothing while what is typed is no number. */
const inField = (value) => (Number.isFinite(value) ? String(value) : "");

/** What a model wrote after a prompt. */
function sampleText({ tokens }, { source: { tokenizer } }) {
  const text = tokens
    .filter(({ id }) => id !== tokenizer.end)
    .map(({ id }) => tokenizer.vocab[id])
    .join("");
  const characters = Array.from(inText(text));
  return characters.length > LONGEST
    ? `${characters.slice(0, LONGEST).join("").trimEnd()}…`
    : characters.join("");
}

customElements.define("lab-ladder", LabLadder);
