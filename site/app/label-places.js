/** Where the labels of horizontal lines stand in a plot, so that they touch no curve and no other label. */

const PLACES = [1, 0, 0.75, 0.5, 0.25]; // fractions of the width that is left beside a label: at the right first
const RISES = [0, 0.4, 0.8, 1.2, 1.6]; // heights of a label above its line

/**
 * @typedef {{ text: string, bottom: number, width: number }} Label
 * @param {Label[]} labels @param {number[][][]} curves the points of each, [x, y], from left to right
 * @param {{ left: number, width: number, height: number }} plot its left edge and its width; the height of a label
 * @returns {(Label & { x: number, top: number, height: number })[]}
 */
export function placeLabels(labels, curves, { left, width, height }) {
  const placed = [];
  for (const label of [...labels].sort((a, b) => b.bottom - a.bottom)) {
    const boxAt = (rise, place) => ({
      ...label,
      height,
      x: left + place * Math.max(0, width - label.width),
      top: label.bottom - (1 + rise) * height,
    });
    const boxes = RISES.flatMap((rise) => PLACES.map((place) => boxAt(rise, place)));
    const overlapsNone = boxes.filter((box) => !placed.some((one) => overlap(one, box)));
    const isFree = (box) => !curves.some((curve) => crosses(curve, box));
    placed.push(overlapsNone.find(isFree) ?? overlapsNone[0] ?? boxes[0]);
  }
  return placed;
}

const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

/** Whether a curve goes through a box. */
function crosses(curve, { x, top, width, height }) {
  return curve.slice(1).some(([endX, endY], i) => {
    const [startX, startY] = curve[i];
    const from = Math.max(x, startX);
    const to = Math.min(x + width, endX);
    if (from > to) return false;
    const at = (here) => startY + ((endY - startY) * (here - startX)) / (endX - startX || 1);
    return Math.max(at(from), at(to)) > top && Math.min(at(from), at(to)) < top + height;
  });
}
