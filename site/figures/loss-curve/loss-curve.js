/**
 * <loss-curve></loss-curve>
 *
 * The loss by step, and the baselines to compare it with, on one of three scales of steps. Its values at the
 * step that is chosen, or pointed at, stand below; a click or a touch chooses the nearest sampled step. Then
 * stands whether the loss at the end is what one should expect, if that is known. For a run that goes on from
 * another one, its loss on the text of that one shows what it forgets.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import uPlot from "../../vendored/uplot.js";
import { cssVariable } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, nats } from "../../app/format.js";
import { placeLabels } from "../../app/label-places.js";
import { parentOf } from "../../app/parent.js";
import { OnResize } from "../../app/resize.js";
import { bandMargin, compareWithBand } from "../../app/seed-band.js";
import { latest, roundSteps, SCALES } from "../../app/step-scale.js";

const HEIGHT = 240; // pixels, axis included
const LABEL_HEIGHT = 15; // pixels, of the label of a baseline

/** What equal distances mean on each scale of steps. */
const SCALE_SENTENCES = {
  samples: "The samples are equally far apart, as on the slider: early steps have the most room.",
  linear: "Equal distances are equal numbers of steps.",
  logarithmic: "Equal distances are equal ratios: from 10 to 100 is as far as from 100 to 1,000.",
};

/** What each baseline means, and the same where there is little room. */
const BASELINES = {
  uniform: (run) => [`guessing: all ${count(run.vocab.length)} tokens equally likely`, "guessing"],
  unigram: () => ["knowing only how common each token is", "counting tokens"],
  bigram: () => ["knowing only which token follows which", "counting pairs"],
  entropy: () => ["the entropy of this text, which no model can get below", "the entropy"],
};

/** Which runs a band is of (see app/seed-band.js). */
const RUNS_OF = {
  preset: (runs) => `With this preset, ${count(runs)} runs that differ only in their seed`,
  seeds: (runs) => `The ${count(runs)} runs that were trained together, each with its own seed,`,
};
const VERDICTS = { lower: "lower than expected", expected: "as expected", higher: "higher than expected" };

/** What became of the loss on the text of a parent: the end of a sentence, by the sign of the change. */
const CHANGES = {
  "-1": (first, last) =>
    `fell from ${first} to ${last} nats per token: it now predicts that text even better.`,
  0: (first) => `stayed at ${first} nats per token: it has forgotten nothing there.`,
  1: (first, last) => `rose from ${first} to ${last} nats per token: it has forgotten some of what it knew.`,
};

/** How much larger than usual somebody has the text of a page. */
const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

/** The width that a plot has for the numbers below it, in pixels of usual text. */
const roomFor = (plot) => plot.bbox.width / devicePixelRatio / textScale();

class LossCurve extends Figure {
  static share = {
    title: "Loss by step",
    table: (figure) => figure.data && numbers(figure),
    drawing: async () => (await import("./drawing.js")).drawAgain,
  };

