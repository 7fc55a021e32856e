/** site/app/lab-sizes.js: how large a model of the lab is, and how long it takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LIMITS,
  SIZES,
  aboutHowLong,
  bytesOf,
  corrected,
  machineFrom,
  matrixRateOf,
  millisecondsFor,
  operationsOf,
  parametersOf,
  partsOf,
  problemOf,
  problemsOf,
  secondsFor,
  settingsOf,
  sizeOf,
  stepsFor,
  usualFor,
} from "../../site/app/lab-sizes.js";
import { Training, parameterShapes } from "../../site/engine/training.js";

const GPTS = ["small", "middle", "large"];
const FAST = { overhead: 1, rate: 50 };
const SLOW = { overhead: 20, rate: 0.5 };

test("sizes are as small as they are said to be, for characters and for tokens", () => {
  const ranges = { small: [25_000, 65_000], middle: [90_000, 180_000], large: [400_000, 950_000] };
  for (const [size, [least, most]] of Object.entries(ranges)) {
    for (const vocabSize of [65, 256, 512]) {
      const n = parametersOf(settingsOf(size, vocabSize));
      assert.ok(n >= least && n <= most, `${size} with ${vocabSize} tokens has ${n} parameters`);
    }
  }
});

test("the window model of characters has about as many parameters as the small one", () => {
  const [window, small] = ["window", "small"].map((size) => parametersOf(settingsOf(size, 65)));
  assert.ok(Math.abs(window / small - 1) < 0.25, `${window} and ${small}`);
});

test("heads of every size have at least 16 numbers, a multiple of 4", () => {
  for (const size of GPTS) {
    const { n_embd, n_head } = SIZES[size].shape;
    const D = n_embd / n_head;
    assert.ok(D >= 16 && D % 4 === 0, `${size}: ${D}`);
  }
});

test("every size can be made, on every machine", () => {
  for (const size of Object.keys(SIZES)) {
    for (const machine of [null, FAST, SLOW, { overhead: 1000, rate: 0.001 }]) {
      for (const vocabSize of [1, 65, 2048]) {
        assert.equal(problemOf(settingsOf(size, vocabSize, machine)), null, `${size} ${vocabSize}`);
      }
    }
  }
});

test("the parts of a model are all of it, and have different names", () => {
  for (const size of Object.keys(SIZES)) {
    const settings = settingsOf(size, 100);
    const parts = partsOf(settings);
    assert.equal(new Set(parts.map(({ name }) => name)).size, parts.length);
    assert.equal(
      parts.reduce((sum, { parameters }) => sum + parameters, 0),
      parametersOf(settings),
    );
  }
});

test("a window model has no attention and no positions, and its hidden layer sees ten tokens", () => {
  const parts = Object.fromEntries(
    partsOf(settingsOf("window", 50)).map(({ name, parameters }) => [name, parameters]),
  );
  assert.ok(!("attention" in parts) && !("position embedding" in parts));
  const { n_embd, n_ff } = SIZES.window.shape;
  assert.equal(parts["hidden layer"], 10 * n_embd * n_ff);
  assert.equal(parts["token embedding"], 51 * n_embd); // one for what is before the beginning
});

test("settings are recognized as those of a size until their shape is changed", () => {
  for (const size of Object.keys(SIZES)) {
    const settings = settingsOf(size, 77);
    assert.equal(sizeOf(settings), size);
    assert.equal(sizeOf({ ...settings, steps: 3, matrix_lr: 1 }), size);
    assert.equal(sizeOf({ ...settings, n_embd: settings.n_embd * 2 }), null);
  }
  const small = settingsOf("small", 77);
  assert.equal(sizeOf({ ...small, architecture: "window" }), null);
});

test("a fast machine trains a size for as long as it is worth, a slow one for as long as anybody waits", () => {
  for (const size of Object.keys(SIZES)) {
    const fast = settingsOf(size, 512, { overhead: 0.1, rate: 1000 });
    assert.equal(fast.steps, SIZES[size].steps);
    const slow = settingsOf(size, 512, SLOW);
    assert.ok(slow.steps < fast.steps && slow.steps % 50 === 0);
    const isShortest = slow.steps === 100;
    assert.ok(isShortest || secondsFor(slow, SLOW) <= SIZES[size].patience);
    assert.equal(stepsFor(size, slow, SLOW), slow.steps);
  }
});

test("without a measurement, nothing is cut short", () => {
  assert.equal(settingsOf("large", 512).steps, SIZES.large.steps);
});

test("a short text, which is soon known by heart, gets fewer steps", () => {
  const steps = [1e3, 10_000, 20_000, 1e6].map((tokens) => settingsOf("middle", 60, null, tokens).steps);
  assert.deepEqual(steps, [100, 300, 700, SIZES.middle.steps]);
});

test("a step of a larger model takes longer, and one of Muon longer than one of AdamW", () => {
  const [small, middle, large] = GPTS.map((size) => settingsOf(size, 512));
  assert.ok(operationsOf(small) < operationsOf(middle) && operationsOf(middle) < operationsOf(large));
  assert.ok(operationsOf({ ...middle, optimizer: "adamw" }) < operationsOf(middle));
  const half = { ...middle, batch_size: middle.batch_size / 2 };
  assert.ok(operationsOf(half) < operationsOf(middle));
});

test("most of a step are six operations for each parameter in a matrix and each token", () => {
  const settings = { ...settingsOf("large", 512), optimizer: "adamw" };
  const tokens = settings.n_ctx * settings.batch_size;
  const inMatrices = partsOf(settings)
    .filter(({ name }) => ["attention", "MLP", "unembedding"].includes(name))
    .reduce((sum, { parameters }) => sum + parameters, 0);
  const ratio = operationsOf(settings) / (6 * tokens * inMatrices);
  assert.ok(ratio > 1 && ratio < 1.2, String(ratio));
});

test("two measurements give the time of both models again, and of one between them", () => {
  const machine = { overhead: 3, rate: 7 };
  const timed = (size) => {
    const settings = settingsOf(size, 512);
    return { settings, milliseconds: millisecondsFor(settings, machine) };
  };
  const found = machineFrom([timed("small"), timed("large")]);
  const middle = settingsOf("middle", 512);
  assert.ok(Math.abs(millisecondsFor(middle, found) - millisecondsFor(middle, machine)) < 1e-6);
});

test("a measurement that a pause has spoilt still gives a time above zero", () => {
  const [small, large] = ["small", "large"].map((size) => settingsOf(size, 512));
  const found = machineFrom([
    { settings: small, milliseconds: 50 },
    { settings: large, milliseconds: 10 },
  ]);
  assert.ok(found.rate > 0 && found.overhead >= 0);
  assert.ok(Math.abs(millisecondsFor(large, found) - 10) < 1e-6);
});

test("real steps that take twice as long double every estimate", () => {
  const middle = settingsOf("middle", 512);
  const large = settingsOf("large", 512);
  const found = corrected(FAST, middle, 2 * millisecondsFor(middle, FAST));
  for (const settings of [middle, large]) {
    assert.ok(Math.abs(millisecondsFor(settings, found) / millisecondsFor(settings, FAST) - 2) < 1e-9);
  }
});

/** The setting that is refused when some are changed. */
const refused = (changes, size = "middle") => problemOf({ ...settingsOf(size, 512), ...changes })?.fields[0];

