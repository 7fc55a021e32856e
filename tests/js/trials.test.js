/** site/app/trials.js, with a worker that is a fake: it remembers what it was asked, and its losses fall. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, Tokenizer } from "../../site/engine/tokenizer.js";
import { settingsOf } from "../../site/app/lab-sizes.js";
import { Observable } from "../../site/app/observable.js";
import { Trials, changed, trialSettings } from "../../site/app/trials.js";

const FAST = { overhead: 1, rate: 100 };
const SETTINGS = { ...settingsOf("small", 0), steps: 100, warmup: 10 };

class FakeWorker {
  calls = [];
  step = 0;
  failsAt = Infinity;

  async call(method, params, { signal } = {}) {
    signal?.throwIfAborted();
    this.calls.push({ method, params });
    return this[method](params);
  }

  begin({ settings }) {
    Object.assign(this, { step: 0, settings });
    return { parameters: 123, validationLoss: 4 };
  }

  train({ steps }) {
    const n = Math.min(steps, 2, this.settings.steps - this.step); // a slow machine
    this.step += n;
    const losses = Array.from({ length: n }, () => 4 - this.step / 100);
    const failed = this.step >= this.failsAt;
    return { step: this.step, losses, finished: this.step === this.settings.steps, failed };
  }

  evaluate() {
    return { loss: 5 - this.step / 100 };
  }

  sample({ prompts }) {
    return { rows: prompts.map(() => [{ id: 1, p: 0.5, top: [], entropy: 1 }]) };
  }
}

/** A lab whose text is there. */
function aLab(settings = SETTINGS) {
  const lab = new Observable();
  const tokenizer = new Tokenizer({ vocab: [END, "a", "b"], merges: [] });
  const ids = Uint16Array.from({ length: 9000 }, (_, i) => i % 3);
  lab.state = {
    text: { name: "Some text" },
    settings,
    prompts: ["ab", "é a"],
    tokens: { tokenizer, ids, validationIds: ids.slice(0, 500) },
  };
  return /** @type {any} */ (lab);
}

function someTrials(lab = aLab()) {
  const worker = new FakeWorker();
  return { worker, lab, trials: new Trials({ worker, lab, measure: async () => FAST }) };
}

test("two models with the same number of steps are measured at the same steps", async () => {
  const { trials } = someTrials();
  const request = trials.request();
  const [one, other] = await trials.run("seeds", [request, changed(request, { seed: 2 })]);
  const stepsOf = ({ evaluations }) => evaluations.map(({ step }) => step);
  assert.deepEqual(stepsOf(one), stepsOf(other));
  assert.deepEqual(stepsOf(one).slice(0, 3), [0, 3, 6]);
  assert.equal(stepsOf(one).at(-1), 100);
  assert.equal(one.evaluations.at(-1).loss, 4);
});

test("what was trained once is not trained again, until something of it is different", async () => {
  const { trials, worker, lab } = someTrials();
  const begun = () => worker.calls.filter(({ method }) => method === "begin").length;
  const [first] = await trials.run("one", [trials.request()]);
  assert.equal((await trials.run("another", [trials.request()]))[0], first);
  assert.equal(begun(), 1);
  await trials.run("other", [changed(trials.request(), { mask: false })]);
  assert.equal(begun(), 2);
  const { tokens } = lab.state;
  lab.update({ tokens: { ...tokens, ids: tokens.ids.slice() } }); // another text
  await trials.run("again", [trials.request()]);
  assert.equal(begun(), 3);
});

test("the worker gets a copy of the text, the settings, and prompts in characters that it knows", async () => {
  const { trials, worker, lab } = someTrials();
  await trials.run("one", [changed(trials.request(), { positions: false })]);
  const [{ params: given }] = worker.calls;
  assert.equal(given.settings.positions, false);
  assert.equal(given.settings.vocab_size, 3);
  assert.equal(given.end, 0);
  assert.notEqual(given.ids, lab.state.tokens.ids);
  const { params: sampled } = worker.calls.find(({ method }) => method === "sample");
  assert.deepEqual(sampled.prompts, [
    [0, 1, 2],
    [0, 1],
  ]);
});

test("a training whose loss is no number any more ends there, with what it writes then", async () => {
  const { trials, worker } = someTrials();
  worker.failsAt = 20;
  const [trial] = await trials.run("rate", [trials.request()]);
  assert.equal(trial.failedAt, 20);
  assert.ok(trial.losses.every(({ step }) => step < 20));
  assert.equal(trial.samples.length, 2);
});

test("a training that is stopped is not there afterwards, and the next one begins", async () => {
  const { trials } = someTrials();
  const stopped = trials.run("one", [trials.request()]);
  const next = trials.run("two", [trials.request()]);
  assert.equal(await stopped, null);
  assert.equal((await next).length, 1);
  assert.equal(trials.state.work, null);
  assert.equal(trials.state.problem, null);
});

test("a worker that fails is reported to whoever asked", async () => {
  const { trials, worker } = someTrials();
  worker.begin = () => {
    throw new RangeError("This model is too large for a page.");
  };
  assert.equal(await trials.run("one", [trials.request()]), null);
  assert.equal(trials.state.problem.name, "one");
  assert.match(trials.state.problem.sentence, /too large/);
});

test("progress is told from the first update to the last of all that were asked for", async () => {
  const { trials } = someTrials();
  const seen = [];
  trials.subscribe(() => seen.push(trials.state.work?.done));
  const request = trials.request();
  await trials.run("both", [request, changed(request, { seed: 5 })]);
  const numbers = seen.filter((one) => one !== undefined);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
  assert.equal(numbers.at(-1), 200);
});

test("a trial has at most three hundred steps on every machine, and a window model becomes a GPT", () => {
  const usual = settingsOf("middle", 100);
  assert.equal(trialSettings(usual, 100, 1e6).steps, 300);
  assert.equal(trialSettings({ ...usual, steps: 40 }, 100, 1e6).steps, 40);
  assert.equal(trialSettings({ ...usual, warmup: 500 }, 100, 1e6).warmup, 299);
  const window = trialSettings(settingsOf("window", 100), 100, 1e6);
  assert.equal(window.architecture, "gpt");
  assert.equal(window.steps, 300);
});

test("without a text, there is nothing to train", () => {
  const { trials, lab } = someTrials();
  lab.update({ tokens: { ...lab.state.tokens, ids: null } });
  assert.equal(trials.request(), null);
});

test("what was trained before a page was left is not trained again", async () => {
  const kept = new Map();
  globalThis.sessionStorage = /** @type {any} */ ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  });
  try {
    const before = someTrials();
    const [trial] = await before.trials.run("break", [before.trials.request()]);
    const after = someTrials();
    const request = after.trials.request();
    const other = changed(request, { seed: 2 });
    assert.equal(await after.trials.recall([request, other]), null); // one of them has to be trained
    assert.equal(after.worker.calls.length, 0);
    assert.deepEqual(after.trials.find(request).losses, trial.losses);
    await after.trials.run("break", [request, other]);
    assert.equal(after.worker.calls.filter(({ method }) => method === "begin").length, 1);
    assert.equal((await after.trials.recall([request, other])).length, 2);
  } finally {
    delete globalThis.sessionStorage;
  }
});
