/**
 * How curves in the same plot are told apart: by a colour of the theme, and by dashes for those who see no colours. A
 * curve keeps its style while others come and go.
 *
 * @typedef {{ color: string, dash: number[] }} CurveStyle color: the name of a custom property; dash: in pixels
 */

/** @type {CurveStyle[]} */
export const CURVE_STYLES = [
  { color: "accent", dash: [] },
  { color: "query", dash: [7, 4] },
  { color: "key", dash: [2, 3] },
  { color: "value", dash: [12, 4] },
  { color: "chosen", dash: [9, 3, 2, 3] },
  { color: "text", dash: [4, 2] },
];

/** The style of a curve; after the last, they begin again. @param {number} i @returns {CurveStyle} */
export const curveStyle = (i) => CURVE_STYLES[i % CURVE_STYLES.length];