  static properties = {
    fromStep: { from: "store", type: Number }, // the steps that are shown
    toStep: { from: "store", type: Number },
    scale: { state: true }, // a name in SCALES
    pointed: { state: true }, // the sampled step that is pointed at, or null
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .plot { position: relative; touch-action: pan-y; overflow: hidden; }
    .legend { display: flex; flex-wrap: wrap; gap: 0 24px; color: var(--muted); margin: 0; }
    .legend b { color: var(--accent); font-weight: 600; }
    .legend b.old { color: var(--value); }
    .caption { margin-top: 8px; overflow-wrap: anywhere; }
    .caption b { color: var(--text); font-weight: 600; white-space: nowrap; }
    .reading { min-height: 1.5em; margin-top: 8px; }
    .note { color: var(--muted); }
    @media (max-width: 1000px) { .reading { min-height: 3em; } }
    @media (max-width: 640px) { .reading { min-height: 4.5em; } }
    @media print { .row { display: none; } }
    .reading b { color: var(--text); font-weight: 600; }
    .now { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; left: 0;
           background: var(--chosen); pointer-events: none; }
  `,
  ];

  async load(run) {
    const log = await run.part("log");
    return { log, steps: run.manifest.sampled_steps };
  }

  constructor() {
    super();
    this.scale = "samples";
    this.pointed = null;
    new OnResize(this, () => this.resize());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.plot?.destroy();
    this.plot = null;
  }

  repaint() {
    this.plot?.redraw();
  }

  draw({ log }) {
    const styleSheet = new URL("../../vendored/uplot.css", import.meta.url);
    return html`<link rel="stylesheet" href=${styleSheet}>
      <p class="legend">${
        log.validation.loss.length
          ? html`<span><b>●—</b> loss on unseen text, in nats per token</span>`
          : html`<span>Loss in nats per token:</span>`
      }
        <span>— on its training text, one batch at a time</span>
        ${
          log.validation.parent_loss
            ? html`<span><b class="old">○╌╌</b> on the text of its parent</span>`
            : nothing
        }</p>
      <div class="plot" aria-hidden="true" @click=${this.choose} @pointermove=${this.point}
        @pointerleave=${() => (this.pointed = null)}></div>
      <p class="reading">${this.reading(log)}</p>
      <div class="row"><label>Steps <select @change=${({ target }) => (this.scale = target.value)}>
        <option value="samples">as on the slider</option>
        <option value="linear">linear</option>
        <option value="logarithmic">logarithmic</option></select></label>
        <span class="note">${SCALE_SENTENCES[this.scale]}</span></div>
      <p class="visually-hidden">${this.sentence(log)}</p>
      ${this.forgetting(log)} ${this.ending(log)}`;
  }

  /** The losses at the step that is pointed at, or chosen. */
  reading({ validation, point_steps, loss }) {
    const step = this.pointed ?? this.step;
    const i = validation.sampled_steps.indexOf(step);
    const trained = loss[point_steps.indexOf(latest(step, point_steps))];
    const unseen = validation.loss[i];
    const parts = [
      unseen === undefined ? "" : `${nats(unseen, this.run.vocab.length)}, on unseen text`,
      trained === undefined || step < point_steps[0]
        ? ""
        : `${trained.toFixed(2)} nats on one batch of its training text`,
      validation.parent_loss?.[i] === undefined
        ? ""
        : `${validation.parent_loss[i].toFixed(2)} nats on the text of its parent`,
    ].filter(Boolean);
    return html`<b>Step ${count(step)}</b>: ${parts.length ? parts.join("; ") : "nothing was measured here"}.`;
  }

  /** What became of its loss on the text of its parent; nothing for a run without one. */
  forgetting({ validation: { parent_loss: losses } }) {
    const parent = parentOf(this.run.manifest);
    if (!parent || !losses) return nothing;
    const [first, last] = [losses[0].toFixed(3), losses.at(-1).toFixed(3)];
    const change = Math.sign(Number(last) - Number(first));
    const changed = CHANGES[change](first, last);
    return html`<p class="caption">On the text of its parent, “${parent.text}”, its loss ${changed}</p>`;
  }

  /** The loss at the end, compared with that of runs with other seeds; nothing where they are unknown. */
  ending({ validation }) {
    const { validation_loss: loss, band } = this.run.manifest.metrics ?? {};
    if (loss === undefined || !band) return nothing;
    // Evaluating all of a long text at every sample would take too long. The log has four decimals.
    const isOfAll = Math.abs(validation.loss.at(-1) - loss) < 0.0001;
    const margin = bandMargin(band);
    return html`<p class="caption">On all of the unseen text${
      isOfAll ? "" : " (the curve is measured on a part of it)"
    }, its loss ends at ${loss.toFixed(4)}${verdict(loss, band)}. ${RUNS_OF[band.of](band.runs)} ended between
      ${band.low.toFixed(4)} and ${band.high.toFixed(4)}${
        margin
          ? `. With yet another seed it may end a little lower or higher, by up to ${margin.toFixed(4)}`
          : ""
      }.</p>`;
  }

  sentence({ validation, baselines }) {
    const [first, last] = [validation.loss[0], validation.loss.at(-1)];
    const sentences = Object.entries(baselines).map(
      ([name, loss]) => `${loss.toFixed(2)} is ${BASELINES[name](this.run)[0]}`,
    );
    if (first === undefined) return `For comparison, ${sentences.join("; ")}.${ofParent(validation)}`;
    return (
      `The loss on unseen text ${last < first ? "falls" : "goes"} from ${nats(first, this.run.vocab.length)}, at step ` +
      `${validation.sampled_steps[0]}, to ${nats(last, this.run.vocab.length)}, at step ${count(
        validation.sampled_steps.at(-1),
      )}. For comparison, ${sentences.join("; ")}.${ofParent(validation)}`
    );
  }

  updated(changed) {
    if (["data", "scale", "fromStep", "toStep"].some((name) => changed.has(name))) this.createPlot();
    if (this.plot && changed.has("step")) this.moveMarker();
  }

  createPlot() {
    this.plot?.destroy();
    this.plot = null;
    const box = this.renderRoot.querySelector(".plot");
    if (!this.data || !box) return;
    this.plot = new uPlot(this.options(box.clientWidth || 600), table(this.data.log, this.x), box);
    this.drawnScale = textScale();
    this.marker = Object.assign(document.createElement("div"), { className: "now" });
    this.plot.over.append(this.marker);
    this.moveMarker();
  }

  /** Where a step stands on the chosen scale. */
  x = (step) => SCALES[this.scale](step, this.data.steps);

  /** The sampled steps that are shown: usually all. */
  get shownSteps() {
    return this.data.steps.filter((step) => step >= this.fromStep && step <= this.toStep);
  }

  /** The largest loss that is shown: of a part of the steps, what happens there. */
  get highest() {
    const { baselines, loss, point_steps, validation } = this.data.log;
    const { sampled_steps, loss: unseen, parent_loss: old = [] } = validation;
    const isShown = (step) => step >= this.fromStep && step <= this.toStep;
    const isWhole = this.shownSteps.length === this.data.steps.length;
    const trained = isWhole ? [baselines.uniform] : loss.filter((_, i) => isShown(point_steps[i]));
    const ofSamples = [unseen, old].flatMap((losses) => losses.filter((_, i) => isShown(sampled_steps[i])));
    return 1.08 * Math.max(...trained, ...ofSamples);
  }

  /** The baselines that are not above everything that is shown: [name, loss] of each. */
  get shownBaselines() {
    return Object.entries(this.data.log.baselines).filter(([, loss]) => loss <= this.highest);
  }

  /** The first and the last place on the axis; a run that was stopped at once has just one. */
  get ends() {
    const steps = this.shownSteps;
    const first = this.x(steps[0]);
    return [first, Math.max(first + 0.001, this.x(steps.at(-1)))];
  }

  options(width) {
    const { log } = this.data;
    const { loss, parent_loss: oldLoss = [] } = log.validation;
    const axis = {
      stroke: () => cssVariable(this, "muted"),
      font: `${13 * textScale()}px Inter, sans-serif`,
      grid: { show: false },
      ticks: { stroke: () => cssVariable(this, "line"), size: 4 },
    };
    return {
      width,
      height: this.matches(":fullscreen") ? Math.max(HEIGHT, innerHeight / 2) : HEIGHT,
      padding: [8, parseFloat(cssVariable(this, "axis-right")), 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: this.ends },
        y: { range: [Math.min(0, ...loss, ...oldLoss), this.highest] },
      },
      axes: [
        {
          ...axis,
          size: 28 * textScale(),
          splits: (plot) => this.tickSteps(roomFor(plot)).map(this.x),
          values: (plot) => this.tickSteps(roomFor(plot)).map(count),
        },
        { ...axis, size: parseFloat(cssVariable(this, "axis-left")), space: 40 },
      ],
      series: [
        {},
        { stroke: () => cssVariable(this, "muted"), width: 1, points: { show: false }, spanGaps: true },
        {
          stroke: () => cssVariable(this, "accent"),
          width: 2.5,
          spanGaps: true,
          points: { show: true, size: 6, fill: () => cssVariable(this, "accent") },
        },
        {
          stroke: () => cssVariable(this, "value"),
          width: 2,
          dash: [6, 4],
          spanGaps: true,
          points: { show: true, size: 7, width: 2, fill: () => cssVariable(this, "panel") },
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
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = cssVariable(this, "muted");
    ctx.setLineDash([2 * ratio, 5 * ratio]);
    for (const [, loss] of this.shownBaselines) {
      const y = Math.round(plot.valToPos(loss, "y", true));
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** What they mean, written in front of the curves. */
  drawLabels(plot) {
    const {
      ctx,
      bbox: { left, width },
    } = plot;
    const ratio = devicePixelRatio;
    const short = plot.width < 760 ? 1 : 0;
    ctx.save();
    Object.assign(ctx, {
      font: `${12 * ratio * textScale()}px Inter, sans-serif`,
      textAlign: "left",
      textBaseline: "middle",
      lineWidth: 4 * ratio,
      lineJoin: "round",
      strokeStyle: cssVariable(this, "panel"),
      fillStyle: cssVariable(this, "muted"),
    });
    const labels = this.shownBaselines.map(([name, loss]) => {
      const text = `${BASELINES[name](this.run)[short]} (${loss.toFixed(2)})`;
      const bottom = plot.valToPos(loss, "y", true) - 2 * ratio;
      return { text, bottom, width: ctx.measureText(text).width + 8 * ratio };
    });
    const height = LABEL_HEIGHT * ratio * textScale();
    for (const { text, x, top } of placeLabels(labels, curves(plot), { left, width, height })) {
      ctx.strokeText(text, x + 4 * ratio, top + height / 2);
      ctx.fillText(text, x + 4 * ratio, top + height / 2);
    }
    ctx.restore();
  }

  /** The steps whose numbers stand below the axis, so that they do not touch. */
  tickSteps(width) {
    const steps = this.shownSteps;
    const [first, last] = this.ends;
    const round = roundSteps(this.scale, steps.at(-1), Math.floor(width / 90));
    const candidates = this.scale === "samples" ? steps : round.filter((step) => step >= steps[0]);
    const place = (step) => (width * (this.x(step) - first)) / (last - first);
    const found = [];
    for (const step of candidates) {
      if (!found.length || place(step) - place(found.at(-1)) >= 56) found.push(step);
    }
    const end = candidates.at(-1);
    if (this.scale === "samples" && found.length > 1 && found.at(-1) !== end) found[found.length - 1] = end;
    return found;
  }

  moveMarker() {
    const [first, last] = this.ends;
    this.marker.hidden = this.step < this.fromStep || this.step > this.toStep;
    this.marker.style.left = `${(100 * (this.x(this.step) - first)) / (last - first)}%`;
  }

  /** The sampled step that is nearest to where an event took place. */
  stepAt({ clientX }) {
    const { left, width } = this.plot.over.getBoundingClientRect();
    const [first, last] = this.ends;
    const x = first + ((last - first) * (clientX - left)) / width;
    const distance = (step) => Math.abs(this.x(step) - x);
    return this.shownSteps.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  }

  choose(event) {
    this.store.set({ step: this.stepAt(event) }, { jump: true });
  }

  point(event) {
    if (this.plot) this.pointed = this.stepAt(event);
  }

  resize() {
    const width = this.renderRoot.querySelector(".plot")?.clientWidth;
    if (!width || !this.plot) return;
    if (width !== this.plot.width || this.drawnScale !== textScale()) this.createPlot();
  }
}

/** Whether a loss is as expected: the end of a sentence, empty where that is unknown. */
function verdict(loss, band) {
  // A run lies within the band that it is a part of, whatever its loss: that says nothing about it.
  const compared = band.of === "seeds" ? null : compareWithBand(loss, band);
  return compared ? html`, <b>${VERDICTS[compared]}</b>` : nothing;
}

/** A sentence about the loss on the text of a parent, empty for a run without one. */
function ofParent({ sampled_steps, parent_loss: losses }) {
  if (!losses) return "";
  const highest = Math.max(...losses);
  const step = sampled_steps[losses.indexOf(highest)];
  return ` The loss on the text of its parent is highest at step ${count(step)}, with ${nats(highest)}.`;
}

/** The losses at the steps that are shown. */
function numbers({ data: { log }, fromStep, toStep }) {
  const names = ["step", "loss on a training batch", "loss on unseen text", "loss on the text of its parent"];
  const [steps, ...columns] = table(log, (step) => step).slice(0, log.validation.parent_loss ? 4 : 3);
  const rows = steps.map((step, i) => [step, ...columns.map((losses) => losses[i])]);
  const shown = rows.filter(([step]) => step >= fromStep && step <= toStep);
  return [names.slice(0, 1 + columns.length), ...shown];
}

/** Points for uPlot: places on the axis, then losses: in training, on unseen text, on a parent’s. */
function table(log, place) {
  const rows = new Map();
  const put = (step, column, loss) => {
    const x = place(step);
    rows.set(x, Object.assign(rows.get(x) ?? [null, null, null], { [column]: loss }));
  };
  log.point_steps.forEach((step, i) => put(step, 0, log.loss[i]));
  const { sampled_steps, loss, parent_loss } = log.validation;
  sampled_steps.forEach((step, i) => put(step, 1, loss[i] ?? null)); // a run may have no unseen text
  if (parent_loss) sampled_steps.forEach((step, i) => put(step, 2, parent_loss[i]));
  const xs = [...rows.keys()].sort((a, b) => a - b);
  return [xs, ...[0, 1, 2].map((column) => xs.map((x) => rows.get(x)[column]))];
}

/** The points of each curve, in the pixels of the canvas: [x, y][][]. */
function curves(plot) {
  const [xs, ...columns] = plot.data;
  const drawn = columns.map((losses) => xs.map((x, i) => [x, losses[i]]).filter(([, loss]) => loss !== null));
  return drawn.map((points) =>
    points.map(([x, loss]) => [plot.valToPos(x, "x", true), plot.valToPos(loss, "y", true)]),
  );
}

customElements.define("loss-curve", LossCurve);
