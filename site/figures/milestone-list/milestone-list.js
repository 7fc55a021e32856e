/**
 * <milestone-list leads-to="training"></milestone-list>
 *
 * The milestones of the training: each is a button that chooses its step, and leads to the part of the page
 * in which that is shown.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { Figure, leadTo } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { parentOf } from "../../app/parent.js";

/** [what happened, how that was found] */
const KINDS = {
  words: () => ["Real words", "Five words from the corpus in a row"],
  sentence: () => [
    "A whole sentence",
    "It is complete, and every three words in a row of it " + "also occur in the corpus",
  ],
  quotes: () => ["Somebody speaks", "A quotation opens, makes sense, and closes"],
  name: () => ["It remembers a name", "The same name returns in the next sentence"],
  ending: () => ["It knows when to stop", "It finishes a sentence and then ends the text on " + "its own"],
  unigram: () => [
    "It beats word counts",
    "Its loss is now lower than that of a model that only " + "knows how often each token occurs",
  ],
  bigram: () => [
    "It looks back more than one token",
    "Its loss is now lower than that of a model " + "that only knows which token follows which",
  ],
  entropy: () => ["No model could do much better", "Its loss is within 5% of the entropy of its corpus"],
  head: ({ head, role, weight }) => [
    `Head ${head} has found its role`,
    `${percent(weight)} of its attention follows one pattern: ${role}`,
  ],
  rule: ({ rules }) => [
    `Most of its texts now follow ${rules.length > 1 ? "more rules" : "one more rule"}`,
    rules.map(({ rule, accuracy }) => `${rule} ${percent(accuracy)}`).join(", "),
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
  `,
  ];

  load(run) {
    return run.part("samples");
  }

  draw({ milestones }) {
    const parent = parentOf(this.run.manifest);
    const cards = joinRules(milestones.filter(({ step }) => !parent || step > 0));
    if (!cards.length) {
      return html`<p class="caption">${
        parent
          ? "Nothing has clicked yet that its parent could not do already."
          : "Nothing has clicked yet: it needs more training."
      }</p>`;
    }
    const now = cards.findLastIndex(({ step }) => step <= this.step);
    return html`<ol>${cards.map((milestone, i) =>
      this.milestone(milestone, cards[now]?.step === milestone.step && i <= now),
    )}</ol>${
      parent
        ? html`<p class="caption note">What its parent could do already, at step 0, is not listed.</p>`
        : nothing
    }`;
  }

  go(step) {
    this.store.set({ step });
    leadTo(this.leadsTo);
  }

  milestone(milestone, isNow) {
    const [what, how] = KINDS[milestone.kind]?.(milestone) ?? [milestone.kind, ""];
    return html`<li><button aria-current=${isNow ? "step" : nothing}
      @click=${() => this.go(milestone.step)}>
      <span class="step">step ${count(milestone.step)}</span>
      <span class="what">${what}</span>
      ${milestone.text ? html`<span class="quote" dir="auto">${quoted(milestone.text)}</span>` : ""}
      <span class="how">${how}</span></button></li>`;
  }
}

/** In quotation marks, if it has none of its own. */
const quoted = (text) => (text.includes('"') ? text : `“${text}”`);

/** Milestones of rules with the same step become one, with a list of rules. */
function joinRules(milestones) {
  const joined = [];
  for (const milestone of milestones) {
    const { kind, step, rule, accuracy } = milestone;
    if (kind !== "rule") {
      joined.push(milestone);
      continue;
    }
    const same = joined.find((one) => one.kind === "rule" && one.step === step);
    if (same) same.rules.push({ rule, accuracy });
    else joined.push({ ...milestone, rules: [{ rule, accuracy }] });
  }
  return joined;
}

customElements.define("milestone-list", MilestoneList);
