/** site/app/teaching.js and what it teaches, with a worker that is a fake: it remembers what it was asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tokenizer, END } from "../../site/engine/tokenizer.js";
import { Teaching, teach, teachingSettings } from "../../site/app/teaching.js";
import { oldTextOf, whereIs } from "../../site/app/teaching-old-text.js";
import { EXPERIMENTS } from "../../site/app/teaching-experiments.js";
import {
  beginnings,
  encoded,
  examplesFor,
  oldTokens,
  repeated,
  sentencesOf,
  textsOf,
  unknownIn,
} from "../../site/app/teaching-text.js";

const LETTERS = [...' .,\n:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"'];
const OLD = {
  documents: ["a cat sat.", "a hen sat."],
  held_out_ids: [
    [0, 6, 1, 8], // end token, "a c"
    [3, 1, 6],
  ],
};

/** A run whose tokens are characters. */
function aRun({ vocab = [END, ...LETTERS], missing = {}, ...others } = {}) {
  const manifest = {
    name: "tale",
    settings: {
      n_layer: 2,
      n_head: 1,
      n_embd: 8,
      n_ff: 16,
      n_ctx: 16,
      temperature: 0.5,
      dataset: "stories",
      batch_size: 9,
    },
    tokenizer: { vocab, merges: [] },
    weights: { bytes: 1, tensors: [] },
    snapshots: [0, 20].map((step) => ({ step, file: `weights/${step}.bin`, sha256: "" })),
    prompts: ["a cat", "a hen"],
    files: { "training_text.json": {} },
    corpus: { dataset: "stories", train_tokens: 9, validation_tokens: 4 },
    missing,
    ...others,
  };
  return { manifest, vocab, name: "tale", url: new URL("http://here/exported/tale/"), part: async () => OLD };
}

/** Each update lowers the loss of the new text. */
class FakeWorker {
  calls = [];
  step = 0;

  async call(method, params, options = {}) {
    options.signal?.throwIfAborted();
    this.calls.push({ method, params });
    return this[method](params, options);
  }

  get written() {
    return this.calls.filter(({ method }) => method === "write").map(({ params }) => params);
  }

  begin({ settings }) {
    this.step = 0;
    this.steps = settings.steps;
    return { parameters: 1, validationLoss: 1, validationTexts: 2, kernel: "fake" };
  }

  evaluate({ ids }) {
    return { loss: ids ? 4 / (1 + this.step) : 1 + this.step };
  }

  train() {
    this.step += 1;
    return { step: this.step, losses: Float32Array.of(1), finished: this.step === this.steps };
  }

  sample({ prompts }) {
    return { rows: prompts.map(() => [{ id: this.step ? 2 : 1, p: 1 }]) };
  }

  changes() {
    return { tensors: [], heads: [], neurons: [] };
  }

  weights() {
    return { weights: new Float32Array(4) };
  }

  /** As train-worker.js: each text is a progress. */
  async write({ prompts, n }, { onProgress, signal }) {
    for (let i = 0; i < n; i++) {
      await null;
      signal.throwIfAborted();
      onProgress([...prompts[i % prompts.length], 1]);
    }
    return {};
  }
}

const requestFor = (run, changes = {}) => ({
  ...{ run, tokenizer: new Tokenizer(run.manifest.tokenizer), snapshot: 20, text: "Wobo sat.", way: "whole" },
  ...{ updates: 3, oldFraction: 0, ...changes },
});

async function taught(run, changes) {
  const worker = new FakeWorker();
  const request = requestFor(run, changes);
  const result = await teach(worker, request, await oldTextOf(run, request.tokenizer, null));
  return { result, begun: worker.calls.find(({ method }) => method === "begin").params, worker };
}

async function opened(run = aRun()) {
  const worker = new FakeWorker();
  const runs = [{ name: "tale", parameters: 1 }];
  const teaching = new Teaching({ worker, listRuns: async () => runs, openRun: async () => run });
  await teaching.open();
  return { teaching, worker };
}

test("what it was before is compared with what it is after the updates", async () => {
  const { result } = await taught(aRun());
  assert.deepEqual(result.newLoss, { before: 4, after: 1 });
  assert.deepEqual(result.oldLoss, { before: 1, after: 4, texts: 2 });
  assert.deepEqual(result.samples[0].before[0].id, 1);
  assert.deepEqual(result.samples[0].after[0].id, 2);
});

