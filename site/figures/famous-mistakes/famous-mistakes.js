/**
 * <famous-mistakes leads-to="type"></famous-mistakes>
 *
 * Mistakes to try: each is a button that puts it into the editor, and leads there; but first it asks those who have
 * not seen a right head yet, because all the rest of a mistake is right. `guesses` says, by id, whether the guess
 * about each one tried so far came true.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { MISTAKES } from "../../exercise/mistakes.js";
import { controls } from "../../app/controls.js";
import { leadTo } from "../../app/address.js";
import { Figure } from "../../app/figure.js";

class FamousMistakes extends Figure {
  static properties = {
    guesses: { from: "typed", attribute: false },
    mistake: { from: "typed", attribute: false },
    asked: { from: "typed", attribute: false },
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page with the editor
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px;
         grid-template-columns: repeat(auto-fill, minmax(min(100%, 260px), 1fr)); }
    .mistake, .asked { width: 100%; height: 100%; border-radius: 12px; padding: 12px 16px; display: grid; gap: 4px;
             align-content: start; font-weight: 400; }
    .asked { border: 1px solid var(--chosen); gap: 8px; }
    b { font-weight: 600; }
    .why { color: var(--muted); font-weight: 400; }
    .right { color: var(--accent); font-weight: 600; } .wrong { color: var(--warning); font-weight: 600; }
  `,
  ];

  load() {
    return true;
  }

  async choose(id, options) {
    if (await this.typed.choose(id, options)) leadTo(this.leadsTo);
  }

  async decline() {
    const { asked } = this;
    this.typed.decline();
    await this.updateComplete;
    this.renderRoot.querySelector(`[data-id="${asked}"]`).focus();
  }

  updated(changed) {
    if (changed.has("asked") && this.asked) this.renderRoot.querySelector("#sure").focus();
  }

  render() {
    return html`<ul>${MISTAKES.map((one) => html`<li>${this.card(one)}</li>`)}</ul>`;
  }

  card({ id, name, why }) {
    if (this.asked === id) return this.question(id, name);
    return html`<button class="mistake" data-id=${id} aria-pressed=${String(this.mistake?.id === id)}
      @click=${() => this.choose(id)}>
        <b>${name}</b><span class="why">${why}</span>${this.mark(this.guesses?.[id])}</button>`;
  }

  question(id, name) {
    return html`<div class="asked" role="group" aria-label=${name}>
      <b>${name}</b>
      <p id="spoils">All the rest of its code is right. If you still want to write a head yourself, do that first.</p>
      <div class="row">
        <button id="sure" aria-describedby="spoils" @click=${() => this.choose(id, { isSure: true })}>Show me all the same</button>
        <button @click=${this.decline}>Not yet</button>
      </div></div>`;
  }

  mark(came) {
    if (came === undefined) return nothing;
    return came
      ? html`<span class="right">✓ You predicted it</span>`
      : html`<span class="wrong">✗ It turned out differently</span>`;
  }
}

customElements.define("famous-mistakes", FamousMistakes);
