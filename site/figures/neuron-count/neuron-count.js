/**
 * <neuron-count> <template data-words>…</template> </neuron-count>
 *
 * All neurons of a layer at the chosen token, each a cell that can be counted: how active it is, how far it raises the
 * token that came next, and what that token's probability would be without it. Its words stand in the page.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { colormapsOf } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { decimals, finePercent } from "../../app/decimals.js";
import { PartsFigure, tokenButtons } from "../../app/parts-figure.js";
import { softmax } from "../../engine/kernel.js";

const ACTIVE = 0.1; // GELU of what is clearly above 0
const COLUMNS = 32;
const CELL = 16; // pixels of the canvas
const SAMPLE = 170; // a color of those in between
const FAINTEST = 30; // of a colormap: a neuron that does nothing is seen, too

class NeuronCount extends PartsFigure {
  static properties = {
    neuron: { state: true }, // a number, or "silent"; null: the one that raises the next token most
  };

  static styles = [
    PartsFigure.styles,
    controls,
    tokenButtons,
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
    .legend { display: flex; gap: 16px; } .legend i { display: inline-block; width: 14px; height: 14px; margin-right: 6px;
             border-radius: 2px; vertical-align: -2px; forced-color-adjust: none; }
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
    const { activations, effects } = found.neurons;
    const best = effects.reduce((a, value, i) => (value > effects[a] ? i : a), 0);
    const silent = activations.reduce(
      (a, value, i) => (Math.abs(value) < Math.abs(activations[a]) ? i : a),
      0,
    );
    const chosen = this.neuron === "silent" ? silent : (this.neuron ?? best);
    const neuron = Math.min(chosen, effects.length - 1);
    const ids = this.pass.ids.slice(0, this.shownNext);
    const intervention = { neurons: [`${this.shownLayer}.${neuron}`] };
    const without = softmax(await model.nextLogits(ids, { intervention, signal }))[this.nextId];
    return { ...found, best, silent, neuron, layer: this.shownLayer, without };
  }

  drawFound({ neurons, next, best, silent, neuron, p, without, layer }) {
    const { activations, effects } = neurons;
    const active = activations.filter((value) => value > ACTIVE).length;
    const said = {
      n: activations.length,
      active,
      layer: String(layer),
      last: this.tokenName(next - 1),
      next: this.tokenName(next),
      neuron: String(neuron),
      activation: decimals(activations[neuron]),
      effect: decimals(effects[neuron]),
      p: finePercent(p),
      without: finePercent(without),
    };
    return html`${this.tokens()}<div class="choose">${this.layers()} ${this.legend()}</div>
      <p class="count">${this.say("count", said)}</p>
      <div class="all"><canvas role="img" aria-label=${this.say("about-cells", said)} @pointerdown=${this.point}></canvas><div class="frame"
        style=${styleMap({ left: `${(100 * (neuron % COLUMNS)) / COLUMNS}%`, top: `${(100 * Math.floor(neuron / COLUMNS)) / Math.ceil(activations.length / COLUMNS)}%` })}></div></div>
      <label class="which">${this.say("neuron")} <input type="range" min="0" max=${
        activations.length - 1
      } .value=${String(neuron)} @input=${(event) => {
        this.neuron = Number(event.target.value);
      }}><output>${neuron}</output></label>
      <div class="buttons row">${this.button("strongest", null, best === neuron)} ${this.button("silent", "silent", silent === neuron)}</div>
      <div class="result" role="status"><p>${this.say("chosen", said)}</p><p>${this.say(change(p, without), said)}</p></div>`;
  }

  /** The colors of cells, as they are with this theme. */
  legend() {
    const { positive, negative } = colormapsOf(this);
    return html`<span class="legend">${Object.entries({ above: positive, below: negative }).map(
      ([key, colors]) =>
        html`<span><i style=${styleMap({ background: cssColor(colors[SAMPLE]) })}></i>${this.say(key)}</span>`,
    )}</span>`;
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

  /** @param {string} key @param {"silent" | null} which it stays with another token, too */
  button(key, which, isPressed) {
    return html`<button aria-pressed=${String(isPressed)} @click=${() => {
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

/** What the page says of a probability, with a neuron and without it. */
function change(p, without) {
  if (finePercent(p) === finePercent(without)) return "same";
  return without > p ? "better" : "worse";
}

/** A pixel of a canvas, red in its lowest byte, as a color of CSS. */
const cssColor = (pixel) => `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;

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
