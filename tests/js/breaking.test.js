/** site/app/breaking.js and breaking-text.js, with trainings that never took place. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encodeDocuments, finish } from "../../site/engine/bpe.js";
import { END, Tokenizer } from "../../site/engine/tokenizer.js";
import { readText, sentencesOf } from "../../site/app/breaking-text.js";
import * as breaking from "../../site/app/breaking.js";
import { settingsOf } from "../../site/app/lab-sizes.js";
import { Observable } from "../../site/app/observable.js";
import { Trials } from "../../site/app/trials.js";

const { EXPERIMENTS } = breaking;
const { signal } = new AbortController();
const BASELINES = { uniform: 4, unigram: 3, bigram: 2 };
const RHYMES = [
  "The cat sat down. The hen ran off!\nA cat and a dog went home.",
  "The catalogue is here. The hen has a hat.",
  "Is there a Cat in the hat? The dog sat down, and the hen sat, too.",
];
const HELD_OUT = ["The hen sat down."];

/** A text as characters, with an end token between its documents or without any. */
function aSource(documents = RHYMES, heldOut = HELD_OUT, hasEnd = true) {
  const characters = [...new Set([...documents, ...heldOut, "xyz"].join(""))].sort();
  const tokenizer = new Tokenizer({ vocab: hasEnd ? [END, ...characters] : characters, merges: [] });
  const ids = (texts) => finish(encodeDocuments(tokenizer, texts));
  return { name: "Rhymes", tokenizer, ids: ids(documents), validationIds: ids(heldOut) };
}

const textOf = (source) => source.tokenizer.decode(source.ids);
const wordsOf = (text) => text.split(/\s+/).sort();

/** Something that was trained: its losses all the same, what it wrote after "The". */
function aTrial(loss, written = " cat sat down. x", others = {}) {
  const source = aSource();
  const tokens = source.tokenizer.encode(written).map((id) => ({ id, p: 1, entropy: 0 }));
  const sample = { prompt: "The", ids: [], tokens };
  return {
    ...{ source, settings: { ...settingsOf("small", 30), steps: 3 }, failedAt: null, answers: {} },
    losses: [1, 2, 3].map((step) => ({ step, loss })),
    evaluations: [
      { step: 0, loss: 4 },
      { step: 3, loss },
    ],
    samples: [sample, sample],
    ...others,
  };
}

async function outcomeOf(name, trained, word = null) {
  const text = await readText(aSource(), signal);
  text.baselines = BASELINES;
  const result = breaking.resultOf(name, { trained, text, word });
  return { result, outcome: EXPERIMENTS[name].outcome(result) };
}

test("a shuffled text has the same words in each document, in another order", async () => {
  const source = aSource();
  const text = await readText(source, signal);
  const shuffled = await text.shuffled(1, signal);
  const [before, after] = [source, shuffled].map((one) => textOf(one).split(END));
  assert.notDeepEqual(before, after);
  assert.deepEqual(before.map(wordsOf), after.map(wordsOf));
  assert.deepEqual(
    before.map((one) => one.split("\n").length),
    after.map((one) => one.split("\n").length),
  );
  assert.equal(shuffled.validationIds, source.validationIds);
});

test("the same seed shuffles a text in the same way, and another seed in another", async () => {
  const [one, again] = [await readText(aSource(), signal), await readText(aSource(), signal)];
  assert.equal(textOf(await one.shuffled(1, signal)), textOf(await again.shuffled(1, signal)));
  assert.notEqual(textOf(await one.shuffled(1, signal)), textOf(await one.shuffled(2, signal)));
  assert.equal(await one.shuffled(1, signal), await one.shuffled(1, signal), "it would be trained again");
});

test("in a text without documents, words stay in their lines", async () => {
  const lines = ["one two three four", "five six seven eight", "nine ten eleven"];
  const source = aSource([lines.join("\n")], ["one"], false);
  const text = await readText(source, signal);
  const shuffled = textOf(await text.shuffled(3, signal)).split("\n");
  assert.notDeepEqual(shuffled, lines);
  assert.deepEqual(shuffled.map(wordsOf), lines.map(wordsOf));
});

