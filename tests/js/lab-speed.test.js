/** site/app/lab-speed.js: how fast a machine trains, with an engine that is a fake. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { millisecondsFor, settingsOf } from "../../site/app/lab-sizes.js";
import { measure } from "../../site/app/lab-speed.js";

const MACHINE = { overhead: 2, rate: 20 };

/** An engine whose steps take as long as on some machine; some of them are held up by something else. */
function engineOf(t, heldUp = () => 0) {
  let now = 0;
  let settings = null;
  let nSteps = 0;
  t.mock.method(performance, "now", () => now);
  const methods = {
    begin: (params) => {
      settings = params.settings;
    },
    train: ({ steps }) => {
      for (let i = 0; i < steps; i++) now += millisecondsFor(settings, MACHINE) + heldUp(nSteps++);
    },
  };
  const engine = {
    calls: [],
    isOver: false,
    call: async (method, params) => {
      engine.calls.push(method);
      return methods[method](params);
    },
    end: () => {
      engine.isOver = true;
    },
  };
  return engine;
}

test("the time of a model that was not measured is that of the machine", async (t) => {
  const found = await measure(engineOf(t));
  for (const size of ["small", "middle", "large"]) {
    const settings = settingsOf(size, 700);
    const ratio = millisecondsFor(settings, found) / millisecondsFor(settings, MACHINE);
    assert.ok(Math.abs(ratio - 1) < 0.01, `${size}: ${ratio}`);
  }
});

test("steps that are held up by something else do not count", async (t) => {
  const found = await measure(engineOf(t, (i) => (i % 3 ? 50 : 0)));
  const settings = settingsOf("large", 700);
  assert.ok(Math.abs(millisecondsFor(settings, found) / millisecondsFor(settings, MACHINE) - 1) < 0.01);
});

test("a measurement takes a few steps, and ends the engine with the memory that it took", async (t) => {
  const engine = engineOf(t);
  await measure(engine);
  assert.ok(engine.isOver && engine.calls.length < 30);
});

test("an engine that fails is ended, too, and the failure is known", async () => {
  let isOver = false;
  const call = async () => {
    throw new Error("The engine cannot be started.");
  };
  const end = () => {
    isOver = true;
  };
  await assert.rejects(measure({ call, end }), /cannot be started/);
  assert.ok(isOver);
});
