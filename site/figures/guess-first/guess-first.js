/**
 * <guess-first .mistake=${MISTAKES[0]} .measured=${measured}></guess-first>
 *
 * A question about a famous mistake, to be answered before it runs; afterwards, what happened.
 * `measured`: what worker.js measured, null before that; `lost`: why it could not be measured.
 * `choice`: the number of the chosen answer, or null. Emits: "try" {}.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../kit/controls.js";
import { Figure } from "../../kit/figure.js";

class GuessFirst extends Figure {
  static properties = {
    mistake: { attribute: false },
    measured: { attribute: false },
    choice: { attribute: false },
    lost: { type: String },
  };

  static styles = [Figure.styles, controls, css`
    :host { margin-bottom: 16px; }
    fieldset { border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 0;
               display: grid; gap: 4px; }
    legend { font-weight: 600; padding: 0 4px; }
    label { display: flex; gap: 8px; align-items: baseline; padding: 6px 0; cursor: pointer; }
    input { accent-color: var(--moss); flex: none; }
    .true { font-weight: 600; }
    .mark { color: var(--moss); font-weight: 700; }
    .mark.not { color: var(--warning); }
    .told { margin: 8px 0 0; border-left: 4px solid var(--moss); padding-left: 12px; }
    .told.not { border-color: var(--warning); }
  `];

  load() {
    return true;
  }

  render() {
    return this.mistake ? this.question(this.mistake) : nothing;
  }

  question({ asks, why, choices }) {
    const { measured } = this, came = measured ? cameTrue(this.mistake, measured) : null;
    return html`<fieldset ?disabled=${Boolean(measured)}>
        <legend>What will happen?</legend>
        <p>${why} ${asks}</p>
        ${choices.map(({ says }, i) => html`<label class=${came === i ? "true" : ""}>
          <input type="radio" name="choice" .checked=${this.choice === i} @change=${() => { this.choice = i; }}>
          <span>${says} ${this.mark(i, came)}</span></label>`)}
        ${measured ? nothing : html`<div class="row"><button class="first"
          aria-disabled=${String(this.choice === null)} @click=${this.press}>Run it and see</button></div>`}
      </fieldset>
      <div role="status">${measured ? this.outcome(came, measured) : this.lost
        ? html`<p class="told not">${this.lost}</p>` : nothing}</div>`;
  }

  press() {
    if (this.choice !== null) this.tell("try");
  }

  outcome(came, measured) {
    const foresaw = this.choice === null ? ""
      : this.choice === came ? "You predicted it." : "It turned out differently.";
    return html`<p class=${`told ${foresaw.startsWith("It") ? "not" : ""}`}>${foresaw}
      ${this.mistake.told(measured)} ${this.mistake.because}</p>`;
  }

  focus() {
    this.updateComplete.then(() => this.renderRoot.querySelector("input").focus());
  }

  mark(i, came) {
    if (came === i) return html`<span class="mark">✓<span class="unseen"> this came true</span></span>`;
    if (came === null || this.choice !== i) return nothing;
    return html`<span class="mark not">✗<span class="unseen"> this did not</span></span>`;
  }
}

/** The number of the choice of a mistake that came true. */
export const cameTrue = ({ choices }, measured) => choices.findIndex(({ holds }) => holds(measured));

customElements.define("guess-first", GuessFirst);