test("a list of single words cannot be shuffled, and says so", async () => {
  const source = aSource(["one\ntwo\nthree\n"], ["one"], false);
  const text = await readText(source, signal);
  assert.equal(typeof breaking.whyMissing("order", { settings: {}, source }, text), "string");
  assert.equal(
    breaking.whyMissing("order", { settings: {}, source }, await readText(aSource(), signal)),
    null,
  );
});

test("without a word, all its sentences are gone and all others are there", async () => {
  const text = await readText(aSource(), signal);
  const { source, n, of, fraction } = await text.without("cat", 64, signal);
  assert.deepEqual(textOf(source).split(END), [
    "",
    "The hen ran off!",
    "The catalogue is here. The hen has a hat.",
    "The dog sat down, and the hen sat, too.",
    "",
  ]);
  assert.deepEqual([n, of], [3, 7]);
  const gone =
    "The cat sat down. ".length + "A cat and a dog went home.".length + "Is there a Cat in the hat? ".length;
  assert.equal(fraction, gone / RHYMES.join("").length);
});

test("a document that has nothing but such sentences is gone", async () => {
  const text = await readText(aSource(["A cat. A cat!", "A dog, and many other animals that ran."]), signal);
  const { source } = await text.without("CAT", 64, signal);
  assert.deepEqual(textOf(source).split(END), ["", "A dog, and many other animals that ran.", ""]);
});

/** Tokens as text; the end token is seen. */
const decode = (source, ids) => source.tokenizer.decode(ids);

test("what it goes on from ends where the word stands, once for each of two seeds", async () => {
  const text = await readText(aSource(), signal);
  const { beginnings, passages, isHeldOut } = await text.without("hat", 64, signal);
  assert.equal(isHeldOut, false);
  const read = beginnings.map((ids) => decode(text.source, ids));
  const expected = [`${END}The catalogue is here. The hen has a`, `${END}Is there a Cat in the`];
  assert.deepEqual(read, [...expected, ...expected]);
  for (const { ids, word } of passages) assert.equal(decode(text.source, ids.slice(...word)), " hat");
  const sentences = passages.map(({ ids, sentence }) => decode(text.source, ids.slice(...sentence)));
  assert.deepEqual(sentences, ["The hen has a hat.", "Is there a Cat in the hat?"]);
});

test("in the middle of a document, enough is given to go on from, and room is left to write", async () => {
  const line = "Many words stand before it, and then a cat comes. ";
  const text = await readText(
    aSource([line.repeat(40), "A hen came along here, and many others came with it."]),
    signal,
  );
  assert.equal(typeof text.problemOf("cat"), "string");
  const { beginnings, passages } = await text.without("cat", 32, signal);
  assert.ok(passages.some(({ word }) => word[0] < 8) && passages.some(({ word }) => word[0] > 24));
  for (const ids of beginnings) assert.ok(ids.length >= 8 && ids.length <= 24, `${ids.length} tokens`);
});

test("a passage is a window of the training, unless that would cut the word", async () => {
  const source = aSource(["The cat sat down on the big red mat.", "A b c d e f g h. ".repeat(9)]);
  const text = await readText(source, signal);
  const whole = [...decode(source, source.ids).replaceAll(END, "|")];
  let cut = 0;
  for (let n_ctx = 8; n_ctx < 48; n_ctx++) {
    const [{ ids, word }] = (await text.without("mat", n_ctx, signal)).passages;
    assert.equal(decode(source, ids.slice(...word)), " mat");
    const read = decode(source, ids).replaceAll(END, "|");
    const start = whole.join("").indexOf(read);
    assert.ok(start >= 0 && ids.length <= n_ctx + 1);
    if (start % n_ctx === 0) continue;
    cut += 1;
    assert.ok(read.endsWith(" mat"), read);
  }
  assert.ok(cut > 0 && cut < 20, `${cut} windows cut the word`);
});

