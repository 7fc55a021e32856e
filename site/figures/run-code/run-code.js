/**
 * <run-code></run-code>
 *
 * The buttons under an editor. What was typed is deleted only when somebody has confirmed it.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";

class RunCode extends Figure {
  static properties = {
    busy: { from: "typed", type: Boolean },
    mistake: { from: "typed", attribute: false },
    name: { from: "typed", type: String }, // whose code it is
    isConfirming: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    :host { padding: 8px 0; }
    .stop { animation: 1ms 600ms backwards late; }
    @keyframes late { from { visibility: hidden; } }  /* not for what takes no time */
    @media (max-width: 640px) {
      :host(:not([idle])) { position: sticky; bottom: 0; z-index: 1; background: var(--panel);
              border-top: 1px solid var(--line); }
    }
  `,
  ];

  load() {
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("name")) this.isConfirming = false; // it was asked about other code
  }

  /** A famous mistake has a button of its own, beside its question: these need not stay on the screen. */
  updated() {
    this.toggleAttribute("idle", Boolean(this.mistake));
  }

  render() {
    return html`<div class="row">
      <button class="primary" aria-disabled=${String(Boolean(this.busy))}
        @click=${() => this.typed.tryOut()}>Run it</button>
      ${this.busy ? html`<button class="stop" @click=${this.stop}>Stop</button>` : nothing}
      ${
        this.isConfirming
          ? html`<div class="row" role="group" aria-labelledby="question">
          <span id="question">Delete what you did here?</span>
          <button @click=${this.reset}>Delete it</button>
          <button id="cancel" @click=${this.cancel}>Keep it</button></div>`
          : html`<button id="reset" @click=${this.confirm}>Start over</button>`
      }</div>`;
  }

  stop() {
    this.typed.stop();
    this.renderRoot.querySelector(".primary").focus(); // the button for stopping goes away
  }

  async confirm() {
    this.isConfirming = true;
    await this.updateComplete;
    this.renderRoot.querySelector("#cancel").focus();
  }

  async cancel() {
    this.isConfirming = false;
    await this.updateComplete;
    this.renderRoot.querySelector("#reset").focus();
  }

  reset() {
    this.isConfirming = false;
    this.typed.reset();
  }
}

customElements.define("run-code", RunCode);
