/**
 * <loss-diff></loss-diff>
 *
 * Whether two runs that are compared at their ends have losses that can be told apart, or that differ no more
 * than seeds explain. Nothing is shown where that is unknown.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { compareLosses } from "../../app/seed-band.js";

class LossDiff extends ForwardPassFigure {
  static styles = [ForwardPassFigure.styles, css`:host([hidden]) { display: none; }`];

  updated() {
    this.hidden = !this.renderRoot.querySelector("p"); // it takes no place if it has nothing to say
  }

  /** What is wrong with one of the two is said where its text would be. */
  render() {
    return this.isReady ? super.render() : nothing;
  }

  draw() {
    const { pass, otherPass } = this;
    // Their losses are known at the end, and only there.
    if (![pass, otherPass].every(({ run, step }) => step === run.manifest.step)) return nothing;
    const compared = pass.run.name === otherPass.run.name ? null : compareLosses(pass.run, otherPass.run);
    return compared ? html`<p>${sentence(compared, this.sides)}</p>` : nothing;
  }
}

/** What compareLosses has found, in words. */
function sentence({ losses, difference, width, isDistinguishable }, sides) {
  const [one, other] = losses.map((loss, i) => `${loss.toFixed(4)} (${sides[i].name})`);
  const subject = `Their losses on unseen text, ${one} and ${other} nats per token,`;
  const seeds = `runs that differ only in their seed lie ${twoDigits(width)} apart`;
  return isDistinguishable
    ? `${subject} differ by ${twoDigits(difference)}, which is more than seeds explain (${seeds}).`
    : `${subject} cannot be told apart: ${seeds}, and two of them may differ by up to three times that.`;
}

/** 0.00449 -> "0.0045": a difference of losses may be small. */
const twoDigits = (difference) => String(Number(difference.toPrecision(2)));

customElements.define("loss-diff", LossDiff);
