/**
 * <head-story .run=${run} step="300" head="2.1"></head-story>
 *
 * What one head does, and since when: how much of its attention goes to the tokens that each known
 * role looks at, what removing it would cost, and how spread out its attention is, at every step
 * whose weights were saved. Emits: "step" { step }, "versus" { versus }.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { latest } from "../../kit/axis.js";
import { alone, count, heat, percent } from "../../kit/words.js";

/** What a head of each role looks at. */
const ROLES = {
  "previous token": "the token before it",
  "first token": "the very first token, where heads rest",
  "same token": "earlier copies of the same token",
  induction: "what followed an earlier copy of the token",
};

class HeadStory extends Figure {
  static properties = { head: { type: String } };

  static styles = [Figure.styles, css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .scroll { overflow-x: auto; }
    table { border-collapse: separate; border-spacing: 2px; width: 100%; }
    th { font-weight: 400; text-align: left; padding: 4px 8px 4px 0; }
    th small { display: block; font-size: 1em; color: var(--muted); }
    td { padding: 0; text-align: center; min-width: 3.4em; border-radius: 6px; }
    td.number { padding: 4px 2px; }
    .bar { display: block; height: 12px; border-radius: 6px 6px 0 0; box-shadow: inset 0 0 0 1px var(--line); }
    td b { font-weight: 400; display: block; padding: 2px 0 4px; }
    th button { width: 100%; min-height: 36px; border: 1px solid var(--line); border-radius: 8px;
                background: var(--panel); cursor: pointer; padding: 2px 6px; }
    th button:hover { border-color: var(--moss); }
    th button[aria-current] { border-color: var(--moss); font-weight: 600;
                              box-shadow: inset 0 -3px 0 var(--moss); }
    .tells { max-width: 66ch; margin-bottom: 8px; min-height: 4.5em; }
    .tells b { font: 600 1em var(--mono); }
    .compare { min-height: 40px; border: 1px solid var(--line); border-radius: 20px; padding: 4px 16px;
               background: var(--panel); cursor: pointer; margin-top: 8px; }
    .compare:hover { border-color: var(--moss); }
    @media (max-width: 640px) { th small { display: none; } td { min-width: 2.6em; } }
  `];

  load(run) {
    return run.part("heads");
  }

  draw({ steps, scores, chance, without, loss, entropy, likes, labels }) {
    const [layer, head] = this.head.split(".").map(Number), now = latest(this.step, steps);
    const of = (table) => table.map((one) => one[layer][head]);
    return html`<h3>Head ${this.head}: ${labels[layer][head].replace(/^\((.*)\)$/, "a hint of “$1”")}</h3>
      <p class="tells">${this.tells({ layer, head, steps, scores, chance, likes })}</p>
      <div class="scroll" tabindex="0" role="group" aria-label="Head ${this.head} by step">
      <table><caption class="unseen">What head ${this.head} does, by step</caption>
        <thead><tr><th scope="col">step</th>${steps.map((step) => html`<th scope="col"><button
          aria-current=${step === now ? "step" : nothing} aria-label=${`step ${count(step)}`}
          @click=${() => this.tell("step", { step })}>${count(step)}</button></th>`)}</tr></thead>
        <tbody>
          ${Object.keys(chance).map((role) => this.role(role, scores.map((one) =>
            one[role][layer][head]), chance[role]))}
          <tr><th scope="row">attention spread<small>over so many equal tokens</small></th>${
            of(entropy).map((nats) => html`<td class="number">${Math.exp(nats).toFixed(1)}</td>`)}</tr>
          <tr><th scope="row">loss without it<small>minus the loss with it, in nats per token</small></th>${
            of(without).map((one, i) => html`<td class="number">${signed(one - loss[i])}</td>`)}</tr>
        </tbody></table></div>
      <button class="compare" @click=${() => this.tell("versus", { versus: `off:${this.head}` })}>
        Compare with this head switched off</button>`;
  }

  role(role, shares, chance) {
    return html`<tr><th scope="row">${role}<small>${ROLES[role] ?? ""}; by chance ${percent(chance)}
      </small></th>${shares.map((share) => html`<td><span class=${`bar ${heat(share)}`}></span>
        <b>${percent(share)}</b></td>`)}</tr>`;
  }

  /** What it became, and when, in a sentence. */
  tells({ layer, head, steps, scores, chance, likes }) {
    const roles = Object.keys(chance).map((role) => [role, scores.map((one) => one[role][layer][head])]);
    const [role, shares] = roles.reduce((a, b) => (b[1].at(-1) - chance[b[0]]
      > a[1].at(-1) - chance[a[0]] ? b : a));
    const liked = likes[layer][head].map((id, i) => html`${i ? ", " : ""}<b dir="auto">${
      alone(this.run.symbols[id])}</b>`);
    const often = html`On unseen text, the tokens that it favours most are ${liked}.`;
    const end = shares.at(-1);
    if (end < 2 * chance[role]) {
      return html`None of the four roles tested here fits it at the end. ${often}`;
    }
    const first = shares.findIndex((share) => share >= end / 2 && share >= 2 * chance[role]);
    return html`At the end, ${percent(end)} of its attention goes to ${ROLES[role] ?? role}; a head
      that looks at all tokens equally would put ${percent(chance[role])} there. ${first > 0 ? html`It got
      halfway there between step ${count(steps[first - 1])} and step ${count(steps[first])}.` : ""} ${often}`;
  }
}

/** 0.0664 -> "+0.066". */
function signed(x) {
  return `${x < -0.0005 ? "−" : x > 0.0005 ? "+" : "±"}${Math.abs(x).toFixed(3)}`;
}

customElements.define("head-story", HeadStory);