test("the passages of tokens that are longer than characters have the word and its sentence", async () => {
  const documents = ["The cat sat down. The hen ran off! A fox came home."];
  const characters = [...new Set(documents.join(""))].sort();
  const vocab = [END, ...characters, " c", " ca", " cat", "Th", "The", " ho", " f"];
  const merges = [
    [" ", "c"],
    [" c", "a"],
    [" ca", "t"],
    ["T", "h"],
    ["Th", "e"],
    [" ", "h"],
    [" ", "f"],
  ];
  vocab.push(" h");
  const tokenizer = new Tokenizer({ vocab, merges: /** @type {any} */ (merges) });
  const ids = finish(encodeDocuments(tokenizer, documents));
  const source = { name: "Words", tokenizer, ids, validationIds: ids };
  const text = await readText(source, signal);
  for (const [word, sentence] of [
    ["cat", "The cat sat down."],
    ["fox", " A fox came home."], // its first token has the space before it
    ["off", " The hen ran off!"],
  ]) {
    const [passage] = (await text.without(word, 64, signal)).passages;
    assert.equal(decode(source, passage.ids.slice(...passage.word)), ` ${word}`);
    assert.equal(decode(source, passage.ids.slice(...passage.sentence)).trim(), sentence.trim());
  }
});

test("where held-out text has enough sentences with the word, these are looked at", async () => {
  const heldOut = ["a", "b", "c", "d", "e"].map((one) => `The ${one} dog sat here.`);
  const text = await readText(aSource(RHYMES, heldOut), signal);
  const { isHeldOut, beginnings } = await text.without("dog", 64, signal);
  assert.equal(isHeldOut, true);
  const read = beginnings.slice(0, 5).map((ids) => decode(text.source, ids));
  assert.deepEqual(
    read,
    ["a", "b", "c", "d", "e"].map((one) => `${END}The ${one}`),
  );
});

test("a word that cannot be left out is refused with a sentence", async () => {
  const text = await readText(
    aSource([...RHYMES, "A fox ran off. A fox ran home, and sat down there."]),
    signal,
  );
  for (const word of ["", "  ", "zebra", "hens", "e", "(", "a.*"]) {
    assert.equal(typeof text.problemOf(word), "string", word);
  }
  for (const word of ["cat", " Cat ", "sat down", "hat?"]) assert.equal(text.problemOf(word), null, word);
  const common = await readText(aSource(Array(9).fill("The cat sat here. He ran.")), signal);
  assert.equal(typeof common.problemOf("cat"), "string", "more than half of the text goes");
  const first = await readText(aSource([`Zoe sat. ${RHYMES.join(" ")}`], HELD_OUT, false), signal);
  assert.equal(typeof first.problemOf("Zoe"), "string", "nothing comes before it");
  assert.equal(first.problemOf("cat"), null);
  const short = await readText(aSource(["A cat. A dog."]), signal);
  assert.equal(typeof short.problemOf("cat"), "string", "too little is left");
});

test("words that are suggested can be left out, and are written as in the text", async () => {
  const lines = Array.from({ length: 200 }, (_, i) => `Number ${i} saw ${i % 40 ? "many things" : "Oscar"}.`);
  const text = await readText(aSource([lines.join(" ")]), signal);
  assert.deepEqual(text.suggestions, ["Oscar"]);
  for (const word of text.suggestions) assert.equal(text.problemOf(word), null);
});

test("sentences make up the text that they were cut from", () => {
  const texts = [
    RHYMES.join(" "),
    '"Go!" said Tom. "Why?"',
    "no end",
    "one\ntwo\n",
    "One\n\nTwo\n\nThree",
    "..",
    "",
    "他来了。她走了！",
  ];
  for (const text of texts) assert.equal(sentencesOf(text).join(""), text);
  assert.deepEqual(sentencesOf('"Go!" said Tom. He went.'), ['"Go!" ', "said Tom. ", "He went."]);
  assert.deepEqual(sentencesOf("one\ntwo\n"), ["one\n", "two\n"]);
});

