/** Whole numbers as dots on a line, with their average, and a limit from which on they mean something. */
import { css, html, nothing, styleMap } from "../vendored/lit.js";

const LEVELS = [0, -5, 5, -10, 10]; // pixels from the middle: dots with the same number do not hide each other

export const dotStyles = css`
  .dots { position: relative; display: block; height: 32px; margin: 0 6px; }
  .dots::before { content: ""; position: absolute; inset: 50% 0 auto; border-top: 1px solid var(--line); }
  .dots i { position: absolute; width: 8px; height: 8px; margin: -4px; border-radius: 4px; background: var(--accent);
            opacity: 0.75; }
  .dots.many i { opacity: 0.3; }
  .dots .limit { position: absolute; inset: 0 auto; border-left: 2px dashed var(--muted); }
  .dots .mean { position: absolute; inset: 5px auto; width: 3px; margin-left: -1px; background: var(--text); }
  @media (forced-colors: active) { .dots :is(i, .mean) { forced-color-adjust: none; background: CanvasText; } }
`;

/** @param {number[]} values @param {{ most: number, limit: number, mean?: ?number, name: string }} scale */
export function dots(values, { most, limit, mean = null, name }) {
  const at = (value) => styleMap({ left: `${(100 * value) / most}%` });
  return html`<span class=${`dots ${values.length > 20 ? "many" : ""}`} role="img" aria-label=${name}>
    <span class="limit" style=${at(limit)}></span>${values.map((value, i) => dot(values, value, i, most))}
    ${mean === null ? nothing : html`<span class="mean" style=${at(mean)}></span>`}</span>`;
}

function dot(values, value, i, most) {
  const nBefore = values.slice(0, i).filter((one) => one === value).length;
  const top = `calc(50% + ${LEVELS[nBefore % LEVELS.length]}px)`;
  return html`<i style=${styleMap({ left: `${(100 * value) / most}%`, top })}></i>`;
}
