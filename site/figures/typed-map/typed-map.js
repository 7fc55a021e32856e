/**
 * <typed-map .run=${run} .maps=${maps} head="2.1"></typed-map>
 *
 * Where a typed head looks in a real text, beside where the model's own head looks. `maps` has ids: the
 * tokens (T); mine and own: their weights, row by row (T T), mine null if there are none; hasRun:
 * whether the code was run. Emits: "head" { head }.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../kit/controls.js";
import { Figure } from "../../kit/figure.js";
import { drawSquare, heatOf } from "../../kit/shades.js";
import { alone, inText, percent } from "../../kit/words.js";

class TypedMap extends Figure {
  static properties = {
    maps: { attribute: false },
    changed: { type: Boolean },  // whether the code has changed since the maps
    head: { type: String },
    cell: { state: true },  // [row, column] that is pointed at, or null
  };

  static styles = [Figure.styles, controls, css`
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
    .says { grid-column: 1 / -1; display: grid; gap: 8px; min-height: 7.5em; max-width: 72ch;
            align-content: start; }
    .says b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    label { display: flex; align-items: center; gap: 8px; color: var(--muted); flex-wrap: wrap; }
  `];

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
        <select @change=${({ target }) => this.tell("head", { head: target.value })}>
          ${Array.from({ length: settings.n_layer * settings.n_head }, (_, i) => {
            const name = `${Math.floor(i / settings.n_head)}.${i % settings.n_head}`;
            return html`<option value=${name} .selected=${name === this.head}>${name}</option>`;
          })}</select></label>
      <div class="two">${this.field(this.changed ? "Yours, from the last run" : "Yours", maps?.mine)}
        ${this.field("The model’s own", maps?.own)}
        <div class="says"><p class="caption">Each row is a token that looks; each column is a token it looks
          at. The stronger the green, the more attention. The future lies to the right of the dashed line.</p>
          <p aria-live="polite">${maps ? this.says() : nothing}</p></div>
      </div>`;
  }

  field(title, shares) {
    const T = this.maps?.ids.length ?? 0, { cell } = this, part = (i) => `${100 * i / T}%`;
    return html`<div><h3>${title}</h3>
      <div class="field" tabindex=${shares ? "0" : "-1"} role="group" aria-label=${`Attention: ${title}`}
        @pointermove=${this.point} @pointerdown=${this.point} @pointerleave=${this.leave}
        @keydown=${this.walk}>
        <canvas ?hidden=${!shares}></canvas>
        <svg ?hidden=${!shares} viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <path d="M0 0L1 1"></path></svg>
        ${cell && shares ? html`<span class="cell" style=${styleMap({ top: part(cell[0]),
          left: part(cell[1]), width: part(1), height: part(1) })}></span>` : nothing}
        ${shares || !this.maps ? nothing : html`<span class="nothing">${this.maps.hasRun
          ? "No map: the code did not return one" : "Run your code to see its map here"}</span>`}
      </div></div>`;
  }

  updated(changed) {
    if (["maps", "data"].some((name) => changed.has(name))) this.repaint();
  }

  repaint() {
    if (!this.maps || !this.data) return;
    const heat = heatOf(this), canvases = this.renderRoot.querySelectorAll("canvas");
    const { ids, mine, own } = this.maps;
    [mine, own].forEach((shares, i) => shares && drawSquare(canvases[i], shares, ids.length, heat));
  }

  /** Which text it is. */
  text() {
    const { ids } = this.maps, text = ids.map((id) => inText(this.run.symbols[id])).join("");
    return html`The text (${ids.length} tokens): “<bdi>${text.trim()}</bdi>”.`;
  }

  name(i) {
    return html`<b dir="auto">${alone(this.run.symbols[this.maps.ids[i]])}</b>`;
  }

  says() {
    const { mine, own, ids } = this.maps, { cell } = this, T = ids.length;
    if (cell) {
      const at = cell[0] * T + cell[1];
      return html`From ${this.name(cell[0])} (position ${cell[0]}) to ${this.name(cell[1])} (position ${cell[1]}):
        ${mine ? html`yours ${share(mine[at])}, ` : nothing}the model’s own ${share(own[at])}.`;
    }
    if (!mine) return html`${this.text()} Point at a cell to see which token looks at which.`;
    const found = [future(mine, T), widest(mine, own, T)].filter(Boolean);
    const gap = mine.reduce((most, one, i) => Math.max(most, Math.abs(one - own[i])), 0);
    if (mine.some(Number.isNaN)) return html`Red cells are NaN, which is not a number.`;
    if (gap < 1e-4) return html`${this.text()} Both are the same: no cell differs by more than ${
      Math.max(1e-7, gap).toFixed(7)}.`;
    return html`${this.text()} They differ by up to ${share(gap)} of a row.${found.map((one) => ` ${one}`)}`;
  }

  under({ clientX, clientY, currentTarget }) {
    const box = currentTarget.getBoundingClientRect(), T = this.maps.ids.length;
    const cell = (x, size) => Math.max(0, Math.min(T - 1, Math.floor(T * x / size)));
    return [cell(clientY - box.top, box.height), cell(clientX - box.left, box.width)];
  }

  point(event) {
    if (this.maps) this.cell = this.under(event);
  }

  leave({ pointerType }) {
    if (pointerType === "mouse") this.cell = null;
  }

  walk(event) {
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!by || !this.maps) return;
    event.preventDefault();
    const last = this.maps.ids.length - 1, kept = (i) => Math.max(0, Math.min(last, i));
    const [row, column] = this.cell ?? [0, 0];
    this.cell = this.cell ? [kept(row + by[0]), kept(column + by[1])] : [0, 0];
  }
}

/** A weight in percent, or whatever is there instead. */
function share(p) {
  return p >= 0 && p <= 1 ? percent(p) : Number.isFinite(p) ? p.toFixed(2) : String(p);
}

/** A sentence about what lies above the diagonal. */
function future(shares, T) {
  let sum = 0;
  for (let i = 0; i < T * T; i++) if (i % T > Math.floor(i / T)) sum += Math.abs(shares[i]);
  return sum / T > 0.005 ? `Yours gives ${share(sum / T)} of a row to later tokens, on average.` : "";
}

/** A sentence about how much lies on the largest cell of a row. */
function widest(mine, own, T) {
  const [a, b] = [mine, own].map((shares) => {
    let sum = 0;
    for (let row = 0; row < T; row++) sum += Math.max(...shares.slice(row * T, (row + 1) * T));
    return sum / T;
  });
  return Math.abs(a - b) < 0.005 ? "" : `The largest cell of a row holds ${share(a)} on average, compared with ${
    share(b)} in the model’s own.`;
}

customElements.define("typed-map", TypedMap);
