/**
 * <before-after></before-after>
 *
 * The first prompt, as the model continued it before it had learned anything, and at the end. A run that
 * goes on from another one is shown beside that one, its parent, with any of the prompts.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, duration, inText } from "../../app/format.js";
import { parentOf, stepCount } from "../../app/parent.js";

class BeforeAfter extends Figure {
  static properties = { prompt: { from: "store", type: Number } };

  static styles = [
    Figure.styles,
    controls,
    css`
    label { margin-bottom: 16px; width: fit-content; max-width: 100%; white-space: nowrap; }
    select { min-width: 0; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px 32px; }
    figure { margin: 0; border-left: 3px solid var(--line); padding-left: 16px; }
    figure:last-child { border-color: var(--accent); }
    figcaption { color: var(--muted); overflow-wrap: anywhere; }
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
    const parent = parentOf(this.run.manifest);
    const prompt = parent ? this.prompt : 0;
    const beginning = parent
      ? `the parent, “${parent.name}”, which has learned for ${stepCount(parent.step)}`
      : `all ${count(this.run.manifest.parameters)} numbers are random`;
    const later = `${parent ? "the child, " : ""}${duration(seconds)} later`;
    return html`${parent ? this.chooser() : nothing}<div class="pair">
      ${this.continuation(first, `Step ${first.step}: ${beginning}`, prompt)}
      ${this.continuation(last, `Step ${count(last.step)}${parent ? ":" : ","} ${later}`, prompt)}</div>`;
  }

  chooser() {
    return html`<label>Both continue
      <select @change=${({ target }) => this.store.set({ prompt: target.selectedIndex })}>
        ${this.run.manifest.prompts.map(
          (prompt, i) => html`<option .selected=${i === this.prompt}>${inText(prompt)}</option>`,
        )}</select></label>`;
  }

  continuation(sample, when, prompt) {
    const text = sample.continuations[prompt].ids.map((id) => inText(this.run.vocab[id])).join("");
    return html`<figure><figcaption>${when}</figcaption>
      <blockquote dir="auto"><span class="prompt">${inText(
        this.run.manifest.prompts[prompt],
      )}</span>${text}…</blockquote>
    </figure>`;
  }
}

customElements.define("before-after", BeforeAfter);
