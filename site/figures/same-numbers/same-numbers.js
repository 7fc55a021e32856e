/**
 * <same-numbers .run=${run} step="300"></same-numbers>
 *
 * Whether the model in the page computes what PyTorch computed from the same weights: the largest
 * difference between their logits, for the text in check.json.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure, trouble } from "../../kit/figure.js";
import { LiveModel, keptStep, somebody } from "../../kit/model.js";
import { Trouble } from "../../kit/run.js";
import { count } from "../../kit/words.js";

class SameNumbers extends Figure {
  static properties = { found: { state: true } };  // { run, step, gap } or { run, step, error }

  static styles = [Figure.styles, css`
    p { color: var(--muted); max-width: 72ch; min-height: 3em; }
    b { color: var(--moss); font-weight: 600; }
  `];

  load(run) {
    return run.part("check");
  }

  updated(changed) {
    if (!this.data || !["data", "step"].some((name) => changed.has(name))) return;
    const { run } = this, step = keptStep(run, this.step);
    if (this.found?.run !== run || this.found.step !== step) this.compute(run, step);
  }

  async compute(run, step) {
    const isNow = () => run === this.run && step === keptStep(run, this.step);
    await somebody;
    if (!isNow()) return;
    try {
      const logits = await run.logits(step);
      const gap = await new LiveModel(run, step).gap(this.data.ids, logits);
      if (isNow()) this.found = { run, step, gap, n: logits.length };
    } catch (error) {
      if (isNow()) this.found = { run, step, error };
    }
  }

  draw({ ids, tolerance }) {
    const { found, run } = this;
    if (found?.run !== run) return html`<p aria-busy="true">…</p>`;
    if (found.error) return trouble(found.error);
    const { gap, step, n } = found;
    if (!(gap <= tolerance)) {
      return trouble(new Trouble(`At step ${count(step)}, this page does not compute the same numbers
        as PyTorch: a logit differs by ${gap}, but only ${tolerance} is allowed.`, run.command));
    }
    return html`<p><b>✓ This page computes the same numbers as PyTorch.</b> Of the ${count(n)} logits after the
      first ${ids.length} tokens of prompt 1, with the weights of step ${count(step)}, none differs by
      more than ${gap.toFixed(7)}.</p>`;
  }
}

customElements.define("same-numbers", SameNumbers);
