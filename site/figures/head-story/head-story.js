/**
 * <head-story leads-to="compared"><head-effects></head-effects></head-story>
 *
 * What one head does: its role, and since when; or, if it passes no test of a role, what it attends to and
 * what is lost without it. Its score in each test, its attention entropy, and the loss when it is ablated,
 * at every snapshot: the present one is in sight, and there is more to scroll to. Chooses a step; or versus, and
 * leads to the part of the page in which that is compared. What is inside of it stands before the table.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { heat } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { moveTo } from "../../app/address.js";
import { Fades, fades } from "../../app/fades.js";
import { count, percent, showWhitespace } from "../../app/format.js";
import { headTitle, layerAndHead, preferences, signed } from "../../app/heads.js";
import { PatientFigure } from "../../app/patient-figure.js";
import { nearest } from "../../app/step-scale.js";
import { END } from "../../engine/tokenizer.js";

/** The tokens that a head of each role looks at. */
const ROLES = {
  "previous token": "the token before it",
  "first token": "the very first token, where heads rest",
  "duplicate token": "an earlier copy of the same token",
  induction: "what followed an earlier copy of the token",
};
/** Roles that are tested on random tokens that come twice; the others, on text. */
const OF_REPEATS = ["induction", "duplicate token"];
const ON_PAPER = 7; // columns that fit, up to the present one

class HeadStory extends PatientFigure {
  static share = {
    title: "A head, step by step",
    table: (figure) => figure.data && figure.numbers(figure.data),
  };

  static properties = {
    head: { from: "store", type: String },
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page
  };

