/**
 * <position-map> <template data-words>…</template> </position-map>
 *
 * How similar the embeddings of all positions are: a square with a row and a column for each position, whose shade is
 * the cosine of the two. One position is chosen, and compared with all others in a curve. Its words stand in the page.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawSquare } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { decimals } from "../../app/decimals.js";
import { LiveFigure, vectorOf } from "../../app/live-figure.js";

const WIDTH = 400;
const HEIGHT = 120;

class PositionMap extends LiveFigure {
  static properties = {
    chosen: { state: true }, // the position that is compared with all others
  };

  static styles = [
    LiveFigure.styles,
    controls,
    css`
    .all { display: grid; grid-template-columns: minmax(0, 22rem) minmax(0, 1fr); gap: 16px 32px; align-items: center; }
    .square { position: relative; }
    canvas { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 4px;
             box-shadow: 0 0 0 1px var(--line); cursor: crosshair; touch-action: pan-y; }
    .row { position: absolute; left: -4px; right: -4px; height: 6px; margin-top: -3px; border: 1px solid var(--chosen);
           pointer-events: none; border-radius: 3px; }
    svg { display: block; width: 100%; overflow: visible; }
    path { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
    line { stroke: var(--line); vector-effect: non-scaling-stroke; } .mark { stroke: var(--chosen); stroke-dasharray: 3 3; }
    .ends { display: flex; justify-content: space-between; color: var(--muted); }
    label { color: var(--text); } input { flex: 1; min-width: 0; accent-color: var(--accent); height: 32px; }
    .result { min-height: 4.5em; margin-top: 8px; max-width: 60ch; }
    .side { min-width: 0; }
    @media (max-width: 700px) { .all { grid-template-columns: minmax(0, 1fr); } }
  `,
  ];

  constructor() {
    super();
    this.chosen = null;
  }

  async compute(model, signal) {
    const { positions, C } = await model.inputEmbeddings([], { signal });
    return { cosines: cosinesOf(positions, C), n: positions.length / C, step: model.step };
  }

  get shown() {
    const { n } = this.found;
    return Math.min(this.chosen ?? Math.floor(n / 8), n - 1);
  }

  drawFound({ cosines, n, step }) {
    const { shown } = this;
    const row = cosines.subarray(shown * n, (shown + 1) * n);
    const said = {
      at: String(shown),
      step,
      near: decimals(meanOfNeighbours(cosines, n, 0, n)),
      first: decimals(meanOfNeighbours(cosines, n, 0, Math.ceil(n / 4))),
      last: decimals(meanOfNeighbours(cosines, n, Math.floor((3 * n) / 4), n)),
      best: String(bestOf(row, shown)),
      cosine: decimals(row[bestOf(row, shown)]),
    };
    return html`<div class="all">
      <div class="square"><canvas role="img" aria-label=${this.say("about-map", said)} @pointerdown=${this.point}
        @pointermove=${(event) => event.buttons && this.point(event)}></canvas>
        <div class="row" style=${styleMap({ top: `${(100 * (shown + 0.5)) / n}%` })}></div></div>
      <div class="side"><label>${this.say("position")} <input type="range" min="0" max=${n - 1} .value=${String(
        shown,
      )} @input=${(event) => {
        this.chosen = Number(event.target.value);
      }}><output>${shown}</output></label>
        ${this.curve(row, n, shown, said)}
        <div class="ends" aria-hidden="true"><span>0</span><span>${this.say("other")}</span><span>${n - 1}</span></div>
        <p class="result" role="status">${this.say("result", said)}</p></div></div>`;
  }

  /** The cosines of the chosen position with all others, from -1 to 1: with itself, it would be 1. */
  curve(row, n, shown, said) {
    const x = (i) => (WIDTH * i) / Math.max(1, n - 1);
    const y = (value) => (HEIGHT * (1 - value)) / 2;
    const points = Array.from(row, (value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
    const sides = [points.slice(0, shown), points.slice(shown + 1)];
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${this.say("about-curve", said)}><line x1="0" x2=${WIDTH} y1=${y(0)} y2=${y(0)}></line>
      <line class="mark" x1=${x(shown)} x2=${x(shown)} y1="0" y2=${HEIGHT}></line>
      <path d=${sides.map((one) => (one.length ? `M${one.join("L")}` : "")).join("")}></path></svg>`;
  }

  point({ offsetY, target }) {
    const { n } = this.found;
    this.chosen = Math.max(0, Math.min(n - 1, Math.floor((n * offsetY) / target.clientHeight)));
  }

  updated(changed) {
    super.updated(changed);
    const canvas = this.renderRoot.querySelector("canvas");
    if (canvas && this.found) drawSquare(canvas, this.found.cosines, this.found.n, colormapsOf(this));
  }
}

/** The cosine of each two rows, (n n). */
function cosinesOf(vectors, C) {
  const n = vectors.length / C;
  const unit = Array.from({ length: n }, (_, i) => {
    const row = vectorOf(vectors, i, C);
    const length = Math.hypot(...row) || 1;
    return row.map((value) => value / length);
  });
  const cosines = new Float32Array(n * n);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += unit[a][c] * unit[b][c];
      cosines[a * n + b] = sum;
      cosines[b * n + a] = sum;
    }
  }
  return cosines;
}

/** The mean cosine of each position from start to end with the next one. */
function meanOfNeighbours(cosines, n, start, end) {
  let sum = 0;
  for (let i = start + 1; i < end; i++) sum += cosines[i * n + i - 1];
  return end - start > 1 ? sum / (end - start - 1) : 0;
}

/** The position that is most like another one, itself aside. */
const bestOf = (row, own) =>
  row.reduce((best, value, i) => (i !== own && (best === own || value > row[best]) ? i : best), own);

customElements.define("position-map", PositionMap);
