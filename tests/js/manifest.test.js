/** site/app/manifest.js: a manifest is refused as soon as one part of it is missing or wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isValidManifest } from "../../site/app/manifest.js";
import { contentOf } from "./shipped.js";

/** The shipped manifest, with a band, and with a reason why one of its files is missing. */
function rightManifest() {
  const manifest = contentOf("stories/manifest.json");
  manifest.metrics.band = { low: 0.2, high: 0.25, runs: 3, of: "preset" };
  manifest.training_text = { characters: 2, all_characters: 3, n_documents: 1, credit: "", licence: "" };
  manifest.missing.neurons = "They were left out.";
  return manifest;
}

/** The same of a run that goes on from another one. */
function childManifest() {
  const manifest = rightManifest();
  manifest.corpus.parent = { name: "stories", step: 1300, dataset: "stories" };
  Object.assign(manifest.settings, { parent: "runs/stories", freeze: 0, lora: 0 });
  return manifest;
}

/** Values that are none of these kinds. */
const NO_TEXT = [5, null, ["a"], { a: 1 }, true];
const NO_COUNT = [-1, 0.5, "1", null, NaN, Infinity, 2 ** 53, [1], { valueOf: () => 1 }];
const NO_NUMBER = ["1", null, NaN, Infinity, [1]];
const NO_SIZE = [...NO_COUNT, 0];
const NO_OBJECT = [null, 5, "text", [], true];
const NO_LIST = [...NO_OBJECT, {}, { length: 1 }];

/** Every part that pages rely on, and what it must not be. */
const PARTS = {
  settings: NO_OBJECT,
  "settings.n_layer": [...NO_SIZE, 201],
  "settings.n_head": [...NO_SIZE, 201],
  "settings.n_embd": [...NO_SIZE, 130, 32_772],
  "settings.n_ff": [...NO_SIZE, 131_073],
  "settings.n_ctx": [...NO_SIZE, 100_001],
  "settings.steps": NO_COUNT,
  "settings.sample_tokens": NO_COUNT,
  "settings.temperature": NO_NUMBER,
  "settings.preset": NO_TEXT,
  "settings.dataset": NO_TEXT,
  corpus: NO_OBJECT,
  "corpus.vocab_size": NO_COUNT,
  "corpus.train_characters": NO_COUNT,
  step: NO_COUNT,
  parameters: NO_COUNT,
  tokenizer: NO_OBJECT,
  "tokenizer.vocab": NO_LIST,
  "tokenizer.vocab.0": NO_TEXT,
  "tokenizer.vocab.511": NO_TEXT,
  "tokenizer.merges": NO_LIST.filter((value) => !Array.isArray(value)),
  "tokenizer.merges.0": NO_LIST,
  "tokenizer.merges.0.0": NO_TEXT,
  "tokenizer.merges.9.1": NO_TEXT,
  weights: NO_OBJECT,
  "weights.bytes": NO_COUNT,
  "weights.tensors": NO_LIST,
  "weights.tensors.0": NO_OBJECT,
  "weights.tensors.0.name": NO_TEXT,
  "weights.tensors.0.type": NO_TEXT,
  "weights.tensors.0.offset": NO_COUNT,
  "weights.tensors.0.shape": NO_LIST,
  "weights.tensors.0.shape.1": NO_COUNT,
  "weights.tensors.9.name": NO_TEXT,
  snapshots: NO_LIST,
  "snapshots.0": NO_OBJECT,
  "snapshots.0.step": NO_COUNT,
  "snapshots.0.file": NO_TEXT,
  "snapshots.0.sha256": NO_TEXT,
  "snapshots.5.file": NO_TEXT,
  sampled_steps: NO_LIST,
  "sampled_steps.0": NO_COUNT,
  "sampled_steps.21": NO_COUNT,
  exported_steps: NO_LIST,
  "exported_steps.1": NO_COUNT,
  prompts: NO_LIST,
  "prompts.0": NO_TEXT,
  "prompts.4": NO_TEXT,
  files: [null],
  "files.log~json": NO_OBJECT,
  "files.log~json.bytes": NO_COUNT,
  "files.log~json.sha256": NO_TEXT,
  missing: [null],
};

/** Parts that need not be there, but must not be wrong. */
const OPTIONAL = {
  "metrics.seconds": NO_NUMBER,
  "metrics.validation_loss": NO_NUMBER,
  "metrics.band": NO_OBJECT,
  "missing.neurons": NO_TEXT,
  training_text: ["text", 5, true],
};

/** Parts of a part that need not be there: if it is there, it has all of them. */
const PARTS_OF_A_PART = {
  "metrics.band.low": [...NO_NUMBER, 0.26],
  "metrics.band.high": [...NO_NUMBER, 0.19],
  "metrics.band.runs": [...NO_COUNT, 0, 1],
  "metrics.band.of": [...NO_TEXT, "", "run", "Preset"],
  "training_text.characters": NO_COUNT,
  "training_text.all_characters": NO_COUNT,
  "training_text.n_documents": NO_COUNT,
  "training_text.credit": NO_TEXT,
  "training_text.licence": NO_TEXT,
};

