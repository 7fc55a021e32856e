/** site/app/colormap.js: probabilities as the classes of their colours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { colorToken, heat } from "../../site/app/colormap.js";

test("a probability has the class of the nearest of eleven colours", () => {
  assert.deepEqual([0, 0.04, 0.06, 0.26, 0.94, 0.96, 1].map(colorToken), [
    "color0",
    "color0",
    "color1",
    "color3",
    "color9",
    "color10",
    "color10",
  ]);
});

test("a fraction has the class of a colour without text on it", () => {
  assert.deepEqual([0, 0.26, 1].map(heat), ["heat0", "heat3", "heat10"]);
});

test("what is outside of 0 to 1 has the colour at the end", () => {
  assert.deepEqual([-3, 2].map(heat), ["heat0", "heat10"]);
  assert.deepEqual([-3, 2].map(colorToken), ["color0", "color10"]);
});
