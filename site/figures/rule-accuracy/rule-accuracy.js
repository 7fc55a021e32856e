/**
 * <rule-accuracy></rule-accuracy>
 *
 * The fraction of generated texts that follow each rule of the corpus, by step: one row per rule; the
 * stronger the green, the more of them do. Nothing is shown for a corpus without known rules.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { heat } from "../../app/colormap.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { fractionalIndex, latest } from "../../app/step-scale.js";

/** What a rule asks for, in words. */
const DESCRIPTIONS = {
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

class RuleAccuracy extends Figure {
  static styles = [
    Figure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .row { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: end;
           padding-top: 4px; }
    .row b { font-weight: 600; }
    .row span { color: var(--muted); }
    .accuracy { min-width: 4em; text-align: right; margin-right: var(--axis-right); }
    .strip { grid-column: 1 / -1; position: relative; height: 12px; border-radius: 6px;
             margin: 0 var(--axis-right) 0 var(--axis-left); overflow: hidden;
             box-shadow: inset 0 0 0 1px var(--line); }
    .strip i { position: absolute; top: 0; bottom: 0; }
    .strip .now { width: 2px; margin-left: -1px; background: var(--chosen); }
    .name { padding-left: var(--axis-left); }
    .caption { margin-top: 8px; }
    @media (max-width: 640px) {
      .name span { display: none; }
    }
  `,
  ];

  load(run) {
    return run.part("samples");
  }

  draw({ rule_accuracy }) {
    if (!rule_accuracy) return nothing;
    const { snapshot_steps: steps, accuracy, n_texts } = rule_accuracy;
    const now = steps.indexOf(latest(this.step, steps));
    const nTexts = Math.max(...Object.values(n_texts));
    return html`<h3>What it has learned so far</h3>
      <div aria-hidden="true">${Object.entries(accuracy).map(([rule, fractions]) =>
        this.row(rule, fractions, steps, now),
      )}</div>
      <p class="caption">At each saved step the model wrote up to ${nTexts} new texts, and a program that
        knows the rules of this corpus checked them. The bars show how many of them follow each
        rule.</p>
      ${this.table(accuracy, steps)}`;
  }

  row(rule, fractions, steps, now) {
    const { sampled_steps } = this.run.manifest;
    const last = Math.max(1, sampled_steps.length - 1);
    const percentOf = (step) => (100 * fractionalIndex(step, sampled_steps)) / last;
    return html`<div class="row"><p class="name"><b>${rule}</b> <span>${DESCRIPTIONS[rule] ?? ""}</span></p>
      <p class="accuracy">${percent(fractions[now])}</p>
      <div class="strip">${fractions.map((fraction, i) => {
        const left = percentOf(steps[i]);
        const right = i + 1 < steps.length ? percentOf(steps[i + 1]) : 100;
        return html`<i class=${heat(fraction)}
          style=${styleMap({ left: `${left}%`, width: `${Math.max(1.5, right - left)}%` })}></i>`;
      })}<i class="now" style=${styleMap({ left: `${percentOf(this.step)}%` })}></i></div></div>`;
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

customElements.define("rule-accuracy", RuleAccuracy);
