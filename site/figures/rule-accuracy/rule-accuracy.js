/**
 * <rule-accuracy></rule-accuracy>
 *
 * The fraction of generated texts that follow each rule of the corpus, up to the step that is shown: one row
 * per rule; the higher the bar, the more of them do. A question comes first: from which check on do enough
 * texts follow one of the rules? Its bar stays hidden until somebody has guessed, or does not want to. Nothing
 * is shown for a corpus without known rules.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { criterionOf, moreThan, OF_STORIES } from "../../app/milestones.js";
import { fractionalIndex, latest, nearest } from "../../app/step-scale.js";

/** What a rule asks of a reply in a conversation, in words. */
const OF_REPLIES = {
  character: "words and sentences are like those of the corpus",
  grammar: "the reply is built like one of the corpus",
  topic: "the reply begins with an answer to the question",
  "new wording": "the same, for a wording it has never seen",
  recall: "the reply has the visitor's name, and no other",
  "new name": "the same, for a name it has never seen",
  all: "all of these at once",
};

class RuleAccuracy extends Figure {
  static share = { title: "Rules that its texts follow", table: (figure) => figure.numbers() };

  static properties = { guess: { state: true } }; // { step, a checked one, isGiven, isOpen: until an answer is shown }

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .checked { color: var(--muted); }
    .rule { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: end;
            padding-top: 4px; }
    .rule b { font-weight: 600; }
    .name span { color: var(--muted); }
    .accuracy { min-width: 4em; text-align: right; margin-right: var(--axis-right); }
    .strip, .marks { grid-column: 1 / -1; position: relative;
                     margin: 0 var(--axis-right) 0 var(--axis-left); }
    .strip { height: 20px; overflow: hidden; border-radius: 4px; box-shadow: inset 0 0 0 1px var(--line); }
    .strip i { position: absolute; bottom: 0; }
    .strip .bar { background: var(--accent); }
    .strip .future { right: 0; top: 0; background: repeating-linear-gradient(135deg,
                       var(--line) 0 1px, transparent 1px 7px); }
    .strip .now { top: 0; width: 2px; margin-left: -1px; background: var(--chosen); }
    .asked .strip { cursor: pointer; }
    .scale { display: flex; align-items: end; gap: 2px 6px; color: var(--muted); margin: 4px 0 4px var(--axis-left); }
    .scale .strip { width: 64px; margin: 0; flex: none; }
    .marks { height: 20px; }
    .marks i { position: absolute; bottom: 0; transform: translateX(-50%); font: 600 0.75rem/18px var(--sans);
               width: 18px; height: 18px; margin-bottom: 1px; border-radius: 50%; text-align: center; }
    .marks .guess { border: 1px solid var(--text); line-height: 16px; }
    .marks .answer { background: var(--accent); color: var(--panel); }
    .marks .both { border-radius: 9px; width: auto; padding: 0 6px; background: var(--accent);
                   color: var(--panel); }
    .name { padding-left: var(--axis-left); }
    .caption { margin-top: 8px; }
    fieldset { border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px 12px; margin: 0 0 12px;
               min-width: 0; }
    form, .outcome { max-width: 66ch; }
    form { display: grid; gap: 8px; }
    legend { font-weight: 600; padding: 0 4px; }
    .outcome { border-left: 4px solid var(--accent); padding: 0 12px; }
    .outcome.not { border-color: var(--warning); }
    @media screen { .asked :is(.accuracy span, .bar) { visibility: hidden; } }  /* they would give the answer away */
    @media (max-width: 640px) {
      .name { display: contents; } .name > * { grid-column: 1; padding-left: var(--axis-left); }
      .name span { grid-column: 1 / -1; } .accuracy { grid-area: 1 / 2; }
      .checked { min-height: 3em; }
    }
    @media print { fieldset, .asked .marks { display: none; } }
  `,
  ];

  guesses = new WeakMap(); // run -> the guess, which is kept while another run is shown

  async load(run) {
    const samples = await run.part("samples");
    const steps = samples.rule_accuracy?.snapshot_steps ?? [];
    const middle = steps[Math.floor((steps.length - 1) / 2)];
    this.guess = this.guesses.get(run) ?? { step: middle, isGiven: false, isOpen: true };
    return samples;
  }

  draw({ rule_accuracy, milestones, chance }) {
    if (!rule_accuracy) return nothing;
    const { snapshot_steps: steps, accuracy, n_texts } = rule_accuracy;
    const now = steps.indexOf(latest(this.step, steps));
    const nTexts = Math.max(...Object.values(n_texts));
    const question = questionOf(rule_accuracy, milestones, chance);
    return html`<h3>What it has learned so far</h3>
      ${question ? this.ask(question, steps) : nothing}
      <p class="checked">${this.checked(steps[now])}</p>
      <div aria-hidden="true">${Object.entries(accuracy).map(([rule, fractions]) =>
        this.row(rule, fractions, steps, now, question),
      )}
        ${scale()}</div>
      <p class="caption">At each saved step the model wrote up to ${nTexts} new texts, and a program that
        knows the rules of this corpus checked them. The higher a bar, the more of them follow the
        rule; what is still to come is hatched.</p>
      ${this.table(accuracy, steps.slice(0, now + 1), question)}`;
  }

  /** Which check the numbers are of. */
  checked(step) {
    const rest = step === this.step ? "" : `, the last before step ${count(this.step)}`;
    return `Checked at step ${count(step)}${rest}.`;
  }

  get descriptions() {
    return this.run.manifest.speakers ? OF_REPLIES : OF_STORIES;
  }

  describe(rule) {
    return this.descriptions[rule] ?? rule;
  }

  /** The question, or in its place what came true. */
  ask(question, steps) {
    return html`<fieldset><legend>What do you expect?</legend>
      ${this.guess.isOpen ? this.form(question, steps) : this.outcome(question)}</fieldset>`;
  }

  form({ rule, criterion: { least, n_texts, most } }, steps) {
    const { step } = this.guess;
    return html`<form @submit=${this.give}>
      <p id="question">From which check on do at least ${least} of ${n_texts} texts keep this rule:
        ${this.describe(rule)}? At every later check, ${moreThan(most)} have to keep it.</p>
      <div class="row"><label>step <select aria-describedby="question"
          @change=${({ target }) => this.choose(steps[target.selectedIndex])}>${steps.map(
            (one) => html`<option .selected=${one === step}>${count(one)}</option>`,
          )}</select></label>
        <button class="primary">This is my guess</button>
        <button type="button" @click=${() => this.answer(false)}>Show me</button></div>
    </form>`;
  }

  /** A bar, too, can be pointed at, as long as there is no guess. */
  point({ currentTarget, clientX }, steps) {
    if (!this.guess.isOpen) return;
    const { left, width } = currentTarget.getBoundingClientRect();
    const at = (100 * (clientX - left)) / width;
    const places = steps.map((step) => this.percentOf(step));
    this.choose(steps[places.indexOf(nearest(at, places))]);
  }

  choose(step) {
    this.keep({ ...this.guess, step });
  }

  give(event) {
    event.preventDefault();
    this.answer(true);
  }

  /** Show the answer, in as much space as the question took. */
  answer(isGiven) {
    const { height } = this.renderRoot.querySelector("form").getBoundingClientRect();
    this.keep({ ...this.guess, isGiven, isOpen: false, height });
    // The button is gone: who pressed it goes on reading here.
    this.updateComplete.then(() => this.renderRoot.querySelector(".outcome").focus({ preventScroll: true }));
  }

  keep(guess) {
    this.guess = guess;
    this.guesses.set(this.run, guess);
  }

  outcome(question) {
    const { step: guess, isGiven, height } = this.guess;
    const isRight = isGiven && question.step === guess;
    const verdict = isRight ? "You predicted it. " : "It turned out differently. ";
    return html`<div style=${styleMap({ minHeight: `${height}px` })}><p class=${`outcome ${
      isGiven && !isRight ? "not" : ""
    }`} tabindex="-1">${isGiven ? verdict : ""}${this.truth(question)}</p></div>`;
  }

  /** What came true, and what was so at the step that was guessed, or at the check before. */
  truth({ rule, step, before, at, criterion: { least, n_texts, most } }) {
    const { step: guess, isGiven } = this.guess;
    const name = `“${this.describe(rule)}”`;
    const other = isGiven && guess !== step ? guess : before;
    const what = other === guess && isGiven ? "your guess" : "the check before";
    const there = `At step ${count(other)}, ${what}, ${at(other)} did.`;
    if (step === null) {
      return `There is no check in this training from which on the rule ${name} counts: at least ${least} of
        ${n_texts} texts have to keep it, and ${moreThan(most)} at every later check. ${isGiven ? there : ""}`;
    }
    return `The rule ${name} counts from step ${count(step)} on: ${at(step)} kept it there, of which at least
      ${least} were needed, and at every later check ${moreThan(most)} did. ${there}`;
  }

  row(rule, fractions, steps, now, question) {
    const at = this.percentOf(this.step);
    const isQuestion = question?.rule === rule;
    const isAsked = isQuestion && this.guess.isOpen;
    return html`<div class=${`rule ${isAsked ? "asked" : ""}`}><p class="name"><b>${rule}</b> <span>${
      this.descriptions[rule] ?? ""
    }</span></p>
      <p class="accuracy"><span>${percent(fractions[now])}</span></p>
      ${isQuestion ? this.marks(question) : nothing}
      <div class="strip"
        @click=${isAsked ? (event) => this.point(event, steps) : nothing}>${fractions
          .slice(0, now + 1)
          .map((fraction, i) => {
            const left = this.percentOf(steps[i]);
            const right = i < now ? this.percentOf(steps[i + 1]) : at;
            return bar(left, right, fraction);
          })}<i class="future" style=${styleMap({ left: `${at}%` })}></i>
        <i class="now" style=${styleMap({ left: `${at}%` })}></i></div></div>`;
  }

  /** The guess above the bar of its rule, and the answer once it has been given. */
  marks({ step }) {
    const { step: guess, isGiven, isOpen } = this.guess;
    const mark = (kind, at, text) =>
      html`<i class=${kind} style=${styleMap({ left: `${this.percentOf(at)}%` })}>${text}</i>`;
    if (isGiven && step === guess) return html`<div class="marks">${mark("both", step, "? ✓")}</div>`;
    return html`<div class="marks">${isOpen || isGiven ? mark("guess", guess, "?") : nothing}${
      !isOpen && step !== null ? mark("answer", step, "✓") : nothing
    }</div>`;
  }

  /** How far from the left a step is, in percent: the slider of the film has the same scale. */
  percentOf(step) {
    const { sampled_steps } = this.run.manifest;
    return (100 * fractionalIndex(step, sampled_steps)) / Math.max(1, sampled_steps.length - 1);
  }

  /** The same for screen readers. The rule that is asked for stays out until there is a guess. */
  table(accuracy, steps, question) {
    const rules = Object.keys(accuracy).filter((rule) => rule !== question?.rule || !this.guess.isOpen);
    return html`<div class="visually-hidden"><table><caption>Share of texts that follow each rule, up to step
        ${count(steps.at(-1))}, the last check up to the step that is shown</caption>
      <thead><tr><th scope="col">step</th>${rules.map((rule) => html`<th scope="col">${this.heading(rule)}</th>`)}</tr></thead>
      <tbody>${steps.map(
        (step, i) =>
          html`<tr><th scope="row">${count(step)}</th>${rules.map(
            (rule) => html`<td>${percent(accuracy[rule][i])}</td>`,
          )}</tr>`,
      )}</tbody>
    </table></div>`;
  }

  /** Up to the check that is shown, without the rule that is still asked for. */
  numbers() {
    const { rule_accuracy, milestones, chance } = this.data ?? {};
    if (!rule_accuracy) return null;
    const { snapshot_steps, accuracy, n_texts } = rule_accuracy;
    const question = this.guess.isOpen ? questionOf(rule_accuracy, milestones, chance) : null;
    const rules = Object.keys(accuracy).filter((rule) => rule !== question?.rule);
    const steps = snapshot_steps.slice(0, snapshot_steps.indexOf(latest(this.step, snapshot_steps)) + 1);
    return [
      ["step", ...rules.map((rule) => `${rule} (fraction of ${n_texts[rule]} texts)`)],
      ...steps.map((step, i) => [step, ...rules.map((rule) => accuracy[rule][i])]),
    ];
  }

  heading(rule) {
    const meaning = this.descriptions[rule];
    return meaning ? `${rule}: ${meaning}` : rule;
  }
}

/** A bar from one place to another, in percent of the width, as high as a fraction. */
function bar(left, right, fraction) {
  const width = Math.max(0, right - left);
  return html`<i class="bar"
    style=${styleMap({ left: `${left}%`, width: `${width}%`, height: `${100 * fraction}%` })}></i>`;
}

/** What the height of a bar means. */
const scale = () =>
  html`<p class="scale">0% <span class="strip">${[0.25, 0.5, 0.75, 1].map((fraction, i) =>
    bar(25 * i, 25 * (i + 1), fraction),
  )}</span> 100%</p>`;

/**
 * What can be guessed: { rule, criterion, step, before, at }. It is the first rule, of those that it learned
 * if there are any; step is when, or null; before is the check before that one; at(step) is how many texts
 * kept it there: "18 of 32 (56%)". Null if there is nothing to guess.
 */
function questionOf({ snapshot_steps: steps, accuracy, n_texts }, milestones, chance) {
  const learned = new Map(
    milestones.filter(({ kind }) => kind === "rule").map(({ rule, step }) => [rule, step]),
  );
  const isNew = (rule) => accuracy[rule][0] <= 0.5; // not known from the start
  const rules = Object.keys(accuracy).filter((rule) => isNew(rule) && criterionOf(rule, chance));
  const rule = rules.find((one) => learned.has(one)) ?? rules[0];
  if (rule === undefined || steps.length < 2) return null;
  const step = learned.get(rule) ?? null;
  const before = steps.findLast((one) => one < step) ?? steps[0];
  const at = (checked) => {
    const fraction = accuracy[rule][steps.indexOf(checked)];
    return `${Math.round(fraction * n_texts[rule])} of ${n_texts[rule]} texts (${percent(fraction)})`;
  };
  return { rule, criterion: criterionOf(rule, chance), step, before, at };
}

customElements.define("rule-accuracy", RuleAccuracy);
