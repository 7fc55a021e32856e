/**
 * <parity-check></parity-check>
 *
 * Whether the model in the page computes what PyTorch computed from the same weights: the largest
 * difference between their logits, for the text in check.json.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { firstInteraction } from "../../app/interaction.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { UserError } from "../../app/run.js";

// Milliseconds after the last step: while somebody scrubs, no weights are fetched for this alone.
const REST = 300;

class ParityCheck extends Figure {
  static properties = { result: { state: true } }; // { run, step, maxAbsDiff } or { run, step, error }

  static styles = [
    Figure.styles,
    css`
    p { color: var(--muted); max-width: 72ch; min-height: 3em; }
    b { color: var(--accent); font-weight: 600; }
  `,
  ];

  load(run) {
    return run.part("check");
  }

  updated(changed) {
    if (!this.data || !["data", "step"].some((name) => changed.has(name))) return;
    const { run } = this;
    const step = nearestSnapshot(run, this.step);
    if (this.result?.run !== run || this.result.step !== step) this.compute(run, step);
  }

  async compute(run, step) {
    const isCurrent = () => run === this.run && step === nearestSnapshot(run, this.step);
    await firstInteraction;
    await new Promise((resolve) => setTimeout(resolve, REST));
    if (!isCurrent()) return;
    try {
      const logits = await run.logits(step);
      const maxAbsDiff = await new LiveModel(run, step).maxAbsDiff(this.data.ids, logits);
      if (isCurrent()) this.result = { run, step, maxAbsDiff, n: logits.length };
    } catch (error) {
      if (isCurrent()) this.result = { run, step, error };
    }
  }

  draw({ ids, tolerance }) {
    const { result, run } = this;
    if (result?.run !== run) return html`<p aria-busy="true">…</p>`;
    if (result.error) return errorBox(result.error);
    const { maxAbsDiff, step, n } = result;
    if (!(maxAbsDiff <= tolerance)) {
      return errorBox(
        new UserError(
          `At step ${count(step)}, this page does not compute the same numbers
        as PyTorch: a logit differs by ${maxAbsDiff}, but only ${tolerance} is allowed.`,
          run.command,
        ),
      );
    }
    return html`<p><b>✓ This page computes the same numbers as PyTorch.</b> It read the first ${ids.length} tokens
      of prompt 1 with the weights of step ${count(step)}, and gave a score, a logit, to each of its ${count(n)} tokens.
      Of these, none differs by more than ${maxAbsDiff.toFixed(7)}.</p>`;
  }
}

customElements.define("parity-check", ParityCheck);