/** The names that lead to a part; ~ stands for a dot in a name. */
const namesOf = (path) => path.split(".").map((name) => name.replace("~", "."));

/** What holds a part of a manifest, and the name of the part in it. */
function holderOf(manifest, path) {
  const names = namesOf(path);
  const last = names.pop();
  return { holder: names.reduce((thing, name) => thing[name], manifest), last };
}

/** The right manifest with another value for one part. */
function manifestWith(path, value) {
  const manifest = rightManifest();
  const { holder, last } = holderOf(manifest, path);
  assert.ok(last in holder, `${path} is in no manifest`);
  holder[last] = value;
  return manifest;
}

/** The right manifest without one part. */
function manifestWithout(path) {
  const manifest = rightManifest();
  const { holder, last } = holderOf(manifest, path);
  assert.ok(last in holder, `${path} is in no manifest`);
  delete holder[last];
  return manifest;
}

const isAccepted = (path, value) => isValidManifest(manifestWith(path, value));

/** A value in words, for a message. */
const shown = (value) => (Array.isArray(value) ? `[${value.map(shown)}]` : String(value));

// What is right ----------------------------------------------------------------------------------

test("the manifest of the shipped run is accepted", () => {
  assert.equal(isValidManifest(contentOf("stories/manifest.json")), true);
  assert.equal(isValidManifest(rightManifest()), true);
});

test("nothing else has to be in a manifest than the parts that are tested here", () => {
  const manifest = rightManifest();
  const known = new Set(Object.keys({ ...PARTS, ...OPTIONAL }).map((path) => namesOf(path)[0]));
  for (const name of Object.keys(manifest)) if (!known.has(name)) delete manifest[name];
  for (const part of ["settings", "corpus", "metrics"]) {
    for (const name of Object.keys(manifest[part])) {
      if (!(`${part}.${name}` in { ...PARTS, ...OPTIONAL })) delete manifest[part][name];
    }
  }
  assert.deepEqual(Object.keys(manifest.corpus), ["vocab_size", "train_characters"]);
  assert.equal(isValidManifest(manifest), true);
});

test("a run that is not finished yet has no metrics", () => {
  assert.equal(isValidManifest(manifestWithout("metrics")), true);
  assert.equal(isAccepted("metrics", null), true);
  assert.equal(isAccepted("metrics", {}), true);
});

test("the band of a run is one of its preset, or of runs that were trained together with it", () => {
  for (const of of ["preset", "seeds"]) assert.equal(isAccepted("metrics.band.of", of), true);
  assert.equal(isAccepted("metrics.band.low", 0.25), true);
  assert.equal(isValidManifest(manifestWithout("metrics.band")), true);
});

test("a corpus in which every token is one character has no merges", () => {
  assert.equal(isAccepted("tokenizer.merges", []), true);
});

test("an export may have no files, and a reason for each that is missing", () => {
  assert.equal(isAccepted("files", {}), true);
  assert.equal(isAccepted("missing", {}), true);
});

test("the largest model that pages draw is accepted", () => {
  const manifest = rightManifest();
  Object.assign(manifest.settings, {
    n_layer: 20,
    n_head: 200,
    n_embd: 32_600,
    n_ff: 131_072,
    n_ctx: 100_000,
  });
  assert.equal(isValidManifest(manifest), true);
  Object.assign(manifest.settings, { n_layer: 200, n_head: 20, n_embd: 32_760 });
  assert.equal(isValidManifest(manifest), true);
});

test("the smallest model is accepted, before its first step", () => {
  const manifest = rightManifest();
  Object.assign(manifest.settings, {
    n_layer: 1,
    n_head: 1,
    n_embd: 1,
    n_ff: 1,
    n_ctx: 1,
    steps: 0,
    sample_tokens: 0,
    temperature: 0,
  });
  Object.assign(manifest, { step: 0, parameters: 0, sampled_steps: [0], exported_steps: [0] });
  assert.equal(isValidManifest(manifest), true);
});

// What is wrong ----------------------------------------------------------------------------------

/** Whether a part is one of many, of which there may be fewer. */
const isOneOfMany = (path) => /\.(\d+|log~json)$/.test(path);

for (const path of Object.keys({ ...PARTS, ...PARTS_OF_A_PART }).filter((one) => !isOneOfMany(one))) {
  test(`a manifest without ${path.replace("~", ".")} is refused`, () => {
    assert.equal(isValidManifest(manifestWithout(path)), false);
  });
}