  static styles = [
    PatientFigure.styles,
    controls,
    fades,
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
    .now { background: color-mix(in oklab, var(--accent) 9%, var(--panel)); }
    .compare { margin: 0 0 8px; }
    .more-left th:first-child::after { content: ""; position: absolute; inset: 0 auto 0 100%; width: 1.5em;
            background: linear-gradient(90deg, var(--panel), transparent); }
    @media print {
      .scroll { overflow: visible; }
      .compare, .not-printed { display: none; }
      th:first-child { min-width: 11em; }
      th button { border: 0; padding: 0; background: none; }
    }
    @media (max-width: 640px) {
      th .what { display: none; } td { min-width: 2.6em; } th:first-child { min-width: 7em; }
    }
  `,
  ];

  constructor() {
    super();
    this.fades = new Fades(this, ".scroll");
  }

  load(run) {
    return run.part("heads");
  }

  draw(heads) {
    const { snapshot_steps: steps, scores, uniform_scores, ablated_loss, loss, attention_entropy } = heads;
    const [layer, head] = layerAndHead(this.head);
    const now = steps.indexOf(nearest(this.step, steps));
    const scoresOf = (role) => scores.map((one) => one[role][layer][head]);
    const ofHead = (table) => table.map((one) => one[layer][head]);
    const texts = `${count(heads.n_texts)} unseen texts`;
    this.columnClass = (i) =>
      `${i === now ? "now" : ""} ${i > now || i <= now - ON_PAPER ? "not-printed" : ""}`;
    return html`<h3 dir="auto">Head ${this.head}: ${headTitle(heads, this.run.vocab, layer, head)}</h3>
      <p class="description">${this.roleSentence(heads, layer, head)} ${this.likesAndCosts(heads, layer, head)}</p>
      <button class="compare" @click=${this.compare}>
        Compare with this head switched off</button>
      <slot></slot>
      <div class="fades"><div class="scroll" tabindex="0" role="group" aria-label="Head ${this.head} by step">
      <table><caption class="visually-hidden">What head ${this.head} does, by step</caption>
        <thead><tr><th scope="col">step</th>${steps.map(
          (step, i) => html`<th scope="col" class=${this.columnClass(i)}><button
          aria-current=${i === now ? "step" : nothing} aria-label=${`step ${count(step)}`}
          @click=${() => this.store.set({ step }, { jump: true })}>${count(step)}</button></th>`,
        )}</tr></thead>
        <tbody>
          ${Object.keys(uniform_scores).map((role) =>
            this.row(role, scoresOf(role), uniform_scores[role], texts),
          )}
          ${this.gains(heads)}
          <tr><th scope="row">attention spread<small><span class="what">over so many equal tokens,
            on ${texts}; </span>by chance ${Math.exp(heads.uniform_entropy).toFixed(1)}</small></th>${this.cells(
              ofHead(attention_entropy).map((nats) => Math.exp(nats).toFixed(1)),
            )}</tr>
          <tr><th scope="row">loss without it<small class="what">minus the loss with it, in nats per token, on ${texts};
            without it: what it adds is replaced by zeros</small></th>${this.cells(
              ofHead(ablated_loss).map((one, i) => signed(one - loss[i])),
            )}</tr>
        </tbody></table></div></div>`;
  }

  /** What the table shows, as it is. */
  numbers({
    snapshot_steps: steps,
    scores,
    uniform_scores,
    ablated_loss,
    loss,
    attention_entropy,
    repeat_gain,
  }) {
    const [layer, head] = layerAndHead(this.head);
    const roles = Object.keys(uniform_scores);
    return [
      ["step", ...roles, "gain of repetition (nats)", "attention entropy (nats)", "loss", "loss without it"],
      ...steps.map((step, i) => [
        step,
        ...roles.map((role) => scores[i][role][layer][head]),
        repeat_gain[i],
        attention_entropy[i][layer][head],
        loss[i],
        ablated_loss[i][layer][head],
      ]),
    ];
  }

  cells(texts) {
    return texts.map((text, i) => html`<td class=${`number ${this.columnClass(i)}`}>${text}</td>`);
  }

  updated(changed) {
    super.updated(changed);
    if (changed.has("step") || changed.has("data")) requestAnimationFrame(() => this.showStep());
  }

  /** Scroll the table, but not the page, until the present step and half of the next one are in sight. */
  showStep() {
    const column = this.renderRoot.querySelector("th.now");
    if (!column) return;
    const scroll = column.closest(".scroll");
    scroll.scrollLeft = column.offsetLeft + 1.6 * column.offsetWidth - scroll.clientWidth;
    this.fades.mark();
  }

  compare() {
    this.store.set({ versus: `off:${this.head}`, section: this.leadsTo }, { jump: true });
    moveTo(this.leadsTo);
  }

  row(role, scores, uniformScore, texts) {
    const measured = OF_REPEATS.includes(role) ? "in random tokens that come twice" : `on ${texts}`;
    return html`<tr><th scope="row">${role}<small><span class="what">${ROLES[role] ?? ""},
      ${measured}; </span>by chance ${percent(uniformScore)}</small></th>${scores.map(
        (score, i) => html`<td class=${this.columnClass(i)}><span class=${`bar ${heat(score)}`}></span>
        <b>${percent(score)}</b></td>`,
      )}</tr>`;
  }

  /** How much easier, or harder, random tokens are the second time: what induction is for. */
  gains({ uniform_scores, repeat_gain }) {
    if (!("induction" in uniform_scores)) return nothing;
    return html`<tr><th scope="row">repetition<small><span class="what">how much it changes the loss of the whole
      model when random tokens come again, in nats per token; </span>−&nbsp;easier, +&nbsp;harder</small></th>${this.cells(
        repeat_gain.map((gain) => signed(-gain, 2)),
      )}</tr>`;
  }

  /** Its role at the end, and since when; or that it has none. */
  roleSentence({ roles, required, repeat_gain, ablated_repeat_gain, uniform_scores }, layer, head) {
    const { role, score, chance, since_step } = roles[layer][head];
    if (!role) {
      return html`It passed none of the ${Object.keys(uniform_scores).length} tests of a role. Each asks for at least
        ${percent(required.score)} of its attention.`;
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
    const { liked, restsOnEnd } = preferences(described, this.run.vocab, layer, head);
    const attended = liked.map(
      (one, i) =>
        html`${i ? ", " : ""}${token(one)} ${percent(one.fraction)} (by chance ${percent(
          one.uniform_fraction,
        )})`,
    );
    const missed = described.most_missed[layer][head].map(
      (one, i) => html`${i ? ", " : ""}${token(one)} ${signed(one.loss_rise, 2)} nats`,
    );
    const texts = `${count(described.n_texts)} unseen texts`;
    const rests = restsOnEnd
      ? html` Where it finds nothing to look for, it rests on <b>${showWhitespace(END)}</b>.`
      : "";
    return html`On ${texts}, ${
      attended.length
        ? html`it favours these tokens, each with its share of all attention: ${attended}.`
        : "it favours no word."
    }${rests} ${
      missed.length
        ? html`When it is switched off, the loss of these tokens rises most: ${missed}.`
        : "When it is switched off, the loss of no token rises noticeably."
    }`;
  }
}

customElements.define("head-story", HeadStory);