test("what cannot be a model is refused where it is wrong", () => {
  assert.equal(refused({ n_head: 3 }), "n_head");
  assert.equal(refused({ n_layer: 0 }), "n_layer");
  assert.equal(refused({ n_layer: 1.5 }), "n_layer");
  assert.equal(refused({ n_embd: NaN }), "n_embd");
  assert.equal(refused({ steps: 20, warmup: 20 }), "warmup");
  assert.equal(refused({ matrix_lr: -1 }), "matrix_lr");
  assert.equal(refused({ seed: 0.5 }), "seed");
});

test("every number that cannot be is named, and not only the first", () => {
  const wrong = problemsOf({ ...settingsOf("middle", 512), n_embd: -5, matrix_lr: 1000 });
  assert.deepEqual(
    wrong.map(({ fields }) => fields[0]),
    ["n_embd", "matrix_lr"],
  );
});

test("the usual numbers are those of each size, also after somebody has changed them", () => {
  for (const size of Object.keys(SIZES)) {
    const settings = settingsOf(size, 77);
    const usual = usualFor({ ...settings, matrix_lr: 5, batch_size: 3, seed: 9, warmup: 2 });
    for (const [name, value] of Object.entries(usual)) {
      if (name !== "architecture") assert.equal(value, settings[name], `${size} ${name}`);
    }
  }
  const short = { ...settingsOf("small", 77), steps: 10 };
  assert.equal(problemOf({ ...short, ...usualFor(short) }), null);
  assert.equal(usualFor({ ...short, optimizer: "adamw" }).matrix_lr, matrixRateOf("adamw"));
});

