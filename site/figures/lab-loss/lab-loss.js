/**
 * <lab-loss></lab-loss>
 *
 * The loss of the model of the lab while it learns, on its text and on text that it never learns from, beside the
 * losses that guessing and counting reach.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import uPlot from "../../vendored/uplot.js";
import { cssVariable } from "../../app/colormap.js";
import { count, nats } from "../../app/format.js";
import { LabFigure } from "../../app/lab-figure.js";
import { placeLabels } from "../../app/label-places.js";
import { OnResize } from "../../app/resize.js";
import { roundSteps } from "../../app/step-scale.js";

const HEIGHT = 240; // pixels, axis included
const LABEL_HEIGHT = 15; // pixels
const MOST_POINTS = 400; // of a curve: more cannot be told apart

/** What each baseline means, and what a model that is better has learned. */
const BASELINES = { uniform: "guessing", unigram: "counting tokens", bigram: "counting pairs" };
const BEATEN = {
  uniform: "it does better than guessing",
  unigram: "it does better than a model that only counts how often each token occurs",
  bigram: "it does better than a model that only counts which token follows which",
};

const RECENT = 10; // points of a curve that tell where it is
const RISEN = 0.15; // nats: what is less may be chance,
const FOR_LONG = 0.2; // and so is what happened within so small a part of its steps
const BY_HEART = 2; // readings of a text, before which none is known by heart

const labelFont = () => `${12 * devicePixelRatio * textScale()}px Inter, sans-serif`;

const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

class LabLoss extends LabFigure {
  static share = { title: "Loss by step", table: (figure) => figure.losses?.length && figure.numbers() };

  static properties = {
    losses: { from: "lab" },
    evaluations: { from: "lab" },
    baselines: { from: "lab" },
    settings: { from: "lab" },
    tokens: { from: "lab" },
  };

