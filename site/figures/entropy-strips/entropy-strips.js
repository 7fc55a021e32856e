/**
 * <entropy-strips .run=${run} step="300" head="2.1"></entropy-strips>
 *
 * How widely each head looked at every look at the model, over the five prompts: a row for each
 * head, the stronger the green, the more it had made up its mind. Tells: "step" { step }, "head"
 * { head }.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { nearest, place } from "../../kit/axis.js";
import { count, heat } from "../../kit/words.js";

class EntropyStrips extends Figure {
  static properties = { head: { type: String } };

  static styles = [Figure.styles, css`
    .row { display: grid; grid-template-columns: 3em minmax(0, 1fr) 5em; gap: 8px; width: 100%;
           align-items: center; padding: 2px 0; background: none; border: 0; cursor: pointer;
           text-align: left; border-radius: 6px; }
    .row:hover .strip { box-shadow: inset 0 0 0 1px var(--moss); }
    .row[aria-pressed="true"] { font-weight: 600; box-shadow: 0 0 0 2px var(--moss); }
    .strip { position: relative; height: 14px; border-radius: 7px; overflow: hidden;
             box-shadow: inset 0 0 0 1px var(--line); }
    .strip i { position: absolute; top: 0; bottom: 0; }
    .strip .now { width: 2px; margin-left: -1px; background: var(--chosen); }
    .much { text-align: right; color: var(--muted); }
    .name { padding-left: 6px; }
    .layer + .layer { margin-top: 8px; }
    .caption { margin-top: 8px; }
  `];

  async load(run) {
    const { watched } = await run.part("heads");
    return watched;
  }

  draw({ steps, entropy, even }) {
    const i = steps.indexOf(nearest(this.step, steps)), { n_layer, n_head } = this.run.manifest.settings;
    return html`${Array.from({ length: n_layer }, (_, layer) => html`<div class="layer">${
      Array.from({ length: n_head }, (_, head) => this.row(`${layer}.${head}`, steps,
        entropy.map((one) => one[layer][head]), even, i))}</div>`)}
      <p class="caption">A row for each head, from the first look to the last: white where it looks at
        all tokens alike, green where it has made up its mind. On the right, at how many equal places it
        looks at step ${count(steps[i])}.</p>`;
  }

  row(name, steps, nats, even, now) {
    const last = Math.max(1, steps.length - 1), among = Math.exp(nats[now]).toFixed(1);
    const at = (step) => 100 * place(step, steps) / last;
    return html`<button class="row" aria-pressed=${String(name === this.head)}
      aria-label=${`Head ${name}: from ${Math.exp(nats[0]).toFixed(1)} equal places at step ${
        count(steps[0])} to ${Math.exp(nats.at(-1)).toFixed(1)} at step ${count(steps.at(-1))}; now ${among}`}
      @click=${() => this.tell("head", { head: name })}>
      <span class="name">${name}</span><span class="strip">${nats.map((one, i) => html`<i
        class=${heat(even ? 1 - one / even : 0)} style=${styleMap({
          left: `${Math.max(0, at(steps[i]) - 50 / last)}%`, width: `${100 / last + 0.2}%` })}></i>`)
      }<i class="now" style=${styleMap({ left: `${at(this.step)}%` })}></i></span>
      <span class="much">${among}</span></button>`;
  }
}

customElements.define("entropy-strips", EntropyStrips);
