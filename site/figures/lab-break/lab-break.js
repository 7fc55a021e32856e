/**
 * <lab-break></lab-break>
 *
 * Eight ways to break the model of the lab: see app/breaking.js. Somebody chooses one, says what they expect and why,
 * then a healthy and a broken model are trained side by side, and they see what came of it. What they tried is shown
 * while the text and the model stay the same, and again when both are back, until the tab is closed.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { readText } from "../../app/breaking-text.js";
import * as breaking from "../../app/breaking.js";
import { controls } from "../../app/controls.js";
import { count, counted, duration, inText, percent } from "../../app/format.js";
import { LabFigure } from "../../app/lab-figure.js";
import { aboutHowLong, secondsFor } from "../../app/lab-sizes.js";
import { near } from "../../app/near.js";
import { remember, remembered } from "../../app/tab-memory.js";
import { requestKey } from "../../app/trial-memory.js";
import "../loss-curves/loss-curves.js";

const { EXPERIMENTS } = breaking;
const NAMES = Object.keys(EXPERIMENTS);
const ME = "break"; // who asks for what is trained
const KEY = "terrarium.tried.break."; // and that of the healthy model: what was tried with it
const ELSEWHERE = { compare: "“Compare”", ladder: "“The ladder”" }; // who else asks
const SHOWN = 3; // samples of each model
const LONGEST = 160; // characters of them,
const LONGEST_PROMPT = 80; // and of what they go on from
const RARE = 0.02; // of the sentences: of a word with fewer, a model learns little
const NOTHING_CHOSEN = { choice: null, reason: "" };

class LabBreak extends LabFigure {
  static properties = {
    step: { state: true }, // not that of the lab: this need not be drawn again with each
    status: { from: "lab" },
    text: { from: "lab" },
    tokens: { from: "lab" },
    settings: { from: "lab" },
    prompts: { from: "lab" },
    work: { from: "trials" },
    problem: { from: "trials" },
    name: { state: true }, // of the experiment that is shown
    drafts: { state: true }, // name -> { choice, reason }: what somebody expects so far
    tried: { state: true }, // name -> what was expected, and what came of it
    asked: { state: true }, // what is being trained, or null
    typed: { state: true }, // the word that is to be missing
    learned: { state: true }, // a LearnedText, null until the text is read
    hint: { state: true },
    notice: { state: true },
  };

  static styles = [
    LabFigure.styles,
    controls,
    css`
    .desk { display: grid; grid-template-columns: 13.5em minmax(0, 1fr); gap: 16px 40px; align-items: start; }
    ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
    li button { width: 100%; min-height: 48px; border-radius: 12px; padding: 6px 16px; display: grid; align-content: center; }
    li small { font: 400 0.8125rem/1.3 var(--sans); color: var(--muted); }
    li .is-right { color: var(--accent); }
    h3 { font: 600 1.25rem/1.4 var(--serif); margin: 0 0 4px; }
    h4 { font: 600 var(--small)/1.5 var(--sans); margin: 20px 0 4px; }
    .about { font: 400 1.0625rem/1.5 var(--serif); max-width: 62ch; }
    .panel { min-width: 0; }
    fieldset { border: 0; margin: 16px 0 0; padding: 0; min-width: 0; }
    legend, .field > span { padding: 0; font-weight: 600; color: var(--text); }
    .answers { display: grid; margin-top: 4px; }
    .answers label { min-height: 40px; color: var(--text); }
    input[type="radio"] { accent-color: var(--accent); width: 18px; height: 18px; margin: 0; flex: none; }
    .field { display: grid; gap: 4px; margin-top: 12px; max-width: 40em; }
    input[type="text"] { min-height: 44px; width: 100%; padding: 6px 12px; color: var(--text); background: var(--background);
                         font: 400 1.0625rem/1.4 var(--serif); border: 1px solid var(--line); border-radius: 8px; }
    .words { display: flex; flex-wrap: wrap; gap: 6px; margin: 8px 0; }
    .words button { min-height: 40px; padding: 2px 16px; }
    .track { height: 6px; border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line); overflow: hidden; flex: 1 1 8em; max-width: 20em; }
    .track i { display: block; height: 100%; background: var(--accent); }
    .panel > .row { min-height: 48px; margin: 16px 0; }
    .note { color: var(--muted); max-width: 66ch; text-wrap: pretty; }
    .problem { border-left: 4px solid var(--warning); padding-left: 12px; max-width: 66ch; }
    .notice { margin-bottom: 16px; }
    .verdict { font: 600 1.0625rem/1.45 var(--sans); margin: 0 0 4px; max-width: 62ch; }
    .verdict.is-right { color: var(--accent); }
    .why { max-width: 66ch; margin: 8px 0; }
    .look { border-left: 4px solid var(--accent); padding-left: 12px; margin: 12px 0; max-width: 66ch; }
    table { border-collapse: collapse; }
    th, td { text-align: left; font-weight: 400; padding: 6px 24px 6px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
    thead th { color: var(--muted); }
    .facts { margin-bottom: 12px; }
    .facts thead th { overflow-wrap: anywhere; }
    .facts td { font: 400 0.8125rem/1.6 var(--mono); }
    .written { width: 100%; table-layout: fixed; }
    .sample { font: 400 1rem/1.45 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; }
    .sample b { font-weight: 600; }
    .hint { color: var(--warning); font-weight: 600; }
    .answers.is-missing { box-shadow: -4px 0 0 var(--panel), -8px 0 0 var(--warning); }
    .answers small { font: 600 0.8125rem/1.3 var(--sans); color: var(--accent); }
    .verdict, loss-curves { scroll-margin-block: 24px; }
    loss-curves { display: block; margin-top: 16px; }
    table + .note { margin-top: 8px; }
    @media (min-width: 761px) and (min-height: 640px) { ul { position: sticky; top: 16px; } }
    @media (max-width: 760px) {
      .desk { grid-template-columns: minmax(0, 1fr); }
      ul { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      li button { padding: 6px 12px; }
      .answers { gap: 8px; }
      .primary { flex: 1 1 auto; text-align: center; }
      .facts { width: 100%; table-layout: fixed; }
      .facts :is(th, td) { padding-right: 8px; }
      .facts thead th { font-size: 0.75rem; }
      .facts thead td { width: 34%; }
      .written, .written tbody { display: block; }
      .written thead { display: none; }
      .written tr { display: grid; padding: 8px 0; border-bottom: 1px solid var(--line); }
      .written td { border: 0; padding: 2px 0; }
      .written td::before { content: attr(data-model); display: block; color: var(--muted); font: 400 0.8125rem/1.5 var(--sans); }
    }
    @media (forced-colors: active) { .track i { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  constructor() {
    super();
    [this.name] = NAMES;
    this.drafts = {};
    this.tried = {};
    this.asked = null;
    this.typed = "";
    this.learned = null;
    this.request = null; // that of the healthy model
    this.hasChosen = false; // whether somebody has chosen one since the page was loaded
  }

  connectedCallback() {
    super.connectedCallback();
    this.leaving = new AbortController();
    near(this, this.leaving.signal).then(
      () => this.begin(),
      () => {}, // it was taken away before anybody came
    );
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.leaving.abort();
    this.learned = null;
  }

  /** Somebody comes near: from now on, the text is read. */
  async begin() {
    await this.trials?.findMachine();
    this.isNear = true;
    this.requestUpdate();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.isNear && this.trials) this.followLab();
    this.watchFocus();
  }

  /** With another text or another model, what was tried is no longer true. */
  followLab() {
    const request = this.status === "preparing" ? null : breaking.healthyRequest(this.trials);
    if (!request || isSame(request, this.request)) return;
    const isOther = this.asked || Object.keys(this.tried).length;
    if (this.asked) this.trials.stop();
    const hasText = request.source === this.request?.source;
    this.request = request;
    this.asked = null;
    this.tried = {};
    this.notice = isOther
      ? "The text or the model above has changed. What you tried was about the one before: it is shown again when that is back."
      : null;
    if (!hasText) this.readText(request.source);
    else if (this.learned) this.bringBack();
  }

  async readText(source) {
    this.learned = null;
    const text = await readText(source, this.leaving.signal).catch(() => null);
    if (source !== this.request.source) return;
    this.learned = text;
    if (text) await this.bringBack();
  }

  /** What was tried with this text and this model before, and is remembered. */
  async bringBack() {
    const { request } = this;
    const { shown, tried = [] } = remembered(KEY + (await requestKey(request))) ?? {};
    if (shown in EXPERIMENTS && !this.hasChosen) this.name = shown;
    for (const one of tried.filter(({ name }) => name in EXPERIMENTS)) {
      try {
        await this.bringBackOne(one, request);
      } catch (error) {
        if (!this.leaving.signal.aborted) throw error;
      }
    }
  }

  async bringBackOne({ name, choice, reason, missing }, request) {
    const { signal } = this.leaving;
    const parts = { healthy: request, text: this.learned, typed: missing, signal };
    const { requests, word } = await breaking.prepare(name, parts);
    const trained = await this.trials.recall(requests);
    if (!trained || this.request !== request || this.shownOf(name)) return;
    this.show({ name, choice, reason, requests, word }, trained);
    this.toSee = null; // it was seen before
  }

  async rememberTried() {
    const tried = Object.values(this.tried).map(({ name, choice, reason, word }) => ({
      ...{ name, choice, reason },
      missing: word?.word,
    }));
    remember(KEY + (await requestKey(this.request)), { shown: this.name, tried });
  }

  /** Buttons come and go with the training: somebody who pressed one goes on from the next. */
  watchFocus() {
    const button = this.asked?.name === this.name ? "stop" : this.tried[this.name] ? "again" : "start";
    const isOther = button !== this.button;
    this.button = button;
    this.losesFocus = isOther && Boolean(this.renderRoot?.activeElement?.matches(".panel > .row button"));
  }

  updated() {
    if (this.losesFocus)
      /** @type {HTMLElement} */ (this.renderRoot.querySelector(".panel > .row button"))?.focus();
    this.losesFocus = false;
    this.bringIntoView();
  }

  /** What is new is brought into view: the curves when they begin, the verdict when it is there. */
  bringIntoView() {
    const part = this.toSee && this.renderRoot.querySelector(this.toSee);
    if (!part) return;
    this.toSee = null;
    if (this.isSeen) part.scrollIntoView({ block: "nearest" });
  }

  /** Whether somebody still looks at this figure: nobody who went on to read elsewhere is called back. */
  get isSeen() {
    const { top, bottom } = this.renderRoot.querySelector(".panel").getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  }

  get experiment() {
    return EXPERIMENTS[this.name];
  }

  get draft() {
    return this.drafts[this.name] ?? NOTHING_CHOSEN;
  }

  /** What is being trained for the one that is shown, or was. */
  get shown() {
    return this.shownOf(this.name);
  }

  shownOf(name) {
    return this.asked?.name === name ? this.asked : (this.tried[name] ?? null);
  }

  drawLab() {
    return html`${this.notice ? html`<p class="note notice" role="status">${this.notice}</p>` : nothing}
      <div class="desk"><ul aria-label="What to break">${NAMES.map((name) => this.item(name))}</ul>
      <div class="panel">${this.panel()}</div></div>`;
  }

  item(name) {
    const tried = this.tried[name];
    const { title, subtitle } = EXPERIMENTS[name];
    const state = this.asked?.name === name ? "is being trained" : tried && stateOf(tried);
    const style = `${state ? "state" : ""} ${tried?.isRight ? "is-right" : ""}`;
    return html`<li><button aria-pressed=${String(name === this.name)} @click=${() => this.choose(name)}>${title}
      <small class=${style}>${state || subtitle}</small></button></li>`;
  }

  choose(name) {
    Object.assign(this, { name, hint: null, hasChosen: true });
    if (Object.keys(this.tried).length) this.rememberTried();
  }

  panel() {
    const { title, about, lesson } = this.experiment;
    const [address, where] = lesson;
    return html`<h3>${title}</h3>
      <p class="about">${about} <a href=${`lessons/${address}`}>More in ${where}</a></p>
      ${this.trial()}`;
  }

  /** What is asked, and what came of it; or why it cannot be asked. */
  trial() {
    if (!this.request) return this.waiting();
    if (!this.learned) return html`<p class="note" aria-busy="true">…</p>`;
    const missing = breaking.whyMissing(this.name, this.request, this.learned);
    if (missing) return html`<p class="problem">${missing}</p>`;
    const isFixed = Boolean(this.shown);
    return html`${this.experiment.hasWord ? this.wordField(isFixed) : nothing}
      ${this.question(isFixed)} ${this.buttons()}
      <div aria-live="polite">${this.tried[this.name] ? this.verdict(this.tried[this.name]) : nothing}</div>
      ${this.shown ? this.curves() : nothing}
      ${this.tried[this.name] ? this.details(this.tried[this.name]) : nothing}`;
  }

  waiting() {
    if (this.status !== "empty") return html`<p class="note" aria-busy="true">…</p>`;
    return html`<p class="problem">There is no text to learn from. <a href="#your-text">Choose one</a> first.</p>`;
  }

  // What somebody expects ----------------------------------------------------------------------------------------

  question(isFixed) {
    const { choice, reason } = this.shown ?? this.draft;
    const outcome = this.tried[this.name]?.outcome;
    const answers = breaking.answersOf(this.name, this.baselines);
    const isMissing = Boolean(this.hint) && choice === null;
    const word = this.shown?.word?.word ?? this.typed.trim();
    return html`<fieldset ?disabled=${isFixed}><legend dir="auto">${breaking.questionOf(this.name, word)}</legend>
        <div class=${`answers ${isMissing ? "is-missing" : ""}`}>${Object.entries(answers).map(
          ([value, answer]) =>
            html`<label><input type="radio" name="answer" value=${value} .checked=${value === choice}
              @change=${() => this.expect({ choice: value })}><span>${answer}${
                value === outcome ? html` <small>(this happened)</small>` : nothing
              }</span></label>`,
        )}</div></fieldset>
      <label class="field"><span>Why do you think so?</span>
        <input type="text" maxlength="200" dir="auto" .value=${reason} ?readonly=${isFixed} placeholder="One sentence is enough."
          @keydown=${this.onKey} @input=${({ target }) => this.expect({ reason: target.value })}></label>`;
  }

  /** Enter in a field of one line does what the button does. */
  onKey(event) {
    const isFree = !this.shown && !this.work;
    if (event.key === "Enter" && !event.isComposing && isFree) this.tryIt();
  }

  /** What guessing and counting reach on the text of which the losses are shown. */
  get baselines() {
    return this.curve === "own" ? this.learned.baselines : this.lab.state.baselines;
  }

  /** Of which text the losses are shown: "own", that of the models, or "heldOut". */
  get curve() {
    return this.experiment.curve ?? "own";
  }

  expect(change) {
    this.drafts = { ...this.drafts, [this.name]: { ...this.draft, ...change } };
    this.hint = null;
  }

  /** The word that is to be missing. */
  wordField(isFixed) {
    const problem = this.learned.problemOf(this.typed);
    const isWrong = Boolean(problem && this.typed.trim());
    const value = this.shown?.word?.word ?? this.typed;
    return html`<label class="field"><span>A word of the text</span>
        <input type="text" class="word" maxlength="40" dir="auto" spellcheck="false" autocapitalize="none" .value=${value}
          ?readonly=${isFixed} aria-invalid=${String(isWrong && !isFixed)} aria-describedby="about-word"
          @keydown=${this.onKey} @input=${({ target }) => this.type(target.value)}></label>
      ${this.suggestions(isFixed)}
      <p id="about-word" class=${isWrong && !isFixed ? "problem" : "note"} role="status">${
        isFixed || !problem ? this.aboutWord(value) : problem
      }</p>`;
  }

  /** They stay where they are while it trains: nothing below them moves. */
  suggestions(isFixed) {
    return html`<div class="words">${this.learned.suggestions.map(
      (word) =>
        html`<button dir="auto" ?disabled=${isFixed} @click=${() => this.type(word)}>${word}</button>`,
    )}</div>`;
  }

  type(word) {
    Object.assign(this, { typed: word, hint: null });
  }

  aboutWord(word) {
    const { n, of, fraction } = this.learned.countsOf(word);
    const about = `“${word.trim()}” is in ${count(n)} of ${counted(of, "sentence")}. Without them, ${percent(fraction)} of the text is gone.`;
    return n < RARE * of
      ? `${about} That is rare: even the healthy model may not write it. With a more frequent word you see more.`
      : about;
  }

  // Training -----------------------------------------------------------------------------------------------------

  buttons() {
    if (this.asked?.name === this.name) return this.progress(this.asked);
    if (this.tried[this.name]) {
      return html`<div class="row"><button @click=${() => this.tryAgain()}>Predict again</button></div>`;
    }
    const isBusy = Boolean(this.work);
    return html`<div class="row"><button class="primary" ?disabled=${isBusy} @click=${() => this.tryIt()}>Break it</button>
        <span class=${`note ${this.hint ? "hint" : ""}`} role="status">${this.hint ?? (isBusy ? this.whatElse() : this.howLong())}</span></div>
      ${this.problem?.name === ME ? html`<p class="problem" role="alert">${this.problem.sentence}</p>` : nothing}`;
  }

  /** What is being trained, where somebody has to wait for it. */
  whatElse() {
    const other = ELSEWHERE[this.work.name] ?? "another part of this page";
    const what = this.asked
      ? `“${EXPERIMENTS[this.asked.name].title}” is being trained`
      : `Models for ${other} are being trained`;
    return `${what} at the moment. You can predict already.`;
  }

  /** Which models are trained, and how long that takes on this machine. */
  howLong() {
    const { machine } = this.trials;
    if (!machine) return nothing;
    const models = breaking.stillToTrain(this.trials, this.name, this.request);
    const seconds = models.reduce((sum, { settings }) => sum + secondsFor(settings, machine), 0);
    const beside = this.status === "training" ? ", and longer while the one above is training" : "";
    const which = inList(models.map(({ role }) => role));
    return `Trains ${counted(models.length, "model")}, ${aboutHowLong(seconds)}${beside}: ${which}.`;
  }

  progress(asked) {
    const { done, of, trial } = this.work ?? { done: 0, of: 1, trial: null };
    const which = asked.requests?.findIndex((one) => isOf(trial, one)) ?? -1;
    const name = which < 0 ? "It begins." : `Model “${this.namesOf(asked)[which]}”`;
    return html`<div class="row"><button @click=${() => this.stopIt()}>Stop</button>
      <div class="track" role="progressbar" aria-label="Training" aria-valuemin="0" aria-valuemax=${of}
        aria-valuenow=${done}><i style=${styleMap({ width: `${(100 * done) / Math.max(1, of)}%` })}></i></div>
      <span class="note" aria-hidden="true">${name}</span></div>`;
  }

  /** Nothing is shown to somebody who has not guessed. */
  async tryIt() {
    const { name, typed } = this;
    if (this.complains()) return;
    const { signal } = this.leaving;
    const asked = { name, ...this.draft, requests: null, word: null };
    Object.assign(this, { asked, notice: null, hint: null });
    const { requests, word } = await breaking.prepare(name, {
      healthy: this.request,
      text: this.learned,
      typed,
      signal,
    });
    if (this.asked !== asked) return;
    this.asked = { ...asked, requests, word };
    this.toSee = "loss-curves";
    const mine = this.asked;
    const trained = await this.trials.run(ME, requests);
    if (this.asked !== mine) return;
    this.asked = null; // it was stopped, or failed
    if (!trained) return;
    this.show(mine, trained);
    await this.rememberTried();
  }

  show(asked, trained) {
    const { name, choice, word } = asked;
    const result = breaking.resultOf(name, { trained, text: this.learned, word });
    const outcome = EXPERIMENTS[name].outcome(result);
    this.tried = { ...this.tried, [name]: { ...asked, result, outcome, isRight: outcome === choice } };
    this.toSee = name === this.name ? ".verdict" : null;
  }

  /** Whether something is missing before it can be tried: then it is said, and the focus is there. */
  complains() {
    const problem = this.experiment.hasWord && this.learned.problemOf(this.typed);
    const field = problem ? ".word" : this.draft.choice === null ? 'input[type="radio"]' : null;
    if (!field) return false;
    this.hint = problem || "Choose what you expect first.";
    this.renderRoot.querySelector(field).focus();
    return true;
  }

  stopIt() {
    this.asked = null;
    this.trials.stop();
  }

  tryAgain() {
    const others = Object.entries(this.tried).filter(([name]) => name !== this.name);
    this.tried = Object.fromEntries(others);
    this.rememberTried();
    this.drafts = { ...this.drafts, [this.name]: NOTHING_CHOSEN };
    this.focusLater(this.experiment.hasWord ? ".word" : 'input[type="radio"]');
  }

  focusLater(selector) {
    this.updateComplete.then(() => this.renderRoot.querySelector(selector)?.focus());
  }

  // What came of it ----------------------------------------------------------------------------------------------

  namesOf({ name, word }) {
    const broken = word ? `no “${word.word}”` : EXPERIMENTS[name].title.toLowerCase();
    return ["healthy", broken, "another seed"];
  }

  /** The trial of a request, as far as it is. */
  trialOf(request) {
    const now = this.work?.trial;
    return this.trials.find(request) ?? (isOf(now, request) ? now : null);
  }

  curves() {
    const { requests } = this.shown;
    if (!requests) return nothing;
    const names = this.namesOf(this.shown);
    const curves = requests.flatMap((request, i) => {
      const trial = this.trialOf(request);
      if (!trial) return [];
      return [{ name: names[i], points: breaking.drawnCurve(trial, this.curve), isReference: i === 0 }];
    });
    const label =
      this.curve === "own" ? "Loss on its own text, by step" : "Loss on text that neither has read, by step";
    return html`<loss-curves .curves=${curves} .steps=${requests[0].settings.steps} .baselines=${this.baselines}
      label=${label}></loss-curves>`;
  }

  /** What happened, beside what somebody expected. */
  verdict({ name, choice, reason, result, outcome, isRight }) {
    const expected = inner(breaking.answersOf(name, result.text.baselines)[choice]);
    const happened = breaking.happenedOf(name, result, outcome);
    const begin = isRight ? "You were right" : `You expected: ${expected}. ${beginningOf(outcome)}`;
    return html`<p class=${`verdict ${isRight ? "is-right" : ""}`}>${begin}: ${happened}.</p>
      ${reason.trim() ? html`<p class="note reason" dir="auto">Your reason: “${reason.trim()}”</p>` : nothing}`;
  }

  details(tried) {
    const { name, result, outcome } = tried;
    const why = breaking.whyOf(name, result, outcome);
    const caution = breaking.cautionOf(result);
    return html`<p class="look">${breaking.lookAtOf(name, outcome)}</p>
      ${why ? html`<p class="why">${why}</p>` : nothing}
      ${this.samples(tried)}
      ${caution ? html`<p class="note">${caution}</p>` : nothing}
      ${this.facts(tried)}`;
  }

  /** What both models write after the same beginnings, with the same random numbers. */
  samples(tried) {
    const { healthy, broken } = tried.result;
    const [first, second] = this.namesOf(tried);
    const rows = breaking.samplesOf(tried.name, tried.result).slice(0, SHOWN);
    const text = (trial, { prompt, tokens, isCut = false }) =>
      html`<p class="sample" dir="auto"><b>${inText(ending(prompt, isCut))}</b>${inText(shortened(breaking.textOf(trial, tokens)))}</p>`;
    return html`<h4>What they write, with the same seed</h4>
      <table class="written"><thead><tr><th scope="col">${first}</th><th scope="col">${second}</th></tr></thead>
      <tbody>${rows.map(
        ([one, other]) => html`<tr><td data-model=${first}>${text(healthy, one)}</td>
          <td data-model=${second}>${text(broken, other)}</td></tr>`,
      )}</tbody></table>
      <p class="note">${healthyNote(healthy)}</p>`;
  }

  facts(tried) {
    const rows = breaking.factsOf(tried.name, tried.result);
    const names = this.namesOf(tried).slice(0, rows[0].length - 1);
    const note = breaking.chanceNote(tried.name, tried.result);
    return html`<h4>What was measured</h4>
      <table class="facts"><thead><tr><td></td>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows.map(
        ([what, ...values]) =>
          html`<tr><th scope="row">${what}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`,
      )}</tbody></table>
      ${note ? html`<p class="note">${note}</p>` : nothing}`;
  }
}

