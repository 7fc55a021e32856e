/**
 * <entropy-strips></entropy-strips>
 *
 * The mean attention entropy of each head at every sample, over the five prompts: one row per head; the
 * stronger the colour, the lower the entropy. Chooses a head.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { count } from "../../app/format.js";
import { headName } from "../../app/heads.js";
import { UserError } from "../../app/run.js";
import { PatientFigure } from "../../app/patient-figure.js";
import { nearest } from "../../app/step-scale.js";

class EntropyStrips extends PatientFigure {
  static share = { title: "How decided each head is", table: ({ data }) => data && numbers(data) };

  static properties = { head: { from: "store", type: String } };

  static styles = [
    PatientFigure.styles,
    css`
    .row { display: grid; grid-template-columns: 3em minmax(0, 1fr) 5em; gap: 8px; width: 100%;
           align-items: center; padding: 2px 0; background: none; border: 0; cursor: pointer;
           text-align: left; border-radius: 6px; }
    .row:hover .strip { box-shadow: inset 0 0 0 1px var(--accent); }
    .row[aria-pressed="true"] { font-weight: 600; box-shadow: 0 0 0 2px var(--accent); }
    .strip { position: relative; height: 14px; border-radius: 7px; overflow: hidden;
             box-shadow: inset 0 0 0 1px var(--line); }
    .strip i { position: absolute; top: 0; bottom: 0; }
    .strip .now { box-shadow: inset 0 0 0 2px var(--chosen); }
    .tokens { text-align: right; color: var(--muted); }
    .name { padding-left: 6px; }
    .layer + .layer { margin-top: 8px; }
    .caption { margin-top: 8px; }
  `,
  ];

  async load(run) {
    const { sampled } = await run.part("heads");
    if (!sampled) {
      throw new UserError("This run was exported before this figure existed.", run.command);
    }
    const { sampled_steps: steps, attention_entropy: entropy, uniform } = sampled;
    const belowUniform = entropy.map((one, i) =>
      one.map((layer) => layer.map((nats) => Math.max(0, uniform[i] - nats))),
    );
    const largest = Math.max(...belowUniform.flat(2)) || 1;
    const gradients = entropy[0].map((layer, l) =>
      layer.map((_, h) => gradient(belowUniform.map((one) => one[l][h] / largest))),
    );
    return { steps, entropy, uniform, gradients };
  }

  draw({ steps, entropy, uniform, gradients }) {
    const i = steps.indexOf(nearest(this.step, steps));
    const { n_layer, n_head } = this.run.manifest.settings;
    return html`${Array.from(
      { length: n_layer },
      (_, layer) =>
        html`<div class="layer">${Array.from({ length: n_head }, (_, head) =>
          this.row(
            headName(layer, head),
            steps,
            entropy.map((one) => one[layer][head]),
            gradients[layer][head],
            i,
          ),
        )}</div>`,
    )}
      <p class="caption">One row per head, from the first sample to the last, on the
        ${count(this.run.manifest.prompts.length)} prompts and what the model wrote after them: blank where
        it looks at all tokens equally; the strongest colour is the most decided of all. On the right, over
        how many equal tokens its attention is spread at step ${count(steps[i])}. A head that looks at all
        tokens equally: ${Math.exp(uniform[i]).toFixed(1)}.</p>`;
  }

  row(name, steps, nats, background, now) {
    const tokens = Math.exp(nats[now]).toFixed(1);
    const percentOf = (i) => `${(100 * i) / steps.length}%`;
    return html`<button class="row" aria-pressed=${String(name === this.head)}
      aria-label=${`Head ${name}: spread over ${Math.exp(nats[0]).toFixed(1)} tokens at step ${count(
        steps[0],
      )}, over ${Math.exp(nats.at(-1)).toFixed(1)} at step ${count(steps.at(-1))}; now ${tokens}`}
      @click=${() => this.store.set({ head: name })}>
      <span class="name">${name}</span>
      <span class="strip" style=${styleMap({ background })}><i class="now"
        style=${styleMap({ left: percentOf(now), width: percentOf(1) })}></i></span>
      <span class="tokens">${tokens}</span></button>`;
  }
}

/** The attention entropy of each head at each sample. */
function numbers({ steps, entropy, uniform }) {
  const names = entropy[0].flatMap((layer, l) => layer.map((_, h) => headName(l, h)));
  return [
    ["step", "entropy of equal attention (nats)", ...names.map((name) => `entropy of head ${name} (nats)`)],
    ...steps.map((step, i) => [step, uniform[i], ...entropy[i].flat()]),
  ];
}

/** Fractions side by side, from panel to accent, as a background: one element for each would be too many. */
function gradient(fractions) {
  const n = fractions.length;
  const stops = fractions.map(
    (fraction, i) =>
      `color-mix(in oklab, var(--accent) ${Math.round(
        100 * fraction,
      )}%, var(--panel)) ${(100 * i) / n}% ${(100 * (i + 1)) / n}%`,
  );
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

customElements.define("entropy-strips", EntropyStrips);
