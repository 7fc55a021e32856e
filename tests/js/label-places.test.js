/** Labels in a plot touch no curve and no other label, as long as there is room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels, spreadApart } from "../../site/app/label-places.js";

const PLOT = { left: 50, width: 400, height: 15 };
const label = (bottom) => ({ text: "a label", bottom, width: 100 });
const right = PLOT.left + PLOT.width - 100;

test("a label stands at the right, right above its line", () => {
  const [placed] = placeLabels([label(200)], [], PLOT);
  assert.deepEqual([placed.x, placed.top], [right, 185]);
});

test("a label makes room for a curve, whether it ends there or begins there", () => {
  const rising = [
    [
      [50, 230],
      [300, 230],
      [450, 150],
    ],
  ];
  const [atTheLeft] = placeLabels([label(190)], rising, PLOT);
  assert.equal(atTheLeft.x, PLOT.left);
  const falling = [
    [
      [50, 100],
      [200, 195],
      [450, 195],
    ],
  ];
  const [atTheRight] = placeLabels([label(190)], falling, PLOT);
  assert.equal(atTheRight.x, right);
});

test("a label that finds no room beside its line moves up from it", () => {
  const along = [
    [
      [50, 195],
      [450, 195],
    ],
  ];
  const [placed] = placeLabels([label(200)], along, PLOT);
  assert.ok(placed.top + PLOT.height <= 195 && placed.top > 150);
});

test("labels of lines that are close to each other do not touch", () => {
  const placed = placeLabels([label(200), label(203), label(206)], [], PLOT);
  for (const [i, a] of placed.entries()) {
    for (const b of placed.slice(i + 1)) {
      assert.ok(Math.abs(a.x - b.x) >= 100 || Math.abs(a.top - b.top) >= PLOT.height);
    }
  }
});

test("where there is no room at all, each label is there nevertheless", () => {
  const all = Array.from({ length: 60 }, (_, i) => [
    [50, 5 * i],
    [450, 5 * i],
  ]);
  assert.equal(placeLabels([label(200), label(200)], all, PLOT).length, 2);
});

test("names at the ends of curves stay where they are as long as none overlaps", () => {
  assert.deepEqual(spreadApart([80, 10, 40], { top: 0, bottom: 100, height: 20 }), [80, 10, 40]);
});

test("names that would overlap stand below one another, in the order of their curves", () => {
  assert.deepEqual(spreadApart([52, 50, 54], { top: 0, bottom: 200, height: 20 }), [52, 32, 72]);
});

test("names stay within the plot as long as it has room for them", () => {
  assert.deepEqual(spreadApart([95, 95, -30], { top: 0, bottom: 100, height: 20 }), [60, 80, 0]);
});

test("however many names there are, no two overlap", () => {
  const wanted = Array.from({ length: 12 }, (_, i) => 50 + 3 * Math.sin(7 * i));
  const tops = spreadApart(wanted, { top: 0, bottom: 100, height: 20 }).sort((a, b) => a - b);
  for (const [i, top] of tops.slice(1).entries()) assert.ok(top - tops[i] >= 20 - 1e-9);
});
