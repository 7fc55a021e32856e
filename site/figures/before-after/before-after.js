/**
 * <before-after></before-after>
 *
 * A run that goes on from another one, beside that one, its parent: how both continue a prompt. Of other runs
 * it shows nothing: their film begins with random numbers.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, duration, inText, isCut } from "../../app/format.js";
import { parentOf, stepCount } from "../../app/parent.js";

class BeforeAfter extends Figure {
  static share = {
    title: "Before and after",
    table: ({ run, data, prompt }) => data?.samples && numbers(run, data, prompt),
  };

  static properties = { prompt: { from: "store", type: Number } };

  static styles = [
    Figure.styles,
    controls,
    css`
    :host([hidden]) { display: none; }
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
    if (!parentOf(run.manifest)) return {};
    const [{ samples }, log] = await Promise.all([run.part("samples"), run.part("log")]);
    return { samples, seconds: run.manifest.metrics?.seconds ?? log.seconds.at(-1) ?? 0 };
  }

  updated() {
    this.hidden = !this.renderRoot.querySelector(".pair, .error"); // it takes no place if it has nothing to say
  }

  draw({ samples, seconds }) {
    const parent = parentOf(this.run.manifest);
    if (!parent) return nothing;
    const first = samples[0];
    const last = samples.at(-1);
    const beginning = `the parent, “${parent.name}”, which has learned for ${stepCount(parent.step)}`;
    return html`${this.chooser()}<div class="pair">
      ${this.continuation(first, `Step ${first.step}: ${beginning}`)}
      ${this.continuation(last, `Step ${count(last.step)}: the child, ${duration(seconds)} later`)}</div>`;
  }

  chooser() {
    return html`<label>Both continue
      <select @change=${({ target }) => this.store.set({ prompt: target.selectedIndex })}>
        ${this.run.manifest.prompts.map(
          (prompt, i) => html`<option .selected=${i === this.prompt}>${inText(prompt)}</option>`,
        )}</select></label>`;
  }

  continuation(sample, when) {
    const { prompt } = this;
    const tokens = sample.continuations[prompt].ids.map((id) => this.run.vocab[id]);
    return html`<figure><figcaption>${when}</figcaption>
      <blockquote dir="auto"><span class="prompt">${inText(
        this.run.manifest.prompts[prompt],
      )}</span>${tokens.map(inText).join("")}${isCut(tokens) ? "…" : ""}</blockquote>
    </figure>`;
  }
}

function numbers({ vocab, manifest: { prompts } }, { samples }, prompt) {
  return [
    ["step", "prompt", "number", "token", "id", "probability"],
    ...[samples[0], samples.at(-1)].flatMap(({ step, continuations }) => {
      const { ids, p } = continuations[prompt];
      return ids.map((id, i) => [step, prompts[prompt], i + 1, vocab[id], id, p[i]]);
    }),
  ];
}

customElements.define("before-after", BeforeAfter);
