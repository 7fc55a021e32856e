/** Runs that are trained to be compared, and what is changed about them: site/app/run-training.js, lab-variants.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, Tokenizer } from "../../site/engine/tokenizer.js";
import { isOver } from "../../site/app/compared-runs.js";
import { problemOf, settingsOf } from "../../site/app/lab-sizes.js";
import { VARIANTS, variantName, variantsFor } from "../../site/app/lab-variants.js";
import { NamedRuns } from "../../site/app/named-runs.js";
import { Observable } from "../../site/app/observable.js";
import { RunTraining } from "../../site/app/run-training.js";
import { Trials } from "../../site/app/trials.js";

const SETTINGS = { ...settingsOf("small", 0), steps: 100, warmup: 10 };

/** A worker whose losses end at 1 and the seed, in hundredths. It can be slow. */
class FakeWorker {
  begun = [];
  step = 0;
  answers = Infinity; // trainings, after which it never answers
  onSilence = () => {};

  async call(method, params, { signal } = {}) {
    signal?.throwIfAborted();
    if (this.begun.length > this.answers) {
      this.onSilence();
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    return this[method](params);
  }

  begin({ settings }) {
    Object.assign(this, { step: 0, settings });
    this.begun.push(settings);
    return { parameters: 123, validationLoss: 4 };
  }

  train({ steps }) {
    this.step += steps;
    return { step: this.step, losses: [3], finished: this.step >= this.settings.steps, failed: false };
  }

  evaluate() {
    return { loss: this.step < this.settings.steps ? 2 : 1 + this.settings.seed / 100 };
  }

  sample() {
    return { rows: [] };
  }
}

function someTraining(changes = {}) {
  const tokenizer = new Tokenizer({ vocab: [END, "a", "b"], merges: [] });
  const ids = Uint16Array.from({ length: 9000 }, (_, i) => i % 3);
  const lab = new Observable();
  lab.state = {
    text: { name: "Some text", text: "ab".repeat(99) },
    tokens: { kind: "characters", tokenizer, ids, validationIds: ids.slice(0, 500) },
    settings: { ...SETTINGS, ...changes },
    prompts: ["a"],
    baselines: { uniform: 1.1, unigram: 1, bigram: 0.9 },
    ...{
      status: "paused",
      step: 40,
      parameters: 99,
      evaluations: [
        { step: 0, loss: 4 },
        { step: 40, loss: 3 },
      ],
    },
  };
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const worker = new FakeWorker();
  const measure = async () => ({ overhead: 1, rate: 100 });
  const trials = new Trials({ worker, lab: /** @type {any} */ (lab), measure });
  const named = new NamedRuns(() => storage);
  return {
    worker,
    lab,
    trials,
    named,
    training: new RunTraining({ lab: /** @type {any} */ (lab), trials, named }),
  };
}

const seedsOf = ({ seeds }) => seeds.map(({ seed }) => seed);

test("a change and what it is compared with are trained with the same seeds", async () => {
  const { training, named } = someTraining();
  await training.train(await training.plansFor("optimizer", 3));
  const [first, second] = named.state.runs;
  assert.deepEqual(
    [seedsOf(first), seedsOf(second)],
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
  );
  assert.deepEqual([first.settings.optimizer, second.settings.optimizer], ["muon", "adamw"]);
  assert.equal(first.seeds[1].points.at(-1)[1], 1.02);
  assert.deepEqual(training.state.plans, []);
});

test("what is among the runs already is not trained again", async () => {
  const { training, named, worker } = someTraining();
  await training.train(await training.plansFor("optimizer", 3));
  assert.equal(worker.begun.length, 6);
  assert.deepEqual(await training.plansFor("optimizer", 1), []);
  const plans = await training.plansFor("width", 3);
  assert.equal(plans.length, 1);
  await training.train(plans);
  assert.deepEqual([named.state.runs.length, worker.begun.length], [3, 9]);
});

test("the two that were to be compared are named, also where one of them was there already", async () => {
  const { training, named } = someTraining();
  await training.train(await training.plansFor("optimizer", 1));
  const [base, adamw] = named.state.runs;
  assert.deepEqual(training.state.pair, { base: base.id, change: adamw.id });
  await training.train(await training.plansFor("width", 1));
  assert.deepEqual(training.state.pair, { base: base.id, change: named.state.runs[2].id });
  await training.train(await training.plansForMoreSeeds([adamw]));
  assert.deepEqual(training.state.pair, { base: base.id, change: named.state.runs[2].id });
});

test("a run gets the seeds that it lacks", async () => {
  const { training, named, worker } = someTraining();
  await training.train(await training.plansFor("optimizer", 1));
  await training.train(await training.plansForMoreSeeds(named.state.runs));
  assert.deepEqual(named.state.runs.map(seedsOf), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  assert.equal(worker.begun.length, 6);
  assert.deepEqual(
    (await training.plansForMoreSeeds(named.state.runs)).flatMap(({ requests }) => requests),
    [],
  );
});

test("other seeds alone are a run of their own", async () => {
  const { training, named } = someTraining();
  await training.train(await training.plansFor("seeds", 3));
  assert.deepEqual(named.state.runs.map(seedsOf), [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.deepEqual(await training.plansFor("seeds", 3), []);
});

test("what is finished when it is stopped stays", async () => {
  const { training, named, worker } = someTraining();
  worker.answers = 2;
  const silence = new Promise((resolve) => (worker.onSilence = /** @type {any} */ (resolve)));
  const done = training.train(await training.plansFor("optimizer", 3));
  await silence;
  training.stop();
  await done;
  assert.deepEqual(named.state.runs.map(seedsOf), [[1, 2]]);
  assert.deepEqual(training.state.plans, []);
});

test("where there is no room for more runs, nothing is trained", async () => {
  const { training, named, worker } = someTraining();
  await training.train(await training.plansFor("optimizer", 1));
  while (!named.isFull) named.add(named.state.runs[0]);
  await training.train(await training.plansFor("width", 1));
  assert.equal(worker.begun.length, 2);
  assert.match(training.state.outcome, /room/);
});

test("the model of the lab is added as it is, and not twice", async () => {
  const { training, named, lab } = someTraining();
  await training.addModel();
  await training.addModel();
  assert.equal(named.state.runs.length, 1);
  const [run] = named.state.runs;
  assert.deepEqual(run.seeds, [
    {
      seed: 1,
      points: [
        [0, 4],
        [40, 3],
      ],
      failedAt: null,
    },
  ]);
  assert.deepEqual([run.parameters, run.settings.vocab_size, isOver(run)], [99, 3, false]);
  assert.match(await training.whyNoMoreSeeds(run), /Small, Muon, step 40/);
  lab.update({ step: 50, evaluations: [...lab.state.evaluations, { step: 50, loss: 2 }] });
  await training.addModel();
  assert.equal(named.state.runs.length, 2);
});

test("a run on another text, or with other tokens, gets no more seeds from this one", async () => {
  const { training, named, lab } = someTraining();
  await training.train(await training.plansFor("optimizer", 1));
  const [run] = named.state.runs;
  assert.equal(await training.whyNoMoreSeeds(run), null);
  const { tokens, text } = lab.state;
  lab.update({ text: { ...text, text: "else" }, tokens: { ...tokens, ids: tokens.ids.slice() } });
  assert.match(await training.whyNoMoreSeeds(run), /another text/);
  const tokenizer = new Tokenizer({ vocab: [END, "a", "b", "ab"], merges: [] });
  lab.update({ text, tokens: { ...tokens, ids: tokens.ids.slice(), tokenizer } });
  assert.match(await training.whyNoMoreSeeds(run), /other tokens/);
});

test("every change makes a model that can be trained, and has a name", () => {
  for (const size of ["small", "middle", "large"]) {
    const settings = settingsOf(size, 64);
    assert.deepEqual(variantsFor(settings), Object.keys(VARIANTS));
    for (const name of variantsFor(settings)) {
      const changed = { ...settings, ...VARIANTS[name].changes(settings) };
      assert.equal(problemOf(changed), null);
      assert.ok(variantName(name, settings));
      assert.equal(JSON.stringify(changed) === JSON.stringify(settings), name === "seeds");
    }
  }
});

test("what a model lacks is not offered as a change", () => {
  const bare = { ...settingsOf("small", 64), n_embd: 8, n_head: 1, warmup: 0, weight_decay: 0, matrix_lr: 9 };
  assert.deepEqual(variantsFor(bare), ["optimizer", "layer", "slower", "seeds"]);
});
