/**
 * <head-story leads-to="compare"></head-story>
 *
 * The role of one head, and since when: its score for each known role, its attention entropy, and the
 * loss when it is ablated, at every snapshot. Chooses a step; or versus, and leads to the part of the page
 * in which that is compared.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { heat } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure, leadTo } from "../../app/figure.js";
import { count, percent, showWhitespace } from "../../app/format.js";
import { layerAndHead } from "../../app/heads.js";
import { latest } from "../../app/step-scale.js";

/** The tokens that a head of each role looks at. */
const ROLES = {
  "previous token": "the token before it",
  "first token": "the very first token, where heads rest",
  "duplicate token": "earlier copies of the same token",
  induction: "what followed an earlier copy of the token",
};

class HeadStory extends Figure {
  static properties = {
    head: { from: "store", type: String },
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .scroll { overflow-x: auto; }
    table { border-collapse: separate; border-spacing: 2px; width: 100%; }
    th { font-weight: 400; text-align: left; padding: 4px 8px 4px 0; }
    th small { display: block; font-size: 1em; color: var(--muted); }
    td { padding: 0; text-align: center; min-width: 3.4em; border-radius: 6px; }
    td.number { padding: 4px 2px; }
    .bar { display: block; height: 12px; border-radius: 6px 6px 0 0;
           box-shadow: inset 0 0 0 1px var(--line); }
    td b { font-weight: 400; display: block; padding: 2px 0 4px; }
    th button { width: 100%; min-height: 36px; border-radius: 8px; padding: 2px 6px; text-align: center;
                font-weight: 400; }
    th button[aria-current] { border-color: var(--accent); font-weight: 600;
                              box-shadow: inset 0 -3px 0 var(--accent); }
    .description { max-width: 66ch; margin-bottom: 8px; min-height: 4.5em; }
    .description b { font: 600 1em var(--mono); }
    .compare { margin-top: 8px; }
    @media (max-width: 640px) { th small { display: none; } td { min-width: 2.6em; } }
  `,
  ];

  load(run) {
    return run.part("heads");
  }

  draw({
    snapshot_steps: steps,
    scores,
    uniform_scores,
    ablated_loss,
    loss,
    attention_entropy,
    most_attended,
    roles,
  }) {
    const [layer, head] = layerAndHead(this.head);
    const now = latest(this.step, steps);
    const ofHead = (table) => table.map((one) => one[layer][head]);
    const scoresOf = (role) => scores.map((one) => one[role][layer][head]);
    return html`<h3>Head ${this.head}: ${title(roles[layer][head])}</h3>
      <p class="description">${this.description(
        roles[layer][head],
        scoresOf,
        steps,
        most_attended[layer][head],
      )}</p>
      <div class="scroll" tabindex="0" role="group" aria-label="Head ${this.head} by step">
      <table><caption class="visually-hidden">What head ${this.head} does, by step</caption>
        <thead><tr><th scope="col">step</th>${steps.map(
          (step) => html`<th scope="col"><button
          aria-current=${step === now ? "step" : nothing} aria-label=${`step ${count(step)}`}
          @click=${() => this.store.set({ step })}>${count(step)}</button></th>`,
        )}</tr></thead>
        <tbody>
          ${Object.keys(uniform_scores).map((role) => this.row(role, scoresOf(role), uniform_scores[role]))}
          <tr><th scope="row">attention spread<small>over so many equal tokens</small></th>${ofHead(
            attention_entropy,
          ).map((nats) => html`<td class="number">${Math.exp(nats).toFixed(1)}</td>`)}</tr>
          <tr><th scope="row">loss without it<small>minus the loss with it, in nats per token</small></th>${ofHead(
            ablated_loss,
          ).map((one, i) => html`<td class="number">${signed(one - loss[i])}</td>`)}</tr>
        </tbody></table></div>
      <button class="compare" @click=${this.compare}>
        Compare with this head switched off</button>`;
  }

  compare() {
    this.store.set({ versus: `off:${this.head}` });
    leadTo(this.leadsTo);
  }

  row(role, scores, uniformScore) {
    return html`<tr><th scope="row">${role}<small>${ROLES[role] ?? ""}; by chance ${percent(uniformScore)}
      </small></th>${scores.map(
        (score) => html`<td><span class=${`bar ${heat(score)}`}></span>
        <b>${percent(score)}</b></td>`,
      )}</tr>`;
  }

  /** Its role at the end, and when it got halfway there, in sentences. */
  description({ role, score, chance, confidence }, scoresOf, steps, ids) {
    const tokens = ids.map(
      (id, i) => html`${i ? ", " : ""}<b dir="auto">${showWhitespace(this.run.vocab[id])}</b>`,
    );
    const mostAttended = html`On unseen text, the tokens that it favours most are ${tokens}.`;
    if (confidence === "none") {
      return html`None of the four roles tested here fits it at the end. ${mostAttended}`;
    }
    const halfway = scoresOf(role).findIndex((one) => one >= score / 2 && one >= 2 * chance);
    return html`At the end, ${percent(score)} of its attention goes to ${ROLES[role] ?? role}; a head
      that looks at all tokens equally would put ${percent(chance)} there. ${
        halfway > 0
          ? html`It got
      halfway there between step ${count(steps[halfway - 1])} and step ${count(steps[halfway])}.`
          : ""
      } ${mostAttended}`;
  }
}

/** A role of heads.json in words. */
function title({ role, confidence }) {
  if (confidence === "none") return "no clear role";
  return confidence === "weak" ? `a hint of “${role}”` : role;
}

/** 0.0664 -> "+0.066". */
function signed(x) {
  return `${x < -0.0005 ? "−" : x > 0.0005 ? "+" : "±"}${Math.abs(x).toFixed(3)}`;
}

customElements.define("head-story", HeadStory);
