/**
 * <milestone-list leads-to="training"></milestone-list>
 *
 * The milestones of the training: each is a button that chooses its step and a text that shows it, and leads
 * to the part of the page in which that is shown. Those of rules are one strip, in the order of their steps.
 * Those that the step which is shown has reached have a tick; the one that was chosen has a frame.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { moveTo } from "../../app/address.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { choiceOf, criterionSentence, describe, ruleName } from "../../app/milestones.js";
import { parentOf } from "../../app/parent.js";

class MilestoneList extends Figure {
  static share = { title: "Milestones", table: ({ data }) => data?.milestones.length && numbers(data) };

  static properties = {
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page
    milestone: { from: "store", type: String }, // the kind of the one that is chosen
  };

  static styles = [
    Figure.styles,
    css`
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px;
         grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); }
    button { display: flex; flex-direction: column; justify-content: flex-start; width: 100%;
             height: 100%; text-align: left; padding: 12px 16px;
             background: var(--panel); border: 1px solid var(--line); border-radius: 12px;
             cursor: pointer; transition: border-color 180ms ease; }
    button:hover { border-color: var(--accent); }
    button[aria-current] { border-color: var(--chosen); box-shadow: inset 0 0 0 1px var(--chosen); }
    .step { color: var(--muted); font-weight: 600; }
    .reached .step { color: var(--accent); }
    .what { display: block; font: 600 1.0625rem/1.35 var(--serif); margin: 2px 0 4px; }
    .quote { display: block; font: italic 400 1.0625rem/1.4 var(--serif); margin-bottom: 4px;
             overflow-wrap: anywhere; }
    .how { color: var(--muted); display: block; }
    .note { margin-top: 8px; }
    .rules { background: var(--panel); border: 1px solid var(--line); border-radius: 12px;
             padding: 12px 16px; margin-top: 8px; }
    .rules ol { display: flex; flex-wrap: wrap; margin-top: 8px; }
    .rules li { flex: 1 1 auto; }
    .rules button { min-height: 44px; padding: 6px 12px; border-radius: 8px; }
    .rules b { font-weight: 600; }
    .rules i { font-style: normal; color: var(--muted); }
  `,
  ];

  load(run) {
    return run.part("samples");
  }

  draw({ milestones, chance }) {
    const parent = parentOf(this.run.manifest);
    const reached = milestones.filter(({ step }) => !parent || step > 0);
    if (!reached.length) {
      return html`<p class="caption">${
        parent
          ? "Nothing has clicked yet that its parent could not do already."
          : "Nothing has clicked yet: it needs more training."
      }</p>`;
    }
    const cards = reached.filter(({ kind }) => kind !== "rule");
    const rules = reached.filter(({ kind }) => kind === "rule");
    return html`${
      cards.length ? html`<ol>${cards.map((one) => this.card(one, chance))}</ol>` : nothing
    }${rules.length ? this.rules(joinSteps(rules), chance) : nothing}${
      parent
        ? html`<p class="caption note">What its parent could do already, at step 0, is not listed.</p>`
        : nothing
    }`;
  }

  /** Show the milestones of a kind and a step in the film, with the focus there. */
  go(milestones) {
    const choice = choiceOf(milestones, this.run, this.data.samples);
    this.store.set({ ...choice, section: this.leadsTo }, { jump: true });
    moveTo(this.leadsTo);
  }

  /** A button for the milestones of a kind and a step. */
  button(milestones, content) {
    const [{ kind, step }] = milestones;
    const isReached = step <= this.step;
    const isChosen = this.milestone === kind && this.step === step;
    return html`<li><button class=${isReached ? "reached" : ""} aria-current=${isChosen ? "true" : nothing}
      @click=${() => this.go(milestones)}>
      <span class="step">step ${count(step)}${
        isReached
          ? html` <span aria-hidden="true">✓</span><span class="visually-hidden">, reached</span>`
          : nothing
      }</span>
      ${content}</button></li>`;
  }

  card(milestone, chance) {
    const [what, how] = describe(milestone, chance);
    return this.button(
      [milestone],
      html`<span class="what">${what}</span>
      ${milestone.text ? html`<span class="quote" dir="auto">${quoted(milestone.text)}</span>` : ""}
      <span class="how">${how}</span>`,
    );
  }

  /** All milestones of rules: a button for each step. */
  rules(steps, chance) {
    const names = steps.flat().map(({ rule }) => rule);
    return html`<div class="rules">
      <p class="what" id="rules">From then on, it keeps these rules</p>
      <p class="how">${criterionSentence(names, chance)} The percentage is how many kept it at that step.</p>
      <ol aria-labelledby="rules">${steps.map((milestones) =>
        this.button(
          milestones,
          html`<span>${milestones.map(
            ({ rule, accuracy }, i) =>
              html`${i ? ", " : ""}<b>${ruleName(rule)}</b> <i>${percent(accuracy)}</i>`,
          )}</span>`,
        ),
      )}</ol></div>`;
  }
}

const numbers = ({ milestones, chance }) => [
  ["step", "kind", "milestone", "what was seen", "text", "fraction of texts"],
  ...milestones.map((one) => [
    one.step,
    one.kind,
    one.kind === "rule" ? `Keeps the rule ${ruleName(one.rule)}` : describe(one, chance)[0],
    one.kind === "rule" ? criterionSentence([one.rule], chance) : describe(one, chance)[1],
    one.text,
    one.accuracy,
  ]),
];

/** In quotation marks, if it has none of its own. */
const quoted = (text) => (text.includes('"') ? text : `“${text}”`);

/** Milestones -> those of the same step together, in the order of the steps. */
function joinSteps(milestones) {
  const joined = new Map();
  for (const one of milestones) joined.set(one.step, [...(joined.get(one.step) ?? []), one]);
  return [...joined.values()];
}

customElements.define("milestone-list", MilestoneList);