test("measurements that differ a little plan the same steps and change no time", () => {
  const middle = settingsOf("middle", 512);
  const perStep = (1000 * SIZES.middle.patience) / (1.25 * SIZES.middle.steps); // milliseconds: just fast enough
  const machineOf = (milliseconds) => corrected(FAST, middle, milliseconds);
  for (const factor of [0.9, 1, 1.1]) {
    assert.equal(stepsFor("middle", middle, machineOf(factor * perStep)), SIZES.middle.steps);
  }
  assert.ok(stepsFor("middle", middle, machineOf(2 * perStep)) < SIZES.middle.steps);
  assert.equal(corrected(FAST, middle, 1.1 * millisecondsFor(middle, FAST)), FAST);
});

test("a model that is too large for the memory is refused, and the largest size is not", () => {
  assert.equal(refused({ n_layer: 12, n_embd: 512, n_ff: 2048, n_ctx: 512, batch_size: 128 }), "batch_size");
  assert.equal(refused({}, "large"), undefined);
  assert.ok(bytesOf(settingsOf("large", 2048)) < 2e8);
});

/** The bytes that the engine asks for. */
function bytesAskedFor(settings) {
  let asked = 0;
  const createKernel = (bytes) => {
    asked = bytes;
    throw new RangeError("That is all that was to be known.");
  };
  assert.throws(() => new Training({ settings, createKernel }), RangeError);
  return asked;
}

test("the memory is about what the engine asks for", () => {
  const changes = [
    {},
    { n_ctx: 256, batch_size: 32 },
    { n_layer: 8, n_head: 8, n_embd: 512, n_ff: 2048, batch_size: 2 },
  ];
  for (const size of Object.keys(SIZES)) {
    for (const vocabSize of [65, 2048]) {
      for (const change of changes) {
        const settings = { ...settingsOf(size, vocabSize), ...change };
        const ratio = bytesOf(settings) / bytesAskedFor(settings);
        assert.ok(ratio > 0.8 && ratio < 1.25, `${size} ${vocabSize} ${JSON.stringify(change)}: ${ratio}`);
      }
    }
  }
});

test("the engine has as many parameters as are counted here", () => {
  for (const size of Object.keys(SIZES)) {
    const settings = settingsOf(size, 77);
    const n = parameterShapes(settings).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
    assert.equal(parametersOf(settings), n);
  }
});

test("a window model has no heads that its width would have to be shared among", () => {
  assert.equal(refused({ n_head: 5 }, "window"), undefined);
});

test("every limit can be reached", () => {
  for (const [field, [least, most]] of Object.entries(LIMITS)) assert.ok(least < most, field);
});

test("AdamW gets a smaller learning rate for matrices than Muon", () => {
  assert.ok(matrixRateOf("adamw") < matrixRateOf("muon") / 2);
  assert.equal(matrixRateOf("muon"), settingsOf("small", 65).matrix_lr);
});

test("a time is said with no more digits than are known", () => {
  const times = [0.2, 4.4, 41.3, 88, 100, 600, 7000];
  assert.deepEqual(times.map(aboutHowLong), [
    "less than 1 s",
    "about 4 s",
    "about 40 s",
    "about 90 s",
    "about 2 min",
    "about 10 min",
    "about 2 h",
  ]);
});