test("a snapshot goes on from its own weights, with the settings for fine-tuning", async () => {
  const { begun } = await taught(aRun(), { snapshot: 0 });
  assert.equal(begun.weights.url, "http://here/exported/tale/weights/0.bin");
  const { matrix_lr, embedding_lr, unembedding_lr, steps, optimizer, vocab_size } = begun.settings;
  assert.deepEqual([matrix_lr, embedding_lr, unembedding_lr], [0.015, 0.005, 0.01]);
  assert.deepEqual([steps, optimizer, vocab_size], [3, "muon", LETTERS.length + 1]);
});

test("each way lets something else of the model change", () => {
  const ways = ["whole", "last", "adapters"].map((way) =>
    teachingSettings(aRun(), { way, updates: 5, tokens: 40 }),
  );
  assert.deepEqual(
    ways.map(({ freeze, lora }) => [freeze, lora > 0]),
    [
      [0, false],
      [1, false],
      [0, true],
    ],
  );
  assert.equal(ways[0].batch_size, 3, "room for the new text, and not for those of the run");
});

test("old text is mixed in only if somebody wants that, and never what shows how much was forgotten", async () => {
  assert.equal((await taught(aRun())).begun.old, null);
  const { begun } = await taught(aRun(), { oldFraction: 0.5 });
  const tokenizer = new Tokenizer(aRun().manifest.tokenizer);
  assert.equal(begun.old.fraction, 0.5);
  assert.equal(tokenizer.decode(begun.old.ids), [END, OLD.documents[0], END, OLD.documents[1], END].join(""));
  assert.deepEqual([...begun.validationIds], OLD.held_out_ids.flat());
  assert.deepEqual(begun.validationSpans, [
    [0, 3],
    [4, 6],
  ]);
});

test("a run whose text was not exported can be taught, but not what it forgot be measured", async () => {
  const run = aRun({ missing: { training_text: "It was left out." } });
  const { result, begun } = await taught(run, { oldFraction: 0.5 });
  assert.equal(result.oldLoss, null);
  assert.equal(begun.old, null);
  const { teaching } = await opened(run);
  assert.equal(teaching.state.oldTextIn, null);
});

test("a run without an end token reads the new text over and over", async () => {
  const { begun } = await taught(aRun({ vocab: LETTERS }));
  assert.equal(begun.end, null);
  assert.ok(begun.ids.length >= 64);
  const text = new Tokenizer({ vocab: LETTERS, merges: [] }).decode(begun.ids);
  assert.ok(text.startsWith("Wobo sat.\nWobo sat.\n"));
});

/** What the lab knows when a run like `aRun` has learned from its text. */
function labOf({ manifest }, changes = {}) {
  const ids = Uint16Array.from({ length: 9 }, (_, i) => i);
  const tokens = { trained: manifest.tokenizer, ids, validationIds: ids.slice(0, 4), ...changes };
  return { text: { name: "stories" }, tokens };
}

test("the lab has the old text of a model that has learned from its text, and of no other one", async () => {
  const run = aRun({ missing: { training_text: "It stays with whoever trained it." } });
  assert.equal(whereIs(run, labOf(run)), "lab");
  const others = [
    null,
    { text: null, tokens: {} },
    { ...labOf(run), text: { name: "rhymes" } },
    labOf(run, { ids: null, validationIds: null }), // it is being read
    labOf(run, { ids: new Uint16Array(8) }),
    labOf(run, { validationIds: new Uint16Array(5) }),
    labOf(run, { trained: { vocab: ["a"], merges: [] } }),
  ];
  for (const lab of others) assert.equal(whereIs(run, lab), null);
  const old = await oldTextOf(run, new Tokenizer(run.manifest.tokenizer), labOf(run));
  assert.deepEqual([...old.first(3)], [0, 1, 2]);
  assert.deepEqual(old.heldOut, { ids: Uint16Array.of(0, 1, 2, 3) });
});

test("what a model forgets can be measured as long as the lab has its text", async () => {
  const run = aRun({ missing: { training_text: "It stays with whoever trained it." } });
  const { teaching, worker } = await opened(run);
  const begun = () => worker.calls.findLast(({ method }) => method === "begin").params;
  teaching.choose({ updates: 1 });
  await teaching.teachChosen();
  assert.equal(teaching.state.shown.oldLoss, null);
  teaching.followLab(labOf(run));
  teaching.choose({ oldFraction: 0.5 });
  await teaching.teachChosen();
  assert.deepEqual([...begun().validationIds], [0, 1, 2, 3]);
  assert.deepEqual([...begun().old.ids.slice(0, 3)], [0, 1, 2]);
  assert.ok(teaching.state.shown.oldLoss);
  teaching.followLab({ ...labOf(run), text: { name: "rhymes" } });
  assert.deepEqual([teaching.state.oldTextIn, teaching.state.oldFraction], [null, 0]);
});

