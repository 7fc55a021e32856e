/**
 * <moment-list .run=${run} step="100"></moment-list>
 *
 * When something clicked, found in the data: each moment is a button that leads to its step.
 * Emits: "step" { step }.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { count, percent } from "../../kit/words.js";

/** [what happened, how that was found] */
const KINDS = {
  words: () => ["Real words", "Five words from the corpus in a row"],
  sentence: () => ["A whole sentence", "It is complete, and every three words in a row of it "
    + "also occur in the corpus"],
  quotes: () => ["Somebody speaks", "A quotation opens, makes sense, and closes"],
  name: () => ["It remembers a name", "The same name returns in the next sentence"],
  ending: () => ["It knows when to stop", "It finishes a sentence and then ends the text on "
    + "its own"],
  frequencies: () => ["It beats word counts", "Its loss is now lower than that of a model that only "
    + "knows how often each token occurs"],
  pairs: () => ["It looks back more than one token", "Its loss is now lower than that of a model "
    + "that only knows which token follows which"],
  floor: () => ["No model could do much better", "Its loss is within 5% of the entropy of its corpus"],
  head: ({ head, role, share }) => [`Head ${head} has found its role`,
    `${percent(share)} of its attention follows one pattern: ${role}`],
  skill: ({ rules }) => [`Most of its texts now follow ${rules.length > 1 ? "more rules" : "one more rule"}`,
    rules.map(({ rule, share }) => `${rule} ${percent(share)}`).join(", ")],
};

class MomentList extends Figure {
  static styles = [Figure.styles, css`
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px;
         grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); }
    button { display: flex; flex-direction: column; justify-content: flex-start; width: 100%;
             height: 100%; text-align: left; padding: 12px 16px;
             background: var(--panel); border: 1px solid var(--line); border-radius: 12px;
             cursor: pointer; transition: border-color 180ms ease; }
    button:hover { border-color: var(--moss); }
    button[aria-current] { border-color: var(--moss); box-shadow: inset 4px 0 0 var(--moss); }
    .at { color: var(--moss); font-weight: 600; }
    .what { display: block; font: 600 1.0625rem/1.35 var(--serif); margin: 2px 0 4px; }
    .shown { display: block; font: italic 400 1.0625rem/1.4 var(--serif); margin-bottom: 4px;
             overflow-wrap: anywhere; }
    .how { color: var(--muted); display: block; }
  `];

  load(run) {
    return run.part("film");
  }

  draw({ moments }) {
    const told = joined(moments);
    if (!told.length) {
      return html`<p class="caption">Nothing has clicked yet: it needs more training.</p>`;
    }
    const now = told.findLastIndex(({ step }) => step <= this.step);
    return html`<ol>${told.map((moment, i) => this.moment(moment, told[now]?.step === moment.step
      && i <= now))}</ol>`;
  }

  moment(moment, isNow) {
    const [what, how] = KINDS[moment.kind]?.(moment) ?? [moment.kind, ""];
    return html`<li><button aria-current=${isNow ? "step" : nothing}
      @click=${() => this.tell("step", { step: moment.step })}>
      <span class="at">step ${count(moment.step)}</span>
      <span class="what">${what}</span>
      ${moment.text ? html`<span class="shown" dir="auto">${quoted(moment.text)}</span>` : ""}
      <span class="how">${how}</span></button></li>`;
  }
}

/** In quotation marks, if it has none of its own. */
const quoted = (text) => (text.includes('"') ? text : `“${text}”`);

/** Rules that are followed from the same step on are one moment; "all" of them is a moment of its own. */
function joined(moments) {
  const told = [];
  for (const moment of moments) {
    const { kind, step, rule, share } = moment;
    if (kind !== "skill") {
      told.push(moment);
      continue;
    }
    const same = told.find((one) => one.kind === "skill" && one.step === step);
    if (same) same.rules.push({ rule, share });
    else told.push({ ...moment, rules: [{ rule, share }] });
  }
  return told;
}

customElements.define("moment-list", MomentList);
