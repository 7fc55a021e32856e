/** site/app/lab.js, with a worker that is a fake: it counts steps, and remembers what it was asked. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { Lab } from "../../site/app/lab.js";
import { StorageFailure } from "../../site/app/lab-storage.js";

const TEXT = "Tom saw a small dog. The dog ran to Tom and Anna.\n".repeat(60);
const RHYME = "A little snail upon the wall\nwas not afraid to climb or fall.\n".repeat(40);

/** What a worker of a training does, without one: each call of `train` makes five updates. */
class FakeWorker {
  calls = [];
  step = 0;
  steps = Infinity;
  failsAt = Infinity;
  trainings = 0; // that were asked for and are not answered
  mostTrainings = 0;

  async call(method, params, { signal } = {}) {
    this.calls.push({ method, params });
    if (method === "train") this.mostTrainings = Math.max(this.mostTrainings, ++this.trainings);
    await after(1);
    if (method === "train") this.trainings--;
    signal?.throwIfAborted();
    return this[method](params);
  }

  named(method) {
    return this.calls.filter((call) => call.method === method);
  }

  begin({ settings }) {
    this.step = 0;
    this.steps = settings.steps;
    return { parameters: 100, validationLoss: 4, kernel: "fake" };
  }

  restore({ settings, state }) {
    this.step = state.step;
    this.steps = settings.steps;
    return { parameters: 100, validationLoss: 3, kernel: "fake" };
  }

  train({ steps = 5 }) {
    if (this.step >= this.failsAt) return { failed: true, step: this.step };
    const n = Math.min(steps, this.steps - this.step);
    this.step += n;
    const losses = new Float32Array(n).fill(4 - this.step / 1000);
    return { step: this.step, losses, gradientNorms: losses, finished: this.step === this.steps };
  }

  evaluate() {
    return { loss: 4 - this.step / 1000 };
  }

  sample({ prompts }) {
    return { rows: prompts.map(() => [{ id: 1, p: 0.5, entropy: 1, top: [{ id: 1, p: 0.5 }] }]) };
  }

  state() {
    return { step: this.step, weights: Float32Array.of(this.step), optimizer: Float32Array.of(1) };
  }

  embeddings() {
    return { values: Float32Array.of(this.step) };
  }
}

/** Storage that is a variable: the latest model comes first. */
class Memory {
  records = [];
  failure = null;

  get kept() {
    return this.records[0] ?? null;
  }

  async list() {
    return this.records;
  }

  async write(source, model) {
    if (this.failure) throw this.failure;
    const others = this.records.filter((one) => one.model.id !== model.id);
    this.records = [structuredClone({ source, model }), ...others].slice(0, 2);
  }

  async forget(id) {
    this.records = this.records.filter(({ model }) => model.id !== id);
  }

  async writeSnapshots() {}

  async snapshots() {
    return [];
  }
}

let worker;
let storage;
let lab;

beforeEach(() => {
  worker = new FakeWorker();
  storage = new Memory();
  lab = new Lab({ worker, storage });
});

/** Resolves when the state of the lab is as wanted. */
function until(isSo, of = lab) {
  if (isSo(of.state)) return of.state;
  return new Promise((resolve) => {
    const stop = of.subscribe(() => {
      if (!isSo(of.state)) return;
      stop();
      resolve(of.state);
    });
  });
}

const has = (status) => (state) => state.status === status;
const reached = (step) => (state) => state.step >= step;

const readyWith = async (changes = {}) => {
  await lab.setSettings(changes);
  await lab.setText({ name: "Tom", text: TEXT });
  assert.equal(lab.state.status, "ready");
};

test("a text becomes tokens, baselines and five beginnings, and an untrained model writes", async () => {
  await readyWith();
  const { tokens, baselines, prompts, samples, evaluations } = lab.state;
  assert.equal(tokens.tokenizer.decode(tokens.ids) + tokens.tokenizer.decode(tokens.validationIds), TEXT);
  assert.ok(baselines.bigram < baselines.unigram && baselines.unigram < baselines.uniform);
  assert.ok(prompts.length && prompts.every((prompt) => TEXT.includes(prompt)));
  assert.deepEqual([samples.length, samples[0].step, samples[0].prompts.length], [1, 0, prompts.length]);
  assert.deepEqual(evaluations, [{ step: 0, loss: 4 }]);
});

test("a text in a single line has several beginnings, too, and no half character", async () => {
  const oneLine = TEXT.replaceAll("\n", " ");
  for (const text of [oneLine, "春眠不覺曉處處聞啼鳥夜來風雨聲花落知多少".repeat(90), "🐌🐚🌿".repeat(900)]) {
    await lab.setText({ name: "One line", text });
    const { prompts } = lab.state;
    assert.ok(
      prompts.length >= 3 && prompts.every((one) => one && text.includes(one) && one.isWellFormed()),
      prompts,
    );
    assert.equal(new Set(prompts).size, prompts.length);
  }
});