for (const [path, wrong] of Object.entries({ ...PARTS, ...OPTIONAL, ...PARTS_OF_A_PART })) {
  test(`a manifest with a wrong ${path.replace("~", ".")} is refused`, () => {
    for (const value of wrong) assert.equal(isAccepted(path, value), false, shown(value));
  });
}

test("what is no manifest at all is refused", () => {
  for (const value of [undefined, null, 5, "text", true, [], {}, [rightManifest()]]) {
    assert.equal(isValidManifest(value), false, shown(value));
  }
});

test("a list that must have something in it is refused when it is empty", () => {
  for (const path of [
    "tokenizer.vocab",
    "tokenizer.merges.0",
    "weights.tensors",
    "weights.tensors.0.shape",
    "snapshots",
    "sampled_steps",
    "exported_steps",
    "prompts",
  ]) {
    assert.equal(isAccepted(path, []), false, path);
  }
});

test("a model with more heads or channels than a page can draw is refused", () => {
  for (const sizes of [
    { n_layer: 21, n_head: 200, n_embd: 32_600 },
    { n_head: 201, n_embd: 20_100 },
    { n_head: 1, n_embd: 32_769 },
  ]) {
    const manifest = rightManifest();
    Object.assign(manifest.settings, sizes);
    assert.equal(isValidManifest(manifest), false);
  }
});

test("a model whose heads do not divide its width is refused", () => {
  assert.equal(isAccepted("settings.n_head", 3), false);
  assert.equal(isAccepted("settings.n_head", 8), true);
});

// A run that goes on from another one -------------------------------------------------------------

/** What it has to have, and what that must not be. */
const PARTS_OF_A_CHILD = {
  "corpus.parent": NO_OBJECT,
  "corpus.parent.name": NO_TEXT,
  "corpus.parent.step": NO_COUNT,
  "corpus.parent.dataset": NO_TEXT,
  "settings.parent": [...NO_TEXT, ""],
  "settings.freeze": NO_COUNT,
  "settings.lora": NO_COUNT,
};

test("the manifest of a run that goes on from another one is accepted", () => {
  assert.equal(isValidManifest(childManifest()), true);
});

for (const [path, wrong] of Object.entries(PARTS_OF_A_CHILD)) {
  test(`a run with a parent and a wrong ${path}, or none, is refused`, () => {
    for (const value of [...wrong, undefined]) {
      const manifest = childManifest();
      const { holder, last } = holderOf(manifest, path);
      holder[last] = value;
      assert.equal(isValidManifest(manifest), false, shown(value));
    }
  });
}

// The names of files -----------------------------------------------------------------------------

test("weights lie in the folder weights, in a file named after a step", () => {
  assert.equal(isAccepted("snapshots.0.file", "weights/1.bin"), true);
  for (const file of [
    "https://example.org/1.bin",
    "//example.org/weights/1.bin",
    "/weights/1.bin",
    "weights/../1.bin",
    "weights/../weights/1.bin",
    "weights/%2e%2e/1.bin",
    "weights\\1.bin",
    "weights/weights/1.bin",
    "weights/1.bin?leak",
    "weights/1.bin#leak",
    "weights/1.bin\n",
    "\nweights/1.bin",
    "weights/a.bin",
    "weights/.bin",
    "weights/1_bin",
    "weights/1.js",
    "",
    "data:application/octet-stream,1.bin",
  ]) {
    assert.equal(isAccepted("snapshots.0.file", file), false, file);
  }
});

/** Whether a manifest that names a file so is accepted. */
const isAcceptedFile = (path) => isAccepted("files", { [path]: { bytes: 1, sha256: "" } });

test("JSON files lie in the folder of the run, or in steps and logits", () => {
  for (const path of ["log.json", "some_other-file.json", "steps/000100-4.json", "logits/7.json"]) {
    assert.equal(isAcceptedFile(path), true, path);
  }
  for (const path of [
    "../index.json",
    "../../index.json",
    "steps/../log.json",
    "/log.json",
    "https://example.org/log.json",
    "//example.org/log.json",
    "steps\\1.json",
    "steps/a.json",
    "steps/.json",
    "steps/steps/1.json",
    "other/1.json",
    "a b.json",
    "log.json?leak",
    "log.json\n",
    "\nlog.json",
    ".json",
    "logxjson",
    "log.js",
    "",
  ]) {
    assert.equal(isAcceptedFile(path), false, path);
  }
});

test("one file with a wrong name is enough for a manifest to be refused", () => {
  const manifest = rightManifest();
  manifest.files["../evil.json"] = { bytes: 1, sha256: "" };
  assert.equal(isValidManifest(manifest), false);
});

test("a merge is of two tokens, which make a third of the vocabulary", () => {
  for (const merge of [["a"], ["a", "b", "c"], ["a", "q"], ["Z", "Z"]]) {
    const manifest = contentOf("stories/manifest.json");
    manifest.tokenizer.merges.push(merge);
    assert.equal(isValidManifest(manifest), false, String(merge));
  }
});
