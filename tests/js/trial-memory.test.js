/** site/app/trial-memory.js and tab-memory.js, with a storage that is a fake. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { END, Tokenizer } from "../../site/engine/tokenizer.js";
import { remember, remembered } from "../../site/app/tab-memory.js";
import { rememberTrial, rememberedTrial, requestKey, sourceKey } from "../../site/app/trial-memory.js";

/** What a browser keeps of a tab. */
class FakeStorage extends Map {
  getItem = (key) => this.get(key) ?? null;
  setItem = (key, value) => this.set(key, value);
}

/** A text of a few tokens. */
function aSource(ids = [1, 2, 1, 1], vocab = [END, "a", "b"]) {
  const tokenizer = new Tokenizer({ vocab, merges: [] });
  return { name: "Some text", tokenizer, ids: Uint16Array.from(ids), validationIds: Uint16Array.of(2, 1) };
}

const aRequest = (changes = {}) => ({
  settings: { steps: 2, seed: 1 },
  source: aSource(),
  prompts: ["a"],
  ...changes,
});

const aTrial = ({ settings, source }) => ({
  ...{ settings, source, step: 2, parameters: 9, failedAt: null, seconds: 0.5, answers: {} },
  losses: [{ step: 1, loss: 1.5 }],
  evaluations: [{ step: 0, loss: 2 }],
  samples: [{ prompt: "a", ids: [1], tokens: [{ id: 2 }] }],
});

beforeEach(() => {
  globalThis.sessionStorage = /** @type {any} */ (new FakeStorage());
});
afterEach(() => {
  delete globalThis.sessionStorage;
});

test("the trial of a request comes back, with the text and the settings of who asks", async () => {
  const request = aRequest();
  const trial = aTrial(request);
  await rememberTrial(request, trial);
  const later = aRequest();
  const found = await rememberedTrial(later);
  assert.deepEqual(found, trial);
  assert.equal(found.source, later.source);
  assert.equal(found.settings, later.settings);
});

test("another text, other tokens, other settings or another question have another trial", async () => {
  const request = aRequest();
  await rememberTrial(request, aTrial(request));
  const others = [
    aRequest({ source: aSource([1, 2, 1, 2]) }),
    aRequest({ source: aSource([1, 2, 1, 1], [END, "a", "c"]) }),
    aRequest({ source: { ...aSource(), validationIds: Uint16Array.of(1, 1) } }),
    aRequest({ settings: { steps: 2, seed: 2 } }),
    aRequest({ prompts: ["b"] }),
    aRequest({ asks: { loss: ["loss", {}] } }),
  ];
  for (const other of others) assert.equal(await rememberedTrial(other), null);
  const keys = await Promise.all([request, ...others].map(requestKey));
  assert.equal(new Set(keys).size, keys.length);
});

test("tokens that are a part of a larger array are told apart from the whole of it", async () => {
  const ids = Uint16Array.of(1, 2, 1, 1, 2);
  const part = { ...aSource(), ids: ids.subarray(1, 5) };
  assert.equal(await sourceKey(part), await sourceKey(aSource([2, 1, 1, 2])));
  assert.notEqual(await sourceKey(part), await sourceKey(aSource(Array.from(ids))));
});

test("a loss that was no number is none when it comes back", async () => {
  const request = aRequest();
  const evaluations = [
    { step: 0, loss: 2 },
    { step: 1, loss: NaN },
  ];
  await rememberTrial(request, { ...aTrial(request), failedAt: 1, evaluations });
  const found = await rememberedTrial(request);
  assert.deepEqual(found.evaluations, evaluations);
  assert.equal(found.failedAt, 1);
});

test("what is damaged, or of another form, is not taken for a trial", async () => {
  const request = aRequest();
  await rememberTrial(request, aTrial(request));
  const [key] = sessionStorage.keys();
  for (const damaged of [
    "",
    "{",
    "null",
    "7",
    "[]",
    '"text"',
    '{"step":2}',
    '{"step":2,"losses":[],"evaluations":{}}',
  ]) {
    sessionStorage.setItem(key, damaged);
    assert.equal(await rememberedTrial(request), null, damaged);
  }
});

test("where nothing can be kept, nothing comes back, and nobody is told of an error", async () => {
  const refuse = () => {
    throw new Error("QuotaExceededError");
  };
  for (const storage of [undefined, { getItem: refuse, setItem: refuse }]) {
    globalThis.sessionStorage = /** @type {any} */ (storage);
    remember("terrarium.test", 1);
    assert.equal(remembered("terrarium.test"), null);
    const request = aRequest();
    await rememberTrial(request, aTrial(request));
    assert.equal(await rememberedTrial(request), null);
  }
});