test("the merges of a tokenizer are seen while it is learned", async () => {
  await lab.setText({ name: "Tom", text: TEXT });
  await lab.setTokens({ kind: "bpe", vocabSize: 40 });
  const { tokenizer, merges } = lab.state.tokens;
  assert.equal(tokenizer.vocab.length, 40);
  assert.equal(merges.at(-1).vocabSize, 40);
  assert.equal(worker.named("begin").at(-1).params.settings.vocab_size, 40);
});

test("it trains to the last step, and samples and evaluates on the way", async () => {
  await readyWith({ steps: 100 });
  lab.start();
  await until(has("finished"));
  const { step, losses, evaluations, samples, speed } = lab.state;
  assert.equal(step, 100);
  assert.deepEqual(
    losses.map((one) => one.step),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  assert.equal(evaluations.at(-1).step, 100);
  assert.equal(samples.at(-1).step, 100);
  assert.equal(speed.secondsLeft, 0);
});

test("a press on Train while the text is being prepared is not lost", async () => {
  const prepared = lab.setText({ name: "Tom", text: TEXT });
  lab.start();
  assert.equal(lab.state.status, "preparing");
  await prepared;
  await until(reached(10));
  lab.pause();
});

test("nothing is trained after a pause, and it goes on from there", async () => {
  await readyWith();
  lab.start();
  await until(reached(10));
  lab.pause();
  await after(20);
  const { length } = worker.named("train");
  const { step } = lab.state;
  await after(20);
  assert.equal(worker.named("train").length, length);
  assert.equal(lab.state.status, "paused");
  lab.start();
  await until(reached(step + 10));
  lab.pause();
  assert.equal(worker.named("begin").length, 1);
});

test("pressing pause and go on quickly never makes two trainings", async () => {
  await readyWith();
  for (let i = 0; i < 20; i++) {
    lab.start();
    lab.pause();
  }
  lab.start();
  await until(reached(50));
  lab.pause();
  assert.equal(worker.mostTrainings, 1);
});

test("one step is one update, with what it writes afterwards", async () => {
  await readyWith();
  await lab.stepOnce();
  assert.deepEqual([lab.state.step, lab.state.status, lab.state.samples.at(-1).step], [1, "paused", 1]);
  await lab.stepOnce();
  assert.deepEqual([lab.state.step, lab.state.losses.length], [2, 2]);
});

test("a hidden tab pauses, and goes on by itself unless somebody had paused", async () => {
  await readyWith();
  lab.start();
  await until(reached(5));
  lab.hide();
  assert.deepEqual([lab.state.status, lab.state.pausedBy], ["paused", "hidden"]);
  await lab.show();
  assert.equal(lab.state.status, "training");
  assert.ok(lab.state.notice);
  lab.pause();
  lab.hide();
  await lab.show();
  assert.equal(lab.state.status, "paused");
});

test("a reset can be brought back once, whole", async () => {
  await readyWith();
  lab.start();
  await until(reached(20));
  lab.pause();
  await after(20);
  const before = lab.state;
  await lab.reset();
  assert.deepEqual([lab.state.step, lab.state.losses.length, lab.state.undoable.step], [0, 0, before.step]);
  await lab.bringBack();
  const { step, losses, samples, evaluations, undoable, status } = lab.state;
  assert.deepEqual({ step, status, undoable }, { step: before.step, status: "paused", undoable: null });
  assert.deepEqual([losses, samples, evaluations], [before.losses, before.samples, before.evaluations]);
  assert.deepEqual(worker.named("restore").at(-1).params.state.weights, Float32Array.of(before.step));
  lab.start();
  await until(reached(before.step + 5));
  lab.pause();
});

test("another text throws the model away, and it comes back with its own text", async () => {
  await readyWith();
  await lab.stepOnce();
  await lab.setText({ name: "Snail", text: RHYME });
  assert.equal(lab.state.step, 0);
  await lab.bringBack();
  assert.deepEqual([lab.state.step, lab.state.text.name], [1, "Tom"]);
  assert.equal(lab.state.tokens.tokenizer.decode(lab.state.tokens.ids).slice(0, 7), "Tom saw");
});

test("only the text that was chosen last is trained on", async () => {
  const first = lab.setText({ name: "Tom", text: TEXT });
  await lab.setText({ name: "Snail", text: RHYME });
  await first;
  assert.equal(lab.state.text.name, "Snail");
  assert.deepEqual(lab.state.tokens.tokenizer.decode(lab.state.tokens.ids).slice(0, 8), "A little");
  assert.equal(worker.named("begin").length, 1);
});

test("a later visit goes on from what was kept", async () => {
  await readyWith({ n_embd: 32 });
  lab.start();
  await until(reached(20));
  lab.pause();
  while (storage.kept?.model.step !== lab.state.step) await after(1);
  const before = lab.state;
  const later = new Lab({ worker: (worker = new FakeWorker()), storage });
  await later.findKept();
  assert.deepEqual([later.state.kept[0].step, later.state.kept[0].name], [before.step, "Tom"]);
  await later.goOn();
  const { step, losses, samples, settings, text, kept } = later.state;
  assert.deepEqual(
    { step, losses, samples },
    { step: before.step, losses: before.losses, samples: before.samples },
  );
  assert.deepEqual([settings.n_embd, text.text, kept], [32, TEXT, []]);
  later.start();
  await until(reached(before.step + 5), later);
  later.pause();
});

test("a model that is trained after coming back leaves the one before where it can be opened", async () => {
  await readyWith();
  await lab.stepOnce();
  const later = new Lab({ worker: new FakeWorker(), storage });
  await later.findKept();
  await later.setText({ name: "Snail", text: RHYME });
  await later.stepOnce();
  assert.deepEqual(
    later.state.kept.map(({ name }) => name),
    ["Tom"],
  );
  await later.goOn(later.state.kept[0].id);
  assert.deepEqual([later.state.text.name, later.state.step, later.state.undoable.name], ["Tom", 1, "Snail"]);
  await later.bringBack();
  assert.deepEqual([later.state.text.name, later.state.undoable.name], ["Snail", "Tom"]);
});

test("a model that is opened to go on is trained as soon as it is there", async () => {
  await readyWith();
  await lab.stepOnce();
  const later = new Lab({ worker: new FakeWorker(), storage });
  await later.findKept();
  await later.goOn(later.state.kept[0].id, { trains: true });
  await until(reached(10), later);
  later.pause();
});

test("a kept model that is deleted is no longer offered", async () => {
  await readyWith();
  await lab.stepOnce();
  const later = new Lab({ worker: new FakeWorker(), storage });
  await later.findKept();
  await later.forgetKept(later.state.kept[0].id);
  assert.deepEqual([later.state.kept, storage.kept], [[], null]);
});

test("storage that is full is said once, and training goes on", async () => {
  await readyWith();
  storage.failure = new StorageFailure(new DOMException("", "QuotaExceededError"));
  await lab.stepOnce();
  assert.match(lab.state.notice, /full/);
  lab.start();
  assert.equal(lab.state.notice, null);
  await until(reached(20));
  lab.pause();
  await after(30);
  assert.equal(lab.state.notice, null);
});

test("a loss that is no number stops the training, and says so", async () => {
  await readyWith();
  worker.failsAt = 10;
  lab.start();
  const { problem, step } = await until(has("failed"));
  assert.ok(problem.includes("10"));
  assert.equal(step, 10);
  await lab.reset();
  assert.deepEqual([lab.state.status, lab.state.problem], ["ready", null]);
});

test("a text that nothing can be learned from gets a sentence, and the next one is learned from", async () => {
  for (const text of ["", "a", "a".repeat(5000), "\0".repeat(5000)]) {
    await lab.setText({ name: "Odd", text });
    assert.equal(lab.state.status, "empty", JSON.stringify(text.slice(0, 3)));
    assert.ok(lab.state.problem.length > 20);
    lab.start();
    assert.equal(lab.state.status, "empty");
  }
  await readyWith();
  assert.equal(lab.state.problem, null);
});

test("the same question of several figures is asked once, and answered between two slices", async () => {
  assert.equal(await lab.ask("embeddings"), null);
  await readyWith();
  const answers = await Promise.all([lab.ask("embeddings"), lab.ask("embeddings")]);
  assert.deepEqual(answers[0].values, answers[1].values);
  assert.equal(worker.named("embeddings").length, 1);
  lab.start();
  await until(reached(5));
  const { values } = await lab.ask("embeddings");
  assert.ok(values[0] >= 5);
  const later = lab.ask("embeddings"); // too soon: it is answered when nothing else is going on
  lab.pause();
  assert.ok((await later).values[0] >= 5);
  worker.embeddings = () => new Promise(() => {}); // too late
  const unanswered = lab.ask("embeddings");
  await lab.reset();
  assert.equal(await unanswered, null);
});

test("what is held does not grow over many thousand steps", async () => {
  const train = worker.train.bind(worker);
  worker.train = () => train({ steps: 500 });
  await readyWith({ steps: 50_000 });
  lab.start();
  const { losses, samples } = await until(has("finished"));
  assert.ok(losses.length <= 2000 && losses.length > 500);
  assert.ok(samples.length <= 60);
  assert.equal(losses[0].step, 32); // each point is the mean of as many updates
  assert.ok(!("top" in samples.at(-1).prompts[0].tokens[0]));
});

test("a short text gets few steps, a long one more, unless somebody has chosen how many", async () => {
  const stepsWith = async (text) => {
    await lab.setText({ name: "Counting", text });
    return lab.state.settings.steps;
  };
  const short = Array.from({ length: 700 }, (_, i) => `number ${i}.`).join("\n");
  const long = Array.from({ length: 9000 }, (_, i) => `number ${i}.`).join("\n");
  const few = await stepsWith(short);
  const more = await stepsWith(long);
  assert.ok(few < more, `${few} and ${more}`);
  assert.equal(await stepsWith(short), few);
  await lab.chooseSize("small");
  assert.equal(await stepsWith(long), 1000);
  await lab.setSettings({ steps: 123 });
  assert.equal(await stepsWith(short), 123);
});
