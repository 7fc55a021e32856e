/** site/app/heads.js: names of heads, what they do, which is shown first, what typed heads are tried on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headName,
  headNames,
  headTitle,
  layerAndHead,
  mostImportantHead,
  parseHead,
  signed,
  trialIds,
} from "../../site/app/heads.js";
import { contentOf } from "./shipped.js";

/** A run with these settings, whose heads.json has these losses at the last snapshot. */
const runWith = (settings, ablatedLoss = []) => ({
  manifest: { settings, missing: {} },
  part: async (name) =>
    ({
      heads: {
        ablated_loss: [
          [
            [9, 0],
            [0, 0],
          ],
          ablatedLoss,
        ],
      },
    })[name],
});

const SMALL = runWith({ n_layer: 2, n_head: 2 });

test("a head is named after its layer and its number, and the name is read back", () => {
  assert.equal(headName(2, 1), "2.1");
  assert.deepEqual(layerAndHead("2.1"), [2, 1]);
  assert.deepEqual(layerAndHead("11.10"), [11, 10]);
});

test("the heads of a model are named layer by layer", () => {
  assert.deepEqual(headNames({ n_layer: 2, n_head: 3 }), ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]);
});

test("the most important head raises the final loss most when it is ablated", async () => {
  const run = runWith({ n_layer: 2, n_head: 2 }, [
    [0.1, 0.3],
    [0.2, 0.25],
  ]);
  assert.equal(await mostImportantHead(run), "0.1");
});

test("of two heads that matter equally, the first is the most important", async () => {
  const run = runWith({ n_layer: 2, n_head: 2 }, [
    [0.1, 0.1],
    [0.3, 0.3],
  ]);
  assert.equal(await mostImportantHead(run), "1.0");
});

test("the most important head of the shipped run is one of its heads", async () => {
  const manifest = contentOf("stories/manifest.json");
  const run = { manifest, part: async (name) => contentOf(`stories/${name}.json`) };
  assert.ok(headNames(manifest.settings).includes(await mostImportantHead(run)));
});

test("without heads.json the most important head is unknown", async () => {
  const run = { manifest: { missing: { heads: "It was left out." } } };
  assert.equal(await mostImportantHead(run), null);
});

/** The content of heads.json for a model with one head. */
const headsWith = (role, most_attended, most_missed) => ({
  roles: [[role]],
  described: { most_attended: [[most_attended]], most_missed: [[most_missed]] },
});

const NO_ROLE = { role: null, score: null, chance: null, confidence: "none", since_step: null };
const WORDS = [" boy", " girl", " hat"];

test("a head that passes the test of a role is named after it", () => {
  const role = { role: "induction", score: 0.8, chance: 0.04, confidence: "clear", since_step: 3 };
  const heads = headsWith(role, [{ id: 0 }], [{ id: 2, loss_rise: 4.9 }]);
  assert.equal(headTitle(heads, WORDS, 0, 0), "induction");
  heads.roles[0][0].confidence = "weak";
  assert.match(headTitle(heads, WORDS, 0, 0), /induction/);
  assert.notEqual(headTitle(heads, WORDS, 0, 0), "induction");
});

test("a head without a role is named after what it likes and what is lost without it", () => {
  const heads = headsWith(
    NO_ROLE,
    [
      { id: 0, fraction: 0.4, uniform_fraction: 0.1 },
      { id: 1, fraction: 0.3, uniform_fraction: 0.1 },
    ],
    [
      { id: 2, loss_rise: 4.94 },
      { id: 0, loss_rise: 1 },
    ],
  );
  const title = headTitle(heads, WORDS, 0, 0);
  assert.match(title, /·boy {2}·girl.*·hat.*\+4\.9 nats/);
  assert.ok(title.split("without")[1].includes("·boy") === false, "only the worst is named");
});

test("a head likes only what gets clearly more of its attention than by chance, and rests on the end", () => {
  const vocab = [" boy", ".", "<|endoftext|>"];
  const attended = [
    { id: 2, fraction: 0.1, uniform_fraction: 0.04 },
    { id: 1, fraction: 0.09, uniform_fraction: 0.078 },
    { id: 0, fraction: 0.03, uniform_fraction: 0.01 },
  ];
  assert.match(headTitle(headsWith(NO_ROLE, attended, []), vocab, 0, 0), /^likes ·boy; rests on \(end\);/);
  assert.match(headTitle(headsWith(NO_ROLE, [attended[0]], []), vocab, 0, 0), /^rests on \(end\);/);
  assert.doesNotMatch(headTitle(headsWith(NO_ROLE, [attended[1]], []), vocab, 0, 0), /likes \.|rests/);
});

test("a head that likes nothing and is not missed has a name all the same", () => {
  const title = headTitle(headsWith(NO_ROLE, [], []), WORDS, 0, 0);
  assert.doesNotMatch(title, /undefined|null|NaN/);
});

test("a difference has a sign, and one that is rounded to nothing has both", () => {
  assert.equal(signed(0.0664), "+0.066");
  assert.equal(signed(-1.25, 1), "−1.3");
  assert.equal(signed(-0.0004), "±0.000");
});

test("a head in an address is shown if the run has it", () => {
  assert.equal(parseHead(SMALL, "0.1", "1.1"), "0.1");
});

test("in place of a head that the run does not have, the default is shown", () => {
  for (const name of ["2.0", "0.2", "0.0.0", "0", "", "00.0", "toString", undefined]) {
    assert.equal(parseHead(SMALL, name, "1.1"), "1.1");
  }
});

test("without a default, the first head of the last layer is shown", () => {
  assert.equal(parseHead(SMALL, undefined, undefined), "1.0");
  assert.equal(parseHead(SMALL, "5.5", "7.7"), "1.0");
});

test("a typed head is tried on at most twenty tokens, from the start of the text", () => {
  const run = runWith({ n_embd: 96, n_head: 3 });
  const ids = Array.from({ length: 41 }, (_, i) => i);
  assert.deepEqual(trialIds({ run, ids }), ids.slice(0, 20));
  assert.deepEqual(trialIds({ run, ids: [5, 6, 7] }), [5, 6, 7]);
});

test("a typed head is never tried on as many tokens as a head has channels", () => {
  const ids = Array.from({ length: 41 }, (_, i) => i);
  const tokensWith = (size, length) =>
    trialIds({ run: runWith({ n_embd: 3 * size, n_head: 3 }), ids: ids.slice(0, length) }).length;
  assert.equal(tokensWith(20, 41), 19);
  assert.equal(tokensWith(12, 12), 11);
  assert.equal(tokensWith(12, 13), 13);
});
