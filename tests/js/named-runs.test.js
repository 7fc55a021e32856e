/** The runs that somebody compares, and what the browser keeps of them: site/app/named-runs.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_RUNS, MOST_SHOWN, NamedRuns } from "../../site/app/named-runs.js";

const FACTS = {
  name: "Small, Muon",
  text: { name: "Rhymes", key: "rhymes" },
  tokens: { kind: "bpe", size: 64, key: "64", perCharacter: 0.5 },
  settings: { n_layer: 1, optimizer: "muon", steps: 100, mask: false },
  parameters: 1000,
  baselines: { uniform: 4, unigram: 3, bigram: 2 },
  seeds: [
    {
      seed: 1,
      points: /** @type {any} */ ([
        [0, 4],
        [100, 1.5],
      ]),
      failedAt: null,
    },
  ],
};

/** The storage of a browser. */
class Memory {
  kept = new Map();

  getItem = (key) => this.kept.get(key) ?? null;
  setItem = (key, value) => this.kept.set(key, value);
}

const inMemory = (memory = new Memory()) => new NamedRuns(() => memory);
const names = ({ state }) => state.runs.map(({ name }) => name);

test("runs are there again on the next visit, as they were", () => {
  const memory = new Memory();
  const named = inMemory(memory);
  const { id } = named.add(FACTS);
  named.rename(id, "mine");
  named.show(id, false);
  assert.deepEqual(inMemory(memory).state.runs, named.state.runs);
  assert.equal(inMemory(memory).state.runs[0].isShown, false);
});

test("no two runs have the same name, and none has none", () => {
  const named = inMemory();
  const first = named.add(FACTS);
  const second = named.add(FACTS);
  assert.deepEqual(names(named), ["Small, Muon", "Small, Muon 2"]);
  assert.match(named.rename(second.id, " Small, Muon "), /called/);
  assert.match(named.rename(second.id, "  "), /name/);
  assert.match(named.rename(second.id, "x".repeat(200)), /too long/);
  assert.equal(named.rename(first.id, "Small, Muon"), null, "its own");
  assert.deepEqual(names(named), ["Small, Muon", "Small, Muon 2"]);
});

test("what was removed can be brought back to its place, until something else changes", () => {
  const named = inMemory();
  const [, second] = ["a", "b", "c"].map((name) => named.add({ ...FACTS, name }));
  named.remove(second.id);
  assert.deepEqual(names(named), ["a", "c"]);
  named.bringBack();
  assert.deepEqual(names(named), ["a", "b", "c"]);
  assert.equal(named.state.removed, null);
  named.remove("unknown");
  assert.equal(named.state.runs.length, 3);
});

test("as many are shown as can be told apart, and each of these has a style of its own", () => {
  const named = inMemory();
  for (let i = 0; i < MOST_SHOWN + 1; i++) named.add(FACTS);
  const { runs } = named.state;
  assert.equal(runs.filter(({ isShown }) => isShown).length, MOST_SHOWN);
  assert.equal(new Set(runs.slice(0, MOST_SHOWN).map(({ style }) => style)).size, MOST_SHOWN);
  assert.match(named.show(runs.at(-1).id, true), /told apart/);
  named.remove(runs[2].id);
  assert.equal(named.nextStyle(), 2);
  assert.equal(named.show(runs.at(-1).id, true), null);
  const shown = named.state.runs.filter(({ isShown }) => isShown);
  assert.equal(new Set(shown.map(({ style }) => style)).size, MOST_SHOWN);
});

test("a browser that keeps nothing says so once, and the runs are there until the page is closed", () => {
  const full = () => {
    throw new Error("QuotaExceededError");
  };
  for (const storage of [full, () => /** @type {any} */ ({ getItem: () => null, setItem: full })]) {
    const named = new NamedRuns(storage);
    named.add(FACTS);
    named.add(FACTS);
    assert.equal(named.state.runs.length, 2);
    assert.match(named.state.notice, /lost/);
  }
});

test("what is damaged in the browser is left out, and the rest is there", () => {
  const memory = new Memory();
  inMemory(memory).add(FACTS);
  const [key, kept] = [...memory.kept][0];
  const good = JSON.parse(kept).runs[0];
  const damaged = [
    null,
    7,
    {},
    { ...good, name: "" },
    { ...good, isShown: "yes" },
    { ...good, text: null },
    { ...good, tokens: { ...good.tokens, perCharacter: 0 } },
    { ...good, settings: { ...good.settings, n_layer: {} } },
    { ...good, baselines: { uniform: "4" } },
    { ...good, seeds: [] },
    { ...good, seeds: [{ seed: 1, points: [[0, null]], failedAt: null }] },
    { ...good, seeds: [{ seed: -1, points: [[0, 1]], failedAt: null }] },
    { ...good, seeds: [{ seed: 1, points: [], failedAt: null }] },
  ];
  memory.setItem(key, JSON.stringify({ version: 1, runs: [...damaged, good] }));
  assert.deepEqual(inMemory(memory).state.runs, [good]);
  for (const broken of ["", "{", "null", "[]", '{"version":1}', '{"version":99,"runs":[]}']) {
    memory.setItem(key, broken);
    assert.deepEqual(inMemory(memory).state.runs, []);
  }
  memory.setItem(key, JSON.stringify({ version: 1, runs: Array(99).fill(good) }));
  assert.equal(inMemory(memory).state.runs.length, MOST_RUNS);
});

test("runs that are to be shown are, and the earliest others make room", () => {
  const named = inMemory();
  const all = Array.from({ length: MOST_SHOWN + 2 }, () => named.add(FACTS));
  const hidden = all.slice(-2).map(({ id }) => id);
  named.showAll(hidden);
  const shown = named.state.runs.filter(({ isShown }) => isShown).map(({ id }) => id);
  assert.deepEqual(
    shown,
    all.slice(2).map(({ id }) => id),
  );
  const styles = named.state.runs.filter(({ isShown }) => isShown).map(({ style }) => style);
  assert.equal(new Set(styles).size, MOST_SHOWN);
});
