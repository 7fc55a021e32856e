/**
 * <run-scale></run-scale>
 *
 * What one has to know before reading anything that the model writes: what it has read, what it can do with
 * that, and how small it is.
 */
import { css, html } from "../../vendored/lit.js";
import { printable } from "../../app/command.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { rounded, timesAsMany, whatItRead } from "../../app/scale.js";

class RunScale extends Figure {
  static styles = [
    Figure.styles,
    css`p { max-width: 66ch; color: var(--muted); font-variant-numeric: normal; text-wrap: pretty; overflow-wrap: anywhere; }`,
  ];

  load(run) {
    return run.manifest;
  }

  draw(manifest) {
    return html`<p>This model has read nothing but ${whatItRead(manifest)}. ${ability(manifest.speakers)} It
      consists of ${count(rounded(manifest.parameters))} numbers, its parameters; large chatbots have hundreds
      of billions or more, about ${timesAsMany(manifest.parameters)}.</p>`;
  }
}

const ability = (speakers) =>
  speakers
    ? `It answers as ${printable(speakers[1])} does in them, and knows nothing else.`
    : "It continues a text; it does not answer questions.";

customElements.define("run-scale", RunScale);
