/**
 * The plot of the ladder: losses of models over their parameters, on two logarithmic axes, a line through the first
 * three, and what is said of the fourth.
 *
 *   ladderPlot({ x: [7296, 134870], y: [0.5, 3.2], fourth: 64224, line, models: [{ parameters: 9120, loss: 2.13, … }],
 *     marks: [{ kind: "reader", loss: 1.85 }, { kind: "predicted", loss: 1.87 }] })
 *
 * @typedef {object} Shown
 * @property {number[]} x from how many parameters to how many @property {number[]} y the same, of losses
 * @property {number[]} sizes the parameters of all four
 * @property {import("./ladder.js").Line | null} line through the first three, if it is to be seen
 * @property {{ parameters: number, loss: number, isDone: boolean }[]} models that are trained, the smallest first
 * @property {{ kind: string, loss: number }[]} marks of the fourth: see MARKS
 */
import { css, html, nothing, styleMap } from "../vendored/lit.js";
import { count } from "./format.js";
import { spreadApart } from "./label-places.js";
import { lossOn, placeOn, roundTicks } from "./ladder.js";
import { written } from "./ladder-sentences.js";

const MARKS = { reader: "you say", predicted: "the line says", measured: "measured" };
const LABEL = 0.085; // of the height of the plot, for a number beside a mark

export const ladderPlots = css`
  :host { --labels: 3.4em; }
  .axis { color: var(--muted); margin-top: 20px; }
  .plot { height: 17.5rem; margin: 8px 12px 0 var(--labels); border-left: 1px solid var(--line); }
  .plot svg { overflow: hidden; }
  .plot polyline { stroke-width: 2px; }
  .plot .further { stroke-dasharray: 6 5; }
  .plot .grid { position: absolute; inset: auto 0; height: 0; border-top: 1px solid var(--line); opacity: 0.5; }
  .plot .next { position: absolute; top: 0; bottom: 0; width: 0; border-left: 2px dotted var(--line); }
  .plot .next b { position: absolute; bottom: 0; left: 8px; color: var(--muted); font-weight: 400; white-space: nowrap; }
  .plot .next.is-left b { left: auto; right: 8px; }
  .plot i { width: 12px; height: 12px; margin: 0 0 -6px -6px; transition: bottom 200ms ease; z-index: 1; }
  .plot i.growing { background: var(--panel); border: 2px solid var(--accent); transition: none; }
  .plot i.predicted { background: var(--panel); border: 3px solid var(--accent); width: 16px; height: 16px; margin: 0 0 -8px -8px; }
  .plot i.reader { border-radius: 2px; background: var(--chosen); width: 14px; height: 14px; margin: 0 0 -7px -7px;
                   transform: rotate(45deg); transition: none; box-shadow: 0 0 0 2px var(--panel); }
  .plot i.measured { z-index: 2; width: 10px; height: 10px; margin: 0 0 -5px -5px; box-shadow: 0 0 0 1px var(--panel); }
  .plot .beside { right: auto; margin-left: 18px; display: flex; align-items: center; gap: 6px; color: var(--text); z-index: 3;
                  line-height: 1.4; background: var(--panel); }
  .plot .beside i { position: static; margin: 0; transition: none; box-shadow: none; width: 10px; height: 10px; }
  .plot .beside i.predicted { width: 12px; height: 12px; }
  .plot .beside i.reader { width: 9px; height: 9px; }
  .plot .value { right: auto; transform: translate(2px, -8px); color: var(--text); z-index: 1; }
  .across { position: relative; height: 1.6em; margin: 4px 12px 0 var(--labels); color: var(--muted); }
  .across span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
  .across.name { text-align: center; margin-top: 0; }
  .marks { display: flex; flex-wrap: wrap; gap: 0 20px; min-height: 1.5em; margin: 4px 0 0 var(--labels); padding: 0; list-style: none; }
  .marks li { display: flex; align-items: center; gap: 8px; }
  .marks i { width: 12px; height: 12px; border-radius: 50%; background: var(--accent); flex: none; }
  .marks i.predicted { background: var(--panel); border: 3px solid var(--accent); }
  .marks i.reader { border-radius: 2px; background: var(--chosen); transform: rotate(45deg); width: 10px; height: 10px; }
  @media (max-width: 640px) {
    .plot { height: 15rem; margin-right: 4px; }
    .across { margin-right: 4px; }
  }
  @media (forced-colors: active) {
    .plot i, .marks i { forced-color-adjust: none; background: CanvasText; }
    :is(.plot, .marks) i:is(.growing, .predicted) { background: Canvas; border-color: CanvasText; }
    :is(.plot, .marks) i.reader { forced-color-adjust: none; background: Highlight; }
  }
`;

