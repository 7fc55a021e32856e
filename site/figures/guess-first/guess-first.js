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
    result: { from: "typed", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    [role="status"] { margin-bottom: 16px; }
    fieldset { border: 1px solid var(--line); border-radius: 8px; padding: 4px 16px 12px; margin: 0; }
    legend { font-weight: 600; padding: 0 4px; }
    label { align-items: baseline; padding: 4px 0; color: var(--text); cursor: pointer; }
    input { accent-color: var(--accent); flex: none; }
    .row { margin-top: 4px; }
    .true { font-weight: 600; }
    .mark { color: var(--accent); font-weight: 700; }
    .mark.not { color: var(--warning); }
    .outcome { margin: 8px 0 0; border-left: 4px solid var(--accent); padding-left: 12px; }
    @media print { .row { display: none; } }
    .outcome.not { border-color: var(--warning); }
  `,
  ];

  load() {
    return true;
  }

  render() {
    return this.mistake ? this.question(this.mistake) : nothing;
  }

  question({ name, question, why, choices }) {
    const { measured } = this;
    const came = measured ? cameTrue(this.mistake, measured) : null;
    return html`<fieldset ?disabled=${Boolean(measured)} aria-describedby="question">
        <legend>${name}</legend>
        <p id="question">${why} ${question}</p>
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
      ${measured && this.isAwaited ? this.outcome(came, measured) : nothing}
      <div role="status">${
        measured && !this.isAwaited
          ? this.outcome(came, measured)
          : this.measureError
            ? html`<p class="outcome not">${this.measureError}</p>`
            : nothing
      }</div>`;
  }

  press() {
    if (this.guess !== null) this.typed.tryOut({ awaits: "outcome" });
  }

  /** Whether somebody pressed the button here: what came true gets the focus, and is not announced as well. */
  get isAwaited() {
    return this.result?.awaits === "outcome";
  }

  outcome(came, measured) {
    const isWrong = this.guess !== null && this.guess !== came;
    const verdict = isWrong ? "It turned out differently." : "You predicted it.";
    return html`<p class=${`outcome ${isWrong ? "not" : ""}`} tabindex="-1">${this.guess === null ? "" : verdict}
      ${this.mistake.outcome(measured)} ${this.mistake.explanation}</p>`;
  }

  updated(changed) {
    if (changed.has("focusOn") && this.focusOn?.tag === this.localName) {
      this.renderRoot.querySelector("input").focus();
    }
    // The button is gone: who pressed it goes on reading here.
    if (changed.has("measured") && this.measured && this.isAwaited) {
      this.renderRoot.querySelector(".outcome").focus();
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
