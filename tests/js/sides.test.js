/** site/app/sides.js: what the two sides of a comparison are called. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sidesOf } from "../../site/app/sides.js";

const RUN = {
  name: "stories",
  manifest: { snapshots: [{ step: 0 }, { step: 300 }, { step: 1000 }], corpus: {} },
};
const CHILD = {
  ...RUN,
  manifest: { ...RUN.manifest, corpus: { parent: { name: "tale", step: 9, dataset: "x" } } },
};
const ERROR = new Error("It is damaged.");

const pass = (step, temperature = 0.8) => ({ step, temperature });

/** The names of the two sides, and how they end a sentence. */
function named(versus, first, second, run = RUN) {
  const sides = sidesOf(first, second, { run, step: 990, temperature: 1, versus });
  return [sides.map((one) => one.name), sides.map((one) => one.where)];
}

test("two steps are named by the steps whose weights are used", () => {
  const [names, wheres] = named("step:299", pass(1000), pass(300));
  assert.deepEqual(names, ["step 1,000", "step 300"]);
  assert.deepEqual(wheres, ["at step 1,000", "at step 300"]);
});

test("step 0 of a run that goes on from another one is named after that one", () => {
  assert.deepEqual(named("step:0", pass(300), pass(0), CHILD)[0], ["step 300", "its parent tale"]);
  assert.deepEqual(named("step:0", pass(300), pass(0))[0], ["step 300", "step 0"]);
});

test("temperatures are those that were used, and a recorded text has its own", () => {
  assert.deepEqual(named("temperature:0", pass(300, 0.8), pass(300, 0))[1], [
    "at temperature 0.8",
    "at temperature 0",
  ]);
});

test("runs are named, and whatever their name has in it can be seen", () => {
  assert.deepEqual(named("run:a\u202eb", pass(300), pass(1))[0], ["run stories", "run a\\u{202e}b"]);
});

test("a head or a layer that is switched off is named on one side, and all of them on the other", () => {
  assert.deepEqual(named("off:3.1", pass(300), pass(300))[0], ["with all heads", "without head 3.1"]);
  assert.deepEqual(named("layer:2", pass(300), pass(300))[1], ["with all layers", "without layer 2"]);
});

test("a side that cannot be shown has a name nevertheless", () => {
  assert.deepEqual(named("step:300", ERROR, ERROR)[0], ["step 1,000", "step 300"]);
  assert.deepEqual(named("run:nobody", pass(300), ERROR)[0], ["run stories", "run nobody"]);
  assert.deepEqual(named("temperature:0", ERROR, ERROR)[0], ["temperature 1", "temperature 0"]);
});
