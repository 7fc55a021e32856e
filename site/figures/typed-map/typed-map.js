/**
 * <typed-map></typed-map>
 *
 * Where a typed head looks in a real text, beside where the model's built-in head looks. `maps` has ids:
 * the tokens (T); typed and builtin: their weights, row by row (T T), typed null if there are none;
 * hasRun: whether the code was run. Chooses a head.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { drawSquare, colormapsOf } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { inText, percent } from "../../app/format.js";
import { tokenText } from "../../app/forward-pass-figure.js";
import { headNames } from "../../app/heads.js";
import { SquareMap } from "../../app/square-map.js";

class TypedMap extends Figure {
  static share = {
    title: "The attention of a head of one’s own",
    embeds: false, // the code stands in no address
    table: ({ maps, run }) => maps?.typed && numbers(maps, run.vocab),
  };

  static properties = {
    maps: { from: "typed", attribute: false },
    changed: { from: "typed", type: Boolean }, // whether the code has changed since the maps
    head: { from: "store", type: String },
    cell: { state: true }, // [row, column] that is pointed at, or null
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .two { display: grid; gap: 12px 24px; margin-top: 16px;
           grid-template-columns: repeat(2, minmax(0, 360px)); }
    @media (max-width: 640px) { .two { column-gap: 12px; } }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .field { position: relative; aspect-ratio: 1; cursor: crosshair; touch-action: pan-y;
             background: var(--background); box-shadow: 0 0 0 1px var(--line); }
    [hidden] { display: none !important; }
    canvas { width: 100%; height: 100%; image-rendering: pixelated; display: block; }
    svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
    path { stroke: var(--muted); stroke-width: 1; fill: none; vector-effect: non-scaling-stroke;
           stroke-dasharray: 3 3; }
    .cell { position: absolute; pointer-events: none; box-shadow: 0 0 0 2px var(--key); }
    .nothing { position: absolute; inset: 0; display: grid; place-items: center; padding: 16px;
               text-align: center; color: var(--muted); }
    .description { grid-column: 1 / -1; display: grid; gap: 8px; min-height: 7.5em; max-width: 72ch;
            align-content: start; }
    label { flex-wrap: wrap; }
    .description b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
  `,
  ];

  constructor() {
    super();
    this.pointer = new SquareMap({
      size: () => this.maps?.ids.length ?? 0,
      cell: () => this.cell,
      point: (cell) => {
        this.cell = cell;
      },
    });
  }

  load(run) {
    return run.manifest;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("maps")) this.cell = null;
  }

  draw({ settings }) {
    const { maps } = this;
    return html`<label>On a real text, with the queries, keys and values of head
        <select @change=${({ target }) => this.store.set({ head: target.value })}>
          ${headNames(settings).map(
            (name) => html`<option value=${name}
            .selected=${name === this.head}>${name}</option>`,
          )}</select></label>
      <div class="two">${this.field(this.changed ? "Yours, from the last run" : "Yours", maps?.typed)}
        ${this.field("The model’s own", maps?.builtin)}
        <div class="description"><p class="caption">Each row is a token that looks; each column is a token
          it looks at. The stronger the green, the more attention. The future lies to the right of the
          dashed line. Point at a cell or tap it, or use the arrow keys.</p>
          ${maps && !this.cell ? html`<p>${this.description()}</p>` : nothing}
          <p aria-live="polite" aria-atomic="true">${maps && this.cell ? this.weights() : nothing}</p></div>
      </div>`;
  }

  field(title, weights) {
    const T = this.maps?.ids.length ?? 0;
    const { cell, pointer } = this;
    const part = (i) => `${(100 * i) / T}%`;
    return html`<div><h3>${title}</h3>
      <div class="field" tabindex=${weights ? "0" : "-1"} role="group" aria-label=${`Attention: ${title}`}
        @pointermove=${pointer.move} @pointerdown=${pointer.down} @pointerleave=${pointer.leave}
        @keydown=${pointer.key}>
        <canvas ?hidden=${!weights}></canvas>
        <svg ?hidden=${!weights} viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <path d=${edgeOfFuture(T)}></path></svg>
        ${
          cell && weights
            ? html`<span class="cell" style=${styleMap({
                top: part(cell[0]),
                left: part(cell[1]),
                width: part(1),
                height: part(1),
              })}></span>`
            : nothing
        }
        ${
          weights || !this.maps
            ? nothing
            : html`<span class="nothing">${
                this.maps.hasRun ? "No map: the code did not return one" : "Run your code to see its map here"
              }</span>`
        }
      </div></div>`;
  }

  updated(changed) {
    if (["maps", "data"].some((name) => changed.has(name))) this.repaint();
  }

  repaint() {
    if (!this.maps || !this.data) return;
    const heat = colormapsOf(this);
    const canvases = this.renderRoot.querySelectorAll("canvas");
    const { ids, typed, builtin } = this.maps;
    [typed, builtin].forEach((weights, i) => weights && drawSquare(canvases[i], weights, ids.length, heat));
  }

  /** Which text it is. */
  text() {
    const { ids } = this.maps;
    const text = ids.map((id) => inText(this.run.vocab[id])).join("");
    return html`The text (${ids.length} tokens): “<bdi>${text.trim()}</bdi>”.`;
  }

  name(i) {
    return html`<b dir="auto">${tokenText(this.run.vocab[this.maps.ids[i]])}</b>`;
  }

  /** How much the token of a row looks at that of a column. */
  weights() {
    const { typed, builtin, ids } = this.maps;
    const [query, key] = this.cell;
    const i = query * ids.length + key;
    return html`From ${this.name(query)} (position ${query}) to ${this.name(key)} (position ${key}):
      ${typed ? html`yours ${inPercent(typed[i])}, ` : nothing}the model’s own ${inPercent(builtin[i])}.`;
  }

  description() {
    const { typed, builtin, ids } = this.maps;
    const T = ids.length;
    if (!typed) return this.text();
    if (typed.some(Number.isNaN)) return html`Red cells are NaN, which is not a number.`;
    const maxAbsDiff = typed.reduce((max, weight, i) => Math.max(max, Math.abs(weight - builtin[i])), 0);
    if (maxAbsDiff < 1e-4) {
      return html`${this.text()} Both are the same: no cell differs by more than ${Math.max(
        1e-7,
        maxAbsDiff,
      ).toFixed(7)}.`;
    }
    return html`${this.text()} ${this.largestDifference(typed, builtin, T)}${future(typed, T)}${largest(
      typed,
      builtin,
      T,
    )}`;
  }

  /** A sentence about the cell in which the two differ most. */
  largestDifference(typed, builtin, T) {
    const differences = Array.from(typed, (weight, i) => Math.abs(weight - builtin[i]));
    const i = differences.indexOf(Math.max(...differences));
    return html`They differ most from ${this.name(Math.floor(i / T))} to ${this.name(i % T)}: yours
      ${inPercent(typed[i])}, the model’s own ${inPercent(builtin[i])}.`;
  }
}

