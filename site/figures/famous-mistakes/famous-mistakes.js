/**
 * <famous-mistakes leads-to="type"></famous-mistakes>
 *
 * Mistakes to try: each is a button that puts it into the editor, and leads there. `guesses` says, by id,
 * whether the guess about each one tried so far came true.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { MISTAKES } from "../../exercise/exercises.js";
import { controls } from "../../app/controls.js";
import { leadTo } from "../../app/address.js";
import { Figure } from "../../app/figure.js";

class FamousMistakes extends Figure {
  static properties = {
    guesses: { from: "typed", attribute: false },
    mistake: { from: "typed", attribute: false },
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page with the editor
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px;
         grid-template-columns: repeat(auto-fill, minmax(min(100%, 260px), 1fr)); }
    button { width: 100%; height: 100%; border-radius: 12px; padding: 12px 16px; display: grid; gap: 4px;
             align-content: start; font-weight: 400; }
    b { font-weight: 600; }
    .why { color: var(--muted); font-weight: 400; }
    .right { color: var(--accent); font-weight: 600; } .wrong { color: var(--warning); font-weight: 600; }
  `,
  ];

  load() {
    return true;
  }

  choose(id) {
    this.typed.choose(id);
    leadTo(this.leadsTo);
  }

  render() {
    return html`<ul>${MISTAKES.map(
      ({ id, name, why }) => html`<li><button
      aria-pressed=${String(this.mistake?.id === id)} @click=${() => this.choose(id)}>
        <b>${name}</b><span class="why">${why}</span>${this.mark(this.guesses?.[id])}</button></li>`,
    )}</ul>`;
  }

  mark(came) {
    if (came === undefined) return nothing;
    return came
      ? html`<span class="right">✓ You predicted it</span>`
      : html`<span class="wrong">✗ It turned out differently</span>`;
  }
}

customElements.define("famous-mistakes", FamousMistakes);
