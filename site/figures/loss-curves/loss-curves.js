/**
 * <loss-curves .curves=${[{ name: "Muon", points: [[0, 4.6], [10, 3.1]] }]} .steps=${500}
 *   .baselines=${{ uniform: 4.6, unigram: 3.1, bigram: 2.4 }} label="Loss on held-out text, by step"></loss-curves>
 *
 * The losses of several trainings over one another, each with its name at the end of its curve. It draws what it is
 * given: see app/loss-curves.js for what that may be. With `fromStep`, only the steps from there on are shown, as large
 * as there is room.
 */
import { css, html } from "../../vendored/lit.js";
import uPlot from "../../vendored/uplot.js";
import { cssVariable } from "../../app/colormap.js";
import { curveStyle } from "../../app/curve-styles.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { placeLabels, spreadApart } from "../../app/label-places.js";
import { curveSentence, drawable, isBroken, lossRange } from "../../app/loss-curves.js";
import { OnResize } from "../../app/resize.js";
import { roundSteps } from "../../app/step-scale.js";

const HEIGHT = 280; // pixels, axis included
const LABEL_HEIGHT = 16; // pixels
const GAP = 10; // pixels between the end of a curve and its name
const WIDEST_LABEL = 190; // pixels
const EDGE = 22; // pixels at the right, at least: for half of the last number below the axis
const LABELS_PART = 0.36; // of the width, at most, is for the names
const BASELINES = { uniform: "guessing", unigram: "counting tokens", bigram: "counting pairs" };

const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
const fontOf = (weight) => `${weight} ${12 * devicePixelRatio * textScale()}px Inter, sans-serif`;

class LossCurves extends Figure {
  static share = {
    title: "Losses by step",
    embeds: false,
    table: (figure) => figure.curves?.some(({ points }) => points.length) && figure.numbers(),
  };

  static properties = {
    run: { state: true }, // there is none
    step: { state: true },
    curves: { attribute: false },
    steps: { type: Number }, // the last one of the axis
    fromStep: { type: Number },
    baselines: { attribute: false },
    label: { type: String },
  };

  static styles = [
    Figure.styles,
    css`
    .plot { position: relative; overflow: hidden; min-height: ${HEIGHT}px; }
  `,
  ];

  constructor() {
    super();
    this.curves = [];
    this.steps = 1;
    this.fromStep = 0;
    this.baselines = null;
    this.label = "";
    new OnResize(this, () => this.resize());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    this.plot?.destroy();
    this.plot = null;
  }

  repaint() {
    this.plot?.redraw();
  }

  willUpdate(changed) {
    if (this.error?.fromRender && !changed.has("error")) this.error = null; // perhaps it works now
    // What the others are compared with lies below them.
    const styled = this.curves.map((curve, i) => ({ ...curve, style: curve.style ?? this.turnOf(i) }));
    this.drawn = styled.sort((a, b) => Number(b.isReference ?? false) - Number(a.isReference ?? false));
  }

  /** Which of the curves that have a colour a curve is. */
  turnOf(i) {
    return this.curves.slice(0, i).filter(({ isReference }) => !isReference).length;
  }

  render() {
    if (this.error) return errorBox(this.error);
    const styleSheet = new URL("../../vendored/uplot.css", import.meta.url);
    return html`<link rel="stylesheet" href=${styleSheet}>
      <p class="caption">${this.label}</p>
      <div class="plot" aria-hidden="true"></div>
      <ul class="visually-hidden">${this.curves.map((curve) => html`<li>${curveSentence(curve)}</li>`)}</ul>`;
  }

