/**
 * <chat-why></chat-why>
 *
 * Why the model wrote the chosen token of a reply: what else it might have been, where a head looked, and which head the
 * token depends on: each is switched off once. Chooses a head. See app/chat-reason.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { count, percent, showWhitespace } from "../../app/format.js";
import { tokenText } from "../../app/token-text.js";

const RIVALS = 5;
const HEADS = 5;
const LOOKS = 3;
const CLEAR = 0.1; // attention that is worth a sentence
const NOTICEABLE = 0.01; // a fall of less than one percentage point is not worth a claim

class ChatWhy extends Figure {
  static properties = {
    replies: { from: "chat", attribute: false },
    reason: { from: "chat", attribute: false },
    showsAll: { state: true }, // of the heads
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    :host { scroll-margin-bottom: 80px; }  /* above the bar of a phone */
    .head { display: flex; justify-content: space-between; gap: 16px; align-items: start; }
    h3 { font: 600 1.0625rem/1.5 var(--sans); margin: 0; overflow-wrap: anywhere; }
    h4 { font: 600 var(--small)/1.5 var(--sans); margin: 16px 0 4px; }
    code { font: 1em var(--mono); }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    td, th { font-weight: 400; text-align: left; height: 26px; padding: 0 4px; }
    .token { font: 400 1em var(--mono); width: 8.5em; overflow: hidden; text-overflow: ellipsis; white-space: pre; }
    .number { width: 4.5em; text-align: right; }
    .here { font-weight: 700; color: var(--chosen); }
    .bar { display: block; height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; background: var(--accent); }
    ol { list-style: none; margin: 4px 0; padding: 0; display: grid; gap: 4px; }
    button { min-height: 32px; padding: 2px 12px; }
    li button { width: 100%; border-radius: 8px; display: flex; justify-content: space-between; gap: 12px; }
    .close { flex: none; }
    .caption { max-width: none; }
    .looks { min-height: 3em; } .heads { min-height: 200px; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ speakers }) {
    const { reason } = this;
    if (!speakers || !reason || !this.replies?.[reason.turn]) return nothing;
    return html`<div class="head"><h3>Why <code dir="auto">${this.word(reason.id)}</code>?</h3>
      <button class="close" @click=${() => this.store.set({ chatToken: null })}>Close</button></div>
      ${this.rivals(reason)}
      ${reason.failure ? errorBox(reason.failure) : html`${this.looks(reason)}${this.heads(reason)}`}`;
  }

  word(id) {
    return tokenText(this.run.vocab[id]);
  }

  rivals({ id, p, top }) {
    const shown = top.slice(0, RIVALS);
    if (!shown.some((one) => one.id === id)) shown.push({ id, p });
    return html`<h4>What it might have been</h4><table><tbody>${shown.map(
      (one) => html`<tr class=${one.id === id ? "here" : ""}>
        <th scope="row" class="token" dir="auto" title=${showWhitespace(this.run.vocab[one.id])}>${this.word(one.id)}</th>
        <td><i class="bar" style=${styleMap({ width: `${100 * one.p}%` })}></i></td>
        <td class="number">${precisePercent(one.p)}</td></tr>`,
    )}</tbody></table>`;
  }

  looks({ pass, copier, shownHead, ids }) {
    if (!pass) return html`<h4>Where it looked</h4><p class="looks caption">Reading …</p>`;
    const [layer, head] = shownHead.split(".").map(Number);
    const row = pass.attentionRow(layer * this.run.manifest.settings.n_head + head, ids.length - 1);
    const most = row
      .map((weight, key) => ({ weight, key }))
      .sort((a, b) => b.weight - a.weight)
      .slice(0, LOOKS);
    return html`<h4>Where head ${shownHead} looked</h4><p class="looks caption">${most.map(
      ({ weight, key }, i) =>
        html`${i ? ", " : ""}${percent(weight)} at <code dir="auto">${this.word(ids[key])}</code>`,
    )}. ${aboutCopy(copier, shownHead)}</p>`;
  }

  heads(reason) {
    const { effects, nHeads, milliseconds, p, head } = reason;
    const isDone = effects.length === nHeads;
    const falls = p - (effects[0]?.after ?? p);
    return html`<h4>Which head it needs</h4><div class="heads"><p class="caption">${
      isDone
        ? `Each of the ${count(nHeads)} heads was switched off once, in ${count(Math.ceil(milliseconds))} ms.
          ${falls >= NOTICEABLE ? "Without these, the token becomes least likely:" : "No single head matters here: the token stays as likely without any of them."}`
        : `Switching off one head after the other: ${count(effects.length)} of ${count(nHeads)} …`
    }</p>
      ${isDone && falls >= NOTICEABLE && effects[0].head !== reason.shownHead ? reconciled : nothing}
      <ol>${
        isDone
          ? effects.slice(0, this.showsAll ? nHeads : HEADS).map(
              (
                one,
              ) => html`<li><button aria-pressed=${String(one.head === head)} @click=${() => this.store.set({ chatHead: one.head })}>
                <span>without head ${one.head}</span>
                <span>${precisePercent(p)} <span aria-hidden="true">→</span><span class="visually-hidden">becomes</span>
                  ${precisePercent(one.after)}</span></button></li>`,
            )
          : nothing
      }</ol>${
        isDone && nHeads > HEADS
          ? html`<button aria-pressed=${String(Boolean(this.showsAll))} @click=${() => (this.showsAll = !this.showsAll)}>All
            ${count(nHeads)} heads</button>`
          : nothing
      }</div>`;
  }
}

/** Looking and being needed are two things. */
const reconciled = html`<p class="caption reconciled">A head can look somewhere without being needed, if others bring the
  same; and a head that looks elsewhere can be needed.</p>`;

/** Whether a head has found the same token in what it sees. */
function aboutCopy(copier, shownHead) {
  if (!copier) return "The same token does not occur in what it sees.";
  if (copier.weight < CLEAR) return "No head looked much at the same token.";
  return copier.head === shownHead
    ? "It looked more at an earlier copy of this token than any other head."
    : nothing;
}

customElements.define("chat-why", ChatWhy);