test("what is written is compared with the words and pairs of the text", async () => {
  const text = await readText(aSource(), signal);
  assert.deepEqual(text.fractionsOf([["The", " cat sat down. Xyz"]]), { words: 1, pairs: 1 });
  assert.deepEqual(text.fractionsOf([["The", " dog cat hat xyz. The"]]), { words: 0.75, pairs: 0.25 });
  assert.deepEqual(text.fractionsOf([["The ca", "t sat. The"]]), { words: 1, pairs: 1 });
  assert.deepEqual(text.fractionsOf([["The", ""]]), { words: null, pairs: null });
  assert.equal(text.firstWordOf("The ca", "t sat"), "cat");
  assert.equal(text.firstWordOf("The cat", " sat"), "sat");
  assert.equal(text.firstWordOf("The cat", "..."), null);
});

test("in a text without spaces, characters take the place of words", async () => {
  const chinese = "今天天气很好我们去公园散步然后回家吃饭晚上看书".repeat(4) + "。";
  const text = await readText(aSource([chinese, chinese], ["今天"]), signal);
  assert.ok(text.canBeShuffled);
  assert.deepEqual(text.fractionsOf([["今", "天天气公"]]), { words: 1, pairs: 1 });
  const shuffled = textOf(await text.shuffled(1, signal)).split(END)[1];
  assert.notEqual(shuffled, chinese);
  assert.deepEqual([...shuffled].sort(), [...chinese].sort());
});

const GOOD = " cat sat down. x";
const BAD = " xx yy zz. x";

for (const [name, loss, written, expected] of [
  ["mask", 0.1, BAD, "cheats"],
  ["mask", 0.1, GOOD, "better"],
  ["mask", 1.5, BAD, "higher"],
  ["positions", 1.51, GOOD, "same"],
  ["positions", 0.5, GOOD, "same"],
  ["residual", 1.7, BAD, "higher"],
  ["scale", 2.5, BAD, "nothing"],
  ["rate", 2.5, BAD, "nothing"],
  ["head", 1.49, GOOD, "same"],
  ["head", 1.2, GOOD, "lower"],
  ["head", 1.9, GOOD, "higher"],
  ["order", 3, " hat cat home. x", "words"],
  ["order", 3, BAD, "nothing"],
  ["order", 3, GOOD, "sentences"],
]) {
  test(`${name}: a loss of ${loss} beside 1.5, and “${written}”, is called “${expected}”`, async () => {
    const { outcome } = await outcomeOf(name, [aTrial(1.5), aTrial(loss, written), aTrial(1.5)]);
    assert.equal(outcome, expected);
    assert.ok(EXPERIMENTS[name].answers[outcome]);
  });
}

test("a difference that another seed makes as well is none", async () => {
  const trained = (other) => [aTrial(1.5), aTrial(1.6), aTrial(other)];
  assert.equal((await outcomeOf("scale", trained(1.5))).outcome, "higher");
  const { result, outcome } = await outcomeOf("scale", trained(1.45));
  assert.equal(outcome, "same");
  assert.match(breaking.whyOf("scale", result, outcome), /0\.10 .* 0\.05/);
});

test("differences are those of the figures that are shown", async () => {
  const trained = [aTrial(0.7951), aTrial(1.3049), aTrial(0.8349)]; // shown as 0.80, 1.30 and 0.83
  const { result, outcome } = await outcomeOf("residual", trained);
  assert.match(breaking.whyOf("residual", result, outcome), /0\.50 .* 0\.03/);
});

for (const [healthy, broken, expected] of [
  [1.5, 1.9, "higher"],
  [1.5, 2.1, "nothing"],
  [1.5, 1.999, "nothing"], // shown as 2.00, like what counting reaches
  [2.5, 2.51, "same"], // not below counting either, but no higher than the healthy one
  [2.5, 1.9, "same"],
]) {
  test(`one answer alone is true of ${broken} beside ${healthy}, and the verdict names the figures`, async () => {
    for (const name of ["positions", "residual", "scale", "rate"]) {
      const { result, outcome } = await outcomeOf(name, [aTrial(healthy), aTrial(broken), aTrial(healthy)]);
      assert.equal(outcome, expected, name);
      const happened = breaking.happenedOf(name, result, outcome);
      for (const loss of [healthy, broken]) assert.ok(happened.includes(loss.toFixed(2)), happened);
      const answers = breaking.answersOf(name, BASELINES);
      for (const answer of [answers.higher, answers.nothing]) assert.ok(answer.includes("2.00"), answer);
    }
  });
}

