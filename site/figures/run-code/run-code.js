/**
 * <run-code busy></run-code>
 *
 * The buttons under an editor. Emits: "try" {}, "reset" {}, the latter only when somebody has confirmed it.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../kit/controls.js";
import { Figure } from "../../kit/figure.js";

class RunCode extends Figure {
  static properties = { busy: { type: Boolean }, asking: { state: true } };

  static styles = [Figure.styles, controls, css`
    :host { padding: 8px 0; }
    @media (max-width: 640px) {
      :host { position: sticky; bottom: 0; z-index: 1; background: var(--panel);
              border-top: 1px solid var(--line); }
    }
  `];

  load() {
    return true;
  }

  render() {
    return html`<div class="row">
      <button class="first" aria-disabled=${String(Boolean(this.busy))}
        @click=${() => this.tell("try")}>Run it</button>
      ${this.asking ? html`<span>Delete what you typed here?</span>
          <button @click=${this.reset}>Delete it</button>
          <button id="keep" @click=${this.keep}>Keep it</button>`
        : html`<button id="reset" @click=${this.ask}>Start over</button>`}</div>`;
  }

  async ask() {
    this.asking = true;
    await this.updateComplete;
    this.renderRoot.querySelector("#keep").focus();
  }

  async keep() {
    this.asking = false;
    await this.updateComplete;
    this.renderRoot.querySelector("#reset").focus();
  }

  reset() {
    this.asking = false;
    this.tell("reset");
  }
}

customElements.define("run-code", RunCode);
