/**
 * <side-heading></side-heading>
 *
 * The heading of one of two texts that are compared: what it is, such as "Step 300", and where it comes
 * from. With the attribute `second`, it is that of the other text.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { capitalized, count } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";

class SideHeading extends ForwardPassFigure {
  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; overflow-wrap: anywhere; }
    .caption { max-width: none; min-height: 1.5em; }
    @media (max-width: 640px) { .caption { min-height: 3em; } }
  `,
  ];

  /** What is wrong with a text is said in its place, under its name. */
  render() {
    if (!this.sides) return this.placeholder();
    const isKnown = [this.pass, this.otherPass].every((one) => one && !(one instanceof Error));
    return html`<h3>${capitalized(this.namedSides[0].name)}</h3>
      ${isKnown ? html`<p class="caption">${this.second ? this.written() : this.source()}</p>` : nothing}`;
  }

  /** Where the first of the two comes from. */
  source() {
    const { pass, step } = this;
    if (this.isTextAbove)
      return pass.isComputed ? "The text above." : "The text above, recorded during training.";
    return pass.isComputed
      ? `Written here with the weights of step ${count(pass.step)}.`
      : html`Recorded at step ${count(pass.step)}, the saved step nearest to step ${count(step)}.`;
  }

  /** How this page has written the other one. */
  written() {
    const { pass, otherPass: first } = this;
    const weights = pass.run.name === first.run.name ? "" : `the weights of step ${count(pass.step)} and `;
    const numbers = first.isComputed
      ? "the same random numbers"
      : `random numbers that give the recorded text ${this.sides[0].where}`;
    return `Written here with ${weights}${numbers}.`;
  }
}

customElements.define("side-heading", SideHeading);
