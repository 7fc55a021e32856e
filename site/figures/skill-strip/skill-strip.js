/**
 * <skill-strip .run=${run} step="100"></skill-strip>
 *
 * Which rules of its corpus the model follows, step by step: one row per rule; the stronger the green,
 * the more of its texts follow it. Shown for corpora whose rules are known; otherwise nothing.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { latest, place } from "../../kit/axis.js";
import { count, heat, percent } from "../../kit/words.js";

/** What a rule asks for, where its name does not say enough. */
const MEANING = {
  spelling: "every word is spelled right", grammar: "every sentence is grammatical",
  quotes: "speech is in quotation marks", name: "the hero keeps the same name",
  pronoun: "he and she match the hero", object: "the object stays the same",
  place: "things are where they were left", feeling: "the feeling fits what happened",
  ending: "the story reaches an ending", all: "all of these at once",
};

class SkillStrip extends Figure {
  static styles = [Figure.styles, css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .row { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: end;
           padding-top: 4px; }
    .row b { font-weight: 600; }
    .row span { color: var(--muted); }
    .share { min-width: 4em; text-align: right; margin-right: var(--right); }
    .strip { grid-column: 1 / -1; position: relative; height: 12px; border-radius: 6px;
             margin: 0 var(--right) 0 var(--left); overflow: hidden;
             box-shadow: inset 0 0 0 1px var(--line); }
    .strip i { position: absolute; top: 0; bottom: 0; }
    .strip .now { width: 2px; margin-left: -1px; background: var(--chosen); }
    .name { padding-left: var(--left); }
    .caption { margin-top: 8px; }
    @media (max-width: 640px) {
      .name span { display: none; }
    }
  `];

  load(run) {
    return run.part("film");
  }

  draw({ skills }) {
    if (!skills) return nothing;
    const now = skills.steps.indexOf(latest(this.step, skills.steps));
    const most = Math.max(...Object.values(skills.samples));
    return html`<h3>What it has learned so far</h3>
      <div aria-hidden="true">${Object.entries(skills.shares).map(([rule, shares]) =>
        this.row(rule, shares, skills.steps, now))}</div>
      <p class="caption">At each saved step the model wrote up to ${most} new texts, and a program that
        knows the rules of this corpus checked them. The bars show how many of them follow each
        rule.</p>
      ${this.table(skills)}`;
  }

  row(rule, shares, steps, now) {
    const watched = this.run.manifest.watched, last = Math.max(1, watched.length - 1);
    const at = (step) => 100 * place(step, watched) / last;
    return html`<div class="row"><p class="name"><b>${rule}</b> <span>${MEANING[rule] ?? ""}</span></p>
      <p class="share">${percent(shares[now])}</p>
      <div class="strip">${shares.map((share, i) => {
        const left = at(steps[i]), right = i + 1 < steps.length ? at(steps[i + 1]) : 100;
        return html`<i class=${heat(share)}
          style=${styleMap({ left: `${left}%`, width: `${Math.max(1.5, right - left)}%` })}></i>`;
      })}<i class="now" style=${styleMap({ left: `${at(this.step)}%` })}></i></div></div>`;
  }

  /** The same for those who do not see it. */
  table({ shares, steps }) {
    return html`<div class="unseen"><table><caption>Share of texts that follow each rule</caption>
      <thead><tr><th scope="col">step</th>${Object.keys(shares).map((rule) =>
        html`<th scope="col">${rule}</th>`)}</tr></thead>
      <tbody>${steps.map((step, i) => html`<tr><th scope="row">${count(step)}</th>${
        Object.values(shares).map((one) => html`<td>${percent(one[i])}</td>`)}</tr>`)}</tbody>
    </table></div>`;
  }
}

customElements.define("skill-strip", SkillStrip);
