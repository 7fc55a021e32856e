/**
 * <milestone-list leads-to="training"></milestone-list>
 *
 * The milestones of the training: each is a button that chooses its step and its prompt, and leads to the
 * part of the page in which that is shown. Those of rules are one strip, in the order of their steps.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { leadTo } from "../../app/address.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { parentOf } from "../../app/parent.js";

const IN_THE_CORPUS = "every three words in a row of it also occur in the corpus";
const STAYS_BELOW = "From here on, its loss stays below that of a model that only counts";

/** [what happened, how that was found] */
const KINDS = {
  words: ({ nWords }) => ["Real words", `${nWords} words from the corpus in a row`],
  sentence: () => ["A whole sentence", `It is complete, and ${IN_THE_CORPUS}`],
  quotes: () => ["Somebody speaks", `A quotation opens and closes, and ${IN_THE_CORPUS}`],
  name: () => [
    "A name comes back",
    "It writes a name of the sentence before again, and every three words in a row of both also occur " +
      "in the corpus",
  ],
  ending: () => ["It comes to an end", "It finishes a sentence and then ends the text on its own"],
  unigram: () => ["It beats counting tokens", `${STAYS_BELOW} how often each token occurs`],
  bigram: () => ["It beats counting pairs", `${STAYS_BELOW} which token follows which`],
  entropy: () => [
    "No model could do much better",
    "From here on, its loss stays within 5% of the entropy of its corpus",
  ],
  head: ({ head, role, weight }) => [
    `Head ${head} has found its role`,
    `${percent(weight)} of its attention follows one pattern: ${role}`,
  ],
};

class MilestoneList extends Figure {
  static properties = { leadsTo: { attribute: "leads-to" } }; // the id of the part of the page

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
    button[aria-current] { border-color: var(--accent); box-shadow: inset 4px 0 0 var(--accent); }
    .step { color: var(--accent); font-weight: 600; }
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
    const nWords = chance?.texts.words?.n_words ?? 5;
    return html`${
      cards.length
        ? html`<ol>${cards.map((one) => this.milestone({ ...one, nWords }, this.isNow(one, cards)))}</ol>`
        : nothing
    }${rules.length ? this.rules(joinSteps(rules)) : nothing}${
      parent
        ? html`<p class="caption note">What its parent could do already, at step 0, is not listed.</p>`
        : nothing
    }`;
  }

  /** Whether a milestone is the last one that has been reached; several may share its step. */
  isNow({ step }, milestones) {
    return milestones.findLast((one) => one.step <= this.step)?.step === step;
  }

  /** Show a milestone in the film, with the focus there. */
  go({ step, prompt, kind }) {
    const changes = { step, section: this.leadsTo, milestone: kind }; // its words are marked in the film
    if (Number.isInteger(prompt)) changes.prompt = prompt;
    this.store.set(changes, { jump: true });
    leadTo(this.leadsTo);
    const film = document.getElementById(this.leadsTo);
    film?.setAttribute("tabindex", "-1");
    film?.focus({ preventScroll: true });
  }

  milestone(milestone, isNow) {
    const [what, how] = KINDS[milestone.kind]?.(milestone) ?? [milestone.kind, ""];
    return html`<li><button aria-current=${isNow ? "step" : nothing} @click=${() => this.go(milestone)}>
      <span class="step">step ${count(milestone.step)}</span>
      <span class="what">${what}</span>
      ${milestone.text ? html`<span class="quote" dir="auto">${quoted(milestone.text)}</span>` : ""}
      <span class="how">${how}</span></button></li>`;
  }

  /** All milestones of rules: a button for each step. */
  rules(steps) {
    return html`<div class="rules">
      <p class="what" id="rules">Most of its texts keep these rules from then on</p>
      <p class="how">How many of them did at that step stands beside each rule.</p>
      <ol aria-labelledby="rules">${steps.map(
        (one) => html`<li><button aria-current=${this.isNow(one, steps) ? "step" : nothing}
          @click=${() => this.go(one)}>
          <span class="step">step ${count(one.step)}</span>
          <span>${one.rules.map(
            ({ rule, accuracy }, i) =>
              html`${i ? ", " : ""}<b>${rule === "all" ? "all at once" : rule}</b> <i>${percent(accuracy)}</i>`,
          )}</span></button></li>`,
      )}</ol></div>`;
  }
}

/** In quotation marks, if it has none of its own. */
const quoted = (text) => (text.includes('"') ? text : `“${text}”`);

/** Milestones of rules that have the same step become one, with a list of rules. */
function joinSteps(milestones) {
  const joined = new Map();
  for (const { kind, step, rule, accuracy } of milestones) {
    const rules = joined.get(step)?.rules ?? [];
    joined.set(step, { kind, step, rules: [...rules, { rule, accuracy }] });
  }
  return [...joined.values()];
}

customElements.define("milestone-list", MilestoneList);
