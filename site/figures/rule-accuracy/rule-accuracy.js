/**
 * <rule-accuracy></rule-accuracy>
 *
 * The fraction of generated texts that follow each rule of the corpus, up to the step that is shown: one row
 * per rule; the stronger the green, the more of them do. A question comes first: from which step on will most
 * texts follow one of the rules? Nothing is shown for a corpus without known rules.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { heat } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { fractionalIndex, latest } from "../../app/step-scale.js";

/** What a rule asks of a story, in words. */
const OF_STORIES = {
  spelling: "every word is spelled right",
  grammar: "every sentence is grammatical",
  quotes: "speech is in quotation marks",
  name: "the hero keeps the same name",
  pronoun: "he and she match the hero",
  object: "the object stays the same",
  place: "things are where they were left",
  feeling: "the feeling fits what happened",
  ending: "the story reaches an ending",
  all: "all of these at once",
};

/** The same of a reply in a conversation. */
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
  static properties = { guess: { state: true } }; // { index of a sampled step, isGiven }

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .rule { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: end;
            padding-top: 4px; }
    .rule b { font-weight: 600; }
    .rule span { color: var(--muted); }
    .accuracy { min-width: 4em; text-align: right; margin-right: var(--axis-right); }
    .strip, .marks { grid-column: 1 / -1; position: relative;
                     margin: 0 var(--axis-right) 0 var(--axis-left); }
    .strip { height: 12px; border-radius: 6px; overflow: hidden; box-shadow: inset 0 0 0 1px var(--line); }
    .strip.asked { cursor: pointer; }
    .strip i { position: absolute; top: 0; bottom: 0; }
    .strip .future { right: 0; background: repeating-linear-gradient(135deg,
                       var(--line) 0 1px, transparent 1px 7px); }
    .strip .now { width: 2px; margin-left: -1px; background: var(--chosen); }
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
               display: grid; gap: 8px; min-width: 0; }
    legend { font-weight: 600; padding: 0 4px; }
    .outcome { border-left: 4px solid var(--accent); padding: 4px 12px; margin: 0 0 12px; max-width: 66ch; }
    .outcome.not { border-color: var(--warning); }
    @media (max-width: 640px) {
      .name span { display: none; }
    }
  `,
  ];

  guesses = new WeakMap(); // run -> the guess, which is kept while another run is shown

  load(run) {
    const last = run.manifest.sampled_steps.length - 1;
    this.guess = this.guesses.get(run) ?? { index: Math.floor(last / 2), isGiven: false };
    return run.part("samples");
  }

  draw({ rule_accuracy, milestones }) {
    if (!rule_accuracy) return nothing;
    const { snapshot_steps: steps, accuracy, n_texts } = rule_accuracy;
    const now = steps.indexOf(latest(this.step, steps));
    const nTexts = Math.max(...Object.values(n_texts));
    const question = questionOf(rule_accuracy, milestones);
    return html`<h3>What it has learned so far</h3>
      ${question ? this.ask(question) : nothing}
      <div aria-hidden="true">${Object.entries(accuracy).map(([rule, fractions]) =>
        this.row(rule, fractions, steps, now, question),
      )}</div>
      <p class="caption">At each saved step the model wrote up to ${nTexts} new texts, and a program that
        knows the rules of this corpus checked them. The bars show how many of them follow each
        rule; what is still to come is hatched.</p>
      ${this.table(accuracy, steps.slice(0, now + 1))}`;
  }

  get descriptions() {
    return this.run.manifest.speakers ? OF_REPLIES : OF_STORIES;
  }

  describe(rule) {
    return this.descriptions[rule] ?? rule;
  }

  /** The question, or what came true. */
  ask(question) {
    const { sampled_steps } = this.run.manifest;
    const { index, isGiven } = this.guess;
    if (isGiven) return this.outcome(question, sampled_steps[index]);
    return html`<fieldset><legend>What do you expect?</legend>
      <p id="question">From which step on will most of its texts keep this rule: ${this.describe(question.rule)}?</p>
      <div class="row"><label>step <select aria-describedby="question"
          @change=${(event) => this.choose(event.target.selectedIndex, false)}>${sampled_steps.map(
            (step, i) => html`<option .selected=${i === index}>${count(step)}</option>`,
          )}</select></label>
        <button class="primary" @click=${() => this.choose(index, true)}>This is my guess</button></div>
    </fieldset>`;
  }

  /** A bar, too, can be pointed at, as long as there is no guess. */
  point({ currentTarget, clientX }) {
    if (this.guess.isGiven) return;
    const { left, width } = currentTarget.getBoundingClientRect();
    const last = this.run.manifest.sampled_steps.length - 1;
    const index = Math.round((last * (clientX - left)) / width);
    this.choose(Math.max(0, Math.min(last, index)), false);
  }

  choose(index, isGiven) {
    this.guess = { index, isGiven };
    this.guesses.set(this.run, this.guess);
    if (!isGiven) return;
    // The button is gone: who pressed it goes on reading here.
    this.updateComplete.then(() => this.renderRoot.querySelector(".outcome").focus());
  }

  outcome({ rule, step, before }, guess) {
    const isRight = step !== null && before < guess && guess <= step;
    const verdict = isRight ? "You predicted it." : "It turned out differently.";
    return html`<p class=${`outcome ${isRight ? "" : "not"}`} tabindex="-1">${verdict} You guessed step
      ${count(guess)}. ${
        step === null
          ? html`In this training there is no step from which on most of its texts keep this rule:
              ${this.describe(rule)}.`
          : html`From step ${count(step)} on, most of its texts keep this rule: ${this.describe(rule)}. The last check
            before that was at step ${count(before)}.`
      }</p>`;
  }

  row(rule, fractions, steps, now, question) {
    const at = this.percentOf(this.step);
    const isAsked = question?.rule === rule;
    return html`<div class="rule"><p class="name"><b>${rule}</b> <span>${this.descriptions[rule] ?? ""}</span></p>
      <p class="accuracy">${percent(fractions[now])}</p>
      ${isAsked ? this.marks(question) : nothing}
      <div class=${`strip ${isAsked && !this.guess.isGiven ? "asked" : ""}`}
        @click=${isAsked ? this.point : nothing}>${fractions.slice(0, now + 1).map((fraction, i) => {
          const left = this.percentOf(steps[i]);
          const right = i < now ? this.percentOf(steps[i + 1]) : at;
          return html`<i class=${heat(fraction)}
          style=${styleMap({ left: `${left}%`, width: `${Math.max(0, right - left)}%` })}></i>`;
        })}<i class="future" style=${styleMap({ left: `${at}%` })}></i>
        <i class="now" style=${styleMap({ left: `${at}%` })}></i></div></div>`;
  }

  /** The guess above the bar of its rule, and the answer once it has been given. */
  marks({ step }) {
    const { index, isGiven } = this.guess;
    const guess = this.run.manifest.sampled_steps[index];
    const mark = (kind, at, text) =>
      html`<i class=${kind} style=${styleMap({ left: `${this.percentOf(at)}%` })}>${text}</i>`;
    if (isGiven && step === guess) return html`<div class="marks">${mark("both", step, "? ✓")}</div>`;
    return html`<div class="marks">${mark("guess", guess, "?")}${
      isGiven && step !== null ? mark("answer", step, "✓") : nothing
    }</div>`;
  }

  /** How far from the left a step is, in percent: the slider of the film has the same scale. */
  percentOf(step) {
    const { sampled_steps } = this.run.manifest;
    return (100 * fractionalIndex(step, sampled_steps)) / Math.max(1, sampled_steps.length - 1);
  }

  /** The same for screen readers. */
  table(accuracy, steps) {
    return html`<div class="visually-hidden"><table><caption>Share of texts that follow each rule</caption>
      <thead><tr><th scope="col">step</th>${Object.keys(accuracy).map(
        (rule) => html`<th scope="col">${rule}</th>`,
      )}</tr></thead>
      <tbody>${steps.map(
        (step, i) =>
          html`<tr><th scope="row">${count(step)}</th>${Object.values(accuracy).map(
            (one) => html`<td>${percent(one[i])}</td>`,
          )}</tr>`,
      )}</tbody>
    </table></div>`;
  }
}

/**
 * What can be guessed: { rule, step, before }. It is the first rule, of those that it learned if there are
 * any; step is when, or null, and before the step at which its texts were last checked before.
 */
function questionOf({ snapshot_steps: steps, accuracy }, milestones) {
  const learned = new Map(
    milestones.filter(({ kind }) => kind === "rule").map(({ rule, step }) => [rule, step]),
  );
  const rules = Object.keys(accuracy).filter((rule) => accuracy[rule][0] <= 0.5); // not known from the start
  const rule = rules.find((one) => learned.has(one)) ?? rules[0];
  if (rule === undefined || steps.length < 2) return null;
  const step = learned.get(rule) ?? null;
  return { rule, step, before: steps.findLast((one) => one < step) ?? 0 };
}

customElements.define("rule-accuracy", RuleAccuracy);
