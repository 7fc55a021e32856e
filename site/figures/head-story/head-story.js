/**
 * <head-story leads-to="compare"></head-story>
 *
 * What one head does: its role, and since when; or, if it passes no test of a role, what it attends to and
 * what is lost without it. Its score in each test, its attention entropy, and the loss when it is ablated,
 * at every snapshot. Chooses a step; or versus, and leads to the part of the page in which that is compared.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { heat } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { leadTo } from "../../app/address.js";
import { Figure } from "../../app/figure.js";
import { count, percent, showWhitespace } from "../../app/format.js";
import { headTitle, layerAndHead, signed } from "../../app/heads.js";
import { latest } from "../../app/step-scale.js";

/** The tokens that a head of each role looks at. */
const ROLES = {
  "previous token": "the token before it",
  "first token": "the very first token, where heads rest",
  "duplicate token": "an earlier copy of the same token",
  induction: "what followed an earlier copy of the token",
};
/** Roles that are tested on random tokens that come twice; the others, on text. */
const OF_REPEATS = ["induction", "duplicate token"];

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
    th:first-child { position: sticky; left: 0; z-index: 1; background: var(--panel); min-width: 17em; }
    th small { display: block; font-size: 1em; color: var(--muted); }
    td { padding: 0; text-align: center; min-width: 3.4em; border-radius: 6px; }
    td.number { padding: 4px 2px; }
    .bar { display: block; height: 12px; border-radius: 6px 6px 0 0;
           box-shadow: inset 0 0 0 1px var(--line); }
    td b { font-weight: 400; display: block; padding: 2px 0 4px; }
    th button { width: 100%; min-height: 36px; border-radius: 8px; padding: 2px 6px; text-align: center;
                font-weight: 400; white-space: nowrap; }
    th button[aria-current] { border-color: var(--accent); font-weight: 600;
                              box-shadow: inset 0 -3px 0 var(--accent); }
    .description { max-width: 66ch; margin-bottom: 8px; min-height: 7.5em; }
    .description b { font: 600 1em var(--mono); }
    .compare { margin-top: 8px; }
    @media (max-width: 640px) {
      th .what { display: none; } td { min-width: 2.6em; } th:first-child { min-width: 7em; }
    }
  `,
  ];

  load(run) {
    return run.part("heads");
  }

  draw(heads) {
    const { snapshot_steps: steps, scores, uniform_scores, ablated_loss, loss, attention_entropy } = heads;
    const [layer, head] = layerAndHead(this.head);
    const now = latest(this.step, steps);
    const ofHead = (table) => table.map((one) => one[layer][head]);
    const scoresOf = (role) => scores.map((one) => one[role][layer][head]);
    const texts = `${count(heads.n_texts)} unseen texts`;
    return html`<h3 dir="auto">Head ${this.head}: ${headTitle(heads, this.run.vocab, layer, head)}</h3>
      <p class="description">${this.roleSentence(heads, layer, head)} ${this.likesAndCosts(heads, layer, head)}</p>
      <div class="scroll" tabindex="0" role="group" aria-label="Head ${this.head} by step">
      <table><caption class="visually-hidden">What head ${this.head} does, by step</caption>
        <thead><tr><th scope="col">step</th>${steps.map(
          (step) => html`<th scope="col"><button
          aria-current=${step === now ? "step" : nothing} aria-label=${`step ${count(step)}`}
          @click=${() => this.store.set({ step }, { jump: true })}>${count(step)}</button></th>`,
        )}</tr></thead>
        <tbody>
          ${Object.keys(uniform_scores).map((role) =>
            this.row(role, scoresOf(role), uniform_scores[role], texts),
          )}
          ${this.gains(heads)}
          <tr><th scope="row">attention spread<small><span class="what">over so many equal tokens,
            on ${texts}; </span>by chance ${Math.exp(heads.uniform_entropy).toFixed(1)}</small></th>${ofHead(
              attention_entropy,
            ).map((nats) => html`<td class="number">${Math.exp(nats).toFixed(1)}</td>`)}</tr>
          <tr><th scope="row">loss without it<small class="what">minus the loss with it, in nats per token, on ${texts}
            </small></th>${ofHead(ablated_loss).map(
              (one, i) => html`<td class="number">${signed(one - loss[i])}</td>`,
            )}</tr>
        </tbody></table></div>
      <button class="compare" @click=${this.compare}>
        Compare with this head switched off</button>`;
  }

  compare() {
    this.store.set({ versus: `off:${this.head}` });
    leadTo(this.leadsTo);
  }

  row(role, scores, uniformScore, texts) {
    const measured = OF_REPEATS.includes(role) ? "in random tokens that come twice" : `on ${texts}`;
    return html`<tr><th scope="row">${role}<small><span class="what">${ROLES[role] ?? ""},
      ${measured}; </span>by chance ${percent(uniformScore)}</small></th>${scores.map(
        (score) => html`<td><span class=${`bar ${heat(score)}`}></span>
        <b>${percent(score)}</b></td>`,
      )}</tr>`;
  }

  /** How much easier random tokens are the second time: what induction is for. */
  gains({ uniform_scores, repeat_gain }) {
    if (!("induction" in uniform_scores)) return nothing;
    return html`<tr><th scope="row">gain by repetition<small class="what">of the whole model: how much lower
      the loss is when random tokens come again, in nats per token</small></th>${repeat_gain.map(
        (gain) => html`<td class="number">${signed(gain, 2)}</td>`,
      )}</tr>`;
  }

  /** Its role at the end, and since when; or that it has none. */
  roleSentence({ roles, required, repeat_gain, ablated_repeat_gain }, layer, head) {
    const { role, score, chance, since_step } = roles[layer][head];
    if (!role) {
      return html`It has none of the roles that are tested here: each takes at least ${percent(
        required.score,
      )} of its attention.`;
    }
    const gain =
      role === "induction"
        ? html` Random tokens that come twice are ${repeat_gain.at(-1).toFixed(2)} nats per token easier the
          second time; without this head, ${ablated_repeat_gain[layer][head].toFixed(2)}.`
        : "";
    return html`At the end, ${percent(score)} of its attention goes to ${ROLES[role] ?? role}; a head that
      looks at all tokens equally would put ${percent(chance)} there. It has done so well since step ${count(
        since_step,
      )}.${gain}`;
  }

  /** What it attends to, and which tokens are predicted worse without it, in sentences. */
  likesAndCosts({ described }, layer, head) {
    const token = ({ id }) => html`<b dir="auto">${showWhitespace(this.run.vocab[id])}</b>`;
    const attended = described.most_attended[layer][head].map(
      (one, i) =>
        html`${i ? ", " : ""}${token(one)} ${percent(one.fraction)} (by chance ${percent(
          one.uniform_fraction,
        )})`,
    );
    const missed = described.most_missed[layer][head].map(
      (one, i) => html`${i ? ", " : ""}${token(one)} ${signed(one.loss_rise, 2)} nats`,
    );
    const texts = `${count(described.n_texts)} unseen texts`;
    return html`On ${texts}, ${
      attended.length
        ? html`it favours these tokens, each with its share of all attention: ${attended}.`
        : "it favours no token."
    } ${
      missed.length
        ? html`When it is switched off, these are predicted worst: ${missed}.`
        : "When it is switched off, no token is predicted noticeably worse."
    }`;
  }
}

customElements.define("head-story", HeadStory);
