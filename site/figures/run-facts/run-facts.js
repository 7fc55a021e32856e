/**
 * <run-facts></run-facts>
 *
 * What the page shows, in one sentence, and what it lacks; and the code that trained it.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { printable } from "../../app/command.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, counted } from "../../app/format.js";
import { parentOf, stepCount } from "../../app/parent.js";

class RunFacts extends Figure {
  static properties = { code: { state: true }, codeError: { state: true } };

  static styles = [
    Figure.styles,
    css`
    details { margin-top: 8px; }
    summary { cursor: pointer; color: var(--accent); padding: 4px 0; width: fit-content; }
    pre { font: 400 0.8125rem/1.5 var(--mono); overflow: auto; max-height: 70vh; padding: 16px;
          color: var(--text); background: var(--panel); border: 1px solid var(--line);
          border-radius: 12px; margin: 8px 0; }
    @media print { details { display: none; } }
    p { color: var(--muted); max-width: 72ch; overflow-wrap: anywhere; }
    code { font: 1em var(--mono); overflow-wrap: anywhere; }
  `,
  ];

  load(run) {
    this.code = this.codeError = null;
    return run.manifest;
  }

  /** It is fetched only for those who open it. */
  async readCode(event) {
    const { run } = this;
    if (!event.target.open || this.code) return;
    try {
      const code = await run.part("code");
      if (run === this.run) this.code = code;
    } catch (error) {
      if (run === this.run) this.codeError = error;
    }
  }

  draw(manifest) {
    const { name, settings: s, parameters, step, finished, corpus, missing } = manifest;
    const parent = parentOf(manifest);
    const state = finished
      ? `all of its ${count(s.steps)} steps`
      : `${count(step)} of ${count(s.steps)} steps so far${this.run.isOfPage ? "" : "; export it again to see more"}`;
    const training = parent
      ? `It goes on from its parent, the run “${parent.name}”, after ${stepCount(parent.step)}: since then, it ` +
        "was"
      : "It was";
    return html`<p>This run, “${printable(name)}”, has ${counted(s.n_layer, "layer")} of ${counted(s.n_head, "head")},
        ${count(parameters)} parameters and ${count(corpus.vocab_size)} different tokens.
        ${training} trained on ${count(corpus.train_characters)} characters (${s.dataset}), for ${state}.</p>
      ${partsByReason(missing).map(([reason, parts]) => html`<p>Missing here: ${parts.join(", ")}. ${reason}</p>`)}
      <p>Train your own: <code>python train.py</code>, then
        <code>python export_for_web.py --serve</code>.</p>
      <details @toggle=${this.readCode}>
        <summary>The code that trained it</summary>
        ${this.codeError ? errorBox(this.codeError) : nothing}
        ${this.code ? codeOf(this.code) : nothing}
      </details>`;
  }
}

/** What is missing for the same reason stands together: [reason, parts]. */
function partsByReason(missing) {
  const found = new Map();
  for (const [part, reason] of Object.entries(missing))
    found.set(reason, [...(found.get(reason) ?? []), part]);
  return [...found];
}

/** train.py as it ran, and the reader's own head, if there is one. */
const codeOf = ({ from_run: isOfRun, sections, head }) => html`
  ${isOfRun ? nothing : html`<p>The run has no copy of its code: this is train.py as it is now.</p>`}
  ${listing("train.py", sections.map(({ lines }) => lines.join("\n")).join("\n"))}
  ${head ? listing("the head that it was trained with", head) : nothing}`;

const listing = (name, code) => html`<pre tabindex="0" role="region" aria-label=${name}>${code}</pre>`;

customElements.define("run-facts", RunFacts);
