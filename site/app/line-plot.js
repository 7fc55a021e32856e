/**
 * A line through a few points, with a marker that follows a slider. Points are fractions of the width and of the height,
 * from the lower left.
 *
 *   linePlot([[0, 1], [0.5, 0.25], [1, 0.5]], { marked: 1, labels: [{ height: 1, text: "5.2" }] })
 */
import { css, html, styleMap } from "../vendored/lit.js";

export const linePlots = css`
  .plot { position: relative; height: 200px; margin: 12px 9px 0 var(--labels, 4.8em); border-bottom: 1px solid var(--line); }
  .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
  .plot polyline { fill: none; stroke: var(--accent); stroke-width: 3px; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
  .plot .level { stroke: var(--line); vector-effect: non-scaling-stroke; }
  .plot .no { visibility: hidden; }
  .plot i { position: absolute; width: 8px; height: 8px; margin: 0 0 -4px -4px; border-radius: 50%; background: var(--accent); }
  .plot i.marked { width: 18px; height: 18px; margin: 0 0 -9px -9px; background: var(--chosen);
                   box-shadow: 0 0 0 3px var(--panel); }
  .plot span { position: absolute; right: calc(100% + 12px); color: var(--muted); line-height: 1.3; white-space: nowrap;
               transform: translateY(50%); }
  .slide { display: block; width: calc(100% - var(--labels, 4.8em) + 9px); height: 32px; margin: 0 0 0 calc(var(--labels, 4.8em) - 9px);
           accent-color: var(--accent); cursor: pointer; }
  .ends { display: flex; justify-content: space-between; gap: 8px; color: var(--muted); padding-left: calc(var(--labels, 4.8em) - 9px); }
  @media (forced-colors: active) {
    .plot polyline { stroke: CanvasText; }
    .plot i { forced-color-adjust: none; background: CanvasText; }
    .plot i.marked { background: Highlight; }
  }
`;

/**
 * @typedef {{ height: number, text: string }} Label
 * @param {[number, number][]} points @param {{ marked: number, labels: Label[], level?: number | null }} about
 *   marked: which point the marker is at; labels: what stands beside the scale; level: the height of a thin line, such
 *   as that of zero
 */
export function linePlot(points, { marked, labels, level = null }) {
  const line = points.map(([x, y]) => `${100 * x},${100 - 100 * y}`).join(" ");
  const dots = points.map(
    ([x, y], i) =>
      html`<i class=${i === marked ? "marked" : ""} style=${styleMap({ left: `${100 * x}%`, bottom: `${100 * y}%` })}></i>`,
  );
  const y = 100 - 100 * (level ?? 0);
  return html`<div class="plot" aria-hidden="true"><svg viewBox="0 0 100 100" preserveAspectRatio="none"><line
    class=${level === null ? "no level" : "level"} x1="0" x2="100" y1=${y} y2=${y}></line><polyline points=${line}></polyline></svg>
    ${dots}${labels.map(({ height, text }) => html`<span style=${styleMap({ bottom: `${100 * height}%` })}>${text}</span>`)}</div>`;
}

/** Labels for the highest and the lowest of some numbers, where these stand. @returns {Label[]} */
export function endLabels(numbers, heightOf, write) {
  const ends = new Set([Math.max(...numbers), Math.min(...numbers)]);
  return Array.from(ends, (one) => ({ height: heightOf(one), text: write(one) }));
}

/** The ends of a scale for some numbers, with a little room; numbers that are all the same are in its middle. */
export function rangeOf(numbers) {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const room = 0.08 * (high - low) || 0.1 * Math.abs(high) || 0.1;
  return [low - room, high + room];
}