/** Whether a trial is that of a request. */
const isOf = (trial, { settings, source }) => trial?.settings === settings && trial.source === source;

/** Whether two requests ask for the same healthy model. */
const isSame = (one, other) => one.source === other?.source && keyOf(one) === keyOf(other);

const keyOf = ({ settings, prompts }) => JSON.stringify([settings, prompts]);

function stateOf({ isRight, outcome }) {
  if (outcome === breaking.UNCLEAR) return "nobody can tell";
  return isRight ? "as you expected" : "not as you expected";
}

const beginningOf = (outcome) => (outcome === breaking.UNCLEAR ? "Nobody can tell" : "It was different");

/** Of the healthy model nothing was left out, but it has not learned for long. */
const healthyNote = ({ settings, seconds }) =>
  `“Healthy” means that nothing was left out. It, too, has learned for only ${counted(settings.steps, "step")} ` +
  `(${duration(Math.max(1, seconds))}), so it makes mistakes.`;

/** ["a", "b", "c"] -> "a, b and c". */
const inList = (parts) =>
  parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts.join("");

/** An answer within a sentence. */
const inner = (answer) => answer.charAt(0).toLowerCase() + answer.slice(1);

/** A beginning, or the end of a long one. */
function ending(prompt, isCut) {
  const characters = Array.from(prompt);
  const isLong = characters.length > LONGEST_PROMPT;
  return isCut || isLong ? `…${characters.slice(-LONGEST_PROMPT).join("").trimStart()}` : prompt;
}

function shortened(text) {
  const characters = Array.from(text);
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join("").trimEnd()}…` : text;
}

customElements.define("lab-break", LabBreak);
