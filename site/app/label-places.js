/** Where the labels of lines stand in a plot, so that they touch no curve and no other label. */

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

/**
 * Where labels stand that belong to the ends of curves: each as near to its place as the others let it.
 * @param {number[]} wanted where the top of each would be if it were alone
 * @param {{ top: number, bottom: number, height: number }} room for all of them; the height of each
 * @returns {number[]} the tops; if there is not room for all, they go on below
 */
export function spreadApart(wanted, { top, bottom, height }) {
  const endOf = ({ members, start }) => start + members.length * height;
  const placed = (members) => {
    const sum = members.reduce((total, i, k) => total + wanted[i] - k * height, 0);
    const lowest = bottom - members.length * height;
    return { members, start: Math.max(top, Math.min(lowest, sum / members.length)) };
  };
  // Labels that would overlap form a group, which stands where its members are moved least on average.
  const groups = [];
  const order = [...wanted.keys()].sort((a, b) => wanted[a] - wanted[b]);
  for (const i of order) {
    let group = placed([i]);
    while (groups.length && endOf(groups.at(-1)) > group.start) {
      group = placed([...groups.pop().members, ...group.members]);
    }
    groups.push(group);
  }
  const tops = wanted.map(() => 0);
  for (const { members, start } of groups) {
    for (const [k, i] of members.entries()) tops[i] = start + k * height;
  }
  return tops;
}