test("answers can be read before it is known what counting reaches", () => {
  for (const name of Object.keys(EXPERIMENTS)) {
    for (const answer of Object.values(breaking.answersOf(name, null)))
      assert.doesNotMatch(answer, /NaN|undefined|null/);
  }
});

test("how far apart two models end is said beside what another seed makes, whatever the outcome", async () => {
  const better = await outcomeOf("rate", [aTrial(1.5), aTrial(0.7), aTrial(1.5)]);
  assert.equal(better.outcome, "same");
  const said = breaking.whyOf("rate", better.result, better.outcome);
  assert.match(said, /0\.80 .* 0\.00/);
  const alike = await outcomeOf("rate", [aTrial(1.5), aTrial(1.5), aTrial(1.5)]);
  assert.notEqual(breaking.whyOf("rate", alike.result, alike.outcome).length, said.length);
});

test("a loss that is no number any more is said, and the curve ends there", async () => {
  const broken = aTrial(1, BAD, { failedAt: 3 });
  const { result, outcome } = await outcomeOf("rate", [aTrial(1.5), broken, aTrial(1.5)]);
  assert.equal(outcome, "nothing");
  assert.match(breaking.factsOf("rate", result)[0][2], /number.*3/);
  assert.match(breaking.happenedOf("rate", result, outcome), /number.*3/);
  assert.ok(Number.isNaN(breaking.drawnCurve(broken, "own").at(-1)[1]));
});

test("where not even the healthy model has learned much, that is said", async () => {
  const weak = await outcomeOf("mask", [aTrial(1.5, BAD), aTrial(0.1, BAD), aTrial(1.5)]);
  assert.equal(typeof breaking.cautionOf(weak.result), "string");
  const strong = await outcomeOf("mask", [aTrial(1.5), aTrial(0.1, BAD), aTrial(1.5)]);
  assert.equal(breaking.cautionOf(strong.result), null);
});

test("what is said instead of a missing word decides, and how likely the word was is in the table", async () => {
  const text = await readText(aSource(), signal);
  const word = await text.without("cat", 64, signal);
  const rows = word.passages.map(({ ids }) => ids.slice(1).map(() => 0.5));
  const { tokenizer } = text.source;
  const written = (continuation) =>
    word.beginnings.map(() => tokenizer.encode(continuation).map((id) => ({ id, p: 1 })));
  const wordTrial = (continuation) =>
    aTrial(1, GOOD, { answers: { passages: { rows }, written: { rows: written(continuation) } } });
  for (const [continuation, expected] of [
    [" cat sat", "word"],
    [" catalogue", "another"],
    [" hen sat", "another"],
    [" xyz sat", "nothing"],
  ]) {
    const { result, outcome } = await outcomeOf(
      "word",
      [wordTrial(" Cat sat"), wordTrial(continuation)],
      word,
    );
    assert.equal(outcome, expected, continuation);
    const [wrote, likely, loss] = breaking.factsOf("word", result);
    assert.equal(wrote[1], "6 of 6 times");
    assert.equal(likely[1], "6.3%"); // 0.5⁴: " cat" has four characters
    assert.equal(loss[2], "0.69"); // ln 2
    assert.match(breaking.happenedOf("word", result, outcome), /6 of 6 times/);
  }
  // A word that even the healthy model never writes: what they write decides nothing, and no answer is right.
  const { result, outcome } = await outcomeOf("word", [wordTrial(" hen sat"), wordTrial(" hen sat")], word);
  assert.equal(outcome, breaking.UNCLEAR);
  assert.ok(!(outcome in EXPERIMENTS.word.answers));
  assert.match(breaking.happenedOf("word", result, outcome), /cat.* 6 tries/);
  assert.match(breaking.whyOf("word", result, outcome), /6\.3%.*6\.3%/);
  assert.notEqual(breaking.lookAtOf("word", outcome), EXPERIMENTS.word.lookAt);
});

