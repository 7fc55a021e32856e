/**
 * <attention-map .run=${run} .look=${look} head="2.1" at="9"></attention-map>
 *
 * Where one head looks: each row is a token that looks, each column a token it can look at. The row
 * of the token before the chosen position is marked, and described in words. With .other, how much
 * more or less than in the other. Emits: "place" { at }.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { LookFigure } from "../../kit/look-figure.js";
import { differenceOf } from "../../kit/look.js";
import { drawMap, heatOf } from "../../kit/shades.js";
import { alone, percent } from "../../kit/words.js";

const SMALLEST = 10;  // pixels of a row that has room for its token
const [NAMES, WIDEST] = [100, 640];  // pixels of the names beside the map, and of all together

class AttentionMap extends LookFigure {
  static properties = { column: { state: true }, size: { state: true } };

  static styles = [LookFigure.styles, css`
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
    .says { margin-top: 8px; min-height: 3em; max-width: 640px; }
    .says b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    ol { list-style: none; margin: 4px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px;
         min-height: 3em; align-content: start; }
    li b { font: 600 1em var(--mono); } .is-query { color: var(--query); } .is-key { color: var(--key); }
  `];

  connectedCallback() {
    super.connectedCallback();
    this.watcher = new ResizeObserver(() => { this.size = this.clientWidth; });
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.watcher.disconnect();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (["look", "head", "at"].some((name) => changed.has(name)) && !this.pointing) this.column = null;
  }

  get map() {
    return this.other ? differenceOf(this.look, this.other) : this.look;
  }

  draw() {
    const { map, place } = this, T = map.length;
    if (!T) {
      return html`<p class="caption">They start with different tokens or have different heads, so
        their heads cannot be compared.</p>`;
    }
    const from = Math.min(place, T) - 1, percentOf = (i) => `${100 * i / T}%`;
    const to = this.column === null ? null : Math.min(from, this.column ?? 0);
    return html`<h3>Head ${this.head}: <span class="is-query">which token looks ↓</span>
        <span class="is-key">at which →</span></h3>
      <div class="map" style=${styleMap({ maxWidth: `${Math.min(WIDEST, NAMES + 44 * T)}px` })}>
        <div class="names" aria-hidden="true" style=${styleMap({ width: this.height ? `${NAMES}px` : "0" })}>${
          this.height ? this.names(T, from) : nothing}</div>
        <div class="field" tabindex="0" role="group" aria-label=${`Attention of head ${this.head}`}
          @keydown=${this.walk} @pointermove=${this.point} @pointerdown=${this.take}
          @pointerleave=${this.leave}>
          <canvas></canvas>
          <span class="row" style=${styleMap({ top: percentOf(from), height: percentOf(1),
                                               width: percentOf(from + 1) })}></span>
          ${to === null ? nothing : html`<span class="cell" style=${styleMap({ top: percentOf(from),
            left: percentOf(to), width: percentOf(1), height: percentOf(1) })}></span>`}
        </div>
      </div>
      <div aria-live="polite">${this.says(from, to)}</div>`;
  }

  /** Pixels of a row; 0 where there is no room for the names beside them. */
  get height() {
    const height = (Math.min(WIDEST, this.size) - NAMES) / this.map.length;
    return height >= SMALLEST ? height : 0;
  }

  names(T, from) {
    return Array.from({ length: T }, (_, i) => html`<span class=${i === from ? "now" : ""} dir="auto"
      style=${styleMap({ top: `${100 * (i + 0.5) / T}%`,
                         fontSize: `${Math.min(13, this.height - 1)}px` })}>${this.name(i)}</span>`);
  }

  name(i) {
    return alone(this.look.symbols[this.look.ids[i]]);
  }

  says(from, to) {
    const { map } = this, all = Array.from({ length: from + 1 }, (_, i) => map.share(this.headNumber,
      from, i));
    const order = all.map((_, i) => i).sort((a, b) => Math.abs(all[b]) - Math.abs(all[a])).slice(0, 6)
      .filter((i) => Math.abs(all[i]) >= 0.005);
    const one = (i) => html`<b dir="auto">${this.name(i)}</b> ${this.much(all[i])}`;
    const line = to === null ? this.spread(from) : html` to <b class="is-key" dir="auto">${this.name(to)}</b>:
      ${this.much(all[to])}.`;
    return html`<p class="says">From <b class="is-query" dir="auto">${this.name(from)}</b> (position ${from})${line}</p>
      <ol>${order.map((i) => html`<li>${one(i)}</li>`)}</ol>`;
  }

  much(share) {
    if (!this.other) return percent(share);
    const points = Math.round(100 * share);
    return `${points > 0 ? "+" : points < 0 ? "−" : "±"}${Math.abs(points)} points`;
  }

  spread(from) {
    if (this.other) return ", its attention, compared with the first:";
    const among = Math.exp(this.look.spread(this.headNumber, from));
    return `, its attention is spread over about ${among.toFixed(1)} tokens:`;
  }

  updated(changed) {
    if (["look", "other", "data", "head"].some((name) => changed.has(name))) this.repaint();
  }

  repaint() {
    const canvas = this.renderRoot.querySelector("canvas");
    if (!canvas || !this.isReady) return;
    const { map, headNumber } = this;
    drawMap(canvas, map.triangleOf(headNumber), map.whole, map.length, heatOf(this));
  }

  /** The row and the column under a pointer. */
  under({ clientX, clientY }) {
    const box = this.renderRoot.querySelector(".field").getBoundingClientRect(), T = this.map.length;
    const cell = (x, size) => Math.max(0, Math.min(T - 1, Math.floor(T * x / size)));
    return [cell(clientY - box.top, box.height), cell(clientX - box.left, box.width)];
  }

  point(event) {
    const [from, to] = this.under(event);
    if (event.pointerType !== "mouse" && !event.buttons) return;
    this.go(from, to);
  }

  leave({ pointerType }) {
    if (pointerType === "mouse") this.column = null;  // a finger leaves whenever it is lifted
  }

  take(event) {
    this.go(...this.under(event));
  }

  go(from, to) {
    this.column = Math.min(from, to);
    if (from + 1 === this.place) return;
    this.pointing = true;  // the row changes, and the column stays
    this.tell("place", { at: Math.min(from + 1, this.look.last) });
    this.updateComplete.then(() => { this.pointing = false; });
  }

  walk(event) {
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    const from = Math.max(0, Math.min(this.map.length - 1, this.place - 1 + by[0]));
    this.go(from, Math.max(0, Math.min(from, (this.column ?? from) + by[1])));
  }
}

customElements.define("attention-map", AttentionMap);