test("held-out ids that no model could read are damage, and older exports have none", async () => {
  const tokenizer = new Tokenizer({ vocab: [END, ...LETTERS], merges: [] });
  const damaged = [[[0]], [[0, 999]], [0], "", [[0, "1"]]];
  for (const held_out_ids of damaged) {
    const run = {
      ...aRun(),
      part: async () => ({ ...OLD, held_out_ids }),
      damaged: () => new Error("damaged"),
    };
    await assert.rejects(oldTextOf(run, tokenizer, null), /damaged/);
  }
  const run = { ...aRun(), part: async () => ({ documents: OLD.documents }) };
  assert.equal((await oldTextOf(run, tokenizer, null)).heldOut.ids.length, 0);
});

test("an empty line begins another text where texts end", () => {
  assert.deepEqual(textsOf(" a cat.\r\n\r\na hen. ", true), ["a cat.", "a hen."]);
  assert.deepEqual(textsOf("a cat.\n\na hen.", false), ["a cat.\n\na hen."]);
  assert.deepEqual(textsOf(" \n ", true), []);
  const tokenizer = new Tokenizer({ vocab: [END, ...LETTERS], merges: [] });
  assert.equal(tokenizer.decode(encoded(["a", "b"], tokenizer)), `${END}a${END}b${END}`);
});

test("characters that a model has no token for are found, each once", () => {
  const tokenizer = new Tokenizer({ vocab: [END, ...LETTERS], merges: [] });
  assert.deepEqual(unknownIn("é7 and é", tokenizer), ["é", "7"]);
  assert.deepEqual(unknownIn(`a${END}b`, tokenizer), []);
});

test("sentences end with what ends them", () => {
  assert.deepEqual(sentencesOf('A cat sat. "Go," he said! And'), ["A cat sat.", '"Go," he said!', "And"]);
});

test("it goes on from beginnings of both texts, in a conversation with the answer", () => {
  const prompts = ["Once upon", "He"];
  assert.deepEqual(beginnings("A small cat sat. It was here.", { prompts }), [
    "A small",
    "It",
    "Once upon",
    "He",
  ]);
  const chat = { prompts, speakers: ["you", "pip"] };
  assert.deepEqual(beginnings("you: hi\npip: no", chat), ["you: hi\npip:", "Once upon", "He"]);
});

test("a text is repeated until there is enough of it, and old text is cut when there is", () => {
  assert.deepEqual([...repeated([1, 2], [9], 5)], [1, 2, 9, 1, 2]);
  const tokenizer = new Tokenizer({ vocab: [END, ...LETTERS], merges: [] });
  assert.equal(oldTokens(Array(50).fill("abc"), tokenizer, 9).length, 9);
});

test("examples are those of the run's text, if the model can read them", () => {
  assert.match(examplesFor(aRun()).text, /Wobo/);
  assert.equal(examplesFor(aRun({ vocab: ["a"] })).text, "");
  assert.equal(examplesFor(aRun({ vocab: ["a"] })).fact, null);
});

test("several ways are taught one after another, and can be compared", async () => {
  const { teaching } = await opened();
  teaching.choose({ text: "Wobo sat.", updates: 2 });
  await teaching.teachAllWays();
  assert.deepEqual(
    teaching.comparable.map(({ request }) => request.way),
    ["whole", "last", "adapters"],
  );
  assert.equal(teaching.state.work, null);
  teaching.choose({ text: "Wobo ran." });
  await teaching.teachChosen();
  assert.equal(teaching.comparable.length, 1, "another text cannot be compared with it");
});