  static styles = [
    LabFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    .plot { position: relative; overflow: hidden; min-height: ${HEIGHT}px; }
    .legend { display: flex; flex-wrap: wrap; gap: 0 16px; color: var(--muted); margin: 0; }
    .legend b { color: var(--accent); font-weight: 600; }
    .reading { min-height: 3em; margin-top: 8px; max-width: 66ch; }
    .reading b { font-weight: 600; }
    @media (max-width: 640px) { .reading { min-height: 4.5em; } }
  `,
  ];

  constructor() {
    super();
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

  drawLab() {
    const styleSheet = new URL("../../vendored/uplot.css", import.meta.url);
    return html`<link rel="stylesheet" href=${styleSheet}>
      <h3>Loss</h3>
      <p class="caption">How surprised it is by what really comes next: the lower, the better. It is counted in <a
        href="lessons/glossary.html#nat">nats</a>; more in <a href="lessons/08-learning.html">lesson 8</a> and the <a
        href="lessons/glossary.html#loss">glossary</a>.</p>
      <div class="plot" aria-hidden="true"></div>
      <p class="legend"><span>— on its text</span> <span><b>●—</b> on text that it never learns from</span></p>
      <p class="reading">${this.reading()}</p>`;
  }

  /** How far it is, in words. */
  reading() {
    const now = this.evaluations.at(-1);
    if (!now) return nothing;
    const since = this.byHeartSince();
    const tokens = this.tokens.tokenizer?.vocab.length ?? 0;
    if (!this.step) {
      return html`It has learned nothing yet: its loss is <b>${now.loss.toFixed(2)} nats</b>${this.besideGuessing(now.loss, tokens)}`;
    }
    if (since === null) {
      return html`On text that it never learns from: <b>${nats(now.loss, tokens)}</b>${this.comparison(now.loss)}.`;
    }
    return html`On its text: <b>${nats(this.lossNow)}</b>. On other text, the loss has risen since step ${count(since)}: it
      has read this text so often that it learns it by heart. That happens with every short text, and is no failure. <a
      href="#your-text">Choose a longer one</a> if it is to learn more than that.`;
  }

  /** Why a model that knows nothing does not begin exactly where guessing does. */
  besideGuessing(loss, tokens) {
    const all = `all ${count(tokens)} tokens`;
    const guessing = this.baselines?.uniform;
    if (guessing === undefined || loss.toFixed(2) <= guessing.toFixed(2))
      return `, about that of guessing among ${all}.`;
    return `. Guessing among ${all} has a loss of ${guessing.toFixed(2)}. The model begins a little above that, because by
      chance its random weights prefer some tokens.`;
  }

  /** The loss of the last updates: that of a single one is a matter of luck. */
  get lossNow() {
    const last = this.losses.slice(-RECENT);
    return last.reduce((sum, one) => sum + one.loss, 0) / last.length;
  }

  /** The step from which on what it learns helps on its own text only; null while it helps elsewhere. */
  byHeartSince() {
    const best = this.evaluations.reduce((least, one) => (one.loss < least.loss ? one : least));
    const now = this.evaluations.at(-1);
    const hasRisen = now.loss - best.loss > RISEN && best.step < (1 - FOR_LONG) * now.step;
    const isLower = this.losses.length > 0 && this.lossNow < best.loss; // on its own text
    return hasRisen && isLower && this.readings >= BY_HEART ? best.step : null;
  }

  /** How often it has read its text. */
  get readings() {
    const { batch_size: rows, n_ctx: length } = this.settings;
    return (this.step * rows * length) / this.tokens.ids.length;
  }

  /** The best that it has beaten of what only counts. */
  comparison(loss) {
    if (!this.baselines || !this.step) return nothing;
    const beaten = Object.keys(BASELINES).filter((name) => loss < this.baselines[name]);
    const best = beaten.sort((a, b) => this.baselines[a] - this.baselines[b])[0];
    return best ? `: ${BEATEN[best]}` : nothing;
  }

  updated() {
    const box = this.renderRoot.querySelector(".plot");
    if (!box) return;
    if (!this.plot || this.shownSteps !== this.settings.steps || this.shownBaselines !== this.comparedWith) {
      this.createPlot(box);
    }
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.plot?.setData(this.table()));
  }

  createPlot(box) {
    this.plot?.destroy();
    this.shownSteps = this.settings.steps;
    this.shownBaselines = this.comparedWith;
    this.plot = new uPlot(this.options(box.clientWidth || 400), this.table(), box);
    this.drawnScale = textScale();
  }

  /** The steps, the losses on its text, and those on text that it never learns from. */
  table() {
    const losses = subsampled(this.losses, MOST_POINTS);
    return uPlot.join([
      [losses.map((one) => one.step), losses.map((one) => one.loss)],
      [this.evaluations.map((one) => one.step), this.evaluations.map((one) => one.loss)],
    ]);
  }

  /** What guessing and counting reach; null for a text that nothing can be learned from: they are those of another. */
  get comparedWith() {
    return this.status === "empty" ? null : this.baselines;
  }

  get highest() {
    return 1.08 * Math.max(this.comparedWith?.uniform ?? 0, this.evaluations[0]?.loss ?? 1);
  }

  options(width) {
    const axis = {
      stroke: () => cssVariable(this, "muted"),
      font: `${13 * textScale()}px Inter, sans-serif`,
      grid: { show: false },
      ticks: { stroke: () => cssVariable(this, "line"), size: 4 },
    };
    const last = this.settings.steps;
    const room = (plot) => plot.bbox.width / devicePixelRatio / textScale() / 90;
    const ticks = (plot) => roundSteps("linear", last, Math.max(2, Math.floor(room(plot))));
    return {
      width,
      height: HEIGHT,
      padding: [8, 22, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: [0, last] }, y: { range: () => [0, this.highest] } },
      axes: [
        { ...axis, size: 28 * textScale(), splits: ticks, values: (_plot, steps) => steps.map(count) },
        { ...axis, size: 30 * textScale(), space: 40 },
      ],
      series: [
        {},
        { stroke: () => cssVariable(this, "muted"), width: 1, points: { show: false }, spanGaps: true },
        {
          stroke: () => cssVariable(this, "accent"),
          width: 2.5,
          spanGaps: true,
          points: {
            show: (plot) => this.evaluations.length < plot.width / 12,
            size: 5,
            fill: () => cssVariable(this, "accent"),
          },
        },
      ],
      hooks: { drawClear: [(plot) => this.drawBaselines(plot)], draw: [(plot) => this.drawLabels(plot)] },
    };
  }

  /** Dashed lines at the baselines. */
  drawBaselines(plot) {
    const {
      ctx,
      bbox: { left, width },
    } = plot;
    ctx.save();
    ctx.strokeStyle = cssVariable(this, "muted");
    ctx.setLineDash([2 * devicePixelRatio, 5 * devicePixelRatio]);
    for (const loss of Object.values(this.comparedWith ?? {})) {
      const y = Math.round(plot.valToPos(loss, "y", true));
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    }
    // No line goes through the label of another one that is close to it.
    ctx.fillStyle = cssVariable(this, "panel");
    for (const { x, top, width: w, height } of this.labels(plot)) ctx.fillRect(x, top - 1, w, height + 1);
    ctx.restore();
  }

  /** What they mean, written in front of the curves. */
  drawLabels(plot) {
    const { ctx } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    Object.assign(ctx, {
      font: labelFont(),
      textAlign: "left",
      textBaseline: "middle",
      lineWidth: 4 * ratio,
      lineJoin: "round",
      strokeStyle: cssVariable(this, "panel"),
      fillStyle: cssVariable(this, "muted"),
    });
    for (const { text, x, top, height } of this.labels(plot)) {
      ctx.strokeText(text, x + 4 * ratio, top + height / 2);
      ctx.fillText(text, x + 4 * ratio, top + height / 2);
    }
    ctx.restore();
  }

  /** The labels, and where each has room. */
  labels(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.font = labelFont();
    const labels = Object.entries(this.comparedWith ?? {}).map(([name, loss]) => {
      const text = `${BASELINES[name]} (${loss.toFixed(2)})`;
      const bottom = plot.valToPos(loss, "y", true) - 2 * ratio;
      return { text, bottom, width: ctx.measureText(text).width + 8 * ratio };
    });
    const { left, width } = bbox;
    const height = LABEL_HEIGHT * ratio * textScale();
    return placeLabels(labels, this.curves(plot), { left, width, height });
  }

  /** The points of both curves, in pixels: their labels leave them room. */
  curves(plot) {
    const [steps, ...curves] = plot.data;
    const ofCurve = (losses) =>
      steps
        .map((step, i) => [step, losses[i]])
        .filter(([, loss]) => loss !== null && loss !== undefined)
        .map(([step, loss]) => [plot.valToPos(step, "x", true), plot.valToPos(loss, "y", true)]);
    return curves.map(ofCurve);
  }

  resize() {
    const box = this.renderRoot.querySelector(".plot");
    if (!box?.clientWidth || !this.plot) return;
    if (box.clientWidth !== this.plot.width || this.drawnScale !== textScale()) this.createPlot(box);
  }

  numbers() {
    return [
      ["step", "loss", "on"],
      ...this.losses.map(({ step, loss }) => [step, loss, "its text"]),
      ...this.evaluations.map(({ step, loss }) => [step, loss, "text that it never learns from"]),
    ];
  }
}

/** At most so many of a list, evenly; the last is among them. */
function subsampled(list, most) {
  const every = Math.ceil(list.length / most) || 1;
  return list.filter((_, i) => (list.length - 1 - i) % every === 0);
}

customElements.define("lab-loss", LabLoss);
