/**
 * <loss-curve .run=${run} step="100"></loss-curve>
 *
 * How surprised the model was by text, step by step, and what to compare that with. A click or a
 * touch emits "step" { step }, the nearest watched step.
 */
import { css, html } from "../../vendored/lit.js";
import uPlot from "../../vendored/uplot.js";
import { Figure } from "../../kit/figure.js";
import { place } from "../../kit/axis.js";
import { styled } from "../../kit/shades.js";
import { count, nats } from "../../kit/words.js";

const HEIGHT = 240;  // pixels, axis included

/** What the lines to compare with mean, and the same where there is little room. */
const LINES = {
  nothing: (run) => [`guessing: all ${count(run.symbols.length)} tokens equally likely`,
                     "guessing"],
  frequencies: () => ["knowing only how common each token is", "how common each is"],
  pairs: () => ["knowing only which token follows which", "which follows which"],
  floor: () => ["the entropy of this text: no model can do better", "entropy of this text"],
};

class LossCurve extends Figure {
  static styles = [Figure.styles, css`
    .plot { position: relative; touch-action: pan-y; overflow: hidden; }
    .legend { display: flex; flex-wrap: wrap; gap: 0 24px; color: var(--muted); margin: 0; }
    .legend b { color: var(--moss); font-weight: 600; }
    .now { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; left: 0;
           background: var(--chosen); pointer-events: none; }
  `];

  async load(run) {
    const log = await run.part("log");
    return { log, steps: run.manifest.watched };
  }

  connectedCallback() {
    super.connectedCallback();
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.watcher.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  repaint() {
    this.plot?.redraw();
  }

  draw({ log }) {
    const sheet = new URL("../../vendored/uplot.css", import.meta.url);
    return html`<link rel="stylesheet" href=${sheet}>
      <p class="legend"><span><b>●—</b> loss on unseen text, in nats per token</span>
        <span>— on its training text</span></p>
      <div class="plot" aria-hidden="true" @click=${this.jump}></div>
      <p class="unseen">${this.sentence(log)}</p>`;
  }

  sentence({ validation, compare }) {
    const [first, last] = [validation.loss[0], validation.loss.at(-1)];
    const lines = Object.entries(compare).map(([name, loss]) =>
      `${loss.toFixed(2)} is ${LINES[name](this.run)[0]}`);
    return `The loss on unseen text falls from ${nats(first)}, at step `
      + `${validation.steps[0]}, to ${nats(last)}, at step ${count(validation.steps.at(-1))}. `
      + `For comparison, ${lines.join("; ")}.`;
  }

  updated(changed) {
    if (changed.has("data")) this.build();
    if (this.plot && changed.has("step")) this.mark();
  }

  build() {
    this.plot?.destroy();
    this.plot = null;
    const box = this.renderRoot.querySelector(".plot");
    if (!this.data || !box) return;
    const { log, steps } = this.data;
    this.plot = new uPlot(this.options(box.clientWidth || 600), table(log, steps), box);
    this.marker = Object.assign(document.createElement("div"), { className: "now" });
    this.plot.over.append(this.marker);
    this.mark();
  }

  options(width) {
    const { log, steps } = this.data;
    const highest = 1.08 * Math.max(log.compare.nothing, ...log.validation.loss);
    const axis = { stroke: () => styled(this, "muted"), font: "13px Inter, sans-serif",
                   grid: { show: false }, ticks: { stroke: () => styled(this, "line"), size: 4 } };
    return {
      width, height: HEIGHT, padding: [8, parseFloat(styled(this, "right")), 0, 0],
      cursor: { show: false }, legend: { show: false },
      scales: { x: { time: false, range: [0, Math.max(1, steps.length - 1)] },
                y: { range: [Math.min(0, ...log.validation.loss), highest] } },
      axes: [
        { ...axis, size: 28, splits: (plot) => ticks(steps, plot.bbox.width / devicePixelRatio),
          values: (_, found) => found.map((i) => count(steps[i])) },
        { ...axis, size: parseFloat(styled(this, "left")), space: 40 },
      ],
      series: [
        {},
        { stroke: () => styled(this, "muted"), width: 1, points: { show: false }, spanGaps: true },
        { stroke: () => styled(this, "moss"), width: 2.5, spanGaps: true,
          points: { show: true, size: 6, fill: () => styled(this, "moss") } },
      ],
      hooks: { drawClear: [(plot) => this.lines(plot)], draw: [(plot) => this.labels(plot)] },
    };
  }

  /** Dashed lines at the losses to compare with. */
  lines(plot) {
    const { ctx, bbox: { left, width } } = plot, ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = styled(this, "muted");
    ctx.setLineDash([2 * ratio, 5 * ratio]);
    for (const loss of Object.values(this.data.log.compare)) {
      const y = Math.round(plot.valToPos(loss, "y", true));
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** What they mean, written in front of the curves. */
  labels(plot) {
    const { ctx, bbox: { left, width } } = plot, ratio = devicePixelRatio;
    const short = plot.width < 560 ? 1 : 0;
    ctx.save();
    Object.assign(ctx, { font: `${12 * ratio}px Inter, sans-serif`, lineWidth: 4 * ratio,
                         lineJoin: "round", strokeStyle: styled(this, "panel"),
                         fillStyle: styled(this, "muted") });
    for (const [name, loss] of Object.entries(this.data.log.compare)) {
      const y = plot.valToPos(loss, "y", true) - 5 * ratio, text = LINES[name](this.run)[short];
      const x = name === "floor" ? left + 6 * ratio : left + width;
      ctx.textAlign = name === "floor" ? "left" : "right";
      ctx.strokeText(text, x, y);
      ctx.fillText(text, x, y);
    }
    ctx.restore();
  }

  mark() {
    const at = place(this.step, this.data.steps) / Math.max(1, this.data.steps.length - 1);
    this.marker.style.left = `${100 * at}%`;
  }

  jump(event) {
    const { left, width } = this.plot.over.getBoundingClientRect(), { steps } = this.data;
    const at = Math.round((steps.length - 1) * (event.clientX - left) / width);
    this.tell("step", { step: steps[Math.max(0, Math.min(steps.length - 1, at))] });
  }

  fit() {
    const width = this.renderRoot.querySelector(".plot")?.clientWidth;
    if (!width || !this.plot || width === this.plot.width) return;
    this.build();
  }
}

/** Points for uPlot: positions on the axis, losses while training, losses on held-out text. */
function table(log, steps) {
  const at = new Map();
  const put = (step, column, loss) => {
    const x = place(step, steps);
    at.set(x, Object.assign(at.get(x) ?? [null, null], { [column]: loss }));
  };
  log.steps.forEach((step, i) => put(step, 0, log.loss[i]));
  log.validation.steps.forEach((step, i) => put(step, 1, log.validation.loss[i]));
  const xs = [...at.keys()].sort((a, b) => a - b);
  return [xs, xs.map((x) => at.get(x)[0]), xs.map((x) => at.get(x)[1])];
}

/** Which samples get their step written below, so that the numbers do not touch. */
function ticks(steps, width) {
  const apart = width / Math.max(1, steps.length - 1), found = [0];
  for (let i = 1; i < steps.length; i++) {
    if ((i - found.at(-1)) * apart >= 56) found.push(i);
  }
  const last = steps.length - 1;
  if (found.length > 1 && found.at(-1) !== last) found[found.length - 1] = last;
  return found;
}

customElements.define("loss-curve", LossCurve);