test("after a comparison one sees the way that is chosen, and nothing is taught twice", async () => {
  const { teaching, worker } = await opened();
  const lessons = () => worker.calls.filter(({ method }) => method === "begin").length;
  const wayShown = () => teaching.state.shown.request.way;
  teaching.choose({ text: "Wobo sat.", updates: 2, way: "last" });
  await teaching.teachChosen();
  const { shown } = teaching.state;
  await teaching.judge();
  await teaching.teachAllWays();
  assert.deepEqual([lessons(), teaching.comparable.length, wayShown()], [3, 3, "last"]);
  assert.equal(teaching.state.shown, shown);
  assert.ok(teaching.state.rules.has(shown), "its rules stay with it");
  teaching.choose({ way: "adapters" });
  await teaching.teachChosen();
  assert.deepEqual([lessons(), wayShown()], [3, "adapters"]);
  assert.ok(teaching.state.notice, "it is said that nothing was trained");
  await teaching.teachAllWays();
  assert.equal(lessons(), 3);
  for (const others of [{ updates: 3 }, { oldFraction: 0.25 }, { snapshot: 0 }, { text: "Wobo ran." }]) {
    const before = lessons();
    teaching.choose(others);
    assert.equal(teaching.state.notice, null);
    await teaching.teachChosen();
    assert.equal(lessons(), before + 1);
  }
});

test("a comparison shows the way that is chosen, and no other text meanwhile", async () => {
  const { teaching } = await opened();
  teaching.choose({ text: "Wobo sat.", updates: 1 });
  await teaching.teachChosen();
  teaching.choose({ text: "Wobo ran.", way: "adapters" });
  const textsShown = [];
  teaching.subscribe(() =>
    textsShown.push(teaching.state.results.at(-1).request.text, teaching.state.shown.request.text),
  );
  await teaching.teachAllWays();
  assert.equal(textsShown.filter((one, i) => i % 2 && one !== textsShown[i - 1]).length, 0);
  const { text, way } = teaching.state.shown.request;
  assert.deepEqual([text, way, teaching.comparable.length], ["Wobo ran.", "adapters", 3]);
});

test("a model that was deleted from the browser is not taught any more", async () => {
  const kept = { name: "lab:rhymes", parameters: 1, isTrainedHere: true };
  const openRun = async (name) => ({ ...aRun(), name });
  const listRuns = async () => [{ name: "tale", parameters: 1 }, kept];
  const teaching = new Teaching({ worker: new FakeWorker(), listRuns, openRun });
  await teaching.open("lab:rhymes");
  teaching.addKept([kept]);
  assert.equal(teaching.state.run.name, "lab:rhymes");
  teaching.addKept([]);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(teaching.state.run.name, "tale");
});

test("what is stopped leaves no result, and what fails says so", async () => {
  const { teaching, worker } = await opened();
  const stopped = teaching.teachChosen();
  teaching.stop();
  await stopped;
  assert.deepEqual(
    [teaching.state.results.length, teaching.state.work, teaching.state.problem],
    [0, null, null],
  );
  worker.train = () => ({ failed: true, step: 3 });
  await teaching.teachChosen();
  assert.match(teaching.state.problem, /3/);
  assert.equal(teaching.state.work, null);
});

async function taughtStories() {
  const { teaching, worker } = await opened();
  teaching.choose({ text: "Wobo sat.", updates: 1 });
  await teaching.teachChosen();
  return { teaching, worker };
}

test("stories are written by the model as it was and as it is, from the same beginnings", async () => {
  const { teaching, worker } = await taughtStories();
  await teaching.judge();
  const [before, after] = worker.written;
  assert.equal(before.weights.url, "http://here/exported/tale/weights/20.bin");
  assert.equal(after.weights, teaching.state.shown.weights);
  assert.deepEqual([before.prompts, before.seed], [after.prompts, after.seed]);
  const found = teaching.state.rules.get(teaching.state.shown);
  assert.deepEqual([found.n, found.rules.length, found.rules.at(-1).after.kept], [40, 10, 0]);
  assert.equal(teaching.state.judging, null);
});

test("what a model wrote before is not written again for another lesson of the same age", async () => {
  const { teaching, worker } = await taughtStories();
  await teaching.judge();
  teaching.choose({ updates: 2 });
  await teaching.teachChosen();
  await teaching.judge();
  assert.equal(worker.written.length, 3);
  teaching.choose({ snapshot: 0 });
  await teaching.teachChosen();
  await teaching.judge();
  assert.equal(worker.written.length, 5);
  assert.equal(teaching.state.rules.size, 3);
});

