/** site/app/decimals.js: numbers with decimals as people read them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decimals, finePercent, percentTenths, precisePercent } from "../../site/app/decimals.js";

test("a number has a real minus, but none once it is rounded to nothing", () => {
  assert.deepEqual(
    [-1.5, -0.001, 0, 12.346].map((number) => decimals(number)),
    ["−1.50", "0.00", "0.00", "12.35"],
  );
  assert.deepEqual([decimals(-0.04, 1), decimals(-3, 0), decimals(-0.0504, 3)], ["0.0", "−3", "−0.050"]);
});

test("what is not quite 0 or not quite 1 is not rounded to it", () => {
  assert.deepEqual([0, 0.0004, 0.1463, 0.9996, 1].map(percentTenths), [
    "0%",
    "<0.1%",
    "14.6%",
    ">99.9%",
    "100%",
  ]);
});

test("small changes of a probability are seen, also near its ends", () => {
  assert.deepEqual([0.12345, 0.5, 0.99971, 0.00012].map(finePercent), [
    "12.35%",
    "50.00%",
    "99.97%",
    "0.012%",
  ]);
});

test("a precise percentage has the digits that tell near certainty and near impossibility apart", () => {
  assert.deepEqual([0.9997, 0.00012, 0.0432, 0.452, 0.994].map(precisePercent), [
    "99.97%",
    "0.012%",
    "4.3%",
    "45%",
    "99.4%",
  ]);
  assert.deepEqual([0, 1e-9, 0.5, 1 - 1e-9, 1].map(precisePercent), [
    "0%",
    "<0.001%",
    "50%",
    ">99.99%",
    "100%",
  ]);
});
