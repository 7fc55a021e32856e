/**
 * <model-without of="positions"> <template data-words>…</template> </model-without>
 *
 * The model as it is, and without a part of it: its loss on a text that it has never seen, and what it writes.
 * `of`: "positions" or "residual", see GPT.intervene. Its words stand in the page.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { inText } from "../../app/format.js";
import { tokenizerOf } from "../../app/forward-pass.js";
import { surprise } from "../../app/guesses.js";
import { LiveFigure } from "../../app/live-figure.js";
import { END } from "../../engine/tokenizer.js";

const INTERVENTIONS = { positions: { positions: "none" }, residual: { residual: false } };
const LITTLE = 0.05; // of what it has learned
const LEAST = 2 ** -140; // the smallest probability that is not rounded to 0, about

class ModelWithout extends LiveFigure {
  static properties = { of: {} };

  static styles = [
    LiveFigure.styles,
    controls,
    css`
    .bars { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content; gap: 8px 12px; margin: 8px 0 16px; }
    .track { background: var(--background); border-radius: 4px; overflow: hidden; box-shadow: inset 0 0 0 1px var(--line); }
    .track i { display: block; height: 100%; min-height: 20px; background: var(--accent); }
    .without .track i { background: var(--value); } .blind .track i { background: var(--muted); }
    .bar { display: contents; }
    .bar b { text-align: right; justify-self: end; }
    .texts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px 32px; }
    .lost { margin-bottom: 16px; max-width: 66ch; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .story { font: 400 1.0625rem/1.5 var(--serif); overflow-wrap: anywhere; white-space: pre-wrap; min-height: 7.5em; }
    .story span { color: var(--muted); }
    @media (max-width: 700px) {
      .texts { grid-template-columns: minmax(0, 1fr); }
      .bars { grid-template-columns: minmax(0, 1fr) max-content; }
      .bars .track { grid-row: auto; grid-column: 1 / -1; order: 1; }
      .bar { display: grid; grid-template-columns: subgrid; grid-column: 1 / -1; gap: 2px 12px; }
    }
    @media (forced-colors: active) { .track i { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  constructor() {
    super();
    this.of = "positions";
  }

  async compute(model, signal) {
    const intervention = INTERVENTIONS[this.of];
    const { held_out: heldOut } = await this.run.part("check").catch(() => ({ held_out: null }));
    const ids = (heldOut?.ids ?? this.pass.ids).slice(0, this.run.manifest.settings.n_ctx);
    const bits = [];
    const texts = [];
    for (const one of [undefined, intervention]) {
      const { p } = await model.score(ids, { intervention: one, signal });
      bits.push(p.reduce((sum, value) => sum + surprise(Math.max(LEAST, value)), 0) / Math.max(1, p.length));
      texts.push(await this.write(model, one, signal));
    }
    return { bits, texts, isHeldOut: Boolean(heldOut), blind: Math.log2(this.run.vocab.length) };
  }

  /** How the model goes on, with the same random numbers each time. */
  async write(model, intervention, signal) {
    const { ids, promptLength, temperature, run } = this.pass;
    const tokens = [];
    const request = {
      ids: ids.slice(0, promptLength),
      sampling: { temperature },
      seed: 1,
      tokens: run.manifest.settings.sample_tokens,
      end: tokenizerOf(run).end,
      intervention,
    };
    await model.generate(request, { signal, onProgress: (some) => tokens.push(...some) });
    return tokens.map(({ id }) => run.vocab[id]);
  }

  /** Which sentence is true of what is lost: of all that the model has learned, a little, much, or more than all. */
  verdict([whole, without], blind) {
    if (whole > (1 - LITTLE) * blind) return "lost-little"; // it has learned too little to lose any
    if (without > blind) return "lost-all";
    return without - whole > LITTLE * (blind - whole) ? "lost-much" : "lost-little";
  }

  drawFound({ bits, texts, isHeldOut, blind, pass }) {
    const most = Math.max(...bits, blind);
    const names = ["with", "without", "blind"];
    const prompt = pass.ids
      .slice(0, pass.promptLength)
      .map((id) => pass.vocab[id])
      .filter((token) => token !== END);
    return html`<p>${this.say(isHeldOut ? "held-out" : "own-text")}</p>
      <div class="bars" role="group" aria-label=${this.say("bars")}>${[...bits, blind].map(
        (one, i) =>
          html`<div class="bar ${names[i]}"><span>${this.say(names[i])}</span><span class="track" aria-hidden="true"><i
            style=${styleMap({ width: `${(100 * one) / most}%` })}></i></span><b>${this.say("bits", {
              bits: one.toFixed(2),
            })}</b></div>`,
      )}</div>
      ${this.of === "positions" ? html`<p class="lost">${this.say(this.verdict(bits, blind))}</p>` : nothing}
      <div class="texts">${texts.map(
        (tokens, i) =>
          html`<div><h3>${this.say(`writes-${names[i]}`)}</h3><p class="story" dir="auto"><span>${prompt.join(
            "",
          )}</span>${tokens.map(inText).join("")}</p></div>`,
      )}</div>`;
  }
}

customElements.define("model-without", ModelWithout);