test("writing stories ends at once where somebody stops it or teaches something else", async () => {
  for (const stop of ["stopJudging", "teachChosen"]) {
    const { teaching } = await taughtStories();
    const judged = teaching.judge();
    teaching.choose({ updates: 2 });
    await new Promise((resolve) => {
      teaching.subscribe(() => teaching.state.judging?.done > 2 && resolve(null));
    });
    await Promise.all([teaching[stop](), judged]);
    assert.deepEqual([teaching.state.judging, teaching.state.rules.size], [null, 0]);
    assert.equal(teaching.state.rulesProblem, null);
  }
});

test("stories that cannot be written are said, and can be asked for again", async () => {
  const { teaching, worker } = await taughtStories();
  worker.write = () => Promise.reject(new Error("20.bin is missing."));
  await teaching.judge();
  assert.match(teaching.state.rulesProblem, /20\.bin/);
  delete worker.write;
  await teaching.judge();
  assert.equal(teaching.state.rulesProblem, null);
  assert.equal(teaching.state.rules.size, 1);
});

test("only the built-in stories have rules that are known", async () => {
  const { teaching } = await taughtStories();
  assert.ok(teaching.hasRules(teaching.state.shown));
  const settings = { ...aRun().manifest.settings, dataset: "novel.txt" };
  assert.ok(!teaching.hasRules({ request: requestFor(aRun({ settings })) }));
  assert.ok(!teaching.hasRules({ request: requestFor(aRun({ vocab: LETTERS })) }), "no story ends there");
});

test("of many large models only the last ones stay in memory", async () => {
  const { teaching, worker } = await opened();
  worker.weights = () => ({ weights: { byteLength: 40e6 } });
  teaching.choose({ text: "Wobo sat.", updates: 1 });
  for (const updates of [1, 2, 3, 4]) {
    teaching.choose({ updates });
    await teaching.teachChosen();
  }
  assert.deepEqual(
    teaching.state.results.map(({ weights }) => Boolean(weights)),
    [false, false, true, true],
  );
  teaching.choose({ updates: 1 });
  await teaching.teachChosen();
  assert.equal(teaching.state.results.length, 4, "one that is gone is taught again, and takes its place");
  assert.ok(teaching.state.shown.weights);
  await teaching.experiment("ages", [{ updates: 1 }]);
  assert.equal(teaching.state.experiments.ages[0].weights, null);
});

test("a run that cannot be opened is said, and another one can be chosen", async () => {
  const openRun = async (name) => {
    if (name === "broken") throw new Error("It is damaged.");
    return aRun();
  };
  const listRuns = async () => [
    { name: "broken", parameters: 1 },
    { name: "tale", parameters: 1 },
  ];
  const teaching = new Teaching({ worker: new FakeWorker(), listRuns, openRun });
  await teaching.open();
  assert.deepEqual([teaching.state.run, teaching.state.problem], [null, "It is damaged."]);
  await teaching.chooseRun("tale");
  assert.equal(teaching.state.run.name, "tale");
  assert.equal(teaching.state.problem, null);
});

const told = (after, vocab = ["a", " moon.", " shed."]) => ({
  request: { run: { vocab }, tokenizer: { end: null }, text: "a moon.", updates: 10 },
  newLoss: { before: 5, after },
  samples: [0, 1].map(() => ({ prompt: "a", before: [], after: [{ id: 2 }] })),
});

test("what is predicted is compared with what happened", () => {
  const { ages, times, fact } = EXPERIMENTS;
  assert.equal(ages.outcome([told(0.2), told(1)], null), "newborn");
  assert.equal(ages.outcome([told(1), told(0.2)], null), "grown");
  assert.equal(ages.outcome([told(0.02), told(0.01)], null), "same");
  const sure = { ...told(1), newLoss: { before: 12.87, after: 1 } };
  assert.match(ages.why([told(0.2), sure]), /12\.87.*5\.00/);
  assert.equal(ages.why([told(1), told(0.2)]), null, "it was the grown one that knew it better");
  assert.equal(ages.why([told(0.2), told(1)]), null, "nothing had to be unlearned");

  const one = told(0);
  assert.equal(times.outcome([one], null), "never");
  one.samples[0].after = [{ id: 1 }];
  assert.equal(times.outcome([told(1), one], null), "10");

  const given = { fact: ["a", " moon.", "b", "why"] };
  assert.equal(fact.outcome([told(1)], given), "nowhere");
  assert.equal(fact.outcome([one], given), "there");
  one.samples[1].after = [{ id: 1 }];
  assert.equal(fact.outcome([one], given), "everywhere");
});
