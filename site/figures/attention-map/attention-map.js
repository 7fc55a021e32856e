/**
 * <attention-map></attention-map>
 *
 * The attention pattern of one head: a row for each query, a column for each key. The row of the token
 * before the chosen position is marked, and described in words. Where two texts are compared, it is the
 * difference between them. A cell that is pointed at chooses the position after its row.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawTriangle } from "../../app/colormap.js";
import { percent, showWhitespace, spoken } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { attentionDifference } from "../../app/forward-pass.js";
import { OnResize } from "../../app/resize.js";
import { SquareMap } from "../../app/square-map.js";

const MIN_ROW_HEIGHT = 16; // pixels of a row that has room for its token
const NAMES_WIDTH = 100; // pixels of the names beside the map
const MAX_WIDTH = 640; // pixels of both together

class AttentionMap extends ForwardPassFigure {
  static share = { title: "Where a head looks", table: (figure) => figure.isReady && figure.numbers() };

  static properties = { column: { state: true }, size: { state: true } };

  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .map { position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr); }
    .names { display: grid; grid-auto-rows: minmax(0, 1fr); align-items: center; padding-right: 8px;
             position: relative; width: 100px; font: 400 var(--small)/1 var(--mono); color: var(--muted); }
    .names span { justify-self: end; max-width: 100%; white-space: pre; overflow: hidden;
                  text-overflow: ellipsis; }
    .names .single { position: absolute; right: 8px; transform: translateY(-50%); padding: 2px 0; }
    .top { grid-column: 2; position: relative; height: 22px; font: 700 var(--small)/1.4 var(--mono);
           color: var(--key); }
    .top span { position: absolute; white-space: pre; max-width: 50%; overflow: hidden;
                text-overflow: ellipsis; }
    .names .now { color: var(--query); font-weight: 700; }
    .field { position: relative; aspect-ratio: 1; touch-action: pan-y; cursor: crosshair;
             background: var(--background); }
    canvas { width: 100%; height: 100%; image-rendering: pixelated; display: block; }
    .row { position: absolute; left: 0; pointer-events: none; box-shadow: 0 0 0 2px var(--query); }
    .cell { position: absolute; pointer-events: none; box-shadow: 0 0 0 2px var(--key); }
    .description { margin-top: 8px; min-height: 4.5em; max-width: 640px; }
    .description b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    ol { list-style: none; margin: 4px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px;
         height: 3.1em; overflow: hidden; align-content: start; }
    li b { font: 600 1em var(--mono); } .is-query { color: var(--query); } .is-key { color: var(--key); }
    @media (forced-colors: active) {
      .field { outline: 1px solid; }
      .row { outline: 2px dashed; } .cell { outline: 2px solid; outline-offset: 1px; }
    }
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
    if (!T) return nothing; // attention-diff says why
    if (this.otherPass?.isOff(this.headIndex)) {
      return html`<p class="caption">Head ${this.shownHead} is switched off. Choose another head to see where
        it looks more or less without it.</p>`;
    }
    const query = Math.min(position, T) - 1;
    const percentOf = (i) => `${(100 * i) / T}%`;
    const key = this.column === null ? null : Math.min(query, this.column ?? 0);
    const { pointer } = this;
    return html`<h3>Head ${this.head}: <span class="is-query">which token looks&nbsp;↓</span>
        <span class="is-key">at which&nbsp;→</span></h3>
      <div class="map" style=${styleMap({ maxWidth: `${Math.min(MAX_WIDTH, NAMES_WIDTH + 44 * T)}px` })}>
        <div class="top" aria-hidden="true">${this.topName(T, key ?? this.largest(this.weights(query))[0])}</div>
        <div class="names" aria-hidden="true">${this.hasNames ? this.names(T, query) : this.sideName(T, query)}</div>
        <div class="field" tabindex="0" role="grid" aria-label=${this.label}
          aria-rowcount=${T} aria-colcount=${T} aria-activedescendant=${`cell-${query}-${key ?? "row"}`}
          @keydown=${pointer.key} @pointermove=${this.pointed} @pointerdown=${this.pointed}
          @pointerleave=${pointer.leave}>
          <canvas class="shade"></canvas>
          <div role="row" aria-rowindex=${query + 1}>
            <span class="row" style=${styleMap({
              top: percentOf(query),
              height: percentOf(1),
              width: percentOf(query + 1),
            })}></span>
            <span class=${key === null ? "" : "cell"} role="gridcell" id=${`cell-${query}-${key ?? "row"}`}
              aria-colindex=${(key ?? query) + 1} aria-label=${this.cellName(query, key)}
              style=${styleMap({
                top: percentOf(query),
                left: percentOf(key ?? query),
                width: percentOf(1),
                height: percentOf(1),
              })}></span>
          </div>
        </div>
      </div>
      ${this.description(query, key)}`;
  }

  get label() {
    if (!this.otherPass) return `Attention of head ${this.head}`;
    const [here, there] = this.sides.map(({ where }) => where);
    return `Attention of head ${this.head} ${there} instead of ${here}`;
  }

  /** What is read aloud of a cell; while none is pointed at, of its row. */
  cellName(query, key) {
    const weights = this.weights(query);
    const at = key ?? this.largest(weights)[0] ?? query;
    const prefix = key === null ? "most at " : "";
    return `From ${spoken(this.tokenAt(query))}, ${prefix}${spoken(this.tokenAt(at))}: ${this.format(weights[at])}`;
  }

  /** Is there room for the name of every row? */
  get hasNames() {
    return (Math.min(MAX_WIDTH, this.size) - NAMES_WIDTH) / this.map.length >= MIN_ROW_HEIGHT;
  }

  names(T, query) {
    return Array.from(
      { length: T },
      (_, i) =>
        html`<span class=${i === query ? "now" : ""} dir="auto">${showWhitespace(this.tokenAt(i))}</span>`,
    );
  }

  /** The name of the row alone. */
  sideName(T, query) {
    return html`<span class="now single" dir="auto" style=${styleMap({
      top: `${(100 * (query + 0.5)) / T}%`,
    })}>${showWhitespace(this.tokenAt(query))}</span>`;
  }

  /** The name of the column that is pointed at, or that the row looks most at. */
  topName(T, key) {
    if (key === undefined) return nothing;
    const side = key < T / 2 ? { left: `${(100 * key) / T}%` } : { right: `${100 - (100 * (key + 1)) / T}%` };
    return html`<span dir="auto" style=${styleMap({ left: "auto", right: "auto", ...side })}>${showWhitespace(
      this.tokenAt(key),
    )}</span>`;
  }

  weights(query) {
    return Array.from({ length: query + 1 }, (_, i) => this.map.weight(this.headIndex, query, i));
  }

  /** Every weight of the head; of two texts that are compared, every difference. */
  numbers() {
    const { length } = this.map;
    const name = this.otherPass ? "difference of weights" : "weight";
    const rows = Array.from({ length }, (_, query) =>
      this.weights(query).map((one, key) => [query, this.tokenAt(query), key, this.tokenAt(key), one]),
    );
    return [
      ["query position", "query", "key position", "key", `${name} in head ${this.shownHead}`],
      ...rows.flat(),
    ];
  }

  /** The keys of the largest weights, the largest first. */
  largest(weights) {
    return weights
      .map((_, i) => i)
      .sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a]))
      .slice(0, 6)
      .filter((i) => Math.abs(weights[i]) >= 0.005);
  }

  description(query, key) {
    const weights = this.weights(query);
    const name = (i) => tokenText(this.tokenAt(i));
    const line =
      key === null
        ? this.summary(query, this.largest(weights))
        : html` to <b class="is-key" dir="auto">${name(key)}</b>: ${this.format(weights[key])}.`;
    return html`<p class="description">From <b class="is-query" dir="auto">${name(
      query,
    )}</b> (position ${query})${line}</p>
      <ol>${this.largest(weights).map(
        (i) => html`<li><b dir="auto">${name(i)}</b> ${this.format(weights[i])}</li>`,
      )}</ol>`;
  }

  /** A weight, or a difference of two, as text. */
  format(weight) {
    if (!this.otherPass) return percent(weight);
    const points = Math.round(100 * weight);
    return `${points > 0 ? "+" : points < 0 ? "−" : "±"}${Math.abs(points)} points`;
  }

  /** What the list of weights is about: how widely the head looks, and at how many tokens it could. */
  summary(query, largest) {
    if (this.otherPass) return this.differenceSummary(largest);
    const all = query + 1;
    if (all === 1) return ", it can only look at itself:";
    const among = Math.exp(this.pass.headEntropy(this.headIndex, query));
    if (among < 1.5) return `, it looks almost only at one of the ${all} tokens that it can see:`;
    return `, its attention is spread over about ${among.toFixed(1)} of the ${all} tokens that it can see:`;
  }

  differenceSummary(largest) {
    const [here, there] = this.sides.map(({ where }) => where);
    if (!largest.length) return `, it looks at the same tokens ${there} as ${here}.`;
    return `, its attention ${there}, compared with that ${here}:`;
  }

  updated(changed) {
    super.updated(changed);
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

  /** A finger covers many cells: of its row, it means the nearest one that can be seen. */
  pointed(event) {
    this.isFinger = event.pointerType === "touch";
    this.pointer[event.type === "pointermove" ? "move" : "down"](event);
    this.isFinger = false;
  }

  nearestSeen(query, key) {
    const weights = this.weights(query).map(Math.abs);
    const least = Math.max(...weights) / 4;
    const seen = [...weights.keys()].filter((i) => weights[i] >= least);
    return seen.reduce((a, b) => (Math.abs(b - key) < Math.abs(a - key) ? b : a), seen[0] ?? key);
  }

  /** A head looks at no later token: beyond the diagonal, the last cell of a row is meant. */
  point(cell) {
    if (!cell) {
      this.column = null;
      return;
    }
    const [query, key] = cell;
    this.column = this.isFinger ? this.nearestSeen(query, key) : Math.min(query, key);
    if (query + 1 === this.shownPosition) return;
    this.pointing = true; // the row changes, and the column stays
    this.store.set({ position: Math.min(query + 1, this.pass.lastPosition) });
    this.updateComplete.then(() => {
      this.pointing = false;
    });
  }
}

customElements.define("attention-map", AttentionMap);
