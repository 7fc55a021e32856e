/**
 * <way-chooser></way-chooser>
 *
 * How a head is written: lines to put in order, blanks to fill, or an empty body. What it says stands in the page.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { WAYS } from "../../exercise/ways.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { wordsOf } from "../../app/page-words.js";

class WayChooser extends Figure {
  static properties = {
    way: { from: "typed", attribute: false },
    mistake: { from: "typed", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .row { gap: 8px; }
    .caption { margin-top: 8px; }
    @media (max-width: 640px) { button { padding: 4px 10px; } }
    @media print { :host { display: none; } }
  `,
  ];

  connectedCallback() {
    super.connectedCallback();
    this.say = wordsOf(this);
  }

  load() {
    return true;
  }

  choose(way) {
    this.typed.edit({ way });
    this.store.set({ way });
  }

  render() {
    const { say } = this;
    if (this.mistake || !this.way) return nothing;
    return html`<div class="row" role="group" aria-label=${say("ways")}>
        ${WAYS.map(
          (way) =>
            html`<button aria-pressed=${String(this.way === way)} @click=${() => this.choose(way)}>${say(way)}</button>`,
        )}</div>
      ${this.way === "empty" ? nothing : html`<p class="caption">${say(`about-${this.way}`)}</p>`}`;
  }
}

customElements.define("way-chooser", WayChooser);
