/**
 * <guess-first></guess-first>
 *
 * A question about a famous mistake, to be answered before it runs; afterwards, what happened.
 * See app/typed-head.js for its properties.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { cameTrue } from "../../app/typed-head.js";

class GuessFirst extends Figure {
  static properties = {
    mistake: { from: "typed", attribute: false },
    measured: { from: "typed", attribute: false },
    guess: { from: "typed", attribute: false },
    measureError: { from: "typed", attribute: false },
    focusOn: { from: "typed", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    :host { margin-bottom: 16px; }
    fieldset { border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 0;
               display: grid; gap: 4px; }
    legend { font-weight: 600; padding: 0 4px; }
    label { align-items: baseline; padding: 6px 0; color: var(--text); cursor: pointer; }
    input { accent-color: var(--accent); flex: none; }
    .true { font-weight: 600; }
    .mark { color: var(--accent); font-weight: 700; }
    .mark.not { color: var(--warning); }
    .outcome { margin: 8px 0 0; border-left: 4px solid var(--accent); padding-left: 12px; }
    .outcome.not { border-color: var(--warning); }
  `,
  ];

  load() {
    return true;
  }

  render() {
    return this.mistake ? this.question(this.mistake) : nothing;
  }

  question({ question, why, choices }) {
    const { measured } = this;
    const came = measured ? cameTrue(this.mistake, measured) : null;
    return html`<fieldset ?disabled=${Boolean(measured)}>
        <legend>What will happen?</legend>
        <p>${why} ${question}</p>
        ${choices.map(
          ({ text }, i) => html`<label class=${came === i ? "true" : ""}>
          <input type="radio" name="choice" .checked=${this.guess === i}
            @change=${() => this.typed.predict(i)}>
          <span>${text} ${this.mark(i, came)}</span></label>`,
        )}
        ${
          measured
            ? nothing
            : html`<div class="row"><button class="primary"
          aria-disabled=${String(this.guess === null)} @click=${this.press}>Run it and see</button></div>`
        }
      </fieldset>
      <div role="status">${
        measured
          ? this.outcome(came, measured)
          : this.measureError
            ? html`<p class="outcome not">${this.measureError}</p>`
            : nothing
      }</div>`;
  }

  press() {
    if (this.guess !== null) this.typed.tryOut();
  }

  outcome(came, measured) {
    const isWrong = this.guess !== null && this.guess !== came;
    const verdict = isWrong ? "It turned out differently." : "You predicted it.";
    return html`<p class=${`outcome ${isWrong ? "not" : ""}`}>${this.guess === null ? "" : verdict}
      ${this.mistake.outcome(measured)} ${this.mistake.explanation}</p>`;
  }

  updated(changed) {
    if (changed.has("focusOn") && this.focusOn?.tag === this.localName) {
      this.renderRoot.querySelector("input").focus();
    }
  }

  mark(i, came) {
    if (came === i) {
      return html`<span class="mark">✓<span class="visually-hidden"> this came true</span></span>`;
    }
    if (came === null || this.guess !== i) return nothing;
    return html`<span class="mark not">✗<span class="visually-hidden"> this did not</span></span>`;
  }
}

customElements.define("guess-first", GuessFirst);
