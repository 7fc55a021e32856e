/**
 * <before-after></before-after>
 *
 * The first prompt, as the model continued it before it had learned anything, and at the end.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { count, duration, inText } from "../../app/format.js";

class BeforeAfter extends Figure {
  static styles = [
    Figure.styles,
    css`
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px 32px; }
    figure { margin: 0; border-left: 3px solid var(--line); padding-left: 16px; }
    figure:last-child { border-color: var(--accent); }
    figcaption { color: var(--muted); }
    blockquote { margin: 0; font: 400 1.1875rem/1.5 var(--serif); overflow-wrap: anywhere; }
    .prompt { color: var(--muted); }
    @media (max-width: 640px) { .pair { grid-template-columns: 1fr; } }
  `,
  ];

  async load(run) {
    const [{ samples }, log] = await Promise.all([run.part("samples"), run.part("log")]);
    return { samples, seconds: run.manifest.metrics?.seconds ?? log.seconds.at(-1) ?? 0 };
  }

  draw({ samples, seconds }) {
    const first = samples[0];
    const last = samples.at(-1);
    return html`<div class="pair">
      ${this.continuation(
        first,
        `Step ${first.step}: all ${count(this.run.manifest.parameters)} ` + "numbers are random",
      )}
      ${this.continuation(last, `Step ${count(last.step)}, ${duration(seconds)} later`)}</div>`;
  }

  continuation(sample, when) {
    const text = sample.continuations[0].ids.map((id) => inText(this.run.vocab[id])).join("");
    return html`<figure><figcaption>${when}</figcaption>
      <blockquote dir="auto"><span class="prompt">${inText(
        this.run.manifest.prompts[0],
      )}</span>${text}…</blockquote>
    </figure>`;
  }
}

customElements.define("before-after", BeforeAfter);
