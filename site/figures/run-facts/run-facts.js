/**
 * <run-facts></run-facts>
 *
 * What the page shows, in one sentence, and what it lacks.
 */
import { css, html } from "../../vendored/lit.js";
import { printable } from "../../app/command.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

class RunFacts extends Figure {
  static styles = [
    Figure.styles,
    css`
    p { color: var(--muted); max-width: 72ch; }
    code { font: 1em var(--mono); overflow-wrap: anywhere; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ name, settings: s, parameters, step, finished, corpus, missing }) {
    const state = finished
      ? `all of its ${count(s.steps)} steps`
      : `${count(step)} of ${count(s.steps)} steps so far; export it again to see more`;
    return html`<p>This run, “${printable(name)}”, has ${s.n_layer} layers of ${s.n_head} heads,
        ${count(parameters)} parameters and ${count(corpus.vocab_size)} different tokens. It was trained on
        ${count(corpus.train_characters)} characters (${s.dataset}), for ${state}.</p>
      ${Object.entries(missing).map(([part, reason]) => html`<p>Missing here: ${part}. ${reason}</p>`)}
      <p>Train your own: <code>python train.py</code>, then
        <code>python export_for_web.py --serve</code>.</p>`;
  }
}

customElements.define("run-facts", RunFacts);
