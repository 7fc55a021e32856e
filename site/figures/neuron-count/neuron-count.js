/**
 * <neuron-count> <template data-words>…</template> </neuron-count>
 *
 * All neurons of a layer at the chosen token, each a cell that can be counted: how active it is, how far it raises the
 * token that came next, and what that token's probability would be without it. Its words stand in the page.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { colormapsOf } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { precisePercent } from "../../app/format.js";
import { decimals } from "../../app/live-figure.js";
import { PartsFigure } from "../../app/parts-figure.js";
import { softmax } from "../../engine/kernel.js";

const ACTIVE = 0.1; // GELU of what is clearly above 0
const COLUMNS = 32;
const CELL = 16; // pixels of the canvas
const FAINTEST = 30; // of a colormap: a neuron that does nothing is seen, too

class NeuronCount extends PartsFigure {
  static properties = {
    neuron: { state: true }, // the chosen one
  };

  static styles = [
    PartsFigure.styles,
    controls,
    css`
    .choose { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-bottom: 8px; align-items: center; }
    label { color: var(--text); } input { accent-color: var(--accent); height: 32px; flex: 1; min-width: 8em; }
    .all { position: relative; }
    canvas { display: block; width: 100%; image-rendering: pixelated; cursor: crosshair; border-radius: 4px;
             box-shadow: 0 0 0 1px var(--line); }
    .frame { position: absolute; width: calc(100% / 32); aspect-ratio: 1; border: 3px solid var(--chosen); border-radius: 3px;
             pointer-events: none; }
    .which { margin: 8px 0; }
    .buttons button { min-height: 36px; padding: 4px 14px; }
    .count { margin-bottom: 8px; }
    .result { display: grid; align-content: start; gap: 4px; margin-top: 8px; max-width: 66ch; min-height: 6em; }
  `,
  ];

  constructor() {
    super();
    this.neuron = null;
  }

  choices() {
    return [...super.choices(), this.neuron];
  }

  /** What each neuron does; and the probability of the next token with the chosen one, and without it. */
  async compute(model, signal) {
    const found = await super.compute(model, signal);
    const { effects } = found.neurons;
    const best = effects.reduce((a, value, i) => (value > effects[a] ? i : a), 0);
    const neuron = Math.min(this.neuron ?? best, effects.length - 1);
    const ids = this.pass.ids.slice(0, this.shownNext);
    const intervention = { neurons: [`${this.shownLayer}.${neuron}`] };
    const without = softmax(await model.nextLogits(ids, { intervention, signal }))[this.nextId];
    return { ...found, best, neuron, layer: this.shownLayer, without };
  }

  drawFound({ neurons, best, neuron, p, without, layer }) {
    const { activations, effects } = neurons;
    const active = activations.filter((value) => value > ACTIVE).length;
    const silent = activations.reduce(
      (a, value, i) => (Math.abs(value) < Math.abs(activations[a]) ? i : a),
      0,
    );
    const said = {
      n: activations.length,
      active,
      layer: String(layer),
      last: this.tokenName(this.shownNext - 1),
      next: this.tokenName(this.shownNext),
      neuron: `${layer}.${neuron}`,
      activation: decimals(activations[neuron]),
      effect: decimals(effects[neuron]),
      p: precisePercent(p),
      without: precisePercent(without),
    };
    return html`<div class="choose">${this.layers()}</div>
      <p class="count">${this.say("count", said)}</p>
      <div class="all"><canvas role="img" aria-label=${this.say("about-cells", said)} @pointerdown=${this.point}></canvas><div class="frame"
        style=${styleMap({ left: `${(100 * (neuron % COLUMNS)) / COLUMNS}%`, top: `${(100 * Math.floor(neuron / COLUMNS)) / Math.ceil(activations.length / COLUMNS)}%` })}></div></div>
      <label class="which">${this.say("neuron")} <input type="range" min="0" max=${
        activations.length - 1
      } .value=${String(neuron)} @input=${(event) => {
        this.neuron = Number(event.target.value);
      }}><output>${neuron}</output></label>
      <div class="buttons row">${this.button("strongest", best, neuron)} ${this.button("silent", silent, neuron)}</div>
      <div class="result" role="status"><p>${this.say("chosen", said)}</p><p>${this.say("without", said)}</p></div>`;
  }

  layers() {
    const { n_layer } = this.run.manifest.settings;
    return html`<label>${this.say("layer")} <select @change=${(event) => {
      this.layer = Number(event.target.value);
      this.neuron = null;
    }}>${Array.from(
      { length: n_layer },
      (_, layer) => html`<option value=${layer} .selected=${layer === this.shownLayer}>${layer}</option>`,
    )}</select></label>`;
  }

  button(key, which, neuron) {
    return html`<button aria-pressed=${String(which === neuron)} @click=${() => {
      this.neuron = which;
    }}>${this.say(key)}</button>`;
  }

  point({ offsetX, offsetY, target }) {
    const size = target.clientWidth / COLUMNS;
    const neuron = Math.floor(offsetY / size) * COLUMNS + Math.floor(offsetX / size);
    this.neuron = Math.max(0, Math.min(this.found.neurons.activations.length - 1, neuron));
  }

  updated(changed) {
    super.updated(changed);
    const canvas = this.renderRoot.querySelector("canvas");
    if (canvas && this.found) drawCells(canvas, this.found.neurons.activations, colormapsOf(this));
  }
}

/** A square for each neuron, with a gap, so that they can be counted. */
function drawCells(canvas, activations, { positive, negative }) {
  const rows = Math.ceil(activations.length / COLUMNS);
  Object.assign(canvas, { width: COLUMNS * CELL, height: rows * CELL });
  const image = new ImageData(COLUMNS * CELL, rows * CELL);
  const pixels = new Uint32Array(image.data.buffer);
  const most = activations.reduce((a, value) => Math.max(a, Math.abs(value)), 1e-9);
  activations.forEach((value, i) => {
    const strength = Math.sqrt(Math.abs(value) / most);
    const color = (value < 0 ? negative : positive)[FAINTEST + Math.round((255 - FAINTEST) * strength)];
    const left = (i % COLUMNS) * CELL;
    const top = Math.floor(i / COLUMNS) * CELL;
    for (let y = top; y < top + CELL - 1; y++) {
      pixels.fill(color, y * image.width + left, y * image.width + left + CELL - 1);
    }
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

customElements.define("neuron-count", NeuronCount);
