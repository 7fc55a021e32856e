/**
 * <loss-curve></loss-curve>
 *
 * The loss by step, and the baselines to compare it with. A click or a touch chooses the nearest sampled
 * step. Below it stands whether the loss at the end is what one should expect, if that is known. For a run
 * that goes on from another one, its loss on the text of that one shows what it forgets.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import uPlot from "../../vendored/uplot.js";
import { cssVariable } from "../../app/colormap.js";
import { Figure } from "../../app/figure.js";
import { count, nats } from "../../app/format.js";
import { parentOf } from "../../app/parent.js";
import { OnResize } from "../../app/resize.js";
import { bandMargin, compareWithBand } from "../../app/seed-band.js";
import { fractionalIndex } from "../../app/step-scale.js";

const HEIGHT = 240; // pixels, axis included

/** What each baseline means, and the same where there is little room. */
const BASELINES = {
  uniform: (run) => [`guessing: all ${count(run.vocab.length)} tokens equally likely`, "guessing"],
  unigram: () => ["knowing only how common each token is", "how common each is"],
  bigram: () => ["knowing only which token follows which", "which follows which"],
  entropy: () => ["the entropy of this text: no model can do better", "entropy of this text"],
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

class LossCurve extends Figure {
  static styles = [
    Figure.styles,
    css`
    .plot { position: relative; touch-action: pan-y; overflow: hidden; }
    .legend { display: flex; flex-wrap: wrap; gap: 0 24px; color: var(--muted); margin: 0; }
    .legend b { color: var(--accent); font-weight: 600; }
    .legend b.old { color: var(--value); }
    .caption { margin-top: 8px; overflow-wrap: anywhere; }
    .caption b { color: var(--text); font-weight: 600; white-space: nowrap; }
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
      <p class="legend"><span><b>●—</b> loss on unseen text, in nats per token</span>
        <span>— on its training text</span>
        ${
          log.validation.parent_loss
            ? html`<span><b class="old">○╌╌</b> on the text of its parent</span>`
            : nothing
        }</p>
      <div class="plot" aria-hidden="true" @click=${this.choose}></div>
      <p class="visually-hidden">${this.sentence(log)}</p>
      ${this.forgetting(log)} ${this.ending(log)}`;
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
          ? `; with another seed, a run may end as much as ${margin.toFixed(4)} outside of that range`
          : ""
      }.</p>`;
  }

  sentence({ validation, baselines }) {
    const [first, last] = [validation.loss[0], validation.loss.at(-1)];
    const sentences = Object.entries(baselines).map(
      ([name, loss]) => `${loss.toFixed(2)} is ${BASELINES[name](this.run)[0]}`,
    );
    return (
      `The loss on unseen text ${last < first ? "falls" : "goes"} from ${nats(first)}, at step ` +
      `${validation.sampled_steps[0]}, to ${nats(last)}, at step ${count(
        validation.sampled_steps.at(-1),
      )}. For comparison, ${sentences.join("; ")}.${ofParent(validation)}`
    );
  }

  updated(changed) {
    if (changed.has("data")) this.createPlot();
    if (this.plot && changed.has("step")) this.moveMarker();
  }

  createPlot() {
    this.plot?.destroy();
    this.plot = null;
    const box = this.renderRoot.querySelector(".plot");
    if (!this.data || !box) return;
    const { log, steps } = this.data;
    this.plot = new uPlot(this.options(box.clientWidth || 600), table(log, steps), box);
    this.marker = Object.assign(document.createElement("div"), { className: "now" });
    this.plot.over.append(this.marker);
    this.moveMarker();
  }

  options(width) {
    const { log, steps } = this.data;
    const { loss, parent_loss: oldLoss = [] } = log.validation;
    const highest = 1.08 * Math.max(log.baselines.uniform, ...loss, ...oldLoss);
    const axis = {
      stroke: () => cssVariable(this, "muted"),
      font: "13px Inter, sans-serif",
      grid: { show: false },
      ticks: { stroke: () => cssVariable(this, "line"), size: 4 },
    };
    return {
      width,
      height: HEIGHT,
      padding: [8, parseFloat(cssVariable(this, "axis-right")), 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: [0, Math.max(1, steps.length - 1)] },
        y: { range: [Math.min(0, ...loss, ...oldLoss), highest] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          splits: (plot) => ticks(steps, plot.bbox.width / devicePixelRatio),
          values: (_, found) => found.map((i) => count(steps[i])),
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
    for (const loss of Object.values(this.data.log.baselines)) {
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
    const short = plot.width < 560 ? 1 : 0;
    ctx.save();
    Object.assign(ctx, {
      font: `${12 * ratio}px Inter, sans-serif`,
      lineWidth: 4 * ratio,
      lineJoin: "round",
      strokeStyle: cssVariable(this, "panel"),
      fillStyle: cssVariable(this, "muted"),
    });
    for (const [name, loss] of Object.entries(this.data.log.baselines)) {
      const y = plot.valToPos(loss, "y", true) - 5 * ratio;
      const text = BASELINES[name](this.run)[short];
      const x = name === "entropy" ? left + 6 * ratio : left + width;
      ctx.textAlign = name === "entropy" ? "left" : "right";
      ctx.strokeText(text, x, y);
      ctx.fillText(text, x, y);
    }
    ctx.restore();
  }

  moveMarker() {
    const { steps } = this.data;
    const left = (100 * fractionalIndex(this.step, steps)) / Math.max(1, steps.length - 1);
    this.marker.style.left = `${left}%`;
  }

  choose(event) {
    const { left, width } = this.plot.over.getBoundingClientRect();
    const { steps } = this.data;
    const index = Math.round(((steps.length - 1) * (event.clientX - left)) / width);
    this.store.set({ step: steps[Math.max(0, Math.min(steps.length - 1, index))] });
  }

  resize() {
    const width = this.renderRoot.querySelector(".plot")?.clientWidth;
    if (!width || !this.plot || width === this.plot.width) return;
    this.createPlot();
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

/** Points for uPlot: indices on the scale of steps, then losses: in training, on unseen text, on a parent’s. */
function table(log, steps) {
  const rows = new Map();
  const put = (step, column, loss) => {
    const x = fractionalIndex(step, steps);
    rows.set(x, Object.assign(rows.get(x) ?? [null, null, null], { [column]: loss }));
  };
  log.point_steps.forEach((step, i) => put(step, 0, log.loss[i]));
  const { sampled_steps, loss, parent_loss } = log.validation;
  sampled_steps.forEach((step, i) => put(step, 1, loss[i]));
  if (parent_loss) sampled_steps.forEach((step, i) => put(step, 2, parent_loss[i]));
  const xs = [...rows.keys()].sort((a, b) => a - b);
  return [xs, ...[0, 1, 2].map((column) => xs.map((x) => rows.get(x)[column]))];
}

/** The indices of the samples whose step is written below, so that the numbers do not touch. */
function ticks(steps, width) {
  const apart = width / Math.max(1, steps.length - 1);
  const found = [0];
  for (let i = 1; i < steps.length; i++) {
    if ((i - found.at(-1)) * apart >= 56) found.push(i);
  }
  const last = steps.length - 1;
  if (found.length > 1 && found.at(-1) !== last) found[found.length - 1] = last;
  return found;
}

customElements.define("loss-curve", LossCurve);
