/**
 * <run-facts></run-facts>
 *
 * What the page shows, in one sentence, and what it lacks.
 */
import { css, html } from "../../vendored/lit.js";
import { printable } from "../../app/command.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { parentOf, stepCount } from "../../app/parent.js";

class RunFacts extends Figure {
  static styles = [
    Figure.styles,
    css`
    p { color: var(--muted); max-width: 72ch; overflow-wrap: anywhere; }
    code { font: 1em var(--mono); overflow-wrap: anywhere; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw(manifest) {
    const { name, settings: s, parameters, step, finished, corpus, missing } = manifest;
    const parent = parentOf(manifest);
    const state = finished
      ? `all of its ${count(s.steps)} steps`
      : `${count(step)} of ${count(s.steps)} steps so far; export it again to see more`;
    const training = parent
      ? `It goes on from its parent, the run “${parent.name}”, after ${stepCount(parent.step)}: since then, it ` +
        "was"
      : "It was";
    return html`<p>This run, “${printable(name)}”, has ${s.n_layer} layers of ${s.n_head} heads,
        ${count(parameters)} parameters and ${count(corpus.vocab_size)} different tokens.
        ${training} trained on ${count(corpus.train_characters)} characters (${s.dataset}), for ${state}.</p>
      ${Object.entries(missing).map(([part, reason]) => html`<p>Missing here: ${part}. ${reason}</p>`)}
      <p>Train your own: <code>python train.py</code>, then
        <code>python export_for_web.py --serve</code>.</p>`;
  }
}

customElements.define("run-facts", RunFacts);