  updated() {
    const box = this.renderRoot.querySelector(".plot");
    if (!box) return;
    if (!this.plot || this.shape !== this.drawnShape) this.createPlot(box);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.plot?.setData(this.table()));
  }

  /** What the plot has to be made anew for; points alone are cheap. */
  get shape() {
    const { drawn, steps, fromStep, baselines } = this;
    const names = drawn.map(({ name, style, isReference }) => [name, style, isReference]);
    return JSON.stringify([names, steps, fromStep, baselines]);
  }

  createPlot(box) {
    this.plot?.destroy();
    this.drawnShape = this.shape;
    this.drawnScale = textScale();
    this.plot = new uPlot(this.options(box.clientWidth || 400), this.table(), box);
  }

  resize() {
    const box = this.renderRoot.querySelector(".plot");
    if (!box?.clientWidth || !this.plot) return;
    if (box.clientWidth !== this.plot.width || this.drawnScale !== textScale()) this.createPlot(box);
  }

  /** All steps, then the losses of each curve. */
  table() {
    const tables = this.drawn.map((curve) => {
      const points = drawable(curve);
      return [points.map(([step]) => step), points.map(([, loss]) => loss)];
    });
    return tables.length ? uPlot.join(tables) : [[]];
  }

  options(width) {
    const scale = textScale();
    const axis = {
      stroke: () => cssVariable(this, "muted"),
      font: `${13 * scale}px Inter, sans-serif`,
      grid: { show: false },
      ticks: { stroke: () => cssVariable(this, "line"), size: 4 },
    };
    const [first, last] = [this.fromStep, this.steps];
    const inside = (plot) => plot.bbox.width / devicePixelRatio / scale / 90;
    const ticks = (plot) => ticksBetween(first, last, Math.max(2, Math.floor(inside(plot))));
    return {
      width,
      height: HEIGHT,
      padding: [8, Math.max(EDGE, GAP + this.labelWidth(width)), 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: [first, last] }, y: { range: () => lossRange(this.drawn, this) } },
      axes: [
        { ...axis, size: 28 * scale, splits: ticks, values: (_plot, steps) => steps.map(count) },
        { ...axis, size: (first ? 44 : 34) * scale, space: 40, show: this.drawn.length > 0 },
      ],
      series: [{}, ...this.drawn.map((curve) => this.series(curve))],
      hooks: { drawClear: [(plot) => this.drawBelow(plot)], draw: [(plot) => this.drawAbove(plot)] },
    };
  }

  series({ isReference, style }) {
    const common = { points: { show: false }, spanGaps: true };
    if (isReference) return { ...common, width: 5, stroke: () => this.referenceColor() };
    const { color, dash } = curveStyle(style);
    return { ...common, width: 2.25, dash, stroke: () => cssVariable(this, color) };
  }

  referenceColor() {
    return `color-mix(in oklab, ${cssVariable(this, "muted")} 50%, ${cssVariable(this, "panel")})`;
  }

  colorOf({ isReference, style }) {
    return cssVariable(this, isReference ? "muted" : curveStyle(style).color);
  }

  // The names at the ends ---------------------------------------------------------------------------

  /** How wide the names are, in pixels of the page; long ones are cut. */
  labelWidth(width) {
    const most = Math.min(WIDEST_LABEL * textScale(), LABELS_PART * width);
    const texts = this.drawn.map(({ name }) => (this.isStacked(width) ? name : `00.00  ${name}`));
    return Math.ceil(Math.min(most, widestOf(texts)));
  }

  /** Whether the names stand below the losses, as there is no room beside them. */
  isStacked(width) {
    return widestOf(this.drawn.map(({ name }) => `00.00  ${name}`)) > LABELS_PART * width;
  }

  /** What stands at the end of each curve, and where, in the pixels of the canvas. */
  ends(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const [low, high] = lossRange(this.drawn, this);
    const width = this.labelWidth(plot.width) * ratio;
    const isStacked = this.isStacked(plot.width);
    const lineHeight = LABEL_HEIGHT * ratio * textScale();
    const height = isStacked ? 2 * lineHeight : lineHeight;
    ctx.font = fontOf(600);
    const shown = this.drawn.filter((curve) => drawable(curve).length);
    const ends = shown.map((curve) => {
      const [step, loss] = drawable(curve).at(-1);
      const value = valueLabel(curve, loss, high);
      const valueWidth = ctx.measureText(`${value} `).width;
      const x = plot.valToPos(Math.max(step, this.fromStep), "x", true);
      const y = plot.valToPos(Math.min(high, Math.max(low, loss)), "y", true);
      const name = cut(ctx, curve.name, isStacked ? width : width - valueWidth);
      const common = { curve, x, y, value, name, width, height, broken: isBroken(curve) };
      // Where the name begins, seen from the beginning of the loss.
      return { ...common, nameOffset: isStacked ? [0, lineHeight] : [valueWidth, 0], lineHeight };
    });
    const room = { top: bbox.top - lineHeight / 4, bottom: bbox.top + bbox.height + lineHeight / 2, height };
    const tops = spreadApart(
      ends.map(({ y }) => y - height / 2),
      room,
    );
    return ends.map((end, i) => ({ ...end, top: tops[i], left: end.x + GAP * ratio }));
  }

  // What is drawn -----------------------------------------------------------------------------------

  /** What lies below the curves: bands, and the dotted lines of what guessing and counting reach. */
  drawBelow(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const curve of this.drawn) if (curve.band?.length) this.drawBand(plot, curve);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = cssVariable(this, "muted");
    ctx.lineWidth = devicePixelRatio; // the curves that were drawn last have left theirs
    ctx.setLineDash([2 * devicePixelRatio, 5 * devicePixelRatio]);
    for (const [, loss] of this.shownBaselines()) {
      const y = Math.round(plot.valToPos(loss, "y", true));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  drawBand(plot, curve) {
    const { ctx } = plot;
    const at = (step, loss) => [plot.valToPos(step, "x", true), plot.valToPos(loss, "y", true)];
    const upper = curve.band.map(([step, , high]) => at(step, high));
    const lower = curve.band.map(([step, low]) => at(step, low)).reverse();
    Object.assign(ctx, { fillStyle: this.colorOf(curve), globalAlpha: 0.2 });
    ctx.beginPath();
    for (const [x, y] of [...upper, ...lower]) ctx.lineTo(x, y);
    ctx.fill();
  }

  shownBaselines() {
    const [low, high] = lossRange(this.drawn, this);
    return Object.entries(this.baselines ?? {}).filter(([, loss]) => loss > low && loss < high);
  }

  /** What stands in front of the curves: names, and what the dotted lines mean. */
  drawAbove(plot) {
    const { ctx } = plot;
    const ends = this.ends(plot);
    ctx.save();
    Object.assign(ctx, {
      textAlign: "left",
      textBaseline: "middle",
      lineWidth: 5 * devicePixelRatio,
      lineJoin: "round",
      strokeStyle: cssVariable(this, "panel"),
    });
    ctx.setLineDash([]);
    for (const label of this.baselineLabels(plot, ends)) {
      Object.assign(ctx, { font: fontOf(400), fillStyle: cssVariable(this, "muted") });
      write(ctx, label.text, label.x + 4 * devicePixelRatio, label.top + label.height / 2);
    }
    for (const end of ends) this.drawEnd(ctx, end);
    ctx.restore();
  }

  /** The loss at the end of a curve, and its name. */
  drawEnd(ctx, { curve, x, y, left, top, height, lineHeight, value, nameOffset, name, broken }) {
    const middle = top + height / 2;
    ctx.fillStyle = this.colorOf(curve);
    ctx.beginPath();
    ctx.arc(x, y, (broken ? 4 : 3) * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    if (Math.abs(middle - y) > lineHeight / 3) this.drawLeader(ctx, [x, y], [left - 1, middle]);
    const first = top + lineHeight / 2;
    ctx.font = fontOf(600);
    write(ctx, value, left, first);
    ctx.font = fontOf(400);
    write(ctx, name, left + nameOffset[0], first + nameOffset[1]);
  }

  /** From the end of a curve to its name, where that had to move. */
  drawLeader(ctx, from, to) {
    ctx.save();
    Object.assign(ctx, { strokeStyle: ctx.fillStyle, lineWidth: devicePixelRatio });
    ctx.beginPath();
    ctx.moveTo(...from);
    ctx.lineTo(...to);
    ctx.stroke();
    ctx.restore();
  }

  /** What the dotted lines mean, where neither a curve nor a name is. */
  baselineLabels(plot, ends) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.font = fontOf(400);
    const labels = this.shownBaselines().map(([name, loss]) => {
      const text = `${BASELINES[name]} (${loss.toFixed(2)})`;
      const bottom = plot.valToPos(loss, "y", true) - 2 * ratio;
      return { text, bottom, width: ctx.measureText(text).width + 8 * ratio };
    });
    const height = (LABEL_HEIGHT - 1) * ratio * textScale();
    const names = ends.flatMap(({ left, top, width, height: h }) =>
      [0.2, 0.5, 0.8].map((part) => [
        [left, top + part * h],
        [left + width, top + part * h],
      ]),
    );
    const { left, width } = bbox;
    return placeLabels(labels, [...this.places(plot), ...names], { left, width, height });
  }

  /** The points of each curve, in the pixels of the canvas. */
  places(plot) {
    return this.drawn.map((curve) =>
      drawable(curve).map(([step, loss]) => [plot.valToPos(step, "x", true), plot.valToPos(loss, "y", true)]),
    );
  }

  numbers() {
    const rows = this.curves.flatMap(({ name, points, band = [] }) => {
      const bands = new Map(band.map(([step, low, high]) => [step, [low, high]]));
      return points.map(([step, loss]) => [name, step, loss, ...(bands.get(step) ?? ["", ""])]);
    });
    return [["name", "step", "loss", "lowest of its seeds", "highest of its seeds"], ...rows];
  }
}

/** The last loss of a curve, or what became of it. */
function valueLabel(curve, loss, high) {
  if (isBroken(curve)) return "✕";
  return loss > high ? `↑ ${loss.toFixed(2)}` : loss.toFixed(2);
}

/** How wide the widest of some names is, in pixels of the page. @param {string[]} texts */
function widestOf(texts) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.font = fontOf(600);
  return Math.max(0, ...texts.map((text) => ctx.measureText(text).width / devicePixelRatio));
}

/** Round steps for about `n` numbers below the axis. */
function ticksBetween(first, last, n) {
  const ofAll = Math.round((n * last) / Math.max(1, last - first));
  return roundSteps("linear", last, ofAll).filter((step) => step >= first);
}

/** A text in front of whatever is there. */
function write(ctx, text, x, y) {
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

/** A name, cut so that it has room. */
function cut(ctx, name, width) {
  if (ctx.measureText(name).width <= width) return name;
  const characters = Array.from(name);
  while (characters.length && ctx.measureText(`${characters.join("")}…`).width > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

customElements.define("loss-curves", LossCurves);