/** Every weight of both maps, also those of the future. */
function numbers({ ids, typed, builtin }, vocab) {
  const cells = ids.flatMap((query, i) =>
    ids.map((key, j) => [i, vocab[query], j, vocab[key], i * ids.length + j]),
  );
  return [
    ["query position", "query", "key position", "key", "weight", "the model’s own weight"],
    ...cells.map(([i, query, j, key, at]) => [i, query, j, key, typed[at], builtin?.[at]]),
  ];
}

/** The path along the cells of the diagonal, in which each token looks at itself: right of it is the future. */
function edgeOfFuture(T) {
  const steps = Array.from({ length: T }, (_, i) => `H${(i + 1) / T}V${(i + 1) / T}`);
  return `M0 0${steps.join("")}`;
}

/** A weight in percent, or whatever is there instead. */
function inPercent(weight) {
  if (weight >= 0 && weight <= 1) return percent(weight);
  return Number.isFinite(weight) ? weight.toFixed(2) : String(weight);
}

/** A sentence about what lies above the diagonal. */
function future(weights, T) {
  let sum = 0;
  for (let i = 0; i < T * T; i++) if (i % T > Math.floor(i / T)) sum += Math.abs(weights[i]);
  return sum / T > 0.005 ? ` Yours gives ${inPercent(sum / T)} of a row to later tokens, on average.` : "";
}

/** A sentence about how much lies on the largest cell of a row. */
function largest(typed, builtin, T) {
  const [a, b] = [typed, builtin].map((weights) => {
    let sum = 0;
    for (let row = 0; row < T; row++) sum += Math.max(...weights.slice(row * T, (row + 1) * T));
    return sum / T;
  });
  return Math.abs(a - b) < 0.005
    ? ""
    : ` The largest cell of a row holds ${inPercent(
        a,
      )} on average, compared with ${inPercent(b)} in the model’s own.`;
}

customElements.define("typed-map", TypedMap);