/** The trials of a lab whose text and model are there. */
function someTrials(settings = {}) {
  const { tokenizer, ids, validationIds } = aSource();
  const lab = new Observable();
  lab.state = {
    text: { name: "Rhymes" },
    tokens: { tokenizer, ids, validationIds },
    settings: { ...settingsOf("small", 0), steps: 50, warmup: 2, ...settings },
    prompts: ["The cat", "A"],
  };
  const call = async (method, { prompts = [], texts = [], settings: { steps } = { steps: 50 } }) =>
    ({
      begin: { parameters: 1, validationLoss: 3 },
      train: { step: steps, losses: Array(steps).fill(1), finished: true, failed: false },
      evaluate: { loss: 1 },
      sample: { rows: prompts.map(() => [{ id: 1, p: 1, entropy: 0 }]) },
      probabilities: { rows: texts.map((one) => one.slice(1).map(() => 1)) },
    })[method];
  return new Trials({ worker: { call }, lab: /** @type {any} */ (lab), measure: async () => null });
}

test("each experiment changes what it says and nothing else", async () => {
  const trials = someTrials();
  const healthy = breaking.healthyRequest(trials);
  const text = await readText(healthy.source, signal);
  const changesOf = async (name) => {
    const { requests } = await breaking.prepare(name, { healthy, text, typed: "cat", signal });
    const [one, broken] = requests.map(({ settings }) => settings);
    return Object.fromEntries(Object.entries(broken).filter(([key, value]) => one[key] !== value));
  };
  const { matrix_lr, embedding_lr, unembedding_lr } = healthy.settings;
  assert.deepEqual(await changesOf("mask"), { mask: false });
  assert.deepEqual(await changesOf("positions"), { positions: false });
  assert.deepEqual(await changesOf("residual"), { residual: false });
  assert.deepEqual(await changesOf("scale"), { scale: false });
  assert.deepEqual(await changesOf("head"), { n_head: 1 });
  assert.deepEqual(await changesOf("order"), {});
  assert.deepEqual(await changesOf("word"), {});
  assert.deepEqual(await changesOf("rate"), {
    matrix_lr: 30 * matrix_lr,
    embedding_lr: 30 * embedding_lr,
    unembedding_lr: 30 * unembedding_lr,
  });
});

test("the healthy model is trained once for all experiments", async () => {
  const trials = someTrials();
  const healthy = breaking.healthyRequest(trials);
  const text = await readText(healthy.source, signal);
  const first = breaking.stillToTrain(trials, "mask", healthy);
  assert.equal(new Set(first.map(({ role }) => role)).size, 3);
  const { requests } = await breaking.prepare("mask", { healthy, text, signal });
  await trials.run("break", requests);
  for (const name of ["positions", "residual", "scale", "rate", "head", "order"]) {
    const again = breaking.healthyRequest(trials);
    assert.equal(breaking.stillToTrain(trials, name, again).length, 1, name);
    const { requests: asked } = await breaking.prepare(name, { healthy: again, text, signal });
    assert.equal(asked.filter((one) => !trials.find(one)).length, 1, name);
  }
});

test("a model with one head is told so instead of being asked", () => {
  const one = breaking.healthyRequest(someTrials({ n_head: 1 }));
  assert.equal(typeof breaking.whyMissing("head", one, null), "string");
  assert.equal(breaking.whyMissing("head", breaking.healthyRequest(someTrials()), null), null);
});

test("each experiment has three answers, and leads to a place that exists", () => {
  assert.equal(Object.keys(EXPERIMENTS).length, 8);
  for (const [name, { lesson, lookAt, about, title, subtitle }] of Object.entries(EXPERIMENTS)) {
    assert.equal(new Set(Object.values(breaking.answersOf(name, BASELINES))).size, 3, name);
    for (const text of [lookAt, about, title, subtitle]) assert.ok(text.length > 5, name);
    const [file, id] = lesson[0].split("#");
    const page = readFileSync(new URL(`../../site/lessons/${file}`, import.meta.url), "utf8");
    assert.ok(page.includes(`id="${id}"`), lesson[0]);
  }
});