/** @param {Shown} shown */
export function ladderPlot({ x, y, sizes, line, models, marks }) {
  const across = placeOn(x[0], x[1]);
  const up = placeOn(y[0], y[1]);
  const fourth = sizes[3];
  const predicted = marks.filter(({ kind }) => kind !== "measured"); // which is among the models
  const at = (parameters, loss) =>
    styleMap({ left: `${100 * across(parameters)}%`, bottom: `${100 * up(loss)}%` });
  return html`<p class="axis" aria-hidden="true">Loss on text that they never learn from (nats per token)</p>
    <div class="plot" aria-hidden="true">
      ${roundTicks(y[0], y[1]).map((loss) => {
        const place = styleMap({ bottom: `${100 * up(loss)}%` });
        return html`<em class="grid" style=${place}></em><span style=${place}>${Number(loss.toPrecision(2))}</span>`;
      })}
      <div class="next is-left" style=${styleMap({ left: `${100 * across(fourth)}%` })}><b>the fourth, ${count(fourth)}</b></div>
      ${drawnLine(line, [sizes[0], sizes[2], x[1]], across, up)}
      ${models.map((model) => dot(model, model.parameters !== fourth, y[1], at))}
      ${predicted.toReversed().map(({ kind, loss }) => html`<i class=${kind} style=${at(fourth, loss)}></i>`)}
      ${numbersBeside(marks, across(fourth), up)}
    </div>
    <div class="across" aria-hidden="true">${roundTicks(x[0], x[1]).map(
      (n) => html`<span style=${styleMap({ left: `${100 * across(n)}%` })}>${shortCount(n)}</span>`,
    )}</div>
    <p class="across name" aria-hidden="true">Parameters</p>
    <ul class="marks" aria-label="The fourth model">${marks.map(
      ({ kind, loss }) => html`<li><i class=${kind}></i>${MARKS[kind]} ${written(loss)}</li>`,
    )}</ul>`;
}

/** Through the three, and further on. */
function drawnLine(line, [first, third, last], across, up) {
  const along = (sizes) =>
    line ? sizes.map((n) => `${100 * across(n)},${100 - 100 * up(lossOn(line, n))}`).join(" ") : "";
  return html`<svg viewBox="0 0 100 100" preserveAspectRatio="none"><polyline points=${along([first, third])}></polyline><polyline
    class="further" points=${along([third, last])}></polyline></svg>`;
}

/** A model, with its loss beside it unless that stands elsewhere. */
function dot({ parameters, loss, isDone }, hasNumber, highest, at) {
  const place = at(parameters, isDone ? loss : Math.min(loss, highest)); // at first, it is above all that is shown
  const kind = `${isDone ? "" : "growing"} ${hasNumber ? "" : "measured"}`;
  return html`<i class=${kind} style=${place}></i>${
    hasNumber ? html`<span class="value" style=${place}>${written(loss)}</span>` : nothing
  }`;
}

/** The numbers of the marks at the fourth, apart from one another where the marks are not. */
function numbersBeside(marks, x, up) {
  const tops = marks.map(({ loss }) => 1 - up(loss) - LABEL / 2);
  const placed = spreadApart(tops, { top: 0, bottom: 1, height: LABEL });
  return marks.map(({ kind, loss }, i) => {
    const place = { left: `${100 * x}%`, bottom: `${100 * (1 - placed[i] - LABEL / 2)}%` };
    return html`<span class="beside" style=${styleMap(place)}><i class=${kind}></i>${written(loss)}</span>`;
  });
}

/** 20000 -> "20 K": what has room at an axis. */
const shortCount = (n) => (n < 10_000 ? count(n) : `${count(n / 1000)} K`);
