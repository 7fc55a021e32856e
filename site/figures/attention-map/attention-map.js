/**
 * <attention-map></attention-map>
 *
 * The attention pattern of one head: a row for each query, a column for each key. The row of the token
 * before the chosen position is marked, and described in words. Where two texts are compared, it is the
 * difference between them. A cell that is pointed at chooses the position after its row.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawTriangle } from "../../app/colormap.js";
import { percent, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { attentionDifference } from "../../app/forward-pass.js";
import { OnResize } from "../../app/resize.js";
import { SquareMap } from "../../app/square-map.js";

const MIN_ROW_HEIGHT = 10; // pixels of a row that has room for its token
const NAMES_WIDTH = 100; // pixels of the names beside the map
const MAX_WIDTH = 640; // pixels of both together

class AttentionMap extends ForwardPassFigure {
  static properties = { column: { state: true }, size: { state: true } };

  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .map { position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr); }
    .names { position: relative; font-family: var(--mono); color: var(--muted); }
    .names span { position: absolute; right: 6px; max-width: 100%; white-space: pre;
                  overflow: hidden; text-overflow: ellipsis; transform: translateY(-50%); }
    .names .now { color: var(--query); font-weight: 700; }
    .field { position: relative; aspect-ratio: 1; touch-action: pan-y; cursor: crosshair;
             background: var(--background); }
    canvas { width: 100%; height: 100%; image-rendering: pixelated; display: block; }
    .row { position: absolute; left: 0; pointer-events: none; box-shadow: 0 0 0 2px var(--query); }
    .cell { position: absolute; pointer-events: none; box-shadow: 0 0 0 2px var(--key); }
    .description { margin-top: 8px; min-height: 3em; max-width: 640px; }
    .description b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    ol { list-style: none; margin: 4px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px;
         min-height: 3em; align-content: start; }
    li b { font: 600 1em var(--mono); } .is-query { color: var(--query); } .is-key { color: var(--key); }
  `,
  ];

  constructor() {
    super();
    new OnResize(this, () => {
      this.size = this.clientWidth;
    });
    this.pointer = new SquareMap({
      size: () => this.map.length,
      cell: () => this.cell,
      point: (cell) => this.point(cell),
    });
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const isNew = ["pass", "head", "position"].some((name) => changed.has(name));
    if (isNew && !this.pointing) this.column = null;
  }

  get map() {
    return this.otherPass ? attentionDifference(this.pass, this.otherPass) : this.pass;
  }

  draw() {
    const { map, shownPosition: position } = this;
    const T = map.length;
    if (!T) {
      return html`<p class="caption">They start with different tokens or have different heads, so
        their heads cannot be compared.</p>`;
    }
    const query = Math.min(position, T) - 1;
    const percentOf = (i) => `${(100 * i) / T}%`;
    const key = this.column === null ? null : Math.min(query, this.column ?? 0);
    const { pointer } = this;
    return html`<h3>Head ${this.head}: <span class="is-query">which token looks ↓</span>
        <span class="is-key">at which →</span></h3>
      <div class="map" style=${styleMap({ maxWidth: `${Math.min(MAX_WIDTH, NAMES_WIDTH + 44 * T)}px` })}>
        <div class="names" aria-hidden="true"
          style=${styleMap({ width: this.height ? `${NAMES_WIDTH}px` : "0" })}>${
            this.height ? this.names(T, query) : nothing
          }</div>
        <div class="field" tabindex="0" role="group" aria-label=${`Attention of head ${this.head}`}
          @keydown=${pointer.key} @pointermove=${pointer.move} @pointerdown=${pointer.down}
          @pointerleave=${pointer.leave}>
          <canvas></canvas>
          <span class="row" style=${styleMap({
            top: percentOf(query),
            height: percentOf(1),
            width: percentOf(query + 1),
          })}></span>
          ${
            key === null
              ? nothing
              : html`<span class="cell" style=${styleMap({
                  top: percentOf(query),
                  left: percentOf(key),
                  width: percentOf(1),
                  height: percentOf(1),
                })}></span>`
          }
        </div>
      </div>
      <div aria-live="polite">${this.description(query, key)}</div>`;
  }

  /** Pixels of a row; 0 where there is no room for the names beside them. */
  get height() {
    const height = (Math.min(MAX_WIDTH, this.size) - NAMES_WIDTH) / this.map.length;
    return height >= MIN_ROW_HEIGHT ? height : 0;
  }

  names(T, query) {
    return Array.from(
      { length: T },
      (_, i) => html`<span class=${i === query ? "now" : ""} dir="auto"
      style=${styleMap({
        top: `${(100 * (i + 0.5)) / T}%`,
        fontSize: `${Math.min(13, this.height - 1)}px`,
      })}>${this.name(i)}</span>`,
    );
  }

  name(i) {
    return showWhitespace(this.pass.vocab[this.pass.ids[i]]);
  }

  description(query, key) {
    const { map, headIndex } = this;
    const weights = Array.from({ length: query + 1 }, (_, i) => map.weight(headIndex, query, i));
    const largest = weights
      .map((_, i) => i)
      .sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a]))
      .slice(0, 6)
      .filter((i) => Math.abs(weights[i]) >= 0.005);
    const line =
      key === null
        ? this.headEntropy(query)
        : html` to <b class="is-key" dir="auto">${this.name(key)}</b>: ${this.format(weights[key])}.`;
    return html`<p class="description">From <b class="is-query" dir="auto">${this.name(
      query,
    )}</b> (position ${query})${line}</p>
      <ol>${largest.map(
        (i) => html`<li><b dir="auto">${this.name(i)}</b> ${this.format(weights[i])}</li>`,
      )}</ol>`;
  }

  /** A weight, or a difference of two, as text. */
  format(weight) {
    if (!this.otherPass) return percent(weight);
    const points = Math.round(100 * weight);
    return `${points > 0 ? "+" : points < 0 ? "−" : "±"}${Math.abs(points)} points`;
  }

  headEntropy(query) {
    if (this.otherPass) return ", its attention, compared with the first:";
    const among = Math.exp(this.pass.headEntropy(this.headIndex, query));
    return `, its attention is spread over about ${among.toFixed(1)} tokens:`;
  }

  updated(changed) {
    if (["pass", "otherPass", "data", "head"].some((name) => changed.has(name))) this.repaint();
  }

  repaint() {
    const canvas = this.renderRoot.querySelector("canvas");
    if (!canvas || !this.isReady) return;
    const { map, headIndex } = this;
    drawTriangle(canvas, map.pattern(headIndex), map.attentionScale, map.length, colormapsOf(this));
  }

  /** The cell that is pointed at: a row is always chosen, and keys begin at its last column. */
  get cell() {
    const query = this.shownPosition - 1;
    return [query, this.column ?? query];
  }

  /** A head looks at no later token: beyond the diagonal, the last cell of a row is meant. */
  point(cell) {
    if (!cell) {
      this.column = null;
      return;
    }
    const [query, key] = cell;
    this.column = Math.min(query, key);
    if (query + 1 === this.shownPosition) return;
    this.pointing = true; // the row changes, and the column stays
    this.store.set({ position: Math.min(query + 1, this.pass.lastPosition) });
    this.updateComplete.then(() => {
      this.pointing = false;
    });
  }
}

customElements.define("attention-map", AttentionMap);
